//! Who did what. Rows are added, and deleted when they are too old; nothing changes one.

use std::collections::HashMap;

use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use super::schema::{audit_entries, users};
use super::{Store, StoreError, read, write};
use crate::audit::{Action, Entry, Verdict};
use crate::id::{AuditId, UserId};

/// A stored entry.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = audit_entries)]
pub struct AuditRow {
    /// Its number; a larger one was stored later.
    pub id: i64,
    /// When it happened, in milliseconds since 1970.
    pub at_ms: i64,
    /// The user who did it; 0 for nobody that is known.
    pub actor_id: i64,
    /// The user's name at that time, or in parentheses what it was.
    pub actor: String,
    /// An IP address; empty for what came from no network.
    pub address: String,
    /// The name of an [`Action`].
    pub action: String,
    /// One of [`Target::KINDS`](crate::audit::Target::KINDS); empty for nobody.
    pub target_kind: String,
    /// Which one.
    pub target: String,
    /// The name of a [`Verdict`].
    pub result: String,
    /// In words.
    pub detail: String,
}

/// Every column has its value, so that SQLite takes several rows with one statement.
#[derive(Insertable)]
#[diesel(table_name = audit_entries)]
#[diesel(treat_none_as_default_value = false)]
pub(super) struct Insert {
    at_ms: i64,
    actor_id: i64,
    actor: String,
    address: String,
    action: &'static str,
    target_kind: &'static str,
    target: String,
    result: &'static str,
    detail: String,
}

impl From<Entry> for Insert {
    fn from(entry: Entry) -> Self {
        Self {
            at_ms: entry.at_ms,
            actor_id: entry.actor.id.map_or(0, UserId::get),
            actor: entry.actor.name,
            address: entry.actor.address.map(|address| address.to_string()).unwrap_or_default(),
            action: entry.action.name(),
            target_kind: entry.target.kind(),
            target: entry.target.name(),
            result: entry.result.name(),
            detail: entry.detail,
        }
    }
}

/// Which entries are asked for; every condition that is given must hold.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AuditFilter {
    /// Only what this user did.
    pub actor: Option<UserId>,
    /// Only these; any when empty.
    pub actions: Vec<Action>,
    /// Only what was done to things of this kind.
    pub target_kind: Option<&'static str>,
    /// Only what was done to things of this name.
    pub target: Option<String>,
    /// Only what went so.
    pub result: Option<Verdict>,
    /// Only what happened then or later, in milliseconds since 1970.
    pub since_ms: Option<i64>,
    /// Only what happened before, in milliseconds since 1970.
    pub until_ms: Option<i64>,
}

/// In a `write!` body: adds an [`Entry`] in the same transaction as what it tells of.
macro_rules! insert_entry {
    ($conn:expr, $entry:expr) => {{
        use $crate::store::schema::audit_entries;
        let entry: $crate::audit::Entry = $entry;
        let row = $crate::store::audit_entries::Insert::from(entry);
        diesel::insert_into(audit_entries::table).values(row).execute($conn).await?;
    }};
}

pub(super) use insert_entry;

impl Store {
    /// Adds `entries`, all or none.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`]; when the connection broke during the commit they may be there nevertheless.
    pub async fn add_audit(&self, entries: Vec<Entry>) -> Result<(), StoreError> {
        write!(self, |conn| {
            let rows: Vec<Insert> = entries.into_iter().map(Insert::from).collect();
            backend::insert_all!(conn, audit_entries::table, rows);
            Ok(())
        })
    }

    /// At most `limit` entries, newest first, only ids below `before`.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`]
    pub async fn audit(
        &self,
        filter: AuditFilter,
        before: Option<AuditId>,
        limit: u32,
    ) -> Result<Vec<AuditRow>, StoreError> {
        read!(self, |conn| {
            let mut query = audit_entries::table
                .select(AuditRow::as_select())
                .order(audit_entries::id.desc())
                .limit(limit.into())
                .into_boxed();
            if let Some(before) = before {
                query = query.filter(audit_entries::id.lt(before.get()));
            }
            if let Some(actor) = filter.actor {
                query = query.filter(audit_entries::actor_id.eq(actor.get()));
            }
            match filter.actions.as_slice() {
                [] => {}
                [action] => query = query.filter(audit_entries::action.eq(action.name())),
                several => {
                    let names: Vec<&str> = several.iter().map(|action| action.name()).collect();
                    query = query.filter(audit_entries::action.eq_any(names));
                }
            }
            if let Some(kind) = filter.target_kind {
                query = query.filter(audit_entries::target_kind.eq(kind));
            }
            if let Some(target) = filter.target {
                query = query.filter(audit_entries::target.eq(target));
            }
            if let Some(result) = filter.result {
                query = query.filter(audit_entries::result.eq(result.name()));
            }
            if let Some(since_ms) = filter.since_ms {
                query = query.filter(audit_entries::at_ms.ge(since_ms));
            }
            if let Some(until_ms) = filter.until_ms {
                query = query.filter(audit_entries::at_ms.lt(until_ms));
            }
            Ok(query.load(conn).await?)
        })
    }

    /// What these users are called, at most some hundreds; whoever does not exist is left out.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`]
    pub async fn usernames(&self, of: &[UserId]) -> Result<HashMap<UserId, String>, StoreError> {
        let ids: Vec<i64> = of.iter().map(|user| user.get()).collect();
        read!(self, |conn| {
            let named = users::table.filter(users::id.eq_any(ids)).select((users::id, users::username));
            let named: Vec<(i64, String)> = named.load(conn).await?;
            Ok(named.into_iter().filter_map(|(id, name)| Some((UserId::new(id)?, name))).collect())
        })
    }

    /// Deletes the oldest entries from before `before_ms`, at most `limit`; gives how many these were.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`]
    pub async fn delete_old_audit(&self, before_ms: i64, limit: u32) -> Result<usize, StoreError> {
        write!(self, |conn| {
            let old: Vec<i64> = audit_entries::table
                .filter(audit_entries::at_ms.lt(before_ms))
                .order(audit_entries::at_ms)
                .limit(limit.into())
                .select(audit_entries::id)
                .load(conn)
                .await?;
            let old = audit_entries::table.filter(audit_entries::id.eq_any(old));
            Ok(diesel::delete(old).execute(conn).await?)
        })
    }
}
