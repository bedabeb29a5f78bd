//! The gateway in numbers, and told to drain.

mod common;

use std::collections::BTreeSet;

use common::{Page, start, text, within};
use futures_util::future::join_all;
use gatepipe_proto::v1;
use gatepipe_proto::v1::command::Command as Kind;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

#[tokio::test]
async fn stats_tell_what_there_is_and_what_went_by() {
    let gateway = start(|_| {}).await;
    let mut worker = gateway.worker().await;
    let mut ana = gateway.page().await;
    let ben = gateway.page().await;
    let gone = gateway.page().await;
    worker.bind(&ana, "ana").await;
    worker.bind(&ben, "ana").await;
    worker.join(&ana, "staff").await;
    worker.join(&ana, "berlin").await;
    ana.send(r#"{"type":"ping"}"#).await;
    ana.text().await;
    drop(gone);
    worker.until_clients(2).await;
    let stats = within("the stats", worker.0.stats(v1::StatsRequest {})).await.unwrap().into_inner();
    assert_eq!((stats.clients, stats.bound_clients, stats.uids, stats.groups), (2, 2, 1, 2));
    assert_eq!((stats.queued_bytes, stats.workers, stats.draining), (0, 0, false));
    assert_eq!(stats.version, env!("CARGO_PKG_VERSION"));
    let totals = stats.totals.unwrap();
    assert_eq!((totals.opened, totals.closed, totals.slow_closes), (3, 1, 0));
    assert_eq!((totals.closed_left, totals.closed_ended, totals.closed_silent), (1, 0, 0));
    assert_eq!((totals.frames_in, totals.bytes_in), (1, 15));
    assert_eq!(totals.frames_out, 4);
    assert_eq!((totals.commands, totals.events, totals.events_dropped), (4, 0, 0));
    let entries = [worker.client(&ana.client_id, false).await, worker.client(&ben.client_id, false).await];
    let of_the_living: u64 = entries.iter().flatten().map(|entry| entry.bytes_out).sum();
    assert!(totals.bytes_out > of_the_living, "what went to the one that left counts, too");

    // Everything happened since the start, and that is less than ten seconds ago.
    let rates = stats.rates.unwrap();
    let seconds = f64::from(stats.rates_over_ms) / 1000.0;
    assert!(stats.rates_over_ms > 0 && i64::from(stats.rates_over_ms) <= stats.uptime_ms);
    for (rate, total) in [
        (rates.opened, totals.opened),
        (rates.closed, totals.closed),
        (rates.closed_left, totals.closed_left),
        (rates.frames_in, totals.frames_in),
        (rates.frames_out, totals.frames_out),
        (rates.bytes_in, totals.bytes_in),
        (rates.bytes_out, totals.bytes_out),
        (rates.commands, totals.commands),
        (rates.events, totals.events),
    ] {
        assert!(
            (rate * seconds - total as f64).abs() < 0.001,
            "{rate} a second for {seconds} s, not {total}"
        );
    }
}

#[tokio::test]
async fn a_client_that_reads_slowly_shows_in_the_numbers() {
    let gateway = start(|config| {
        config.outbox_size = 100_000;
        config.send_buffer = 8192;
    })
    .await;
    let mut worker = gateway.worker().await;
    let slow = gateway.narrow_page().await;
    let message = "x".repeat(20_000);
    let mut highest = 0;
    while worker.send_to_client(&slow.client_id, &message).await.reached == 1 {
        let stats = worker.0.stats(v1::StatsRequest {}).await.unwrap().into_inner();
        if let Some(told) = worker.client(&slow.client_id, false).await {
            assert!(told.queued_bytes <= 100_000 + 20_010);
        }
        highest = highest.max(stats.queued_bytes);
    }
    assert!(highest > 20_000, "{highest} bytes waited");
    drop(slow);
    worker.until_clients(0).await;
    let stats = worker.0.stats(v1::StatsRequest {}).await.unwrap().into_inner();
    assert_eq!((stats.totals.unwrap().slow_closes, stats.queued_bytes), (1, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gateway_told_to_drain_lets_everybody_go_and_ends() {
    let gateway = start(|_| {}).await;
    let mut worker = gateway.worker().await;
    let mut pages = Vec::new();
    for _ in 0..100 {
        pages.push(gateway.page().await);
    }
    let reading = tokio::spawn(join_all(pages.into_iter().map(|mut page| async move { page.rest().await })));
    let commands = vec![
        Kind::SendToAll(v1::SendToAll { message: text("last words"), ..Default::default() }),
        Kind::Drain(v1::Drain {}),
    ];
    let receipts = worker.pipe(commands).await;
    assert_eq!(receipts.iter().map(|receipt| receipt.reached).collect::<Vec<_>>(), [100, 100]);
    let identity = worker.0.identify(v1::IdentifyRequest {}).await.unwrap().into_inner();
    assert!(identity.draining);
    let again = worker.execute(Kind::Drain(v1::Drain {})).await;
    assert!(again.code == 0 && again.reached <= 100, "{again:?}");
    let stats = worker.0.stats(v1::StatsRequest {}).await.unwrap().into_inner();
    assert!(stats.draining);
    gateway.stopped().await;
    for (texts, close) in within("the pages", reading).await.unwrap() {
        assert_eq!(texts.len(), 2);
        assert_eq!(texts[0], "last words");
        assert!(texts[1].contains(r#""type":"reconnect""#), "{texts:?}");
        assert_eq!(close.map(|(code, _)| code), Some(1012));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_empty_gateway_answers_the_command_before_it_ends() {
    let gateway = start(|_| {}).await;
    let mut worker = gateway.worker().await;
    let receipts = worker.pipe(vec![Kind::Drain(v1::Drain {})]).await;
    assert_eq!((receipts[0].code, receipts[0].reached), (0, 0));
    gateway.stopped().await;
    let gateway = start(|_| {}).await;
    let mut worker = gateway.worker().await;
    assert_eq!(worker.execute(Kind::Drain(v1::Drain {})).await.code, 0);
    gateway.stopped().await;
}

/// What one client is in.
#[derive(Default)]
struct Belongs {
    uid: Option<String>,
    groups: BTreeSet<String>,
}

#[tokio::test]
async fn the_numbers_follow_every_bind_join_and_leave() {
    let gateway = start(|_| {}).await;
    let mut worker = gateway.worker().await;
    let mut crowd: Vec<(Page, Belongs)> = Vec::new();
    let mut random = StdRng::seed_from_u64(7);
    // Few uids, so that many clients share one in the same shard, and few groups.
    for step in 0..900 {
        let grows = step < 500;
        if crowd.len() < 2 || (random.random_ratio(1, 5) && grows) {
            crowd.push((gateway.page().await, Belongs::default()));
        }
        let name = format!("n{}", random.random_range(0..3));
        let who = random.random_range(0..crowd.len());
        let (page, belongs) = &mut crowd[who];
        let client_id = page.client_id.clone();
        match random.random_range(0..if grows { 9 } else { 12 }) {
            0..4 => {
                worker.bind(page, &name).await;
                belongs.uid = Some(name);
            }
            4 => {
                let was_bound = belongs.uid.take_if(|uid| *uid == name).is_some();
                let unbind = Kind::UnbindUid(v1::UnbindUid { client_id, uid: name });
                assert_eq!(worker.execute(unbind).await.reached, u64::from(was_bound));
            }
            5 | 6 => {
                worker.join(page, &name).await;
                belongs.groups.insert(name);
            }
            7 => {
                worker.leave(page, &name).await;
                belongs.groups.remove(&name);
            }
            8 => {
                worker.execute(Kind::Ungroup(v1::Ungroup { group: name.clone() })).await;
                crowd.iter_mut().for_each(|(_, belongs)| belongs.groups.retain(|group| *group != name));
            }
            _ => {
                drop(crowd.swap_remove(who));
                worker.until_clients(crowd.len() as u64).await;
            }
        }
        let uids: Vec<&String> = crowd.iter().filter_map(|(_, belongs)| belongs.uid.as_ref()).collect();
        let different: BTreeSet<_> = uids.iter().collect();
        let groups: BTreeSet<_> = crowd.iter().flat_map(|(_, belongs)| &belongs.groups).collect();
        let expected = (crowd.len(), uids.len(), different.len(), groups.len());
        // Asked twice: the second time it is known.
        for _ in 0..2 {
            let stats = within("the stats", worker.0.stats(v1::StatsRequest {})).await.unwrap().into_inner();
            let told = [stats.clients, stats.bound_clients, stats.uids, stats.groups].map(|n| n as usize);
            assert_eq!((told[0], told[1], told[2], told[3]), expected, "after step {step}");
        }
        if step % 50 == 0 {
            let metrics = gateway.metrics().await;
            for (name, value) in [("bound_clients", expected.1), ("uids", expected.2), ("groups", expected.3)]
            {
                let line = format!("\ngatepipe_gateway_{name} {value}\n");
                assert!(metrics.contains(&line), "no {line:?} in {metrics}");
            }
            for uid in different {
                let clients = uids.iter().filter(|other| *other == uid).count();
                assert_eq!(worker.send_to_uid(uid, "x").await.reached, clients as u64);
            }
        }
    }
}
