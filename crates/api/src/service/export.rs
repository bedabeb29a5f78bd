//! Orders of exports, and who may see and fetch them. A worker writes the file, see [`worker`]; [`sweep`] removes it again.

pub mod sweep;
pub mod worker;

use std::io;
use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use chrono::{DateTime, Utc};
use futures_util::{Stream, StreamExt as _};
use parking_lot::RwLock;
use serde::Serialize;
use serde_json::value::RawValue;
use sha2::{Digest as _, Sha256};
use tokio::sync::{Notify, Semaphore, mpsc};
use utoipa::ToSchema;

use super::idempotency::{Answered, BEFORE, recording};
use crate::app::{App, written_time};
use crate::audit::{Action, Actor, Entry, Target, Verdict};
use crate::auth::Caller;
use crate::config::ExportConfig;
use crate::error::ApiError;
use crate::export::file_name::Prefix;
use crate::export::folder::{Folder, is_full, rows_name};
use crate::export::rows::{Lines, RowsError, Waiting};
use crate::export::{Format, Order, State, link};
use crate::id::ExportTaskId;
use crate::idempotency::{BodyDigest, Claim, IdempotencyKey};
use crate::metrics::ExportResult;
use crate::reason::Reason;
use crate::store::{ExportTaskRow, NewExportTask, StoreError};

/// Chunks of a body between the socket and the disk.
const CHUNKS_AHEAD: usize = 4;

/// The route of orders, for keys of requests.
pub const ROUTE: &str = "/ExportTask/create";

/// The key of a request whose body comes in pieces.
pub struct KeyInPieces {
    /// What the caller calls the request.
    pub key: IdempotencyKey,
    /// What came of the body so far.
    pub body: Sha256,
}

/// What orders and workers share.
pub struct Exports {
    /// Where rows and files lie.
    pub folder: Folder,
    /// May change while the api runs.
    settings: RwLock<Arc<ExportConfig>>,
    /// There is something for a worker of this process.
    wake: Notify,
    uploads: Semaphore,
}

impl Exports {
    /// Nothing is written until a worker runs.
    #[must_use]
    pub fn new(folder: Folder, settings: ExportConfig) -> Self {
        let uploads = Semaphore::new(settings.uploads.get().min(Semaphore::MAX_PERMITS));
        Self { folder, settings: RwLock::new(Arc::new(settings)), wake: Notify::new(), uploads }
    }

    /// Those of now.
    #[must_use]
    pub fn settings(&self) -> Arc<ExportConfig> {
        self.settings.read().clone()
    }

    /// Those from now on. The directory, the number of workers and that of uploads stay as they were at the start.
    pub fn set_settings(&self, settings: ExportConfig) {
        *self.settings.write() = Arc::new(settings);
    }

    /// Removes files, on a thread that may block: a large one takes a while.
    async fn remove(&self, files: Vec<String>) {
        let folder = self.folder.clone();
        let removing = tokio::task::spawn_blocking(move || files.iter().for_each(|file| folder.remove(file)));
        drop(removing.await);
    }
}

/// An export, as its owner sees it.
#[derive(Debug, Serialize, ToSchema)]
pub struct ExportTaskView {
    /// Its number.
    id: i64,
    /// 1 to 255 characters.
    title: String,
    /// "xlsx" or "csv".
    format: String,
    /// "queued", "running", "done", "failed" or "expired".
    state: String,
    /// How many rows there are.
    total: i64,
    /// How many of them are written.
    done: i64,
    /// Why it failed; null when it did not.
    reason: Option<String>,
    /// How the file is called where it is downloaded.
    #[schema(example = "users_20261123_205200_7.xlsx")]
    file_name: String,
    /// The file's length in bytes; null while there is none.
    file_bytes: Option<i64>,
    /// In the api's time zone.
    #[schema(example = "2026-11-23 20:52:00")]
    created_at: String,
    /// Milliseconds since 1970.
    created_at_ms: i64,
    /// When a worker began; null before.
    started_at: Option<String>,
    /// Milliseconds since 1970.
    started_at_ms: Option<i64>,
    /// When it was done or failed; null before.
    finished_at: Option<String>,
    /// Milliseconds since 1970.
    finished_at_ms: Option<i64>,
    /// When the file goes; null when there is none.
    expires_at: Option<String>,
    /// Milliseconds since 1970.
    expires_at_ms: Option<i64>,
}

/// Lets whoever has it download one file, without a token.
#[derive(Debug)]
pub struct SignedLink {
    /// Until when it is good, in seconds since 1970.
    pub expires: i64,
    /// See [`link::sign`].
    pub signature: String,
}

