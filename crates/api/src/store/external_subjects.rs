//! Which of our users the tokens of others mean.

use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use super::audit_entries::insert_entry;
use super::schema::{external_subjects, inboxes, users};
use super::users::{Insert, NO_PASSWORD, insert_user, user_id};
use super::{Store, StoreError, read, unless_taken, write};
use crate::audit::{Action, Actor, Entry, Target, Verdict};
use crate::id::UserId;
use crate::user::{ExternalSubject, Username};

fn key(subject: &ExternalSubject) -> (String, String) {
    (subject.issuer().to_owned(), subject.subject().to_owned())
}

impl Store {
    /// The user that `subject` means, if it was linked to one.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`]
    pub async fn external_user(&self, subject: &ExternalSubject) -> Result<Option<UserId>, StoreError> {
        let key = key(subject);
        read!(self, |conn| {
            let found = external_subjects::table.find(key).select(external_subjects::user_id);
            found.first(conn).await.optional()?.map(user_id).transpose()
        })
    }

    /// Says that `subject` means `user`, for good; nothing changes when it already does.
    ///
    /// # Errors
    /// [`StoreError::NoSuchUsers`], [`StoreError::SubjectTaken`], [`StoreError::Unavailable`]
    pub async fn link_subject(&self, user: UserId, subject: &ExternalSubject) -> Result<(), StoreError> {
        let key = key(subject);
        let told = format!("{} of the issuer {}", key.1, key.0);
        write!(self, |conn| {
            let owner = users::table.find(user.get()).select(users::id);
            if backend::for_update!(owner).first::<i64>(conn).await.optional()?.is_none() {
                return Err(StoreError::NoSuchUsers(vec![user]));
            }
            let found = external_subjects::table.find(key.clone()).select(external_subjects::user_id);
            match found.first::<i64>(conn).await.optional()? {
                Some(linked) if linked == user.get() => Ok(()),
                Some(_) => Err(StoreError::SubjectTaken(key.1)),
                None => {
                    let row = (
                        external_subjects::issuer.eq(key.0),
                        external_subjects::subject.eq(key.1.clone()),
                        external_subjects::user_id.eq(user.get()),
                    );
                    let inserted =
                        diesel::insert_into(external_subjects::table).values(row).execute(conn).await;
                    unless_taken(inserted, || StoreError::SubjectTaken(key.1.clone()))?;
                    let (actor, target) = (Actor::operator(), Target::User(user));
                    insert_entry!(conn, Entry::new(actor, Action::LinkUser, target, Verdict::Done, &told));
                    Ok(())
                }
            }
        })
    }

    /// Makes a user without a password that `subject` means, called by the first of `names` that is free. The user that it
    /// means already, if there is one.
    ///
    /// # Errors
    /// [`StoreError::UsernameTaken`] when all names are, [`StoreError::SubjectTaken`] when somebody else made the user at the same
    /// time, [`StoreError::Unavailable`]
    pub async fn create_external_user(
        &self,
        subject: &ExternalSubject,
        names: Vec<Username>,
        created_at_ms: i64,
    ) -> Result<UserId, StoreError> {
        let key = key(subject);
        write!(self, |conn| {
            let found = external_subjects::table.find(key.clone()).select(external_subjects::user_id);
            if let Some(known) = found.first(conn).await.optional()? {
                return user_id(known);
            }
            let mut free = None;
            for name in &names {
                let named = users::table.filter(users::username.eq(name.to_string()));
                if named.count().get_result::<i64>(conn).await? == 0 {
                    free = Some(name.to_string());
                    break;
                }
            }
            let taken = || names.last().map(Username::to_string).unwrap_or_default();
            let username = free.ok_or_else(|| StoreError::UsernameTaken(taken()))?;
            let called = username.clone();
            let password_hash = NO_PASSWORD.to_owned();
            let user =
                insert_user!(conn, Insert { username, password_hash, manager_id: None, created_at_ms });
            let row = (
                external_subjects::issuer.eq(key.0),
                external_subjects::subject.eq(key.1.clone()),
                external_subjects::user_id.eq(user.get()),
            );
            let inserted = diesel::insert_into(external_subjects::table).values(row).execute(conn).await;
            unless_taken(inserted, || StoreError::SubjectTaken(key.1))?;
            let (actor, target) = (Actor::issuer(), Target::User(user));
            insert_entry!(conn, Entry::new(actor, Action::CreateUser, target, Verdict::Done, &called));
            Ok(user)
        })
    }
}
