//! The document says what the router does.

mod common;

use std::collections::{BTreeMap, BTreeSet};

use common::World;
use serde_json::{Value, json};

const ROUTES: [(&str, &str); 55] = [
    ("/api/admin/Audit/export", "get"),
    ("/api/admin/Audit/list", "get"),
    ("/api/admin/Auth/changePassword", "post"),
    ("/api/admin/Auth/login", "post"),
    ("/api/admin/Auth/me", "get"),
    ("/api/admin/Client/close", "post"),
    ("/api/admin/Client/joinGroup", "post"),
    ("/api/admin/Client/leaveGroup", "post"),
    ("/api/admin/Client/list", "get"),
    ("/api/admin/Client/push", "post"),
    ("/api/admin/Client/show", "get"),
    ("/api/admin/Client/unbind", "post"),
    ("/api/admin/Event/stream", "get"),
    ("/api/admin/ExportTask/create", "post"),
    ("/api/admin/ExportTask/download", "get"),
    ("/api/admin/ExportTask/list", "get"),
    ("/api/admin/ExportTask/show", "get"),
    ("/api/admin/Gateway/drain", "post"),
    ("/api/admin/Gateway/list", "get"),
    ("/api/admin/Group/dissolve", "post"),
    ("/api/admin/Group/list", "get"),
    ("/api/admin/Group/push", "post"),
    ("/api/admin/Notification/delete", "post"),
    ("/api/admin/Notification/list", "get"),
    ("/api/admin/Notification/listAll", "get"),
    ("/api/admin/Notification/pushAgain", "post"),
    ("/api/admin/Notification/read", "post"),
    ("/api/admin/Notification/readAll", "post"),
    ("/api/admin/Notification/send", "post"),
    ("/api/admin/Notification/show", "get"),
    ("/api/admin/Notification/unreadCount", "get"),
    ("/api/admin/Role/change", "post"),
    ("/api/admin/Role/create", "post"),
    ("/api/admin/Role/delete", "post"),
    ("/api/admin/Role/list", "get"),
    ("/api/admin/Settings/list", "get"),
    ("/api/admin/Stats/stream", "get"),
    ("/api/admin/User/create", "post"),
    ("/api/admin/User/disable", "post"),
    ("/api/admin/User/enable", "post"),
    ("/api/admin/User/find", "get"),
    ("/api/admin/User/giveRole", "post"),
    ("/api/admin/User/grant", "post"),
    ("/api/admin/User/list", "get"),
    ("/api/admin/User/online", "get"),
    ("/api/admin/User/revoke", "post"),
    ("/api/admin/User/setManager", "post"),
    ("/api/admin/User/setPassword", "post"),
    ("/api/admin/User/show", "get"),
    ("/api/admin/User/takeRole", "post"),
    ("/api/admin/WebSocket/bind", "post"),
    ("/api/admin/WebSocket/broadcast", "post"),
    ("/api/admin/WebSocket/estimate", "get"),
    ("/api/admin/WebSocket/forceOffline", "post"),
    ("/api/admin/WebSocket/pushToUser", "post"),
];

async fn document(world: &World) -> Value {
    let reply = world.send(|client, http| client.get(format!("{http}/openapi.json"))).await;
    assert_eq!(reply.status, 200);
    assert_eq!(reply.headers["content-type"], "application/json");
    reply.body
}

#[tokio::test]
async fn every_route_is_described_with_whole_paths() {
    let world = World::start().await;
    let document = document(&world).await;
    let paths: BTreeMap<String, BTreeMap<String, Value>> =
        serde_json::from_value(document["paths"].clone()).unwrap();
    let described: Vec<(&str, &str)> = paths
        .iter()
        .flat_map(|(path, methods)| methods.keys().map(|method| (path.as_str(), method.as_str())))
        .collect();
    assert_eq!(described, ROUTES);
    for (path, method) in ROUTES {
        let answers = &paths[path][method]["responses"];
        let statuses: Vec<&str> = answers.as_object().unwrap().keys().map(String::as_str).collect();
        let success = if path.ends_with("/ExportTask/create") { "202" } else { "200" };
        for status in [success, "401", "500", "503"] {
            assert!(statuses.contains(&status), "{path}: {statuses:?}");
        }
        if method == "post" {
            for status in ["400", "413", "415", "422"] {
                assert!(statuses.contains(&status), "{path}: {statuses:?}");
            }
        }
        for (status, answer) in answers.as_object().unwrap() {
            let stream = path.ends_with("/stream") && status == "200";
            let file = ["/ExportTask/download", "/Audit/export"].iter().any(|end| path.ends_with(end))
                && status.starts_with('2');
            let kind = match (stream, file) {
                (true, _) => "text/event-stream",
                (_, true) => "text/csv",
                _ => "application/json",
            };
            let schema = &answer["content"][kind]["schema"];
            assert!(schema.is_object(), "{path} {status}: {answer}");
            assert!(answer["description"].as_str().is_some(), "{path} {status}");
        }
        assert!(paths[path][method]["summary"].as_str().is_some_and(|text| !text.is_empty()), "{path}");
    }
}

