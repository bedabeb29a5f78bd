//! `Idempotency-Key`: a request that is sent again is not done again, whichever api it comes to.

mod common;

use common::{Person, Reply, World};
use gatepipe_api::id::UserId;
use gatepipe_api::idempotency::{BodyDigest, Claim};
use gatepipe_api::store::Recording;
use serde_json::{Value, json};

const SEND: &str = "/Notification/send";

fn hello(readers: &[UserId]) -> Value {
    json!({"user_ids": readers, "title": "导出完成 🎉", "content": "点击查看"})
}

async fn send(sender: &Person, key: &str, readers: &[UserId]) -> Reply {
    sender.post_with_key(SEND, key, hello(readers)).await
}

/// A second api on the same database, and the same person there.
async fn beside(world: &World, person: &Person) -> (World, Person) {
    let url = world.database_url.clone();
    let second = World::start_with(|config| config.database_url = url.into()).await;
    let same = second.holder(person.id, &person.name, &person.token);
    (second, same)
}

#[tokio::test]
async fn the_same_request_again_answers_the_same_ids_and_stores_nothing() {
    let world = World::start().await;
    let admin = world.admin().await;
    let (ana, bob) = (world.person("ana", &[]).await, world.person("bob", &[]).await);
    let (_second, elsewhere) = beside(&world, &admin).await;
    admin.notify(&[bob.id], "before").await.data();
    let readers = [bob.id, ana.id, bob.id];
    let first = send(&admin, "payroll-11", &readers).await;
    assert_eq!(first.data(), &json!({"ids": [2, 1, 2], "reached": 0, "failed": []}));
    assert!(!first.is_replayed());
    for sender in [&admin, &elsewhere, &admin] {
        let again = send(sender, "payroll-11", &readers).await;
        assert_eq!(again.data(), first.data());
        assert!(again.is_replayed());
    }
    assert_eq!((ana.unread().await, bob.unread().await), (1, 2));
    // Without a key, and with another one, it is meant anew.
    assert_eq!(admin.post(SEND, hello(&[bob.id])).await.data()["ids"], json!([3]));
    let anew = send(&admin, "payroll-12", &[bob.id]).await;
    assert_eq!((&anew.data()["ids"], anew.is_replayed()), (&json!([4]), false));
}

#[tokio::test]
async fn each_caller_has_keys_of_its_own() {
    let world = World::start().await;
    let (admin, bob) = (world.admin().await, world.person("bob", &[]).await);
    let other = world.person("other", &gatepipe_api::user::Permission::ALL).await;
    send(&admin, "1", &[bob.id]).await.data();
    let theirs = send(&other, "1", &[bob.id]).await;
    assert_eq!((&theirs.data()["ids"], theirs.is_replayed()), (&json!([2]), false));
    // Keys are compared byte for byte.
    for key in ["a", "A", "a b", "a  b"] {
        assert!(!send(&admin, key, &[bob.id]).await.is_replayed(), "{key}");
    }
    assert_eq!(bob.unread().await, 6);
}

#[tokio::test]
async fn the_same_key_with_another_body_is_a_mistake() {
    let world = World::start().await;
    let admin = world.admin().await;
    let (ana, bob) = (world.person("ana", &[]).await, world.person("bob", &[]).await);
    send(&admin, "k", &[bob.id]).await.data();
    let other = send(&admin, "k", &[ana.id]).await;
    other.wrong_fields(&["Idempotency-Key"]);
    assert!(other.body["data"]["Idempotency-Key"].as_str().unwrap().contains("another body"));
    assert!(!other.is_replayed());
    assert_eq!((ana.unread().await, bob.unread().await), (0, 1));
}

