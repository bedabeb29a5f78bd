//! The stream is the lease.

mod common;

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use common::{gateway, start};
use gatepipe_proto::v1;
use gatepipe_proto::v1::watch_event::Event;
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;

#[tokio::test]
async fn a_watcher_sees_a_gateway_come_drain_and_leave() {
    let register = start(|_| {}).await;
    let mut watcher = register.watch().await;
    assert_eq!(watcher.snapshot().await, []);

    let edge = gateway("edge-1:2300");
    let mut announcer = register.announce(&edge).await.unwrap();
    assert_eq!(watcher.next().await, (1, Event::Listed(edge.clone())));
    assert_eq!(register.watch().await.snapshot().await.first(), Some(&edge));

    let draining = v1::GatewayEntry { draining: true, ..edge.clone() };
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
    let metrics = register.metrics().await;
    assert!(metrics.contains("gatepipe_register_leases_expired_total 1\n"), "{metrics}");
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
async fn a_goodbye_over_a_stream_that_does_not_hold_the_lease_changes_nothing() {
    let register = start(|_| {}).await;
    let edge = gateway("edge-1:2300");
    let mut old = register.announce(&edge).await.unwrap();
    let _holder = register.announce(&edge).await.unwrap();
    assert_eq!(old.say(&edge, true).await.unwrap(), None);
    assert_eq!(register.watch().await.snapshot().await, [edge]);
}

#[tokio::test]
async fn a_stream_that_was_closed_without_a_goodbye_has_the_grace() {
    let register = start(|config| config.grace = common::PATIENCE * 10).await;
    let edge = gateway("edge-1:2300");
    register.announce(&edge).await.unwrap().half_closed().await;
    assert_eq!(register.watch().await.snapshot().await, [edge]);
    let metrics = register.metrics().await;
    assert!(metrics.contains("gatepipe_register_leases_lost_total 1\n"), "{metrics}");
}

/// A host between gateway and register that can fall silent: it goes on holding both connections and passes nothing on.
async fn cable(to: SocketAddr) -> (SocketAddr, CancellationToken) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let addr = listener.local_addr().unwrap();
    let cut = CancellationToken::new();
    let is_cut = cut.clone();
    tokio::spawn(async move {
        let (mut near, _) = listener.accept().await.unwrap();
        let mut far = TcpStream::connect(to).await.unwrap();
        tokio::select! {
            _ = tokio::io::copy_bidirectional(&mut near, &mut far) => {}
            () = is_cut.cancelled() => std::future::pending().await,
        }
    });
    (addr, cut)
}

#[tokio::test]
async fn a_silent_host_is_found_by_keepalive_and_then_has_the_grace() {
    let keepalive = Duration::from_millis(200);
    let register =
        start(|config| (config.keepalive, config.keepalive_timeout) = (keepalive, keepalive)).await;
    let mut watcher = register.watch().await;
    watcher.snapshot().await;
    let (addr, cut) = cable(register.rpc).await;
    let edge = gateway("edge-1:2300");
    let _announcer = common::announce_at(addr, &edge).await.unwrap();
    watcher.next().await;
    cut.cancel();
    assert_eq!(watcher.next().await, (2, Event::Removed(edge.gateway_id)));
}

#[test]
fn by_default_a_silent_host_is_off_the_list_after_15_s_and_not_much_earlier() {
    let config = gatepipe_register::Config::default();
    assert_eq!(config.grace, Duration::from_secs(5));
    // The last ping before the silence may just have been answered; the next one never is.
    assert!(config.keepalive + config.keepalive_timeout + config.grace <= Duration::from_secs(15));
    assert!(config.keepalive_timeout + config.grace >= Duration::from_secs(14));
}
