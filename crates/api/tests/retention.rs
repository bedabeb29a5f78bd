//! What is too old goes in the background; what is not stays.

mod common;

use std::time::Duration;

use common::{World, eventually};
use gatepipe_api::id::UserId;
use gatepipe_api::idempotency::{BodyDigest, Claim};
use gatepipe_api::notification::{Kind, Level, Link, Notification};
use gatepipe_api::store::{NewNotification, Recording};
use serde_json::json;

const HOUR_MS: i64 = 3_600_000;

fn now_ms() -> i64 {
    chrono::Utc::now().timestamp_millis()
}

fn said(title: &str, age_ms: i64) -> NewNotification {
    NewNotification {
        notification: Notification {
            title: title.to_owned().try_into().unwrap(),
            content: "正文".to_owned().try_into().unwrap(),
            level: Level::Normal,
            kind: Kind::Info,
            link: Link::default(),
        },
        created_at_ms: now_ms() - age_ms,
    }
}

fn claim(user_id: UserId, key: &str, age_ms: i64) -> Claim {
    Claim {
        user_id,
        route: "/Notification/send",
        key: key.parse().unwrap(),
        body_digest: BodyDigest::of(b"{}"),
        claimed_at_ms: now_ms() - age_ms,
    }
}

async fn swept(world: &World, what: &str) -> u64 {
    let (_, metrics) = world.admin_page("/metrics").await;
    let start = format!("gatepipe_api_swept_total{{what=\"{what}\"}} ");
    let number = metrics.lines().find_map(|line| line.strip_prefix(&start));
    number.map_or(0, |number| number.parse().unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn old_notifications_go_and_the_unread_count_stays_right() {
    let world = World::start_with(|config| {
        config.notification_retention = Duration::from_secs(24 * 3_600);
        config.sweep_interval = Duration::from_millis(40);
    })
    .await;
    let (ana, bob) = (world.person("ana", &[]).await, world.person("bob", &[]).await);
    // More than go in one transaction.
    for _ in 0..150 {
        world.store.add_notification(&[ana.id, bob.id], said("昨天 📅", 25 * HOUR_MS)).await.unwrap();
    }
    bob.post("/Notification/read", json!({"ids": (1..=100).collect::<Vec<_>>()})).await.data();
    for _ in 0..3 {
        world.store.add_notification(&[bob.id], said("今天", 23 * HOUR_MS)).await.unwrap();
    }
    eventually("the old ones are gone", async || swept(&world, "notifications").await == 300).await;
    assert_eq!((ana.unread().await, bob.unread().await), (0, 3));
    assert_eq!(ana.get("/Notification/list").await.data()["list"], json!([]));
    let list = bob.get("/Notification/list?after_id=0").await;
    let rows = list.data()["list"].as_array().unwrap().iter();
    assert_eq!(rows.map(|row| row["id"].as_i64().unwrap()).collect::<Vec<_>>(), [151, 152, 153]);
    // Their ids are not given out again.
    let next = world.store.add_notification(&[ana.id], said("明天", 0)).await.unwrap();
    assert_eq!(next[0].1.get(), 151);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sends_and_reads_go_on_while_two_apis_sweep() {
    let tune = |config: &mut gatepipe_api::Config| {
        config.notification_retention = Duration::from_secs(3_600);
        config.sweep_interval = Duration::from_millis(20);
    };
    let world = World::start_with(tune).await;
    let url = world.database_url.clone();
    let second = World::start_with(|config| {
        tune(config);
        config.database_url = url.into();
    })
    .await;
    let (admin, bob) = (world.admin().await, world.person("bob", &[]).await);
    for round in 0..40 {
        world.store.add_notification(&[admin.id, bob.id], said("old", 2 * HOUR_MS)).await.unwrap();
        let id = admin.notify(&[bob.id], "new").await.data()["ids"][0].clone();
        if round % 2 == 0 {
            assert_eq!(bob.post("/Notification/read", json!({"ids": [id]})).await.data()["changed"], 1);
        }
    }
    eventually("the old ones are gone", async || {
        swept(&world, "notifications").await + swept(&second, "notifications").await == 80
    })
    .await;
    let unread = bob.get("/Notification/list?is_read=0&limit=100").await;
    assert_eq!(unread.data()["list"].as_array().unwrap().len(), 20);
    assert_eq!((bob.unread().await, admin.unread().await), (20, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_go_after_a_day_and_notifications_stay_unless_asked() {
    let world = World::start_with(|config| config.sweep_interval = Duration::from_millis(40)).await;
    let bob = world.person("bob", &[]).await;
    world.store.add_notification(&[bob.id], said("ten years ago", 10 * 365 * 24 * HOUR_MS)).await.unwrap();
    let yes = || Recording { answer: "true".into(), is_final: true };
    let (young, old) = (claim(bob.id, "young", 23 * HOUR_MS), claim(bob.id, "old", 25 * HOUR_MS));
    for claim in [&young, &old] {
        world.store.claim(claim, yes()).await.unwrap();
    }
    eventually("the old key is gone", async || swept(&world, "idempotency_keys").await == 1).await;
    assert_eq!(world.store.recorded(&old).await.unwrap(), None);
    assert_eq!(world.store.recorded(&young).await.unwrap().unwrap().answer, "true");
    // The next sweep has come by the notifications too.
    world.store.claim(&old, yes()).await.unwrap();
    eventually("another sweep", async || swept(&world, "idempotency_keys").await == 2).await;
    assert_eq!((bob.unread().await, swept(&world, "notifications").await), (1, 0));
}
