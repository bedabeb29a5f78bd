//! Which keys are used, and what happens when they change.

use std::time::Duration;

use gatepipe_api::auth::foreign::key_set::{InvalidKeys, KeySet};
use gatepipe_api::auth::foreign::source::{MAX_BYTES, Source};
use jsonwebtoken::Header;
use serde_json::{Value, json};

use crate::common::{World, eventually};
use crate::issuer::Issuer;
use crate::signer::{P256_PUBLIC, RSA_PUBLIC, Signer, claims, set};
use crate::{HOUR, me, open_world};

const SOON: Duration = Duration::from_millis(20);

#[tokio::test]
async fn tokens_of_every_kind_of_key_are_read() {
    let keys = [Signer::rsa("r"), Signer::p256("p"), Signer::ed25519("e", 1)];
    let issuer = Issuer::start(&set(&keys.each_ref())).await;
    let world = open_world(&issuer, |_| {}).await;
    for key in &keys {
        let token = key.token(&claims("ana"));
        // Read anew, and remembered.
        for _ in 0..2 {
            assert_eq!(me(&world, &token).await.data()["user"]["username"], "ana");
        }
        // There is no choice between several of this kind.
        let nameless = key.token_with(&Header::new(key.algorithm), &claims("ana"));
        me(&world, &nameless).await.data();
    }
    assert_eq!(issuer.asked(), 1);
}

#[tokio::test]
async fn one_public_key_in_a_file_is_enough_whatever_tokens_call_it() {
    for (pem, key) in [(RSA_PUBLIC, Signer::rsa("r")), (P256_PUBLIC, Signer::p256("p"))] {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("issuer.pem");
        std::fs::write(&path, pem).unwrap();
        let world = World::start_in(dir, |config| {
            (config.jwt_secret, config.jwt_public_key) = (None, Some(path));
        })
        .await;
        let alice = world.person("alice", &[]).await;
        me(&world, &key.token(&claims(alice.id.get()))).await.data();
        me(&world, &Signer::ed25519("e", 1).token(&claims(alice.id.get()))).await.refused(401);
    }
}

#[tokio::test]
async fn only_keys_for_signatures_of_good_length_are_taken() {
    let with = |key: &Signer, name: &str, value: Value| {
        let mut jwk = key.jwk();
        jwk[name] = value;
        jwk
    };
    let (rsa, ed) = (Signer::rsa("r"), Signer::ed25519("e", 1));
    let cases = [
        (rsa.jwk(), true),
        (ed.jwk(), true),
        (with(&rsa, "alg", json!("RS256")), true),
        (with(&rsa, "key_ops", json!(["verify"])), true),
        (with(&rsa, "x5c", json!(["MIIB"])), true),
        (with(&rsa, "use", Value::Null), true),
        (with(&rsa, "use", json!("enc")), false),
        (with(&rsa, "alg", json!("RS512")), false),
        (with(&rsa, "alg", json!("RSA-OAEP")), false),
        (with(&rsa, "alg", json!("HS256")), false),
        (with(&rsa, "key_ops", json!(["sign"])), false),
        (with(&rsa, "n", json!("!")), false),
        (with(&rsa, "n", json!("A".repeat(2_000))), false),
        (with(&rsa, "e", json!("A".repeat(400))), false),
        (with(&rsa, "kid", json!("k".repeat(256))), false),
        (with(&ed, "crv", json!("P-256")), false),
        (with(&ed, "x", json!("AAAA")), false),
        (with(&Signer::p256("p"), "crv", json!("P-384")), false),
        (Signer::short_rsa("s").jwk(), false),
        (json!({"kty": "oct", "k": "c2VjcmV0", "kid": "o"}), false),
        (json!({"kty": "unheard of", "kid": "u"}), false),
        (json!("text"), false),
    ];
    for (jwk, taken) in cases {
        let one = KeySet::from_json(json!({ "keys": [jwk] }).to_string().as_bytes());
        assert_eq!(one.err(), (!taken).then_some(InvalidKeys::NoneFits), "{jwk}");
        // What we cannot use does not spoil the others.
        let two = KeySet::from_json(json!({ "keys": [jwk, ed.jwk()] }).to_string().as_bytes());
        assert_eq!(two.unwrap().len(), 1 + usize::from(taken), "{jwk}");
    }
    let many = |count| json!({ "keys": vec![ed.jwk(); count] }).to_string();
    assert_eq!(KeySet::from_json(many(100).as_bytes()).unwrap().len(), 100);
    assert_eq!(KeySet::from_json(many(101).as_bytes()).err(), Some(InvalidKeys::TooMany(101)));
    for text in ["", "{}", "[]", "{\"keys\":{}}", "-----BEGIN PUBLIC KEY-----"] {
        assert_eq!(KeySet::from_json(text.as_bytes()).err(), Some(InvalidKeys::Json), "{text}");
    }
}

#[tokio::test]
async fn on_the_schedule_new_keys_come_and_those_taken_out_go_with_the_memory_of_their_tokens() {
    let (old, new) = (Signer::ed25519("old", 1), Signer::ed25519("new", 2));
    let issuer = Issuer::start(&set(&[&old])).await;
    let world = open_world(&issuer, |config| config.foreign.refresh = SOON).await;
    let (before, after) = (old.token(&claims("ana")), new.token(&claims("ana")));
    me(&world, &before).await.data();
    me(&world, &after).await.refused(401);
    issuer.serves(&set(&[&old, &new]));
    eventually("the new key is used", async || me(&world, &after).await.status == 200).await;
    me(&world, &before).await.data();
    issuer.serves(&set(&[&new]));
    eventually("the old key is gone", async || me(&world, &before).await.status == 401).await;
    me(&world, &after).await.data();
}

