//! Which requests were done, and what was answered, so that one that comes again is not done again.
//!
//! The primary key decides between two that come at once, in one process or in two: a `write!` body takes the key before it
//! writes anything else, so that the second one waits for the first one's end and then finds the key taken.

use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use super::schema::idempotency_keys;
use super::{Store, StoreError, read, write};
use crate::id::UserId;
use crate::idempotency::{Claim, IdempotencyKey};

/// What was answered to the first request with a key.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = idempotency_keys)]
pub struct Recorded {
    /// The body's SHA-256 in hex.
    pub body_digest: String,
    /// The answer's `data`, in JSON.
    pub answer: String,
    /// The answer does not change any more: the request has ended.
    pub is_final: bool,
    /// When the request came, in milliseconds since 1970.
    pub created_at_ms: i64,
}

/// What a request is answered if it comes again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recording {
    /// The answer's `data`, in JSON, at most 1 MiB.
    pub answer: String,
    /// Nothing is left to do; else [`Store::settle`] follows.
    pub is_final: bool,
}

pub(super) type Key = (i64, &'static str, String);

pub(super) fn key(claim: &Claim) -> Key {
    (claim.user_id.get(), claim.route, claim.key.as_str().to_owned())
}

/// In a `write!` body, before it writes anything else: takes the key of a [`Claim`], or ends the body with
/// [`StoreError::KeyTaken`]. [`record_answer`] follows in the same body.
macro_rules! take_key {
    ($conn:expr, $claim:expr) => {{
        use diesel::result::{DatabaseErrorKind, Error};
        use $crate::store::schema::idempotency_keys;
        let claim: &$crate::idempotency::Claim = $claim;
        let (user, route, key) = $crate::store::idempotency_keys::key(claim);
        let row = (
            idempotency_keys::user_id.eq(user),
            idempotency_keys::route.eq(route),
            idempotency_keys::idempotency_key.eq(key),
            idempotency_keys::body_digest.eq(claim.body_digest.as_str().to_owned()),
            idempotency_keys::answer.eq("null"),
            idempotency_keys::is_final.eq(false),
            idempotency_keys::created_at_ms.eq(claim.claimed_at_ms),
        );
        match diesel::insert_into(idempotency_keys::table).values(row).execute($conn).await {
            // On PostgreSQL nothing more can be done in this transaction.
            Err(Error::DatabaseError(DatabaseErrorKind::UniqueViolation, _)) => {
                return Err($crate::store::StoreError::KeyTaken);
            }
            inserted => inserted?,
        };
    }};
}

/// In a `write!` body after [`take_key`]: what is answered if the request comes again, as a [`Recording`].
macro_rules! record_answer {
    ($conn:expr, $claim:expr, $recording:expr) => {{
        use $crate::store::schema::idempotency_keys;
        let recording: $crate::store::Recording = $recording;
        let key = $crate::store::idempotency_keys::key($claim);
        diesel::update(idempotency_keys::table.find(key))
            .set((
                idempotency_keys::answer.eq(recording.answer),
                idempotency_keys::is_final.eq(recording.is_final),
            ))
            .execute($conn)
            .await?;
    }};
}

pub(super) use {record_answer, take_key};

impl Store {
    /// Takes a key for a request that writes nothing else.
    ///
    /// # Errors
    /// [`StoreError::KeyTaken`], [`StoreError::Unavailable`]
    pub async fn claim(&self, claim: &Claim, recording: Recording) -> Result<(), StoreError> {
        let claim = claim.clone();
        write!(self, |conn| {
            take_key!(conn, &claim);
            record_answer!(conn, &claim, recording);
            Ok(())
        })
    }

    /// The last word about a request that had its key.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`]
    pub async fn settle(&self, claim: &Claim, answer: String) -> Result<(), StoreError> {
        let claim = claim.clone();
        write!(self, |conn| {
            record_answer!(conn, &claim, Recording { answer, is_final: true });
            Ok(())
        })
    }

    /// What was answered to the first request with the key; `None` when there is none (any more).
    ///
    /// # Errors
    /// [`StoreError::Unavailable`]
    pub async fn recorded(&self, claim: &Claim) -> Result<Option<Recorded>, StoreError> {
        let key = key(claim);
        read!(self, |conn| {
            let row = idempotency_keys::table.find(key).select(Recorded::as_select());
            Ok(row.first(conn).await.optional()?)
        })
    }

    /// Whether a request of `user` to `route` with this key was done, or is being done.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`]
    pub async fn is_key_taken(
        &self,
        user: UserId,
        route: &'static str,
        key: &IdempotencyKey,
    ) -> Result<bool, StoreError> {
        let key: Key = (user.get(), route, key.as_str().to_owned());
        read!(self, |conn| {
            let taken = idempotency_keys::table.find(key).count();
            Ok(taken.get_result::<i64>(conn).await? > 0)
        })
    }

    /// Deletes the oldest keys that were taken before `before_ms`, about `limit` of them; gives how many these were.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`]
    pub async fn delete_old_keys(&self, before_ms: i64, limit: u32) -> Result<usize, StoreError> {
        write!(self, |conn| {
            let oldest: Vec<i64> = idempotency_keys::table
                .filter(idempotency_keys::created_at_ms.lt(before_ms))
                .order(idempotency_keys::created_at_ms)
                .limit(limit.into())
                .select(idempotency_keys::created_at_ms)
                .load(conn)
                .await?;
            let Some(last) = oldest.last() else { return Ok(0) };
            let old = idempotency_keys::table.filter(idempotency_keys::created_at_ms.le(*last));
            Ok(diesel::delete(old).execute(conn).await?)
        })
    }
}
