//! What was sent to whom. Ids are the user's own: 1, 2, 3 …, committed in order, so that "after id N" never misses one.

mod sent;

use std::collections::BTreeMap;

use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use super::idempotency_keys::{record_answer, take_key};
use super::schema::{inboxes, notifications};
use super::users::user_id;
use super::{Recording, Store, StoreError, read, write};
use crate::id::{NotificationId, UserId};
use crate::idempotency::Claim;
use crate::notification::{Level, Notification};

pub use sent::{Pushed, SentFilter, SentPlace, SentRow};

/// How many ids or rows stand in one statement.
pub(super) const CHUNK: usize = 500;

/// A notification for some users.
#[derive(Debug, Clone)]
pub struct NewNotification {
    /// What it says.
    pub notification: Notification,
    /// Milliseconds since 1970.
    pub created_at_ms: i64,
}

/// A stored notification.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = notifications)]
pub struct NotificationRow {
    /// Its number in the user's inbox.
    pub id: i64,
    /// 1 to 255 characters.
    pub title: String,
    /// At most 64 KiB.
    pub content: String,
    /// "normal" or "urgent".
    pub level: String,
    /// "info", "success", "warning" or "error".
    pub notification_type: String,
    /// Empty, a URL or a path.
    pub link: String,
    /// The user has read it.
    pub is_read: bool,
    /// Milliseconds since 1970.
    pub created_at_ms: i64,
}

/// Where a list starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cursor {
    /// Newest first, from the newest.
    Newest,
    /// Newest first, only ids below this one.
    Before(NotificationId),
    /// Oldest first, only ids above this one.
    After(NotificationId),
    /// Oldest first, from the oldest.
    Oldest,
}

/// Which rows a list shows.
#[derive(Debug, Clone, Copy, Default)]
pub struct ListFilter {
    /// Only read ones, or only unread ones.
    pub is_read: Option<bool>,
    /// Only this level.
    pub level: Option<Level>,
}

/// In a `write!` body: stores `new` for each of `users`, which stand in order of their ids, each once. Gives each one's new id in
/// that order, or ends the body with [`StoreError::NoSuchUsers`].
macro_rules! insert_notification {
    ($conn:expr, $users:expr, $new:expr) => {{
        use diesel::sql_types::{BigInt, Bool, Text};
        use $crate::id::{NotificationId, UserId};
        use $crate::store::schema::{inboxes, notifications};
        let users: &[UserId] = $users;
        let new: &$crate::store::NewNotification = $new;
        let mut missing = Vec::new();
        let mut given = Vec::with_capacity(users.len());
        for some in users.chunks($crate::store::notifications::CHUNK) {
            let numbers: Vec<i64> = some.iter().map(|user| user.get()).collect();
            let theirs = || inboxes::table.filter(inboxes::user_id.eq_any(numbers.clone()));
            // In order of their ids: two writers that lock the same inboxes in different orders would wait for each other for ever.
            let inboxes_in_order =
                theirs().order(inboxes::user_id).select((inboxes::user_id, inboxes::last_id));
            let last_ids: Vec<(i64, i64)> = backend::for_update!(inboxes_in_order).load($conn).await?;
            if last_ids.len() < some.len() {
                let found: std::collections::HashSet<i64> = last_ids.iter().map(|(user, _)| *user).collect();
                missing.extend(some.iter().filter(|user| !found.contains(&user.get())).copied());
            }
            if !missing.is_empty() {
                // Nothing will be stored; the rest is looked at so that all are named.
                continue;
            }
            diesel::update(theirs())
                .set((inboxes::last_id.eq(inboxes::last_id + 1), inboxes::unread.eq(inboxes::unread + 1)))
                .execute($conn)
                .await?;
            theirs()
                .select((
                    inboxes::user_id,
                    inboxes::last_id,
                    new.notification.title.to_string().into_sql::<Text>(),
                    new.notification.content.to_string().into_sql::<Text>(),
                    new.notification.level.name().into_sql::<Text>(),
                    new.notification.kind.name().into_sql::<Text>(),
                    new.notification.link.to_string().into_sql::<Text>(),
                    false.into_sql::<Bool>(),
                    new.created_at_ms.into_sql::<BigInt>(),
                    // It is pushed later, if at all.
                    0_i64.into_sql::<BigInt>(),
                    0_i64.into_sql::<BigInt>(),
                    "".into_sql::<Text>(),
                ))
                .insert_into(notifications::table)
                .into_columns(notifications::all_columns)
                .execute($conn)
                .await?;
            for (user, last_id) in last_ids {
                given.extend(UserId::new(user).zip(NotificationId::new(last_id + 1)));
            }
        }
        if !missing.is_empty() {
            return Err($crate::store::StoreError::NoSuchUsers(missing));
        }
        given
    }};
}

