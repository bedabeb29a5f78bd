//! Workers: each takes one export after another and writes its file.
//!
//! A worker holds its task by a lease that it prolongs while it writes. Whoever loses the lease loses the task: another worker
//! takes it up, and the database lets exactly one of them end it, together with the owner's notification.

use std::fs;
use std::io;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use chrono::Utc;
use futures_util::FutureExt as _;
use gatepipe_proto::{Message, ServerFrame};
use serde_json::json;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep, timeout};
use tokio_util::sync::CancellationToken;

use super::{after, file_name, random};
use crate::app::App;
use crate::export::folder::{self, Folder, is_full, rows_name};
use crate::export::rows::{Progress, Rows, WriteError};
use crate::export::{Format, csv, xlsx};
use crate::id::UserId;
use crate::metrics::ExportResult;
use crate::notification::{Content, Kind, Level, MAX_TITLE_CHARACTERS, Notification, Title};
use crate::service::notification::Stored;
use crate::store::{ExportEnd, ExportTaskRow, Finished, NewNotification};

/// How often a task is begun; after so many lost workers it has failed.
const MAX_ATTEMPTS: i64 = 3;
/// How often the owner hears of progress at most.
const PROGRESS: Duration = Duration::from_millis(500);
/// How often progress is written down at most; also how often the lease is prolonged, when it is not short.
const RENEWAL: Duration = Duration::from_secs(2);
/// How often is looked for tasks that other processes took in.
const LOOK: Duration = Duration::from_secs(2);
/// How long the end of a task is tried to be written while the database is away.
const PATIENCE: Duration = Duration::from_secs(600);
/// How long a stopping worker tries to give its task back.
const GOODBYE: Duration = Duration::from_secs(3);
/// Longest reason, in characters.
const MAX_REASON_CHARACTERS: usize = 500;

/// Takes and writes exports until `stop`; then gives back what it has.
pub async fn work(app: App, stop: CancellationToken) {
    while !stop.is_cancelled() {
        let exports = &app.exports;
        let taken = async {
            let now = Utc::now();
            let waiting = app.store.waiting_exports(now.timestamp_millis()).await?;
            app.metrics.exports_waiting.set(waiting);
            if waiting == 0 {
                return Ok(None);
            }
            let lease_until = after(now, exports.settings().lease);
            app.store.claim_export(&random(), now.timestamp_millis(), lease_until).await
        };
        match taken.await {
            Ok(Some(task)) => {
                app.metrics.exports_running.inc();
                let id = task.id;
                // A fault in one task is not the end of the worker; the task's lease ends by itself.
                if AssertUnwindSafe(write_task(&app, task, &stop)).catch_unwind().await.is_err() {
                    tracing::error!(task_id = id, "a worker broke off an export");
                }
                app.metrics.exports_running.dec();
                continue;
            }
            Ok(None) => {}
            Err(error) => tracing::debug!(%error, "cannot look for exports"),
        }
        // Processes that look at the same moments would take each other's tasks away.
        let pause = LOOK.mul_f64(1.0 + rand::random::<f64>());
        tokio::select! {
            () = stop.cancelled() => {}
            () = exports.wake.notified() => {}
            () = sleep(pause) => {}
        }
    }
}

/// Why there is no file.
enum Ended {
    /// For people.
    Failed(String),
    /// The rows are not in this process's directory; they may be in another's.
    NotHere,
    /// This process stops.
    Stopping,
    /// Another worker has the task.
    Lost,
}

async fn write_task(app: &App, task: ExportTaskRow, stop: &CancellationToken) {
    let id = task.id;
    if task.attempt > MAX_ATTEMPTS {
        let reason = format!("its worker was lost {MAX_ATTEMPTS} times");
        return fail(app, &task, reason, stop).await;
    }
    let file =
        folder::file_name(&task.token, &task.claim, Format::from_name(&task.format).unwrap_or_default());
    match watch(app, &task, &file, stop).await {
        Ok(bytes) => done(app, &task, file, bytes, stop).await,
        Err(Ended::Failed(reason)) => fail(app, &task, reason, stop).await,
        Err(Ended::NotHere) if task.attempt < MAX_ATTEMPTS => {
            tracing::warn!(
                task_id = id,
                directory = %app.exports.folder.path().display(),
                "the rows of an export are not here: api processes of one database need one export directory"
            );
            give_back(app, &task, true).await;
            // Longer than others wait between two looks: one of them takes it meanwhile.
            let _ = timeout(LOOK * 2 + LOOK / 2, stop.cancelled()).await;
        }
        Err(Ended::NotHere) => {
            let reason = "its rows are not in the export directory".to_owned();
            fail(app, &task, reason, stop).await;
        }
        Err(Ended::Stopping) => give_back(app, &task, false).await,
        Err(Ended::Lost) => {
            app.metrics.count_export(ExportResult::Lost);
            tracing::warn!(
                task_id = id,
                "another worker took an export up: this one was silent for too long"
            );
        }
    }
}

