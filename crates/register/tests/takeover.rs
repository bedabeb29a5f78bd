//! Nobody takes another living gateway's id or address; whoever is gone gives way at once.

mod common;

use common::living::living;
use common::{gateway, start};
use gatepipe_proto::v1;
use tokio::net::TcpListener;

#[tokio::test]
async fn a_living_gateways_id_and_address_cannot_be_taken() {
    let register = start(|_| {}).await;
    let (edge, _alive) = living().await;
    let _announcer = register.announce(&edge).await.unwrap();
    let same_id = v1::GatewayEntry { address: "127.0.0.1:9".into(), ..edge.clone() };
    let same_address = gateway(&edge.address);
    for rival in [same_id, same_address] {
        let refused = register.announce(&rival).await.err().expect("refused");
        assert_eq!(refused.code(), tonic::Code::FailedPrecondition, "{refused:?}");
    }
    assert_eq!(register.watch().await.snapshot().await, [edge]);
}

#[tokio::test]
async fn a_gateway_that_restarted_on_its_address_is_taken_at_once() {
    let register = start(|config| config.grace = common::PATIENCE * 10).await;
    let (new, _alive) = living().await;
    let old = gateway(&new.address);
    let _lost = register.announce(&old).await.unwrap();
    let _announcer = register.announce(&new).await.unwrap();
    assert_eq!(register.watch().await.snapshot().await, [new]);
}

/// A gateway whose process is stopped: its host takes connections, and nobody ever answers.
async fn mute() -> (v1::GatewayEntry, TcpListener) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    (gateway(&listener.local_addr().unwrap().to_string()), listener)
}

#[tokio::test]
async fn a_mute_gateway_keeps_its_place_while_its_stream_is_open() {
    let register = start(|config| config.grace = common::PATIENCE * 10).await;
    let (stopped, _mute) = mute().await;
    let announcer = register.announce(&stopped).await.unwrap();
    let rival = gateway(&stopped.address);
    let refused = register.announce(&rival).await.err().expect("refused");
    assert_eq!(refused.code(), tonic::Code::FailedPrecondition, "{refused:?}");
    assert_eq!(register.watch().await.snapshot().await, [stopped]);

    drop(announcer);
    common::until("the address is free", async || register.announce(&rival).await.is_ok()).await;
    assert_eq!(register.watch().await.snapshot().await, [rival]);
}

#[tokio::test]
async fn whoever_is_not_at_the_address_that_changed_hands_does_not_get_it() {
    let register = start(|config| config.grace = common::PATIENCE * 10).await;
    let (new, _alive) = living().await;
    let old = gateway(&new.address);
    let _lost = register.announce(&old).await.unwrap();
    let third = gateway(&new.address);
    let refused = register.announce(&third).await.err().expect("refused");
    assert_eq!(refused.code(), tonic::Code::FailedPrecondition, "{refused:?}");
    let _announcer = register.announce(&new).await.unwrap();
    assert_eq!(register.watch().await.snapshot().await, [new]);
}

#[tokio::test]
async fn a_living_gateway_may_announce_itself_again_at_any_time() {
    let register = start(|_| {}).await;
    let mut watcher = register.watch().await;
    watcher.snapshot().await;
    let (edge, _alive) = living().await;
    let first = register.announce(&edge).await.unwrap();
    let _second = register.announce(&edge).await.unwrap();
    drop(first);
    // The stream that ended is not the one that holds the lease: the next change is somebody else's.
    watcher.next().await;
    let other = gateway("edge-2:2300");
    drop(register.announce(&other).await.unwrap());
    watcher.next().await;
    let removed = v1::watch_event::Event::Removed(other.gateway_id);
    assert_eq!(watcher.next().await, (3, removed));
    assert_eq!(register.watch().await.snapshot().await, [edge]);
}
