//! What is read on one device is read on all of them.

mod common;

use gatepipe_local_cluster::actor::{Caller, Page};
use serde_json::json;

#[tokio::test(flavor = "multi_thread")]
async fn reading_on_one_device_tells_every_page_of_the_user_and_nobody_else() {
    let cluster = common::cluster().await;
    let [admin, alice, bob] = ["admin", "alice", "bob"].map(|name| Caller::of(&cluster, name));
    let mut phone = Page::bound(&cluster.ws()[0], &alice).await;
    let mut desk = Page::bound(&cluster.ws()[1], &alice).await;
    let mut other = Page::bound(&cluster.ws()[0], &bob).await;
    for _ in 0..4 {
        let body = json!({"user_ids": [alice.id, bob.id], "title": "导出完成 🎉", "content": ""});
        admin.post("/Notification/send", body).await.ok();
    }
    // Only what really changed: 2 stands twice, 9 does not exist.
    let read = alice.post("/Notification/read", json!({"ids": [3, 2, 2, 9]})).await.ok();
    assert_eq!(read, json!({"changed": 2}));
    // What was read already is no news.
    assert_eq!(alice.post("/Notification/read", json!({"ids": [3]})).await.ok(), json!({"changed": 0}));
    let read = alice.post("/Notification/read", json!({"ids": [3, 4]})).await.ok();
    assert_eq!(read, json!({"changed": 1}));
    assert_eq!(alice.post("/Notification/readAll", json!({})).await.ok(), json!({"changed": 1}));
    assert_eq!(alice.post("/Notification/readAll", json!({})).await.ok(), json!({"changed": 0}));
    alice.post("/WebSocket/pushToUser", json!({"uid": alice.id, "data": "last"})).await.ok();
    for page in [&mut phone, &mut desk] {
        assert_eq!(page.next().await, json!({"type": "notification_read", "data": {"ids": [2, 3]}}));
        assert_eq!(page.next().await, json!({"type": "notification_read", "data": {"ids": [4]}}));
        assert_eq!(page.next().await, json!({"type": "notification_read", "data": {"all": true}}));
        assert_eq!(page.next().await["data"], "last");
    }
    bob.post("/WebSocket/pushToUser", json!({"uid": bob.id, "data": "first"})).await.ok();
    assert_eq!(other.next().await["data"], "first");
}
