//! What operators ask about clients and gateways, as far as it needs no gateway; with gateways in `local-cluster`.

mod common;

use common::World;
use gatepipe_api::user::Permission;
use serde_json::{Value, json};

const CLIENT: &str = "00112233445566778899aabbccddeeff00112233";

#[tokio::test]
async fn each_route_asks_for_its_permission_before_it_looks_at_anything() {
    let world = World::start().await;
    let without = |needed: Permission| Permission::ALL.into_iter().filter(move |given| *given != needed);
    let blind = world.person("blind", &without(Permission::Inspect).collect::<Vec<_>>()).await;
    for path in [
        "/Client/list?limit=x",
        "/Client/show",
        "/User/online",
        "/User/find",
        "/Stats/stream",
        "/Event/stream",
        "/Gateway/list",
        "/Group/list",
    ] {
        let refused = blind.get(path).await;
        refused.refused(403);
        assert!(refused.body["msg"].as_str().unwrap().contains("websocket.inspect"), "{}", refused.body);
    }
    let timid = world.person("timid", &without(Permission::Drain).collect::<Vec<_>>()).await;
    let refused = timid.post("/Gateway/drain", json!({"anything": 1})).await;
    refused.refused(403);
    assert!(refused.body["msg"].as_str().unwrap().contains("websocket.drain"), "{}", refused.body);
    let polite = world.person("polite", &without(Permission::Control).collect::<Vec<_>>()).await;
    for path in
        ["/Client/close", "/Client/unbind", "/Client/joinGroup", "/Client/leaveGroup", "/Group/dissolve"]
    {
        let refused = polite.post(path, json!({"anything": 1})).await;
        refused.refused(403);
        assert!(refused.body["msg"].as_str().unwrap().contains("websocket.control"), "{}", refused.body);
    }
    let quiet = world.person("quiet", &without(Permission::PushAny).collect::<Vec<_>>()).await;
    for path in ["/Client/push", "/Group/push"] {
        let refused = quiet.post(path, json!({"anything": 1})).await;
        refused.refused(403);
        assert!(refused.body["msg"].as_str().unwrap().contains("websocket.push_any"), "{}", refused.body);
    }
}

#[tokio::test]
async fn wrong_parameters_are_named_all_at_once() {
    let world = World::start().await;
    let admin = world.admin().await;
    let long = "x".repeat(256);
    let lists = [
        ("limit=0", vec!["limit"]),
        ("limit=101", vec!["limit"]),
        ("limit=many&bound=maybe", vec!["bound", "limit"]),
        ("uid=&group=", vec!["group", "uid"]),
        (&format!("uid={long}&group={long}"), vec!["group", "uid"]),
        ("gateway_id=00112233", vec!["gateway_id"]),
        ("gateway_id=00112233445566AA", vec!["gateway_id"]),
        (&format!("remote_address={long}"), vec!["remote_address"]),
        (&format!("cursor={CLIENT}"), vec!["cursor"]),
        ("cursor=", vec!["cursor"]),
        ("cursor=20&limit=20&bound=2", vec!["bound", "cursor"]),
    ];
    for (query, fields) in lists {
        admin.get(&format!("/Client/list?{query}")).await.wrong_fields(&fields);
    }
    for query in ["", "client_id=", "client_id=x", &format!("client_id={}", CLIENT.to_uppercase())] {
        admin.get(&format!("/Client/show?{query}")).await.wrong_fields(&["client_id"]);
    }
    let many = vec!["1"; 1_001].join(",");
    for query in
        ["", "uids=", "uids=,", "uids=1,", "uids=1,alice", "uids=0", "uids=1 ,2", &format!("uids={many}")]
    {
        admin.get(&format!("/User/online?{query}")).await.wrong_fields(&["uids"]);
    }
    for body in [json!({}), json!({"gateway_id": null}), json!({"gateway_id": 5}), json!({"gateway_id": "x"})]
    {
        admin.post("/Gateway/drain", body).await.wrong_fields(&["gateway_id"]);
    }
}

#[tokio::test]
async fn a_cursor_of_another_list_is_a_wrong_field() {
    let world = World::start().await;
    let admin = world.admin().await;
    // Cursors of a list of uids, and of clients with some filter.
    for cursor in ["uids-0123456789abcdef-616e61", &format!("clients-0123456789abcdef-{CLIENT}")] {
        let refused = admin.get(&format!("/Client/list?cursor={cursor}")).await;
        refused.wrong_fields(&["cursor"]);
        assert!(
            refused.body["data"]["cursor"].as_str().unwrap().contains("another list"),
            "{}",
            refused.body
        );
    }
}

#[tokio::test]
async fn while_no_register_was_heard_nobody_is_called_gone_or_offline() {
    let world = World::start().await;
    let admin = world.admin().await;
    let nobody_asked = json!([{"gateway": null, "reason": "no register was ever heard"}]);
    let list = admin.get("/Client/list?bound=1&remote_address=10.&group=lobby").await;
    assert_eq!(list.data(), &json!({"list": [], "next_cursor": Value::Null, "failed": nobody_asked}));
    let online = admin.get("/User/online?uids=3,1,2,1").await;
    let unknown = json!({"online": [], "offline": [], "unknown": [3, 1, 2], "failed": nobody_asked});
    assert_eq!(online.data(), &unknown);
    admin.get(&format!("/Client/show?client_id={CLIENT}")).await.refused(503);
    let found = admin.get(&format!("/User/find?uid={}", admin.id)).await;
    assert_eq!((&found.data()["online"], &found.data()["failed"]), (&Value::Null, &nobody_asked));
    assert_eq!(admin.get("/Group/list").await.data()["failed"], nobody_asked);
    let counted = admin.get("/WebSocket/estimate").await;
    assert_eq!(counted.data(), &json!({"clients": 0, "failed": nobody_asked}));
    let client = json!({"client_id": CLIENT, "group": "lobby", "uid": 1});
    for path in ["/Client/close", "/Client/unbind", "/Client/joinGroup", "/Client/leaveGroup"] {
        admin.post(path, client.clone()).await.refused(503);
    }
    // Which gateway it would be is known, and that it did not hear of it.
    let pushed = admin.post("/Client/push", client.clone()).await;
    assert_eq!(
        (&pushed.data()["reached"], &pushed.data()["failed"][0]["gateway"]),
        (&json!(0), &json!(&CLIENT[..16]))
    );
    admin.post("/Group/push", client.clone()).await.refused(503);
    admin.post("/Group/dissolve", client).await.refused(503);
    admin.post("/Gateway/drain", json!({"gateway_id": &CLIENT[..16]})).await.refused(503);
    let many: Vec<String> = (1..=1_000).map(|uid| uid.to_string()).collect();
    let many = admin.get(&format!("/User/online?uids={}", many.join(","))).await;
    assert_eq!(many.data()["unknown"].as_array().unwrap().len(), 1_000);
}
