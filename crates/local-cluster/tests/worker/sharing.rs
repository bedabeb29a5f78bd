//! Several workers: one name shares, other names each get all.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use gatepipe_client::ClientId;
use gatepipe_local_cluster::Cluster;
use gatepipe_local_cluster::actor::Page;
use gatepipe_local_cluster::ledger::{Entry, Ledger};

use crate::id;

const PAGES: usize = 40;

/// Pages on all gateways in turn.
async fn pages(cluster: &Cluster, count: usize) -> Vec<Page> {
    let mut pages = Vec::new();
    for (_, ws) in (0..count).zip(cluster.ws().iter().cycle()) {
        pages.push(Page::open(ws).await);
    }
    pages
}

fn numbers(ledger: &Ledger, client: ClientId) -> Vec<usize> {
    ledger.texts_of(client).iter().map(|text| text.parse().unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn workers_of_one_name_share_the_clients_and_another_name_gets_all() {
    const MESSAGES: usize = 25;
    let cluster = Cluster::start().await;
    let register = cluster.register();
    let (first, _first) = Ledger::subscribed(&register, "orders", 2, |worker| worker).await;
    let (second, _second) = Ledger::subscribed(&register, "orders", 2, |worker| worker).await;
    let (log, _log) = Ledger::subscribed(&register, "log", 2, |worker| worker).await;
    let (quiet, _quiet) = Ledger::subscribed(&register, "quiet", 2, |worker| worker.without_messages()).await;
    let mut pages = pages(&cluster, PAGES).await;
    for number in 0..MESSAGES {
        for page in &mut pages {
            page.send(&number.to_string()).await;
        }
    }
    let clients: Vec<_> = pages.iter().map(id).collect();
    for page in pages {
        page.close().await;
    }
    let whole = |ledgers: &[&Ledger], client| {
        ledgers.iter().map(|ledger| ledger.closes_of(client).len()).sum::<usize>() == 1
    };
    let teams: [&[&Ledger]; 3] = [&[&first, &second], &[&log], &[&quiet]];
    for team in teams {
        let last = team[team.len() - 1];
        last.until("every close", |_| clients.iter().all(|client| whole(team, *client))).await;
    }
    let expected: Vec<_> = (0..MESSAGES).collect();
    for client in &clients {
        let owner = if first.of(*client).is_empty() { &second } else { &first };
        for ledger in [owner, &log] {
            assert_eq!(numbers(ledger, *client), expected);
            let entries = ledger.of(*client);
            assert!(matches!(entries[0], Entry::Connected(_)), "{:?}", entries[0]);
            assert!(matches!(entries[MESSAGES + 1], Entry::Closed(_)));
            assert_eq!(entries.len(), MESSAGES + 2);
        }
        assert_eq!(quiet.of(*client).len(), 2);
    }
    let (of_first, of_second) = (first.clients(), second.clients());
    assert!(of_first.is_disjoint(&of_second));
    assert_eq!((of_first.len(), of_second.len()), (PAGES / 2, PAGES / 2), "each has half of each gateway's");
}

/// What the workers of one name were told of a client, put together: nothing twice, nothing out of order, nothing missing but
/// what was on its way to the one that died.
fn one_after_the_other(died: &Ledger, heir: &Ledger, client: ClientId) -> bool {
    let (before, after) = (numbers(died, client), numbers(heir, client));
    let together: Vec<_> = before.iter().chain(&after).copied().collect();
    assert!(together.is_sorted_by(|a, b| a < b), "{client}: {before:?}, then {after:?}");
    let whole = |numbers: &[usize]| numbers.windows(2).all(|pair| pair[1] == pair[0] + 1);
    assert!(whole(&before) && whole(&after), "{client}: {before:?}, then {after:?}");
    !before.is_empty()
}

#[tokio::test(flavor = "multi_thread")]
async fn when_one_of_two_workers_dies_under_load_no_event_of_a_living_client_is_seen_twice_or_out_of_order() {
    let cluster = Cluster::start().await;
    let register = cluster.register();
    let (dying, dying_worker) = Ledger::subscribed(&register, "orders", 2, |worker| worker.credit(64)).await;
    let (heir, heir_worker) = Ledger::subscribed(&register, "orders", 2, |worker| worker.credit(64)).await;
    let pages = pages(&cluster, PAGES).await;
    let clients: BTreeSet<_> = pages.iter().map(id).collect();
    let enough = Arc::new(AtomicBool::new(false));
    let talking: Vec<_> = pages
        .into_iter()
        .map(|mut page| {
            let enough = Arc::clone(&enough);
            tokio::spawn(async move {
                let mut number = 0;
                while !enough.load(Ordering::Relaxed) {
                    page.send(&number.to_string()).await;
                    number += 1;
                    if number % 8 == 0 {
                        // The gateway answers in order: so much has been offered to the workers.
                        page.send(r#"{"type":"ping"}"#).await;
                        page.next().await;
                    }
                }
                page.send(&number.to_string()).await;
                (page, number)
            })
        })
        .collect();
    dying.until("it is busy", |dying| dying.clients().len() == PAGES / 2).await;
    let busy = |ledger: &Ledger| ledger.clients().iter().all(|client| ledger.texts_of(*client).len() >= 50);
    dying.until("it is in the middle", busy).await;
    drop(dying_worker);
    heir.until("it has everybody", |heir| heir.clients() == clients).await;
    heir.until("it is in the middle of everybody", busy).await;
    enough.store(true, Ordering::Relaxed);
    for talking in talking {
        let (page, last) = talking.await.unwrap();
        let client = id(&page);
        heir.until("the last message", |heir| numbers(heir, client).last() == Some(&last)).await;
        page.close().await;
    }
    heir.until("every close", |heir| clients.iter().all(|client| !heir.closes_of(*client).is_empty())).await;
    let moved = clients.iter().filter(|client| one_after_the_other(&dying, &heir, **client)).count();
    assert_eq!(moved, PAGES / 2);
    for client in &clients {
        let entries = heir.of(*client);
        let began = match entries[0] {
            Entry::Connected(_) => dying.of(*client).is_empty(),
            Entry::Adopted(_) => !dying.of(*client).is_empty(),
            _ => false,
        };
        assert!(began, "{client}: {:?}", entries[0]);
        let introduced = |entry: &&Entry| matches!(entry, Entry::Connected(_) | Entry::Adopted(_));
        assert_eq!(entries.iter().filter(introduced).count(), 1);
        assert_eq!(heir.closes_of(*client).len(), 1);
        assert!(dying.closes_of(*client).is_empty());
    }
    assert_eq!(heir.dropped(), gatepipe_client::Dropped::default());
    assert_eq!(heir_worker.stop().await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_that_leaves_loses_nothing() {
    const MESSAGES: usize = 200;
    let cluster = Cluster::start().await;
    let register = cluster.register();
    let (leaving, leaving_worker) = Ledger::subscribed(&register, "orders", 2, |worker| worker).await;
    let (staying, _staying) = Ledger::subscribed(&register, "orders", 2, |worker| worker).await;
    let pages = pages(&cluster, PAGES).await;
    let clients: Vec<_> = pages.iter().map(id).collect();
    let talking: Vec<_> = pages
        .into_iter()
        .map(|mut page| {
            tokio::spawn(async move {
                for number in 0..MESSAGES {
                    page.send(&number.to_string()).await;
                    tokio::task::yield_now().await;
                }
                page
            })
        })
        .collect();
    let heard = |ledger: &Ledger| -> usize {
        ledger.clients().iter().map(|client| ledger.texts_of(*client).len()).sum()
    };
    leaving.until("it is in the middle", |ledger| heard(ledger) >= 100).await;
    assert_eq!(leaving_worker.stop().await, 0);
    let mut pages = Vec::new();
    for talking in talking {
        pages.push(talking.await.unwrap());
    }
    let expected: Vec<_> = (0..MESSAGES).collect();
    for client in clients {
        let together = |staying: &Ledger| {
            let mut together = numbers(&leaving, client);
            together.extend(numbers(staying, client));
            together
        };
        staying.until("the last message", |staying| together(staying).len() >= MESSAGES).await;
        assert_eq!(together(&staying), expected);
    }
}
