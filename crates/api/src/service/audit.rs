//! Looking at who did what: a page of it, or all of it as a file.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use chrono::Utc;
use csv::{Terminator, Writer, WriterBuilder};
use tokio::sync::mpsc::{Receiver, Sender, channel};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use crate::app::{App, written_time};
use crate::audit::{Action, Target, Verdict};
use crate::auth::caller::grants::ViewAudit;
use crate::auth::{Allowed, Caller};
use crate::error::ApiError;
use crate::export::csv::harmless;
use crate::id::{AuditId, UserId};
use crate::store::{AuditFilter, AuditRow, StoreError};

/// How many files are on their way at once; more are told to come back later.
const AT_ONCE: usize = 4;

/// Entries in one question to the database.
const PAGE: u32 = 500;

/// How long a reader may take nothing before its connection is cut.
const PATIENCE: Duration = Duration::from_secs(30);

const HEADERS: [&str; 12] = [
    "id",
    "at",
    "at_ms",
    "actor_id",
    "actor",
    "address",
    "action",
    "target_kind",
    "target",
    "target_name",
    "result",
    "detail",
];

/// The places for files that are on their way.
pub struct AuditExports(Arc<Semaphore>);

impl Default for AuditExports {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(AT_ONCE)))
    }
}

/// An entry with the name of the user it was done to.
#[derive(Debug)]
pub struct Named {
    /// What is stored.
    pub row: AuditRow,
    /// What the target is called, when it is a user.
    pub target_name: Option<String>,
}

/// At most `limit` entries, newest first, only ids below `before`; and where the next page begins when there is one.
///
/// # Errors
/// The store's.
pub async fn list(
    app: &App,
    _by: &Allowed<ViewAudit>,
    filter: AuditFilter,
    before: Option<AuditId>,
    limit: u32,
) -> Result<(Vec<Named>, Option<i64>), StoreError> {
    // One more than asked for, to know whether there are more.
    let mut rows = app.store.audit(filter, before, limit + 1).await?;
    let more = rows.len() > limit as usize;
    rows.truncate(limit as usize);
    let next = rows.last().filter(|_| more).map(|row| row.id);
    Ok((named(app, rows).await?, next))
}

async fn named(app: &App, rows: Vec<AuditRow>) -> Result<Vec<Named>, StoreError> {
    let user = |row: &AuditRow| match row.target_kind.as_str() {
        "user" => row.target.parse::<UserId>().ok(),
        _ => None,
    };
    let mut users: Vec<UserId> = rows.iter().filter_map(user).collect();
    users.sort_unstable();
    users.dedup();
    let names = match users.as_slice() {
        [] => HashMap::new(),
        users => app.store.usernames(users).await?,
    };
    let name = |row: AuditRow| {
        let target_name = user(&row).and_then(|user| names.get(&user).cloned());
        Named { row, target_name }
    };
    Ok(rows.into_iter().map(name).collect())
}

/// All entries that `filter` lets through, newest first, as lines of a table, a page at a time as its reader takes them. A reader that
/// takes nothing for 30 s is cut off through `connection`; so is one whose file cannot be ended, so that it does not pass for
/// a whole one.
///
/// # Errors
/// [`ApiError::Unavailable`] when as many are on their way as there may be; the store's for the first page.
pub async fn export(
    app: &App,
    by: &Allowed<ViewAudit>,
    filter: AuditFilter,
    connection: CancellationToken,
) -> Result<Receiver<Bytes>, ApiError> {
    let outcome = begin(app, by, filter, connection).await;
    let told = |_: &Receiver<Bytes>| (Verdict::Done, String::new());
    app.audit.note_outcome(by.caller(), Action::ExportAudit, Target::Nobody, &outcome, told);
    outcome
}

async fn begin(
    app: &App,
    by: &Allowed<ViewAudit>,
    filter: AuditFilter,
    connection: CancellationToken,
) -> Result<Receiver<Bytes>, ApiError> {
    let place = Arc::clone(&app.audit_exports.0).try_acquire_owned().map_err(|_| {
        let text = format!("{AT_ONCE} exports of the audit are on their way already; try again later");
        ApiError::Unavailable(text)
    })?;
    let first = list(app, by, filter.clone(), None, PAGE).await?;
    let (page_to, page_from) = channel(1);
    let (app, by) = (app.clone(), by.clone());
    tokio::spawn(async move {
        if let Err(why) = send(&app, &by, filter, first, &page_to, place).await {
            tracing::warn!(by = %by.caller().id(), why, "an export of the audit was cut off");
            connection.cancel();
        }
    });
    Ok(page_from)
}

async fn send(
    app: &App,
    by: &Allowed<ViewAudit>,
    filter: AuditFilter,
    first: (Vec<Named>, Option<i64>),
    page_to: &Sender<Bytes>,
    _place: OwnedSemaphorePermit,
) -> Result<(), String> {
    let (mut page, mut next) = first;
    let mut text = first_line()?;
    loop {
        text.extend(lines(app, &page)?);
        match timeout(PATIENCE, page_to.send(text.into())).await {
            Ok(Ok(())) => {}
            // The reader has left.
            Ok(Err(_)) => return Ok(()),
            Err(_) => return Err("its reader takes nothing".into()),
        }
        let Some(before) = next.and_then(AuditId::new) else { return Ok(()) };
        let caller = app.auth.check_again(by.caller(), Utc::now()).await;
        caller.and_then(Caller::allowed::<ViewAudit>).map_err(|error| error.to_string())?;
        let more = list(app, by, filter.clone(), Some(before), PAGE).await;
        (page, next) = more.map_err(|error| error.to_string())?;
        text = Vec::new();
    }
}

/// The mark by which spreadsheets know UTF-8, and the headers.
fn first_line() -> Result<Vec<u8>, String> {
    let mut table = table("\u{feff}".into());
    table.write_record(HEADERS).map_err(|error| error.to_string())?;
    table.into_inner().map_err(|error| error.to_string())
}

/// Writes behind what is there.
fn table(there: Vec<u8>) -> Writer<Vec<u8>> {
    WriterBuilder::new().terminator(Terminator::CRLF).from_writer(there)
}

fn lines(app: &App, page: &[Named]) -> Result<Vec<u8>, String> {
    let mut table = table(Vec::new());
    for Named { row, target_name } in page {
        let at = written_time(row.at_ms, app.settings.time_zone);
        let (id, at_ms) = (row.id.to_string(), row.at_ms.to_string());
        let actor_id = if row.actor_id == 0 { String::new() } else { row.actor_id.to_string() };
        let name = target_name.as_deref().unwrap_or_default();
        let texts = [
            id.as_str(),
            &at,
            &at_ms,
            &actor_id,
            &row.actor,
            &row.address,
            &row.action,
            &row.target_kind,
            &row.target,
            name,
            &row.result,
            &row.detail,
        ];
        table
            .write_record(texts.map(|text| harmless(text).into_owned()))
            .map_err(|error| error.to_string())?;
    }
    table.into_inner().map_err(|error| error.to_string())
}