#[tokio::test]
async fn what_was_refused_leaves_its_key_free() {
    let world = World::start().await;
    let (admin, bob) = (world.admin().await, world.person("bob", &[]).await);
    let stranger = UserId::new(4_711).unwrap();
    send(&admin, "k", &[bob.id, stranger]).await.wrong_fields(&["user_ids"]);
    admin.post_with_key(SEND, "k", json!({"user_ids": [bob.id]})).await.wrong_fields(&["content", "title"]);
    // No gateway is known here, so a broadcast cannot be done.
    for _ in 0..2 {
        let refused = admin.post_with_key("/WebSocket/broadcast", "k", json!({})).await;
        refused.refused(503);
        assert!(!refused.is_replayed());
    }
    let done = send(&admin, "k", &[bob.id]).await;
    assert_eq!((&done.data()["ids"], done.is_replayed()), (&json!([1]), false));
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_at_once_one_is_done() {
    let world = World::start().await;
    let (admin, bob) = (world.admin().await, world.person("bob", &[]).await);
    let (_second, elsewhere) = beside(&world, &admin).await;
    for round in 1..=10_i64 {
        let key = format!("round {round}");
        let senders = [&admin, &elsewhere].into_iter().cycle().take(8);
        let sends = senders.map(|sender| send(sender, &key, std::slice::from_ref(&bob.id)));
        let replies = futures_util::future::join_all(sends).await;
        let mut done_now = 0;
        for reply in &replies {
            if reply.status == 409 {
                reply.refused(409);
                continue;
            }
            assert_eq!(reply.data()["ids"], json!([round]));
            done_now += usize::from(!reply.is_replayed());
        }
        assert_eq!(done_now, 1);
        assert_eq!(bob.unread().await, round);
        assert!(send(&elsewhere, &key, &[bob.id]).await.is_replayed());
    }
}

#[tokio::test]
async fn while_the_first_is_under_way_the_second_is_told_so_and_a_dead_one_is_not_waited_for() {
    let world = World::start().await;
    let (admin, bob) = (world.admin().await, world.person("bob", &[]).await);
    let body = hello(&[bob.id]);
    let now_ms = chrono::Utc::now().timestamp_millis();
    let begun = async |key: &str, claimed_at_ms: i64| {
        // As an api leaves it between storing and pushing.
        let claim = Claim {
            user_id: admin.id,
            route: SEND,
            key: key.parse().unwrap(),
            body_digest: BodyDigest::of(body.to_string().as_bytes()),
            claimed_at_ms,
        };
        let answer = json!({"ids": [7], "reached": 0, "failed": []}).to_string();
        world.store.claim(&claim, Recording { answer, is_final: false }).await.unwrap();
        claim
    };
    let claim = begun("under way", now_ms).await;
    let reply = admin.post_with_key(SEND, "under way", body.clone()).await;
    reply.refused(409);
    assert!(reply.body["msg"].as_str().unwrap().contains("send it again"), "{}", reply.body);
    let last_word = json!({"ids": [7], "reached": 3, "failed": []});
    world.store.settle(&claim, last_word.to_string()).await.unwrap();
    let reply = admin.post_with_key(SEND, "under way", body.clone()).await;
    assert_eq!((reply.data(), reply.is_replayed()), (&last_word, true));

    begun("died", now_ms - 31_000).await;
    let reply = admin.post_with_key(SEND, "died", body.clone()).await;
    assert_eq!(reply.data(), &json!({"ids": [7], "reached": 0, "failed": []}));
    assert!(reply.is_replayed());
    assert_eq!(bob.unread().await, 0);
}

#[tokio::test]
async fn a_key_is_one_short_line_of_plain_characters() {
    let world = World::start().await;
    let (admin, bob) = (world.admin().await, world.person("bob", &[]).await);
    let longest = "k".repeat(256);
    for keys in [&[""][..], &["键"], &["a\tb"], &[&longest], &["one", "two"]] {
        let reply = world.send(|client, http| {
            let request = client.post(format!("{http}/api/admin{SEND}")).bearer_auth(&admin.token);
            let request = request.json(&hello(&[bob.id]));
            keys.iter().fold(request, |request, key| request.header("idempotency-key", *key))
        });
        reply.await.wrong_fields(&["Idempotency-Key"]);
    }
    send(&admin, &"k".repeat(255), &[bob.id]).await.data();
    assert_eq!(bob.unread().await, 1);
}
