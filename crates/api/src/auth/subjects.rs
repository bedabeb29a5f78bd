//! Which user of ours a token means.

use std::sync::atomic::{AtomicBool, Ordering};

use chrono::{DateTime, Utc};
use parking_lot::Mutex;

use super::recent::Recent;
use super::token::{Claims, Refused, Subject};
use crate::audit::Actor;
use crate::error::ApiError;
use crate::id::UserId;
use crate::store::{NO_PASSWORD, NewUser, Store, StoreError};
use crate::user::{ExternalSubject, MAX_NAME_CHARACTERS, Username};

/// How many subjects are remembered at least.
const REMEMBERED: usize = 5_000;

/// Finds users by what tokens say, and makes them at first sight when it is told to.
pub struct Subjects {
    store: Store,
    create_users: AtomicBool,
    /// Whom subjects mean. That never changes: a user is never renamed, and a subject never given to another.
    known: Mutex<Recent<Subject, UserId>>,
}

impl Subjects {
    /// Asks `store`; makes users that it does not know when `create_users`.
    #[must_use]
    pub fn new(store: Store, create_users: bool) -> Self {
        Self { store, create_users: create_users.into(), known: Mutex::new(Recent::new(REMEMBERED)) }
    }

    /// From now on makes users that it does not know, or not.
    pub fn set_create_users(&self, create_users: bool) {
        self.create_users.store(create_users, Ordering::Relaxed);
    }

    /// The user that a good token means. Whether the user still exists is asked elsewhere.
    ///
    /// # Errors
    /// [`Refused::Unknown`], or the store's for a subject that was not seen lately.
    pub async fn user(&self, claims: &Claims, now: DateTime<Utc>) -> Result<UserId, ApiError> {
        if let Subject::Id(user) = claims.subject {
            return Ok(user);
        }
        let known = self.known.lock().get(&claims.subject).copied();
        if let Some(user) = known {
            return Ok(user);
        }
        let user = match self.find(&claims.subject).await? {
            Some(user) => user,
            None if self.create_users.load(Ordering::Relaxed) => self.create(claims, now).await?,
            None => return Err(Refused::Unknown.into()),
        };
        self.known.lock().put(claims.subject.clone(), user);
        Ok(user)
    }

    async fn find(&self, subject: &Subject) -> Result<Option<UserId>, StoreError> {
        match subject {
            Subject::Id(user) => Ok(Some(*user)),
            Subject::Username(name) => Ok(self.store.user_by_name(name.as_str()).await?.map(|user| user.id)),
            Subject::External(subject) => self.store.external_user(subject).await,
        }
    }

    /// Makes the user. Of several that do so at the same time one makes it, and the others find it.
    async fn create(&self, claims: &Claims, now: DateTime<Utc>) -> Result<UserId, StoreError> {
        let created_at_ms = now.timestamp_millis();
        let created = match &claims.subject {
            Subject::Id(user) => Ok(*user),
            Subject::Username(name) => {
                let (username, password_hash) = (name.clone(), NO_PASSWORD.to_owned());
                let new = NewUser { username, password_hash, manager_id: None, created_at_ms };
                self.store.create_user_as(new, Actor::issuer()).await
            }
            Subject::External(subject) => {
                let names = names(claims.username.as_ref(), subject, rand::random());
                self.store.create_external_user(subject, names, created_at_ms).await
            }
        };
        match created {
            Ok(user) => {
                tracing::info!(uid = %user, "user made at the first sight of a token");
                Ok(user)
            }
            Err(error) => self.find(&claims.subject).await?.ok_or(error),
        }
    }
}

/// How a new user may be called, best first: as the token says or else by the issuer's own name, and if somebody has that name
/// already, with something random behind it: whoever chooses a name elsewhere must not become its owner here.
fn names(wish: Option<&Username>, subject: &ExternalSubject, random: u32) -> Vec<Username> {
    let wish = wish.map(Username::as_str).or(Some(subject.subject()));
    let plain = wish.and_then(|name| name.parse::<Username>().ok());
    let stem = plain.as_ref().map_or("user", Username::as_str);
    let behind = format!("-{random:08x}");
    let stem: String = stem.chars().take(MAX_NAME_CHARACTERS - behind.len()).collect();
    plain.iter().cloned().chain(format!("{stem}{behind}").parse()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_user_is_called_as_wished_and_otherwise_gets_another_name() {
        let long = "名".repeat(64);
        let cases = [
            (Some("ana"), "7f-1", vec!["ana", "ana-0000abcd"]),
            (None, "7f-1", vec!["7f-1", "7f-1-0000abcd"]),
            (None, "auth0|7", vec!["user-0000abcd"]),
            (Some(&long), "7f-1", vec![&long, &long[..55 * 3]]),
        ];
        for (wish, subject, expected) in cases {
            let wish = wish.map(|name| name.parse::<Username>().unwrap());
            let made = names(wish.as_ref(), &ExternalSubject::new("", subject).unwrap(), 0xabcd);
            let made: Vec<&str> = made.iter().map(Username::as_str).collect();
            assert_eq!(made.len(), expected.len());
            assert!(made.iter().zip(&expected).all(|(made, start)| made.starts_with(start)), "{made:?}");
        }
    }
}
