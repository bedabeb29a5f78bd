//! Who is calling: logins, tokens, permissions, the throttle.

mod common;

use std::time::Duration;

use common::{PASSWORD, SECRET, World};
use gatepipe_api::auth::Keys;
use gatepipe_api::service::users;
use gatepipe_api::user::{Password, Permission};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use secrecy::ExposeSecret as _;
use serde_json::{Value, json};

fn made(claims: &Value, algorithm: Algorithm, secret: &str) -> String {
    jsonwebtoken::encode(&Header::new(algorithm), claims, &EncodingKey::from_secret(secret.as_bytes()))
        .unwrap()
}

fn in_an_hour() -> i64 {
    chrono::Utc::now().timestamp() + 3_600
}

#[tokio::test]
async fn alice_logs_in_and_is_told_who_she_is() {
    let world = World::start().await;
    let boss = world.person("boss", &[]).await;
    let alice = world.person_below("alice", Some(boss.id), &[Permission::Inspect]).await;
    let login = world.login("alice", PASSWORD).await;
    let data = login.data();
    assert_eq!(data["user"]["id"], json!(alice.id));
    assert_eq!(data["user"]["username"], "alice");
    assert_eq!(data["user"]["manager_id"], json!(boss.id));
    assert_eq!(data["user"]["permissions"], json!(["websocket.inspect"]));
    let expires = data["expires_at_ms"].as_i64().unwrap();
    assert!((expires / 1_000 - chrono::Utc::now().timestamp() - 12 * 3_600).abs() < 5);
    let written =
        chrono::NaiveDateTime::parse_from_str(data["expires_at"].as_str().unwrap(), "%Y-%m-%d %H:%M:%S");
    assert_eq!(written.unwrap().and_utc().timestamp_millis(), expires);

    let holder = world.holder(alice.id, "alice", data["token"].as_str().unwrap());
    let me = holder.get("/Auth/me").await;
    assert_eq!(me.data()["user"], data["user"]);
    assert_eq!(me.data()["expires_at_ms"], data["expires_at_ms"]);
}

#[tokio::test]
async fn wrong_passwords_and_unknown_users_look_the_same() {
    let world = World::start().await;
    world.person("alice", &[]).await;
    let wrong = world.login("alice", "wrong horse").await;
    let unknown = world.login("nobody", PASSWORD).await;
    let other_case = world.login("Alice", PASSWORD).await;
    for reply in [&wrong, &unknown, &other_case] {
        assert_eq!(reply.refused(401), &Value::Null);
        assert_eq!(reply.body, wrong.body);
    }
}

#[tokio::test]
async fn a_login_needs_two_texts() {
    let world = World::start().await;
    let cases = [
        (json!({}), vec!["password", "username"]),
        (json!({"username": 1, "password": true}), vec!["password", "username"]),
        (json!({"username": "", "password": ""}), vec!["password", "username"]),
        (json!({"username": "x".repeat(65), "password": "x"}), vec!["username"]),
        (json!({"username": "x", "password": "x".repeat(1_025)}), vec!["password"]),
        (json!({"username": null, "password": "x"}), vec!["username"]),
    ];
    for (body, fields) in cases {
        let reply =
            world.send(|client, http| client.post(format!("{http}/api/admin/Auth/login")).json(&body));
        reply.await.wrong_fields(&fields);
    }
}

#[tokio::test]
async fn failed_logins_are_throttled_by_name_and_good_ones_are_free() {
    let world = World::start_with(|config| config.login_tries_per_username = 3.try_into().unwrap()).await;
    world.person("alice", &[]).await;
    world.person("bob", &[]).await;
    for _ in 0..8 {
        world.login("alice", PASSWORD).await.data();
    }
    for _ in 0..3 {
        world.login("alice", "wrong horse").await.refused(401);
    }
    let throttled = world.login("alice", PASSWORD).await;
    throttled.refused(429);
    let wait: u64 = throttled.headers["retry-after"].to_str().unwrap().parse().unwrap();
    assert!((1..=20).contains(&wait), "{wait}");
    world.login("bob", PASSWORD).await.data();
    let (_, metrics) = world.admin_page("/metrics").await;
    assert!(metrics.contains("gatepipe_api_logins_total{result=\"throttled\"} 1"), "{metrics}");
}

#[tokio::test]
async fn failed_logins_are_throttled_by_address_whatever_the_name() {
    let world = World::start_with(|config| config.login_tries_per_address = 4.try_into().unwrap()).await;
    for attempt in 0..4 {
        world.login(&format!("name{attempt}"), "wrong horse").await.refused(401);
    }
    let throttled = world.login("another", "wrong horse").await;
    throttled.refused(429);
    assert!(throttled.headers.contains_key("retry-after"));
}

