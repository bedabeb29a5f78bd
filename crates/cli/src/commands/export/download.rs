//! `gatepipe export download`

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use clap::Args;
use serde::Serialize;

use super::task::Task;
use crate::api::ApiArgs;
use crate::exit::Exit;
use crate::file::save_new;
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
        let answer = api.download(&format!("ExportTask/download?id={}", self.id)).await?;
        let bytes = save_new(answer, &to).await?;
        output.value(&to.display().to_string(), &Downloaded { file: to.clone(), bytes })?;
        Ok(Exit::Done)
    }
}
