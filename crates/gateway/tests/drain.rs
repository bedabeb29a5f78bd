//! SIGTERM as the clients see it: told, closed with 1012, paced; nothing accepted is lost.

mod common;

use std::time::{Duration, Instant};

use common::{Running, start, within};
use futures_util::future::join_all;

#[tokio::test(flavor = "multi_thread")]
async fn every_client_is_told_and_leaves_in_a_slope() {
    let gateway = start(|_| {}).await;
    let mut worker = gateway.worker().await;
    let mut pages = Vec::new();
    for _ in 0..200 {
        pages.push(gateway.page().await);
    }
    assert_eq!(worker.broadcast("last words").await.reached, 200);
    let reading = tokio::spawn(join_all(pages.into_iter().map(|mut page| async move { page.rest().await })));
    let begun = Instant::now();
    gateway.stop();
    let mut seen = vec![200];
    while seen.last() != Some(&0) {
        // Once the last client has gone the command service goes too.
        let Ok(counts) = worker.0.counts(gatepipe_proto::v1::CountsRequest::default()).await else {
            break;
        };
        seen.push(counts.into_inner().clients);
    }
    gateway.stopped().await;
    let took = begun.elapsed();
    assert!(took >= Duration::from_millis(1500), "200 clients left at once: {took:?}");
    let levels =
        seen.iter().filter(|clients| (20..180).contains(*clients)).collect::<std::collections::BTreeSet<_>>();
    assert!(levels.len() >= 5, "no slope: {seen:?}");

    for (texts, close) in within("the pages", reading).await.unwrap() {
        assert_eq!(texts.len(), 2);
        assert_eq!(texts[0], "last words");
        let told: serde_json::Value = serde_json::from_str(&texts[1]).unwrap();
        assert_eq!(told["type"], "reconnect");
        assert!(told["data"]["within_ms"].as_u64().unwrap() >= 1000);
        assert_eq!(close.map(|(code, _)| code), Some(1012));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn while_draining_newcomers_get_503_and_readiness_is_red() {
    let gateway = start(|_| {}).await;
    let mut pages = Vec::new();
    for _ in 0..100 {
        pages.push(gateway.page().await);
    }
    gateway.stop();
    let request = "GET /ws HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
        Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";
    within("a refusal", async {
        while !Running::raw_head(gateway.clients, request).await.contains(" 503 ") {
            tokio::task::yield_now().await;
        }
    })
    .await;
    let ready =
        Running::raw(gateway.admin, "GET /readyz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").await;
    assert!(ready.contains(" 503 ") && ready.contains("draining"), "{ready}");
    drop(pages);
    gateway.stopped().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_does_not_answer_the_close_is_cut() {
    let gateway = start(|_| {}).await;
    let silent = gateway.page().await;
    let begun = Instant::now();
    gateway.stop();
    gateway.stopped().await;
    assert!(begun.elapsed() < Duration::from_secs(14), "the drain waited for a client that never answers");
    drop(silent);
}

#[tokio::test(flavor = "multi_thread")]
async fn pushes_are_accepted_until_the_clients_close_and_arrive_before_it() {
    let gateway = start(|_| {}).await;
    let mut worker = gateway.worker().await;
    let mut pages = Vec::new();
    for number in 0..150 {
        let page = gateway.page().await;
        assert_eq!(worker.bind(&page, &number.to_string()).await.code, 0);
        pages.push(page);
    }
    let reading = tokio::spawn(join_all(pages.into_iter().map(|mut page| async move { page.rest().await })));
    gateway.stop();
    let mut accepted = vec![0_usize; 150];
    'pushing: loop {
        for (number, accepted) in accepted.iter_mut().enumerate() {
            let send = gatepipe_proto::v1::command::Command::SendToUids(gatepipe_proto::v1::SendToUids {
                uids: vec![number.to_string()],
                message: common::text("push"),
                ..Default::default()
            });
            let command = gatepipe_proto::v1::Command { id: 1, command: Some(send), ..Default::default() };
            match worker.0.execute(command).await {
                Ok(receipt) => *accepted += usize::try_from(receipt.into_inner().reached).unwrap(),
                Err(_) => break 'pushing,
            }
        }
    }
    gateway.stopped().await;
    assert!(accepted.iter().sum::<usize>() > 150, "too few pushes during the drain to tell");
    let rest = within("the pages", reading).await.unwrap();
    for (accepted, (texts, close)) in accepted.iter().zip(rest) {
        assert_eq!(close.map(|(code, _)| code), Some(1012));
        assert_eq!(texts.iter().filter(|text| *text == "push").count(), *accepted);
    }
}
