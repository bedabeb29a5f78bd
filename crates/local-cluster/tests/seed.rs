//! The seed flow, one thread through all rooms: log in, connect, bind, be pushed to, be notified, be signed out.

mod common;

use gatepipe_local_cluster::actor::{Caller, Page};
use serde_json::json;

#[tokio::test(flavor = "multi_thread")]
async fn a_page_logs_in_binds_is_pushed_to_and_is_signed_out() {
    let cluster = common::cluster().await;
    let admin = Caller::of(&cluster, "admin");

    // Log in with a password, as the login page does.
    let person = cluster.people().iter().find(|person| person.name == "alice").unwrap().clone();
    let nobody = Caller::new(&cluster.http(), 0, "");
    let body = json!({"username": "alice", "password": person.password});
    let login = nobody.post("/Auth/login", body).await.ok();
    let alice = Caller::new(&cluster.http(), person.id, login["token"].as_str().unwrap());
    assert_eq!(login["user"]["id"], json!(person.id));

    // Connect, init, bind, bind_success.
    let mut page = Page::open(&cluster.ws()[0]).await;
    assert_eq!(page.client_id().len(), 40);
    alice.bind(&page).await;
    assert_eq!(page.next().await, json!({"type": "bind_success", "data": {"uid": alice.id}}));

    // Pushed to, by herself.
    let body = json!({"uid": alice.id.to_string(), "type": "export", "data": {"ready": "报表📊"}});
    let sent = alice.post("/WebSocket/pushToUser", body).await.ok();
    assert_eq!(sent, json!({"sent": true, "reached": 1, "failed": []}));
    assert_eq!(page.next().await, json!({"type": "export", "data": {"ready": "报表📊"}}));

    // Announced to everyone, also to pages that are not bound.
    let mut unbound = Page::open(&cluster.ws()[1]).await;
    let sent = admin.post("/WebSocket/broadcast", json!({"data": {"text": "maintenance at six"}})).await.ok();
    assert_eq!(sent, json!({"sent": true, "reached": 2, "failed": []}));
    let announced = json!({"type": "notification", "data": {"text": "maintenance at six"}});
    assert_eq!(page.next().await, announced);
    assert_eq!(unbound.next().await, announced);

    // A stored urgent notification.
    let body = json!({
        "user_ids": [alice.id], "title": "导出完成", "content": "点击查看并下载导出文件",
        "level": "urgent", "notification_type": "success", "link": "/devTools/exportTask",
    });
    let sent = admin.post("/Notification/send", body).await.ok();
    assert_eq!(sent, json!({"ids": [1], "reached": 1, "failed": []}));
    let frame = page.next().await;
    assert_eq!(frame["type"], "notification");
    let data = &frame["data"];
    assert_eq!(
        (&data["id"], &data["title"], &data["level"]),
        (&json!(1), &json!("导出完成"), &json!("urgent"))
    );
    assert_eq!(
        (&data["notification_type"], &data["link"]),
        (&json!("success"), &json!("/devTools/exportTask"))
    );

    // It is unread in the list, the same row that was pushed; then it is read.
    assert_eq!(alice.get("/Notification/unreadCount").await.ok(), json!({"count": 1}));
    let list = alice.get("/Notification/list?is_read=false").await.ok();
    let mut row = list["list"][0].clone();
    assert_eq!(row.as_object_mut().unwrap().remove("is_read"), Some(json!(false)));
    assert_eq!(row, *data);
    assert_eq!(alice.post("/Notification/read", json!({"ids": [1]})).await.ok(), json!({"changed": 1}));
    assert_eq!(page.next().await, json!({"type": "notification_read", "data": {"ids": [1]}}));
    assert_eq!(alice.get("/Notification/unreadCount").await.ok(), json!({"count": 0}));

    // Forced offline, for good.
    let closed = admin.post("/WebSocket/forceOffline", json!({"uid": alice.id, "reason": "维护"})).await.ok();
    assert_eq!(closed, json!({"closed": 1, "failed": []}));
    let (frames, code) = page.rest().await;
    assert_eq!(frames, [json!({"type": "force_offline", "data": {"reason": "维护"}})]);
    assert_eq!(code, Some(4001));
    let again = Page::open(&cluster.ws()[0]).await;
    let refused = alice.post("/WebSocket/bind", json!({"client_id": again.client_id()})).await;
    assert_eq!(refused.status, 401);

    cluster.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_normal_notification_is_stored_and_not_pushed() {
    let cluster = common::cluster().await;
    let (admin, alice) = (Caller::of(&cluster, "admin"), Caller::of(&cluster, "alice"));
    let mut page = Page::bound(&cluster.ws()[0], &alice).await;
    let body = json!({"user_ids": [alice.id], "title": "quiet", "content": ""});
    let sent = admin.post("/Notification/send", body).await.ok();
    assert_eq!(sent, json!({"ids": [1], "reached": 0, "failed": []}));
    // The next thing she sees is what came after.
    alice.post("/WebSocket/pushToUser", json!({"uid": alice.id})).await.ok();
    assert_eq!(page.next().await, json!({"type": "notification", "data": []}));
    assert_eq!(alice.get("/Notification/unreadCount").await.ok(), json!({"count": 1}));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bind_is_for_clients_that_exist_and_are_free() {
    let cluster = common::cluster().await;
    let (alice, bob) = (Caller::of(&cluster, "alice"), Caller::of(&cluster, "bob"));
    let mut page = Page::bound(&cluster.ws()[0], &alice).await;
    let bind = |client_id: &str| json!({"client_id": client_id});

    // Again is fine, and said again; somebody else's is a conflict, and nothing is heard of it.
    alice.bind(&page).await;
    assert_eq!(page.next().await["type"], "bind_success");
    let refused = bob.post("/WebSocket/bind", bind(page.client_id())).await;
    assert_eq!((refused.status, refused.refusal.as_deref()), (409, Some("client_taken")));
    bob.post("/WebSocket/pushToUser", json!({"uid": bob.id})).await.ok();
    alice.post("/WebSocket/pushToUser", json!({"uid": alice.id, "data": 1})).await.ok();
    assert_eq!(page.next().await["data"], 1);

    // Gone, of a gateway that never was, and no client_id at all.
    let gone = format!("{}{}", cluster.gateway_ids()[0], "0".repeat(24));
    for gone in [gone, "0".repeat(40)] {
        let refused = alice.post("/WebSocket/bind", bind(&gone)).await;
        assert_eq!((refused.status, refused.refusal.as_deref()), (404, Some("client_gone")));
    }
    for wrong in ["", "x", &"0".repeat(39), &"F".repeat(40)] {
        assert_eq!(alice.post("/WebSocket/bind", bind(wrong)).await.status, 422, "{wrong}");
    }
}
