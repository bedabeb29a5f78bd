//! Everybody's notifications as operators see them, and what became of their pushes.

use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use super::NotificationRow;
use crate::id::{NotificationId, UserId};
use crate::notification::{Kind, Level, PushState};
use crate::store::schema::{inboxes, notifications};
use crate::store::{Store, StoreError, read, write};

/// Rows of one query while conditions are looked at.
const LOOK: i64 = 1_000;

/// Rows that are looked at for one page; a page that has not found enough by then ends there.
const MOST: usize = 10_000;

/// A notification and what became of it, without its content.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = notifications)]
pub struct SentRow {
    /// Whose inbox it is in.
    pub user_id: i64,
    /// Its number there.
    pub id: i64,
    /// 1 to 255 characters.
    pub title: String,
    /// "normal" or "urgent".
    pub level: String,
    /// "info", "success", "warning" or "error".
    pub notification_type: String,
    /// The user has read it.
    pub is_read: bool,
    /// Milliseconds since 1970.
    pub created_at_ms: i64,
    /// When its last push ended, in milliseconds since 1970; 0 when nothing is noted.
    pub pushed_at_ms: i64,
    /// Connections that took that push.
    pub push_reached: i64,
    /// The name of a [`PushState`]; empty when nothing is noted.
    pub push_result: String,
}

/// Which rows a list shows; every condition that is given must hold.
#[derive(Debug, Clone, Default)]
pub struct SentFilter {
    /// Only what this user got.
    pub user: Option<UserId>,
    /// Only this level.
    pub level: Option<Level>,
    /// Only of this kind.
    pub kind: Option<Kind>,
    /// Only read ones, or only unread ones.
    pub is_read: Option<bool>,
    /// Only those whose push went so.
    pub push: Option<PushState>,
    /// Only those whose title has this in it, whatever the case.
    pub title: Option<String>,
    /// Only what was made then or later, in milliseconds since 1970.
    pub since_ms: Option<i64>,
    /// Only what was made before, in milliseconds since 1970.
    pub until_ms: Option<i64>,
}

/// Where in a list a row stands: newest first, those of one moment by user and number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SentPlace {
    /// When it was made, in milliseconds since 1970.
    pub created_at_ms: i64,
    /// Whose it is.
    pub user: i64,
    /// Its number.
    pub id: i64,
}

/// What became of one push.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pushed {
    /// Whose notification it was.
    pub user: UserId,
    /// Which one.
    pub id: NotificationId,
    /// When the push ended, in milliseconds since 1970.
    pub at_ms: i64,
    /// Connections that took it.
    pub reached: u64,
    /// How whole it was.
    pub result: PushState,
}

impl SentRow {
    /// Where it stands.
    #[must_use]
    pub fn place(&self) -> SentPlace {
        SentPlace { created_at_ms: self.created_at_ms, user: self.user_id, id: self.id }
    }

    /// What is known about its push.
    #[must_use]
    pub fn push(&self) -> PushState {
        let noted = PushState::ALL.iter().find(|state| state.name() == self.push_result);
        noted.copied().unwrap_or(match self.level == Level::Urgent.name() {
            true => PushState::Unknown,
            false => PushState::None,
        })
    }
}

impl SentFilter {
    /// Whether every row of a query is one of the list.
    fn asks_no_more_than_sql(&self) -> bool {
        let timed = self.user.is_some() && (self.since_ms.is_some() || self.until_ms.is_some());
        let nothing = self.level.is_none() && self.kind.is_none() && self.is_read.is_none();
        nothing && self.push.is_none() && self.title.is_none() && !timed
    }

    /// `title` is the sought one in small letters.
    fn fits(&self, row: &SentRow, title: Option<&str>) -> bool {
        self.level.is_none_or(|level| level.name() == row.level)
            && self.kind.is_none_or(|kind| kind.name() == row.notification_type)
            && self.is_read.is_none_or(|is_read| is_read == row.is_read)
            && self.push.is_none_or(|push| push == row.push())
            && self.since_ms.is_none_or(|since| row.created_at_ms >= since)
            && self.until_ms.is_none_or(|until| row.created_at_ms < until)
            && title.is_none_or(|title| row.title.to_lowercase().contains(title))
    }
}

