//! The public keys of whoever makes the tokens.
//!
//! Each key has one algorithm, which follows from its kind and never from a token. What a token's header says about keys is
//! only used to find one of ours: keys and addresses in it (`jwk`, `jku`, `x5c`, `x5u`) are never looked at.

use std::sync::Arc;

use jsonwebtoken::jwk::{AlgorithmParameters, EllipticCurve, Jwk, KeyAlgorithm, KeyOperations, PublicKeyUse};
use jsonwebtoken::{Algorithm, DecodingKey, DecodingKeyKind, Header};
use serde::Deserialize;
use serde_json::{Map, Value};

use super::mapping::Mapping;
use crate::auth::token::{Claims, Refused, Signed, validation};

/// Most keys in a set.
pub const MAX_KEYS: usize = 100;

/// Longest `kid`, in bytes.
const MAX_KID_BYTES: usize = 255;

/// Shortest and longest RSA modulus, in bytes: 2048 bits (RFC 7518 section 3.3) and 4096 bits, what a check takes a bounded time for.
const RSA_BYTES: std::ops::RangeInclusive<usize> = 256..=512;

/// Some keys, and the tokens they were found good for: what was signed by a key that is gone is forgotten along with it.
#[derive(Default)]
pub struct KeySet {
    keys: Arc<[Key]>,
    /// Whether `kid` is ignored, because there is one key without a name.
    is_one_key: bool,
    signed: Signed,
}

struct Key {
    kid: Option<String>,
    algorithm: Algorithm,
    decoding: DecodingKey,
}

/// Text that holds no keys.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidKeys {
    /// Not a PEM public key.
    #[error("it must be a PEM public key: RSA (RS256), P-256 (ES256) or Ed25519 (EdDSA)")]
    Pem,
    /// Not a JSON Web Key Set.
    #[error("it must be a JSON Web Key Set, such as {{\"keys\":[…]}}")]
    Json,
    /// More than [`MAX_KEYS`].
    #[error("it has {0} keys, and at most {MAX_KEYS} are read")]
    TooMany(usize),
    /// No key of a kind that we use.
    #[error(
        "it has no key that can check signatures: RSA of 2048 to 4096 bits (RS256), P-256 (ES256) or Ed25519 (EdDSA)"
    )]
    NoneFits,
}

/// Why a token was not read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unread {
    /// It is refused.
    Refused(Refused),
    /// It may be good, but its key is not in this set.
    UnknownKey,
}

impl From<Refused> for Unread {
    fn from(refused: Refused) -> Self {
        Self::Refused(refused)
    }
}

#[derive(Deserialize)]
struct Document {
    keys: Vec<Value>,
}

impl KeySet {
    /// One public key in PEM.
    ///
    /// # Errors
    /// [`InvalidKeys::Pem`]
    pub fn from_pem(pem: &[u8]) -> Result<Self, InvalidKeys> {
        let rsa = || DecodingKey::from_rsa_pem(pem).map(|key| (key, Algorithm::RS256));
        let ec = || DecodingKey::from_ec_pem(pem).map(|key| (key, Algorithm::ES256));
        let ed = || DecodingKey::from_ed_pem(pem).map(|key| (key, Algorithm::EdDSA));
        let (decoding, algorithm) =
            rsa().or_else(|_| ec()).or_else(|_| ed()).map_err(|_| InvalidKeys::Pem)?;
        let keys = [Key { kid: None, algorithm, decoding }].into();
        Ok(Self { keys, is_one_key: true, signed: Signed::default() })
    }

    /// The keys of a JSON Web Key Set (RFC 7517) that we can use. Others are left out: those for encryption, symmetric ones,
    /// other curves and algorithms, too weak or too long ones.
    ///
    /// # Errors
    /// [`InvalidKeys`]
    pub fn from_json(json: &[u8]) -> Result<Self, InvalidKeys> {
        let document: Document = serde_json::from_slice(json).map_err(|_| InvalidKeys::Json)?;
        if document.keys.len() > MAX_KEYS {
            return Err(InvalidKeys::TooMany(document.keys.len()));
        }
        let keys: Arc<[Key]> = document.keys.into_iter().filter_map(Key::read).collect();
        if keys.is_empty() {
            return Err(InvalidKeys::NoneFits);
        }
        Ok(Self { keys, ..Self::default() })
    }

