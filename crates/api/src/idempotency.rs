//! A request that its caller may send again without it being done again: the caller gives it a key, and what was answered to the
//! first one is answered to the next.

use std::str::FromStr;

use sha2::{Digest as _, Sha256};

use crate::id::UserId;

/// Longest key, in bytes.
pub const MAX_KEY_BYTES: usize = 255;

/// What a caller calls a request: 1 to 255 printable ASCII characters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdempotencyKey(String);

/// A text that is no key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be 1 to 255 printable ASCII characters, such as a UUID")]
pub struct InvalidKey;

impl FromStr for IdempotencyKey {
    type Err = InvalidKey;

    fn from_str(text: &str) -> Result<Self, InvalidKey> {
        let printable = text.bytes().all(|byte| (b' '..=b'~').contains(&byte));
        let fits = (1..=MAX_KEY_BYTES).contains(&text.len()) && printable;
        fits.then(|| Self(text.to_owned())).ok_or(InvalidKey)
    }
}

impl IdempotencyKey {
    /// As the caller wrote it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// SHA-256 of a request's body, in hex.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BodyDigest(String);

impl BodyDigest {
    /// Of a whole body.
    #[must_use]
    pub fn of(body: &[u8]) -> Self {
        Self::end(Sha256::new_with_prefix(body))
    }

    /// Of a body that was read in pieces.
    #[must_use]
    pub fn end(hash: Sha256) -> Self {
        Self(hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect())
    }

    /// 64 lower-case hex digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A request with a key. Caller, route and key say which request it is; that it has another body than the first one is a mistake.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    /// Whose request it is.
    pub user_id: UserId,
    /// Which route, at most 64 characters.
    pub route: &'static str,
    /// What the caller calls it.
    pub key: IdempotencyKey,
    /// What it asks for.
    pub body_digest: BodyDigest,
    /// When it came, in milliseconds since 1970.
    pub claimed_at_ms: i64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_1_to_255_printable_characters() {
        let longest = "k".repeat(255);
        for good in ["1", "8e03978e-40d5-43e8-bc93-6894a57f9324", "\"quoted\"", "a b~!", &longest] {
            assert_eq!(good.parse::<IdempotencyKey>().as_ref().map(IdempotencyKey::as_str), Ok(good));
        }
        for bad in ["", "键", "a\tb", "\u{7f}", &"k".repeat(256)] {
            assert_eq!(bad.parse::<IdempotencyKey>(), Err(InvalidKey), "{bad:?}");
        }
    }

    #[test]
    fn a_body_in_pieces_has_the_digest_of_the_whole() {
        let mut pieces = Sha256::new();
        pieces.update(b"ab");
        pieces.update(b"c");
        let digest = BodyDigest::end(pieces);
        assert_eq!(digest, BodyDigest::of(b"abc"));
        assert_eq!(digest.as_str(), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
        assert_ne!(digest, BodyDigest::of(b"abd"));
    }
}
