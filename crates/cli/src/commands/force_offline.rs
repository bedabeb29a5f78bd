//! `gatepipe force-offline`

use anyhow::Context as _;
use clap::Args;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::api::ApiArgs;
use crate::commands::notify::Failed;
use crate::confirm::Confirm;
use crate::exit::Exit;
use crate::output::{Output, Row};

/// Make every token of a user useless and close the user's connections for good
#[derive(Debug, Args)]
#[command(after_help = "Needs the permission websocket.force_offline.

Examples:
  gatepipe force-offline 1001 --reason 'left the company'
  gatepipe force-offline 1001 --yes -o json")]
pub struct ForceOffline {
    /// Who is cut off
    #[arg(value_name = "USER_ID")]
    uid: u64,
    /// What the pages are told, at most 255 characters
    #[arg(long, default_value = "forced offline")]
    reason: String,
    #[command(flatten)]
    confirm: Confirm,
    #[command(flatten)]
    api: ApiArgs,
}

/// The api's answer.
#[derive(Debug, Serialize, Deserialize)]
struct ForcedOffline {
    closed: u64,
    failed: Vec<Failed>,
}

impl Row for ForcedOffline {
    const HEAD: &'static [&'static str] = &["closed", "failed"];

    fn cells(&self) -> Vec<String> {
        vec![self.closed.to_string(), self.failed.len().to_string()]
    }
}

impl ForceOffline {
    pub async fn run(self, output: Output) -> anyhow::Result<Exit> {
        let api = self.api.open()?;
        let question = format!("Log user {} out everywhere?", self.uid);
        self.confirm.ask(&question).await?;
        let body = json!({ "uid": self.uid, "reason": self.reason });
        let data = api.post("WebSocket/forceOffline", &body).await?;
        let forced: ForcedOffline =
            serde_json::from_value(data).context("the api's answer is not understood")?;
        let exit = Failed::tell(&forced.failed);
        output.one(&forced)?;
        Ok(exit)
    }
}