/// What the console's calls are typed by. `gatepipe openapi > web/console/openapi.json` writes it anew.
#[tokio::test]
async fn the_console_is_built_from_this_document() {
    let world = World::start().await;
    let written: Value = serde_json::from_str(include_str!("../../../web/console/openapi.json")).unwrap();
    let served = document(&world).await;
    assert!(written == served, "write it anew: cargo run -- openapi > web/console/openapi.json");
    assert_eq!(serde_json::to_value(gatepipe_api::router::document()).unwrap(), served);
}

#[tokio::test]
async fn every_operation_has_a_name_of_its_own() {
    let world = World::start().await;
    let document = document(&world).await;
    let operations =
        document["paths"].as_object().unwrap().values().flat_map(|path| path.as_object().unwrap().values());
    let names: Vec<&str> = operations.map(|operation| operation["operationId"].as_str().unwrap()).collect();
    assert_eq!(names.len(), ROUTES.len());
    assert_eq!(names.iter().collect::<BTreeSet<_>>().len(), names.len(), "{names:?}");
    assert!(names.contains(&"notificationSend") && names.contains(&"webSocketPushToUser"), "{names:?}");
    // Two types of one name would be described as one of them.
    let kinds = |name: &str| document["components"]["schemas"][name]["enum"].clone();
    assert_eq!(kinds("Kind"), json!(["info", "success", "warning", "error"]));
    assert_eq!(kinds("ColumnKind"), json!(["auto", "text", "number", "date", "datetime"]));
}

#[tokio::test]
async fn what_is_described_exists_and_asks_for_a_token_except_the_login() {
    let world = World::start().await;
    for (path, method) in ROUTES {
        let reply = world.send(|client, http| {
            let url = format!("{http}{path}");
            if method == "get" { client.get(url) } else { client.post(url).json(&json!({})) }
        });
        let expected = if path.ends_with("/Auth/login") { 422 } else { 401 };
        reply.await.refused(expected);
    }
    let document = document(&world).await;
    assert_eq!(document["security"], json!([{"token": []}]));
    let token = &document["components"]["securitySchemes"]["token"];
    assert_eq!((&token["scheme"], &token["bearerFormat"]), (&json!("bearer"), &json!("JWT")));
    assert!(token["description"].as_str().unwrap().contains("another issuer"));
    assert_eq!(document["paths"]["/api/admin/Auth/login"]["post"]["security"], json!([{}]));
}

#[tokio::test]
async fn every_reference_leads_somewhere_and_bodies_say_what_is_required() {
    let world = World::start().await;
    let document = document(&world).await;
    let text = document.to_string();
    for reference in text.split("\"$ref\":\"").skip(1) {
        let reference = reference.split('"').next().unwrap();
        let pointer = reference.strip_prefix('#').unwrap();
        assert!(document.pointer(pointer).is_some(), "{reference}");
    }
    let schemas = &document["components"]["schemas"];
    assert_eq!(schemas["SendBody"]["required"], json!(["user_ids", "title", "content"]));
    assert_eq!(schemas["PushBody"]["required"], json!(["uid"]), "{}", schemas["PushBody"]);
    assert_eq!(schemas["BroadcastBody"].get("required"), None);
    let properties: Vec<&String> = schemas["PushBody"]["properties"].as_object().unwrap().keys().collect();
    assert_eq!(properties, ["data", "type", "uid"]);
}

#[tokio::test]
async fn routes_with_an_idempotency_key_say_so() {
    let world = World::start().await;
    let document = document(&world).await;
    let has_key = |(path, method): &(&'static str, &str)| {
        let route = &document["paths"][path][method];
        let mut parameters = route["parameters"].as_array().into_iter().flatten();
        let key = parameters.find(|one| one["name"] == "Idempotency-Key")?;
        assert_eq!((&key["in"], &key["required"]), (&json!("header"), &json!(false)), "{path}");
        assert!(key["description"].as_str().unwrap().contains("24 hours"), "{key}");
        let success = if path.ends_with("/ExportTask/create") { "202" } else { "200" };
        assert!(route["responses"][success]["headers"]["Idempotency-Replayed"].is_object(), "{path}");
        assert!(route["responses"]["409"].is_object(), "{path}");
        Some(*path)
    };
    let with_key: Vec<_> = ROUTES.iter().filter_map(has_key).collect();
    let expected = ["ExportTask/create", "Notification/send", "WebSocket/broadcast"];
    assert_eq!(with_key, expected.map(|route| format!("/api/admin/{route}")));
}
