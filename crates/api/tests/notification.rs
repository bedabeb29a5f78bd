//! `/Notification/…`: stored, counted, listed, read, deleted; nobody sees another's.

mod common;

use std::time::Duration;

use common::World;
use gatepipe_api::id::{NotificationId, UserId};
use gatepipe_api::notification::{Kind, Level, Notification};
use gatepipe_api::store::{Cursor, ListFilter, NewNotification};
use gatepipe_api::user::Permission;
use serde_json::{Value, json};

fn ids(list: &Value) -> Vec<i64> {
    list["list"].as_array().unwrap().iter().map(|row| row["id"].as_i64().unwrap()).collect()
}

#[tokio::test]
async fn a_notification_is_stored_listed_counted_read_and_deleted() {
    let world = World::start().await;
    let (admin, bob) = (world.admin().await, world.person("bob", &[]).await);
    let body = json!({
        "user_ids": [bob.id.to_string()], "title": "导出完成 🙂", "content": "点击查看并下载", "level": "urgent",
        "notification_type": "success", "link": "/devTools/exportTask", "unknown": {"field": 1},
    });
    let sent = admin.post("/Notification/send", body).await;
    assert_eq!(sent.data()["ids"], json!([1]));
    assert_eq!(sent.data()["reached"], 0);
    assert_eq!(sent.data()["failed"], json!([{"gateway": null, "reason": "no register was ever heard"}]));
    assert_eq!(bob.unread().await, 1);

    let list = bob.get("/Notification/list").await;
    assert_eq!(list.data()["next_cursor"], Value::Null);
    let row = list.data()["list"][0].clone();
    let ms = row["created_at_ms"].as_i64().unwrap();
    assert!((ms - chrono::Utc::now().timestamp_millis()).abs() < 10_000);
    let written =
        chrono::DateTime::from_timestamp_millis(ms).unwrap().format("%Y-%m-%d %H:%M:%S").to_string();
    assert_eq!(
        row,
        json!({
            "id": 1, "title": "导出完成 🙂", "content": "点击查看并下载", "level": "urgent", "notification_type": "success",
            "link": "/devTools/exportTask", "created_at": written, "created_at_ms": ms, "is_read": false,
        })
    );

    assert_eq!(
        bob.post("/Notification/read", json!({"ids": [1, 1, 99]})).await.data(),
        &json!({"changed": 1})
    );
    assert_eq!(bob.post("/Notification/read", json!({"ids": ["1"]})).await.data(), &json!({"changed": 0}));
    assert_eq!(bob.unread().await, 0);
    assert_eq!(bob.get("/Notification/list").await.data()["list"][0]["is_read"], true);
    assert_eq!(bob.post("/Notification/delete", json!({"ids": [1]})).await.data(), &json!({"changed": 1}));
    assert_eq!(bob.get("/Notification/list").await.data(), &json!({"list": [], "next_cursor": null}));
    // The number of a deleted one is not given out again.
    assert_eq!(admin.notify(&[bob.id], "next").await.data()["ids"], json!([2]));
}

#[tokio::test]
async fn a_normal_one_is_stored_only_and_has_defaults() {
    let world = World::start().await;
    let (admin, bob) = (world.admin().await, world.person("bob", &[]).await);
    let sent = admin.notify(&[bob.id], "hello").await;
    assert_eq!(sent.data(), &json!({"ids": [1], "reached": 0, "failed": []}));
    let list = bob.get("/Notification/list").await;
    let row = &list.data()["list"][0];
    assert_eq!(
        (&row["level"], &row["notification_type"], &row["link"]),
        (&json!("normal"), &json!("info"), &json!(""))
    );
}

#[tokio::test]
async fn ids_stand_in_the_order_of_the_readers_and_a_reader_named_twice_gets_it_once() {
    let world = World::start().await;
    let admin = world.admin().await;
    let (ana, bob) = (world.person("ana", &[]).await, world.person("bob", &[]).await);
    admin.notify(&[bob.id], "first").await.data();
    let sent = admin.notify(&[bob.id, ana.id, bob.id], "second").await;
    assert_eq!(sent.data()["ids"], json!([2, 1, 2]));
    assert_eq!((ana.unread().await, bob.unread().await), (1, 2));
}

