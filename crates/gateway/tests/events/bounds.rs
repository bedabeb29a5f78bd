//! A worker that does not keep up: it costs itself, and is told what it missed; nobody else feels it.

use std::collections::BTreeSet;

use gatepipe_proto::v1::event::Event;
use gatepipe_proto::v1::{Dropped, Hello};

use crate::common::{Page, Running, start};
use crate::listener::{Listener, hello, text};

/// A worker that was greeted and gives no more credit by itself.
async fn stuck(gateway: &Running, worker: &str) -> Listener {
    let mut stuck = Listener::with(gateway, Hello { credit: 1, ..hello(worker) }).await;
    stuck.returns_credit = false;
    // What it returned for its welcome.
    stuck.adopted_all().await;
    stuck
}

async fn metric(gateway: &Running, name: &str) -> u64 {
    let metrics = gateway.metrics().await;
    let line = metrics.lines().find_map(|line| line.strip_prefix(&format!("gatepipe_gateway_{name} ")));
    line.unwrap_or_else(|| panic!("no {name} in {metrics}")).parse().unwrap()
}

/// Waits until the gateway has read everything this page said.
async fn settled(page: &mut Page) {
    page.send(r#"{"type":"ping"}"#).await;
    assert_eq!(page.text().await, r#"{"type":"pong"}"#);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_returns_no_credit_misses_messages_and_is_told_how_many() {
    let gateway = start(|config| config.worker_queue = 100_000).await;
    let mut commands = gateway.worker().await;
    let mut stuck = stuck(&gateway, "stuck").await;
    let (mut quick, _) = Listener::start(&gateway, "quick").await;
    let mut page = gateway.page().await;
    assert!(matches!(quick.of(&page).await, Event::Connected(_)));
    for number in 0..1000 {
        page.send(&format!("{number} {}", "x".repeat(1000))).await;
        assert!(text(&quick.of(&page).await).starts_with(&format!("{number} ")));
    }
    // Messages are bounded, a bind still fits; and the pipe works as ever.
    assert_eq!(commands.bind(&page, "ana").await.code, 0);
    assert!(matches!(quick.of(&page).await, Event::Bound(_)));
    assert_eq!(commands.send_to_uid("ana", "hello").await.reached, 1);
    assert_eq!(page.text().await, "hello");
    let waiting = metric(&gateway, "event_bytes").await;
    assert!((90_000..=101_000).contains(&waiting), "{waiting} bytes wait");
    // What one worker took is not dropped.
    assert_eq!(metric(&gateway, "frames_dropped_total").await, 0);

    stuck.returns_credit = true;
    stuck.credit(1);
    assert!(matches!(stuck.of(&page).await, Event::Connected(_)));
    let mut number = 0;
    let missed = loop {
        match stuck.next().await {
            (client_id, Event::Dropped(dropped)) => {
                assert_eq!(client_id, "");
                break dropped;
            }
            (_, event) => assert!(text(&event).starts_with(&format!("{number} "))),
        }
        number += 1;
    };
    assert!((75..100).contains(&number), "{number} fitted");
    assert_eq!(missed, Dropped { messages: 1000 - number, others: 0 });
    assert!(matches!(stuck.of(&page).await, Event::Bound(_)));
    page.send("you hear me again").await;
    assert_eq!(text(&stuck.of(&page).await), "you hear me again");
    assert_eq!(metric(&gateway, "events_dropped_total{kind=\"message\"}").await, missed.messages);
}

#[tokio::test(flavor = "multi_thread")]
async fn all_else_is_bounded_too_and_who_was_not_told_of_is_adopted_later() {
    let gateway = start(|config| config.worker_queue = 4000).await;
    let mut commands = gateway.worker().await;
    let mut stuck = stuck(&gateway, "stuck").await;
    let mut clients = 0;
    for _ in 0..200 {
        // Come and gone.
        drop(gateway.page().await);
        clients += 1;
    }
    commands.until_clients(0).await;
    let mut pages = Vec::new();
    for _ in 0..20 {
        pages.push(gateway.page().await);
    }
    let waiting = metric(&gateway, "event_bytes").await;
    assert!((7000..=8000).contains(&waiting), "{waiting} bytes wait");

    stuck.returns_credit = true;
    stuck.credit(10);
    let (mut connected, mut closed, mut adopted, mut dropped) = (0, 0, 0, 0);
    let mut unknown: BTreeSet<_> = pages.iter().map(|page| page.client_id.clone()).collect();
    let mut said = false;
    while !said {
        let (client_id, event) = stuck.next().await;
        match event {
            Event::Connected(_) => connected += 1,
            Event::Closed(_) => closed += 1,
            Event::Adopted(_) => adopted += 1,
            Event::Dropped(more) => {
                dropped += more.others;
                pages[0].send("and now").await;
            }
            event => said = text(&event) == "and now",
        }
        unknown.remove(&client_id);
    }
    assert!(unknown.is_empty(), "{unknown:?}");
    assert!(adopted > 10, "{adopted} were adopted");
    // Every connect and every close was told or counted.
    assert_eq!(connected + closed + dropped, 2 * clients + pages.len() as u64);
    assert!(connected < clients && closed <= connected, "{connected} and {closed}");
    assert_eq!(metric(&gateway, "events_dropped_total{kind=\"other\"}").await, dropped);
}

#[tokio::test]
async fn what_a_worker_that_died_had_not_dealt_with_is_counted() {
    let gateway = start(|_| {}).await;
    let mut worker = Listener::with(&gateway, Hello { credit: 11, ..hello("business") }).await;
    worker.adopted_all().await;
    worker.returns_credit = false;
    let mut page = gateway.page().await;
    for _ in 0..11 {
        page.send("hello").await;
    }
    for _ in 0..11 {
        worker.of(&page).await;
    }
    // Two are dealt with, which lets one more come.
    worker.credit(2);
    worker.of(&page).await;
    worker.kill();
    gateway.until_subscriptions(0).await;
    assert_eq!(metric(&gateway, "events_lost_total").await, 10);
}

#[tokio::test]
async fn an_empty_queue_takes_any_one_event() {
    let gateway = start(|config| config.worker_queue = 1).await;
    let (mut worker, _) = Listener::start(&gateway, "business").await;
    let mut page = gateway.page().await;
    assert!(matches!(worker.of(&page).await, Event::Connected(_)));
    let long = "x".repeat(60_000);
    page.send(&long).await;
    assert_eq!(text(&worker.of(&page).await), long);
}

#[tokio::test(flavor = "multi_thread")]
async fn much_that_waited_comes_in_batches_and_in_order() {
    let gateway = start(|_| {}).await;
    let mut worker = stuck(&gateway, "business").await;
    let mut page = gateway.page().await;
    for number in 0..1000 {
        page.send(&number.to_string()).await;
    }
    for number in 1000..1050 {
        page.send(&format!("{number} {}", "x".repeat(60_000))).await;
    }
    settled(&mut page).await;
    worker.returns_credit = true;
    worker.credit(60_000);
    assert!(matches!(worker.of(&page).await, Event::Connected(_)));
    for number in 0..1050 {
        let event = worker.of(&page).await;
        assert_eq!(text(&event).split(' ').next(), Some(number.to_string().as_str()));
    }
}

#[tokio::test]
async fn a_message_longer_than_any_may_be_is_counted() {
    let gateway = start(|config| config.max_message_size = 4 << 20).await;
    let (mut worker, _) = Listener::start(&gateway, "business").await;
    let mut page = gateway.page().await;
    assert!(matches!(worker.of(&page).await, Event::Connected(_)));
    page.send(&"x".repeat((1 << 20) + 1)).await;
    page.send(&"y".repeat(1 << 20)).await;
    assert_eq!(worker.next().await.1, Event::Dropped(Dropped { messages: 1, others: 0 }));
    assert_eq!(text(&worker.of(&page).await).len(), 1 << 20);
}
