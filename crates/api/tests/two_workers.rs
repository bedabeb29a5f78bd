//! Workers of two processes on one database that take exports away from each other: every kind of database lets one of them end
//! each, and whoever writes to the owner's inbox meanwhile is not in their way.

use std::collections::BTreeSet;
use std::time::Duration;

use gatepipe_api::export::Format;
use gatepipe_api::id::UserId;
use gatepipe_api::notification::{Level, Notification};
use gatepipe_api::store::{
    Cursor, ExportEnd, Finished, ListFilter, NewExportTask, NewNotification, NewUser, Recording, Store,
};
use gatepipe_test_databases::{Kind, fresh_on};
use tokio::time::timeout;

const TASKS: usize = 30;
const MESSAGES: usize = 30;
/// The end of leases that are over at once.
const LAPSED: i64 = 1;

fn random() -> String {
    format!("{:032x}", rand::random::<u128>())
}

fn saying(title: String) -> NewNotification {
    let notification = Notification {
        title: title.try_into().unwrap(),
        content: "导出完成 🎉".to_owned().try_into().unwrap(),
        level: Level::Urgent,
        kind: Default::default(),
        link: Default::default(),
    };
    NewNotification { notification, created_at_ms: 1 }
}

async fn order(store: &Store, user: UserId) {
    let new = NewExportTask {
        user,
        token: random(),
        title: "用户 📦".into(),
        prefix: "用户".into(),
        format: Format::Xlsx,
        total_rows: 2,
        link_key: random(),
        created_at_ms: 1,
    };
    let nothing = |_: &_| Recording { answer: "null".into(), is_final: true };
    store.add_export_task(new, i64::MAX, None, nothing).await.unwrap();
}

/// Takes tasks until none is left; gives the numbers of the notifications of those that it ended. Every second one may be taken
/// away from it.
async fn work(store: &Store, owner: UserId) -> Vec<i64> {
    let mut ended = Vec::new();
    for turn in 0.. {
        let lease_until = if turn % 2 == 0 { LAPSED } else { i64::MAX };
        let claim = random();
        let Some(task) = store.claim_export(&claim, LAPSED, lease_until).await.unwrap() else {
            if store.unfinished_exports(owner).await.unwrap() == 0 {
                break;
            }
            continue;
        };
        if !store.renew_export(task.id, &claim, 1, lease_until).await.unwrap() {
            continue;
        }
        let end = match turn % 3 {
            0 => ExportEnd::Failed { reason: "磁盘已满".into() },
            _ => ExportEnd::Done { file: claim.clone(), bytes: 1, expires_at_ms: LAPSED },
        };
        let finished = store.finish_export(&task, end.clone(), saying(claim.clone())).await.unwrap();
        // As after an answer that was lost.
        assert_eq!(store.finish_export(&task, end, saying(claim)).await.unwrap(), finished);
        if let Finished::Ours(number) = finished {
            ended.push(number.get());
        }
    }
    ended
}

async fn expire(store: &Store, owner: UserId) {
    while store.unfinished_exports(owner).await.unwrap() > 0 {
        store.expire_exports(LAPSED, 3).await.unwrap();
    }
    while !store.expire_exports(LAPSED, 3).await.unwrap().is_empty() {}
}

async fn race(one: Store, two: Store) {
    let new = NewUser {
        username: "ana".parse().unwrap(),
        password_hash: "!".into(),
        manager_id: None,
        created_at_ms: 1,
    };
    let ana = one.create_user(new).await.unwrap();
    for _ in 0..TASKS {
        order(&one, ana).await;
    }
    let write = async |store: &Store| {
        for number in 0..MESSAGES {
            store.add_notification(&[ana], saying(format!("m{number}"))).await.unwrap();
            if number % 5 == 0 {
                store.mark_all_read(ana).await.unwrap();
            }
        }
    };
    let everything = async {
        tokio::join!(
            work(&one, ana),
            work(&two, ana),
            work(&one, ana),
            work(&two, ana),
            write(&one),
            write(&two),
            expire(&one, ana),
            expire(&two, ana),
        )
    };
    let (a, b, c, d, ..) =
        timeout(Duration::from_secs(60), everything).await.expect("nobody waits for another for ever");
    let ended = [a, b, c, d].concat();
    assert_eq!(ended.len(), TASKS, "each task is ended by one worker");
    assert_eq!(ended.iter().collect::<BTreeSet<_>>().len(), TASKS);
    let rows = two.notifications(ana, Cursor::Oldest, ListFilter::default(), 1_000).await.unwrap();
    assert_eq!(rows.len(), TASKS + 2 * MESSAGES, "and told of once");
    assert!(rows.iter().map(|row| row.id).eq(1..=rows.len() as i64));
    let unread = rows.iter().filter(|row| !row.is_read).count();
    assert_eq!(one.unread_count(ana).await.unwrap(), unread as i64);
    for task in one.export_tasks(ana, None, None, 1_000).await.unwrap() {
        assert!(["failed", "expired"].contains(&task.state.as_str()), "{task:?}");
        assert!(ended.contains(&task.notification_id) && task.file.is_empty(), "{task:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_export_ends_once_while_workers_take_them_from_each_other_and_the_owner_is_sent_more() {
    let dir = tempfile::tempdir().unwrap();
    let mut urls = vec![format!("sqlite://{}", dir.path().join("api.db").display())];
    for kind in Kind::ALL {
        urls.extend(fresh_on(kind).await);
    }
    for url in urls {
        let (one, two) = tokio::join!(Store::open(&url), Store::open(&url));
        race(one.unwrap(), two.unwrap()).await;
    }
}
