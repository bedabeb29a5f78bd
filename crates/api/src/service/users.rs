//! Making users, and changing what they may do: for administrators over HTTP, and for whoever has the database (the operators' tool,
//! `gatepipe dev`).

mod rule;

use chrono::Utc;
use secrecy::{ExposeSecret as _, SecretString};

use super::force_offline::cut_off;
use super::login;
use super::receipt::Reached;
use crate::app::App;
use crate::audit::{Action, Actor, Entry, Target};
use crate::auth::caller::grants::{ManageRoles, ManageUsers};
use crate::auth::password::{self, HashFailed};
use crate::auth::{Allowed, Caller, Keys, Token};
use crate::error::ApiError;
use crate::id::UserId;
use crate::reason::Reason;
use crate::store::{Facts, NO_PASSWORD, NewUser, RoleChange, Store, StoreError, UserChange};
use crate::user::{Password, Permission, RoleName, Username};

pub use rule::By;

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

impl From<UserError> for ApiError {
    fn from(error: UserError) -> Self {
        match error {
            UserError::Store(error) => refusal(error),
            UserError::Hash(error) => Self::Internal(error.to_string()),
            UserError::Stopping => Self::Unavailable(error.to_string()),
        }
    }
}

/// A user to be made.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// Must not be taken.
    pub username: Username,
    /// `None`: nobody logs in with a password; the user's tokens are made elsewhere.
    pub password: Option<Password>,
    /// Whom the user answers to.
    pub manager_id: Option<UserId>,
    /// What the user alone may do.
    pub permissions: Vec<Permission>,
    /// What the user is.
    pub roles: Vec<RoleName>,
}

/// Makes a user with an empty inbox and no permissions, for whoever has the database.
///
/// # Errors
/// [`UserError`]; a taken username and an unknown manager are among the store's.
pub async fn create(
    store: &Store,
    username: Username,
    password: Password,
    manager_id: Option<UserId>,
) -> Result<UserId, UserError> {
    let password = Some(password);
    let wanted = Wanted { username, password, manager_id, permissions: Vec::new(), roles: Vec::new() };
    make(store, &By::operator(), wanted).await
}

/// Makes a user with permissions and roles, as far as `by` may.
///
/// # Errors
/// [`UserError`]; among the store's are [`StoreError::Refused`], a taken username, an unknown manager and an unknown role.
pub async fn make(store: &Store, by: &By, wanted: Wanted) -> Result<UserId, UserError> {
    let password_hash = match wanted.password {
        Some(password) => hashed(password).await?,
        None => NO_PASSWORD.to_owned(),
    };
    let new = NewUser {
        username: wanted.username,
        password_hash,
        manager_id: wanted.manager_id,
        created_at_ms: Utc::now().timestamp_millis(),
    };
    let (actor, rule) = (by.actor().clone(), by.rule(Permission::ManageUsers));
    Ok(store.create_user_with(new, wanted.permissions, wanted.roles, actor, rule).await?)
}

/// Changes something about a user, as far as `by` may; `false` when it was so already.
///
/// # Errors
/// As [`Store::change_user`].
pub async fn change(store: &Store, by: &By, user: UserId, change: UserChange) -> Result<bool, StoreError> {
    store.change_user(user, change, by.actor().clone(), by.rule(Permission::ManageUsers)).await
}

/// Changes a role, as far as `by` may; gives how many users have it, or had it.
///
/// # Errors
/// As [`Store::change_role`].
pub async fn change_role(
    store: &Store,
    by: &By,
    role: &RoleName,
    change: RoleChange,
) -> Result<i64, StoreError> {
    store.change_role(role, change, by.actor().clone(), by.rule(Permission::ManageRoles)).await
}