#[tokio::test]
async fn times_are_written_in_the_zone_of_the_settings_and_success_has_its_code() {
    let world = World::start_with(|config| {
        config.time_zone = "Asia/Shanghai".parse().unwrap();
        config.success_code = 200;
    })
    .await;
    let (admin, bob) = (world.admin().await, world.person("bob", &[]).await);
    let sent = admin.notify(&[bob.id], "hello").await;
    assert_eq!((sent.status, &sent.body["code"]), (200, &json!(200)));
    let list = bob.get("/Notification/list").await;
    let row = &list.body["data"]["list"][0];
    let ms = row["created_at_ms"].as_i64().unwrap() + 8 * 3_600_000;
    let written =
        chrono::DateTime::from_timestamp_millis(ms).unwrap().format("%Y-%m-%d %H:%M:%S").to_string();
    assert_eq!(row["created_at"], json!(written));
}

#[tokio::test]
async fn unknown_readers_are_named_and_nothing_is_written() {
    let world = World::start().await;
    let (admin, bob) = (world.admin().await, world.person("bob", &[]).await);
    let body = json!({"user_ids": [bob.id, 4_711, 4_712], "title": "x", "content": "", "level": "urgent"});
    let reply = admin.post("/Notification/send", body).await;
    reply.wrong_fields(&["user_ids"]);
    assert!(reply.body["data"]["user_ids"].as_str().unwrap().contains("4711, 4712"), "{}", reply.body);
    assert_eq!(bob.unread().await, 0);
    assert_eq!(admin.notify(&[bob.id], "x").await.data()["ids"], json!([1]));
}

#[tokio::test]
async fn who_lacks_the_permission_sends_nothing() {
    let world = World::start().await;
    let (bob, others) = (world.person("bob", &[]).await, [Permission::PushAny, Permission::Broadcast]);
    let carol = world.person("carol", &others).await;
    for person in [&bob, &carol] {
        person.notify(&[bob.id], "x").await.refused(403);
        // The permission comes before the body.
        person.post("/Notification/send", json!({})).await.refused(403);
    }
    assert_eq!(bob.unread().await, 0);
}

#[tokio::test]
async fn fields_that_break_a_rule_are_named() {
    let world = World::start().await;
    let (admin, bob) = (world.admin().await, world.person("bob", &[]).await);
    let good = json!({"user_ids": [bob.id], "title": "t", "content": "c"});
    let with = |name: &str, value: Value| {
        let mut body = good.clone();
        body[name] = value;
        body
    };
    let many: Vec<i64> = (1..=10_001).collect();
    let cases = [
        ("user_ids", json!([])),
        ("user_ids", json!(bob.id)),
        ("user_ids", json!(null)),
        ("user_ids", json!(["x"])),
        ("user_ids", json!([1.5])),
        ("user_ids", json!([-1])),
        ("user_ids", json!([0])),
        ("user_ids", json!([9_007_199_254_740_992_i64])),
        ("user_ids", json!(many)),
        ("title", json!("")),
        ("title", json!("x".repeat(256))),
        ("title", json!("a\u{0}b")),
        ("title", json!(5)),
        ("title", json!(["x"])),
        ("content", json!("x".repeat(65_537))),
        ("content", json!({"html": "x"})),
        ("level", json!("high")),
        ("level", json!(1)),
        ("notification_type", json!("danger")),
        ("link", json!("javascript:alert(1)")),
        ("link", json!("//host")),
        ("link", json!("/\\host")),
        ("link", json!(7)),
    ];
    for (name, value) in cases {
        admin.post("/Notification/send", with(name, value)).await.wrong_fields(&[name]);
    }
    admin.post("/Notification/send", json!({})).await.wrong_fields(&["content", "title", "user_ids"]);
    let all = json!({"user_ids": 1, "title": 2, "content": 3, "level": 4, "notification_type": 5, "link": 6});
    let names = ["content", "level", "link", "notification_type", "title", "user_ids"];
    admin.post("/Notification/send", all).await.wrong_fields(&names);
    for (path, body) in [
        ("/Notification/read", json!({})),
        ("/Notification/read", json!({"ids": []})),
        ("/Notification/read", json!({"ids": [0]})),
        ("/Notification/delete", json!({"ids": "1"})),
        ("/Notification/delete", json!({"ids": vec![1; 1_001]})),
    ] {
        bob.post(path, body).await.wrong_fields(&["ids"]);
    }
    assert_eq!(bob.unread().await, 0);
    let longest = json!({"user_ids": [bob.id], "title": "题".repeat(255), "content": "x".repeat(65_536)});
    admin.post("/Notification/send", longest).await.data();
}

