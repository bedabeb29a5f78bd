//! Workers that are lost, and stop: a task is taken up again, and ends once.

use std::time::Duration;

use chrono::Utc;
use gatepipe_api::notification::{Kind, Level, Link, Notification};
use gatepipe_api::store::{ExportEnd, Finished, NewNotification};
use serde_json::json;

use crate::common::World;
use crate::{files, left, small};

/// A second api on the database and the export directory of the first.
async fn beside(world: &World) -> World {
    let (database, exports) = (world.database_url.clone(), world.dir.path().join("exports"));
    World::start_with(|config| {
        config.database_url = database.into();
        config.export.dir = Some(exports);
    })
    .await
}

async fn without_workers() -> World {
    World::start_with(|config| config.export.workers = 0).await
}

fn end(file: &str) -> ExportEnd {
    ExportEnd::Done { file: file.into(), bytes: 1, expires_at_ms: i64::MAX }
}

fn news() -> NewNotification {
    let notification = Notification {
        title: "too late".to_owned().try_into().unwrap(),
        content: String::new().try_into().unwrap(),
        level: Level::Urgent,
        kind: Kind::Success,
        link: Link::default(),
    };
    NewNotification { notification, created_at_ms: 1 }
}

#[tokio::test]
async fn the_task_of_a_lost_worker_is_taken_up_again_and_ends_once() {
    let world = without_workers().await;
    let ana = world.person("ana", &[]).await;
    let id = ana.order(small("t")).await;
    let now = Utc::now().timestamp_millis();
    // A worker takes it and is never heard again.
    let lost = world.store.claim_export("lost", now, now + 1_000).await.unwrap().unwrap();
    assert_eq!((lost.id, lost.state.as_str(), lost.attempt), (id, "running", 1));
    assert_eq!(world.store.claim_export("greedy", now, now + 1_000).await.unwrap(), None);
    let other = beside(&world).await;
    let shown = ana.done(id).await;
    assert!(shown["finished_at_ms"].as_i64().unwrap() >= now + 1_000, "not before the lease has ended");
    let before = left(&world, 1).await;
    // The lost one comes back and believes that it is done.
    assert!(!world.store.renew_export(id, "lost", 1, i64::MAX).await.unwrap());
    assert_eq!(world.store.finish_export(&lost, end("x"), news()).await.unwrap(), Finished::Lost);
    let failed = ExportEnd::Failed { reason: "x".into() };
    assert_eq!(world.store.finish_export(&lost, failed, news()).await.unwrap(), Finished::Lost);
    world.store.give_back_export(id, "lost", true).await.unwrap();
    assert_eq!(ana.show(id).await["state"], "done");
    assert_eq!((ana.unread().await, files(&world)), (1, before));
    other.stop().await;
}

#[tokio::test]
async fn the_task_of_a_lost_worker_does_not_wait_behind_those_that_came_after_it() {
    let world = without_workers().await;
    let ana = world.person("ana", &[]).await;
    let ids = [ana.order(small("a")).await, ana.order(small("b")).await, ana.order(small("c")).await];
    let take =
        async |claim, now, until| world.store.claim_export(claim, now, until).await.unwrap().unwrap().id;
    assert_eq!(take("lost", 1, 10).await, ids[0]);
    assert_eq!(take("busy", 2, 100).await, ids[1]);
    assert_eq!(take("next", 10, 100).await, ids[0]);
    assert_eq!(take("last", 11, 100).await, ids[2]);
}

#[tokio::test]
async fn rows_that_lie_elsewhere_are_left_to_a_process_that_has_them() {
    let world = without_workers().await;
    let ana = world.person("ana", &[]).await;
    let id = ana.order(small("t")).await;
    // Set up wrongly: on the same database, with a directory of its own.
    let database = world.database_url.clone();
    let stranger = World::start_with(|config| config.database_url = database.into()).await;
    let task = gatepipe_api::id::ExportTaskId::new(id).unwrap();
    crate::common::eventually("it was taken and given back", async || {
        let row = world.store.export_task(task).await.unwrap().unwrap();
        (row.attempt, row.state.as_str()) == (1, "queued")
    })
    .await;
    let other = beside(&world).await;
    ana.done(id).await;
    other.stop().await;
    stranger.stop().await;
}