/// Gives a user another password, for whoever has the database; all tokens of that user become useless. `false` when there is no
/// such user.
///
/// # Errors
/// [`UserError`]
pub async fn change_password(store: &Store, user: UserId, password: Password) -> Result<bool, UserError> {
    let hash = hashed(password).await?;
    let to = UserChange::Password(hash, Utc::now().timestamp_millis());
    match change(store, &By::operator(), user, to).await {
        Err(StoreError::NoSuchUsers(_)) => Ok(false),
        changed => Ok(changed?),
    }
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

/// Makes a user for a caller who may.
///
/// # Errors
/// [`ApiError::Known`] by the rule and for a taken name, a manager or a role that does not exist; the store's. Nothing was written.
pub async fn create_for(app: &App, by: &Allowed<ManageUsers>, wanted: Wanted) -> Result<UserId, ApiError> {
    let made = make(&app.store, &By::caller(by.caller()), wanted).await.map_err(ApiError::from);
    note_refusal(app, by.caller(), Action::CreateUser, Target::Nobody, &made);
    made
}

/// Changes something about a user for a caller who may. When the user is not let in any more, or has another password, the user's
/// connections are closed, as after a forced offline, with `reason`.
///
/// # Errors
/// [`ApiError::NotFound`] for the user, [`ApiError::Known`] by the rule and for the last administrator, a circle of managers, a manager
/// or a role that does not exist; the store's. Nothing was written.
pub async fn change_for(
    app: &App,
    by: &Allowed<ManageUsers>,
    user: UserId,
    to: UserChange,
    reason: &str,
) -> Result<(bool, Reached), ApiError> {
    let closes = matches!(to, UserChange::Disable(_) | UserChange::Password(..));
    let action = to.action();
    let changed = match change(&app.store, &By::caller(by.caller()), user, to).await {
        Err(StoreError::NoSuchUsers(who)) if who == [user] => {
            Err(ApiError::NotFound("there is no such user".into()))
        }
        changed => changed.map_err(refusal),
    };
    note_refusal(app, by.caller(), action, Target::User(user), &changed);
    let changed = changed?;
    app.auth.forget(user);
    // Also when it was so already: a first try may have closed some connections only.
    let reached = if closes { cut_off(app, by.caller(), user, reason).await } else { Reached::default() };
    Ok((changed, reached))
}

/// Gives a user another password, for a caller who may.
///
/// # Errors
/// As [`change_for`].
pub async fn set_password_for(
    app: &App,
    by: &Allowed<ManageUsers>,
    user: UserId,
    password: Password,
) -> Result<Reached, ApiError> {
    let to = UserChange::Password(hashed(password).await?, Utc::now().timestamp_millis());
    let (_, reached) = change_for(app, by, user, to, "your password was changed").await?;
    Ok(reached)
}

/// Changes a role for a caller who may; gives how many users have it, or had it.
///
/// # Errors
/// [`ApiError::Known`] by the rule and for a role that does not exist or exists already, or the last administrator; the store's. Nothing
/// was written.
pub async fn change_role_for(
    app: &App,
    by: &Allowed<ManageRoles>,
    role: &RoleName,
    to: RoleChange,
) -> Result<i64, ApiError> {
    let action = to.action();
    let changed = match change_role(&app.store, &By::caller(by.caller()), role, to).await {
        Err(StoreError::NoSuchRole(name)) => Err(Reason::RoleMissing(name).into()),
        changed => changed.map_err(refusal),
    };
    note_refusal(app, by.caller(), action, Target::Role(role.to_string()), &changed);
    changed
}

/// Gives the caller another password, if the old one is right; all tokens made before become useless, and a new one is given.
/// Wrong tries count as failed logins. Connections that are open stay.
///
/// # Errors
/// [`ApiError::Known`] for a wrong old password, where tokens are made elsewhere and for a caller without a password,
/// [`ApiError::TooMany`], the store's.
pub async fn change_own_password(
    app: &App,
    caller: &Caller,
    old: SecretString,
    new: Password,
) -> Result<login::LoggedIn, ApiError> {
    let changed = try_change_own_password(app, caller, old, new).await;
    if let Err(error) = &changed {
        let (actor, target) = (Actor::from(caller), Target::User(caller.id()));
        let text = error.to_string();
        app.audit.note(Entry::new(actor, Action::SetPassword, target, error.into(), &text));
    }
    changed
}

async fn try_change_own_password(
    app: &App,
    caller: &Caller,
    old: SecretString,
    new: Password,
) -> Result<login::LoggedIn, ApiError> {
    if !app.auth.makes_tokens() {
        return Err(Reason::PasswordElsewhere.into());
    }
    if old.expose_secret() == new.secret().expose_secret() {
        return Err(ApiError::field("new_password", "must not be the old one"));
    }
    login::check_password(app, caller, old).await?;
    let known = caller.user().token_generation;
    let to = UserChange::Password(hashed(new).await?, Utc::now().timestamp_millis());
    // The rule: nobody else changed it since the old one was compared.
    let unchanged = move |facts: &Facts| {
        let now = facts.user.as_ref().map(|standing| standing.user.token_generation);
        match now == Some(known) {
            true => Ok(()),
            false => Err(Reason::ChangedMeanwhile),
        }
    };
    app.store.change_user(caller.id(), to, caller.into(), unchanged).await.map_err(refusal)?;
    app.auth.forget(caller.id());
    login::token_for(app, caller.id()).await
}

/// What was done is in the audit already, in the same transaction.
fn note_refusal<T>(
    app: &App,
    caller: &Caller,
    action: Action,
    target: Target,
    outcome: &Result<T, ApiError>,
) {
    if let Err(error) = outcome {
        app.audit.note(Entry::new(caller.into(), action, target, error.into(), &error.to_string()));
    }
}

fn refusal(error: StoreError) -> ApiError {
    match error {
        StoreError::Refused(reason) => reason.into(),
        StoreError::UsernameTaken(name) => Reason::UsernameTaken(name).into(),
        StoreError::RoleTaken(name) => Reason::RoleTaken(name).into(),
        StoreError::LastAdministrator => Reason::LastAdministrator.into(),
        StoreError::ManagerCycle { user, manager } => Reason::ManagerCircle { user, manager }.into(),
        StoreError::NoSuchRole(name) => Reason::NoSuchRole(name).into(),
        StoreError::NoSuchUsers(_) => Reason::NoSuchManager.into(),
        other => other.into(),
    }
}

async fn hashed(password: Password) -> Result<String, UserError> {
    let hash = tokio::task::spawn_blocking(move || password::hash(&password)).await;
    Ok(hash.map_err(|_| UserError::Stopping)??)
}
