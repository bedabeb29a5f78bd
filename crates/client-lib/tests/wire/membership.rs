//! Registers that come, go, forget and refuse.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use gatepipe_client::{Bind, ClientId, Error, FailureReason, Filter, GatewayClient, GatewayId, Page};

use parking_lot::Mutex;
use tokio::net::TcpStream;

use crate::scripted::{Gateway, PATIENCE, Register, eventually, joined, patient, text, uid};

#[tokio::test]
async fn a_register_that_restarts_empty_loses_nobody() {
    let register = Register::start();
    let (first, second) = (Gateway::start(), Gateway::start());
    register.list(&first);
    let client = joined(patient(&register)).await;

    let register = register.restart();
    let start = Instant::now();
    assert_eq!(client.send_to_all(text("meanwhile"), &[]).await.reached, 1);
    register.list(&second);
    eventually("the second is known", || client.gateways().len() == 2).await;
    assert!(start.elapsed() < Duration::from_secs(2), "{:?}", start.elapsed());
    eventually("its pipe is open", || client.gateways().iter().all(|status| status.connected)).await;
    assert_eq!(client.send_to_all(text("hello"), &[]).await.reached, 2);
    assert_eq!(first.texts(), ["meanwhile", "hello"]);
}

#[tokio::test]
async fn every_socket_is_opened_as_the_builder_is_told() {
    let register = Register::start();
    let gateway = Gateway::start();
    register.list(&gateway);
    let dialled = Arc::new(Mutex::new(BTreeSet::new()));
    let dial = {
        let dialled = dialled.clone();
        move |address: String| {
            dialled.lock().insert(format!("http://{address}"));
            TcpStream::connect(address)
        }
    };
    let client = joined(patient(&register).dial(dial)).await;
    assert_eq!(client.send_to_all(text("hello"), &[]).await.reached, 1);
    let expected = [register.url(), format!("http://{}", client.gateways()[0].address)];
    assert_eq!(*dialled.lock(), expected.into());
}

#[tokio::test]
async fn without_any_register_the_last_known_membership_serves_on() {
    let register = Register::start();
    let gateway = Gateway::start();
    register.list(&gateway);
    let client = joined(patient(&register)).await;
    drop(register);
    eventually("it is missed", || client.registers_connected() == 0).await;

    assert!(client.heard_register());
    assert_eq!(client.send_to_all(text("hello"), &[]).await.reached, 1);
    assert_eq!(client.gateways()[0].listed, 0);
    assert!(client.registers()[0].trouble.is_some());

    let stranger = ClientId::random(GatewayId::random());
    let unknown = Error::UnknownGateway { gateway: stranger.gateway(), register_connected: false };
    assert_eq!(client.bind_uid(stranger, &uid("7"), Bind::default()).await, Err(unknown));
    let receipt = client.send_to_client(stranger, text("hello")).await;
    assert_eq!(receipt.asked, [stranger.gateway()]);
    assert_eq!(receipt.failed[0].reason, FailureReason::UnknownGateway);
}

#[tokio::test]
async fn a_gateway_that_is_taken_off_the_list_is_commanded_while_its_pipe_is_open() {
    let register = Register::start();
    let gateway = Gateway::start();
    register.list(&gateway);
    let client = joined(patient(&register)).await;
    register.remove(gateway.id);
    eventually("it is off the list", || client.gateways()[0].listed == 0).await;
    assert_eq!(client.send_to_all(text("hello"), &[]).await.reached, 1);
    drop(gateway);
    eventually("it left", || client.gateways().is_empty()).await;
}

#[tokio::test]
async fn a_draining_gateway_is_still_commanded() {
    let register = Register::start();
    let gateway = Gateway::start();
    register.list(&gateway);
    let client = joined(patient(&register)).await;
    register.list_draining(&gateway);
    eventually("it drains", || client.gateways()[0].draining).await;
    assert_eq!(client.send_to_all(text("hello"), &[]).await.reached, 1);
}

