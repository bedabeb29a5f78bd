//! JSON Web Tokens: made by us with HS256, or by others with a key whose public half we know.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use parking_lot::Mutex;
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};

use super::recent::Recent;
use crate::id::UserId;
use crate::user::Permission;

/// Shortest secret for HS256, in bytes: as long as the hash (RFC 7518 section 3.2).
pub const MIN_SECRET_BYTES: usize = 32;

/// The last second of the year 9999: later ones are taken for it, because not every clock and calendar can write them.
const LATEST: i64 = 253_402_300_799;

/// How many tokens are remembered at least. A request with one of them costs no signature.
const REMEMBERED: usize = 4_096;

/// Longest token that is remembered, in bytes.
const LONGEST_REMEMBERED: usize = 1_024;

/// What tokens are checked with, and made with when we hold the secret. Exactly one algorithm is accepted.
pub struct Keys {
    decoding: DecodingKey,
    encoding: Option<EncodingKey>,
    validation: Validation,
    /// Tokens whose signature was found good, and what they say. These keys never change, so neither does that.
    signed: Mutex<Recent<Box<str>, Arc<Claims>>>,
}

/// A key that cannot be one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidKey {
    /// Under [`MIN_SECRET_BYTES`].
    #[error("it must have at least {MIN_SECRET_BYTES} bytes, not {0}; make one with: openssl rand -hex 32")]
    Short(usize),
    /// Not a public key that we read.
    #[error("it must be a PEM public key: RSA (RS256), P-256 (ES256) or Ed25519 (EdDSA)")]
    Public,
}

/// A token that was made.
#[derive(Debug, Clone)]
pub struct Token {
    /// What stands behind `Bearer`.
    pub text: SecretString,
    /// From then on it is refused.
    pub expires_at: DateTime<Utc>,
}

/// What a good token says.
#[derive(Debug, Clone)]
pub struct Claims {
    /// `sub`: whose token it is.
    pub user: UserId,
    /// `ver`: the user's token generation when it was made. Ours always have it, tokens of others may not.
    pub generation: Option<i64>,
    /// `iat`, in seconds since 1970.
    pub issued_at: Option<i64>,
    /// `exp`, in seconds since 1970.
    pub expires_at: i64,
    /// `nbf`, in seconds since 1970.
    pub not_before: Option<i64>,
    /// `permissions`: the only ones this token may use; names we do not know are left out.
    pub permissions: Option<Vec<Permission>>,
}

/// Why a token is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// No `Authorization: Bearer …`.
    #[error("a token is needed: Authorization: Bearer TOKEN")]
    Missing,
    /// Not a token, another algorithm, a wrong signature, or claims that are missing or of a wrong type.
    #[error("the token is not valid")]
    Invalid,
    /// Its time is over, or has not come.
    #[error("the token has expired")]
    Expired,
    /// Its user does not exist, or was forced offline since it was made.
    #[error("the token is no longer valid: log in again")]
    Dead,
}

#[derive(Serialize)]
struct OurClaims {
    sub: UserId,
    iat: i64,
    exp: i64,
    ver: i64,
}

#[derive(Deserialize)]
struct AnyClaims {
    sub: UserId,
    exp: f64,
    #[serde(default)]
    nbf: Option<f64>,
    #[serde(default)]
    iat: Option<f64>,
    #[serde(default)]
    ver: Option<i64>,
    #[serde(default)]
    permissions: Option<Vec<String>>,
}

impl Keys {
    /// HS256 with a shared secret: checks and makes tokens.
    ///
    /// # Errors
    /// [`InvalidKey::Short`]
    pub fn from_secret(secret: &SecretString) -> Result<Self, InvalidKey> {
        let bytes = secret.expose_secret().as_bytes();
        if bytes.len() < MIN_SECRET_BYTES {
            return Err(InvalidKey::Short(bytes.len()));
        }
        let encoding = Some(EncodingKey::from_secret(bytes));
        Ok(Self::new(DecodingKey::from_secret(bytes), encoding, Algorithm::HS256))
    }

