//! `gatepipe clients get`

use clap::Args;
use gatepipe_client::{ClientDetails, ClientId};
use serde::Serialize;
use serde_json::{Map, Value};

use super::{Client, not_connected, refusal};
use crate::exit::Exit;
use crate::fleet::Fleet;
use crate::output::{Output, Row};

/// Everything about one client, its session and its browser included
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
    handshake: Vec<Header>,
}

/// A header of its handshake, with the keys of the HTTP api.
#[derive(Debug, Serialize)]
struct Header {
    name: String,
    value: String,
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
        let asked = gateways.client_details(self.client).await;
        let Some(details) = asked.map_err(|error| refusal(self.client, error))? else {
            return Err(not_connected(self.client).into());
        };
        let ClientDetails { info, session, handshake } = details;
        let text = |value: Vec<u8>| String::from_utf8_lossy(&value).into_owned();
        let headers = handshake.into_iter();
        let whole = Whole {
            client: info.into(),
            session: session.to_object(),
            handshake: headers
                .map(|header| Header { name: header.name, value: text(header.value) })
                .collect(),
        };
        output.rows_of(&facts(&whole, session.as_str()), &whole)?;
        Ok(Exit::Done)
    }
}

fn facts(Whole { client, handshake, .. }: &Whole, session: &str) -> Vec<Fact> {
    let header = |name: &str| {
        let found = handshake.iter().find(|header| header.name == name);
        found.map(|header| header.value.clone()).unwrap_or_default()
    };
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
        Fact("heard at (ms)", client.heard_at_ms.to_string()),
        Fact("origin", header("origin")),
        Fact("user agent", header("user-agent")),
        Fact("session", session.to_owned()),
    ]
}
