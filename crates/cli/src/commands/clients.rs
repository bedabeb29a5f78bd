//! `gatepipe clients`

mod get;
mod kick;
mod list;
mod session;

use clap::{Args, Subcommand};
use gatepipe_client::{ClientId, ClientInfo, Code, Error};
use serde::Serialize;

use crate::exit::{Exit, Failure};
use crate::output::Output;

/// List the connected clients, in order of client_id; look at one, close some, change a session
#[derive(Debug, Args)]
#[command(
    args_conflicts_with_subcommands = true,
    after_help = "Examples:
  gatepipe clients
  gatepipe clients --uid 1001 --remote-address 10.1.
  gatepipe clients --group lobby --unbound --limit 20
  gatepipe clients -o json | jq -r '.[] | select(.queued_bytes > 0) | .client_id'
  gatepipe clients get 00112233445566778899aabbccddeeff00112233"
)]
pub struct Clients {
    #[command(subcommand)]
    command: Option<ClientsCommand>,
    #[command(flatten)]
    list: list::List,
}

#[derive(Debug, Subcommand)]
enum ClientsCommand {
    Get(get::Get),
    Kick(kick::Kick),
    Session(session::Session),
}

impl Clients {
    pub async fn run(self, output: Output) -> anyhow::Result<Exit> {
        match self.command {
            None => self.list.run(output).await,
            Some(ClientsCommand::Get(get)) => get.run(output).await,
            Some(ClientsCommand::Kick(kick)) => kick.run(output).await,
            Some(ClientsCommand::Session(session)) => session.run().await,
        }
    }
}

/// A client, with the keys of the HTTP api.
#[derive(Debug, Serialize)]
struct Client {
    client_id: String,
    gateway_id: String,
    uid: Option<String>,
    remote_address: String,
    connected_at_ms: i64,
    /// Null when unbound.
    bound_at_ms: Option<i64>,
    groups: Vec<String>,
    frames_in: u64,
    bytes_in: u64,
    frames_out: u64,
    bytes_out: u64,
    queued_bytes: u64,
    heard_at_ms: i64,
}

impl From<ClientInfo> for Client {
    fn from(client: ClientInfo) -> Self {
        Self {
            client_id: client.client_id.to_string(),
            gateway_id: client.client_id.gateway().to_string(),
            uid: client.uid.map(|uid| uid.to_string()),
            remote_address: client.remote_address,
            connected_at_ms: client.connected_at_ms,
            bound_at_ms: client.bound_at_ms,
            groups: client.groups.iter().map(ToString::to_string).collect(),
            frames_in: client.frames_in,
            bytes_in: client.bytes_in,
            frames_out: client.frames_out,
            bytes_out: client.bytes_out,
            queued_bytes: client.queued_bytes,
            heard_at_ms: client.heard_at_ms,
        }
    }
}

fn not_connected(client: ClientId) -> Failure {
    Failure::new(Exit::NotFound, format!("client {client} is not connected"))
}

/// Why something could not be done with one client. One whose gateway is gone is gone with it.
fn refusal(client: ClientId, error: Error) -> Failure {
    match error.code() {
        Code::NotFound => not_connected(client),
        _ => error.into(),
    }
}
