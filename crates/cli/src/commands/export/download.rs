//! `gatepipe export download`

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use clap::Args;
use serde::Serialize;
use tokio::fs::{File, OpenOptions};
use tokio::io::AsyncWriteExt as _;

use super::task::Task;
use crate::api::ApiArgs;
use crate::exit::Exit;
use crate::output::Output;

/// Download the file of one of your exports
#[derive(Debug, Args)]
pub struct Download {
    /// Which one
    #[arg(value_name = "ID")]
    id: u64,
    /// Where to; without it the file's own name, here. What exists is not overwritten
    #[arg(long, value_name = "FILE")]
    to: Option<PathBuf>,
    #[command(flatten)]
    api: ApiArgs,
}

#[derive(Serialize)]
struct Downloaded {
    file: PathBuf,
    bytes: u64,
}

impl Download {
    pub async fn run(self, output: Output) -> anyhow::Result<Exit> {
        let api = self.api.open()?;
        let task = Task::show(&api, self.id).await?;
        if task.download_url.is_none() {
            return Err(task.without_file().into());
        }
        // The name comes from elsewhere: only its last part counts.
        let own = Path::new(&task.file_name).file_name().context("the api names no file")?;
        let to = self.to.unwrap_or_else(|| PathBuf::from(own));
        let cannot = || format!("cannot write {}", to.display());
        let answer = api.download(&format!("ExportTask/download?id={}", self.id)).await?;
        let file = OpenOptions::new().write(true).create_new(true).open(&to).await.with_context(cannot)?;
        let bytes = match save(answer, file, &to).await {
            Ok(bytes) => bytes,
            Err(error) => {
                // Half a file would pass for a whole one, and stand in the way of the next try.
                let _ = tokio::fs::remove_file(&to).await;
                return Err(error);
            }
        };
        output.value(&to.display().to_string(), &Downloaded { file: to.clone(), bytes })?;
        Ok(Exit::Done)
    }
}

async fn save(mut answer: reqwest::Response, mut file: File, to: &Path) -> anyhow::Result<u64> {
    let cannot = || format!("cannot write {}", to.display());
    let mut bytes = 0;
    while let Some(chunk) = answer.chunk().await.context("the download broke off")? {
        file.write_all(&chunk).await.with_context(cannot)?;
        bytes += chunk.len() as u64;
    }
    file.flush().await.with_context(cannot)?;
    Ok(bytes)
}
