//! Gateways that are mute, break off, are full or are somebody else: every receipt tells the truth, in time.

use std::time::{Duration, Instant};

use futures_util::future::join_all;
use gatepipe_client::{Bind, ClientId, Error, Failure, FailureReason, GatewayClient};

use crate::scripted::{Gateway, Mood, PATIENCE, Register, eventually, impatient, joined, patient, text, uid};

fn failed(gateway: &Gateway, reason: FailureReason) -> Vec<Failure> {
    vec![Failure { gateway: gateway.id, reason }]
}

fn is_connected(client: &GatewayClient, gateway: &Gateway) -> bool {
    client.gateways().iter().any(|status| status.gateway_id == gateway.id && status.connected)
}

#[tokio::test]
async fn a_mute_gateway_is_named_at_the_deadline_and_the_others_are_reached() {
    let register = Register::start();
    let (healthy, mute) = (Gateway::start(), Gateway::start());
    register.list(&healthy);
    register.list(&mute);
    let client = joined(impatient(&register)).await;
    mute.set_mood(Mood::Mute);

    let start = Instant::now();
    let receipt = client.send_to_all(text("hello"), &[]).await;
    assert!(start.elapsed() >= Duration::from_secs(1));
    assert_eq!(receipt.reached, 1);
    assert_eq!(receipt.failed, failed(&mute, FailureReason::Deadline));
    let bind = client.bind_uid(ClientId::random(mute.id), &uid("7"), Bind::default()).await;
    assert_eq!(bind, Err(Error::Deadline(mute.id)));
    let nothing_left = |status: &gatepipe_client::GatewayStatus| status.waiting + status.in_flight == 0;
    assert!(client.gateways().iter().all(nothing_left));
}

#[tokio::test]
async fn a_stopped_gateway_is_named_and_comes_back() {
    let register = Register::start();
    let gateway = Gateway::start();
    register.list(&gateway);
    let keepalive = Duration::from_millis(100);
    let client = joined(impatient(&register).keepalive(keepalive, keepalive)).await;

    let frozen = gateway.freeze();
    let receipt = client.send_to_all(text("lost"), &[]).await;
    assert_eq!(receipt.reached, 0);
    assert_eq!(receipt.failed.len(), 1, "{receipt:?}");
    // Keepalive notices. Once the first attempt has had its chance, commands fail at once.
    eventually("the pipe is down", || client.gateways()[0].trouble.is_some()).await;
    assert_eq!(
        client.send_to_all(text("lost"), &[]).await.failed,
        failed(&gateway, FailureReason::Unreachable)
    );

    drop(frozen);
    eventually("the pipe is open again", || is_connected(&client, &gateway)).await;
    assert_eq!(client.send_to_all(text("hello"), &[]).await.reached, 1);
}

#[tokio::test]
async fn a_broken_pipe_leaves_an_unknown_outcome_and_nothing_is_sent_twice() {
    let register = Register::start();
    let gateway = Gateway::start();
    register.list(&gateway);
    let client = joined(patient(&register)).await;

    gateway.set_mood(Mood::Breaks);
    let receipt = client.send_to_all(text("once"), &[]).await;
    assert_eq!(receipt.failed, failed(&gateway, FailureReason::UnknownOutcome));
    gateway.set_mood(Mood::Obeys);
    eventually("the pipe is open again", || is_connected(&client, &gateway)).await;
    assert_eq!(client.send_to_all(text("next"), &[]).await.reached, 1);
    assert_eq!(gateway.texts(), ["once", "next"]);
}

#[tokio::test]
async fn a_killed_gateway_fails_what_was_sent_at_once_and_then_every_command() {
    let register = Register::start();
    let (healthy, doomed) = (Gateway::start(), Gateway::start());
    register.list(&healthy);
    register.list(&doomed);
    let client = joined(patient(&register)).await;
    doomed.set_mood(Mood::Mute);
    let ana = ClientId::random(doomed.id);

    let sent = tokio::spawn({
        let client = client.clone();
        async move { client.send_to_client(ana, text("sent")).await }
    });
    doomed.was_told(1).await;
    let id = doomed.id;
    drop(doomed);
    let unknown = Failure { gateway: id, reason: FailureReason::UnknownOutcome };
    assert_eq!(sent.await.unwrap().failed, [unknown]);

    let start = Instant::now();
    let receipt = client.send_to_all(text("hello"), &[]).await;
    assert!(start.elapsed() < PATIENCE / 2, "it is not waited for");
    assert_eq!(receipt.reached, 1);
    let unreachable = Failure { gateway: id, reason: FailureReason::Unreachable };
    assert_eq!(receipt.failed, [unreachable]);

    register.remove(id);
    eventually("it left", || client.gateways().len() == 1).await;
    assert!(client.send_to_all(text("hello"), &[]).await.is_whole());
    let gone = Error::UnknownGateway { gateway: id, register_connected: true };
    assert_eq!(client.bind_uid(ana, &uid("7"), Bind::default()).await, Err(gone));
}

