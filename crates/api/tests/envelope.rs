//! What every answer has in common, whatever was asked.

mod common;

use common::World;
use serde_json::{Value, json};

#[tokio::test]
async fn unknown_paths_and_methods_have_the_envelope_too() {
    let world = World::start().await;
    let alice = world.person("alice", &[]).await;
    for path in ["/Nothing/here", "/websocket/bind", "/Auth/login/", "/Auth/%00", "/"] {
        alice.get(path).await.refused(404);
    }
    world.send(|client, http| client.get(format!("{http}/nothing"))).await.refused(404);
    world.send(|client, http| client.post(format!("{http}/openapi.json"))).await.refused(405);
    let wrong_method = alice.get("/WebSocket/bind").await;
    wrong_method.refused(405);
    assert_eq!(wrong_method.headers["allow"], "POST");
    alice.post("/Auth/me", json!({})).await.refused(405);
    world.send(|client, http| client.delete(format!("{http}/api/admin/Auth/login"))).await.refused(405);
}

#[tokio::test]
async fn bodies_that_are_not_json_are_told_apart() {
    let world = World::start().await;
    let admin = world.admin().await;
    let send = async |kind: Option<&str>, body: Vec<u8>| {
        world
            .send(|client, http| {
                let request = client.post(format!("{http}/api/admin/WebSocket/broadcast"));
                let request = request.bearer_auth(&admin.token).body(body);
                match kind {
                    Some(kind) => request.header("content-type", kind),
                    None => request,
                }
            })
            .await
    };
    let json = Some("application/json; charset=utf-8");
    for body in [&b""[..], b"{", b"{\"data\":}", b"\xff\xfe", b"{\"data\":\"\xff\"}", b"type=x", b"{} {}"] {
        assert_eq!(send(json, body.to_vec()).await.refused(400), &Value::Null, "{body:?}");
    }
    let deep = "[".repeat(100_000);
    send(json, deep.into_bytes()).await.refused(400);
    for kind in
        [None, Some("text/plain"), Some("application/x-www-form-urlencoded"), Some("multipart/form-data")]
    {
        send(kind, b"{}".to_vec()).await.refused(415);
    }
    let large = |bytes: usize| format!("{{\"data\":\"{}\"}}", "x".repeat(bytes)).into_bytes();
    send(json, large(1 << 20)).await.refused(413);
    // At the limit the body is read, and then it is the frame that has to fit.
    send(json, large((1 << 20) - 200)).await.refused(503);
    // The token is asked for before the body is looked at.
    let anonymous =
        world.send(|client, http| client.post(format!("{http}/api/admin/WebSocket/broadcast")).body("{"));
    anonymous.await.refused(401);
}

#[tokio::test]
async fn every_answer_has_a_request_id() {
    let world = World::start().await;
    let alice = world.person("alice", &[]).await;
    let ask = async |path: &str, id: Option<&str>| {
        let reply = world.send(|client, http| {
            let request = client.get(format!("{http}{path}")).bearer_auth(&alice.token);
            match id {
                Some(id) => request.header("x-request-id", id),
                None => request,
            }
        });
        reply.await.headers["x-request-id"].to_str().unwrap().to_owned()
    };
    for path in
        ["/api/admin/Auth/me", "/api/admin/Nothing", "/nowhere", "/openapi.json", "/api/admin/WebSocket/bind"]
    {
        assert_eq!(ask(path, Some("abc-1.2_3:4")).await, "abc-1.2_3:4");
        let made = ask(path, None).await;
        assert_eq!(made.len(), 32, "{made}");
        assert_ne!(ask(path, None).await, made);
        for odd in ["x".repeat(129).as_str(), "two words", "<script>", ""] {
            assert_ne!(ask(path, Some(odd)).await, odd);
        }
    }
    let refused = world.send(|client, http| client.get(format!("{http}/api/admin/Auth/me"))).await;
    assert!(refused.headers.contains_key("x-request-id"));
}

#[tokio::test]
async fn answers_are_counted_by_route_and_status() {
    let world = World::start().await;
    let alice = world.person("alice", &[]).await;
    for _ in 0..3 {
        alice.get("/Auth/me").await.data();
    }
    alice.get("/secret-4711").await.refused(404);
    alice.get("/Gateway/list").await.refused(403);
    let (status, metrics) = world.admin_page("/metrics").await;
    assert_eq!(status, 200);
    for line in [
        "gatepipe_api_http_requests_total{route=\"/api/admin/Auth/me\",status=\"200\"} 3",
        "gatepipe_api_http_requests_total{route=\"none\",status=\"404\"} 1",
        "gatepipe_api_http_requests_total{route=\"/api/admin/Gateway/list\",status=\"403\"} 1",
        "gatepipe_api_http_request_seconds_count{route=\"/api/admin/Auth/me\"} 3",
        "gatepipe_api_store_errors_total{call=\"read_standings\"} 0",
        "gatepipe_api_registers_connected 0",
    ] {
        assert!(metrics.contains(line), "{line}\n{metrics}");
    }
    assert!(!metrics.contains("secret-4711"), "what callers make up is no label");
}
