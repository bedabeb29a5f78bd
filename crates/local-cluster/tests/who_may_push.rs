//! Push only to yourself or your subordinates. Alice manages bob, bob manages carol.

mod common;

use gatepipe_local_cluster::actor::{Caller, Page};
use serde_json::json;

#[tokio::test(flavor = "multi_thread")]
async fn alice_reaches_bob_and_carol_and_carol_only_herself() {
    let cluster = common::cluster().await;
    let people = ["admin", "alice", "bob", "carol"].map(|name| Caller::of(&cluster, name));
    let mut pages = Vec::new();
    for (number, person) in people.iter().enumerate() {
        pages.push(Page::bound(&cluster.ws()[number % 2], person).await);
    }
    // Rows push to columns: admin, alice, bob, carol.
    let may = [
        [true, true, true, true],
        [false, true, true, true],
        [false, false, true, true],
        [false, false, false, true],
    ];
    for (from, row) in people.iter().zip(may) {
        for ((to, page), may) in people.iter().zip(&mut pages).zip(row) {
            let body = json!({"uid": to.id, "data": {"from": from.id}});
            let answer = from.post("/WebSocket/pushToUser", body).await;
            if may {
                assert_eq!(answer.ok()["reached"], 1);
                assert_eq!(page.next().await["data"], json!({"from": from.id}));
            } else {
                assert_eq!((answer.status, answer.code), (403, 40_300), "{} to {}", from.id, to.id);
            }
        }
    }
    // What was refused was not pushed: the next frame is the next allowed one.
    for (person, page) in people.iter().zip(&mut pages) {
        person.post("/WebSocket/pushToUser", json!({"uid": person.id, "data": "last"})).await.ok();
        assert_eq!(page.next().await["data"], "last");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn without_the_permission_nobody_announces_signs_out_or_notifies() {
    let cluster = common::cluster().await;
    let (alice, bob) = (Caller::of(&cluster, "alice"), Caller::of(&cluster, "bob"));
    let mut page = Page::bound(&cluster.ws()[0], &bob).await;
    assert_eq!(alice.post("/WebSocket/broadcast", json!({})).await.status, 403);
    assert_eq!(alice.post("/WebSocket/forceOffline", json!({"uid": bob.id})).await.status, 403);
    let body = json!({"user_ids": [bob.id], "title": "t", "content": "c", "level": "urgent"});
    assert_eq!(alice.post("/Notification/send", body).await.status, 403);
    assert_eq!(alice.get("/Gateway/list").await.status, 403);
    alice.post("/WebSocket/pushToUser", json!({"uid": bob.id, "data": "allowed"})).await.ok();
    assert_eq!(page.next().await["data"], "allowed");
}