    /// A public key in PEM, whose kind decides the algorithm: checks tokens that others make.
    ///
    /// # Errors
    /// [`InvalidKey::Public`]
    pub fn from_public_pem(pem: &[u8]) -> Result<Self, InvalidKey> {
        let rsa = || DecodingKey::from_rsa_pem(pem).map(|key| (key, Algorithm::RS256));
        let ec = || DecodingKey::from_ec_pem(pem).map(|key| (key, Algorithm::ES256));
        let ed = || DecodingKey::from_ed_pem(pem).map(|key| (key, Algorithm::EdDSA));
        let (decoding, algorithm) =
            rsa().or_else(|_| ec()).or_else(|_| ed()).map_err(|_| InvalidKey::Public)?;
        Ok(Self::new(decoding, None, algorithm))
    }

    fn new(decoding: DecodingKey, encoding: Option<EncodingKey>, algorithm: Algorithm) -> Self {
        let signed = Mutex::new(Recent::new(REMEMBERED));
        Self { decoding, encoding, validation: validation(algorithm), signed }
    }

    /// Makes a token; `None` when we only hold a public key. `lifetime` counts in whole seconds.
    #[must_use]
    pub fn sign(
        &self,
        user: UserId,
        generation: i64,
        now: DateTime<Utc>,
        lifetime: Duration,
    ) -> Option<Token> {
        let issued_at = now.timestamp();
        let lifetime = i64::try_from(lifetime.as_secs()).unwrap_or(i64::MAX);
        let expires_at = DateTime::from_timestamp(issued_at.saturating_add(lifetime).min(LATEST), 0)?;
        let claims = OurClaims { sub: user, iat: issued_at, exp: expires_at.timestamp(), ver: generation };
        let text = jsonwebtoken::encode(&Header::new(Algorithm::HS256), &claims, self.encoding.as_ref()?);
        Some(Token { text: text.ok()?.into(), expires_at })
    }

    /// Checks signature, algorithm and times, and reads the claims. Whether the user still accepts it is asked elsewhere.
    ///
    /// # Errors
    /// [`Refused::Invalid`], [`Refused::Expired`]
    pub fn read(&self, token: &str, now: DateTime<Utc>) -> Result<Arc<Claims>, Refused> {
        let known = self.signed.lock().get(token).cloned();
        let claims = match known {
            Some(claims) => claims,
            None => self.read_anew(token)?,
        };
        let now = now.timestamp();
        if claims.expires_at <= now || claims.not_before.is_some_and(|date| date > now) {
            return Err(Refused::Expired);
        }
        Ok(claims)
    }

    fn read_anew(&self, token: &str) -> Result<Arc<Claims>, Refused> {
        let claims = jsonwebtoken::decode::<AnyClaims>(token, &self.decoding, &self.validation)
            .map_err(|_| Refused::Invalid)?
            .claims;
        // Casting takes what is too large for an i64 as the largest.
        let seconds = |date: f64| (date.floor() as i64).min(LATEST);
        let known = |names: Vec<String>| names.iter().filter_map(|name| name.parse().ok()).collect();
        let claims = Arc::new(Claims {
            user: claims.sub,
            generation: claims.ver,
            issued_at: claims.iat.map(seconds),
            expires_at: seconds(claims.exp),
            not_before: claims.nbf.map(seconds),
            permissions: claims.permissions.map(known),
        });
        if token.len() <= LONGEST_REMEMBERED {
            self.signed.lock().put(token.into(), Arc::clone(&claims));
        }
        Ok(claims)
    }
}

