//! Wire messages into our types. Everything that a worker may get wrong is refused here, in words.

use std::collections::HashSet;
use std::str::FromStr;

use gatepipe_proto::{ClientId, CloseCode, Code, InvalidSession, Message, Session, Uid, v1};

use crate::client::Closing;
use crate::encode::{self, Frame};
use crate::hub::{BindCondition, HubError};

/// Most names (client_ids, uids, excluded client_ids) in one command or query.
pub(super) const MAX_NAMES: usize = 10_000;

/// Longest reason of a close, in bytes (RFC 6455 section 5.5).
const MAX_REASON_BYTES: usize = 123;

/// A command that was not carried out: the code and the words for its receipt.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text}")]
pub(super) struct Refusal {
    pub(super) code: Code,
    pub(super) text: String,
}

impl Refusal {
    pub(super) fn invalid(text: impl ToString) -> Self {
        Self { code: Code::Invalid, text: text.to_string() }
    }
}

impl From<HubError> for Refusal {
    fn from(error: HubError) -> Self {
        let code = match error {
            HubError::NoSuchClient(_) => Code::NotFound,
            HubError::BoundToAnother { .. } => Code::Conflict,
        };
        Self { code, text: error.to_string() }
    }
}

impl From<InvalidSession> for Refusal {
    fn from(error: InvalidSession) -> Self {
        let code = match error {
            InvalidSession::TooLarge(_) => Code::TooLarge,
            InvalidSession::Json(_) | InvalidSession::NoObject => Code::Invalid,
        };
        Self { code, text: error.to_string() }
    }
}

impl From<Refusal> for tonic::Status {
    fn from(refusal: Refusal) -> Self {
        refusal.code.status(refusal.text)
    }
}

pub(super) fn client_id(text: &str) -> Result<ClientId, Refusal> {
    text.parse().map_err(Refusal::invalid)
}

pub(super) fn uid(text: &str) -> Result<Uid, Refusal> {
    text.parse().map_err(Refusal::invalid)
}

/// A session, or a patch to one: the same bounds.
pub(super) fn session(text: &str) -> Result<Session, Refusal> {
    Session::parse(text).map_err(Refusal::from)
}

fn bounded<'a>(names: &'a [String], what: &str) -> Result<&'a [String], Refusal> {
    if names.len() > MAX_NAMES {
        return Err(Refusal::invalid(format!("at most {MAX_NAMES} {what}, not {}", names.len())));
    }
    Ok(names)
}

fn parse_all<T: FromStr<Err = gatepipe_proto::InvalidId>, C: FromIterator<T>>(
    names: &[String],
    what: &str,
) -> Result<C, Refusal> {
    bounded(names, what)?.iter().map(|name| name.parse().map_err(Refusal::invalid)).collect()
}

pub(super) fn client_ids(names: &[String]) -> Result<Vec<ClientId>, Refusal> {
    parse_all(names, "client_ids")
}

pub(super) fn excluded(names: &[String]) -> Result<HashSet<ClientId>, Refusal> {
    parse_all(names, "excluded client_ids")
}

pub(super) fn uids(names: &[String]) -> Result<Vec<Uid>, Refusal> {
    parse_all(names, "uids")
}

pub(super) fn frame(message: Option<v1::Message>) -> Result<Frame, Refusal> {
    let message = message.ok_or_else(|| Refusal::invalid("a message is missing"))?;
    let message = Message::try_from(message).map_err(|error| match error {
        gatepipe_proto::InvalidMessage::TooLarge(_) => {
            Refusal { code: Code::TooLarge, text: error.to_string() }
        }
        gatepipe_proto::InvalidMessage::Absent => Refusal::invalid(error),
    })?;
    Ok(encode::message(&message))
}

pub(super) fn condition(condition: v1::BindCondition) -> BindCondition {
    match condition {
        v1::BindCondition::Any => BindCondition::Any,
        v1::BindCondition::UnboundOrSame => BindCondition::UnboundOrSame,
    }
}

/// How a client is to be ended.
pub(super) enum End {
    Say(Closing),
    Destroy,
}

pub(super) fn end(close: Option<v1::Close>) -> Result<End, Refusal> {
    let close = close.ok_or_else(|| Refusal::invalid("close is missing"))?;
    if close.destroy {
        return Ok(End::Destroy);
    }
    let code = u16::try_from(close.code).ok().and_then(CloseCode::new);
    let code =
        code.ok_or_else(|| Refusal::invalid(format!("{} is not a close code that may be sent", close.code)))?;
    if close.reason.len() > MAX_REASON_BYTES {
        return Err(Refusal::invalid(format!("a close reason has at most {MAX_REASON_BYTES} bytes")));
    }
    let last_message = close.last_message.map(|message| frame(Some(message))).transpose()?;
    Ok(End::Say(Closing { code, reason: close.reason, last_message }))
}
