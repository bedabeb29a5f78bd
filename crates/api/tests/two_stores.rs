//! Two processes on one database, each with a store of its own, at the same moment: every kind of database decides for one of
//! them, and what is stored fits together afterwards.

use std::collections::HashSet;
use std::time::Duration;

use futures_util::future::join_all;
use gatepipe_api::id::{NotificationId, UserId};
use gatepipe_api::notification::{Level, Notification};
use gatepipe_api::store::{Cursor, ListFilter, NewNotification, NewUser, Store, StoreError};
use gatepipe_api::user::{ExternalSubject, Permission};
use gatepipe_test_databases::{Kind, fresh_on};
use tempfile::TempDir;
use tokio::time::timeout;

/// How often what may go wrong is tried.
const ROUNDS: usize = 25;

/// A new database of each kind that can be started here, opened twice; at once, so that both make its tables.
async fn databases() -> (TempDir, Vec<[Store; 2]>) {
    let dir = tempfile::tempdir().unwrap();
    let mut urls = vec![format!("sqlite://{}", dir.path().join("api.db").display())];
    for kind in Kind::ALL {
        urls.extend(fresh_on(kind).await);
    }
    let mut stores = Vec::new();
    for url in urls {
        let (one, two) = tokio::join!(Store::open(&url), Store::open(&url));
        stores.push([one.unwrap(), two.unwrap()]);
    }
    (dir, stores)
}

fn named(name: &str) -> NewUser {
    NewUser { username: name.parse().unwrap(), password_hash: "!".into(), manager_id: None, created_at_ms: 1 }
}

async fn person(store: &Store, name: &str) -> UserId {
    store.create_user(named(name)).await.unwrap()
}