/// Exactly one algorithm. Times are checked by [`Keys::read`], against the time it is given and without leeway.
fn validation(algorithm: Algorithm) -> Validation {
    let mut validation = Validation::new(algorithm);
    validation.validate_exp = false;
    validation.validate_aud = false;
    validation
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "a secret of more than thirty-two bytes";

    fn keys() -> Keys {
        Keys::from_secret(&SECRET.into()).unwrap()
    }

    fn at(second: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(second, 0).unwrap()
    }

    fn user() -> UserId {
        UserId::new(7).unwrap()
    }

    fn made(claims: &serde_json::Value) -> String {
        let key = EncodingKey::from_secret(SECRET.as_bytes());
        jsonwebtoken::encode(&Header::new(Algorithm::HS256), claims, &key).unwrap()
    }

    #[test]
    fn our_own_tokens_are_read_until_they_expire() {
        let lifetime = Duration::from_secs(60);
        let token = keys().sign(user(), 3, at(1_000), lifetime).unwrap();
        let read = |second| keys().read(token.text.expose_secret(), at(second));
        let claims = read(1_059).unwrap();
        assert_eq!((claims.user, claims.generation), (user(), Some(3)));
        assert_eq!(token.expires_at, at(1_060));
        assert_eq!(read(1_060).err(), Some(Refused::Expired));
    }

    #[test]
    fn a_token_that_was_read_before_is_judged_by_the_time_it_is_used_and_by_every_letter() {
        let keys = keys();
        let token = made(&serde_json::json!({"sub": 7, "exp": 2_000, "nbf": 1_500}));
        for _ in 0..2 {
            assert_eq!(keys.read(&token, at(1_499)).err(), Some(Refused::Expired));
            assert!(keys.read(&token, at(1_500)).is_ok());
            assert!(keys.read(&token, at(1_999)).is_ok());
            assert_eq!(keys.read(&token, at(2_000)).err(), Some(Refused::Expired));
            for place in 0..token.len() {
                let other = if token.as_bytes()[place] == b'A' { "B" } else { "A" };
                let forged = format!("{}{other}{}", &token[..place], &token[place + 1..]);
                assert_eq!(keys.read(&forged, at(1_500)).err(), Some(Refused::Invalid), "{forged}");
            }
        }
    }

    #[test]
    fn claims_of_a_wrong_kind_are_refused() {
        use serde_json::json;
        let cases = [
            (json!({"sub": 7, "exp": 2_000}), true),
            (json!({"sub": "7", "exp": 2_000}), true),
            (json!({"sub": "7", "exp": 2_000.5, "iat": 1.5}), true),
            (json!({"sub": 7, "exp": 2_000, "permissions": [], "other": {}}), true),
            (json!({"sub": 7, "exp": 1e15}), true),
            (json!({"sub": 7}), false),
            (json!({"exp": 2_000}), false),
            (json!({"sub": 7, "exp": "2000"}), false),
            (json!({"sub": 7, "exp": null}), false),
            (json!({"sub": 7, "exp": -1}), false),
            (json!({"sub": 7, "exp": 1_000}), false),
            (json!({"sub": 7, "exp": 2_000, "nbf": 1_500}), false),
            (json!({"sub": "alice", "exp": 2_000}), false),
            (json!({"sub": 0, "exp": 2_000}), false),
            (json!({"sub": 7.5, "exp": 2_000}), false),
            (json!({"sub": null, "exp": 2_000}), false),
            (json!({"sub": 7, "exp": 2_000, "ver": "1"}), false),
            (json!({"sub": 7, "exp": 2_000, "permissions": "websocket.push_any"}), false),
            (json!([7, 2_000]), false),
        ];
        for (claims, good) in cases {
            assert_eq!(keys().read(&made(&claims), at(1_000)).is_ok(), good, "{claims}");
        }
    }

    #[test]
    fn other_algorithms_and_keys_are_refused() {
        let claims = serde_json::json!({"sub": 7, "exp": 2_000});
        // {"alg":"none","typ":"JWT"} and the same claims, without a signature.
        let none = "eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0.eyJzdWIiOjcsImV4cCI6MjAwMH0.";
        let with = |algorithm, secret: &str| {
            let key = EncodingKey::from_secret(secret.as_bytes());
            jsonwebtoken::encode(&Header::new(algorithm), &claims, &key).unwrap()
        };
        let wrong = [
            none.to_owned(),
            with(Algorithm::HS384, SECRET),
            with(Algorithm::HS512, SECRET),
            with(Algorithm::HS256, "another secret of more than 32 bytes"),
            String::new(),
            "a.b.c".into(),
            format!("{}x", with(Algorithm::HS256, SECRET)),
        ];
        for token in wrong {
            assert_eq!(keys().read(&token, at(1_000)).err(), Some(Refused::Invalid), "{token}");
        }
        assert!(keys().read(&with(Algorithm::HS256, SECRET), at(1_000)).is_ok());
    }

    #[test]
    fn a_short_secret_is_refused() {
        assert_eq!(Keys::from_secret(&"x".repeat(31).into()).err(), Some(InvalidKey::Short(31)));
        assert!(Keys::from_secret(&"x".repeat(32).into()).is_ok());
    }
}
