//! What is pushed, as it was typed.

use anyhow::Context as _;
use clap::Args;
use gatepipe_client::Message;
use gatepipe_proto::frame::{RESERVED_TYPES, ServerFrame};
use serde_json::Value;

use crate::exit::{Exit, Failure};

/// Longest type, in characters, as in the api.
const MAX_TYPE_CHARACTERS: usize = 64;

/// The frame `{"type":TYPE,"data":JSON}`, or a text as it stands.
#[derive(Debug, Clone, Args)]
pub struct Frame {
    /// The frame's type; init, ping, pong, bind_success, force_offline and reconnect are reserved
    #[arg(long = "type", value_name = "TYPE", default_value = "notification", value_parser = kind)]
    kind: String,
    /// The frame's data, any JSON
    #[arg(long, value_name = "JSON", default_value = "[]", value_parser = json)]
    data: Value,
    /// Send this text as it stands, instead of a frame
    #[arg(long, value_name = "TEXT", conflicts_with_all = ["kind", "data"])]
    text: Option<String>,
}

impl Frame {
    /// The message, at most 1 MiB.
    pub fn message(&self) -> anyhow::Result<Message> {
        let text = match &self.text {
            Some(text) => text.clone(),
            None => ServerFrame::push(&self.kind, self.data.clone()).to_text(),
        };
        let message = Message::text(text).map_err(|wrong| Failure::new(Exit::Usage, wrong.to_string()));
        message.context("cannot send this")
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

fn json(text: &str) -> Result<Value, String> {
    serde_json::from_str(text)
        .map_err(|error| format!("it is not JSON ({error}); a text needs its quotes: '\"…\"'"))
}