/// A file that may be downloaded.
#[derive(Debug)]
pub struct Download {
    /// Where it lies.
    pub path: PathBuf,
    /// How it is called there where it goes.
    pub file_name: String,
    /// What it is.
    pub format: Format,
    /// Another one for each file.
    pub tag: String,
}

/// Why somebody may download a file.
pub enum Reader {
    /// It is the caller's own.
    Owner(Caller),
    /// A link of ours says so, at this address.
    Link(SignedLink, Option<IpAddr>),
}

impl From<&Reader> for Actor {
    fn from(reader: &Reader) -> Self {
        match reader {
            Reader::Owner(caller) => caller.into(),
            Reader::Link(_, address) => Self { id: None, name: "(signed link)".into(), address: *address },
        }
    }
}

/// How a task looks to its owner.
#[must_use]
pub fn view(app: &App, row: ExportTaskRow) -> ExportTaskView {
    let zone = app.settings.time_zone;
    let ms = |ms: i64| (ms > 0).then_some(ms);
    let written = |at: Option<i64>| at.map(|at| written_time(at, zone));
    let there = row.state == State::Done.name();
    let (started, finished) = (ms(row.started_at_ms), ms(row.finished_at_ms));
    let expires = ms(row.expires_at_ms).filter(|_| there);
    ExportTaskView {
        id: row.id,
        file_name: file_name(app, &row),
        title: row.title,
        format: row.format,
        total: row.total_rows,
        done: row.done_rows,
        reason: Some(row.reason).filter(|reason| !reason.is_empty()),
        file_bytes: there.then_some(row.file_bytes),
        state: row.state,
        created_at: written_time(row.created_at_ms, zone),
        created_at_ms: row.created_at_ms,
        started_at: written(started),
        started_at_ms: started,
        finished_at: written(finished),
        finished_at_ms: finished,
        expires_at: written(expires),
        expires_at_ms: expires,
    }
}

fn file_name(app: &App, row: &ExportTaskRow) -> String {
    let format = Format::from_name(&row.format).unwrap_or_default();
    Prefix::of(&row.prefix).file_name(row.id, row.created_at_ms, app.settings.time_zone, format)
}

/// Orders an export of `rows`, each a JSON array.
///
/// # Errors
/// [`ApiError::Fields`] for a row that breaks a rule, [`Reason::TooManyExports`],
/// [`ApiError::Unavailable`] when the disk does not take it, the store's. Nothing is left then.
pub async fn create(
    app: &App,
    caller: &Caller,
    order: Order,
    rows: Vec<Box<RawValue>>,
    claim: Option<&Claim>,
) -> Result<Answered<ExportTaskView>, ApiError> {
    check_room(app, caller, claim.map(|claim| &claim.key)).await?;
    let (token, folder) = (random(), app.exports.folder.clone());
    let (columns, format) = (order.columns.clone(), order.format);
    let waiting = token.clone();
    let written = on_a_thread(move || {
        let mut waiting = Waiting::begin(&folder, &waiting, columns, format)?;
        for (number, row) in (1_u64..).zip(&rows) {
            waiting.add(row.get().as_bytes(), || format!("row {number}"))?;
        }
        Ok(waiting.end()?)
    });
    let total = written.await?;
    store(app, caller, order, token, total, claim).await
}

/// Orders an export of rows that arrive one on each line, counted from 2: `begun`, and then `chunks`. They go to the disk as
/// they come, and only a few chunks wait for it.
///
/// # Errors
/// As [`create`]; [`ApiError::TooLarge`]; what `chunks` gave.
pub async fn create_streamed(
    app: &App,
    caller: &Caller,
    order: Order,
    key: Option<KeyInPieces>,
    begun: Bytes,
    chunks: impl Stream<Item = Result<Bytes, ApiError>>,
) -> Result<Answered<ExportTaskView>, ApiError> {
    let too_many = |_| ApiError::Unavailable("too many exports arrive at once; try again later".into());
    let _place = app.exports.uploads.try_acquire().map_err(too_many)?;
    check_room(app, caller, key.as_ref().map(|key| &key.key)).await?;
    let (token, folder) = (random(), app.exports.folder.clone());
    let (columns, format) = (order.columns.clone(), order.format);
    let (chunk_to, mut chunk_from) = mpsc::channel::<Option<Bytes>>(CHUNKS_AHEAD);
    let waiting = token.clone();
    let writing = tokio::spawn(on_a_thread(move || {
        let mut waiting = Waiting::begin(&folder, &waiting, columns, format)?;
        let mut lines = Lines::after(1);
        loop {
            match chunk_from.blocking_recv() {
                Some(Some(chunk)) => {
                    lines.feed(&chunk, |number, line| waiting.add(line, || format!("line {number}")))?;
                }
                Some(None) => break,
                // Without the mark of its end the body broke off, and what came of it is worth nothing.
                None => return Err(RowsError::BrokenOff),
            }
        }
        lines.end(|number, line| waiting.add(line, || format!("line {number}")))?;
        Ok(waiting.end()?)
    }));
    let limit = app.exports.settings().body_limit;
    let feeding = async move {
        let mut chunks = std::pin::pin!(chunks);
        let (mut key, mut bytes, mut next) = (key, 0_u64, Some(begun));
        while let Some(chunk) = next {
            if let Some(key) = &mut key {
                key.body.update(&chunk);
            }
            bytes += chunk.len() as u64;
            if bytes > limit {
                return Err(ApiError::TooLarge(format!(
                    "rows have at most {limit} bytes; --export-body-limit of gatepipe-api changes that"
                )));
            }
            if chunk_to.send(Some(chunk)).await.is_err() {
                // The other side has given up, and says why.
                return Ok(key);
            }
            next = chunks.next().await.transpose()?;
        }
        let _ = chunk_to.send(None).await;
        Ok(key)
    };
    let fed = feeding.await;
    let written = writing.await.unwrap_or_else(|ended| Err(ApiError::Internal(ended.to_string())));
    let (key, total) = (fed?, written?);
    let claim = key.map(|KeyInPieces { key, body }| Claim {
        user_id: caller.id(),
        route: ROUTE,
        key,
        body_digest: BodyDigest::end(body),
        claimed_at_ms: Utc::now().timestamp_millis(),
    });
    store(app, caller, order, token, total, claim.as_ref()).await
}

