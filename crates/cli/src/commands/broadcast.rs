//! `gatepipe broadcast`

use clap::Args;
use futures_util::future::join_all;
use gatepipe_client::{Answer, ClientId, ClientInfo, Error, Filter, GatewayClient, Group};
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
  gatepipe broadcast --group lobby --exclude 00112233445566778899aabbccddeeff00112233
  gatepipe broadcast --text 'as it stands' --dry-run")]
pub struct Broadcast {
    /// Only to the members of this group, each once; repeatable
    #[arg(long = "group", value_name = "GROUP")]
    groups: Vec<Group>,
    /// Leave this client out; repeatable
    #[arg(long, value_name = "CLIENT_ID")]
    exclude: Vec<ClientId>,
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
            let count = self.would_reach(&client).await;
            let (exit, failed) = tell_failed(&client, &count.failed);
            output.one(&WouldSend { sent: false, would_reach: count.value, failed })?;
            return Ok(exit);
        }
        if self.confirm.asks() {
            let count = self.would_reach(&client).await;
            tell_failed(&client, &count.failed);
            let whom = if self.groups.is_empty() { "everyone" } else { "every member" };
            let gateways = count.asked.len() - count.failed.len();
            let question = format!("Send to {whom} (clients: {}, gateways: {gateways})?", count.value);
            self.confirm.ask(&question).await?;
        }
        let receipt = match &self.groups[..] {
            [] => client.send_to_all(message, &self.exclude).await,
            groups => client.send_to_groups(groups, message, &self.exclude).await,
        };
        Sent::show(&client, receipt, output)
    }

    /// How many clients are meant now.
    async fn would_reach(&self, client: &GatewayClient) -> Answer<u64> {
        let filter = Filter { groups: self.groups.clone(), ..Filter::default() };
        let mut count = client.count_clients(&filter).await;
        let mut excluded = self.exclude.clone();
        excluded.sort_unstable();
        excluded.dedup();
        let counted = join_all(excluded.into_iter().map(|one| self.is_meant(client, one))).await;
        let counted = counted.into_iter().filter(|meant| matches!(meant, Ok(true))).count();
        count.value = count.value.saturating_sub(counted as u64);
        count
    }

    /// Whether a client is connected and, when groups were given, in one of them. A gateway that does not answer is named by the
    /// count already.
    async fn is_meant(&self, gateways: &GatewayClient, client: ClientId) -> Result<bool, Error> {
        let info = gateways.client_info(client).await?;
        let in_one = |info: ClientInfo| info.groups.iter().any(|group| self.groups.contains(group));
        Ok(info.is_some_and(|info| self.groups.is_empty() || in_one(info)))
    }
}
