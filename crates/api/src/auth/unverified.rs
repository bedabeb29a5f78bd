//! What a token says about itself, for people who want to know why it is refused. Nothing here decides anything.

use jsonwebtoken::Algorithm;
use serde_json::{Map, Value};

/// Header and claims of a token whose signature nobody looked at.
#[derive(Debug, Clone)]
pub struct Unverified {
    /// `alg`, as it is written there.
    pub algorithm: String,
    /// `kid`
    pub kid: Option<String>,
    /// All of them.
    pub claims: Map<String, Value>,
}

impl Unverified {
    /// Reads it; `None` when it is no JSON Web Token, or of an algorithm that does not exist.
    #[must_use]
    pub fn read(token: &str) -> Option<Self> {
        let decoded = jsonwebtoken::dangerous::insecure_decode::<Map<String, Value>>(token).ok()?;
        let algorithm = algorithm_name(decoded.header.alg);
        Some(Self { algorithm, kid: decoded.header.kid, claims: decoded.claims })
    }
}

fn algorithm_name(algorithm: Algorithm) -> String {
    // Its names are those of RFC 7518.
    format!("{algorithm:?}")
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use secrecy::ExposeSecret as _;

    use super::*;
    use crate::auth::Keys;
    use crate::id::UserId;

    #[test]
    fn claims_are_read_whoever_signed_them() {
        let keys = Keys::from_secret(&"a secret of more than thirty-two bytes".into()).unwrap();
        let now = DateTime::from_timestamp(1_000, 0).unwrap();
        let token = keys.sign(UserId::new(7).unwrap(), 3, now, std::time::Duration::from_secs(60)).unwrap();
        let text = token.text.expose_secret();
        let forged = format!("{}x", &text[..text.len() - 1]);
        for token in [text, &forged] {
            let read = Unverified::read(token).unwrap();
            assert_eq!((read.algorithm.as_str(), read.kid), ("HS256", None));
            assert_eq!((&read.claims["sub"], &read.claims["ver"]), (&Value::from(7), &Value::from(3)));
        }
        for nonsense in ["", "a.b.c", "a.b"] {
            assert!(Unverified::read(nonsense).is_none(), "{nonsense}");
        }
    }
}
