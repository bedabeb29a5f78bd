//! `gatepipe clients session`

use std::error::Error as _;
use std::path::Path;

use anyhow::Context as _;
use clap::Args;
use gatepipe_client::ClientId;
use gatepipe_proto::{InvalidSession, MAX_SESSION_BYTES, Session as Object};

use super::{not_connected, refusal};
use crate::exit::{Exit, Failure};
use crate::fleet::Fleet;
use crate::{file, output};

/// An editor's, at the end of a file.
const LINE_BREAK: usize = 2;

/// Print a client's session; with --set or --merge change it first
#[derive(Debug, Args)]
#[command(
    after_help = "JSON is an object of at most 64 KiB: itself, @FILE, or - for stdin. The session goes to stdout as one line of JSON, \
as it is after the change.

Examples:
  gatepipe clients session 00112233445566778899aabbccddeeff00112233
  gatepipe clients session 00112233445566778899aabbccddeeff00112233 --merge '{\"room\":7,\"draft\":null}'
  jq -c .session saved.json | gatepipe clients session 00112233445566778899aabbccddeeff00112233 --set -"
)]
pub struct Session {
    /// Whose session
    #[arg(value_name = "CLIENT_ID")]
    client: ClientId,
    /// Replace the session by this object
    #[arg(long, value_name = "JSON", conflicts_with = "merge")]
    set: Option<String>,
    /// Merge this object into the session: objects recursively, null removes a key, everything else replaces (RFC 7396)
    #[arg(long, value_name = "JSON")]
    merge: Option<String>,
    #[command(flatten)]
    fleet: Fleet,
}

impl Session {
    pub async fn run(self) -> anyhow::Result<Exit> {
        let set = self.set.as_deref().map(|typed| object("--set", typed)).transpose()?;
        let merge = self.merge.as_deref().map(|typed| object("--merge", typed)).transpose()?;
        let gateways = self.fleet.join().await?;
        let refused = |error| refusal(self.client, error);
        if let Some(object) = set {
            gateways.set_session(self.client, &object).await.map_err(refused)?;
        }
        if let Some(patch) = merge {
            gateways.update_session(self.client, &patch).await.map_err(refused)?;
        }
        let session = gateways.session(self.client).await.map_err(refused)?;
        let session = session.ok_or_else(|| not_connected(self.client))?;
        // Line breaks in JSON stand between its parts only.
        output::foreign_line(session.as_str())?;
        Ok(Exit::Done)
    }
}

/// The object that was typed, or that stands where the typed text points.
fn object(flag: &str, typed: &str) -> anyhow::Result<Object> {
    let text = match (typed, typed.strip_prefix('@')) {
        ("-", _) => read("-").context(flag.to_owned())?,
        (_, Some(path)) => read(path).context(flag.to_owned())?,
        _ => typed.to_owned(),
    };
    let wrong = |wrong: InvalidSession| {
        let cause = wrong.source().map(|cause| format!(" ({cause})")).unwrap_or_default();
        Failure::new(Exit::Usage, format!("{flag}: {wrong}{cause}"))
    };
    Ok(Object::parse(text.trim_end()).map_err(wrong)?)
}

fn read(path: &str) -> anyhow::Result<String> {
    let bytes = file::read(Path::new(path), MAX_SESSION_BYTES + LINE_BREAK)?;
    String::from_utf8(bytes).with_context(|| format!("{path} is not UTF-8"))
}
