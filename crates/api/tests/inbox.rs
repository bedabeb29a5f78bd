//! Catching up: whoever asks for what came after the last id they saw misses nothing, whichever api they ask.

mod common;

use std::time::Duration;

use common::{Person, World};
use serde_json::{Value, json};
use tokio::time::timeout;

fn ids(list: &Value) -> Vec<i64> {
    list["list"].as_array().unwrap().iter().map(|row| row["id"].as_i64().unwrap()).collect()
}

/// Two apis on one database, and the same person at both.
async fn two_apis() -> (World, World) {
    let first = World::start().await;
    let url = first.database_url.clone();
    let second = World::start_with(|config| config.database_url = url.into()).await;
    (first, second)
}

fn at(world: &World, person: &Person) -> Person {
    world.holder(person.id, &person.name, &person.token)
}

#[tokio::test(flavor = "multi_thread")]
async fn who_catches_up_sees_every_id_once_and_in_order_while_two_apis_write() {
    const WRITERS: usize = 6;
    const SENDS: usize = 20;
    let (first, second) = two_apis().await;
    let (admin, bob) = (first.admin().await, first.person("bob", &[]).await);
    let carol = first.person("carol", &[]).await;
    let (admins, bobs) = ([&admin, &at(&second, &admin)], [&bob, &at(&second, &bob)]);
    let write = async |writer: usize| {
        for _ in 0..SENDS {
            // In two different orders.
            let readers = if writer.is_multiple_of(2) { [bob.id, carol.id] } else { [carol.id, bob.id] };
            admins[writer % 2].notify(&readers, "导出完成 🎉").await.data();
        }
    };
    let writers = futures_util::future::join_all((0..WRITERS).map(write));
    let reader = async {
        let mut seen = Vec::new();
        let mut asked = 0;
        while seen.len() < WRITERS * SENDS {
            let after = seen.last().copied().unwrap_or(0);
            let list = bobs[asked % 2].get(&format!("/Notification/list?limit=7&after_id={after}")).await;
            let page = ids(list.data());
            let last = page.last().copied();
            if let Some(cursor) = list.data()["next_cursor"].as_i64() {
                assert_eq!((page.len(), Some(cursor)), (7, last));
            }
            seen.extend(page);
            asked += 1;
        }
        seen
    };
    let both = async { tokio::join!(writers, reader).1 };
    let seen = timeout(Duration::from_secs(60), both).await.expect("in time");
    assert_eq!(seen, (1..=(WRITERS * SENDS) as i64).collect::<Vec<_>>());
    assert_eq!((bob.unread().await, carol.unread().await), (120, 120));
}

#[tokio::test]
async fn who_pages_back_sees_everything_once_while_new_ones_come() {
    let world = World::start().await;
    let (admin, bob) = (world.admin().await, world.person("bob", &[]).await);
    for _ in 0..10 {
        admin.notify(&[bob.id], "x").await.data();
    }
    let mut seen = Vec::new();
    let mut query = "limit=4".to_owned();
    loop {
        let list = bob.get(&format!("/Notification/list?{query}")).await;
        seen.extend(ids(list.data()));
        admin.notify(&[bob.id], "meanwhile").await.data();
        let Some(cursor) = list.data()["next_cursor"].as_i64() else { break };
        query = format!("limit=4&before_id={cursor}");
    }
    assert_eq!(seen, (1..=10).rev().collect::<Vec<_>>());
    // The other way on from the newest that was seen first.
    let news = bob.get("/Notification/list?after_id=10").await;
    assert_eq!((ids(news.data()), &news.data()["next_cursor"]), (vec![11, 12, 13], &Value::Null));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_unread_count_is_right_after_everything_at_once() {
    let (first, second) = two_apis().await;
    let (admin, bob) = (first.admin().await, first.person("bob", &[]).await);
    let elsewhere = at(&second, &bob);
    for _ in 0..30 {
        admin.notify(&[bob.id], "before").await.data();
    }
    let some = |from: i64| json!({"ids": (from..from + 20).collect::<Vec<_>>()});
    let all = async {
        tokio::join!(
            async {
                for _ in 0..20 {
                    admin.notify(&[bob.id], "meanwhile").await.data();
                }
            },
            async {
                for from in 1..15 {
                    bob.post("/Notification/read", some(from)).await.data();
                }
            },
            async {
                for from in 5..15 {
                    elsewhere.post("/Notification/delete", some(from)).await.data();
                }
            },
            async {
                for _ in 0..5 {
                    elsewhere.post("/Notification/readAll", json!({})).await.data();
                }
            },
        )
    };
    timeout(Duration::from_secs(60), all).await.expect("in time");
    let unread = bob.get("/Notification/list?is_read=0&limit=100").await;
    assert_eq!(bob.unread().await, ids(unread.data()).len() as i64);
    let list = ids(bob.get("/Notification/list?limit=100&after_id=0").await.data());
    let expected: Vec<i64> = (1..=50).filter(|id| !(5..34).contains(id)).collect();
    assert_eq!(list, expected);
}
