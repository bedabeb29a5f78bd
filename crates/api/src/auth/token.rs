//! What tokens say, and our own ones: JSON Web Tokens made and checked with HS256. Those of others: [`foreign`](super::foreign).

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use parking_lot::Mutex;
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};

use super::recent::Recent;
use crate::id::UserId;
use crate::user::{ExternalSubject, Permission, Username};

/// Shortest secret for HS256, in bytes: as long as the hash (RFC 7518 section 3.2).
pub const MIN_SECRET_BYTES: usize = 32;

/// The last second of the year 9999: later ones are taken for it, because not every clock and calendar can write them.
const LATEST: i64 = 253_402_300_799;

/// How many tokens are remembered at least. A request with one of them costs no signature.
const REMEMBERED: usize = 4_096;

/// Longest token that is remembered, in bytes.
const LONGEST_REMEMBERED: usize = 1_024;

/// What our own tokens are made and checked with. Exactly one algorithm is accepted.
pub struct Keys {
    decoding: DecodingKey,
    encoding: EncodingKey,
    validation: Validation,
    signed: Signed,
}

/// Tokens whose signature was found good, and what they say. Belongs to the keys that found it, and goes with them.
pub(super) struct Signed(Mutex<Recent<Box<str>, Arc<Claims>>>);

impl Default for Signed {
    fn default() -> Self {
        Self(Mutex::new(Recent::new(REMEMBERED)))
    }
}

impl Signed {
    pub(super) fn get(&self, token: &str) -> Option<Arc<Claims>> {
        self.0.lock().get(token).cloned()
    }

    pub(super) fn remember(&self, token: &str, claims: &Arc<Claims>) {
        if token.len() <= LONGEST_REMEMBERED {
            self.0.lock().put(token.into(), Arc::clone(claims));
        }
    }
}

/// A secret of fewer than [`MIN_SECRET_BYTES`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("it must have at least {MIN_SECRET_BYTES} bytes, not {0}; make one with: openssl rand -hex 32")]
pub struct ShortSecret(pub usize);

/// A token that was made.
#[derive(Debug, Clone)]
pub struct Token {
    /// What stands behind `Bearer`.
    pub text: SecretString,
    /// From then on it is refused.
    pub expires_at: DateTime<Utc>,
}

/// Whose token it is, in the words of whoever made it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Subject {
    /// A row in `users`, by its id. Ours always say that.
    Id(UserId),
    /// A row in `users`, by its name.
    Username(Username),
    /// A user of somebody else; the table `external_subjects` knows which of ours that is.
    External(ExternalSubject),
}

/// What a good token says.
#[derive(Debug, Clone)]
pub struct Claims {
    /// Whose token it is.
    pub subject: Subject,
    /// What the user could be called here, when it is seen for the first time. Ours never say it.
    pub username: Option<Username>,
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
    /// By how many seconds the clock of whoever made it may differ from ours.
    pub leeway: i64,
}

impl Claims {
    /// Whether the token's time has come and is not over at `now`, in seconds since 1970.
    #[must_use]
    pub fn is_in_time(&self, now: i64) -> bool {
        let begun = self.not_before.is_none_or(|date| date <= now.saturating_add(self.leeway));
        begun && self.expires_at.saturating_add(self.leeway) > now
    }
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
    /// Somebody else vouches for a user that we do not know, and users are not made at first sight.
    #[error("the token is good, but its user is not known here")]
    Unknown,
}

#[derive(Serialize)]
struct OurClaims {
    sub: UserId,
    iat: i64,
    exp: i64,
    ver: i64,
}

#[derive(Deserialize)]
struct OurClaimsRead {
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
    /// HS256 with a shared secret.
    ///
    /// # Errors
    /// [`ShortSecret`]
    pub fn from_secret(secret: &SecretString) -> Result<Self, ShortSecret> {
        let bytes = secret.expose_secret().as_bytes();
        if bytes.len() < MIN_SECRET_BYTES {
            return Err(ShortSecret(bytes.len()));
        }
        Ok(Self {
            decoding: DecodingKey::from_secret(bytes),
            encoding: EncodingKey::from_secret(bytes),
            validation: validation(Algorithm::HS256),
            signed: Signed::default(),
        })
    }

    /// Makes a token; `None` when that fails. `lifetime` counts in whole seconds.
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
        let text = jsonwebtoken::encode(&Header::new(Algorithm::HS256), &claims, &self.encoding);
        Some(Token { text: text.ok()?.into(), expires_at })
    }

    /// Checks signature, algorithm and times, and reads the claims. Whether the user still accepts it is asked elsewhere.
    ///
    /// # Errors
    /// [`Refused::Invalid`], [`Refused::Expired`]
    pub fn read(&self, token: &str, now: DateTime<Utc>) -> Result<Arc<Claims>, Refused> {
        let claims = match self.signed.get(token) {
            Some(claims) => claims,
            None => self.read_anew(token)?,
        };
        if !claims.is_in_time(now.timestamp()) {
            return Err(Refused::Expired);
        }
        Ok(claims)
    }

    fn read_anew(&self, token: &str) -> Result<Arc<Claims>, Refused> {
        let decoded = jsonwebtoken::decode::<OurClaimsRead>(token, &self.decoding, &self.validation)
            .map_err(|_| Refused::Invalid)?;
        // Whatever the header calls critical, we do not know it (RFC 7515 section 4.1.11).
        if decoded.header.crit.is_some() {
            return Err(Refused::Invalid);
        }
        let claims = decoded.claims;
        let claims = Arc::new(Claims {
            subject: Subject::Id(claims.sub),
            username: None,
            generation: claims.ver,
            issued_at: claims.iat.map(seconds),
            expires_at: seconds(claims.exp),
            not_before: claims.nbf.map(seconds),
            permissions: claims.permissions.map(|names| known(names.iter().map(String::as_str))),
            leeway: 0,
        });
        self.signed.remember(token, &claims);
        Ok(claims)
    }
}

/// A date of a token in whole seconds. Casting takes what is too large for an i64 as the largest.
pub(super) fn seconds(date: f64) -> i64 {
    (date.floor() as i64).min(LATEST)
}

/// Those of `names` that we know.
pub(super) fn known<'a>(names: impl Iterator<Item = &'a str>) -> Vec<Permission> {
    names.filter_map(|name| name.parse().ok()).collect()
}

/// Exactly one algorithm. Times, issuer and audience are checked by us: against the time that is given, also for tokens that
/// were read before.
pub(super) fn validation(algorithm: Algorithm) -> Validation {
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
        assert_eq!((&claims.subject, claims.generation), (&Subject::Id(user()), Some(3)));
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
    fn what_a_header_calls_critical_is_not_known_here() {
        let claims = serde_json::json!({"sub": 7, "exp": 2_000});
        let key = EncodingKey::from_secret(SECRET.as_bytes());
        let header = Header { crit: Some(vec!["b64".into()]), ..Header::new(Algorithm::HS256) };
        let token = jsonwebtoken::encode(&header, &claims, &key).unwrap();
        assert_eq!(keys().read(&token, at(1_000)).err(), Some(Refused::Invalid));
    }

    #[test]
    fn a_short_secret_is_refused() {
        assert_eq!(Keys::from_secret(&"x".repeat(31).into()).err(), Some(ShortSecret(31)));
        assert!(Keys::from_secret(&"x".repeat(32).into()).is_ok());
    }
}
