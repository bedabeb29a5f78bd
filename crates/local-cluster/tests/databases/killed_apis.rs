//! Two apis on one database, one or the other killed at any moment: what was acknowledged is there exactly once, and whoever
//! catches up sees every number once and in order. Every export that was taken in is finished exactly once.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::Duration;

use gatepipe_local_cluster::actor::{Caller, Page};
use gatepipe_local_cluster::eventually::{until, within};
use gatepipe_test_databases::{Kind, fresh_on};
use serde_json::json;
use tokio::task::JoinSet;

use crate::apis::Apis;
use crate::inbox::{notification, rows_after};

const APIS: usize = 2;
const SENDERS: usize = 4;
const KILLS: usize = 6;
/// Fewer than a user may have unfinished.
const ORDERS: usize = 60;

/// Sends to the apis in turn, as a load balancer would; gives what was acknowledged, and how many pages were said to be reached.
async fn send(
    apis: Vec<Caller>,
    reader: u64,
    sender: usize,
    over: Arc<AtomicBool>,
) -> (Vec<(i64, String)>, u64) {
    let (mut acknowledged, mut reached) = (Vec::new(), 0);
    for number in 0.. {
        if over.load(Relaxed) {
            break;
        }
        let title = format!("导出完成 🎉 {sender}.{number}");
        let body = notification(reader, &title, "urgent");
        match apis[number % apis.len()].try_post("/Notification/send", body).await {
            Some(answer) if answer.status == 200 => {
                acknowledged.push((answer.data["ids"][0].as_i64().unwrap(), title));
                reached += answer.data["reached"].as_u64().unwrap();
            }
            // No answer: it may be stored or not, and is not sent again.
            None => {}
            Some(answer) => panic!("{}: {}", answer.status, answer.msg),
        }
    }
    (acknowledged, reached)
}

/// Orders exports at the apis in turn; gives number and title of those that were taken in.
async fn order(apis: Vec<Caller>, over: Arc<AtomicBool>) -> Vec<(i64, String)> {
    let mut taken = Vec::new();
    for number in 0..ORDERS {
        if over.load(Relaxed) {
            break;
        }
        let title = format!("用户 📦 {number}");
        let data: Vec<_> = (0..2_000).map(|row| json!([row, "名称"])).collect();
        let body = json!({"title": title, "headers": ["n", "name"], "data": data});
        match apis[number % apis.len()].try_post("/ExportTask/create", body).await {
            Some(answer) if answer.status == 202 => taken.push((answer.data["id"].as_i64().unwrap(), title)),
            None => {}
            Some(answer) => panic!("{}: {}", answer.status, answer.msg),
        }
    }
    taken
}

/// Follows the inbox through whichever api answers, until all was sent and nothing more comes.
async fn catch_up(apis: Vec<Caller>, all_sent: Arc<AtomicBool>) -> Vec<(i64, String)> {
    let mut seen: Vec<(i64, String)> = Vec::new();
    for turn in 0.. {
        // Looked at before the list: what was sent by then is in it.
        let last_turn = all_sent.load(Relaxed);
        let new = rows_after(&apis[turn % apis.len()], seen.last().map_or(0, |(id, _)| *id)).await;
        if last_turn && new.as_ref().is_some_and(Vec::is_empty) {
            break;
        }
        seen.extend(new.into_iter().flatten());
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    seen
}

async fn either_is_killed(kind: Kind) {
    let Some(url) = fresh_on(kind).await else { return };
    let apis = Apis::start(APIS, &url).await;
    let at_each = |name: &str| (0..APIS).map(|api| apis.caller(name, api)).collect::<Vec<_>>();
    let alice = apis.caller("alice", 0);
    let mut page = Page::bound(&apis.ws, &alice).await;
    let watching = tokio::spawn(async move {
        let mut frames = 0_u64;
        while page.next().await["data"] != "end" {
            frames += 1;
        }
        frames
    });
    let (over, all_sent) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicBool::new(false)));
    let mut sending = JoinSet::new();
    for sender in 0..SENDERS {
        sending.spawn(send(at_each("admin"), alice.id, sender, Arc::clone(&over)));
    }
    let ordering = tokio::spawn(order(at_each("bob"), Arc::clone(&over)));
    let catching_up = tokio::spawn(catch_up(at_each("alice"), Arc::clone(&all_sent)));
    for _ in 0..KILLS {
        tokio::time::sleep(Duration::from_millis(rand::random_range(50..400))).await;
        apis.kill_and_restart(rand::random_range(0..APIS)).await;
    }
    over.store(true, Relaxed);
    let (acknowledged, reached): (Vec<_>, Vec<u64>) =
        within("the senders end", sending.join_all()).await.into_iter().unzip();
    let acknowledged = acknowledged.concat();
    all_sent.store(true, Relaxed);
    let seen = within("the reader ends", catching_up).await.unwrap();

    println!("{kind}: {KILLS} kills, {} acknowledged, {} stored", acknowledged.len(), seen.len());
    assert!(acknowledged.len() > 50, "{} acknowledged", acknowledged.len());
    assert!(seen.iter().map(|(id, _)| *id).eq(1..=i64::try_from(seen.len()).unwrap()), "a number is missing");
    let by_title: BTreeMap<_, _> = seen.iter().map(|(id, title)| (title.as_str(), *id)).collect();
    assert_eq!(by_title.len(), seen.len(), "stored twice");
    for (id, title) in &acknowledged {
        assert_eq!(by_title.get(title.as_str()), Some(id), "acknowledged and not there");
    }
    for caller in at_each("alice") {
        assert_eq!(rows_after(&caller, 0).await.as_ref(), Some(&seen));
        assert_eq!(caller.get("/Notification/unreadCount").await.ok()["count"], seen.len());
    }
    let taken = within("the orders end", ordering).await.unwrap();
    assert!(!taken.is_empty());
    let bob = apis.caller("bob", 0);
    for (id, title) in &taken {
        let path = format!("/ExportTask/show?id={id}");
        until("the export has ended", || async {
            let task = bob.get(&path).await.ok();
            // Whoever is hit by three of the kills is given up, and told so.
            task["state"] == "done" || task["reason"] == "its worker was lost 3 times"
        })
        .await;
        // By now it was told, once.
        let rows = rows_after(&bob, 0).await.unwrap();
        assert_eq!(
            rows.iter().filter(|(_, told)| told.ends_with(title.as_str())).count(),
            1,
            "{title}: {rows:?}"
        );
    }
    println!("{kind}: {} exports", taken.len());
    // The socket outlived them all, and was pushed to as often as somebody was told so; an answer that was lost says nothing.
    let end = json!({"uid": alice.id, "data": "end"});
    assert_eq!(alice.post("/WebSocket/pushToUser", end).await.ok()["reached"], 1);
    assert!(within("the page", watching).await.unwrap() >= reached.iter().sum());
}

#[tokio::test(flavor = "multi_thread")]
async fn one_of_two_apis_on_a_postgres_is_killed_at_any_moment() {
    either_is_killed(Kind::Postgres).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_of_two_apis_on_a_mariadb_is_killed_at_any_moment() {
    either_is_killed(Kind::Mysql).await;
}