impl Store {
    /// At most `limit` notifications of everybody, newest first, only those that stand behind `before`; and where the next page
    /// begins, when there may be one.
    ///
    /// One user's are in order of their numbers. No more than 10,000 rows are looked at: a page whose conditions hold for few of them
    /// may be short, or empty, and still have a next one.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`]
    pub async fn sent(
        &self,
        filter: SentFilter,
        before: Option<SentPlace>,
        limit: u32,
    ) -> Result<(Vec<SentRow>, Option<SentPlace>), StoreError> {
        let limit = limit as usize;
        // One more than asked for, to know whether there are more.
        let at_once = if filter.asks_no_more_than_sql() { limit as i64 + 1 } else { LOOK };
        let title = filter.title.as_ref().map(|title| title.to_lowercase());
        read!(self, |conn| {
            let (mut found, mut from, mut looked_at) = (Vec::with_capacity(limit + 1), before, 0_usize);
            loop {
                let mut query = notifications::table.select(SentRow::as_select()).limit(at_once).into_boxed();
                if let Some(user) = filter.user {
                    query =
                        query.filter(notifications::user_id.eq(user.get())).order(notifications::id.desc());
                    if let Some(from) = from {
                        query = query.filter(notifications::id.lt(from.id));
                    }
                } else {
                    query = query.order((
                        notifications::created_at_ms.desc(),
                        notifications::user_id.desc(),
                        notifications::id.desc(),
                    ));
                    if let Some(since_ms) = filter.since_ms {
                        query = query.filter(notifications::created_at_ms.ge(since_ms));
                    }
                    if let Some(until_ms) = filter.until_ms {
                        query = query.filter(notifications::created_at_ms.lt(until_ms));
                    }
                    if let Some(SentPlace { created_at_ms, user, id }) = from {
                        // The first condition is the one that an index answers.
                        let of_one = notifications::user_id.eq(user).and(notifications::id.lt(id));
                        query = query.filter(notifications::created_at_ms.le(created_at_ms)).filter(
                            notifications::created_at_ms
                                .lt(created_at_ms)
                                .or(notifications::user_id.lt(user))
                                .or(of_one),
                        );
                    }
                }
                let rows: Vec<SentRow> = query.load(conn).await?;
                let all = (rows.len() as i64) < at_once;
                looked_at += rows.len();
                from = rows.last().map(SentRow::place).or(from);
                found.extend(rows.into_iter().filter(|row| filter.fits(row, title.as_deref())));
                if found.len() > limit {
                    found.truncate(limit);
                    let next = found.last().map(SentRow::place);
                    return Ok((found, next));
                }
                if all {
                    return Ok((found, None));
                }
                if looked_at >= MOST {
                    return Ok((found, from));
                }
            }
        })
    }

    /// One notification of `user` with what became of it; `None` when there is none (any more).
    ///
    /// # Errors
    /// [`StoreError::Unavailable`]
    pub async fn sent_one(
        &self,
        user: UserId,
        id: NotificationId,
    ) -> Result<Option<(SentRow, NotificationRow)>, StoreError> {
        read!(self, |conn| {
            let row = notifications::table
                .find((user.get(), id.get()))
                .select((SentRow::as_select(), NotificationRow::as_select()));
            Ok(row.first(conn).await.optional()?)
        })
    }

    /// Notes what became of pushes, of at most some hundred; those of notifications that are gone change nothing.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`]
    pub async fn note_pushed(&self, mut pushed: Vec<Pushed>) -> Result<(), StoreError> {
        pushed.sort_by_key(|push| (push.user, push.id, push.at_ms));
        let mut users: Vec<i64> = pushed.iter().map(|push| push.user.get()).collect();
        users.dedup();
        write!(self, |conn| {
            // Whoever touches notifications takes the inboxes first, so that nobody waits for another in a circle.
            let inboxes = inboxes::table.filter(inboxes::user_id.eq_any(users)).order(inboxes::user_id);
            let inboxes = inboxes.select(inboxes::user_id);
            backend::for_update!(inboxes).load::<i64>(conn).await?;
            for push in pushed {
                diesel::update(notifications::table.find((push.user.get(), push.id.get())))
                    .set((
                        notifications::pushed_at_ms.eq(push.at_ms),
                        notifications::push_reached.eq(i64::try_from(push.reached).unwrap_or(i64::MAX)),
                        notifications::push_result.eq(push.result.name()),
                    ))
                    .execute(conn)
                    .await?;
            }
            Ok(())
        })
    }
}
