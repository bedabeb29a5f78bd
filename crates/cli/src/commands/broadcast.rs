//! `gatepipe broadcast`

use clap::Args;
use serde::Serialize;

use crate::commands::push::Sent;
use crate::confirm::Confirm;
use crate::exit::Exit;
use crate::fleet::{Failed, Fleet, tell_failed};
use crate::frame::Frame;
use crate::output::{Output, Row};

/// Push a frame to every connected client, bound or not
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  gatepipe broadcast --data '{\"title\":\"deploy at 18:00\"}'
  gatepipe broadcast --type maintenance --data '{\"from\":\"18:00\"}' --yes
  gatepipe broadcast --text 'as it stands' --dry-run")]
pub struct Broadcast {
    #[command(flatten)]
    frame: Frame,
    /// Send nothing, and say how many clients would be reached
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    confirm: Confirm,
    #[command(flatten)]
    fleet: Fleet,
}

/// What a broadcast would do.
#[derive(Debug, Serialize)]
struct WouldSend {
    sent: bool,
    would_reach: u64,
    failed: Vec<Failed>,
}

impl Row for WouldSend {
    const HEAD: &'static [&'static str] = &["would reach", "failed"];

    fn cells(&self) -> Vec<String> {
        vec![self.would_reach.to_string(), self.failed.len().to_string()]
    }
}

impl Broadcast {
    pub async fn run(self, output: Output) -> anyhow::Result<Exit> {
        let message = self.frame.message()?;
        if !self.dry_run {
            self.confirm.possible()?;
        }
        let client = self.fleet.join().await?;
        if self.dry_run {
            let counts = client.counts().await;
            let (exit, failed) = tell_failed(&client, &counts.failed);
            output.one(&WouldSend { sent: false, would_reach: counts.value.clients, failed })?;
            return Ok(exit);
        }
        if self.confirm.asks() {
            let counts = client.counts().await;
            tell_failed(&client, &counts.failed);
            let (clients, gateways) = (counts.value.clients, counts.value.gateways.len());
            let question = format!("Send to everyone (clients: {clients}, gateways: {gateways})?");
            self.confirm.ask(&question).await?;
        }
        let receipt = client.send_to_all(message, &[]).await;
        Sent::show(&client, receipt, output)
    }
}