#[tokio::test]
async fn an_end_that_is_written_down_twice_is_told_once() {
    let world = without_workers().await;
    let ana = world.person("ana", &[]).await;
    ana.order(small("t")).await;
    let now = Utc::now().timestamp_millis();
    let task = world.store.claim_export("mine", now, now + 60_000).await.unwrap().unwrap();
    let first = world.store.finish_export(&task, end("x"), news()).await.unwrap();
    assert!(matches!(first, Finished::Ours(_)));
    // As a worker does whose first answer was lost on the way.
    assert_eq!(world.store.finish_export(&task, end("x"), news()).await.unwrap(), first);
    assert_eq!(ana.unread().await, 1);
}

#[tokio::test]
async fn a_task_that_loses_worker_after_worker_has_failed() {
    let world = without_workers().await;
    let ana = world.person("ana", &[]).await;
    let id = ana.order(small("t")).await;
    for (number, claim) in (1..).zip(["a", "b", "c"]) {
        let task = world.store.claim_export(claim, number, number).await.unwrap().unwrap();
        assert_eq!(task.attempt, number);
    }
    let other = beside(&world).await;
    let shown = ana.ended(id).await;
    assert_eq!(
        (&shown["state"], &shown["reason"]),
        (&json!("failed"), &json!("its worker was lost 3 times"))
    );
    let list = ana.get("/Notification/list").await;
    let told = &list.data()["list"][0];
    assert_eq!(
        (&told["title"], &told["level"], &told["notification_type"], &told["content"]),
        (
            &json!("Export failed: t"),
            &json!("urgent"),
            &json!("error"),
            &json!("its worker was lost 3 times")
        )
    );
    left(&world, 0).await;
    other.stop().await;
}

#[tokio::test]
async fn many_workers_write_every_export_once() {
    let world = without_workers().await;
    let ana = world.person("ana", &[]).await;
    let mut ids = Vec::new();
    for number in 0..12 {
        ids.push(ana.order(small(&format!("t{number}"))).await);
    }
    let others = [beside(&world).await, beside(&world).await, beside(&world).await];
    for id in ids {
        ana.done(id).await;
    }
    assert_eq!(ana.unread().await, 12);
    left(&world, 12).await;
    for other in others {
        other.stop().await;
    }
}

#[tokio::test]
async fn a_worker_that_stops_gives_its_task_back_as_if_it_had_not_begun() {
    let world = World::start().await;
    let ana = world.person("ana", &[]).await;
    let rows: String = (0..60_000).map(|row| format!("[{row},\"{row}\",\"{row}\"]\n")).collect();
    let sent = ana.stream(format!("{{\"title\":\"t\",\"headers\":[\"a\",\"b\",\"c\"]}}\n{rows}")).await;
    let id = sent.accepted()["id"].as_i64().unwrap();
    crate::common::eventually("it runs", async || ana.show(id).await["state"] == "running").await;
    let store = world.store.clone();
    let dir = world.stop().await;
    let task = store.export_task(gatepipe_api::id::ExportTaskId::new(id).unwrap()).await.unwrap().unwrap();
    assert_eq!((task.state.as_str(), task.attempt), ("queued", 0));
    let left: Vec<_> = std::fs::read_dir(dir.path().join("exports")).unwrap().collect();
    assert_eq!(left.len(), 1, "only the rows: {left:?}");
    // The next process takes it up at once.
    let next = World::start_in(dir, |_| {}).await;
    let ana = next.holder(ana.id, "ana", &ana.token);
    tokio::time::timeout(Duration::from_secs(60), async {
        while ana.show(id).await["state"] != "done" {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    })
    .await
    .expect("it is done in the end");
    assert_eq!(ana.unread().await, 1);
}
