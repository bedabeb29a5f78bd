//! Pages of other origins.

mod common;

use common::{Reply, World};
use reqwest::Method;
use serde_json::json;

const ORIGIN: &str = "https://admin.example.com";

async fn world() -> World {
    World::start_with(|config| {
        config.cors_origins = vec![ORIGIN.parse().unwrap(), "http://localhost:5173".parse().unwrap()];
    })
    .await
}

async fn preflight(world: &World, path: &str, origin: &str) -> Reply {
    let request = world.send(|client, http| {
        client
            .request(Method::OPTIONS, format!("{http}{path}"))
            .header("origin", origin)
            .header("access-control-request-method", "POST")
            .header("access-control-request-headers", "authorization,content-type")
    });
    request.await
}

fn header<'a>(reply: &'a Reply, name: &str) -> &'a str {
    reply.headers.get(name).map_or("", |value| value.to_str().unwrap())
}

#[tokio::test]
async fn a_preflight_of_a_listed_origin_is_answered_without_a_token() {
    let world = world().await;
    for origin in [ORIGIN, "http://localhost:5173"] {
        let reply = preflight(&world, "/api/admin/WebSocket/bind", origin).await;
        assert_eq!((reply.status, &reply.body), (204, &json!("")));
        assert_eq!(header(&reply, "access-control-allow-origin"), origin);
        assert_eq!(header(&reply, "access-control-allow-methods"), "GET, POST");
        let allowed = header(&reply, "access-control-allow-headers");
        for name in ["authorization", "content-type", "idempotency-key", "if-range", "range", "x-request-id"]
        {
            assert!(allowed.split(", ").any(|one| one == name), "{allowed}");
        }
        assert_eq!(header(&reply, "access-control-max-age"), "600");
        assert_eq!(header(&reply, "vary"), "origin");
        assert!(!reply.headers.contains_key("access-control-allow-credentials"));
        assert!(reply.headers.contains_key("x-request-id"));
    }
}

#[tokio::test]
async fn others_are_told_nothing() {
    let world = world().await;
    for origin in
        ["https://evil.example.com", "null", "https://admin.example.com:8443", "http://admin.example.com"]
    {
        let reply = preflight(&world, "/api/admin/WebSocket/bind", origin).await;
        reply.refused(401);
        assert_eq!(header(&reply, "access-control-allow-origin"), "");
        assert_eq!(header(&reply, "vary"), "origin");
    }
    let plain = world.send(|client, http| {
        client.request(Method::OPTIONS, format!("{http}/api/admin/Auth/me")).header("origin", ORIGIN)
    });
    plain.await.refused(401);
}

#[tokio::test]
async fn answers_and_refusals_may_be_read_by_a_listed_origin() {
    let world = world().await;
    let alice = world.person("alice", &[]).await;
    let get = async |origin: &str, token: &str| {
        let reply = world.send(|client, http| {
            client.get(format!("{http}/api/admin/Auth/me")).header("origin", origin).bearer_auth(token)
        });
        reply.await
    };
    let good = get(ORIGIN, &alice.token).await;
    good.data();
    let refused = get(ORIGIN, "x").await;
    refused.refused(401);
    for reply in [&good, &refused] {
        assert_eq!(header(reply, "access-control-allow-origin"), ORIGIN);
        let exposed = header(reply, "access-control-expose-headers");
        for name in ["content-disposition", "content-range", "etag", "idempotency-replayed", "x-request-id"] {
            assert!(exposed.split(", ").any(|one| one == name), "{exposed}");
        }
        assert_eq!(header(reply, "vary"), "origin");
    }
    let other = get("https://evil.example.com", &alice.token).await;
    other.data();
    assert_eq!(header(&other, "access-control-allow-origin"), "");
    let same = alice.get("/Auth/me").await;
    assert_eq!((header(&same, "access-control-allow-origin"), header(&same, "vary")), ("", "origin"));
}

#[tokio::test]
async fn without_the_setting_nothing_is_said() {
    let world = World::start().await;
    let reply = preflight(&world, "/api/admin/Auth/login", ORIGIN).await;
    reply.refused(405);
    let names = reply.headers.keys().map(|name| name.as_str());
    assert!(names.into_iter().all(|name| !name.starts_with("access-control") && name != "vary"));
}
