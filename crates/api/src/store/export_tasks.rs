//! The queue of exports: one row for each, which at any time one worker may have.
//!
//! A worker's claim is a random word that stands in the row while the task is its own. Every later change of the row asks for
//! that word, so whoever lost a task to another changes nothing any more.

use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use super::idempotency_keys::{record_answer, take_key};
use super::notifications::insert_notification;
use super::schema::{export_tasks, inboxes};
use super::users::user_id;
use super::{NewNotification, Recording, Store, StoreError, read, write};
use crate::export::{Format, State};
use crate::id::{ExportTaskId, NotificationId, UserId};
use crate::idempotency::Claim;

/// How many ids or words stand in one statement.
const CHUNK: usize = 500;

/// How often a worker looks for another task when others took the one it saw.
const LOOKS: usize = 8;

/// An export that is ordered; its rows lie in the export directory already.
#[derive(Debug, Clone)]
pub struct NewExportTask {
    /// Whose it is.
    pub user: UserId,
    /// Random and never used before: 32 hexadecimal digits.
    pub token: String,
    /// 1 to 255 characters.
    pub title: String,
    /// 1 to 100 characters that fit into a file's name.
    pub prefix: String,
    /// What is written.
    pub format: Format,
    /// How many rows there are.
    pub total_rows: i64,
    /// Signs links: 64 hexadecimal digits.
    pub link_key: String,
    /// Milliseconds since 1970.
    pub created_at_ms: i64,
}

/// A stored export. Times are milliseconds since 1970, 0 for never.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = export_tasks)]
pub struct ExportTaskRow {
    /// Its number.
    pub id: i64,
    /// Begins the names of its files.
    pub token: String,
    /// Whose it is.
    pub user_id: i64,
    /// 1 to 255 characters.
    pub title: String,
    /// What the downloaded file's name begins with.
    pub prefix: String,
    /// "xlsx" or "csv".
    pub format: String,
    /// The name of a [`State`].
    pub state: String,
    /// How many rows there are.
    pub total_rows: i64,
    /// How many of them are written.
    pub done_rows: i64,
    /// Why it failed; empty when it did not.
    pub reason: String,
    /// The finished file in the export directory; empty when there is none.
    pub file: String,
    /// Its length.
    pub file_bytes: i64,
    /// How often a worker began.
    pub attempt: i64,
    /// Who has it, or had it last.
    pub claim: String,
    /// Signs links to the file.
    pub link_key: String,
    /// The number of the notification that told of the end; 0 before.
    pub notification_id: i64,
    /// When it was ordered.
    pub created_at_ms: i64,
    /// When the last attempt began.
    pub started_at_ms: i64,
    /// When it ended.
    pub finished_at_ms: i64,
    /// When its file goes.
    pub expires_at_ms: i64,
}

#[derive(Insertable)]
#[diesel(table_name = export_tasks)]
struct Insert {
    token: String,
    user_id: i64,
    title: String,
    prefix: String,
    format: &'static str,
    state: &'static str,
    total_rows: i64,
    link_key: String,
    created_at_ms: i64,
}

/// How a task ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ExportEnd {
    /// The file lies in the export directory under this name until then.
    Done {
        /// Its name there.
        file: String,
        /// Its length.
        bytes: i64,
        /// Milliseconds since 1970.
        expires_at_ms: i64,
    },
    /// There is no file.
    Failed {
        /// For people, at most 500 characters.
        reason: String,
    },
}

/// Whether a worker ended its task.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Finished {
    /// It did, now or by an earlier call whose answer was lost; the owner's notification has this number.
    Ours(NotificationId),
    /// Another worker has the task, or ended it.
    Lost,
}

/// What is left of a task on the disk, see [`Store::export_files`].
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = export_tasks)]
pub struct ExportFiles {
    /// Begins the names of its files.
    pub token: String,
    /// The name of a [`State`].
    pub state: String,
    /// The finished file; empty when there is none.
    pub file: String,
}

const UNFINISHED: [&str; 2] = [State::Queued.name(), State::Running.name()];

