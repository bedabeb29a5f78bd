//! Removes files whose time is over, and those that belong to no task.

use std::collections::HashMap;
use std::ops::ControlFlow;
use std::time::{Duration, SystemTime};

use chrono::Utc;
use tokio::sync::mpsc;

use crate::app::App;
use crate::export::State;
use crate::export::folder::rows_name;
use crate::store::{ExportFiles, StoreError};

/// Files that are looked at, at once.
const BATCH: u32 = 100;
/// Between two looks, unless files live so short that this is long.
const INTERVAL: Duration = Duration::from_secs(60);
/// Looks for expired files between two for loose ones.
const LOOSE_EVERY: u32 = 10;

/// Sweeps for as long as it is polled.
pub async fn sweep(app: App) {
    let mut round = 0_u32;
    loop {
        let interval = (app.exports.settings().keep / 10).clamp(Duration::from_millis(200), INTERVAL);
        // Processes that share the directory do not all sweep at the same moment.
        tokio::time::sleep(interval.mul_f64(0.5 + rand::random::<f64>())).await;
        if let Err(error) = expire(&app).await {
            tracing::debug!(%error, "cannot look for expired exports");
        }
        // Workers count too, but not while all of them write, nor where there are none.
        if let Ok(waiting) = app.store.waiting_exports(Utc::now().timestamp_millis()).await {
            app.metrics.exports_waiting.set(waiting);
        }
        if round.is_multiple_of(LOOSE_EVERY)
            && let Err(error) = clear(&app).await
        {
            tracing::debug!(%error, "cannot look for loose files of exports");
        }
        round = round.wrapping_add(1);
    }
}

async fn expire(app: &App) -> Result<(), StoreError> {
    loop {
        let files = app.store.expire_exports(Utc::now().timestamp_millis(), BATCH).await?;
        if files.is_empty() {
            return Ok(());
        }
        tracing::info!(files = files.len(), "expired exports are removed");
        app.exports.remove(files).await;
    }
}

/// Removes old files of tasks that do not need them: what a killed process left.
async fn clear(app: &App) -> Result<(), StoreError> {
    let folder = app.exports.folder.clone();
    let (batch_to, mut batch_from) = mpsc::channel(1);
    let looking = tokio::task::spawn_blocking(move || {
        folder.loose(SystemTime::now(), BATCH as usize, |batch| match batch_to.blocking_send(batch) {
            Ok(()) => ControlFlow::Continue(()),
            Err(_) => ControlFlow::Break(()),
        })
    });
    while let Some(batch) = batch_from.recv().await {
        clear_some(app, batch).await?;
    }
    if let Ok(Err(error)) = looking.await {
        tracing::warn!(%error, "the export directory cannot be read");
    }
    Ok(())
}

async fn clear_some(app: &App, loose: Vec<(String, String)>) -> Result<(), StoreError> {
    let mut tokens: Vec<String> = loose.iter().map(|(token, _)| token.clone()).collect();
    tokens.dedup();
    let tasks = app.store.export_files(tokens).await?;
    let tasks: HashMap<String, ExportFiles> =
        tasks.into_iter().map(|task| (task.token.clone(), task)).collect();
    let needless = loose.into_iter().filter(|(token, name)| !is_needed(tasks.get(token), name));
    app.exports.remove(needless.map(|(_, name)| name).collect()).await;
    Ok(())
}

/// Whether the file called `name` is still needed by its task.
fn is_needed(task: Option<&ExportFiles>, name: &str) -> bool {
    let Some(task) = task else { return false };
    match State::from_name(&task.state) {
        // Its worker may be at it.
        Some(State::Queued | State::Running) | None => true,
        Some(State::Done) => task.file == name && name != rows_name(&task.token),
        Some(State::Failed | State::Expired) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_goes_when_its_task_does_not_need_it() {
        let task = |state: State, file: &str| ExportFiles {
            token: "t".into(),
            state: state.name().into(),
            file: file.into(),
        };
        assert!(!is_needed(None, "t.rows"));
        assert!(is_needed(Some(&task(State::Queued, "")), "t.rows"));
        assert!(is_needed(Some(&task(State::Running, "")), "t-1.xlsx.part"));
        let done = task(State::Done, "t-1.xlsx");
        assert!(is_needed(Some(&done), "t-1.xlsx"));
        for other in ["t.rows", "t-2.xlsx", "t-1.xlsx.part"] {
            assert!(!is_needed(Some(&done), other), "{other}");
        }
        assert!(!is_needed(Some(&task(State::Failed, "")), "t.rows"));
        assert!(!is_needed(Some(&task(State::Expired, "")), "t-1.xlsx"));
    }
}
