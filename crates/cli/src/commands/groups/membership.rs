//! `gatepipe groups join` and `gatepipe groups leave`

use clap::Args;
use futures_util::stream;
use gatepipe_client::{ClientId, GatewayClient, Group};
use serde::Serialize;

use crate::each_client::{Did, Refused, Tally, each};
use crate::exit::Exit;
use crate::fleet::{Failed, Fleet};
use crate::output::{Output, Row};

/// Let clients join a group
#[derive(Debug, Args)]
#[command(
    after_help = "Joining twice changes nothing. Who disconnects leaves every group. A client is in at most 1,000 groups.

Examples:
  gatepipe groups join lobby 00112233445566778899aabbccddeeff00112233
  gatepipe clients --uid 1001 -o json | jq -r '.[].client_id' | xargs gatepipe groups join lobby"
)]
pub struct Join {
    #[command(flatten)]
    members: Members,
}

/// Let clients leave a group
#[derive(Debug, Args)]
#[command(after_help = "Leaving a group that was never joined changes nothing.

Examples:
  gatepipe groups leave lobby 00112233445566778899aabbccddeeff00112233")]
pub struct Leave {
    #[command(flatten)]
    members: Members,
}

#[derive(Debug, Args)]
struct Members {
    /// Which group
    #[arg(value_name = "GROUP")]
    group: Group,
    /// Which clients
    #[arg(value_name = "CLIENT_ID", required = true)]
    clients: Vec<ClientId>,
    #[command(flatten)]
    fleet: Fleet,
}

/// What a join or leave did: `unchanged` were in, or not in, already.
#[derive(Debug, Serialize)]
struct Changed {
    changed: u64,
    unchanged: u64,
    not_connected: Vec<String>,
    refused: Vec<Refused>,
    failed: Vec<Failed>,
}

impl Row for Changed {
    const HEAD: &'static [&'static str] = &["changed", "unchanged", "not connected", "refused", "failed"];

    fn cells(&self) -> Vec<String> {
        let lengths = [self.not_connected.len(), self.refused.len(), self.failed.len()];
        let counts = [self.changed, self.unchanged].into_iter().map(|count| count.to_string());
        counts.chain(lengths.map(|length| length.to_string())).collect()
    }
}

impl Join {
    pub async fn run(self, output: Output) -> anyhow::Result<Exit> {
        let Members { group, clients, fleet } = self.members;
        let gateways = fleet.join().await?;
        let join = async |client| Ok(did(gateways.join_group(client, &group).await?));
        let tally = each(stream::iter(clients), join).await;
        show(tally, &gateways, Exit::NotFound, output)
    }
}

impl Leave {
    pub async fn run(self, output: Output) -> anyhow::Result<Exit> {
        let Members { group, clients, fleet } = self.members;
        let gateways = fleet.join().await?;
        let leave = async |client| Ok(did(gateways.leave_group(client, &group).await?));
        let tally = each(stream::iter(clients), leave).await;
        show(tally, &gateways, Exit::Done, output)
    }
}

fn did(changed: bool) -> Did {
    if changed { Did::Changed } else { Did::Nothing }
}

/// `absent`: how it ends when some of the clients are not connected.
fn show(tally: Tally, client: &GatewayClient, absent: Exit, output: Output) -> anyhow::Result<Exit> {
    let (exit, failed) = tally.tell(client, absent);
    let Tally { changed, unchanged, not_connected, refused, .. } = tally;
    output.one(&Changed { changed, unchanged, not_connected, refused, failed })?;
    Ok(exit)
}
