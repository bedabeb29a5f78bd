//! Many write at once, through two apis on one database: nobody is refused, no number is given twice or left out, every count
//! is right, and whoever catches up meanwhile sees each notification once and in order.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::Duration;

use gatepipe_test_databases::{Kind, fresh_on};
use rand::Rng as _;
use rand::seq::IndexedRandom as _;
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::common::{Person, World};

const APIS: usize = 2;
const READERS: usize = 6;
const SENDERS: usize = 8;
/// Notifications that each sender sends, each to some of the readers.
const ROUNDS: usize = 30;
const PATIENCE: Duration = Duration::from_secs(100);

/// What a sender was told: reader, number, title.
type Sent = (usize, i64, String);

async fn send(admin: Person, readers: Arc<Vec<Person>>, sender: usize) -> Vec<Sent> {
    let mut sent = Vec::new();
    for round in 0..ROUNDS {
        let many = rand::rng().random_range(1..=READERS);
        let numbers: Vec<usize> = (0..READERS).collect();
        // In any order, so that two senders do not want the same inboxes in the same order.
        let chosen: Vec<usize> = numbers.choose_multiple(&mut rand::rng(), many).copied().collect();
        let users: Vec<_> = chosen.iter().map(|number| readers[*number].id).collect();
        let title = format!("导出完成 🎉 {sender}.{round}");
        let reply = admin.notify(&users, &title).await;
        let ids = reply.data()["ids"].as_array().unwrap().clone();
        assert_eq!(ids.len(), many);
        sent.extend(
            chosen.into_iter().zip(ids).map(|(reader, id)| (reader, id.as_i64().unwrap(), title.clone())),
        );
    }
    sent
}

/// A device that reads and deletes while others do the same; gives the numbers that it asked to delete, and how many it did.
async fn use_inbox(reader: Person, over: Arc<AtomicBool>) -> (BTreeSet<i64>, i64) {
    let (mut asked, mut deleted) = (BTreeSet::new(), 0);
    while !over.load(Relaxed) {
        let list = reader.get("/Notification/list?limit=10").await;
        let ids = ids(list.data());
        let some: Vec<i64> = ids.iter().copied().filter(|_| rand::random_bool(0.5)).collect();
        match rand::random_range(0..4) {
            0 => assert_eq!(reader.post("/Notification/readAll", json!({})).await.status, 200),
            1 if !some.is_empty() => {
                let gone: Vec<i64> = some.into_iter().take(2).collect();
                let changed = reader.post("/Notification/delete", json!({"ids": gone})).await;
                deleted += changed.data()["changed"].as_i64().unwrap();
                asked.extend(gone);
            }
            _ if !some.is_empty() => {
                assert_eq!(reader.post("/Notification/read", json!({"ids": some})).await.status, 200)
            }
            _ => assert!(reader.unread().await >= 0),
        }
    }
    (asked, deleted)
}

/// Follows the inbox until all was sent and nothing more comes.
async fn catch_up(reader: Person, over: Arc<AtomicBool>) -> BTreeMap<i64, String> {
    let (mut seen, mut after) = (BTreeMap::new(), 0);
    loop {
        // Looked at before the list: what was sent by then is in it.
        let all_sent = over.load(Relaxed);
        let list = reader.get(&format!("/Notification/list?limit=7&after_id={after}")).await;
        let rows = list.data()["list"].as_array().unwrap().clone();
        match (rows.is_empty(), all_sent) {
            (true, true) => return seen,
            (true, false) => tokio::time::sleep(Duration::from_millis(5)).await,
            (false, _) => {}
        }
        for row in rows {
            let id = row["id"].as_i64().unwrap();
            assert!(id > after, "{id} came after {after}");
            after = id;
            seen.insert(id, row["title"].as_str().unwrap().to_owned());
        }
    }
}

fn ids(list: &Value) -> Vec<i64> {
    list["list"].as_array().unwrap().iter().map(|row| row["id"].as_i64().unwrap()).collect()
}