#[tokio::test]
async fn members_are_the_union_of_all_registers() {
    let (east, west) = (Register::start(), Register::start());
    let (first, second) = (Gateway::start(), Gateway::start());
    east.list(&first);
    west.list(&first);
    west.list(&second);
    let client =
        GatewayClient::builder().registers([east.url(), west.url()]).deadline(PATIENCE).build().unwrap();
    eventually("both are open", || client.gateways().iter().filter(|status| status.connected).count() == 2)
        .await;
    eventually("both registers are heard", || client.registers_connected() == 2).await;
    let listed =
        |id| client.gateways().iter().find(|status| status.gateway_id == id).map(|status| status.listed);
    assert_eq!((listed(first.id), listed(second.id)), (Some(2), Some(1)));

    drop(east);
    eventually("one register is missed", || client.registers_connected() == 1).await;
    let third = Gateway::start();
    west.list(&third);
    eventually("the third is open", || {
        client.gateways().iter().filter(|status| status.connected).count() == 3
    })
    .await;
}

#[tokio::test]
async fn a_lost_change_is_made_good_by_a_new_list() {
    let register = Register::start();
    let client = joined(patient(&register)).await;
    let gateway = Gateway::start();
    register.lose_a_change();
    register.list(&gateway);
    eventually("it is known all the same", || client.gateways().len() == 1).await;
    assert_eq!(client.registers_connected(), 1);
}

#[tokio::test]
async fn a_gateway_that_moved_is_found_at_its_new_address() {
    let register = Register::start();
    let gateway = Gateway::start();
    register.list_at(gateway.id, "nonsense".into(), false);
    let client = patient(&register).build().unwrap();
    eventually("the bad address is told", || client.gateways().iter().any(|status| status.trouble.is_some()))
        .await;
    register.list(&gateway);
    eventually("it is open", || client.gateways().iter().any(|status| status.connected)).await;
    assert_eq!(client.send_to_all(text("hello"), &[]).await.reached, 1);

    register.list_at(gateway.id, "nonsense".into(), true);
    eventually("the change is heard", || client.gateways()[0].draining).await;
    let receipt = client.send_to_all(text("hello"), &[]).await;
    assert_eq!(receipt.reached, 1, "an open pipe proves its address");
}

#[tokio::test]
async fn before_any_register_was_heard_nothing_is_claimed() {
    let register = Register::start();
    let url = register.url();
    drop(register);
    let client = GatewayClient::builder().register(url).build().unwrap();
    let receipt = client.send_to_all(text("hello"), &[]).await;
    assert!(receipt.blind && !receipt.is_whole());
    assert!(client.counts().await.blind);
    assert_eq!(client.is_uid_online(&uid("7")).await, Err(Error::NeverHeard));
    let (everybody, page) = (Filter::default(), Page::default());
    assert!(client.clients(&everybody, &page).await.unwrap().blind);
    assert!(client.groups(&page).await.unwrap().blind);
    assert!(client.count_uids(&everybody).await.blind);
    assert!(client.count_by_group(&[]).await.blind);
    assert!(client.stats().await.blind);
    let online = client.are_uids_online(&[uid("7")]).await;
    assert_eq!((online.blind, online.value.unknown.len()), (true, 1));
    assert_eq!(client.all_clients(everybody.clone()).err(), Some(Error::NeverHeard));
    assert_eq!(client.all_uids(everybody).err(), Some(Error::NeverHeard));
    assert!(!client.heard_register());
    eventually("the trouble is told", || client.registers()[0].trouble.is_some()).await;
}

#[tokio::test]
async fn a_wrong_secret_is_told_in_words() {
    let register = Register::start_with_secret("right");
    let client = patient(&register).secret(Some("wrong".into())).build().unwrap();
    let told = || client.registers()[0].trouble.as_ref().is_some_and(|text| text.contains("--secret"));
    eventually("the trouble is told", told).await;
    let client = patient(&register).secret(Some("right".into()));
    assert_eq!(joined(client).await.registers_connected(), 1);
}

#[tokio::test]
async fn dropping_the_last_handle_ends_everything() {
    let register = Register::start();
    let gateway = Gateway::start();
    register.list(&gateway);
    let client = joined(patient(&register)).await;
    let other = client.clone();
    drop(client);
    assert_eq!(other.send_to_all(text("hello"), &[]).await.reached, 1);
    assert_eq!((register.watchers(), gateway.pipes()), (1, 1));
    drop(other);
    eventually("nobody watches and no pipe is open", || register.watchers() + gateway.pipes() == 0).await;
}
