//! `gatepipe clients kick`

use clap::{ArgGroup, Args};
use futures_util::{StreamExt as _, future, stream};
use gatepipe_client::{ClientId, Close, CloseCode, Filter, GatewayClient, Group, Uid};
use serde::Serialize;

use crate::each_client::{Did, Refused, Tally, each};
use crate::exit::{Exit, Failure};
use crate::fleet::{Failed, Fleet};
use crate::output::{Output, Row, say};

/// Longest reason of a close frame, in bytes (RFC 6455 section 5.5).
const MAX_REASON_BYTES: usize = 123;

/// Close some clients: by client_id, all of a user, or all members of a group
#[derive(Debug, Args)]
#[command(
    group = ArgGroup::new("whom").required(true),
    after_help = "Codes: 4000-4099 tell a page to stay away, 4100-4199 to come back with backoff, 4200-4299 to come back soon; also 1000, 1001, \
1008 and 1011 to 1013. One that is not connected is no failure.

The pages of a user who may log in can come back with another code than 4000-4099, and by themselves whenever they like: to keep \
a user out, use gatepipe force-offline.

Examples:
  gatepipe clients kick 00112233445566778899aabbccddeeff00112233
  gatepipe clients kick --uid 1001 --code 4201 --reason 'moving you'
  gatepipe clients kick --group lobby --destroy -o json"
)]
pub struct Kick {
    /// Close these
    #[arg(value_name = "CLIENT_ID", group = "whom")]
    clients: Vec<ClientId>,
    /// Close every client of this user; repeatable
    #[arg(long = "uid", value_name = "UID", group = "whom")]
    uids: Vec<Uid>,
    /// Close every member of this group; repeatable
    #[arg(long = "group", value_name = "GROUP", group = "whom")]
    groups: Vec<Group>,
    /// The close code
    #[arg(long, value_name = "CODE", default_value = "4003", value_parser = code)]
    code: CloseCode,
    /// What stands beside the code, at most 123 bytes
    #[arg(long, value_name = "TEXT", default_value = "", hide_default_value = true, value_parser = reason)]
    reason: String,
    /// Cut the connection at once: nothing queued is sent, and no close frame
    #[arg(long, conflicts_with_all = ["code", "reason"])]
    destroy: bool,
    #[command(flatten)]
    fleet: Fleet,
}

#[derive(Debug, Serialize)]
struct Kicked {
    closed: u64,
    not_connected: Vec<String>,
    refused: Vec<Refused>,
    failed: Vec<Failed>,
}

impl Row for Kicked {
    const HEAD: &'static [&'static str] = &["closed", "not connected", "refused", "failed"];

    fn cells(&self) -> Vec<String> {
        let lengths = [self.not_connected.len(), self.refused.len(), self.failed.len()];
        [self.closed.to_string()].into_iter().chain(lengths.map(|length| length.to_string())).collect()
    }
}

impl Kick {
    pub async fn run(self, output: Output) -> anyhow::Result<Exit> {
        let client = self.fleet.join().await?;
        let tally = match (&self.uids[..], &self.groups[..]) {
            ([], []) => each(stream::iter(self.clients.clone()), |one| self.close(&client, one)).await,
            ([_, ..], _) if !self.destroy => self.close_users(&client).await,
            (uids, groups) => {
                let filter = Filter { uids: uids.to_vec(), groups: groups.to_vec(), ..Filter::default() };
                self.close_matching(&client, filter).await?
            }
        };
        if tally.changed == 0 && tally.not_connected.is_empty() && tally.missed.is_empty() {
            say("nobody was there to be closed");
        }
        let (exit, failed) = tally.tell(&client, Exit::Done);
        let Tally { changed, not_connected, refused, .. } = tally;
        output.one(&Kicked { closed: changed, not_connected, refused, failed })?;
        Ok(exit)
    }

    /// In one command, so that nobody who binds meanwhile slips through a gap between asking and closing.
    async fn close_users(&self, client: &GatewayClient) -> Tally {
        let mut tally = Tally::default();
        for uid in &self.uids {
            let receipt = client.close_uid(uid, self.frame()).await;
            tally.changed += receipt.reached;
            receipt.failed.into_iter().for_each(|miss| tally.miss(miss));
        }
        tally
    }

    async fn close_matching(&self, client: &GatewayClient, filter: Filter) -> Result<Tally, Failure> {
        let mut unlisted = Vec::new();
        let members = client.all_clients(filter)?.filter_map(|listed| match listed {
            Ok(info) => future::ready(Some(info.client_id)),
            Err(miss) => {
                unlisted.push(miss);
                future::ready(None)
            }
        });
        let mut tally = each(members, |one| self.close(client, one)).await;
        // Whoever left between the list and the close was named by nobody.
        tally.not_connected.clear();
        unlisted.into_iter().for_each(|miss| tally.miss(miss));
        Ok(tally)
    }

    async fn close(&self, gateways: &GatewayClient, client: ClientId) -> Result<Did, gatepipe_client::Error> {
        let closed = if self.destroy {
            gateways.destroy_client(client).await?
        } else {
            gateways.close_client(client, self.frame()).await?
        };
        Ok(if closed { Did::Changed } else { Did::NotConnected })
    }

    fn frame(&self) -> Close {
        Close { code: self.code, reason: self.reason.clone(), last_message: None }
    }
}

/// Those that a gateway sends on command.
fn code(text: &str) -> Result<CloseCode, String> {
    let number: u16 = text.parse().map_err(|_| "it is not a number".to_owned())?;
    let code = CloseCode::new(number).filter(|code| code.may_be_asked_for());
    code.ok_or_else(|| "a gateway sends 1000, 1001, 1008, 1011 to 1013 and 4000 to 4999".to_owned())
}

fn reason(text: &str) -> Result<String, String> {
    match text.len() {
        0..=MAX_REASON_BYTES => Ok(text.to_owned()),
        bytes => Err(format!("a reason has at most {MAX_REASON_BYTES} bytes, not {bytes}")),
    }
}
