//! Passwords: argon2id with the crate's recommended cost (19 MiB and about 20 ms each), bounded in how many at once.

use std::sync::Arc;
use std::time::Duration;

use argon2::password_hash::PasswordHasher as _;
use argon2::password_hash::phc::PasswordHash;
use argon2::{Algorithm, Argon2, Block, Params, Version};
use parking_lot::Mutex;
use secrecy::{ExposeSecret as _, SecretString};
use subtle::ConstantTimeEq as _;
use tokio::sync::Semaphore;

use crate::user::Password;

/// How many hashes are made at once: each takes a core and 19 MiB.
const AT_ONCE: usize = 4;

/// How long a check waits for its turn.
const PATIENCE: Duration = Duration::from_secs(5);

/// Hashing failed: no randomness or no memory.
#[derive(Debug, thiserror::Error)]
#[error("cannot hash the password: {0}")]
pub struct HashFailed(String);

/// Too many are waiting; later may work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Busy;

/// Hashes a password with a new salt, in PHC form. Takes about 20 ms of a core: not for an async thread.
///
/// # Errors
/// [`HashFailed`]
pub fn hash(password: &Password) -> Result<String, HashFailed> {
    hash_text(password.secret().expose_secret())
}

fn hash_text(password: &str) -> Result<String, HashFailed> {
    Argon2::default()
        .hash_password(password.as_bytes())
        .map(|hash| hash.to_string())
        .map_err(|error| HashFailed(error.to_string()))
}

/// What one hash is computed in. Kept and used again: an allocator that gets 19 MiB back from ever other threads keeps them all.
type Memory = Vec<Block>;

/// Whether `password` has this hash, in the hash's own parameters.
fn matches(password: &str, hash: &str, memory: &mut Memory) -> bool {
    let compare = || {
        let hash = PasswordHash::new(hash).ok()?;
        let (salt, expected) = (hash.salt.as_ref()?, hash.hash.as_ref()?);
        let algorithm = Algorithm::try_from(hash.algorithm.as_str()).ok()?;
        let version = hash.version.map_or(Ok(Version::default()), Version::try_from).ok()?;
        let params = Params::try_from(&hash).ok()?;
        memory.resize(params.block_count(), Block::default());
        let mut computed = vec![0; expected.as_bytes().len()];
        Argon2::new(algorithm, version, params)
            .hash_password_into_with_memory(password.as_bytes(), salt.as_ref(), &mut computed, memory)
            .ok()?;
        Some(computed.ct_eq(expected.as_bytes()).into())
    };
    compare().unwrap_or(false)
}

/// Compares passwords on blocking threads, a few at a time.
#[derive(Clone)]
pub struct PasswordCheck {
    turns: Arc<Semaphore>,
    /// At most [`AT_ONCE`], each lent to one hash at a time.
    memories: Arc<Mutex<Vec<Memory>>>,
    /// What the passwords of unknown users are compared with, so that they take as long as those of known ones.
    nobody: Arc<str>,
}

impl PasswordCheck {
    /// Takes about 20 ms, for the hash that stands for unknown users.
    ///
    /// # Errors
    /// [`HashFailed`]
    pub fn new() -> Result<Self, HashFailed> {
        Ok(Self {
            turns: Arc::new(Semaphore::new(AT_ONCE)),
            memories: Arc::default(),
            nobody: hash_text("no such user")?.into(),
        })
    }

    /// Whether `password` fits `hash`. Without a hash (no such user) it never does, after the same time.
    ///
    /// # Errors
    /// [`Busy`] after 5 s without a turn.
    pub async fn fits(&self, password: SecretString, hash: Option<String>) -> Result<bool, Busy> {
        let turn = tokio::time::timeout(PATIENCE, Arc::clone(&self.turns).acquire_owned());
        let turn = turn.await.map_err(|_| Busy)?.map_err(|_| Busy)?;
        let (nobody, memories) = (Arc::clone(&self.nobody), Arc::clone(&self.memories));
        let compare = move || {
            // Held until the hash is done, also when the caller has gone.
            let _turn = turn;
            let known = hash.is_some();
            let mut memory = memories.lock().pop().unwrap_or_default();
            let fits = matches(password.expose_secret(), hash.as_deref().unwrap_or(&nobody), &mut memory);
            memories.lock().push(memory);
            fits && known
        };
        tokio::task::spawn_blocking(compare).await.map_err(|_| Busy)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn many_logins_at_once_share_a_few_memories() {
        let check = PasswordCheck::new().unwrap();
        let tries = (0..20).map(|_| check.fits("x".into(), None));
        assert!(futures_util::future::join_all(tries).await.iter().all(|fits| *fits == Ok(false)));
        assert!(check.memories.lock().len() <= AT_ONCE);
    }

    #[tokio::test]
    async fn a_password_fits_its_own_hash_only() {
        let password = Password::new("correct horse".into()).unwrap();
        let hashed = hash(&password).unwrap();
        let again = hash(&password).unwrap();
        assert!(hashed.starts_with("$argon2id$") && hashed != again, "a salt of its own");
        let check = PasswordCheck::new().unwrap();
        let fits = async |text: &str, hash: Option<&String>| check.fits(text.into(), hash.cloned()).await;
        assert_eq!(fits("correct horse", Some(&hashed)).await, Ok(true));
        assert_eq!(fits("wrong horse", Some(&hashed)).await, Ok(false));
        assert_eq!(fits("no such user", None).await, Ok(false));
        assert_eq!(fits("x", Some(&"not a hash".into())).await, Ok(false));
        assert_eq!(fits("correct horse", Some(&hashed)).await, Ok(true), "again in the same memory");
    }
}
