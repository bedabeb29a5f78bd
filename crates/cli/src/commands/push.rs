//! `gatepipe push`

use clap::Args;
use gatepipe_client::{ClientId, GatewayClient, Receipt, Uid};
use serde::Serialize;

use crate::exit::Exit;
use crate::fleet::{Failed, Fleet, tell_failed};
use crate::frame::Frame;
use crate::output::{Output, Row, say};

/// Push a frame to every connection of some users, or to one client
#[derive(Debug, Args)]
#[command(after_help = "A user that is offline is no failure: nobody is reached.

Examples:
  gatepipe push 1001 --data '{\"title\":\"hello\"}'
  gatepipe push 1001 1002 --type refresh
  gatepipe push --client 00112233445566778899aabbccddeeff00112233 --text hello")]
pub struct Push {
    /// Users to push to
    #[arg(value_name = "UID", required_unless_present = "client", conflicts_with = "client")]
    uids: Vec<Uid>,
    /// Push to this client; repeatable
    #[arg(long, value_name = "CLIENT_ID")]
    client: Vec<ClientId>,
    #[command(flatten)]
    frame: Frame,
    #[command(flatten)]
    fleet: Fleet,
}

/// What a push did, with the keys of the HTTP api.
#[derive(Debug, Serialize)]
pub struct Sent {
    sent: bool,
    reached: u64,
    failed: Vec<Failed>,
}

impl Row for Sent {
    const HEAD: &'static [&'static str] = &["reached", "failed"];

    fn cells(&self) -> Vec<String> {
        vec![self.reached.to_string(), self.failed.len().to_string()]
    }
}

impl Sent {
    /// Shows a receipt; what failed stands on stderr and in the exit code.
    pub fn show(client: &GatewayClient, receipt: Receipt, output: Output) -> anyhow::Result<Exit> {
        let (exit, failed) = tell_failed(client, &receipt.failed);
        if receipt.reached == 0 && receipt.is_whole() {
            say("nobody was there to be reached");
        }
        output.one(&Self { sent: true, reached: receipt.reached, failed })?;
        Ok(exit)
    }
}

impl Push {
    pub async fn run(self, output: Output) -> anyhow::Result<Exit> {
        let message = self.frame.message()?;
        let client = self.fleet.join().await?;
        let receipt = if self.client.is_empty() {
            client.send_to_uids(&self.uids, message, &[]).await
        } else {
            client.send_to_clients(&self.client, message, &[]).await
        };
        Sent::show(&client, receipt, output)
    }
}
