//! Whose a token of others is, for whom it was made, and how long it is good.

use std::collections::BTreeSet;

use gatepipe_api::auth::foreign::mapping::UserKind;
use gatepipe_api::store::StoreError;
use gatepipe_api::user::{ExternalSubject, Permission};
use serde_json::{Value, json};

use crate::common::{PASSWORD, Reply, World, eventually};
use crate::issuer::Issuer;
use crate::signer::{Signer, claims, set};
use crate::{believe, make_users, me, open_world, world};

const ISSUER: &str = "https://id.example.com";

fn key() -> Signer {
    Signer::ed25519("a", 1)
}

async fn issuer() -> Issuer {
    Issuer::start(&set(&[&key()])).await
}

fn with(subject: impl Into<Value>, more: Value) -> Value {
    let mut claims = claims(subject);
    claims.as_object_mut().unwrap().append(&mut more.as_object().unwrap().clone());
    claims
}

async fn usernames(world: &World) -> Vec<String> {
    world.store.users(None, 1_000).await.unwrap().into_iter().map(|user| user.username).collect()
}

#[tokio::test]
async fn unless_it_is_set_otherwise_sub_is_one_of_our_ids_and_nobody_is_made() {
    let issuer = issuer().await;
    let world = world(&issuer, |_| {}).await;
    let alice = world.person("alice", &[]).await;
    let of = |subject: Value| key().token(&claims(subject));
    for subject in [json!(alice.id), json!(alice.id.to_string())] {
        assert_eq!(me(&world, &of(subject)).await.data()["user"]["username"], "alice");
    }
    for subject in [json!(4_711), json!("alice"), json!(1.5), Value::Null] {
        me(&world, &of(subject)).await.refused(401);
    }
    assert_eq!(usernames(&world).await, ["alice"]);
    world.login("alice", PASSWORD).await.refused(403);
    alice.get("/Auth/me").await.refused(401);
}

#[tokio::test]
async fn a_name_of_ours_says_who_it_is_where_that_is_set() {
    let issuer = issuer().await;
    let world = world(&issuer, |config| {
        config.foreign.mapping.kind = UserKind::Username;
        config.foreign.mapping.user = "account.login".parse().unwrap();
    })
    .await;
    let alice = world.person("alice", &[Permission::Inspect]).await;
    let of = |name: &str| key().token(&with("f81d", json!({"account": {"login": name}})));
    let user = me(&world, &of("alice")).await.data()["user"].clone();
    assert_eq!((&user["id"], &user["permissions"]), (&json!(alice.id), &json!(["websocket.inspect"])));
    for stranger in ["bob", "Alice", "", "two words"] {
        me(&world, &of(stranger)).await.refused(401);
    }
    let bob = world.person("bob", &[]).await;
    assert_eq!(me(&world, &of("bob")).await.data()["user"]["id"], json!(bob.id), "known from now on");
}

