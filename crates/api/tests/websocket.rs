//! `/WebSocket/…` and `/Gateway/…` as far as they go without a gateway: what is allowed, what is valid, and that nobody is told
//! something happened when no gateway could be asked.

mod common;

use common::{PASSWORD, World};
use gatepipe_api::id::UserId;
use gatepipe_api::store::StoreError;
use gatepipe_api::user::Permission;
use serde_json::{Value, json};

const CLIENT: &str = "00112233445566778899aabbccddeeff00112233";

#[tokio::test]
async fn alice_pushes_down_to_bob_and_carol_and_nobody_pushes_up() {
    let world = World::start().await;
    let alice = world.person("alice", &[]).await;
    let bob = world.person_below("bob", Some(alice.id), &[]).await;
    let carol = world.person_below("carol", Some(bob.id), &[]).await;
    let dave = world.person("dave", &[]).await;
    let admin = world.person("admin", &[Permission::PushAny]).await;
    let (a, b, c, d, nobody) = (alice.id, bob.id, carol.id, dave.id, UserId::new(4_711).unwrap());
    for (person, may, may_not) in [
        (&alice, vec![a, b, c], vec![d, nobody]),
        (&bob, vec![b, c], vec![a, d, nobody]),
        (&carol, vec![c], vec![a, b, d, nobody]),
        (&dave, vec![d], vec![a, b, c, nobody]),
        (&admin, vec![a, b, c, d, nobody], vec![]),
    ] {
        for uid in may {
            // Allowed, but no gateway is known: saying "sent" would be a lie.
            person.post("/WebSocket/pushToUser", json!({"uid": uid})).await.refused(503);
            person.post("/WebSocket/pushToUser", json!({"uid": uid.to_string()})).await.refused(503);
        }
        for uid in may_not {
            let refused = person.post("/WebSocket/pushToUser", json!({"uid": uid})).await;
            refused.refused_as(403, "push_not_below");
        }
    }
    // One level less, and carol is nobody's but bob's.
    world.store.set_manager(bob.id, None).await.unwrap();
    alice.post("/WebSocket/pushToUser", json!({"uid": c})).await.refused(403);
    bob.post("/WebSocket/pushToUser", json!({"uid": c})).await.refused(503);
}

#[tokio::test]
async fn nobody_can_stand_above_their_own_manager() {
    let world = World::start().await;
    let alice = world.person("alice", &[]).await.id;
    let bob = world.person_below("bob", Some(alice), &[]).await.id;
    let carol = world.person_below("carol", Some(bob), &[]).await.id;
    for manager in [alice, bob, carol] {
        let cycle = world.store.set_manager(alice, Some(manager)).await;
        assert!(matches!(cycle, Err(StoreError::ManagerCycle { user, .. }) if user == alice), "{cycle:?}");
    }
    let nobody = UserId::new(4_711).unwrap();
    for (user, manager) in [(carol, nobody), (nobody, alice)] {
        let missing = world.store.set_manager(user, Some(manager)).await;
        assert!(matches!(missing, Err(StoreError::NoSuchUsers(users)) if users == [nobody]));
    }
    assert_eq!(world.store.user(alice).await.unwrap().unwrap().manager_id, None);
    world.store.set_manager(carol, Some(alice)).await.unwrap();
    assert!(!world.store.is_subordinate(carol, bob).await.unwrap());
    assert!(!world.store.is_subordinate(alice, alice).await.unwrap());
}

#[tokio::test]
async fn usernames_are_unique() {
    let world = World::start().await;
    world.person("alice", &[]).await;
    let again = gatepipe_api::store::NewUser {
        username: "alice".parse().unwrap(),
        password_hash: "none".into(),
        manager_id: None,
        created_at_ms: 0,
    };
    let taken = world.store.create_user(again).await;
    assert!(matches!(taken, Err(StoreError::UsernameTaken(name)) if name == "alice"));
    assert_eq!(world.store.users(None, 10).await.unwrap().len(), 1);
}

#[tokio::test]
async fn pushes_with_wrong_fields_are_refused() {
    let world = World::start().await;
    let admin = world.admin().await;
    let cases = [
        (json!({}), vec!["uid"]),
        (json!({"uid": null}), vec!["uid"]),
        (json!({"uid": ""}), vec!["uid"]),
        (json!({"uid": "alice"}), vec!["uid"]),
        (json!({"uid": "9".repeat(300)}), vec!["uid"]),
        (json!({"uid": 1.5}), vec!["uid"]),
        (json!({"uid": -1}), vec!["uid"]),
        (json!({"uid": 0}), vec!["uid"]),
        (json!({"uid": 9_007_199_254_740_992_i64}), vec!["uid"]),
        (json!({"uid": [1]}), vec!["uid"]),
        (json!({"uid": 1, "type": ""}), vec!["type"]),
        (json!({"uid": 1, "type": 5}), vec!["type"]),
        (json!({"uid": 1, "type": "x".repeat(65)}), vec!["type"]),
        (json!({"uid": "x", "type": "init"}), vec!["type", "uid"]),
        (json!([1]), vec!["body"]),
        (json!("text"), vec!["body"]),
    ];
    for (body, fields) in cases {
        admin.post("/WebSocket/pushToUser", body).await.wrong_fields(&fields);
    }
    for reserved in ["init", "ping", "pong", "bind_success", "force_offline", "reconnect"] {
        admin
            .post("/WebSocket/pushToUser", json!({"uid": 1, "type": reserved}))
            .await
            .wrong_fields(&["type"]);
        admin.post("/WebSocket/broadcast", json!({"type": reserved})).await.wrong_fields(&["type"]);
    }
    for data in [json!(null), json!([]), json!({"a": [1, "二"]}), json!("x"), json!(5), json!(false)] {
        admin.post("/WebSocket/broadcast", json!({"data": data, "other": 1})).await.refused(503);
    }
    admin.post("/WebSocket/broadcast", json!({})).await.refused(503);
}