#[tokio::test]
async fn behind_a_trusted_proxy_each_caller_has_tries_of_their_own() {
    let login = async |world: &World, forwarded: &str| {
        let body = json!({"username": forwarded, "password": "wrong horse"});
        let reply = world.send(|client, http| {
            let url = format!("{http}/api/admin/Auth/login");
            client.post(url).header("x-forwarded-for", forwarded).json(&body)
        });
        reply.await.status
    };
    let world = World::start_with(|config| {
        config.login_tries_per_address = 1.try_into().unwrap();
        config.trusted_proxies = vec!["127.0.0.0/8".parse().unwrap()];
    })
    .await;
    assert_eq!(login(&world, "203.0.113.1").await, 401);
    assert_eq!(login(&world, "203.0.113.2").await, 401);
    assert_eq!(login(&world, "203.0.113.9, 203.0.113.1").await, 429, "what callers write is not believed");
    let world = World::start_with(|config| config.login_tries_per_address = 1.try_into().unwrap()).await;
    assert_eq!(login(&world, "203.0.113.1").await, 401);
    assert_eq!(login(&world, "203.0.113.2").await, 429);
}

#[tokio::test]
async fn without_a_good_token_nothing_is_answered() {
    let world = World::start().await;
    let alice = world.person("alice", &[]).await;
    let id = alice.id;
    let good = json!({"sub": id, "exp": in_an_hour(), "ver": 0});
    // {"alg":"none","typ":"JWT"}
    let body = made(&good, Algorithm::HS256, SECRET).split('.').nth(1).unwrap().to_owned();
    let none = format!("eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0.{body}.");
    let with = |claims: Value| made(&claims, Algorithm::HS256, SECRET);
    let wrong = [
        String::new(),
        "x".into(),
        "a.b.c".into(),
        none,
        made(&good, Algorithm::HS512, SECRET),
        made(&good, Algorithm::HS256, "another secret, of more than 32 bytes"),
        with(json!({"sub": id, "exp": chrono::Utc::now().timestamp() - 1, "ver": 0})),
        with(json!({"sub": id, "ver": 0})),
        with(json!({"sub": id, "exp": "tomorrow", "ver": 0})),
        with(json!({"sub": "alice", "exp": in_an_hour(), "ver": 0})),
        with(json!({"sub": 1.5, "exp": in_an_hour(), "ver": 0})),
        with(json!({"sub": 4_711, "exp": in_an_hour(), "ver": 0})),
        with(json!({"sub": id, "exp": in_an_hour(), "ver": 1})),
        with(json!({"sub": id, "exp": in_an_hour(), "ver": "0"})),
        with(json!({"sub": id, "exp": in_an_hour(), "permissions": "websocket.push_any"})),
    ];
    for token in wrong {
        let reply = world.holder(id, "alice", &token).get("/Auth/me").await;
        assert_eq!(reply.refused(401), &Value::Null, "{token}");
        assert_eq!(reply.headers["www-authenticate"], "Bearer");
    }
    for header in ["", "Bearer", "Basic YTpi", "bearer  "] {
        let reply = world.send(|client, http| {
            client.get(format!("{http}/api/admin/Auth/me")).header("authorization", header)
        });
        reply.await.refused(401);
    }
    world.holder(id, "alice", &with(good)).get("/Auth/me").await.data();
}

#[tokio::test]
async fn sub_may_be_a_decimal_string_and_ver_may_be_absent_until_a_forced_offline() {
    let world = World::start().await;
    let alice = world.person("alice", &[]).await;
    let claims = json!({"sub": alice.id.to_string(), "exp": in_an_hour(), "iat": 1});
    let token = made(&claims, Algorithm::HS256, SECRET);
    let holder = world.holder(alice.id, "alice", &token);
    assert_eq!(holder.get("/Auth/me").await.data()["user"]["id"], json!(alice.id));
    let now_ms = chrono::Utc::now().timestamp_millis();
    world.store.cut_tokens(alice.id, now_ms).await.unwrap();
    holder.get("/Auth/me").await.refused(401);
    let later = json!({"sub": alice.id, "exp": in_an_hour(), "iat": now_ms / 1_000 + 1});
    let later = made(&later, Algorithm::HS256, SECRET);
    world.holder(alice.id, "alice", &later).get("/Auth/me").await.data();
}

