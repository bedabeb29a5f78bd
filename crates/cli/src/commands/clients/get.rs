//! `gatepipe clients get`

use clap::Args;
use gatepipe_client::ClientId;
use serde::Serialize;
use serde_json::{Map, Value};

use super::{Client, not_connected, refusal};
use crate::exit::Exit;
use crate::fleet::Fleet;
use crate::output::{Output, Row};

/// Everything about one client, its session included
#[derive(Debug, Args)]
#[command(after_help = "A name and a value in each row; one object in JSON.

Examples:
  gatepipe clients get 00112233445566778899aabbccddeeff00112233
  gatepipe clients get 00112233445566778899aabbccddeeff00112233 -o json | jq .session")]
pub struct Get {
    /// Which client
    #[arg(value_name = "CLIENT_ID")]
    client: ClientId,
    #[command(flatten)]
    fleet: Fleet,
}

#[derive(Debug, Serialize)]
struct Whole {
    #[serde(flatten)]
    client: Client,
    session: Map<String, Value>,
}

#[derive(Debug, Serialize)]
struct Fact(&'static str, String);

impl Row for Fact {
    const HEAD: &'static [&'static str] = &["what", "value"];

    fn cells(&self) -> Vec<String> {
        vec![self.0.to_owned(), self.1.clone()]
    }
}

impl Get {
    pub async fn run(self, output: Output) -> anyhow::Result<Exit> {
        let gateways = self.fleet.join().await?;
        let asked = tokio::try_join!(gateways.client_info(self.client), gateways.session(self.client));
        let (info, session) = asked.map_err(|error| refusal(self.client, error))?;
        // It may leave between the two answers.
        let (Some(info), Some(session)) = (info, session) else {
            return Err(not_connected(self.client).into());
        };
        let client = Client::from(info);
        let facts = facts(&client, session.as_str());
        output.rows_of(&facts, &Whole { client, session: session.to_object() })?;
        Ok(Exit::Done)
    }
}

fn facts(client: &Client, session: &str) -> Vec<Fact> {
    let number = |number: Option<i64>| number.map(|number| number.to_string()).unwrap_or_default();
    vec![
        Fact("client_id", client.client_id.clone()),
        Fact("gateway_id", client.gateway_id.clone()),
        Fact("uid", client.uid.clone().unwrap_or_default()),
        Fact("remote address", client.remote_address.clone()),
        Fact("connected at (ms)", client.connected_at_ms.to_string()),
        Fact("bound at (ms)", number(client.bound_at_ms)),
        Fact("groups", client.groups.join(",")),
        Fact("frames in", client.frames_in.to_string()),
        Fact("bytes in", client.bytes_in.to_string()),
        Fact("frames out", client.frames_out.to_string()),
        Fact("bytes out", client.bytes_out.to_string()),
        Fact("queued bytes", client.queued_bytes.to_string()),
        Fact("session", session.to_owned()),
    ]
}
