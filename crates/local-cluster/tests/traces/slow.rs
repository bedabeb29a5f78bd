//! A page that does not read, as the trace of a push to it tells of it.

use gatepipe_local_cluster::actor::{Answer, Caller, Page};
use serde_json::json;

use crate::collector::{Collector, Span, Told};
use crate::{cluster_with, only};

/// More than the socket of a page takes that does not read; two of them are more than may wait.
const LONG: usize = 600_000;

const WAITS: &str = "11111111111111111111111111111111";
const TOO_MUCH: &str = "22222222222222222222222222222222";

/// A long push as part of this trace.
async fn push(to: &Caller, trace: &str) -> Answer {
    let traced = to.with_header("traceparent", &format!("00-{trace}-00f067aa0ba902b7-01"));
    traced.post("/WebSocket/pushToUser", json!({"uid": to.id, "data": "x".repeat(LONG)})).await
}

fn written(told: &Told, trace: &str) -> bool {
    !told.named(trace, "socket write").is_empty()
}

fn write(told: &Told, trace: &str) -> Span {
    only(told, trace, "socket write")
}

#[tokio::test(flavor = "multi_thread")]
async fn what_waits_for_a_page_and_what_never_reaches_it_can_be_seen() {
    let collector = Collector::start().await;
    let cluster = cluster_with(&collector.url, |config| {
        config.send_buffer = 8192;
        config.outbox_size = 1_000_000;
    })
    .await;
    let alice = Caller::of(&cluster, "alice");
    let mut page = Page::open_narrow(&cluster.ws()[0]).await;
    alice.bind(&page).await;
    assert_eq!(page.next().await["type"], "bind_success");

    assert_eq!(push(&alice, WAITS).await.ok()["reached"], 1);
    // Its command is over, and it is not.
    let told = collector.until("the command", |told| told.named(WAITS, "send_to_uids").len() >= 2).await;
    assert!(!written(&told, WAITS), "{told:#?}");
    assert_eq!(page.next().await["data"].as_str().unwrap().len(), LONG);
    let told = collector.until("the write", |told| written(told, WAITS)).await;
    let write_that_waited = write(&told, WAITS);
    assert_eq!(write_that_waited.events, ["waits in the outbox"]);
    assert_eq!(write_that_waited.says("gatepipe.outbox.bytes_before"), "0");
    assert_eq!(write_that_waited.failure, None);

    let before = "33333333333333333333333333333333";
    assert_eq!(push(&alice, before).await.ok()["reached"], 1);
    assert_eq!(push(&alice, TOO_MUCH).await.ok()["reached"], 0);
    let told = collector.until("the end", |told| written(told, TOO_MUCH)).await;
    assert_eq!(write(&told, TOO_MUCH).failure.as_deref(), Some("too slow"));
    drop(page);
}
