//! Watchers: a snapshot, then every change in order, however slow they are.

mod common;

use common::{gateway, start, within};
use gatepipe_proto::v1;
use gatepipe_proto::v1::register_client::RegisterClient;
use gatepipe_proto::v1::watch_event::Event;
use tonic::transport::Endpoint;

#[tokio::test]
async fn everyone_sees_the_same_changes_in_the_same_order() {
    let register = start(|_| {}).await;
    let mut watchers = [register.watch().await, register.watch().await];
    let edges = [1, 2, 3].map(|number| gateway(&format!("edge-{number}:2300")));
    let mut announcers = Vec::new();
    for watcher in &mut watchers {
        assert_eq!(watcher.snapshot().await, []);
    }
    for edge in &edges {
        announcers.push(register.announce(edge).await.unwrap());
    }
    // All three run out together: each is a change with a version of its own.
    drop(announcers);
    let mut seen = [Vec::new(), Vec::new()];
    for (watcher, seen) in watchers.iter_mut().zip(&mut seen) {
        for version in 1..=6 {
            let event = watcher.next().await;
            assert_eq!(event.0, version);
            seen.push(event);
        }
    }
    assert_eq!(seen[0], seen[1]);
    assert_eq!(register.watch().await.next().await.0, 6);
}

#[tokio::test]
async fn a_watcher_that_does_not_read_gets_a_fresh_snapshot_instead_of_a_growing_queue() {
    let register = start(|_| {}).await;
    let edge = gateway("edge-1:2300");
    let mut announcer = register.announce(&edge).await.unwrap();
    let channel = Endpoint::from_shared(format!("http://{}", register.rpc))
        .unwrap()
        .initial_stream_window_size(1_000)
        .connect()
        .await
        .unwrap();
    let watching = RegisterClient::new(channel).watch(v1::WatchRequest {}).await;
    let mut slow = watching.unwrap().into_inner();

    let mut draining = edge;
    let mut last = 0;
    for round in 0..2_000 {
        draining.draining = round % 2 == 0;
        last = announcer.say(&draining, false).await.unwrap().unwrap();
    }
    let (mut version, mut events, mut snapshots) = (0, 0, 0);
    while version < last {
        let event = within("an event", slow.message()).await.unwrap().unwrap();
        match event.event.unwrap() {
            Event::Snapshot(_) => snapshots += 1,
            _ => assert_eq!(event.version, version + 1, "no gap but by a snapshot"),
        }
        version = event.version;
        events += 1;
    }
    assert!(snapshots >= 2 && events < 1_000, "{snapshots} snapshots in {events} events");
}

#[tokio::test]
async fn a_watcher_that_left_is_not_counted_any_more() {
    let register = start(|_| {}).await;
    let mut watcher = register.watch().await;
    watcher.snapshot().await;
    let counted = async |number| {
        let line = format!("gatepipe_register_watchers {number}\n");
        register.metrics().await.contains(&line)
    };
    assert!(counted(1).await);
    drop(watcher);
    common::until("nobody watches", async || counted(0).await).await;
}

#[tokio::test]
async fn a_register_that_stops_ends_its_streams_at_once() {
    let register = start(|_| {}).await;
    let mut watcher = register.watch().await;
    watcher.snapshot().await;
    let _announcer = register.announce(&gateway("edge-1:2300")).await.unwrap();
    watcher.next().await;
    let metrics = register.metrics().await;
    for line in ["gateways 1", "draining_gateways 0", "announcements_accepted_total 1"] {
        assert!(metrics.contains(&format!("gatepipe_register_{line}\n")), "{metrics}");
    }
    register.stopped().await;
    let ended = watcher.ended().await.expect("it says why");
    assert_eq!(ended.code(), tonic::Code::Unavailable, "{ended:?}");
}
