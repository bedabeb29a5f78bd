//! What operators are told about pushes of notifications is what the pages heard.

mod common;

use std::time::Duration;

use gatepipe_local_cluster::actor::{Caller, Page};
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

/// The newest notification of this user, as soon as `is_noted` of it.
async fn noted(admin: &Caller, user: u64, is_noted: impl Fn(&Value) -> bool) -> Value {
    let deadline = Instant::now() + Duration::from_secs(30);
    loop {
        let list = admin.get(&format!("/Notification/listAll?user_id={user}&limit=1")).await.ok();
        let newest = list["list"][0].clone();
        if is_noted(&newest) {
            return newest;
        }
        assert!(Instant::now() < deadline, "not noted in time: {newest}");
        sleep(Duration::from_millis(20)).await;
    }
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
    let deadline = Instant::now() + Duration::from_secs(30);
    let audit = loop {
        let audit = admin.get("/Audit/list?action=notification.push_again").await.ok();
        if audit["list"] != json!([]) {
            break audit;
        }
        assert!(Instant::now() < deadline, "not in the audit in time");
        sleep(Duration::from_millis(20)).await;
    };
    let entry = &audit["list"][0];
    assert_eq!((&entry["actor"], &entry["target_name"]), (&json!("admin"), &json!("bob")));
    assert_eq!(entry["detail"], "number 1, reached 1");
}
