//! What is sent again with the same `Idempotency-Key` is not pushed again.

mod common;

use gatepipe_local_cluster::actor::{Caller, Page};
use serde_json::json;

#[tokio::test(flavor = "multi_thread")]
async fn a_broadcast_and_an_urgent_notification_are_pushed_once() {
    let cluster = common::cluster().await;
    let (admin, alice) = (Caller::of(&cluster, "admin"), Caller::of(&cluster, "alice"));
    let mut pages =
        [Page::bound(&cluster.ws()[0], &alice).await, Page::bound(&cluster.ws()[1], &alice).await];
    // One key: each route has keys of its own.
    let key = "8e03978e-40d5-43e8-bc93-6894a57f9324";
    let urgent = json!({"user_ids": [alice.id], "title": "导出完成 🎉", "content": "", "level": "urgent"});
    for replayed in [false, true, true] {
        let answer = admin.post_with_key("/WebSocket/broadcast", key, json!({"data": "once"})).await;
        assert_eq!(answer.replayed, replayed);
        assert_eq!(answer.ok(), json!({"sent": true, "reached": 2, "failed": []}));
        let answer = admin.post_with_key("/Notification/send", key, urgent.clone()).await;
        assert_eq!(answer.replayed, replayed);
        assert_eq!(answer.ok(), json!({"ids": [1], "reached": 2, "failed": []}));
    }
    admin.post("/WebSocket/broadcast", json!({"data": "last"})).await.ok();
    for page in &mut pages {
        assert_eq!(page.next().await["data"], "once");
        assert_eq!(page.next().await["data"]["title"], "导出完成 🎉");
        assert_eq!(page.next().await["data"], "last");
    }
}
