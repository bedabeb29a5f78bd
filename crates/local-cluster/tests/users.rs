//! A user who is not let in any more leaves every gateway.

mod common;

use gatepipe_local_cluster::Cluster;
use gatepipe_local_cluster::actor::{Caller, Page};
use serde_json::{Value, json};

#[tokio::test(flavor = "multi_thread")]
async fn a_disabled_user_with_pages_on_two_gateways_loses_both_and_does_not_come_back() {
    let cluster: Cluster = common::cluster().await;
    let (admin, bob) = (Caller::of(&cluster, "admin"), Caller::of(&cluster, "bob"));
    let carol = Caller::of(&cluster, "carol");
    let mut pages = Vec::new();
    for ws in cluster.ws() {
        pages.push(Page::bound(&ws, &bob).await);
    }
    let mut hers = Page::bound(&cluster.ws()[0], &carol).await;

    let body = json!({"id": bob.id, "reason": "离职"});
    let disabled = admin.post("/User/disable", body).await.ok();
    assert_eq!(disabled, json!({"changed": true, "closed": 2, "failed": []}));
    for page in &mut pages {
        let (frames, code) = page.rest().await;
        assert_eq!(frames, [json!({"type": "force_offline", "data": {"reason": "离职"}})]);
        assert_eq!(code, Some(4001));
    }
    // With the old token nothing is possible, with the password no new one is made.
    let again = Page::open(&cluster.ws()[1]).await;
    let bind = json!({"client_id": again.client_id()});
    assert_eq!(bob.post("/WebSocket/bind", bind.clone()).await.status, 401);
    let person = cluster.people().iter().find(|person| person.name == "bob").unwrap();
    let login = json!({"username": "bob", "password": person.password});
    assert_eq!(bob.post("/Auth/login", login.clone()).await.status, 403);

    // Let in again, with a new token.
    admin.post("/User/enable", json!({"id": bob.id})).await.ok();
    assert_eq!(bob.post("/WebSocket/bind", bind).await.status, 401);
    let token = bob.post("/Auth/login", login).await.ok()["token"].clone();
    let back = bob.with_token(token.as_str().unwrap());
    back.bind(&again).await;

    // A password that somebody else sets signs out everywhere too; nobody else feels it.
    let body = json!({"id": bob.id, "password": "another horse"});
    assert_eq!(admin.post("/User/setPassword", body).await.ok()["closed"], 1);
    admin.post("/WebSocket/pushToUser", json!({"uid": carol.id, "data": "still here"})).await.ok();
    assert_eq!(hers.next().await["data"], Value::from("still here"));
}

#[tokio::test(flavor = "multi_thread")]
async fn one_with_a_new_manager_is_pushed_to_by_the_new_one_only() {
    let cluster: Cluster = common::cluster().await;
    let people = ["admin", "alice", "bob", "carol"].map(|name| Caller::of(&cluster, name));
    let [admin, alice, bob, carol] = &people;
    let mut page = Page::bound(&cluster.ws()[1], carol).await;
    let push = |data: &str| json!({"uid": carol.id, "data": data});
    bob.post("/WebSocket/pushToUser", push("from bob")).await.ok();
    admin.post("/User/setManager", json!({"id": carol.id, "manager_id": alice.id})).await.ok();
    assert_eq!(bob.post("/WebSocket/pushToUser", push("too late")).await.status, 403);
    alice.post("/WebSocket/pushToUser", push("from alice")).await.ok();
    assert_eq!(page.next().await["data"], "from bob");
    assert_eq!(page.next().await["data"], "from alice");
}
