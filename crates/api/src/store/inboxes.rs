//! One row per user: the last notification id that was given out, and how many are unread.

use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use super::schema::inboxes;
use super::{Store, StoreError, read};
use crate::id::UserId;

impl Store {
    /// How many notifications `user` has not read; 0 for a user that does not exist.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`]
    pub async fn unread_count(&self, user: UserId) -> Result<i64, StoreError> {
        read!(self, |conn| {
            let unread = inboxes::table
                .find(user.get())
                .select(inboxes::unread)
                .first::<i64>(conn)
                .await
                .optional()?;
            Ok(unread.unwrap_or(0))
        })
    }
}