impl Store {
    /// Stores an export in the queue, unless its user has `most` unfinished ones, or a request with the key of `claim` was done
    /// before; what `record` makes of the task is kept with the key, in the same transaction.
    ///
    /// # Errors
    /// [`StoreError::KeyTaken`], [`StoreError::TooManyExports`], [`StoreError::NoSuchUsers`], [`StoreError::Unavailable`]
    pub async fn add_export_task(
        &self,
        new: NewExportTask,
        most: i64,
        claim: Option<&Claim>,
        record: impl FnOnce(&ExportTaskRow) -> Recording + Send + 'static,
    ) -> Result<ExportTaskRow, StoreError> {
        let claim = claim.cloned();
        write!(self, |conn| {
            if let Some(claim) = &claim {
                take_key!(conn, claim);
            }
            // Holds the user's row to the end, so that two orders at once do not both count the same unfinished ones.
            diesel::update(inboxes::table.find(new.user.get()))
                .set(inboxes::last_id.eq(inboxes::last_id))
                .execute(conn)
                .await?;
            let inbox = inboxes::table.find(new.user.get()).count().get_result::<i64>(conn).await?;
            if inbox == 0 {
                return Err(StoreError::NoSuchUsers(vec![new.user]));
            }
            let unfinished = export_tasks::table
                .filter(export_tasks::user_id.eq(new.user.get()))
                .filter(export_tasks::state.eq_any(UNFINISHED));
            if unfinished.count().get_result::<i64>(conn).await? >= most {
                return Err(StoreError::TooManyExports(most));
            }
            let row = Insert {
                token: new.token.clone(),
                user_id: new.user.get(),
                title: new.title,
                prefix: new.prefix,
                format: new.format.name(),
                state: State::Queued.name(),
                total_rows: new.total_rows,
                link_key: new.link_key,
                created_at_ms: new.created_at_ms,
            };
            diesel::insert_into(export_tasks::table).values(row).execute(conn).await?;
            // Read back by its unique token: not every backend returns what it inserted.
            let stored = export_tasks::table.filter(export_tasks::token.eq(new.token));
            let stored: ExportTaskRow = stored.select(ExportTaskRow::as_select()).first(conn).await?;
            if let Some(claim) = &claim {
                record_answer!(conn, claim, record(&stored));
            }
            Ok(stored)
        })
    }

    /// How many exports of `user` wait or run.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`]
    pub async fn unfinished_exports(&self, user: UserId) -> Result<i64, StoreError> {
        read!(self, |conn| {
            let unfinished = export_tasks::table
                .filter(export_tasks::user_id.eq(user.get()))
                .filter(export_tasks::state.eq_any(UNFINISHED));
            Ok(unfinished.count().get_result(conn).await?)
        })
    }

    /// How many exports wait for a worker at `now_ms`, those among them whose worker fell silent.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`]
    pub async fn waiting_exports(&self, now_ms: i64) -> Result<i64, StoreError> {
        read!(self, |conn| {
            let queued = export_tasks::table.filter(export_tasks::state.eq(State::Queued.name()));
            let queued: i64 = queued.count().get_result(conn).await?;
            let silent = export_tasks::table
                .filter(export_tasks::state.eq(State::Running.name()))
                .filter(export_tasks::lease_until_ms.le(now_ms));
            let silent: i64 = silent.count().get_result(conn).await?;
            Ok(queued + silent)
        })
    }

    /// The export with this id, whoever owns it.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`]
    pub async fn export_task(&self, id: ExportTaskId) -> Result<Option<ExportTaskRow>, StoreError> {
        read!(self, |conn| {
            let found = export_tasks::table.find(id.get()).select(ExportTaskRow::as_select());
            Ok(found.first(conn).await.optional()?)
        })
    }

    /// At most `limit` exports of `user`, newest first: only ids below `before`, only those in `state`.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`]
    pub async fn export_tasks(
        &self,
        user: UserId,
        before: Option<ExportTaskId>,
        state: Option<State>,
        limit: u32,
    ) -> Result<Vec<ExportTaskRow>, StoreError> {
        read!(self, |conn| {
            let mut query = export_tasks::table
                .filter(export_tasks::user_id.eq(user.get()))
                .select(ExportTaskRow::as_select())
                .order(export_tasks::id.desc())
                .limit(limit.into())
                .into_boxed();
            if let Some(before) = before {
                query = query.filter(export_tasks::id.lt(before.get()));
            }
            if let Some(state) = state {
                query = query.filter(export_tasks::state.eq(state.name()));
            }
            Ok(query.load(conn).await?)
        })
    }

