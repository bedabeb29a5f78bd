//! `gatepipe export list`

use anyhow::Context as _;
use clap::Args;
use serde::Deserialize;

use super::task::Task;
use crate::api::ApiArgs;
use crate::exit::Exit;
use crate::output::{Output, say};

/// List your exports, newest first
#[derive(Debug, Args)]
pub struct List {
    /// Only those in this state
    #[arg(long, value_parser = ["queued", "running", "done", "failed", "expired"])]
    state: Option<String>,
    /// Only older ones than this
    #[arg(long, value_name = "ID")]
    before: Option<u64>,
    /// How many at most
    #[arg(long, value_name = "COUNT", default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=100))]
    limit: u32,
    #[command(flatten)]
    api: ApiArgs,
}

#[derive(Deserialize)]
struct Listed {
    list: Vec<Task>,
    next_cursor: Option<u64>,
}

impl List {
    pub async fn run(self, output: Output) -> anyhow::Result<Exit> {
        let mut path = format!("ExportTask/list?limit={}", self.limit);
        if let Some(before) = self.before {
            path.push_str(&format!("&before_id={before}"));
        }
        if let Some(state) = self.state {
            path.push_str(&format!("&state={state}"));
        }
        let data = self.api.open()?.get(&path).await?;
        let listed: Listed = serde_json::from_value(data).context("the api's answer is not understood")?;
        output.list(&listed.list)?;
        if let Some(next) = listed.next_cursor {
            say(&format!("there are more: --before {next}"));
        }
        Ok(Exit::Done)
    }
}