#[tokio::test]
async fn the_permissions_of_a_token_only_narrow() {
    let world = World::start().await;
    let carol = world.person("carol", &[Permission::Inspect, Permission::Broadcast]).await;
    let may = async |permissions: Value| {
        let claims = json!({"sub": carol.id, "exp": in_an_hour(), "ver": 0, "permissions": permissions});
        let token = made(&claims, Algorithm::HS256, SECRET);
        let me = world.holder(carol.id, "carol", &token).get("/Auth/me").await;
        me.data()["user"]["permissions"].clone()
    };
    let both = json!(["websocket.broadcast", "websocket.inspect"]);
    assert_eq!(may(Value::Null).await, both);
    assert_eq!(may(json!(["websocket.inspect"])).await, json!(["websocket.inspect"]));
    assert_eq!(may(json!([])).await, json!([]));
    assert_eq!(may(json!(["websocket.force_offline", "no such thing"])).await, json!([]));
    let claims = json!({"sub": carol.id, "exp": in_an_hour(), "permissions": []});
    let narrowed = world.holder(carol.id, "carol", &made(&claims, Algorithm::HS256, SECRET));
    narrowed.get("/Gateway/list").await.refused(403);
    carol.get("/Gateway/list").await.data();
}

#[tokio::test]
async fn permissions_come_from_roles_and_own_grants_and_change_at_once() {
    let world = World::start().await;
    let dave = world.person("dave", &[]).await;
    let operator = "operator".parse().unwrap();
    dave.get("/Gateway/list").await.refused(403);
    world.store.put_role(&operator, &[Permission::Inspect]).await.unwrap();
    world.store.give_role(dave.id, &operator).await.unwrap();
    world.store.give_role(dave.id, &operator).await.unwrap();
    dave.get("/Gateway/list").await.data();
    world.store.put_role(&operator, &[]).await.unwrap();
    dave.get("/Gateway/list").await.refused(403);
    world.store.grant(dave.id, Permission::Inspect).await.unwrap();
    world.store.grant(dave.id, Permission::Inspect).await.unwrap();
    dave.get("/Gateway/list").await.data();
    assert!(world.store.revoke(dave.id, Permission::Inspect).await.unwrap());
    dave.get("/Gateway/list").await.refused(403);
    assert!(world.store.take_role(dave.id, &operator).await.unwrap());
    assert!(!world.store.take_role(dave.id, &operator).await.unwrap());
}

#[tokio::test]
async fn another_password_makes_old_tokens_useless() {
    let world = World::start().await;
    let alice = world.person("alice", &[]).await;
    let password = Password::new("another horse".into()).unwrap();
    assert!(users::change_password(&world.store, alice.id, password).await.unwrap());
    alice.get("/Auth/me").await.refused(401);
    world.login("alice", PASSWORD).await.refused(401);
    world.login("alice", "another horse").await.data();
}

#[tokio::test]
async fn tokens_of_others_are_checked_with_their_public_key() {
    const PRIVATE: &str = "-----BEGIN PRIVATE KEY-----
MC4CAQAwBQYDK2VwBCIEIPggxJaH6Y0uteyHED9+W2FA2xKKv7b7jZ1vtXcvftpS
-----END PRIVATE KEY-----
";
    const PUBLIC: &str = "-----BEGIN PUBLIC KEY-----
MCowBQYDK2VwAyEA5SbyeZp/8080qdTjSavFkEfY2SBl8bB1SrWsvVDGIPM=
-----END PUBLIC KEY-----
";
    let dir = tempfile::tempdir().unwrap();
    let pem = dir.path().join("issuer.pem");
    std::fs::write(&pem, PUBLIC).unwrap();
    let world = World::start_in(dir, |config| {
        config.jwt_secret = None;
        config.jwt_public_key = Some(pem);
    })
    .await;
    let alice = world.person("alice", &[]).await;
    let claims = json!({"sub": alice.id, "exp": in_an_hour()});
    let key = EncodingKey::from_ed_pem(PRIVATE.as_bytes()).unwrap();
    let token = jsonwebtoken::encode(&Header::new(Algorithm::EdDSA), &claims, &key).unwrap();
    world.holder(alice.id, "alice", &token).get("/Auth/me").await.data();
    // The classic: the public key, taken for an HS256 secret.
    let forged = made(&claims, Algorithm::HS256, PUBLIC);
    world.holder(alice.id, "alice", &forged).get("/Auth/me").await.refused(401);
    alice.get("/Auth/me").await.refused(401);
    world.login("alice", PASSWORD).await.refused(403);
}

#[tokio::test]
async fn a_token_made_for_an_operator_is_as_good_as_one_of_a_login() {
    let world = World::start().await;
    let alice = world.person("alice", &[]).await;
    let keys = Keys::from_secret(&SECRET.into()).unwrap();
    let token =
        users::make_token(&world.store, &keys, alice.id, Duration::from_secs(60)).await.unwrap().unwrap();
    world.holder(alice.id, "alice", token.text.expose_secret()).get("/Auth/me").await.data();
    let nobody = gatepipe_api::id::UserId::new(4_711).unwrap();
    assert!(users::make_token(&world.store, &keys, nobody, Duration::from_secs(60)).await.unwrap().is_none());
}
