//! The port of `Events.php`.

use gatepipe_local_cluster::actor::Page;
use gatepipe_local_cluster::eventually::until;
use gatepipe_local_cluster::{Cluster, Plan};
use serde_json::json;

use crate::program::Example;

#[tokio::test(flavor = "multi_thread")]
async fn with_the_ported_events_a_page_is_told_its_id_twice_and_a_ping_is_answered_once() {
    let plan = Plan { gateways: 1, secret: Some("a-shared-secret".into()), ..Plan::default() };
    let cluster = Cluster::start_with(plan).await.unwrap();
    let events =
        Example::start("events", &["--register", &cluster.register(), "--secret", "a-shared-secret"]);
    assert_eq!(events.line(), "the worker runs; Ctrl-C stops it");
    let id = cluster.gateway_ids()[0].parse().unwrap();
    until("it hears the gateway", || async {
        cluster.client().stats().await.value.get(&id).is_some_and(|stats| stats.workers == 1)
    })
    .await;
    let mut page = Page::open(&cluster.ws()[0]).await;
    assert_eq!(page.next().await, json!({"type": "init", "client_id": page.client_id()}));
    for _ in 0..2 {
        page.send(r#"{"type":"ping"}"#).await;
    }
    page.send("anything else").await;
    assert!(events.interrupt().await.success());
    drop(cluster);
    let (frames, _) = page.rest().await;
    let pongs = frames.iter().filter(|frame| **frame == json!({"type": "pong"})).count();
    assert_eq!(pongs, 2, "the gateway answers them: {frames:?}");
}
