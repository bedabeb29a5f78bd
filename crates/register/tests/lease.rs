//! The stream is the lease, and watchers see every change in order.

mod common;

use std::time::Instant;

use common::{gateway, start};
use gatepipe_proto::v1;
use gatepipe_proto::v1::watch_event::Event;

#[tokio::test]
async fn a_watcher_sees_a_gateway_come_drain_and_leave() {
    let register = start(|_| {}).await;
    let mut watcher = register.watch().await;
    assert_eq!(watcher.snapshot().await, []);

    let edge = gateway("edge-1:2300");
    let mut announcer = register.announce(&edge).await.unwrap();
    assert_eq!(watcher.next().await, (1, Event::Listed(edge.clone())));
    assert_eq!(register.watch().await.snapshot().await.first(), Some(&edge));

    let draining = v1::GatewayEntry {
        draining: true,
        ..edge.clone()
    };
    assert_eq!(announcer.say(&draining, false).await.unwrap(), Some(2));
    assert_eq!(watcher.next().await, (2, Event::Listed(draining.clone())));

    assert_eq!(announcer.say(&draining, true).await.unwrap(), None);
    assert_eq!(watcher.next().await, (3, Event::Removed(edge.gateway_id)));
}

#[tokio::test]
async fn a_broken_stream_leaves_the_list_after_the_grace() {
    let register = start(|_| {}).await;
    let mut watcher = register.watch().await;
    watcher.snapshot().await;
    let edge = gateway("edge-1:2300");
    let announcer = register.announce(&edge).await.unwrap();
    watcher.next().await;
    let begun = Instant::now();
    drop(announcer);
    assert_eq!(watcher.next().await, (2, Event::Removed(edge.gateway_id)));
    assert!(begun.elapsed().as_millis() >= 300, "before its time");
}

#[tokio::test]
async fn a_gateway_that_comes_back_in_time_was_never_away() {
    let register = start(|_| {}).await;
    let mut watcher = register.watch().await;
    watcher.snapshot().await;
    let edge = gateway("edge-1:2300");
    drop(register.announce(&edge).await.unwrap());
    let _again = register.announce(&edge).await.unwrap();
    let other = gateway("edge-2:2300");
    drop(register.announce(&other).await.unwrap());
    assert_eq!(watcher.next().await, (1, Event::Listed(edge)));
    assert_eq!(watcher.next().await, (2, Event::Listed(other.clone())));
    // The other one is gone by its grace; were the first one to go, it would go earlier.
    assert_eq!(watcher.next().await, (3, Event::Removed(other.gateway_id)));
}

#[tokio::test]
async fn a_register_that_stops_ends_its_streams_at_once() {
    let register = start(|_| {}).await;
    let mut watcher = register.watch().await;
    watcher.snapshot().await;
    let _announcer = register.announce(&gateway("edge-1:2300")).await.unwrap();
    watcher.next().await;
    register.stopped().await;
    watcher.ended().await;
}
