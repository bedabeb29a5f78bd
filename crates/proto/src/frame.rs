//! The JSON text frames between a page and Gatepipe.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use serde_json::value::{RawValue, to_raw_value};

/// Types that only Gatepipe itself may send: refused in `pushToUser` and `broadcast`.
pub const RESERVED_TYPES: [&str; 6] = ["init", "ping", "pong", "bind_success", "force_offline", "reconnect"];

/// What Gatepipe sends to a page, except [`PONG`].
#[derive(Debug, Clone, Serialize)]
pub struct ServerFrame<'a> {
    #[serde(rename = "type")]
    kind: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    client_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    data: Option<Box<RawValue>>,
}

/// `{"type":"pong"}`, the gateway's answer to each ping.
pub const PONG: &str = r#"{"type":"pong"}"#;

impl<'a> ServerFrame<'a> {
    /// `{"type":"init","client_id":"…"}`, the first frame after the handshake, from the gateway.
    #[must_use]
    pub fn init(client_id: &'a str) -> Self {
        Self { kind: "init", client_id: Some(client_id), data: None }
    }

    /// `{"type":"bind_success","data":{"uid":1001}}`, from the api after a successful bind.
    #[must_use]
    pub fn bind_success(uid: u64) -> Self {
        Self::push("bind_success", serde_json::json!({ "uid": uid }))
    }

    /// `{"type":"force_offline","data":{"reason":"…"}}`, from the api before close 4001.
    #[must_use]
    pub fn force_offline(reason: &str) -> Self {
        Self::push("force_offline", serde_json::json!({ "reason": reason }))
    }

    /// `{"type":"reconnect","data":{"within_ms":N}}`, from the gateway before close 1012 while draining.
    #[must_use]
    pub fn reconnect(within_ms: u64) -> Self {
        Self::push("reconnect", serde_json::json!({ "within_ms": within_ms }))
    }

    /// `{"type":T,"data":D}`: everything else. `kind` is one of [`RESERVED_TYPES`] only from Gatepipe itself.
    #[must_use]
    pub fn push(kind: &'a str, data: serde_json::Value) -> Self {
        // JSON values always serialise.
        Self { kind, client_id: None, data: to_raw_value(&data).ok() }
    }

    /// As [`ServerFrame::push`], with `data` to the letter as somebody wrote it: `1.10` stays `1.10`.
    #[must_use]
    pub fn push_as_written(kind: &'a str, data: Box<RawValue>) -> Self {
        Self { kind, client_id: None, data: Some(data) }
    }

    /// The frame's text.
    #[must_use]
    pub fn to_text(&self) -> String {
        // Strings and JSON values always serialise.
        serde_json::to_string(self).unwrap_or_default()
    }
}

/// What a page sends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClientFrame {
    /// A JSON object whose `type` is "ping"; any spacing, any other keys.
    Ping,
    /// Anything else: counted, offered to event subscribers, and dropped.
    Other,
}

impl ClientFrame {
    /// Reads one text frame.
    #[must_use]
    pub fn read(text: &str) -> Self {
        #[derive(Deserialize)]
        struct Typed<'a> {
            #[serde(rename = "type", borrow)]
            kind: Cow<'a, str>,
        }
        // A derived struct would also be read from an array.
        if !text.trim_ascii_start().starts_with('{') {
            return Self::Other;
        }
        match serde_json::from_str::<Typed<'_>>(text) {
            Ok(frame) if frame.kind == "ping" => Self::Ping,
            _ => Self::Other,
        }
    }
}