#[tokio::test]
async fn each_rule_asks_for_its_permission_before_it_looks_at_the_body() {
    let world = World::start().await;
    let rules = [
        ("/WebSocket/broadcast", Permission::Broadcast),
        ("/WebSocket/forceOffline", Permission::ForceOffline),
        ("/Notification/send", Permission::SendNotification),
    ];
    for (path, needed) in rules {
        let others: Vec<_> = Permission::ALL.into_iter().filter(|permission| *permission != needed).collect();
        let person = world.person(&format!("without-{needed}"), &others).await;
        let refused = person.post(path, json!({"anything": 1})).await;
        refused.refused(403);
        assert!(refused.body["msg"].as_str().unwrap().contains(needed.name()), "{}", refused.body);
    }
    let others: Vec<_> =
        Permission::ALL.into_iter().filter(|permission| *permission != Permission::Inspect).collect();
    world.person("blind", &others).await.get("/Gateway/list").await.refused(403);
}

#[tokio::test]
async fn without_a_register_nobody_knows_whether_a_client_is_there() {
    let world = World::start().await;
    let bob = world.person("bob", &[]).await;
    bob.post("/WebSocket/bind", json!({"client_id": CLIENT})).await.refused(503);
    for wrong in ["", "x", &CLIENT.to_uppercase(), &CLIENT[1..], &format!("{CLIENT}0"), &format!("{CLIENT} ")]
    {
        bob.post("/WebSocket/bind", json!({"client_id": wrong})).await.wrong_fields(&["client_id"]);
    }
    for wrong in
        [json!({}), json!({"client_id": 5}), json!({"client_id": [CLIENT]}), json!({"client_id": null})]
    {
        bob.post("/WebSocket/bind", wrong).await.wrong_fields(&["client_id"]);
    }
    let (_, metrics) = world.admin_page("/metrics").await;
    assert!(metrics.contains("gatepipe_api_binds_total{result=\"failed\"} 1"), "{metrics}");
}

#[tokio::test]
async fn forced_offline_makes_tokens_useless_at_once_on_every_api() {
    let world = World::start().await;
    // A second api on the same database, which has seen bob's token before.
    let url = world.database_url.clone();
    let second = World::start_with(|config| config.database_url = url.into()).await;
    let admin = world.admin().await;
    let bob = world.person("bob", &[]).await;
    let bob_there = second.holder(bob.id, "bob", &bob.token);
    bob.get("/Auth/me").await.data();
    bob_there.get("/Auth/me").await.data();

    let forced = admin.post("/WebSocket/forceOffline", json!({"uid": bob.id, "reason": "下线"})).await;
    let nobody_asked = json!([{"gateway": null, "reason": "no register was ever heard"}]);
    assert_eq!(forced.data(), &json!({"closed": 0, "failed": nobody_asked}));
    for old in [&bob, &bob_there] {
        old.get("/Auth/me").await.refused(401);
        old.post("/WebSocket/bind", json!({"client_id": CLIENT})).await.refused(401);
    }
    let login = world.login("bob", PASSWORD).await;
    let token = login.data()["token"].as_str().unwrap();
    second.holder(bob.id, "bob", token).get("/Auth/me").await.data();

    admin.post("/WebSocket/forceOffline", json!({"uid": 4_711})).await.refused(404);
    admin.post("/WebSocket/forceOffline", json!({})).await.wrong_fields(&["uid"]);
    let long = json!({"uid": bob.id, "reason": "x".repeat(256)});
    admin.post("/WebSocket/forceOffline", long).await.wrong_fields(&["reason"]);
    admin
        .post("/WebSocket/forceOffline", json!({"uid": bob.id, "reason": 5}))
        .await
        .wrong_fields(&["reason"]);
}

#[tokio::test]
async fn the_list_of_gateways_is_empty_and_says_that_no_register_is_heard() {
    let world = World::start().await;
    let admin = world.admin().await;
    let list = admin.get("/Gateway/list").await;
    let empty = json!({"list": [], "next_cursor": Value::Null, "registers_connected": 0, "failed": []});
    assert_eq!(list.data(), &empty);
    let (status, text) = world.admin_page("/readyz").await;
    assert_eq!(status, 503, "{text}");
    assert_eq!(world.admin_page("/healthz").await.0, 200);
}
