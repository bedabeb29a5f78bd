//! Everybody's notifications, for operators: stored, pushed, read.

mod common;

use std::collections::HashSet;
use std::time::Duration;

use common::{Person, World, eventually};
use gatepipe_api::id::UserId;
use gatepipe_api::notification::{Kind, Level, Notification};
use gatepipe_api::store::{NewNotification, NewUser};
use gatepipe_api::user::Permission::{SendNotification, ViewNotifications};
use serde_json::{Value, json};

/// `username number` of each.
fn told(list: &Value) -> Vec<String> {
    let rows = list["list"].as_array().unwrap().iter();
    rows.map(|row| format!("{} {}", row["username"].as_str().unwrap(), row["id"])).collect()
}

async fn list(person: &Person, query: &str) -> Value {
    person.get(&format!("/Notification/listAll?{query}")).await.data().clone()
}

fn urgent(readers: &[UserId], title: &str) -> Value {
    json!({"user_ids": readers, "title": title, "content": "内容", "level": "urgent", "link": "/a"})
}

#[tokio::test(flavor = "multi_thread")]
async fn operators_see_what_was_stored_pushed_and_read() {
    let world = World::start().await;
    let admin = world.admin().await;
    let (ana, bob) = (world.person("ana", &[]).await, world.person("bob", &[]).await);
    admin.notify(&[bob.id], "Only stored").await.data();
    // In another millisecond, for those of the same one stand in order of their readers.
    tokio::time::sleep(Duration::from_millis(2)).await;
    admin.post("/Notification/send", urgent(&[ana.id, bob.id], "备份 Done")).await.data();
    bob.post("/Notification/read", json!({"ids": [2]})).await.data();

    // No register answers here, so nobody could be asked to carry it; that is noted a moment later.
    eventually("what became of the pushes is noted", async || {
        list(&admin, "push=failed").await["list"].as_array().unwrap().len() == 2
    })
    .await;
    let all = list(&admin, "").await;
    assert_eq!(told(&all), ["bob 2", "ana 1", "bob 1"]);
    assert_eq!(all["next_cursor"], Value::Null);
    let [pushed, _, stored] = &all["list"].as_array().unwrap()[..] else { panic!("three: {all}") };
    assert_eq!(
        (&pushed["push"], &pushed["reached"], &pushed["is_read"]),
        (&json!("failed"), &json!(0), &json!(true))
    );
    assert!(pushed["pushed_at_ms"].as_i64().unwrap() >= pushed["created_at_ms"].as_i64().unwrap());
    assert_eq!(
        (&stored["push"], &stored["pushed_at"], &stored["is_read"]),
        (&json!("none"), &Value::Null, &json!(false))
    );
    // Contents are many and long; they are shown one by one.
    assert_eq!(pushed.get("content"), None);
    let shown = admin.get(&format!("/Notification/show?user_id={}&id=2", bob.id)).await;
    assert_eq!((&shown.data()["content"], &shown.data()["link"]), (&json!("内容"), &json!("/a")));
    assert_eq!(shown.data()["push"], "failed");

    // What became of a push changes neither the unread count nor what the reader sees.
    assert_eq!((ana.unread().await, bob.unread().await), (1, 1));
    assert_eq!(bob.get("/Notification/list").await.data()["list"][0].get("push"), None);

    // What is gone is not shown any more, and its number is nobody's.
    bob.post("/Notification/delete", json!({"ids": [2]})).await.data();
    assert_eq!(told(&list(&admin, "").await), ["ana 1", "bob 1"]);
    admin.get(&format!("/Notification/show?user_id={}&id=2", bob.id)).await.refused(404);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_list_is_narrowed_by_reader_level_kind_push_title_time_and_what_was_read() {
    let world = World::start().await;
    let admin = world.admin().await;
    let (ana, bob) = (world.person("ana", &[]).await, world.person("bob", &[]).await);
    admin.notify(&[ana.id, bob.id], "Straße gesperrt").await.data();
    let warning =
        json!({"user_ids": [bob.id], "title": "100% _full_", "content": "", "notification_type": "warning"});
    admin.post("/Notification/send", warning).await.data();
    admin.post("/Notification/send", urgent(&[bob.id], "URGENT")).await.data();
    bob.post("/Notification/read", json!({"ids": [1]})).await.data();
    let bob_id = bob.id;
    let first_ms = list(&admin, &format!("user_id={bob_id}&limit=100")).await["list"][2]["created_at_ms"]
        .as_i64()
        .unwrap();
    for (query, expected) in [
        (format!("user_id={bob_id}"), vec!["bob 3", "bob 2", "bob 1"]),
        ("level=urgent".into(), vec!["bob 3"]),
        ("notification_type=warning".into(), vec!["bob 2"]),
        ("is_read=true".into(), vec!["bob 1"]),
        (format!("is_read=false&user_id={bob_id}"), vec!["bob 3", "bob 2"]),
        ("push=none&level=normal&is_read=0".into(), vec!["bob 2", "ana 1"]),
        // Letters of any size, and signs that mean themselves.
        ("title=STRASSE".into(), vec![]),
        ("title=STRA%C3%9FE".into(), vec!["bob 1", "ana 1"]),
        ("title=0%25%20_F".into(), vec!["bob 2"]),
        ("title=%25".into(), vec!["bob 2"]),
        (format!("until_ms={first_ms}"), vec![]),
        (format!("since_ms={first_ms}&user_id={bob_id}&level=normal"), vec!["bob 2", "bob 1"]),
        ("since_ms=4102444800000".into(), vec![]),
    ] {
        let answer = list(&admin, &query).await;
        assert_eq!(
            (told(&answer), &answer["next_cursor"]),
            (expected.into_iter().map(str::to_owned).collect(), &Value::Null),
            "{query}"
        );
    }
    for (query, wrong) in [
        ("level=loud", "level"),
        ("push=maybe", "push"),
        ("title=", "title"),
        ("cursor=1.2", "cursor"),
        ("cursor=x", "cursor"),
        ("limit=101", "limit"),
        ("since_ms=-1", "since_ms"),
        ("user_id=0", "user_id"),
    ] {
        admin.get(&format!("/Notification/listAll?{query}")).await.wrong_fields(&[wrong]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn many_are_paged_without_gap_or_double_and_a_rare_one_is_found_further_on() {
    let world = World::start().await;
    let admin = world.admin().await;
    let mut readers = Vec::new();
    for number in 0..1_010 {
        let username = format!("reader{number}").parse().unwrap();
        let new = NewUser { username, password_hash: "none".into(), manager_id: None, created_at_ms: 0 };
        readers.push(world.store.create_user(new).await.unwrap());
    }
    let add = async |readers: &[UserId], title: &str, created_at_ms| {
        let notification = Notification {
            title: title.to_owned().try_into().unwrap(),
            content: "text".to_owned().try_into().unwrap(),
            level: Level::Normal,
            kind: Kind::Info,
            link: Default::default(),
        };
        world.store.add_notification(readers, NewNotification { notification, created_at_ms }).await.unwrap();
    };
    add(&readers[7..8], "Needle", 1_000).await;
    // All of one call were made at the same moment.
    for call in 0..10 {
        add(&readers, "hay", 2_000 + call).await;
    }

    let (mut seen, mut last, mut cursor) = (HashSet::new(), i64::MAX, String::new());
    loop {
        let page = list(&admin, &format!("limit=100{cursor}")).await;
        for row in page["list"].as_array().unwrap() {
            let at = row["created_at_ms"].as_i64().unwrap();
            assert!(at <= last, "newest first");
            last = at;
            assert!(seen.insert((row["user_id"].as_i64(), row["id"].as_i64())), "twice: {row}");
        }
        let Some(next) = page["next_cursor"].as_str() else { break };
        cursor = format!("&cursor={next}");
    }
    assert_eq!(seen.len(), 10_101);

    // One page looks at 10,000 and says that it is not at the end.
    let page = list(&admin, "title=needle").await;
    assert_eq!(page["list"], json!([]));
    let page = list(&admin, &format!("title=needle&cursor={}", page["next_cursor"].as_str().unwrap())).await;
    assert_eq!((told(&page), &page["next_cursor"]), (vec!["reader7 1".into()], &Value::Null));

    // One reader's are in order of their numbers, by pages too.
    let reader = readers[7];
    let page = list(&admin, &format!("user_id={reader}&limit=8")).await;
    let rest =
        list(&admin, &format!("user_id={reader}&limit=8&cursor={}", page["next_cursor"].as_str().unwrap()))
            .await;
    assert_eq!((told(&page).len(), told(&page)[0].as_str()), (8, "reader7 11"));
    assert_eq!(told(&rest), ["reader7 3", "reader7 2", "reader7 1"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_lacks_the_permission_sees_and_pushes_nothing() {
    let world = World::start().await;
    let (sender, viewer) = (
        world.person("sender", &[SendNotification]).await,
        world.person("viewer", &[ViewNotifications]).await,
    );
    sender.post("/Notification/send", urgent(&[viewer.id], "x")).await.data();
    sender.notify(&[viewer.id], "y").await.data();
    sender.get("/Notification/listAll").await.refused(403);
    sender.get(&format!("/Notification/show?user_id={}&id=1", viewer.id)).await.refused(403);
    viewer.post("/Notification/pushAgain", json!({"user_id": viewer.id, "id": 1})).await.refused(403);
    assert_eq!(told(&list(&viewer, "").await), ["viewer 2", "viewer 1"]);
    // A normal one is never pushed, and what is not there cannot be.
    sender.post("/Notification/pushAgain", json!({"user_id": viewer.id, "id": 2})).await.refused(409);
    sender.post("/Notification/pushAgain", json!({"user_id": viewer.id, "id": 3})).await.refused(404);
    sender.post("/Notification/pushAgain", json!({"user_id": viewer.id})).await.wrong_fields(&["id"]);
    // Nobody could be asked; the notification is there all the same.
    let again = sender.post("/Notification/pushAgain", json!({"user_id": viewer.id, "id": 1})).await;
    assert_eq!(
        again.data(),
        &json!({"reached": 0, "failed": [{"gateway": null, "reason": "no register was ever heard"}]})
    );
}