/// Puts an order whose rows lie on the disk into the queue.
async fn store(
    app: &App,
    caller: &Caller,
    order: Order,
    token: String,
    total: u64,
    claim: Option<&Claim>,
) -> Result<Answered<ExportTaskView>, ApiError> {
    let answered = Answered::of(app, claim, store_once(app, caller, order, token, total, claim)).await;
    let target = match &answered {
        Ok(Answered::Now(task)) => ExportTaskId::new(task.id).map_or(Target::Nobody, Target::Export),
        _ => Target::Nobody,
    };
    app.audit.note_outcome(caller, Action::CreateExport, target, &answered, |answered| match answered {
        Answered::Now(task) => (Verdict::Done, format!("{} rows as {}", task.total, task.format)),
        Answered::Before(_) => (Verdict::Done, BEFORE.into()),
    });
    answered
}

async fn store_once(
    app: &App,
    caller: &Caller,
    order: Order,
    token: String,
    total: u64,
    claim: Option<&Claim>,
) -> Result<ExportTaskView, ApiError> {
    let new = NewExportTask {
        user: caller.id(),
        token: token.clone(),
        title: order.title.to_string(),
        prefix: order.prefix.to_string(),
        format: order.format,
        total_rows: i64::try_from(total).unwrap_or(i64::MAX),
        link_key: random() + &random(),
        created_at_ms: Utc::now().timestamp_millis(),
    };
    let most = app.exports.settings().unfinished.get().into();
    let answering = app.clone();
    let record = move |row: &ExportTaskRow| recording(&view(&answering, row.clone()), true);
    match app.store.add_export_task(new, most, claim, record).await {
        Ok(row) => {
            app.metrics.count_export(ExportResult::Ordered);
            app.exports.wake.notify_one();
            tracing::debug!(by = %caller.id(), task_id = row.id, rows = total, "export ordered");
            Ok(view(app, row))
        }
        // It may be stored nevertheless; when it is not, the rows are swept away.
        Err(error @ StoreError::Unavailable(_)) => Err(error.into()),
        Err(error) => {
            app.exports.remove(vec![rows_name(&token)]).await;
            Err(match error {
                StoreError::TooManyExports(most) => too_many(most),
                other => other.into(),
            })
        }
    }
}

/// Refuses before the rows come, also when the database is away; [`store`] counts again. A request whose key is known was done
/// already, and gets its answer whether there is room or not.
async fn check_room(app: &App, caller: &Caller, key: Option<&IdempotencyKey>) -> Result<(), ApiError> {
    let most = i64::from(app.exports.settings().unfinished.get());
    if app.store.unfinished_exports(caller.id()).await? < most {
        return Ok(());
    }
    match key {
        Some(key) if app.store.is_key_taken(caller.id(), ROUTE, key).await? => Ok(()),
        _ => Err(too_many(most)),
    }
}

fn too_many(most: i64) -> ApiError {
    Reason::TooManyExports(most).into()
}

/// 32 hexadecimal digits that nobody guesses.
fn random() -> String {
    format!("{:032x}", rand::random::<u128>())
}