pub(super) use insert_notification;

/// Makes everybody else wait who adds, reads or deletes notifications of `user`, so that `unread` stays their number: first the
/// inbox, then the notifications. Several inboxes are locked in order of the users' ids.
macro_rules! lock_inbox {
    ($conn:expr, $user:expr) => {{
        let inbox = inboxes::table.find($user.get()).select(inboxes::user_id);
        backend::for_update!(inbox).first::<i64>($conn).await.optional()?;
    }};
}

/// So many notifications of `user` are unread no more.
macro_rules! count_down {
    ($conn:expr, $user:expr, $count:expr) => {
        if $count > 0 {
            diesel::update(inboxes::table.find($user.get()))
                .set(inboxes::unread.eq(inboxes::unread - $count))
                .execute($conn)
                .await?;
        }
    };
}

/// In a `write!` body: deletes those of `ids` that `user` has; gives how many these were.
macro_rules! delete {
    ($conn:expr, $user:expr, $ids:expr) => {{
        lock_inbox!($conn, $user);
        let (mut deleted, mut unread) = (0, 0_i64);
        for some in $ids.chunks(CHUNK) {
            let own = || {
                notifications::table
                    .filter(notifications::user_id.eq($user.get()))
                    .filter(notifications::id.eq_any(some.to_vec()))
            };
            unread += own().filter(notifications::is_read.eq(false)).count().get_result::<i64>($conn).await?;
            deleted += diesel::delete(own()).execute($conn).await?;
        }
        count_down!($conn, $user, unread);
        deleted
    }};
}

/// In order of their ids, each once.
fn in_order(users: &[UserId]) -> Vec<UserId> {
    let mut users = users.to_vec();
    users.sort_unstable();
    users.dedup();
    users
}

impl Store {
    /// Stores a notification for each of `users`, in one transaction: all of them, or none.
    ///
    /// `users` may stand in any order. Gives each one's new id, in order of the users' ids.
    ///
    /// # Errors
    /// [`StoreError::NoSuchUsers`] with all that do not exist, [`StoreError::Unavailable`]
    pub async fn add_notification(
        &self,
        users: &[UserId],
        new: NewNotification,
    ) -> Result<Vec<(UserId, NotificationId)>, StoreError> {
        let users = in_order(users);
        write!(self, |conn| Ok(insert_notification!(conn, &users, &new)))
    }

    /// [`Store::add_notification`], unless a request with this key was done before; what `record` makes of the new ids is kept
    /// with the key, in the same transaction.
    ///
    /// # Errors
    /// [`StoreError::KeyTaken`], [`StoreError::NoSuchUsers`] with all that do not exist, [`StoreError::Unavailable`]
    pub async fn add_notification_once(
        &self,
        claim: &Claim,
        users: &[UserId],
        new: NewNotification,
        record: impl FnOnce(&[(UserId, NotificationId)]) -> Recording + Send + 'static,
    ) -> Result<Vec<(UserId, NotificationId)>, StoreError> {
        let (claim, users) = (claim.clone(), in_order(users));
        write!(self, |conn| {
            take_key!(conn, &claim);
            let given = insert_notification!(conn, &users, &new);
            record_answer!(conn, &claim, record(&given));
            Ok(given)
        })
    }

