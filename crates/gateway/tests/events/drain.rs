//! A gateway that ends tells every close first.

use std::time::Instant;

use futures_util::future::join_all;
use gatepipe_proto::v1::Hello;
use gatepipe_proto::v1::event::Event;

use crate::common::{Page, Running, start, within};
use crate::listener::{Listener, hello};

async fn pages(gateway: &Running) -> Vec<Page> {
    let mut pages = Vec::new();
    for _ in 0..50 {
        pages.push(gateway.page().await);
    }
    pages
}

#[tokio::test(flavor = "multi_thread")]
async fn every_close_is_told_before_the_stream_ends() {
    let gateway = start(|_| {}).await;
    let pages = pages(&gateway).await;
    let (mut worker, adopted) = Listener::start(&gateway, "business").await;
    let (mut idle, _) = Listener::start(&gateway, "business").await;
    assert_eq!(adopted.len(), 50);
    let reading = tokio::spawn(join_all(pages.into_iter().map(|mut page| async move { page.rest().await })));
    gateway.stop();
    let mut closed = Vec::new();
    while let Some((client_id, event)) = worker.event().await.unwrap() {
        let Event::Closed(told) = event else { panic!("{event:?}") };
        assert_eq!(told.code, 1012);
        closed.push(client_id);
    }
    closed.sort();
    let mut expected = adopted;
    expected.sort();
    assert_eq!(closed, expected);
    assert_eq!(idle.event().await.unwrap(), None);
    gateway.stopped().await;
    within("the pages", reading).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn those_that_were_cut_are_told_too() {
    let gateway = start(|config| config.drain_timeout = std::time::Duration::from_millis(300)).await;
    // They never answer their close.
    let pages = pages(&gateway).await;
    let (mut worker, _) = Listener::start(&gateway, "business").await;
    gateway.stop();
    let mut closed = 0;
    while let Some((_, event)) = worker.event().await.unwrap() {
        assert!(matches!(event, Event::Closed(_)), "{event:?}");
        closed += 1;
    }
    assert_eq!(closed, pages.len());
    gateway.stopped().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_that_takes_nothing_does_not_hold_up_the_end() {
    let gateway = start(|_| {}).await;
    let pages = pages(&gateway).await;
    let mut stuck = Listener::with(&gateway, Hello { credit: 1, ..hello("business") }).await;
    stuck.returns_credit = false;
    let reading = tokio::spawn(join_all(pages.into_iter().map(|mut page| async move { page.rest().await })));
    gateway.stop();
    within("the pages", reading).await.unwrap();
    let left = Instant::now();
    gateway.stopped().await;
    assert!(left.elapsed().as_secs() < 8, "the gateway ended {:?} after its clients", left.elapsed());
    assert_eq!(stuck.status().await.code(), tonic::Code::Unavailable);
}