#[tokio::test]
async fn the_same_name_for_another_key_does_not_carry_old_tokens_over() {
    let (old, new) = (Signer::ed25519("a", 1), Signer::ed25519("a", 2));
    let issuer = Issuer::start(&set(&[&old])).await;
    let world = open_world(&issuer, |config| config.foreign.refresh = SOON).await;
    let before = old.token(&claims("ana"));
    me(&world, &before).await.data();
    issuer.serves(&set(&[&new]));
    eventually("the old key is gone", async || me(&world, &before).await.status == 401).await;
    me(&world, &new.token(&claims("ana"))).await.data();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_key_is_fetched_at_once_and_once_for_all_who_wait() {
    let (old, new) = (Signer::ed25519("old", 1), Signer::ed25519("new", 2));
    let mut issuer = Issuer::start(&set(&[&old])).await;
    let pause = Duration::from_millis(1);
    let world = open_world(&issuer, |config| config.foreign.pause = pause).await;
    me(&world, &old.token(&claims("ana"))).await.data();
    issuer.falls_silent();
    let tokens: Vec<_> = (0..20).map(|number| new.token(&claims(format!("user{number}")))).collect();
    let asking = futures_util::future::join_all(tokens.iter().map(|token| me(&world, token)));
    let answering = async {
        issuer.was_asked(2).await;
        issuer.serves(&set(&[&new]));
    };
    let (replies, ()) = tokio::join!(asking, answering);
    for reply in replies {
        reply.data();
    }
    assert_eq!(issuer.asked(), 2);
}

#[tokio::test]
async fn made_up_keys_do_not_make_us_ask_more_often_than_the_pause_allows() {
    let key = Signer::ed25519("a", 1);
    let issuer = Issuer::start(&set(&[&key])).await;
    let world = open_world(&issuer, |_| {}).await;
    for number in 0..50 {
        let forged = Signer::ed25519(&format!("made up {number}"), 2).token(&claims("ana"));
        me(&world, &forged).await.refused(401);
    }
    me(&world, &key.token(&claims("ana"))).await.data();
    assert_eq!(issuer.asked(), 1);
}

#[tokio::test]
async fn what_cannot_be_fetched_leaves_the_keys_as_they_are() {
    let (old, new) = (Signer::ed25519("old", 1), Signer::ed25519("new", 2));
    let mut issuer = Issuer::start(&set(&[&old])).await;
    let world = open_world(&issuer, |config| {
        (config.foreign.refresh, config.foreign.pause) = (SOON, SOON);
    })
    .await;
    let (before, after) = (old.token(&claims("ana")), new.token(&claims("ana")));
    let too_long = format!("{}{}", set(&[&new]), " ".repeat(MAX_BYTES));
    let answers = [
        (500, set(&[&new]).to_string()),
        (302, set(&[&new]).to_string()),
        (200, "not JSON".into()),
        (200, json!({"keys": []}).to_string()),
        (200, too_long),
    ];
    for (status, body) in answers {
        issuer.answers(status, body.clone());
        let times = issuer.asked();
        // The second of these was certainly asked after the answer had changed.
        issuer.was_asked(times + 2).await;
        me(&world, &before).await.data();
        // Nobody knows whether that one is good.
        me(&world, &after).await.refused(503);
    }
    let (_, metrics) = world.admin_page("/metrics").await;
    let failed = metrics.lines().find_map(|line| line.strip_prefix("gatepipe_api_key_fetches_failed_total "));
    assert!(failed.unwrap().parse::<u64>().unwrap() >= 5, "{metrics}");
    issuer.serves(&set(&[&new]));
    eventually("the new key is used", async || me(&world, &after).await.status == 200).await;
}

#[tokio::test]
async fn an_api_starts_without_its_issuer_and_recovers_by_itself() {
    let key = Signer::ed25519("a", 1);
    let issuer = Issuer::start(&Value::Null).await;
    issuer.answers(503, "");
    let world = open_world(&issuer, |config| config.foreign.pause = SOON).await;
    let token = key.token(&claims("ana"));
    me(&world, &token).await.refused(503);
    issuer.serves(&set(&[&key]));
    eventually("the key is fetched", async || me(&world, &token).await.status == 200).await;
}

#[tokio::test]
async fn a_file_of_keys_is_read_again() {
    let (old, new) = (Signer::ed25519("old", 1), Signer::ed25519("new", 2));
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("jwks.json");
    std::fs::write(&path, set(&[&old]).to_string()).unwrap();
    let file = path.clone();
    let world = World::start_in(dir, |config| {
        (config.jwt_secret, config.jwt_jwks) = (None, Some(Source::File(file)));
        (config.foreign.refresh, config.foreign.pause) = (HOUR, Duration::from_millis(1));
    })
    .await;
    let alice = world.person("alice", &[]).await;
    me(&world, &old.token(&claims(alice.id.get()))).await.data();
    std::fs::write(&path, set(&[&new]).to_string()).unwrap();
    me(&world, &new.token(&claims(alice.id.get()))).await.data();
    me(&world, &old.token(&claims(alice.id.get()))).await.refused(401);
    std::fs::remove_file(&path).unwrap();
    me(&world, &new.token(&claims(alice.id.get()))).await.data();
}
