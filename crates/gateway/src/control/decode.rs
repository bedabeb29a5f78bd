//! Wire messages into our types. Everything that a worker may get wrong is refused here, in words.

use std::collections::HashSet;
use std::str::FromStr;

use gatepipe_proto::{
    ClientId, CloseCode, Code, Group, InvalidId, InvalidSession, Message, Session, Uid, v1,
};

use crate::client::Closing;
use crate::encode::{self, Frame};
use crate::hub::{BindCondition, BoundState, Filter, HubError, Stamp};

/// Most names (client_ids, uids, excluded client_ids) in one command or query.
const MAX_NAMES: usize = 10_000;
/// Most groups in one.
const MAX_NAMED_GROUPS: usize = 1000;
/// Longest prefix of a remote address, in bytes; an address has at most 45.
const MAX_PREFIX_BYTES: usize = 64;
/// Most entries on one page.
const MAX_PAGE: usize = 1000;
const DEFAULT_PAGE: usize = 100;

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
            HubError::TooManyGroups { .. } => Code::TooMany,
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
        // What exactly is wrong with the JSON stands in the cause; "a number out of range" is valid JSON to its sender.
        let text = match std::error::Error::source(&error) {
            Some(cause) => format!("{error}: {cause}"),
            None => error.to_string(),
        };
        Self { code, text }
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

pub(super) fn group(text: &str) -> Result<Group, Refusal> {
    text.parse().map_err(Refusal::invalid)
}

fn parse_all<T: FromStr<Err = InvalidId>, C: FromIterator<T>>(
    names: &[String],
    what: &str,
    most: usize,
) -> Result<C, Refusal> {
    if names.len() > most {
        return Err(Refusal::invalid(format!("at most {most} {what}, not {}", names.len())));
    }
    names.iter().map(|name| name.parse().map_err(Refusal::invalid)).collect()
}

pub(super) fn client_ids(names: &[String]) -> Result<Vec<ClientId>, Refusal> {
    parse_all(names, "client_ids", MAX_NAMES)
}

pub(super) fn excluded(names: &[String]) -> Result<HashSet<ClientId>, Refusal> {
    parse_all(names, "excluded client_ids", MAX_NAMES)
}

pub(super) fn uids(names: &[String]) -> Result<Vec<Uid>, Refusal> {
    parse_all(names, "uids", MAX_NAMES)
}

pub(super) fn groups(names: &[String]) -> Result<HashSet<Group>, Refusal> {
    parse_all(names, "groups", MAX_NAMED_GROUPS)
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

/// What this gateway does not know is refused: to do something else instead would be a lie.
pub(super) fn condition(condition: i32) -> Result<BindCondition, Refusal> {
    match v1::BindCondition::try_from(condition).map_err(Refusal::invalid)? {
        v1::BindCondition::Any => Ok(BindCondition::Any),
        v1::BindCondition::UnboundOrSame => Ok(BindCondition::UnboundOrSame),
    }
}

pub(super) fn newest_wins(policy: i32) -> Result<bool, Refusal> {
    match v1::BindPolicy::try_from(policy).map_err(Refusal::invalid)? {
        v1::BindPolicy::KeepAll => Ok(false),
        v1::BindPolicy::NewestWins => Ok(true),
    }
}

pub(super) fn stamp(bind: &v1::BoundBefore) -> Result<Stamp, Refusal> {
    Ok(Stamp { at_ms: bind.bound_at_ms, client: client_id(&bind.client_id)? })
}

/// Which clients a question is about; absent: all.
pub(super) fn filter(filter: Option<v1::ClientFilter>) -> Result<Filter, Refusal> {
    let filter = filter.unwrap_or_default();
    let prefix = filter.remote_address_prefix;
    if prefix.len() > MAX_PREFIX_BYTES {
        let text = format!(
            "a prefix of a remote address has at most {MAX_PREFIX_BYTES} bytes, not {}",
            prefix.len()
        );
        return Err(Refusal::invalid(text));
    }
    let bound = match v1::BoundState::try_from(filter.bound).map_err(Refusal::invalid)? {
        v1::BoundState::Any => BoundState::Any,
        v1::BoundState::Bound => BoundState::Bound,
        v1::BoundState::Unbound => BoundState::Unbound,
    };
    Ok(Filter {
        uids: parse_all(&filter.uids, "uids", MAX_NAMES)?,
        groups: groups(&filter.groups)?,
        remote_address_prefix: prefix,
        bound,
    })
}

/// How many a page may have.
pub(super) fn limit(limit: u32) -> Result<usize, Refusal> {
    match limit as usize {
        0 => Ok(DEFAULT_PAGE),
        limit if limit <= MAX_PAGE => Ok(limit),
        limit => Err(Refusal::invalid(format!("a page has at most {MAX_PAGE} entries, not {limit}"))),
    }
}

/// Where a page begins; empty: with the first.
pub(super) fn after<T: FromStr<Err = InvalidId>>(text: &str) -> Result<Option<T>, Refusal> {
    if text.is_empty() { Ok(None) } else { text.parse().map(Some).map_err(Refusal::invalid) }
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
    let code = code.filter(|code| code.may_be_asked_for()).ok_or_else(|| {
        Refusal::invalid(format!(
            "{} is no close code to ask for: 1000, 1001, 1008, 1011 to 1013, 4000 to 4999",
            close.code
        ))
    })?;
    if close.reason.len() > MAX_REASON_BYTES {
        return Err(Refusal::invalid(format!("a close reason has at most {MAX_REASON_BYTES} bytes")));
    }
    let last_message = close.last_message.map(|message| frame(Some(message))).transpose()?;
    Ok(End::Say(Closing { code, reason: close.reason, last_message }))
}