    /// The same keys, and no token read with them.
    #[must_use]
    pub fn without_memory(&self) -> Self {
        Self { keys: Arc::clone(&self.keys), is_one_key: self.is_one_key, signed: Signed::default() }
    }

    /// How many keys it has.
    #[must_use]
    pub fn len(&self) -> usize {
        self.keys.len()
    }

    /// Whether it has none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// Checks key, algorithm and signature, and reads the claims. Times are left to the caller.
    ///
    /// # Errors
    /// [`Unread`]
    pub fn read(&self, token: &str, mapping: &Mapping) -> Result<Arc<Claims>, Unread> {
        if let Some(claims) = self.signed.get(token) {
            return Ok(claims);
        }
        // No such algorithm (`none` is one of them), or no token at all.
        let header = jsonwebtoken::decode_header(token).map_err(|_| Refused::Invalid)?;
        // Whatever it calls critical, we do not know it (RFC 7515 section 4.1.11).
        if header.crit.is_some() {
            return Err(Refused::Invalid.into());
        }
        let key = self.find(&header)?;
        let decoded =
            jsonwebtoken::decode::<Map<String, Value>>(token, &key.decoding, &validation(key.algorithm));
        let claims = Arc::new(mapping.read(&decoded.map_err(|_| Refused::Invalid)?.claims)?);
        self.signed.remember(token, &claims);
        Ok(claims)
    }

    fn find(&self, header: &Header) -> Result<&Key, Unread> {
        if ![Algorithm::RS256, Algorithm::ES256, Algorithm::EdDSA].contains(&header.alg) {
            return Err(Refused::Invalid.into());
        }
        let fitting = |key: &&Key| key.algorithm == header.alg;
        if self.is_one_key {
            return self.keys.iter().find(fitting).ok_or(Refused::Invalid.into());
        }
        match header.kid.as_deref() {
            Some(kid) if kid.len() > MAX_KID_BYTES => Err(Refused::Invalid.into()),
            Some(kid) => {
                let mut named = self.keys.iter().filter(|key| key.kid.as_deref() == Some(kid)).peekable();
                match named.peek() {
                    None => Err(Unread::UnknownKey),
                    Some(_) => named.find(fitting).ok_or(Refused::Invalid.into()),
                }
            }
            // A token that names no key: there may be no choice.
            None => {
                let mut choice = self.keys.iter().filter(fitting);
                match (choice.next(), choice.next()) {
                    (Some(key), None) => Ok(key),
                    (Some(_), Some(_)) => Err(Refused::Invalid.into()),
                    (None, _) => Err(Unread::UnknownKey),
                }
            }
        }
    }
}

impl Key {
    fn read(key: Value) -> Option<Self> {
        let jwk: Jwk = serde_json::from_value(key).ok()?;
        let (algorithm, named) = match &jwk.algorithm {
            AlgorithmParameters::RSA(_) => (Algorithm::RS256, KeyAlgorithm::RS256),
            AlgorithmParameters::EllipticCurve(key) if key.curve == EllipticCurve::P256 => {
                (Algorithm::ES256, KeyAlgorithm::ES256)
            }
            AlgorithmParameters::OctetKeyPair(key) if key.curve == EllipticCurve::Ed25519 => {
                (Algorithm::EdDSA, KeyAlgorithm::EdDSA)
            }
            _ => return None,
        };
        let common = &jwk.common;
        let for_signatures = common.public_key_use.as_ref().is_none_or(|one| *one == PublicKeyUse::Signature)
            && common.key_operations.as_ref().is_none_or(|some| some.contains(&KeyOperations::Verify))
            && common.key_algorithm.is_none_or(|one| one == named);
        let short_name = common.key_id.as_ref().is_none_or(|kid| kid.len() <= MAX_KID_BYTES);
        let decoding = DecodingKey::from_jwk(&jwk).ok()?;
        let fits = for_signatures && short_name && is_of_a_fitting_length(&decoding);
        fits.then_some(Self { kid: jwk.common.key_id, algorithm, decoding })
    }
}

fn is_of_a_fitting_length(key: &DecodingKey) -> bool {
    match key.kind() {
        DecodingKeyKind::RsaModulusExponent { n, e } => {
            let zeros = n.iter().take_while(|byte| **byte == 0).count();
            RSA_BYTES.contains(&(n.len() - zeros)) && e.len() <= 8
        }
        // An uncompressed point of P-256, or a key of Ed25519.
        DecodingKeyKind::SecretOrDer(bytes) => [65, 32].contains(&bytes.len()),
    }
}
