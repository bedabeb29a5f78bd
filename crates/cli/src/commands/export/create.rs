//! `gatepipe export create`

use std::os::fd::AsFd as _;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use clap::{Args, ValueEnum};
use serde::Serialize;
use serde_json::{Value, json};
use tokio::fs::File;
use tokio::io::AsyncReadExt as _;

use super::task::Task;
use crate::api::ApiArgs;
use crate::exit::Exit;
use crate::output::Output;

/// Order an export of rows from a file or from stdin
#[derive(Debug, Args)]
#[command(
    after_help = "Each line of the rows is one row: a JSON array of text, numbers, true, false and null."
)]
pub struct Create {
    /// 1 to 255 characters
    #[arg(long)]
    title: String,
    /// A JSON array: text, or {"title": …, "type": auto|text|number|date|datetime}
    #[arg(long, value_name = "JSON", value_parser = headers)]
    headers: Value,
    /// What the file's name begins with; the title when absent
    #[arg(long)]
    prefix: Option<String>,
    /// What is written
    #[arg(long, value_enum, default_value_t = FileFormat::Xlsx)]
    format: FileFormat,
    /// Rows as JSON lines; - is stdin
    #[arg(long, value_name = "FILE", default_value = "-")]
    file: PathBuf,
    /// Wait until it has ended, and show how far it is
    #[arg(long)]
    wait: bool,
    #[command(flatten)]
    api: ApiArgs,
}

#[derive(Debug, Clone, Copy, ValueEnum, Serialize)]
#[serde(rename_all = "lowercase")]
enum FileFormat {
    Xlsx,
    Csv,
}

fn headers(text: &str) -> Result<Value, String> {
    let wrong =
        || "must be a JSON array like [\"name\", {\"title\": \"born\", \"type\": \"date\"}]".to_owned();
    let headers: Value = serde_json::from_str(text).map_err(|_| wrong())?;
    if headers.is_array() { Ok(headers) } else { Err(wrong()) }
}

impl Create {
    pub async fn run(self, output: Output) -> anyhow::Result<Exit> {
        let api = self.api.open()?;
        let first = json!({
            "title": self.title,
            "headers": self.headers,
            "prefix": self.prefix,
            "format": self.format,
        });
        let first = std::io::Cursor::new(format!("{first}\n").into_bytes());
        let rows = rows(&self.file).await?;
        let data = api.post_lines("ExportTask/create", first.chain(rows)).await?;
        let mut task: Task = serde_json::from_value(data).context("the api's answer is not understood")?;
        if self.wait {
            task = Task::ended(&api, task.id).await?;
        }
        output.one(&task)?;
        Ok(task.exit())
    }
}

async fn rows(file: &Path) -> anyhow::Result<File> {
    if file == Path::new("-") {
        let stdin = std::io::stdin().as_fd().try_clone_to_owned().context("stdin cannot be read")?;
        return Ok(File::from_std(stdin.into()));
    }
    let opened = File::open(file).await;
    opened.with_context(|| format!("cannot read the rows in {}", file.display()))
}
