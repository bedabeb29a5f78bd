//! What people do to each other's pages on two gateways stands in the audit, with how far it went.

mod common;

use std::time::Duration;

use gatepipe_local_cluster::Cluster;
use gatepipe_local_cluster::actor::{Caller, Page};
use serde_json::{Value, json};

/// `action target: result, detail` of what the caller did, oldest first, as soon as there are so many.
async fn told(reader: &Caller, actor: &Caller, many: usize) -> Vec<String> {
    let deadline = tokio::time::Instant::now() + Duration::from_secs(30);
    loop {
        let path = format!(
            "/Audit/list?limit=100&actor_id={}&action=websocket,client,gateway,group,notification",
            actor.id
        );
        let list = reader.get(&path).await.ok()["list"].clone();
        let entries = list.as_array().unwrap();
        if entries.len() >= many {
            assert_eq!(entries.len(), many, "{list}");
            assert!(entries.iter().all(|entry| entry["address"] == "127.0.0.1"), "{list}");
            let word = |entry: &Value, name: &str| entry[name].as_str().unwrap_or("-").to_owned();
            let told = |entry: &Value| {
                let [action, target, result, detail] =
                    ["action", "target", "result", "detail"].map(|name| word(entry, name));
                format!("{action} {target}: {result}, {detail}")
            };
            return entries.iter().rev().map(told).collect();
        }
        assert!(tokio::time::Instant::now() < deadline, "not in time: {list}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_pages_on_two_gateways_are_pushed_to_and_signed_out_and_the_audit_says_so() {
    let cluster: Cluster = common::cluster().await;
    let people = ["admin", "alice", "bob", "carol"].map(|name| Caller::of(&cluster, name));
    let [admin, alice, bob, carol] = &people;
    let mut pages = Vec::new();
    for ws in cluster.ws() {
        pages.push(Page::bound(&ws, bob).await);
    }
    alice.post("/WebSocket/pushToUser", json!({"uid": bob.id, "type": "chat", "data": "hush"})).await.ok();
    let client = pages[0].client_id().to_owned();
    assert_eq!(alice.post("/WebSocket/bind", json!({"client_id": client})).await.status, 409);
    assert_eq!(alice.post("/WebSocket/pushToUser", json!({"uid": admin.id})).await.status, 403);
    // Binds that went well are not noted.
    assert_eq!(
        told(admin, alice, 3).await,
        [
            format!("websocket.push {}: done, type chat, reached 2", bob.id),
            format!("websocket.bind {client}: refused, this client is bound to another user"),
            format!(
                "websocket.push {}: refused, you may push to yourself and to those who answer to you",
                admin.id
            ),
        ]
    );

    let sent = json!({"user_ids": [bob.id, carol.id], "title": "hush", "content": "hush", "level": "urgent"});
    admin.post("/Notification/send", sent).await.ok();
    let broadcast = json!({"data": "hush"});
    admin.post_with_key("/WebSocket/broadcast", "once", broadcast.clone()).await.ok();
    assert!(admin.post_with_key("/WebSocket/broadcast", "once", broadcast).await.replayed);
    admin.post("/WebSocket/forceOffline", json!({"uid": bob.id, "reason": "维护"})).await.ok();
    for page in &mut pages {
        assert_eq!(page.rest().await.1, Some(4001));
    }
    let gateway = cluster.gateway_ids().remove(0);
    admin.post("/Gateway/drain", json!({"gateway_id": gateway})).await.ok();
    let found = told(admin, admin, 5).await;
    assert_eq!(
        found,
        [
            format!("notification.send 2: done, level urgent, reached 2, to {} {}", bob.id, carol.id),
            "websocket.broadcast -: done, type notification, reached 2".into(),
            "websocket.broadcast -: done, it was done before, by a request with the same Idempotency-Key"
                .into(),
            format!("websocket.force_offline {}: done, 2 connections closed; reason: 维护", bob.id),
            format!("gateway.drain {gateway}: done, 0 clients have to leave"),
        ]
    );
    assert!(!found.concat().contains("hush"));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_done_to_single_clients_and_to_groups_stands_there_too() {
    let cluster: Cluster = common::cluster().await;
    let [admin, alice] = ["admin", "alice"].map(|name| Caller::of(&cluster, name));
    let page = Page::bound(&cluster.ws()[1], &alice).await;
    let client = page.client_id();
    let member = json!({"client_id": client, "group": "lobby"});
    admin.post("/Client/joinGroup", member.clone()).await.ok();
    admin.post("/Client/push", json!({"client_id": client, "type": "chat", "data": "hush"})).await.ok();
    admin.post("/Group/push", json!({"group": "lobby", "data": "hush"})).await.ok();
    admin.post("/Client/leaveGroup", member.clone()).await.ok();
    admin.post("/Client/leaveGroup", member).await.ok();
    admin.post("/Group/dissolve", json!({"group": "lobby"})).await.ok();
    admin.post("/Client/unbind", json!({"client_id": client, "uid": alice.id})).await.ok();
    admin.post("/Client/close", json!({"client_id": client, "reason": "enough"})).await.ok();
    let found = told(&admin, &admin, 8).await;
    assert_eq!(
        found,
        [
            format!("client.join_group {client}: done, group lobby"),
            format!("websocket.push {client}: done, type chat, reached 1"),
            "websocket.push lobby: done, type notification, reached 1".into(),
            format!("client.leave_group {client}: done, group lobby"),
            format!("client.leave_group {client}: done, group lobby; it was not in it"),
            "group.dissolve lobby: done, members 0".into(),
            format!("client.unbind {client}: done, from {}", alice.id),
            format!("client.close {client}: done, with 4003; reason: enough"),
        ]
    );
    assert!(!found.concat().contains("hush"));
}
