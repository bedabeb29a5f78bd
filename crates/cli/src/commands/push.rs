//! `gatepipe push`

use clap::{ArgGroup, Args};
use gatepipe_client::{ClientId, GatewayClient, Group, Receipt, Uid};
use serde::Serialize;

use crate::exit::Exit;
use crate::fleet::{Failed, Fleet, tell_failed};
use crate::frame::Frame;
use crate::output::{Output, Row, say};

/// Push a frame to every connection of some users, to the members of groups, or to some clients
#[derive(Debug, Args)]
#[command(
    group = ArgGroup::new("whom").required(true),
    after_help = "A connection is reached once, however many of the users or groups it belongs to. A user that is offline is no failure: nobody \
is reached.

Examples:
  gatepipe push 1001 --data '{\"title\":\"hello\"}'
  gatepipe push 1001 1002 --type refresh
  gatepipe push --group lobby --group hall --exclude 00112233445566778899aabbccddeeff00112233
  gatepipe push --client 00112233445566778899aabbccddeeff00112233 --text hello
  head -c 100 /dev/urandom | gatepipe push 1001 --binary -"
)]
pub struct Push {
    /// Users to push to
    #[arg(value_name = "UID", group = "whom")]
    uids: Vec<Uid>,
    /// Push to the members of this group; repeatable
    #[arg(long = "group", value_name = "GROUP", group = "whom")]
    groups: Vec<Group>,
    /// Push to this client; repeatable
    #[arg(long, value_name = "CLIENT_ID", group = "whom")]
    client: Vec<ClientId>,
    /// Leave this client out; repeatable
    #[arg(long, value_name = "CLIENT_ID")]
    exclude: Vec<ClientId>,
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
        let receipt = match (&self.groups[..], &self.client[..]) {
            ([], []) => client.send_to_uids(&self.uids, message, &self.exclude).await,
            ([], clients) => client.send_to_clients(clients, message, &self.exclude).await,
            (groups, _) => client.send_to_groups(groups, message, &self.exclude).await,
        };
        Sent::show(&client, receipt, output)
    }
}