    /// Takes the oldest task whose worker's lease has ended at `now_ms`, or else the oldest that waits, for `claim`, until
    /// `lease_until_ms`; gives it as it is from now on. `claim` must be random and new.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`]; whether something was taken is unknown then, and its lease ends by itself.
    pub async fn claim_export(
        &self,
        claim: &str,
        now_ms: i64,
        lease_until_ms: i64,
    ) -> Result<Option<ExportTaskRow>, StoreError> {
        let claim = claim.to_owned();
        write!(self, |conn| {
            for _ in 0..LOOKS {
                // Two queries, each along an index, instead of one with OR. What a worker lost comes first: it has waited longest,
                // and in a queue that never ends it would wait for ever.
                let lapsed = export_tasks::table
                    .filter(export_tasks::state.eq(State::Running.name()))
                    .filter(export_tasks::lease_until_ms.le(now_ms))
                    .order(export_tasks::id)
                    .limit(1)
                    .select((export_tasks::id, export_tasks::claim));
                // What another worker is about to take is passed over, where the database can.
                let mut seen: Vec<(i64, String)> = backend::skip_locked!(lapsed).load(conn).await?;
                if seen.is_empty() {
                    let queued = export_tasks::table
                        .filter(export_tasks::state.eq(State::Queued.name()))
                        .order(export_tasks::id)
                        .limit(1)
                        .select((export_tasks::id, export_tasks::claim));
                    seen = backend::skip_locked!(queued).load(conn).await?;
                }
                let Some((id, claim_before)) = seen.pop() else { return Ok(None) };
                // Whoever changes it from what was seen has it; everyone else changes nothing.
                let unchanged = export_tasks::table
                    .filter(export_tasks::id.eq(id))
                    .filter(export_tasks::claim.eq(claim_before))
                    .filter(export_tasks::state.eq_any(UNFINISHED))
                    .filter(export_tasks::lease_until_ms.le(now_ms));
                let taken = diesel::update(unchanged)
                    .set((
                        export_tasks::state.eq(State::Running.name()),
                        export_tasks::claim.eq(claim.clone()),
                        export_tasks::attempt.eq(export_tasks::attempt + 1),
                        export_tasks::lease_until_ms.eq(lease_until_ms),
                        export_tasks::started_at_ms.eq(now_ms),
                        export_tasks::done_rows.eq(0),
                    ))
                    .execute(conn)
                    .await?;
                if taken == 1 {
                    let found = export_tasks::table.find(id).select(ExportTaskRow::as_select());
                    return Ok(Some(found.first(conn).await?));
                }
            }
            Ok(None)
        })
    }

    /// Prolongs the lease of whoever has `claim` on this task, and writes down how far it is; `false` when it was lost.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`]
    pub async fn renew_export(
        &self,
        id: i64,
        claim: &str,
        done_rows: i64,
        lease_until_ms: i64,
    ) -> Result<bool, StoreError> {
        let claim = claim.to_owned();
        write!(self, |conn| {
            let mine = export_tasks::table
                .filter(export_tasks::id.eq(id))
                .filter(export_tasks::claim.eq(claim))
                .filter(export_tasks::state.eq(State::Running.name()));
            let renewed = diesel::update(mine)
                .set((export_tasks::done_rows.eq(done_rows), export_tasks::lease_until_ms.eq(lease_until_ms)))
                .execute(conn)
                .await?;
            Ok(renewed == 1)
        })
    }

    /// Puts the task back into the queue if `claim` still has it. With `count_attempt` the attempt counts, else it is as if
    /// it had not begun.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`]
    pub async fn give_back_export(
        &self,
        id: i64,
        claim: &str,
        count_attempt: bool,
    ) -> Result<(), StoreError> {
        let claim = claim.to_owned();
        let uncounted = i64::from(!count_attempt);
        write!(self, |conn| {
            let mine = export_tasks::table
                .filter(export_tasks::id.eq(id))
                .filter(export_tasks::claim.eq(claim))
                .filter(export_tasks::state.eq(State::Running.name()));
            diesel::update(mine)
                .set((
                    export_tasks::state.eq(State::Queued.name()),
                    export_tasks::claim.eq(""),
                    export_tasks::attempt.eq(export_tasks::attempt - uncounted),
                    export_tasks::lease_until_ms.eq(0),
                    export_tasks::done_rows.eq(0),
                ))
                .execute(conn)
                .await?;
            Ok(())
        })
    }