/// Writes the file on a thread, and meanwhile prolongs the lease and tells of the progress. Gives the file's length.
async fn watch(app: &App, task: &ExportTaskRow, file: &str, stop: &CancellationToken) -> Result<i64, Ended> {
    let progress = Arc::new(Progress::default());
    // The thread ends soon when nobody watches it any more.
    let _stop_when_dropped = StopWhenDropped(Arc::clone(&progress));
    let (folder, writer) = (app.exports.folder.clone(), Arc::clone(&progress));
    let (row, name) = (task.clone(), file.to_owned());
    let mut writing = tokio::task::spawn_blocking(move || write_file(&folder, &row, &name, &writer));
    let lease = app.exports.settings().lease;
    let (renewal, mut renewed, mut told) = (renewal(app), Instant::now(), 0);
    let mut ticks = interval(PROGRESS.min(renewal));
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let (mut lost, mut spoke) = (false, Instant::now());
    let written = loop {
        tokio::select! {
            written = &mut writing => break written,
            () = stop.cancelled(), if !progress.is_stopped() => progress.stop(),
            _ = ticks.tick() => {}
        }
        if progress.is_stopped() {
            continue;
        }
        let done = i64::try_from(progress.done()).unwrap_or(i64::MAX);
        // Every hundredth, so that a page that shows it moves, and is not told more than it can show. That it has all rows is
        // told when it has ended.
        let some = (done - told) * 100 >= task.total_rows && done > told && done < task.total_rows;
        if spoke.elapsed() >= PROGRESS && some {
            // A gateway that is mute must not cost the lease.
            drop(timeout(renewal, tell_progress(app, task, done)).await);
            (told, spoke) = (done, Instant::now());
        }
        if renewed.elapsed() >= renewal {
            renewed = Instant::now();
            match app.store.renew_export(task.id, &task.claim, done, after(Utc::now(), lease)).await {
                Ok(true) => {}
                Ok(false) => {
                    lost = true;
                    progress.stop();
                }
                Err(error) => {
                    tracing::warn!(%error, task_id = task.id, "the lease of an export was not prolonged")
                }
            }
        }
    };
    match written {
        Ok(Ok(bytes)) => Ok(bytes),
        Ok(Err(WriteError::Stopped)) => Err(if lost { Ended::Lost } else { Ended::Stopping }),
        Ok(Err(WriteError::Disk(error))) if is_full(&error) => {
            Err(Ended::Failed("the disk of the export directory is full".into()))
        }
        Ok(Err(WriteError::Disk(error))) if error.kind() == io::ErrorKind::NotFound => Err(Ended::NotHere),
        Ok(Err(error)) => {
            tracing::error!(%error, task_id = task.id, "an export cannot be written");
            Err(Ended::Failed(match error {
                error @ WriteError::Row { .. } => error.to_string(),
                WriteError::Disk(_) => "the export directory does not take the file".into(),
                _ => "internal error".into(),
            }))
        }
        Err(broken) => {
            tracing::error!(%broken, task_id = task.id, "the thread that wrote an export broke");
            Err(Ended::Failed("internal error".into()))
        }
    }
}

/// How often the lease is prolonged.
fn renewal(app: &App) -> Duration {
    RENEWAL.min(app.exports.settings().lease / 5)
}

struct StopWhenDropped(Arc<Progress>);

impl Drop for StopWhenDropped {
    fn drop(&mut self) {
        self.0.stop();
    }
}

/// Blocks. The file has its name when it is whole; else nothing is left of it.
fn write_file(
    folder: &Folder,
    task: &ExportTaskRow,
    name: &str,
    progress: &Progress,
) -> Result<i64, WriteError> {
    let rows = Rows::open(folder, &task.token)?;
    let (file, part) = folder.begin(name)?;
    match Format::from_name(&task.format).unwrap_or_default() {
        Format::Xlsx => {
            xlsx::write(rows, task.total_rows.unsigned_abs(), folder, &task.title, &file, progress)?;
        }
        Format::Csv => csv::write(rows, &file, progress)?,
    }
    part.keep(&file)?;
    let bytes = fs::metadata(folder.file(name))?.len();
    Ok(i64::try_from(bytes).unwrap_or(i64::MAX))
}

