//! A task, as the api tells of it.

use std::time::Duration;

use anyhow::Context as _;
use serde::{Deserialize, Serialize};

use crate::api::Api;
use crate::exit::{Exit, Failure};
use crate::output::{Progress, Row, say};

/// Between two looks at how far it is.
const LOOK: Duration = Duration::from_millis(500);

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Task {
    pub id: u64,
    pub title: String,
    pub format: String,
    pub state: String,
    pub total: u64,
    pub done: u64,
    pub reason: Option<String>,
    pub file_name: String,
    pub file_bytes: Option<u64>,
    pub created_at: String,
    pub finished_at: Option<String>,
    pub expires_at: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub download_url: Option<String>,
}

impl Row for Task {
    const HEAD: &'static [&'static str] =
        &["id", "state", "done", "total", "created_at", "file_name", "reason"];

    fn cells(&self) -> Vec<String> {
        vec![
            self.id.to_string(),
            self.state.clone(),
            self.done.to_string(),
            self.total.to_string(),
            self.created_at.clone(),
            self.file_name.clone(),
            self.reason.clone().unwrap_or_default(),
        ]
    }
}

impl Task {
    /// How far the task is now.
    pub async fn show(api: &Api, id: u64) -> anyhow::Result<Self> {
        let data = api.get(&format!("ExportTask/show?id={id}")).await?;
        serde_json::from_value(data).context("the api's answer is not understood")
    }

    /// Waits until the task has ended, and shows meanwhile how far it is.
    pub async fn ended(api: &Api, id: u64) -> anyhow::Result<Self> {
        let mut progress = Progress::new();
        loop {
            let task = Self::show(api, id).await?;
            if !["queued", "running"].contains(&task.state.as_str()) {
                return Ok(task);
            }
            progress.show(&format!("{}: {} of {} rows", task.state, task.done, task.total));
            tokio::time::sleep(LOOK).await;
        }
    }

    /// How a task that has ended went.
    pub fn exit(&self) -> Exit {
        match &self.reason {
            None => Exit::Done,
            Some(reason) => {
                say(&format!("the export failed: {reason}"));
                Exit::Failed
            }
        }
    }

    /// Why there is no file.
    pub fn without_file(&self) -> Failure {
        let line = match &self.reason {
            Some(reason) => format!("there is no file: the export failed: {reason}"),
            None => format!("there is no file: the export is {}", self.state),
        };
        Failure::new(Exit::Failed, line)
    }
}