#[tokio::test]
async fn lists_go_page_by_page_in_both_directions() {
    let world = World::start().await;
    let (admin, bob) = (world.admin().await, world.person("bob", &[]).await);
    for number in 1..=7 {
        admin.notify(&[bob.id], &format!("n{number}")).await.data();
    }
    let page = async |query: &str| {
        let reply = bob.get(&format!("/Notification/list?{query}")).await;
        (ids(reply.data()), reply.data()["next_cursor"].clone())
    };
    assert_eq!(page("limit=3").await, (vec![7, 6, 5], json!(5)));
    assert_eq!(page("limit=3&before_id=5").await, (vec![4, 3, 2], json!(2)));
    assert_eq!(page("limit=3&before_id=2").await, (vec![1], Value::Null));
    assert_eq!(page("limit=3&before_id=4").await, (vec![3, 2, 1], Value::Null));
    assert_eq!(page("limit=3&after_id=0").await, (vec![1, 2, 3], json!(3)));
    assert_eq!(page("limit=3&after_id=3").await, (vec![4, 5, 6], json!(6)));
    assert_eq!(page("limit=3&after_id=6").await, (vec![7], Value::Null));
    assert_eq!(page("after_id=7").await, (vec![], Value::Null));
    assert_eq!(page("").await, (vec![7, 6, 5, 4, 3, 2, 1], Value::Null));
    bob.post("/Notification/read", json!({"ids": [2, 6]})).await.data();
    assert_eq!(page("is_read=true").await.0, [6, 2]);
    assert_eq!(page("is_read=1&after_id=2").await.0, [6]);
    assert_eq!(page("is_read=0").await.0, [7, 5, 4, 3, 1]);
    assert_eq!(page("is_read=false&limit=2").await, (vec![7, 5], json!(5)));
    assert_eq!(page("level=normal&limit=1").await.0, [7]);
    assert_eq!(page("level=urgent").await.0, [] as [i64; 0]);
    assert_eq!(page("unknown=1").await.0.len(), 7);
}

#[tokio::test]
async fn twenty_rows_unless_asked_and_never_more_than_a_hundred() {
    let world = World::start().await;
    let (admin, bob) = (world.admin().await, world.person("bob", &[]).await);
    for _ in 0..21 {
        admin.notify(&[bob.id], "x").await.data();
    }
    let list = bob.get("/Notification/list").await;
    assert_eq!((ids(list.data()).len(), &list.data()["next_cursor"]), (20, &json!(2)));
    bob.get("/Notification/list?limit=100").await.data();
    for (query, field) in [
        ("limit=0", "limit"),
        ("limit=101", "limit"),
        ("limit=-1", "limit"),
        ("limit=ten", "limit"),
        ("after_id=x", "after_id"),
        ("after_id=-1", "after_id"),
        ("before_id=0", "before_id"),
        ("before_id=9007199254740992", "before_id"),
        ("after_id=1&before_id=2", "before_id"),
        ("is_read=yes", "is_read"),
        ("level=high", "level"),
    ] {
        bob.get(&format!("/Notification/list?{query}")).await.wrong_fields(&[field]);
    }
}

#[tokio::test]
async fn read_all_needs_no_body_and_nobody_touches_anothers_rows() {
    let world = World::start().await;
    let admin = world.admin().await;
    let (ana, bob) = (world.person("ana", &[]).await, world.person("bob", &[]).await);
    for _ in 0..3 {
        admin.notify(&[ana.id, bob.id], "x").await.data();
    }
    assert_eq!(ana.post("/Notification/delete", json!({"ids": [1]})).await.data()["changed"], 1);
    assert_eq!(ana.unread().await, 2);
    let url = |http: &str| format!("{http}/api/admin/Notification/readAll");
    let bare = world.send(|client, http| client.post(url(http)).bearer_auth(&ana.token)).await;
    assert_eq!(bare.data(), &json!({"changed": 2}));
    assert_eq!(ana.post("/Notification/readAll", json!({})).await.data(), &json!({"changed": 0}));
    assert_eq!((ana.unread().await, bob.unread().await), (0, 3));
    assert_eq!(ids(bob.get("/Notification/list").await.data()), [3, 2, 1]);
    let text = world.send(|client, http| client.post(url(http)).bearer_auth(&ana.token).body("x"));
    text.await.refused(415);
}