async fn tell_progress(app: &App, task: &ExportTaskRow, done: i64) {
    let data = json!({ "task_id": task.id, "done": done, "total": task.total_rows });
    let message = Message::text(ServerFrame::push("export_progress", data).to_text());
    if let (Ok(message), Some(owner)) = (message, UserId::new(task.user_id)) {
        // Whoever misses it hears of the end.
        app.gateways.send_to_uid(&owner.into(), message).await;
    }
}

async fn done(app: &App, task: &ExportTaskRow, file: String, bytes: i64, stop: &CancellationToken) {
    drop(timeout(renewal(app), tell_progress(app, task, task.total_rows)).await);
    let notification = Notification {
        title: title("Export ready: ", &task.title),
        content: content(format!(
            "{}, {} rows. Click to view and download.",
            file_name(app, task),
            task.total_rows
        )),
        level: Level::Urgent,
        kind: Kind::Success,
        link: app.exports.settings().link.clone(),
    };
    let expires_at_ms = after(Utc::now(), app.exports.settings().keep);
    let end = ExportEnd::Done { file: file.clone(), bytes, expires_at_ms };
    match finish(app, task, end, notification, stop).await {
        Some(Finished::Ours(_)) => {
            app.metrics.count_export(ExportResult::Done);
            tracing::info!(task_id = task.id, rows = task.total_rows, bytes, "export done");
        }
        Some(Finished::Lost) => {
            app.metrics.count_export(ExportResult::Lost);
            app.exports.remove(vec![file]).await;
        }
        // Nobody knows whether it is the task's file; it is swept away when it is not.
        None => {}
    }
}

async fn fail(app: &App, task: &ExportTaskRow, reason: String, stop: &CancellationToken) {
    let reason: String = reason.chars().take(MAX_REASON_CHARACTERS).collect();
    tracing::warn!(task_id = task.id, reason, "export failed");
    let notification = Notification {
        title: title("Export failed: ", &task.title),
        content: content(reason.clone()),
        level: Level::Urgent,
        kind: Kind::Error,
        link: app.exports.settings().link.clone(),
    };
    let ended = finish(app, task, ExportEnd::Failed { reason }, notification, stop).await;
    if matches!(ended, Some(Finished::Ours(_))) {
        app.metrics.count_export(ExportResult::Failed);
    }
}

/// Writes the end down, with the notification, and pushes that. Tries again while the database is away: the file is there, and
/// to write it anew is dear. `None` when it never came back.
async fn finish(
    app: &App,
    task: &ExportTaskRow,
    end: ExportEnd,
    notification: Notification,
    stop: &CancellationToken,
) -> Option<Finished> {
    let created_at_ms = Utc::now().timestamp_millis();
    let deadline = Instant::now() + PATIENCE;
    let finished = loop {
        let new = NewNotification { notification: notification.clone(), created_at_ms };
        match app.store.finish_export(task, end.clone(), new).await {
            Ok(finished) => break finished,
            Err(error) => {
                tracing::warn!(%error, task_id = task.id, "the end of an export is not written down yet");
                if Instant::now() > deadline || timeout(RENEWAL, stop.cancelled()).await.is_ok() {
                    return None;
                }
            }
        }
    };
    if let (Finished::Ours(number), Some(owner)) = (finished, UserId::new(task.user_id)) {
        app.exports.remove(vec![rows_name(&task.token)]).await;
        app.metrics.notifications.inc();
        let ids = vec![(owner, number)];
        // The request that ordered it has ended long ago, perhaps in another process.
        let span = app.tracer.root(gatepipe_traces::Kind::Internal, || "export ended".to_owned(), None);
        let stored = Stored { ids, notification, created_at_ms };
        gatepipe_traces::within(&span, app.notifications.push(&stored)).await;
        span.end();
    }
    Some(finished)
}

async fn give_back(app: &App, task: &ExportTaskRow, count_attempt: bool) {
    let giving = app.store.give_back_export(task.id, &task.claim, count_attempt);
    match timeout(GOODBYE, giving).await {
        Ok(Ok(())) => {
            app.metrics.count_export(ExportResult::GivenBack);
            tracing::info!(task_id = task.id, "an export goes back into the queue");
        }
        _ => tracing::warn!(task_id = task.id, "an export is not given back: its lease ends by itself"),
    }
}

/// `before` and as much of `text` as fits.
fn title(before: &str, text: &str) -> Title {
    let whole: String = before.chars().chain(text.chars()).take(MAX_TITLE_CHARACTERS).collect();
    // What was a title once is one with a few words before it.
    Title::try_from(whole).expect("a title is 1 to 255 characters")
}

fn content(text: String) -> Content {
    // No reason and no name of a file has more than some hundred characters, and none has U+0000.
    Content::try_from(text.replace('\0', "")).expect("a short text is a content")
}
