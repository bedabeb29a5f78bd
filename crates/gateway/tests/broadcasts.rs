//! Many broadcasts at once, seen by pages that are there, come and go.

mod common;

use common::{Page, Worker, start, text, within};
use gatepipe_proto::v1;
use gatepipe_proto::v1::command::Command as Kind;

fn to_all(message: &str, exclude: &[&Page]) -> Kind {
    Kind::SendToAll(v1::SendToAll {
        message: text(message),
        exclude_client_ids: exclude.iter().map(|page| page.client_id.clone()).collect(),
    })
}

/// Reads up to `end`, which is not among what it gives.
async fn until_end(mut page: Page, end: &str) -> Vec<String> {
    let mut texts = Vec::new();
    loop {
        let text = page.text().await;
        if text == end {
            return texts;
        }
        texts.push(text);
    }
}

/// The numbers after `prefix`, in the order they came.
fn numbers(texts: &[String], prefix: &str) -> Vec<u32> {
    texts.iter().filter_map(|text| text.strip_prefix(prefix)?.parse().ok()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn two_pipes_at_once_keep_their_orders_and_count_everybody() {
    const EACH: u32 = 1500;
    let gateway = start(|_| {}).await;
    let mut pages = Vec::new();
    for _ in 0..30 {
        pages.push(gateway.page().await);
    }
    let from = |name: &str, left_out: usize| {
        let name = name.to_owned();
        let exclude = [&pages[left_out]];
        (0..EACH)
            .map(|number| to_all(&format!("{name}{number}"), if number % 7 == 0 { &exclude } else { &[] }))
            .collect::<Vec<_>>()
    };
    let (ours, theirs) = (from("a", 0), from("b", 1));
    let (mut one, mut other) = (gateway.worker().await, gateway.worker().await);
    let reading: Vec<_> = pages.into_iter().map(|page| tokio::spawn(until_end(page, "end"))).collect();

    let (to_ours, to_theirs) = tokio::join!(one.pipe(ours), other.pipe(theirs));
    for receipt in to_ours.iter().chain(&to_theirs) {
        let expected = if receipt.id % 7 == 0 { 29 } else { 30 };
        assert_eq!((receipt.code, receipt.reached), (0, expected), "broadcast {}", receipt.id);
    }
    assert_eq!(one.broadcast("end").await.reached, 30);
    for (position, reading) in reading.into_iter().enumerate() {
        let texts = within("the end", reading).await.unwrap();
        for (name, left_out) in [("a", 0), ("b", 1)] {
            let expected = (0..EACH).filter(|number| position != left_out || number % 7 != 0);
            assert!(numbers(&texts, name).into_iter().eq(expected), "page {position} of {name}");
        }
    }
    // One frame each, in whatever writes they left: 30 times init, and what each page was to have.
    let metrics = gateway.metrics().await;
    let frames = 30 + u64::from(EACH) * 2 * 30 - 2 * u64::from(EACH.div_ceil(7)) + 30;
    assert!(metrics.contains(&format!("\ngatepipe_gateway_frames_out_total {frames}\n")), "{metrics}");
}

#[tokio::test(flavor = "multi_thread")]
async fn those_who_come_and_go_meanwhile_hear_each_at_most_once_and_miss_nothing_in_between() {
    let gateway = start(|_| {}).await;
    let sender = gateway.worker().await;
    let (stop, mut stopped) = tokio::sync::oneshot::channel();
    // Sends until everybody has been there, eight at a time.
    let sending = tokio::spawn({
        let mut sender = Worker(sender.0.clone());
        async move {
            let mut number = 0;
            while stopped.try_recv().is_err() {
                let eight: Vec<_> =
                    (number..number + 8).map(|number| to_all(&format!("m{number}"), &[])).collect();
                sender.pipe(eight).await;
                number += 8;
            }
        }
    });
    for _ in 0..60 {
        let mut page = gateway.page().await;
        let mut heard = Vec::new();
        for _ in 0..20 {
            heard.push(page.text().await);
        }
        let heard = numbers(&heard, "m");
        let expected = heard[0]..heard[0] + 20;
        assert!(heard.iter().copied().eq(expected), "{heard:?}");
    }
    stop.send(()).unwrap();
    within("the sender", sending).await.unwrap();
}

#[tokio::test]
async fn a_push_to_one_passes_broadcasts_that_are_under_way() {
    let gateway = start(|_| {}).await;
    let mut pages = Vec::new();
    for _ in 0..200 {
        pages.push(gateway.page().await);
    }
    let mut worker = gateway.worker().await;
    let mut page = pages.pop().unwrap();
    worker.bind(&page, "ana").await;
    // All in one batch: the push starts when all broadcasts have begun, on a runtime with one thread.
    let mut commands: Vec<_> = (0..40).map(|number| to_all(&format!("m{number}"), &[])).collect();
    commands.push(Kind::SendToUids(v1::SendToUids {
        uids: vec!["ana".into()],
        message: text("for ana"),
        ..Default::default()
    }));
    let receipts = worker.pipe(commands).await;
    assert_eq!(receipts.last().unwrap().reached, 1);
    assert!(receipts[..40].iter().all(|receipt| receipt.reached == 200));
    let mut texts = Vec::new();
    for _ in 0..41 {
        texts.push(page.text().await);
    }
    assert!(numbers(&texts, "m").into_iter().eq(0..40));
    assert_ne!(texts.last().unwrap(), "for ana", "it waited for the broadcasts");
}
