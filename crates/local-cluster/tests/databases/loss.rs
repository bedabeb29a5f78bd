//! The database server is killed in the middle of work and comes back: nothing that was acknowledged is lost, everybody who is
//! refused is told 503, who is known goes on pushing, and nobody restarts the api.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::{Duration, Instant};

use gatepipe_local_cluster::actor::{Caller, Page};
use gatepipe_local_cluster::eventually::{until, within};
use gatepipe_local_cluster::{Cluster, Plan};
use gatepipe_test_databases::{Kind, Server, Settings};
use serde_json::json;
use tokio::task::JoinSet;

use crate::inbox::{notification, rows_after};

const SENDERS: usize = 4;
/// How long the server is away; longer than the api's patience is not needed to see all that is promised.
const AWAY: Duration = Duration::from_secs(4);
const DURABLE: Settings = Settings { durable: true, tls: false };

/// What the senders were told.
#[derive(Default)]
struct Told {
    acknowledged: BTreeMap<i64, String>,
    refused: BTreeMap<u16, usize>,
}

async fn send(admin: Caller, reader: u64, sender: usize, over: Arc<AtomicBool>) -> Told {
    let mut told = Told::default();
    for number in 0.. {
        if over.load(Relaxed) {
            break;
        }
        let title = format!("导出完成 🎉 {sender}.{number}");
        let level = if is_urgent(number) { "urgent" } else { "normal" };
        let answer = admin.post("/Notification/send", notification(reader, &title, level)).await;
        if answer.status == 200 {
            let id = answer.data["ids"][0].as_i64().unwrap();
            assert_eq!(told.acknowledged.insert(id, title), None, "a number given twice");
        } else {
            *told.refused.entry(answer.status).or_default() += 1;
            // As a caller does who was told 503.
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
    told
}

fn is_urgent(number: u32) -> bool {
    number.is_multiple_of(2)
}

/// What a page sees until it is told to end: the titles of notifications, and how much else.
async fn watch(mut page: Page) -> (BTreeSet<String>, u32) {
    let (mut titles, mut pushed) = (BTreeSet::new(), 0);
    loop {
        let frame = page.next().await;
        match frame["data"]["title"].as_str() {
            Some(title) => drop(titles.insert(title.to_owned())),
            None if frame["data"] == "end" => return (titles, pushed),
            None => pushed += 1,
        }
    }
}

async fn killed_in_the_middle_of_work(kind: Kind) {
    let Some(server) = Server::start(kind, DURABLE).await else { return };
    let database = server.named_database().await;
    let plan = Plan { database_url: Some(server.url(&database)), ..Plan::default() };
    let cluster = Cluster::start_with(plan).await.unwrap();
    let (admin, alice) = (Caller::of(&cluster, "admin"), Caller::of(&cluster, "alice"));
    let mut watching = JoinSet::new();
    for ws in cluster.ws() {
        watching.spawn(watch(Page::bound(&ws, &alice).await));
    }

    let over = Arc::new(AtomicBool::new(false));
    let mut sending = JoinSet::new();
    for sender in 0..SENDERS {
        sending.spawn(send(admin.clone(), alice.id, sender, Arc::clone(&over)));
    }
    let stored = async || alice.get("/Notification/unreadCount").await.data["count"].as_i64().unwrap_or(0);
    until("work is going on", || async { stored().await >= 50 }).await;

    server.kill9();
    let killed = Instant::now();
    let (mut pushes, mut refusals) = (0, 0_u32);
    while killed.elapsed() < AWAY {
        // She was known a moment ago, so she still is, and her pages hear her.
        assert_eq!(alice.get("/Auth/me").await.ok()["user"]["username"], "alice");
        let receipt =
            alice.post("/WebSocket/pushToUser", json!({"uid": alice.id, "data": pushes})).await.ok();
        assert_eq!(receipt, json!({"sent": true, "reached": 2, "failed": []}));
        pushes += 1;
        // What is stored is not known now.
        assert_eq!(alice.get("/Notification/unreadCount").await.status, 503);
        refusals += 1;
    }
    // Who was not seen lately is not known.
    let carol = Caller::of(&cluster, "carol");
    assert_eq!(carol.get("/Auth/me").await.status, 503);
    server.restart().await;
    let back = Instant::now();
    let sent = || admin.post("/Notification/send", notification(alice.id, "回来了 🙂", "normal"));
    until("it is written again", || async { sent().await.status == 200 }).await;
    let recovered = back.elapsed();
    assert_eq!(carol.get("/Auth/me").await.status, 200);
    let before = stored().await;
    until("work goes on", || async { stored().await >= before + 20 }).await;
    over.store(true, Relaxed);

    let told = within("the senders end", sending.join_all()).await;
    let mut acknowledged = BTreeMap::new();
    let mut refused = BTreeMap::new();
    for told in told {
        for (id, title) in told.acknowledged {
            assert_eq!(acknowledged.insert(id, title), None, "a number given twice");
        }
        for (status, times) in told.refused {
            *refused.entry(status).or_insert(0) += times;
        }
    }
    let rows = rows_after(&alice, 0).await.unwrap();
    println!(
        "{kind}: away {AWAY:?}, {} acknowledged, {} stored, refused {refused:?}, {pushes} pushes and {refusals} refused reads \
         meanwhile, written again {recovered:?} after its return",
        acknowledged.len(),
        rows.len(),
    );
    assert_eq!(
        refused.keys().collect::<Vec<_>>(),
        [&503],
        "whoever is refused is told to come back: {refused:?}"
    );
    assert!(
        rows.iter().map(|(id, _)| *id).eq(1..=i64::try_from(rows.len()).unwrap()),
        "numbers without a gap"
    );
    let stored_rows: BTreeMap<i64, String> = rows.iter().cloned().collect();
    for (id, title) in &acknowledged {
        assert_eq!(stored_rows.get(id), Some(title), "acknowledged and not there");
    }
    // Whoever was told 503 may find it stored all the same, but never twice.
    let titles: BTreeSet<_> =
        rows.iter().map(|(_, title)| title).filter(|title| title.contains('.')).collect();
    assert_eq!(titles.len(), rows.iter().filter(|(_, title)| title.contains('.')).count());
    let unread = alice.get("/Notification/unreadCount").await.ok();
    assert_eq!(unread["count"], rows.len());

    alice.post("/WebSocket/pushToUser", json!({"uid": alice.id, "data": "end"})).await.ok();
    // What was acknowledged as urgent was pushed to both.
    let urgent =
        |title: &&String| title.rsplit('.').next().is_some_and(|number| number.parse().is_ok_and(is_urgent));
    for (seen, pushed) in within("the pages", watching.join_all()).await {
        assert_eq!(pushed, pushes);
        for title in acknowledged.values().filter(urgent) {
            assert!(seen.contains(title), "{title} was not seen");
        }
    }
    cluster.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn postgres_is_killed_in_the_middle_of_work() {
    killed_in_the_middle_of_work(Kind::Postgres).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn mariadb_is_killed_in_the_middle_of_work() {
    killed_in_the_middle_of_work(Kind::Mysql).await;
}
