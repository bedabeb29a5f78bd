//! One call for 10,000 users, on SQLite.

mod common;

use std::time::{Duration, Instant};

use common::World;
use diesel::connection::SimpleConnection as _;
use diesel::{Connection as _, SqliteConnection};
use gatepipe_api::id::UserId;
use serde_json::{Value, json};

const MANY: usize = 10_000;

/// Users with an inbox, put into the file at once: one by one each would be a commit.
fn users(world: &World) -> Vec<UserId> {
    let mut connection = SqliteConnection::establish(world.database().to_str().unwrap()).unwrap();
    let many = "WITH RECURSIVE many (id) AS (SELECT 1001 UNION ALL SELECT id + 1 FROM many WHERE id < 11000)";
    let sql = format!(
        "BEGIN IMMEDIATE;
        {many} INSERT INTO users (id, username, password_hash, created_at_ms)
            SELECT id, 'reader' || id, 'none', 0 FROM many;
        {many} INSERT INTO inboxes (user_id) SELECT id FROM many;
        COMMIT;"
    );
    connection.batch_execute(&sql).unwrap();
    (1_001..=11_000).map(|id| UserId::new(id).unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_thousand_users_get_it_in_one_call_and_in_little_time() {
    let world = World::start().await;
    let admin = world.admin().await;
    let mut readers = users(&world);
    admin.notify(&readers[..1], "before").await.data();
    readers.reverse();
    let body = json!({"user_ids": readers, "title": "全员公告 📢", "content": "x".repeat(2_000)});
    let started = Instant::now();
    let sent = admin.post_with_key("/Notification/send", "all", body.clone()).await;
    let took = started.elapsed();
    println!("{MANY} users took {took:?}");
    let mut expected = vec![1; MANY];
    expected[MANY - 1] = 2;
    assert_eq!(sent.data(), &json!({"ids": expected, "reached": 0, "failed": []}));
    assert!(took < Duration::from_secs(10), "{took:?}");
    let again = admin.post_with_key("/Notification/send", "all", body).await;
    assert_eq!((again.data(), again.is_replayed()), (sent.data(), true));
    for reader in [readers[0], readers[4_711], readers[MANY - 2]] {
        assert_eq!(world.store.unread_count(reader).await.unwrap(), 1);
    }

    // One more is too many, and among so many the unknown ones are named as far as anybody wants to read.
    readers.push(admin.id);
    let refused = admin.notify(&readers, "x").await;
    refused.wrong_fields(&["user_ids"]);
    let rule = refused.body["data"]["user_ids"].as_str().unwrap();
    assert!(rule.contains("10000") && rule.contains("10001"), "{rule}");
    readers.truncate(9_000);
    let strangers = (0..1_000).map(|number| UserId::new(1_000_000 + number).unwrap());
    let refused = admin.notify(&strangers.chain(readers.iter().copied()).collect::<Vec<_>>(), "x").await;
    refused.wrong_fields(&["user_ids"]);
    let Value::String(rule) = &refused.body["data"]["user_ids"] else { panic!("a rule") };
    assert!(rule.ends_with("1000008, 1000009 and 990 more"), "{rule}");
    assert_eq!(world.store.unread_count(readers[0]).await.unwrap(), 1);
}