/// Asks again as a page does while the api says that its database is busy: so many at once are much for a slow machine.
async fn let_in(world: &World, token: &str) -> Reply {
    let mut reply = me(world, token).await;
    eventually("an answer", async || {
        let busy = reply.status == 503;
        if busy {
            reply = me(world, token).await;
        }
        !busy
    })
    .await;
    reply
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_first_sights_at_once_one_makes_the_user() {
    for kind in [UserKind::Username, UserKind::External] {
        let issuer = issuer().await;
        let world = open_world(&issuer, |config| config.foreign.mapping.kind = kind).await;
        let tokens: Vec<_> = (0..60)
            .map(|number| key().token(&with(format!("user{}", number % 3), json!({"jti": number}))))
            .collect();
        let replies = futures_util::future::join_all(tokens.iter().map(|token| let_in(&world, token))).await;
        let ids: BTreeSet<_> =
            replies.iter().map(|reply| reply.data()["user"]["id"].as_i64().unwrap()).collect();
        assert_eq!(ids.len(), 3);
        assert_eq!(usernames(&world).await.iter().collect::<BTreeSet<_>>().len(), 3);
        let user = &replies[0].data()["user"];
        assert_eq!((&user["permissions"], &user["manager_id"]), (&json!([]), &Value::Null));
    }
}

#[tokio::test]
async fn a_user_of_somebody_else_has_an_inbox_and_no_password() {
    let issuer = issuer().await;
    let world = open_world(&issuer, |_| {}).await;
    let token = key().token(&claims("ana"));
    let id = me(&world, &token).await.data()["user"]["id"].as_i64().unwrap();
    let ana = world.holder(gatepipe_api::id::UserId::new(id).unwrap(), "ana", &token);
    assert_eq!(ana.unread().await, 0);
    let dir = world.stop().await;
    // The same database, now with tokens of our own.
    let world = World::start_in(dir, |_| {}).await;
    for password in ["!", "x"] {
        world.login("ana", password).await.refused(401);
    }
    let admin = world.admin().await;
    admin.notify(&[ana.id], "hello").await.data();
}

#[tokio::test]
async fn whoever_chooses_a_name_elsewhere_does_not_become_its_owner_here() {
    let issuer = issuer().await;
    let world = open_world(&issuer, |config| {
        config.foreign.mapping.username = Some("preferred_username".parse().unwrap());
    })
    .await;
    let admin = world.admin().await;
    let of = |subject: &str, name: &str| key().token(&with(subject, json!({"preferred_username": name})));
    let user = me(&world, &of("7f", "admin")).await.data()["user"].clone();
    assert_ne!(user["id"], json!(admin.id));
    assert_eq!(user["permissions"], json!([]));
    assert!(user["username"].as_str().unwrap().starts_with("admin-"), "{user}");
    // The name is taken once; later ones change nothing.
    assert_eq!(me(&world, &of("7f", "root")).await.data()["user"], user);
    assert_eq!(
        me(&world, &of("auth0|8", "two words")).await.data()["user"]["username"].as_str().unwrap().len(),
        13
    );
}

#[tokio::test]
async fn two_issuers_may_call_their_users_the_same() {
    let issuer = issuer().await;
    let world = open_world(&issuer, |_| {}).await;
    let id = async |issuer: Value| {
        let token = key().token(&with("ana", json!({ "iss": issuer })));
        me(&world, &token).await.data()["user"]["id"].as_i64().unwrap()
    };
    let ids = [id(json!("https://a")).await, id(json!("https://b")).await, id(Value::Null).await];
    assert_eq!(BTreeSet::from(ids).len(), 3);
    assert_eq!(id(json!("https://b")).await, ids[1]);
}

#[tokio::test]
async fn an_existing_user_is_linked_to_a_subject_for_good() {
    let issuer = issuer().await;
    let world = world(&issuer, |config| config.foreign.mapping.kind = UserKind::External).await;
    let alice = world.person("alice", &[]).await;
    let bob = world.person("bob", &[]).await;
    let token = key().token(&claims("auth0|7"));
    me(&world, &token).await.refused(401);
    let subject = ExternalSubject::new(ISSUER, "auth0|7").unwrap();
    world.store.link_subject(alice.id, &subject).await.unwrap();
    assert_eq!(me(&world, &token).await.data()["user"]["username"], "alice");
    world.store.link_subject(alice.id, &subject).await.unwrap();
    let taken = world.store.link_subject(bob.id, &subject).await;
    assert!(matches!(taken, Err(StoreError::SubjectTaken(name)) if name == "auth0|7"));
    let nobody = gatepipe_api::id::UserId::new(4_711).unwrap();
    let missing = world.store.link_subject(nobody, &ExternalSubject::new("", "x").unwrap()).await;
    assert!(matches!(missing, Err(StoreError::NoSuchUsers(_))));
    let (other, names) = (ExternalSubject::new("", "y").unwrap(), ["alice", "bob"]);
    let names = names.map(|name| name.parse().unwrap()).into();
    let all_taken = world.store.create_external_user(&other, names, 0).await;
    assert!(matches!(all_taken, Err(StoreError::UsernameTaken(name)) if name == "bob"));
}

#[tokio::test]
async fn issuer_audience_and_times_are_checked_and_a_claim_narrows() {
    let issuer = issuer().await;
    let world = open_world(&issuer, |config| {
        config.foreign.mapping.issuers = vec![ISSUER.into()];
        config.foreign.mapping.audiences = vec!["push".into()];
        config.foreign.mapping.permissions = "scope".parse().unwrap();
    })
    .await;
    let now = chrono::Utc::now().timestamp();
    let says = async |more: Value| {
        let token = key().token(&with("ana", more));
        me(&world, &token).await
    };
    let me = says(json!({"aud": ["mail", "push"]})).await;
    let ana = gatepipe_api::id::UserId::new(me.data()["user"]["id"].as_i64().unwrap()).unwrap();
    for permission in [Permission::Inspect, Permission::Broadcast] {
        world.store.grant(ana, permission).await.unwrap();
    }
    for good in [
        json!({"aud": "push", "exp": now - 30}),
        json!({"aud": "push", "nbf": now + 30}),
        json!({"aud": "push", "iat": now + 30}),
        json!({"aud": "push", "ver": "2.0"}),
    ] {
        says(good).await.data();
    }
    for bad in [
        json!({"aud": "mail"}),
        json!({}),
        json!({"aud": "push", "iss": "https://other.example.com"}),
        json!({"aud": "push", "iss": null}),
        json!({"aud": "push", "exp": now - 61}),
        json!({"aud": "push", "exp": null}),
        json!({"aud": "push", "nbf": now + 90}),
        json!({"aud": "push", "iat": now + 90}),
        json!({"aud": "push", "scope": 7}),
    ] {
        says(bad).await.refused(401);
    }
    let may = async |more: Value| says(more).await.data()["user"]["permissions"].clone();
    let both = json!(["websocket.broadcast", "websocket.inspect"]);
    assert_eq!(may(json!({"aud": "push"})).await, both);
    assert_eq!(may(json!({"aud": "push", "permissions": []})).await, both, "another claim");
    let scope = "openid websocket.inspect websocket.force_offline";
    assert_eq!(may(json!({"aud": "push", "scope": scope})).await, json!(["websocket.inspect"]));
}

#[tokio::test]
async fn forced_offline_ends_tokens_of_others_that_were_made_before() {
    let issuer = issuer().await;
    let world = open_world(&issuer, |config| {
        config.foreign.mapping.user = "sub".parse().unwrap();
    })
    .await;
    let root = key().token(&claims("root"));
    let root_id = me(&world, &root).await.data()["user"]["id"].as_i64().unwrap();
    let root = world.holder(gatepipe_api::id::UserId::new(root_id).unwrap(), "root", &root);
    world.store.grant(root.id, Permission::ForceOffline).await.unwrap();
    let now = chrono::Utc::now().timestamp();
    let old = key().token(&with("ana", json!({"iat": now - 10})));
    let ageless = key().token(&with("ana", json!({"iat": null})));
    let ana = me(&world, &old).await.data()["user"]["id"].clone();
    me(&world, &ageless).await.data();
    root.post("/WebSocket/forceOffline", json!({ "uid": ana })).await.data();
    me(&world, &old).await.refused(401);
    me(&world, &ageless).await.refused(401);
    let new = key().token(&with("ana", json!({"iat": now + 30})));
    assert_eq!(me(&world, &new).await.data()["user"]["id"], ana);
    root.get("/Auth/me").await.data();
}

#[tokio::test]
async fn without_its_database_a_user_who_was_seen_lately_is_still_known() {
    let issuer = issuer().await;
    let world = World::start_on_sqlite_with(|config| {
        believe(&issuer, config);
        make_users(config);
    })
    .await;
    let (seen, unseen) = (key().token(&claims("ana")), key().token(&claims("bob")));
    me(&world, &seen).await.data();
    let away = world.dir.path().join("away.db");
    std::fs::rename(world.database(), &away).unwrap();
    me(&world, &seen).await.data();
    me(&world, &unseen).await.refused(503);
    std::fs::rename(&away, world.database()).unwrap();
    me(&world, &unseen).await.data();
}
