//! `gatepipe clients` without a further word

use clap::Args;
use gatepipe_client::{ClientId, Cursor, Filter};

use super::Client;
use crate::exit::Exit;
use crate::fleet::Fleet;
use crate::output::{Output, Row};
use crate::paging::Limit;
use crate::which::Which;

#[derive(Debug, Args)]
pub struct List {
    #[command(flatten)]
    limit: Limit,
    /// Start where another list with the same filters has ended, or after a client
    #[arg(long, value_name = "CURSOR", value_parser = after)]
    after: Option<After>,
    #[command(flatten)]
    which: Which,
    #[command(flatten)]
    fleet: Fleet,
}

#[derive(Debug, Clone)]
enum After {
    Cursor(Cursor),
    Client(ClientId),
}

fn after(text: &str) -> Result<After, String> {
    if let Ok(client) = text.parse() {
        return Ok(After::Client(client));
    }
    text.parse().map(After::Cursor).map_err(|_| "it is neither from the end of a list nor a client_id".into())
}

impl After {
    fn cursor(self, filter: &Filter) -> Cursor {
        match self {
            Self::Cursor(cursor) => cursor,
            Self::Client(client) => Cursor::after_client(client, filter),
        }
    }
}

impl Row for Client {
    const HEAD: &'static [&'static str] =
        &["client_id", "uid", "remote address", "connected at (ms)", "groups", "queued bytes"];

    fn cells(&self) -> Vec<String> {
        vec![
            self.client_id.clone(),
            self.uid.clone().unwrap_or_default(),
            self.remote_address.clone(),
            self.connected_at_ms.to_string(),
            self.groups.join(","),
            self.queued_bytes.to_string(),
        ]
    }
}

impl List {
    pub async fn run(self, output: Output) -> anyhow::Result<Exit> {
        let client = self.fleet.join().await?;
        let filter = self.which.filter(&client)?;
        let after = self.after.map(|after| after.cursor(&filter));
        let found = self.limit.read(after, async |page| client.clients(&filter, &page).await).await?;
        let exit = found.tell(&client);
        let rows: Vec<_> = found.items.into_iter().map(Client::from).collect();
        output.list(&rows)?;
        Ok(exit)
    }
}
