//! A client that stops reading is closed with 4102, by bytes or by age, and its neighbours receive everything; by ws and by wss.

mod common;

use std::time::Duration;

use common::certs::Certs;
use common::{Page, Running, Worker, start, start_protected, within};
use gatepipe_gateway::Config;

/// Tells a story with a gateway without TLS and with one that has it.
async fn both_ways<F: Future<Output = ()>>(change: impl Fn(&mut Config), story: impl Fn(Running) -> F) {
    story(start(&change).await).await;
    let certs = Certs::new();
    story(start_protected(&certs, &change).await).await;
}

/// Pushes to "slow" until it does not take one more.
async fn push_until_refused(worker: &mut Worker, message: &str) -> usize {
    within("the slow client's end", async {
        let mut taken = 0;
        while worker.send_to_uid("slow", message).await.reached == 1 {
            taken += 1;
        }
        taken
    })
    .await
}

async fn slow_and_neighbour(gateway: &Running, worker: &mut Worker) -> (Page, Page) {
    let slow = gateway.narrow_page().await;
    let neighbour = gateway.page().await;
    assert_eq!(worker.bind(&slow, "slow").await.code, 0);
    assert_eq!(worker.bind(&neighbour, "quick").await.code, 0);
    (slow, neighbour)
}

async fn still_served(worker: &mut Worker, neighbour: &mut Page) {
    for number in 0..100 {
        assert_eq!(worker.send_to_uid("quick", &number.to_string()).await.reached, 1);
    }
    for number in 0..100 {
        assert_eq!(neighbour.text().await, number.to_string());
    }
}

#[tokio::test]
async fn by_bytes() {
    both_ways(|config| config.outbox_size = 100_000, bounded_by_bytes).await;
}

async fn bounded_by_bytes(gateway: Running) {
    let mut worker = gateway.worker().await;
    let (mut slow, mut neighbour) = slow_and_neighbour(&gateway, &mut worker).await;
    let message = "x".repeat(4000);
    let taken = push_until_refused(&mut worker, &message).await;
    assert!(taken >= 100_000 / 4100, "only {taken} were taken");
    worker.until_clients(1).await;
    still_served(&mut worker, &mut neighbour).await;
    let metrics = gateway.metrics().await;
    assert!(metrics.contains(r#"connections_closed_total{code="4102"} 1"#), "{metrics}");
    assert!(metrics.contains(r#"slow_closes_total{cause="bytes"} 1"#), "{metrics}");

    let (texts, close) = slow.rest().await;
    assert_eq!(close, Some((4102, "reads too slowly".into())));
    assert!(texts.len() < taken && texts.iter().all(|text| *text == message), "{} of {taken}", texts.len());
}

#[tokio::test]
async fn by_age() {
    both_ways(|config| config.outbox_age = Duration::from_millis(400), bounded_by_age).await;
}

async fn bounded_by_age(gateway: Running) {
    let mut worker = gateway.worker().await;
    let (mut slow, mut neighbour) = slow_and_neighbour(&gateway, &mut worker).await;
    // More than the kernel takes, less than the outbox's bound in bytes.
    let message = "x".repeat(500_000);
    assert_eq!(worker.send_to_uid("slow", &message).await.reached, 1);
    still_served(&mut worker, &mut neighbour).await;
    worker.until_clients(1).await;
    let (texts, close) = slow.rest().await;
    // It was on the wire already, and a frame is never torn.
    assert_eq!(texts, [message]);
    assert_eq!(close, Some((4102, "reads too slowly".into())));
    let metrics = gateway.metrics().await;
    assert!(metrics.contains(r#"slow_closes_total{cause="age"} 1"#), "{metrics}");
}

#[tokio::test]
async fn all_outboxes_together_are_bounded_and_the_largest_goes_first() {
    both_ways(|config| config.outbox_total = 1_000_000, the_largest_goes_first).await;
}

async fn the_largest_goes_first(gateway: Running) {
    let mut worker = gateway.worker().await;
    let (mut large, mut small) = slow_and_neighbour(&gateway, &mut worker).await;
    drop(small);
    small = gateway.narrow_page().await;
    assert_eq!(worker.bind(&small, "small").await.code, 0);
    let some = "x".repeat(400_000);
    assert_eq!(worker.send_to_uid("small", &some).await.reached, 1);
    let more = "x".repeat(1_000_000);
    assert_eq!(worker.send_to_uid("slow", &more).await.reached, 1);
    let (texts, close) = large.rest().await;
    assert_eq!((texts, close), (vec![more], Some((4102, "reads too slowly".into()))));
    let metrics = gateway.metrics().await;
    assert!(metrics.contains(r#"slow_closes_total{cause="total"} 1"#), "{metrics}");
    assert_eq!(worker.send_to_uid("small", "end").await.reached, 1);
    assert_eq!(small.text().await, some);
    assert_eq!(small.text().await, "end");
}

#[tokio::test]
async fn one_that_reads_late_but_in_time_gets_everything_in_order() {
    both_ways(|_| {}, everything_in_order).await;
}

async fn everything_in_order(gateway: Running) {
    let mut worker = gateway.worker().await;
    let (mut slow, _neighbour) = slow_and_neighbour(&gateway, &mut worker).await;
    for number in 0..200 {
        let message = format!("{number} {}", "x".repeat(4000));
        assert_eq!(worker.send_to_uid("slow", &message).await.reached, 1);
    }
    for number in 0..200 {
        assert!(slow.text().await.starts_with(&format!("{number} ")));
    }
    let metrics = gateway.metrics().await;
    let line =
        metrics.lines().find_map(|line| line.strip_prefix("gatepipe_gateway_outbox_wait_seconds_count "));
    assert!(line.is_some_and(|count| count != "0"), "nothing waited in {metrics}");
}