#[tokio::test]
async fn commands_wait_a_moment_for_a_pipe_that_is_being_opened() {
    let register = Register::start();
    let gateway = Gateway::start();
    let frozen = gateway.freeze();
    register.list(&gateway);
    let client = patient(&register).opening_grace(PATIENCE).build().unwrap();
    eventually("it is listed", || client.gateways().len() == 1).await;

    let sent = tokio::spawn({
        let client = client.clone();
        async move { client.send_to_all(text("early"), &[]).await }
    });
    eventually("it waits", || client.gateways()[0].waiting == 1).await;
    drop(frozen);
    assert_eq!(sent.await.unwrap().reached, 1);
}

#[tokio::test]
async fn a_pipe_that_does_not_open_is_waited_for_no_longer_than_the_grace() {
    let register = Register::start();
    let gateway = Gateway::start();
    let _frozen = gateway.freeze();
    register.list(&gateway);
    let client = patient(&register).opening_grace(Duration::from_millis(50)).build().unwrap();
    eventually("it is listed", || client.gateways().len() == 1).await;
    let receipt = client.send_to_all(text("never"), &[]).await;
    assert_eq!(receipt.failed, failed(&gateway, FailureReason::Unreachable));
}

#[tokio::test]
async fn a_full_queue_refuses_at_once_and_has_room_again_when_callers_give_up() {
    let register = Register::start();
    let gateway = Gateway::start();
    register.list(&gateway);
    let client = joined(impatient(&register).queue_commands(4)).await;
    gateway.set_mood(Mood::Mute);

    let receipts = join_all((0..6).map(|_| client.send_to_all(text("hello"), &[]))).await;
    let reasons: Vec<_> = receipts.into_iter().map(|receipt| receipt.failed[0].reason.clone()).collect();
    assert_eq!(reasons[..4], [const { FailureReason::Deadline }; 4]);
    assert_eq!(reasons[4..], [const { FailureReason::TooBusy }; 2]);
    assert_eq!(client.gateways()[0].refused, 2);

    gateway.set_mood(Mood::Obeys);
    assert_eq!(client.send_to_all(text("hello"), &[]).await.reached, 1);
}

#[tokio::test]
async fn a_queue_is_bounded_in_bytes_but_takes_any_one_command_when_empty() {
    let register = Register::start();
    let gateway = Gateway::start();
    register.list(&gateway);
    let client = joined(patient(&register).queue_bytes(1_000)).await;
    let big = text(&"x".repeat(2_000));
    assert_eq!(client.send_to_all(big.clone(), &[]).await.reached, 1);
    // Polled one after the other before the pipe's task runs: the second finds the first one waiting.
    let (first, second) = tokio::join!(client.send_to_all(big.clone(), &[]), client.send_to_all(big, &[]));
    assert_eq!(first.reached, 1);
    assert_eq!(second.failed, failed(&gateway, FailureReason::TooBusy));
}

#[tokio::test]
async fn a_call_that_is_dropped_before_its_command_was_sent_withdraws_it() {
    let register = Register::start();
    let gateway = Gateway::start();
    let frozen = gateway.freeze();
    register.list(&gateway);
    let client = patient(&register).opening_grace(PATIENCE).build().unwrap();
    eventually("it is listed", || client.gateways().len() == 1).await;

    let dropped =
        tokio::time::timeout(Duration::from_millis(1), client.send_to_all(text("dropped"), &[])).await;
    assert!(dropped.is_err());
    assert_eq!(client.gateways()[0].waiting, 0);
    drop(frozen);
    assert_eq!(client.send_to_all(text("kept"), &[]).await.reached, 1);
    assert_eq!(gateway.texts(), ["kept"]);
}

#[tokio::test]
async fn a_new_gateway_at_an_old_address_never_hears_commands_for_the_old_one() {
    let register = Register::start();
    let old = Gateway::start();
    register.list(&old);
    let client = joined(patient(&register)).await;
    let (old_id, ana) = (old.id, ClientId::random(old.id));

    let new = old.replace();
    let is_refused = || {
        client
            .gateways()
            .iter()
            .any(|status| status.trouble.as_ref().is_some_and(|text| text.contains("is gone")))
    };
    eventually("the other gateway is noticed", is_refused).await;
    register.list(&new);
    eventually("the new one is open", || is_connected(&client, &new)).await;

    let receipt = client.send_to_all(text("hello"), &[]).await;
    assert_eq!(receipt.reached, 1);
    let gone = Failure { gateway: old_id, reason: FailureReason::Unreachable };
    assert_eq!(receipt.failed, [gone]);
    assert_eq!(client.is_online(ana).await, Err(Error::Unreachable(old_id)));
    assert_eq!(new.commands().len(), 1);

    register.remove(old_id);
    eventually("the old one left", || client.gateways().len() == 1).await;
    assert!(client.send_to_all(text("hello"), &[]).await.is_whole());
}
