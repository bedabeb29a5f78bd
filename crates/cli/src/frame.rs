//! What is pushed, as it was typed.

use std::path::PathBuf;

use anyhow::Context as _;
use clap::Args;
use gatepipe_client::Message;
use gatepipe_proto::MAX_MESSAGE_BYTES;
use gatepipe_proto::frame::{RESERVED_TYPES, ServerFrame};
use serde_json::value::RawValue;

use crate::exit::{Exit, Failure};
use crate::file;

/// Longest type, in characters, as in the api.
const MAX_TYPE_CHARACTERS: usize = 64;

/// The frame `{"type":TYPE,"data":JSON}`, or a text or bytes as they stand.
#[derive(Debug, Clone, Args)]
pub struct Frame {
    /// The frame's type; init, ping, pong, bind_success, force_offline and reconnect are reserved
    #[arg(long = "type", value_name = "TYPE", default_value = "notification", value_parser = kind)]
    kind: String,
    /// The frame's data, any JSON
    #[arg(long, value_name = "JSON", default_value = "[]", value_parser = json)]
    data: Box<RawValue>,
    /// Send this text as it stands, instead of a frame
    #[arg(long, value_name = "TEXT", conflicts_with_all = ["kind", "data"])]
    text: Option<String>,
    /// Send the bytes of this file as a binary message; - reads stdin
    #[arg(long, value_name = "FILE", conflicts_with_all = ["kind", "data", "text"])]
    binary: Option<PathBuf>,
}

impl Frame {
    /// The type and the data, when it is not a text or bytes.
    pub fn typed(&self) -> Option<(&str, Box<RawValue>)> {
        let is_typed = self.text.is_none() && self.binary.is_none();
        is_typed.then(|| (self.kind.as_str(), self.data.clone()))
    }

    /// The message, at most 1 MiB.
    pub fn message(&self) -> anyhow::Result<Message> {
        let message = match (&self.binary, &self.text) {
            (Some(path), _) => Message::binary(file::read(path, MAX_MESSAGE_BYTES)?),
            (_, Some(text)) => Message::text(text),
            _ => Message::text(ServerFrame::push_as_written(&self.kind, self.data.clone()).to_text()),
        };
        message.map_err(|wrong| Failure::new(Exit::Usage, wrong.to_string())).context("cannot send this")
    }
}

fn kind(text: &str) -> Result<String, String> {
    match text {
        reserved if RESERVED_TYPES.contains(&reserved) => Err("this type is reserved".into()),
        _ if !(1..=MAX_TYPE_CHARACTERS).contains(&text.chars().count()) => {
            Err("a type has 1 to 64 characters".into())
        }
        fine => Ok(fine.into()),
    }
}

/// Carried as it was typed, when it can be read.
fn json(text: &str) -> Result<Box<RawValue>, String> {
    serde_json::from_str::<serde_json::Value>(text)
        .and_then(|_| serde_json::from_str(text))
        .map_err(|error| format!("it is not JSON ({error}); a text needs its quotes: '\"…\"'"))
}