    /// Ends the task of whoever has `claim`, and stores the owner's notification of it, in one transaction.
    ///
    /// May be called again after an error: when the first call did it after all, the second says so and does nothing.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`]; whether it was done is unknown then.
    pub async fn finish_export(
        &self,
        task: &ExportTaskRow,
        end: ExportEnd,
        new: NewNotification,
    ) -> Result<Finished, StoreError> {
        let (id, owner, claim, total) =
            (task.id, user_id(task.user_id)?, task.claim.clone(), task.total_rows);
        write!(self, |conn| {
            // The inbox first, as everywhere.
            diesel::update(inboxes::table.find(owner.get()))
                .set(inboxes::unread.eq(inboxes::unread))
                .execute(conn)
                .await?;
            let mine = export_tasks::table
                .filter(export_tasks::id.eq(id))
                .filter(export_tasks::claim.eq(claim.clone()))
                .filter(export_tasks::state.eq(State::Running.name()));
            let ended_at = new.created_at_ms;
            let ended = match end {
                ExportEnd::Done { file, bytes, expires_at_ms } => {
                    diesel::update(mine)
                        .set((
                            export_tasks::state.eq(State::Done.name()),
                            export_tasks::done_rows.eq(total),
                            export_tasks::file.eq(file),
                            export_tasks::file_bytes.eq(bytes),
                            export_tasks::finished_at_ms.eq(ended_at),
                            export_tasks::expires_at_ms.eq(expires_at_ms),
                        ))
                        .execute(conn)
                        .await?
                }
                ExportEnd::Failed { reason } => {
                    diesel::update(mine)
                        .set((
                            export_tasks::state.eq(State::Failed.name()),
                            export_tasks::reason.eq(reason),
                            export_tasks::finished_at_ms.eq(ended_at),
                        ))
                        .execute(conn)
                        .await?
                }
            };
            if ended == 0 {
                let told = export_tasks::table
                    .filter(export_tasks::id.eq(id))
                    .filter(export_tasks::claim.eq(claim))
                    .select(export_tasks::notification_id)
                    .first::<i64>(conn)
                    .await
                    .optional()?;
                return Ok(told.and_then(NotificationId::new).map_or(Finished::Lost, Finished::Ours));
            }
            let number = insert_notification!(conn, &[owner], &new).pop().map_or(0, |(_, id)| id.get());
            diesel::update(export_tasks::table.find(id))
                .set(export_tasks::notification_id.eq(number))
                .execute(conn)
                .await?;
            let number = NotificationId::new(number);
            number.map(Finished::Ours).ok_or_else(|| StoreError::fault("an inbox gave out no number"))
        })
    }

    /// Marks at most `limit` files as expired whose time is over at `now_ms`; gives their names.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`]
    pub async fn expire_exports(&self, now_ms: i64, limit: u32) -> Result<Vec<String>, StoreError> {
        write!(self, |conn| {
            let over: Vec<(i64, String)> = export_tasks::table
                .filter(export_tasks::state.eq(State::Done.name()))
                .filter(export_tasks::expires_at_ms.le(now_ms))
                .order(export_tasks::expires_at_ms)
                .limit(limit.into())
                .select((export_tasks::id, export_tasks::file))
                .load(conn)
                .await?;
            let mut ids: Vec<i64> = over.iter().map(|(id, _)| *id).collect();
            ids.sort_unstable();
            for some in ids.chunks(CHUNK) {
                let done = export_tasks::table
                    .filter(export_tasks::id.eq_any(some.to_vec()))
                    .filter(export_tasks::state.eq(State::Done.name()));
                diesel::update(done)
                    .set((export_tasks::state.eq(State::Expired.name()), export_tasks::file.eq("")))
                    .execute(conn)
                    .await?;
            }
            Ok(over.into_iter().map(|(_, file)| file).collect())
        })
    }

    /// What each of the tasks with these tokens has on the disk; those that do not exist are left out.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`]
    pub async fn export_files(&self, tokens: Vec<String>) -> Result<Vec<ExportFiles>, StoreError> {
        read!(self, |conn| {
            let mut found = Vec::with_capacity(tokens.len());
            for some in tokens.chunks(CHUNK) {
                let theirs = export_tasks::table
                    .filter(export_tasks::token.eq_any(some.to_vec()))
                    .select(ExportFiles::as_select());
                found.extend(theirs.load::<ExportFiles>(conn).await?);
            }
            Ok(found)
        })
    }
}