/// Every row that is left.
async fn whole(reader: &Person) -> Vec<Value> {
    let (mut rows, mut after) = (Vec::new(), 0);
    loop {
        let list = reader.get(&format!("/Notification/list?limit=100&after_id={after}")).await;
        rows.extend(list.data()["list"].as_array().unwrap().clone());
        match list.data()["next_cursor"].as_i64() {
            Some(next) => after = next,
            None => return rows,
        }
    }
}

async fn many_write_at_once(url: &str) {
    let mut worlds = Vec::new();
    for _ in 0..APIS {
        worlds.push(World::start_with(|config| config.database_url = url.to_owned().into()).await);
    }
    let admin = worlds[0].admin().await;
    let mut readers = Vec::new();
    for number in 0..READERS {
        readers.push(worlds[0].person(&format!("reader{number}"), &[]).await);
    }
    let readers = Arc::new(readers);
    let at = |api: usize, person: &Person| worlds[api % APIS].holder(person.id, &person.name, &person.token);
    let over = Arc::new(AtomicBool::new(false));
    let (mut sending, mut using, mut catching_up) = (JoinSet::new(), JoinSet::new(), JoinSet::new());
    for sender in 0..SENDERS {
        sending.spawn(send(at(sender, &admin), Arc::clone(&readers), sender));
    }
    for (number, reader) in readers.iter().enumerate() {
        for api in 0..APIS {
            let device = use_inbox(at(api, reader), Arc::clone(&over));
            using.spawn(async move { (number, device.await) });
        }
        let following = catch_up(at(number, reader), Arc::clone(&over));
        catching_up.spawn(async move { (number, following.await) });
    }
    let sent =
        tokio::time::timeout(PATIENCE, sending.join_all()).await.expect("all is sent in time").concat();
    over.store(true, Relaxed);
    let used = tokio::time::timeout(PATIENCE, using.join_all()).await.expect("devices end in time");
    let seen = tokio::time::timeout(PATIENCE, catching_up.join_all()).await.expect("readers end in time");

    for (number, seen) in seen {
        let mut titles = BTreeMap::new();
        for (reader, id, title) in &sent {
            if *reader == number {
                assert_eq!(titles.insert(*id, title.clone()), None, "number {id} was given twice");
            }
        }
        let last = i64::try_from(titles.len()).unwrap();
        assert!(titles.keys().copied().eq(1..=last), "numbers have gaps: {:?}", titles.keys());
        let devices = || used.iter().filter(|(reader, _)| *reader == number).map(|(_, device)| device);
        let gone: BTreeSet<i64> = devices().flat_map(|(asked, _)| asked).copied().collect();
        let deleted: i64 = devices().map(|(_, deleted)| deleted).sum();
        assert_eq!(usize::try_from(deleted).unwrap(), gone.len(), "each deletion is counted once");
        for (id, title) in &titles {
            match seen.get(id) {
                Some(seen) => assert_eq!(seen, title),
                None => assert!(gone.contains(id), "{id} was never seen and is not deleted"),
            }
        }
        let reader = &readers[number];
        let left = whole(reader).await;
        let left_ids: Vec<i64> = left.iter().map(|row| row["id"].as_i64().unwrap()).collect();
        let expected: Vec<i64> = titles.keys().copied().filter(|id| !gone.contains(id)).collect();
        assert_eq!(left_ids, expected);
        let unread = left.iter().filter(|row| row["is_read"] == false).count();
        assert_eq!(reader.unread().await, i64::try_from(unread).unwrap());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_apis_on_one_sqlite_file() {
    let dir = tempfile::tempdir().unwrap();
    many_write_at_once(&format!("sqlite://{}", dir.path().join("api.db").display())).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_apis_on_one_postgres() {
    if let Some(url) = fresh_on(Kind::Postgres).await {
        many_write_at_once(&url).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_apis_on_one_mariadb() {
    if let Some(url) = fresh_on(Kind::Mysql).await {
        many_write_at_once(&url).await;
    }
}