    /// At most `limit` notifications of `user`.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`]
    pub async fn notifications(
        &self,
        user: UserId,
        cursor: Cursor,
        filter: ListFilter,
        limit: u32,
    ) -> Result<Vec<NotificationRow>, StoreError> {
        read!(self, |conn| {
            let mut query = notifications::table
                .filter(notifications::user_id.eq(user.get()))
                .select(NotificationRow::as_select())
                .limit(limit.into())
                .into_boxed();
            query = match cursor {
                Cursor::Newest => query.order(notifications::id.desc()),
                Cursor::Before(id) => {
                    query.filter(notifications::id.lt(id.get())).order(notifications::id.desc())
                }
                Cursor::After(id) => {
                    query.filter(notifications::id.gt(id.get())).order(notifications::id.asc())
                }
                Cursor::Oldest => query.order(notifications::id.asc()),
            };
            if let Some(is_read) = filter.is_read {
                query = query.filter(notifications::is_read.eq(is_read));
            }
            if let Some(level) = filter.level {
                query = query.filter(notifications::level.eq(level.name()));
            }
            Ok(query.load(conn).await?)
        })
    }

    /// Marks those of `ids` that `user` has and has not read; gives which these were, in order.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`]
    pub async fn mark_read(
        &self,
        user: UserId,
        ids: &[NotificationId],
    ) -> Result<Vec<NotificationId>, StoreError> {
        let ids = numbers(ids);
        write!(self, |conn| {
            lock_inbox!(conn, user);
            let mut changed = Vec::new();
            for some in ids.chunks(CHUNK) {
                let unread = || {
                    notifications::table
                        .filter(notifications::user_id.eq(user.get()))
                        .filter(notifications::id.eq_any(some.to_vec()))
                        .filter(notifications::is_read.eq(false))
                };
                let found = unread().order(notifications::id).select(notifications::id);
                changed.extend(found.load::<i64>(conn).await?);
                diesel::update(unread()).set(notifications::is_read.eq(true)).execute(conn).await?;
            }
            count_down!(conn, user, changed.len() as i64);
            Ok(changed.into_iter().filter_map(NotificationId::new).collect())
        })
    }

    /// Marks every notification of `user` as read; gives how many were unread.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`]
    pub async fn mark_all_read(&self, user: UserId) -> Result<usize, StoreError> {
        write!(self, |conn| {
            lock_inbox!(conn, user);
            let unread = notifications::table
                .filter(notifications::user_id.eq(user.get()))
                .filter(notifications::is_read.eq(false));
            let changed = diesel::update(unread).set(notifications::is_read.eq(true)).execute(conn).await?;
            count_down!(conn, user, changed as i64);
            Ok(changed)
        })
    }

    /// Deletes those of `ids` that `user` has; gives how many these were. Their ids are not given out again.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`]
    pub async fn delete_notifications(
        &self,
        user: UserId,
        ids: &[NotificationId],
    ) -> Result<usize, StoreError> {
        let ids = numbers(ids);
        write!(self, |conn| Ok(delete!(conn, user, ids)))
    }

    /// Deletes the oldest notifications that were made before `before_ms`, at most `limit`; gives how many these were.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`]
    pub async fn delete_old_notifications(&self, before_ms: i64, limit: u32) -> Result<usize, StoreError> {
        write!(self, |conn| {
            let old: Vec<(i64, i64)> = notifications::table
                .filter(notifications::created_at_ms.lt(before_ms))
                .order(notifications::created_at_ms)
                .limit(limit.into())
                .select((notifications::user_id, notifications::id))
                .load(conn)
                .await?;
            let mut by_user = BTreeMap::<i64, Vec<i64>>::new();
            for (user, id) in old {
                by_user.entry(user).or_default().push(id);
            }
            let mut deleted = 0;
            for (user, ids) in by_user {
                let user = user_id(user)?;
                deleted += delete!(conn, user, ids);
            }
            Ok(deleted)
        })
    }
}

fn numbers(ids: &[NotificationId]) -> Vec<i64> {
    ids.iter().map(|id| id.get()).collect()
}
