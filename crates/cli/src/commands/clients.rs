//! `gatepipe clients`

use clap::Args;
use gatepipe_client::{ClientId, ClientInfo, Cursor, Filter, Page};
use serde::Serialize;

use crate::exit::Exit;
use crate::fleet::{Fleet, tell_failed};
use crate::output::{Output, Row, say};

/// Most clients in one question to the gateways.
const PAGE: u32 = 1_000;

/// List the connected clients, in order of client_id
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  gatepipe clients
  gatepipe clients --limit 20 --after 00112233445566778899aabbccddeeff00112233
  gatepipe clients -o json | jq -r '.[] | select(.uid == \"1001\") | .client_id'")]
pub struct Clients {
    /// At most this many
    #[arg(long, value_name = "COUNT", default_value_t = 1_000, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    limit: u32,
    /// Start after this client
    #[arg(long, value_name = "CLIENT_ID")]
    after: Option<ClientId>,
    #[command(flatten)]
    fleet: Fleet,
}

#[derive(Debug, Serialize)]
struct Client {
    client_id: String,
    gateway_id: String,
    uid: Option<String>,
    remote_address: String,
    connected_at_ms: i64,
}

impl From<ClientInfo> for Client {
    fn from(client: ClientInfo) -> Self {
        Self {
            client_id: client.client_id.to_string(),
            gateway_id: client.client_id.gateway().to_string(),
            uid: client.uid.map(|uid| uid.to_string()),
            remote_address: client.remote_address,
            connected_at_ms: client.connected_at_ms,
        }
    }
}

impl Row for Client {
    const HEAD: &'static [&'static str] = &["client_id", "uid", "remote address", "connected at (ms)"];

    fn cells(&self) -> Vec<String> {
        vec![
            self.client_id.clone(),
            self.uid.clone().unwrap_or_default(),
            self.remote_address.clone(),
            self.connected_at_ms.to_string(),
        ]
    }
}

impl Clients {
    pub async fn run(self, output: Output) -> anyhow::Result<Exit> {
        let client = self.fleet.join().await?;
        let mut found: Vec<Client> = Vec::new();
        let mut missed = Vec::new();
        let everybody = Filter::default();
        let mut after = self.after.map(|client| Cursor::after_client(client, &everybody));
        loop {
            let limit = PAGE.min(self.limit - u32::try_from(found.len()).unwrap_or(self.limit));
            let page = client.clients(&everybody, &Page { after, limit }).await?;
            found.extend(page.value.items.into_iter().map(Client::from));
            for miss in page.failed {
                if !missed.contains(&miss) {
                    missed.push(miss);
                }
            }
            after = page.value.next;
            if after.is_none() || found.len() >= self.limit as usize {
                break;
            }
        }
        let (exit, _) = tell_failed(&client, &missed);
        if let Some(last) = found.last().filter(|_| after.is_some()) {
            say(&format!("there are more: --after {}", last.client_id));
        }
        output.list(&found)?;
        Ok(exit)
    }
}