#[tokio::test(flavor = "multi_thread")]
async fn ids_of_one_inbox_are_committed_in_order_under_many_writers() {
    let world = World::start().await;
    let (admin, bob) = (world.admin().await, world.person("bob", &[]).await);
    let carol = world.person("carol", &[]).await;
    // A reader that always asks for what came after the last it saw, while 8 writers write.
    let writers = async {
        let write = async |writer: usize| {
            for _ in 0..25 {
                // In two different orders.
                let readers = if writer.is_multiple_of(2) { [bob.id, carol.id] } else { [carol.id, bob.id] };
                admin.notify(&readers, "x").await.data();
            }
        };
        futures_util::future::join_all((0..8).map(write)).await;
    };
    let reader = async {
        let mut seen = Vec::new();
        while seen.len() < 200 {
            let after = seen.last().copied().unwrap_or(0);
            let list = bob.get(&format!("/Notification/list?limit=100&after_id={after}")).await;
            seen.extend(ids(list.data()));
        }
        seen
    };
    let both = async { tokio::join!(writers, reader).1 };
    let seen = tokio::time::timeout(Duration::from_secs(60), both).await.expect("in time");
    assert_eq!(seen, (1..=200).collect::<Vec<i64>>());
    assert_eq!((bob.unread().await, carol.unread().await), (200, 200));
}

#[tokio::test(flavor = "multi_thread")]
async fn callers_that_go_away_leave_nothing_half_written() {
    let world = World::start().await;
    let bob = world.person("bob", &[]).await;
    let say = |title: &str| NewNotification {
        notification: Notification {
            title: title.to_owned().try_into().unwrap(),
            content: String::new().try_into().unwrap(),
            level: Level::Normal,
            kind: Kind::Info,
            link: gatepipe_api::notification::Link::default(),
        },
        created_at_ms: 0,
    };
    for round in 0..60_u64 {
        let calls = (0..6).map(|_| {
            let (store, new) = (world.store.clone(), say("dropped"));
            tokio::spawn(async move { store.add_notification(&[bob.id], new).await })
        });
        let calls: Vec<_> = calls.collect();
        tokio::time::sleep(Duration::from_micros(round * 50)).await;
        for call in calls {
            call.abort();
        }
        // The next caller neither waits for a forgotten transaction nor meets an error.
        let after = async { world.store.add_notification(&[bob.id], say("kept")).await };
        tokio::time::timeout(Duration::from_secs(2), after).await.expect("at once").expect("stored");
    }
    let everything = async || {
        let mut all = Vec::new();
        let mut cursor = Cursor::Oldest;
        loop {
            let rows = world.store.notifications(bob.id, cursor, ListFilter::default(), 100).await.unwrap();
            let Some(last) = rows.last() else { return all };
            cursor = Cursor::After(NotificationId::new(last.id).unwrap());
            all.extend(rows.iter().map(|row| row.id));
        }
    };
    // A server may still carry out a commit whose caller has gone: the list and the count agree once nothing comes any more.
    let settled = async {
        loop {
            let (all, unread) = (everything().await, bob.unread().await);
            if all.len() as i64 == unread && everything().await == all {
                return all;
            }
        }
    };
    let all =
        tokio::time::timeout(Duration::from_secs(30), settled).await.expect("the count of what is there");
    assert_eq!(all, (1..=all.len() as i64).collect::<Vec<_>>(), "no gap, no double");
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_thousand_readers_are_one_transaction() {
    let world = World::start().await;
    let admin = world.admin().await;
    let mut readers = Vec::new();
    for number in 0..1_200 {
        let new = gatepipe_api::store::NewUser {
            username: format!("reader{number}").parse().unwrap(),
            password_hash: "none".into(),
            manager_id: None,
            created_at_ms: 0,
        };
        readers.push(world.store.create_user(new).await.unwrap());
    }
    // 10,000 entries, of which 1,200 differ.
    let named: Vec<UserId> = readers.iter().copied().cycle().take(10_000).collect();
    let sent = admin.notify(&named, "to all").await;
    let ids = sent.data()["ids"].as_array().unwrap();
    assert_eq!(ids.len(), 10_000);
    assert_eq!(ids.iter().collect::<Vec<_>>(), vec![&json!(1); 10_000], "each inbox was empty");
    assert_eq!(world.store.unread_count(readers[1_199]).await.unwrap(), 1);
}
