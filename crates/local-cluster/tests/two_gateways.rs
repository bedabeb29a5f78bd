//! What is by user spans gateways, and what fails on one does not touch the other.

mod common;

use std::time::{Duration, Instant};

use futures_util::FutureExt;
use gatepipe_local_cluster::actor::{Caller, Page};
use gatepipe_local_cluster::eventually::{until, within};
use gatepipe_local_cluster::{Cluster, Ending, Plan};
use serde_json::json;

#[tokio::test(flavor = "multi_thread")]
async fn a_user_on_both_gateways_hears_once_on_each() {
    let cluster = common::cluster().await;
    let (admin, alice) = (Caller::of(&cluster, "admin"), Caller::of(&cluster, "alice"));
    let mut pages =
        [Page::bound(&cluster.ws()[0], &alice).await, Page::bound(&cluster.ws()[1], &alice).await];
    for number in 0..3 {
        let sent = alice.post("/WebSocket/pushToUser", json!({"uid": alice.id, "data": number})).await.ok();
        assert_eq!(sent, json!({"sent": true, "reached": 2, "failed": []}));
    }
    for page in &mut pages {
        for number in 0..3 {
            assert_eq!(page.next().await["data"], number);
        }
    }
    let closed = admin.post("/WebSocket/forceOffline", json!({"uid": alice.id})).await.ok();
    assert_eq!(closed, json!({"closed": 2, "failed": []}));
    for mut page in pages {
        assert_eq!(page.rest().await.1, Some(4001));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_drained_gateway_leaves_and_the_other_goes_on() {
    let mut cluster = common::cluster().await;
    let alice = Caller::of(&cluster, "alice");
    let mut leaving = Page::bound(&cluster.ws()[0], &alice).await;
    let mut staying = Page::bound(&cluster.ws()[1], &alice).await;
    let reading = tokio::spawn(async move { leaving.rest().await });
    let begun = Instant::now();
    cluster.drain_gateway(0).await.unwrap();
    assert!(begun.elapsed() < Duration::from_secs(2), "a small gateway took {:?}", begun.elapsed());
    let (frames, code) = reading.await.unwrap();
    assert_eq!(frames.len(), 1);
    assert_eq!(frames[0]["type"], "reconnect");
    assert_eq!(code, Some(1012));
    // It said goodbye to the register, so nobody asks it any more.
    until("the gateway is off the list", || async { cluster.client().gateways().len() == 1 }).await;
    let sent = alice.post("/WebSocket/pushToUser", json!({"uid": alice.id})).await.ok();
    assert_eq!(sent, json!({"sent": true, "reached": 1, "failed": []}));
    assert_eq!(staying.next().await["type"], "notification");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gateway_that_ended_well_is_no_reason_to_end_the_others_unless_it_was_the_last() {
    let cluster = common::cluster().await;
    let ids: Vec<_> = cluster.client().gateways().iter().map(|gateway| gateway.gateway_id).collect();
    assert_eq!(cluster.client().drain(ids[0]).await, Ok(0));
    until("the gateway has ended", || async { cluster.ws().len() == 1 }).await;
    assert_eq!(cluster.ended().now_or_never(), None);
    assert_eq!(cluster.gateway_ids(), [ids[1].to_string()]);
    Page::open(&cluster.ws()[0]).await;
    cluster.client().drain(ids[1]).await.unwrap();
    assert_eq!(within("the end", cluster.ended()).await, Ending::NoGatewayLeft);
    cluster.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_register_pushes_and_binds_go_on_and_a_new_one_learns_everything() {
    let mut cluster = common::cluster().await;
    let alice = Caller::of(&cluster, "alice");
    let mut old = Page::bound(&cluster.ws()[0], &alice).await;
    cluster.stop_register(0).await.unwrap();
    until("the register's loss is noticed", || async { cluster.client().registers_connected() == 0 }).await;
    let mut new = Page::bound(&cluster.ws()[1], &alice).await;
    let mut sent = 0;
    for _ in 0..20 {
        let answer = alice.post("/WebSocket/pushToUser", json!({"uid": alice.id, "data": sent})).await.ok();
        assert_eq!(answer, json!({"sent": true, "reached": 2, "failed": []}));
        sent += 1;
    }
    cluster.restart_register(0).await.unwrap();
    until("both gateways are listed again", || async {
        let gateways = cluster.client().gateways();
        gateways.iter().filter(|gateway| gateway.listed == 1).count() == 2
    })
    .await;
    for _ in 0..20 {
        let answer = alice.post("/WebSocket/pushToUser", json!({"uid": alice.id, "data": sent})).await.ok();
        assert_eq!(answer, json!({"sent": true, "reached": 2, "failed": []}));
        sent += 1;
    }
    for page in [&mut old, &mut new] {
        for number in 0..sent {
            assert_eq!(page.next().await["data"], number);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_page_is_closed_and_its_neighbours_hear_everything() {
    let plan =
        Plan { tune_gateway: Box::new(|config| config.outbox_size = 64 << 10), ..common::plan().await };
    let cluster = Cluster::start_with(plan).await.unwrap();
    let (admin, alice) = (Caller::of(&cluster, "admin"), Caller::of(&cluster, "alice"));
    let mut slow = Page::open_narrow(&cluster.ws()[0]).await;
    alice.bind(&slow).await;
    let mut near = Page::bound(&cluster.ws()[0], &alice).await;
    let mut far = Page::bound(&cluster.ws()[1], &alice).await;
    let text = "x".repeat(10_000);
    let reading = tokio::spawn(async move {
        for page in [&mut near, &mut far] {
            let mut number = 0;
            loop {
                let frame = page.next().await;
                if frame["data"] == "end" {
                    break;
                }
                assert_eq!(frame["data"]["number"], number);
                number += 1;
            }
        }
    });
    for number in 0.. {
        let body = json!({"uid": alice.id, "data": {"number": number, "text": text}});
        let reached = alice.post("/WebSocket/pushToUser", body).await.ok()["reached"].clone();
        match reached.as_u64() {
            Some(3) => {}
            Some(2) => break,
            other => panic!("reached {other:?}"),
        }
    }
    admin.post("/WebSocket/pushToUser", json!({"uid": alice.id, "data": "end"})).await.ok();
    reading.await.unwrap();
    assert_eq!(slow.rest().await.1, Some(4102));
}