fn saying(title: &str) -> NewNotification {
    let notification = Notification {
        title: title.to_owned().try_into().unwrap(),
        content: "导出完成 🎉".to_owned().try_into().unwrap(),
        level: Level::default(),
        kind: Default::default(),
        link: Default::default(),
    };
    NewNotification { notification, created_at_ms: 1 }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_is_given_to_one_of_all_who_ask_at_once() {
    let (_dir, databases) = databases().await;
    for [one, two] in databases {
        for round in 0..ROUNDS {
            let name = format!("张三-{round}");
            let made = join_all([&one, &two, &one, &two].map(|store| store.create_user(named(&name)))).await;
            let (won, lost): (Vec<_>, Vec<_>) = made.into_iter().partition(Result::is_ok);
            assert_eq!(won.len(), 1, "{lost:?}");
            for error in lost {
                assert!(
                    matches!(&error, Err(StoreError::UsernameTaken(taken)) if *taken == name),
                    "{error:?}"
                );
            }
            let found = two.user_by_name(&name).await.unwrap().unwrap();
            assert_eq!(won[0].as_ref().unwrap(), &found.id);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_subject_seen_at_once_everywhere_becomes_one_user() {
    let (_dir, databases) = databases().await;
    for [one, two] in databases {
        for round in 0..ROUNDS {
            let subject = ExternalSubject::new("https://id.example.com", &format!("auth0|{round}")).unwrap();
            let makes = (0..4).map(|person| {
                let names = vec![format!("ana-{round}-{person}").parse().unwrap()];
                let store = if person % 2 == 0 { &one } else { &two };
                store.create_external_user(&subject, names, 1)
            });
            let mut users = HashSet::new();
            for made in join_all(makes).await {
                match made {
                    Ok(user) => drop(users.insert(user)),
                    Err(error) => assert!(matches!(error, StoreError::SubjectTaken(_)), "{error:?}"),
                }
            }
            assert_eq!(users.len(), 1);
            assert_eq!(one.external_user(&subject).await.unwrap(), users.into_iter().next());
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_ends_up_above_himself() {
    let (_dir, databases) = databases().await;
    for [one, two] in databases {
        let (ana, bob) = (person(&one, "ana").await, person(&one, "bob").await);
        let mut refused = 0;
        // PostgreSQL looks after a second whether two wait for each other.
        let rounds = ROUNDS / 4;
        for _ in 0..rounds {
            let (left, right) =
                tokio::join!(one.set_manager(ana, Some(bob)), two.set_manager(bob, Some(ana)));
            for outcome in [&left, &right] {
                match outcome {
                    Ok(()) => {}
                    Err(StoreError::ManagerCycle { .. } | StoreError::Unavailable(_)) => refused += 1,
                    Err(other) => panic!("{other:?}"),
                }
            }
            let below = one.is_subordinate(ana, bob).await.unwrap();
            let above = two.is_subordinate(bob, ana).await.unwrap();
            assert!(!(below && above), "a circle");
            assert_eq!(
                [left, right].iter().filter(|outcome| outcome.is_ok()).count(),
                usize::from(below || above)
            );
            for user in [ana, bob] {
                one.set_manager(user, None).await.unwrap();
            }
        }
        assert!(refused >= rounds, "one of the two is refused each time");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_given_twice_at_once_is_there_once() {
    let (_dir, databases) = databases().await;
    for [one, two] in databases {
        let ana = person(&one, "ana").await;
        let operator = "操作员".parse().unwrap();
        one.put_role(&operator, &[Permission::Inspect]).await.unwrap();
        let subject = ExternalSubject::new("", "ana").unwrap();
        for _ in 0..ROUNDS {
            let all = tokio::join!(
                one.grant(ana, Permission::Broadcast),
                two.grant(ana, Permission::Broadcast),
                one.give_role(ana, &operator),
                two.give_role(ana, &operator),
                one.link_subject(ana, &subject),
                two.link_subject(ana, &subject),
            );
            let all = [all.0, all.1, all.2, all.3, all.4, all.5];
            assert!(all.iter().all(Result::is_ok), "{all:?}");
            let standing = two.standing(ana).await.unwrap().unwrap();
            assert_eq!(standing.permissions, [Permission::Broadcast, Permission::Inspect]);
            one.revoke(ana, Permission::Broadcast).await.unwrap();
            one.take_role(ana, &operator).await.unwrap();
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_role_written_twice_at_once_is_one_of_the_two() {
    let (_dir, databases) = databases().await;
    for [one, two] in databases {
        let (few, many) = ([Permission::Inspect], [Permission::Broadcast, Permission::PushAny]);
        for round in 0..ROUNDS {
            // The first time it is new; later both find it.
            let role = format!("role-{}", round % 5).parse().unwrap();
            let (left, right) = tokio::join!(one.put_role(&role, &few), two.put_role(&role, &many));
            for outcome in [&left, &right] {
                assert!(matches!(outcome, Ok(()) | Err(StoreError::Unavailable(_))), "{outcome:?}");
            }
            assert!(left.is_ok() || right.is_ok(), "{left:?} {right:?}");
            let roles = one.roles().await.unwrap();
            let (_, permissions) = roles.iter().find(|(name, _)| name == role.as_str()).unwrap();
            let names = |permissions: &[Permission]| -> Vec<&str> {
                permissions.iter().map(|permission| permission.name()).collect()
            };
            assert!(*permissions == names(&few) || *permissions == names(&many), "{permissions:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_count_of_the_unread_is_right_whoever_writes_reads_and_deletes_at_once() {
    let (_dir, databases) = databases().await;
    for [one, two] in databases {
        let people = [person(&one, "ana").await, person(&one, "bob").await];
        let ids = |from: i64, to: i64| -> Vec<NotificationId> {
            (from..to).filter_map(NotificationId::new).collect()
        };
        let writer = async |store: &Store| {
            for round in 0..ROUNDS {
                let users = if round % 2 == 0 { [people[0], people[1]] } else { [people[1], people[0]] };
                store.add_notification(&users, saying("导出完成 🎉")).await.unwrap();
            }
        };
        let reader = async |store: &Store, user| {
            for round in 0..i64::try_from(ROUNDS).unwrap() {
                store.mark_read(user, &ids(round, 2 * round)).await.unwrap();
                store.delete_notifications(user, &ids(round - 3, round)).await.unwrap();
                if round % 7 == 0 {
                    store.mark_all_read(user).await.unwrap();
                }
            }
        };
        let everything = async {
            tokio::join!(
                writer(&one),
                writer(&two),
                reader(&one, people[0]),
                reader(&two, people[0]),
                reader(&two, people[1]),
            );
        };
        timeout(Duration::from_secs(60), everything).await.expect("they do not wait for each other for ever");
        for user in people {
            let rows = one.notifications(user, Cursor::Oldest, ListFilter::default(), 1_000).await.unwrap();
            let unread = rows.iter().filter(|row| !row.is_read).count();
            assert_eq!(two.unread_count(user).await.unwrap(), i64::try_from(unread).unwrap());
            assert_eq!(rows.last().unwrap().id, i64::try_from(2 * ROUNDS).unwrap(), "no id was left out");
            assert_eq!(rows.last().unwrap().title, "导出完成 🎉");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn names_are_compared_byte_for_byte() {
    let (_dir, databases) = databases().await;
    for [store, _] in databases {
        let names = ["Ana", "ana", "ána", "张三"];
        for name in names {
            person(&store, name).await;
        }
        for name in names {
            assert_eq!(store.user_by_name(name).await.unwrap().unwrap().username, name);
        }
        assert!(store.user_by_name("ANA").await.unwrap().is_none());
        assert!(store.credentials("ana\0").await.unwrap().is_none());
        let subjects = ["ana", "ana ", "Ana", "🎉"];
        let mut users = HashSet::new();
        for (number, subject) in subjects.iter().enumerate() {
            let subject = ExternalSubject::new("https://发行者", subject).unwrap();
            let names = vec![format!("user-{number}").parse().unwrap()];
            users.insert(store.create_external_user(&subject, names, 1).await.unwrap());
        }
        assert_eq!(users.len(), subjects.len());
        let longest = ExternalSubject::new(&"张".repeat(85), &"🎉".repeat(63)).unwrap();
        let ana = store.user_by_name("ana").await.unwrap().unwrap().id;
        store.link_subject(ana, &longest).await.unwrap();
        assert_eq!(store.external_user(&longest).await.unwrap(), Some(ana));
    }
}
