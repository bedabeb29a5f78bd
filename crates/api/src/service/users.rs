//! Making users. There is no route for it yet: the CLI and `gatepipe dev` come in here.

use chrono::Utc;

use crate::auth::password::{self, HashFailed};
use crate::auth::{Keys, Token};
use crate::id::UserId;
use crate::store::{NewUser, Store, StoreError};
use crate::user::{Password, Username};

/// Why a user could not be made or changed.
#[derive(Debug, thiserror::Error)]
pub enum UserError {
    /// The store's reason.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The password could not be hashed.
    #[error(transparent)]
    Hash(#[from] HashFailed),
    /// The hashing thread ended early: the program is stopping.
    #[error("the program is stopping")]
    Stopping,
}

/// Makes a user with an empty inbox and no permissions.
///
/// # Errors
/// [`UserError`]; a taken username and an unknown manager are among the store's.
pub async fn create(
    store: &Store,
    username: Username,
    password: Password,
    manager_id: Option<UserId>,
) -> Result<UserId, UserError> {
    let new = NewUser {
        username,
        password_hash: hashed(password).await?,
        manager_id,
        created_at_ms: Utc::now().timestamp_millis(),
    };
    Ok(store.create_user(new).await?)
}

/// Gives a user another password; all tokens of that user become useless. `false` when there is no such user.
///
/// # Errors
/// [`UserError`]
pub async fn change_password(store: &Store, user: UserId, password: Password) -> Result<bool, UserError> {
    let hash = hashed(password).await?;
    Ok(store.set_password(user, hash, Utc::now().timestamp_millis()).await?)
}

/// Makes a token for a user without a password, for operators; `None` when there is no such user or `keys` cannot sign.
///
/// # Errors
/// The store's.
pub async fn make_token(
    store: &Store,
    keys: &Keys,
    user: UserId,
    lifetime: std::time::Duration,
) -> Result<Option<Token>, StoreError> {
    let row = store.user(user).await?;
    Ok(row.and_then(|row| keys.sign(user, row.token_generation, Utc::now(), lifetime)))
}

async fn hashed(password: Password) -> Result<String, UserError> {
    let hash = tokio::task::spawn_blocking(move || password::hash(&password)).await;
    Ok(hash.map_err(|_| UserError::Stopping)??)
}
