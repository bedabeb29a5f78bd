//! What operators are told about pushes of notifications is what the pages heard.

mod common;

use gatepipe_local_cluster::actor::{Caller, Page};
use gatepipe_local_cluster::eventually::within;
use serde_json::{Value, json};
use tokio::time::{Duration, sleep};

/// The newest of a list, as soon as there is one that `fits`.
async fn newest(admin: &Caller, list: &str, fits: impl Fn(&Value) -> bool) -> Value {
    within(list, async {
        loop {
            let mut page = admin.get(list).await.ok();
            if let Some(newest) = page["list"].get_mut(0).filter(|newest| fits(newest)) {
                return newest.take();
            }
            sleep(Duration::from_millis(20)).await;
        }
    })
    .await
}

/// The newest notification of a user, as soon as it `fits`.
async fn noted(admin: &Caller, user: u64, fits: impl Fn(&Value) -> bool) -> Value {
    newest(admin, &format!("/Notification/listAll?user_id={user}&limit=1"), fits).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_push_is_noted_with_the_connections_that_took_it_and_can_be_made_again() {
    let cluster = common::cluster().await;
    let [admin, alice, bob] = ["admin", "alice", "bob"].map(|name| Caller::of(&cluster, name));
    let mut phone = Page::bound(&cluster.ws()[0], &alice).await;
    let mut desk = Page::bound(&cluster.ws()[1], &alice).await;
    let body =
        json!({"user_ids": [alice.id, bob.id], "title": "Deploy", "content": "at 18:00", "level": "urgent"});
    assert_eq!(admin.post("/Notification/send", body).await.ok()["reached"], 2);
    let first = phone.next().await;
    assert_eq!(desk.next().await, first);

    let of_alice = noted(&admin, alice.id, |newest| newest["push"] != "unknown").await;
    assert_eq!(
        (&of_alice["push"], &of_alice["reached"], &of_alice["is_read"]),
        (&json!("whole"), &json!(2), &json!(false))
    );
    // Every gateway was asked, and bob was on none.
    let of_bob = noted(&admin, bob.id, |newest| newest["push"] != "unknown").await;
    assert_eq!((&of_bob["push"], &of_bob["reached"]), (&json!("whole"), &json!(0)));

    // Bob comes, and gets it when it is pushed again: the same one, not a new one.
    let mut late = Page::bound(&cluster.ws()[1], &bob).await;
    let again = admin.post("/Notification/pushAgain", json!({"user_id": bob.id, "id": 1})).await.ok();
    assert_eq!(again, json!({"reached": 1, "failed": []}));
    let heard = late.next().await;
    assert_eq!(
        (&heard["type"], &heard["data"]["id"], &heard["data"]["title"]),
        (&json!("notification"), &json!(1), &json!("Deploy"))
    );
    let of_bob = noted(&admin, bob.id, |newest| newest["reached"] == 1).await;
    assert_eq!(of_bob["push"], "whole");
    bob.post("/Notification/read", json!({"ids": [1]})).await.ok();
    noted(&admin, bob.id, |newest| newest["is_read"] == true).await;
    // Alice heard nothing of it.
    alice.post("/WebSocket/pushToUser", json!({"uid": alice.id, "data": "last"})).await.ok();
    assert_eq!(phone.next().await["data"], "last");
    // Who did it is in the audit, a moment later.
    let entry = newest(&admin, "/Audit/list?action=notification.push_again", |_| true).await;
    assert_eq!((&entry["actor"], &entry["target_name"]), (&json!("admin"), &json!("bob")));
    assert_eq!(entry["detail"], "number 1, reached 1");
}
