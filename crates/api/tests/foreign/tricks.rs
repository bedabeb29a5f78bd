//! What forgers try.

use jsonwebtoken::jwk::Jwk;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::{Value, json};

use crate::issuer::Issuer;
use crate::signer::{RSA_PUBLIC, Signer, claims, set};
use crate::{me, open_world};

fn hmac(header: &Header, claims: &Value, secret: &[u8]) -> String {
    jsonwebtoken::encode(header, claims, &EncodingKey::from_secret(secret)).unwrap()
}

#[tokio::test]
async fn no_signature_and_no_public_key_in_the_place_of_a_secret() {
    let key = Signer::rsa("r");
    let mut keys = set(&[&key]);
    let secret = json!({"kty": "oct", "k": "c2VjcmV0", "kid": "o", "alg": "HS256", "use": "sig"});
    keys["keys"].as_array_mut().unwrap().push(secret);
    let issuer = Issuer::start(&keys).await;
    let world = open_world(&issuer, |_| {}).await;
    let claims = claims("ana");
    let good = key.token(&claims);
    let [_, body, signature] = good.split('.').collect::<Vec<_>>().try_into().unwrap();
    // {"alg":"none","kid":"r"}, {"alg":"None"} and {"alg":"none","typ":"JWT"}
    for head in
        ["eyJhbGciOiJub25lIiwia2lkIjoiciJ9", "eyJhbGciOiJOb25lIn0", "eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0"]
    {
        for signature in ["", signature] {
            me(&world, &format!("{head}.{body}.{signature}")).await.refused(401);
        }
        me(&world, &format!("{head}.{body}")).await.refused(401);
    }
    let jwk = key.jwk();
    let modulus = jwk["n"].as_str().unwrap();
    let secrets = [RSA_PUBLIC, RSA_PUBLIC.trim_end(), modulus, &jwk.to_string(), "r", "secret", ""];
    for algorithm in [Algorithm::HS256, Algorithm::HS384, Algorithm::HS512] {
        for secret in secrets {
            for kid in [Some("r"), Some("o"), None] {
                let header = Header { kid: kid.map(Into::into), ..Header::new(algorithm) };
                me(&world, &hmac(&header, &claims, secret.as_bytes())).await.refused(401);
            }
        }
    }
    me(&world, &good).await.data();
}

#[tokio::test]
async fn a_key_is_used_with_its_own_algorithm_only() {
    let (rsa, ed) = (Signer::rsa("r"), Signer::ed25519("e", 1));
    let issuer = Issuer::start(&set(&[&rsa, &ed])).await;
    let world =
        open_world(&issuer, |config| config.foreign.pause = std::time::Duration::from_millis(1)).await;
    for (key, kid, algorithm) in [
        (&rsa, "r", Algorithm::RS512),
        (&rsa, "r", Algorithm::PS256),
        (&rsa, "e", Algorithm::RS256),
        (&ed, "r", Algorithm::EdDSA),
    ] {
        let header = Header { kid: Some(kid.into()), ..Header::new(algorithm) };
        me(&world, &key.token_with(&header, &claims("ana"))).await.refused(401);
    }
    assert_eq!(issuer.asked(), 1, "none of these keys is unknown");
}

#[tokio::test]
async fn keys_and_addresses_in_a_token_are_not_looked_at() {
    let (key, forger) = (Signer::ed25519("a", 1), Signer::ed25519("f", 2));
    let issuer = Issuer::start(&set(&[&key])).await;
    let trap = Issuer::start(&set(&[&forger])).await;
    let world = open_world(&issuer, |_| {}).await;
    let own: Jwk = serde_json::from_value(forger.jwk()).unwrap();
    for kid in [Some("a"), Some("f"), None] {
        let plain = Header { kid: kid.map(Into::into), ..Header::new(Algorithm::EdDSA) };
        for header in [
            plain.clone(),
            Header { jwk: Some(own.clone()), ..plain.clone() },
            Header { jku: Some(trap.url().into()), ..plain.clone() },
            Header { x5u: Some(trap.url().into()), ..plain.clone() },
            Header { x5c: Some(vec!["MIIB".into()]), ..plain.clone() },
            Header { url: Some(trap.url().into()), ..plain },
        ] {
            me(&world, &forger.token_with(&header, &claims("ana"))).await.refused(401);
        }
    }
    for kid in ["", trap.url(), "../../../../dev/null", "a' OR '1'='1", "a\0", "A", &"a".repeat(10_000)] {
        let header = Header { kid: Some(kid.into()), ..Header::new(Algorithm::EdDSA) };
        me(&world, &forger.token_with(&header, &claims("ana"))).await.refused(401);
        me(&world, &key.token_with(&header, &claims("ana"))).await.refused(401);
    }
    assert_eq!((trap.asked(), issuer.asked()), (0, 1));
    // Whoever has the right key may say where it can be found.
    let header = Header { jku: Some(issuer.url().into()), ..key.header() };
    me(&world, &key.token_with(&header, &claims("ana"))).await.data();
}

#[tokio::test]
async fn what_a_header_calls_critical_is_not_known_here() {
    let key = Signer::ed25519("a", 1);
    let issuer = Issuer::start(&set(&[&key])).await;
    let world = open_world(&issuer, |_| {}).await;
    for names in [vec!["b64".to_owned()], vec!["exp".into()], vec![]] {
        let header = Header { crit: Some(names), ..key.header() };
        me(&world, &key.token_with(&header, &claims("ana"))).await.refused(401);
    }
}

#[tokio::test]
async fn every_letter_of_a_token_counts_also_of_one_that_is_remembered() {
    let key = Signer::ed25519("a", 1);
    let issuer = Issuer::start(&set(&[&key])).await;
    let world = open_world(&issuer, |_| {}).await;
    let token = key.token(&claims("ana"));
    me(&world, &token).await.data();
    for place in 0..token.len() {
        let other = if token.as_bytes()[place] == b'A' { "B" } else { "A" };
        let forged = format!("{}{other}{}", &token[..place], &token[place + 1..]);
        me(&world, &forged).await.refused(401);
    }
    me(&world, &token).await.data();
}
