//! What concerns whole gateways: how busy they are, and letting one go.

use gatepipe_client::{Code, Error};
use gatepipe_local_cluster::eventually::until;

use crate::crowd::{Crowd, text};

#[tokio::test(flavor = "multi_thread")]
async fn stats_of_every_gateway() {
    let crowd = Crowd::gather().await;
    crowd.client.send_to_all(text("hello"), &[]).await;
    let answer = crowd.client.stats().await;
    assert!(answer.is_whole());
    assert_eq!(answer.value.keys().copied().collect::<Vec<_>>(), crowd.sorted_gateways());
    for stats in answer.value.values() {
        assert_eq!((stats.clients, stats.bound_clients, stats.draining), (3, 2, false));
        assert_eq!((stats.totals.opened, stats.totals.closed), (3, 0));
        assert!(stats.totals.frames_out >= 6, "an init and a message each: {stats:?}");
        assert!(stats.totals.commands >= 3, "{stats:?}");
        assert!(!stats.version.is_empty() && stats.uptime_ms > 0, "{stats:?}");
    }
    let here = &answer.value[&crowd.gateways[0]];
    assert_eq!((here.uids, here.groups), (2, 2));
}

#[tokio::test(flavor = "multi_thread")]
async fn drain() {
    let mut crowd = Crowd::gather().await;
    let client = crowd.client.clone();
    let leaving = crowd.gateways[1];
    assert_eq!(client.drain(leaving).await, Ok(3));
    for number in [3, 4, 5] {
        let told = crowd.pages[number].next().await;
        assert_eq!(told["type"], "reconnect");
        let goodbye = crowd.pages[number].next_message().await.unwrap_err();
        assert_eq!(goodbye.map(|goodbye| goodbye.code), Some(1012));
    }
    let is_member = || client.gateways().iter().any(|gateway| gateway.gateway_id == leaving);
    until("it left", || async { !is_member() }).await;
    assert_eq!(client.counts().await.value.clients, 6, "the others stay");
    let unknown = Error::UnknownGateway { gateway: leaving, register_connected: true };
    assert_eq!(client.drain(leaving).await, Err(unknown.clone()));
    assert_eq!(unknown.code(), Code::NotFound);
}