/// Runs `work` where it may block.
async fn on_a_thread(
    work: impl FnOnce() -> Result<u64, RowsError> + Send + 'static,
) -> Result<u64, ApiError> {
    match tokio::task::spawn_blocking(work).await {
        Ok(Ok(rows)) => Ok(rows),
        Ok(Err(RowsError::Row(text))) => Err(ApiError::field("data", text)),
        Ok(Err(RowsError::Disk(error))) => Err(disk(&error)),
        Ok(Err(broken @ RowsError::BrokenOff)) => Err(ApiError::Malformed(broken.to_string())),
        Err(ended) => Err(ApiError::Internal(format!("rows were not written down: {ended}"))),
    }
}

fn disk(error: &io::Error) -> ApiError {
    if is_full(error) {
        tracing::error!("the disk of the export directory is full: an export was refused");
        return ApiError::Unavailable("the disk of the export directory is full; try again later".into());
    }
    tracing::error!(%error, "the export directory does not take an export");
    ApiError::Unavailable("the export directory does not take the rows; try again later".into())
}

/// One export of the caller's, with a link to its file when there is one.
///
/// # Errors
/// [`Reason::NoSuchExport`], also for somebody else's; the store's.
pub async fn show(
    app: &App,
    caller: &Caller,
    id: ExportTaskId,
) -> Result<(ExportTaskView, Option<SignedLink>), ApiError> {
    let row = app.store.export_task(id).await?.filter(|row| row.user_id == caller.id().get());
    let row = row.ok_or_else(unknown)?;
    let now = Utc::now();
    let lifetime = i64::try_from(link::LIFETIME.as_secs()).unwrap_or(i64::MAX);
    let expires = now.timestamp().saturating_add(lifetime).min(row.expires_at_ms / 1_000);
    let there = row.state == State::Done.name() && row.expires_at_ms > now.timestamp_millis();
    let signed = there.then(|| SignedLink { expires, signature: link::sign(&row.link_key, row.id, expires) });
    Ok((view(app, row), signed))
}

/// The file of an export, for whoever may have it. A wrong link is not noted more than a few times a minute: anybody can try one.
///
/// # Errors
/// [`Reason::LinkNotValid`] for a link that is wrong or whose time is over, [`Reason::ExportExpired`] when there is no such file any
/// more, [`Reason::NoSuchExport`] also for somebody else's, [`Reason::ExportNotFinished`] and [`Reason::ExportFailed`] when there is none, the
/// store's.
pub async fn download(
    app: &App,
    reader: &Reader,
    id: ExportTaskId,
    now: DateTime<Utc>,
) -> Result<Download, ApiError> {
    let found = try_download(app, reader, id, now).await;
    let entry = |verdict, detail: &str| {
        Entry::new(reader.into(), Action::DownloadExport, Target::Export(id), verdict, detail)
    };
    match (&found, reader) {
        (Ok(found), _) => app.audit.note(entry(Verdict::Done, &found.file_name)),
        (Err(error), Reader::Owner(_)) => app.audit.note(entry(error.into(), &error.to_string())),
        (Err(error), Reader::Link(..)) => app.audit.note_repeated(entry(error.into(), &error.to_string())),
    }
    found
}

async fn try_download(
    app: &App,
    reader: &Reader,
    id: ExportTaskId,
    now: DateTime<Utc>,
) -> Result<Download, ApiError> {
    let row = app.store.export_task(id).await?;
    let row = match reader {
        Reader::Owner(caller) => row.filter(|row| row.user_id == caller.id().get()).ok_or_else(unknown)?,
        Reader::Link(SignedLink { expires, signature }, _) => row
            .filter(|row| link::is_good(&row.link_key, row.id, *expires, signature))
            .filter(|_| *expires > now.timestamp())
            .ok_or(Reason::LinkNotValid)?,
    };
    let over = row.expires_at_ms <= now.timestamp_millis();
    match State::from_name(&row.state) {
        Some(State::Done) if !over => {}
        Some(State::Done | State::Expired) => {
            return Err(Reason::ExportExpired.into());
        }
        Some(State::Failed) => {
            return Err(Reason::ExportFailed(row.reason).into());
        }
        _ => {
            return Err(Reason::ExportNotFinished { done: row.done_rows, total: row.total_rows }.into());
        }
    }
    Ok(Download {
        path: app.exports.folder.file(&row.file),
        file_name: file_name(app, &row),
        format: Format::from_name(&row.format).unwrap_or_default(),
        tag: row.claim,
    })
}

fn unknown() -> ApiError {
    Reason::NoSuchExport.into()
}

/// Milliseconds from `now` on.
fn after(now: DateTime<Utc>, wait: Duration) -> i64 {
    let wait = i64::try_from(wait.as_millis()).unwrap_or(i64::MAX);
    now.timestamp_millis().saturating_add(wait)
}
