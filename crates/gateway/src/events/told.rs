//! What a worker is told of a client, as it waits in a queue, and as it stands on the wire.

use std::net::IpAddr;

use gatepipe_proto::v1::event::Event;
use gatepipe_proto::{ClientId, Message, Uid, v1};

/// What an event costs in a queue beside its texts, in bytes: the entry itself and what the allocator adds.
const OVERHEAD_BYTES: usize = 160;

/// A message, as it is counted when it is dropped.
pub(super) const ONE_MESSAGE: v1::Dropped = v1::Dropped { messages: 1, others: 0 };

/// What a message of this length costs in a queue, in bytes.
pub(super) fn message_bytes(length: usize) -> usize {
    OVERHEAD_BYTES + length
}

/// A client as `adopted` tells it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Who {
    pub(super) remote: IpAddr,
    pub(super) connected_at_ms: i64,
    /// As last told, or as it will be told.
    pub(super) uid: Option<Uid>,
}

/// One event of one client.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Told {
    Connected(Box<v1::Connected>),
    Adopted(Who),
    Message(Message),
    Bound {
        uid: Option<Uid>,
        previous: Option<Uid>,
    },
    /// `who` is for a worker that takes over before it is sent and never heard of the client.
    Closed {
        who: Who,
        code: u16,
        session: Box<str>,
    },
}

impl Told {
    /// What it costs in a queue, in bytes; about what it takes on the wire, too.
    pub(super) fn bytes(&self) -> usize {
        let texts = match self {
            Self::Connected(connected) => {
                let headers = connected.headers.iter();
                let headers =
                    headers.map(|header| OVERHEAD_BYTES / 2 + header.name.len() + header.value.len());
                connected.path.len()
                    + connected.query.len()
                    + connected.remote_address.len()
                    + headers.sum::<usize>()
            }
            // A uid is shared with the hub, but may be the last to hold it.
            Self::Adopted(who) => length(who.uid.as_ref()),
            Self::Message(message) => return message_bytes(message.payload().len()),
            Self::Bound { uid, previous } => length(uid.as_ref()) + length(previous.as_ref()),
            Self::Closed { who, session, .. } => length(who.uid.as_ref()) + session.len(),
        };
        OVERHEAD_BYTES + texts
    }

    /// As it is counted when it is dropped.
    pub(super) fn as_dropped(&self) -> v1::Dropped {
        match self {
            Self::Message(_) => ONE_MESSAGE,
            _ => v1::Dropped { messages: 0, others: 1 },
        }
    }

    /// Whether it tells a worker of a client that the worker had not heard of.
    pub(super) fn introduces(&self) -> bool {
        matches!(self, Self::Connected(_) | Self::Adopted(_))
    }

    /// As it stands on the wire.
    pub(super) fn event(self, client: ClientId) -> v1::Event {
        let event = match self {
            Self::Connected(connected) => Event::Connected(*connected),
            Self::Adopted(who) => Event::Adopted(v1::Adopted {
                uid: text(who.uid.as_ref()),
                remote_address: who.remote.to_string(),
                connected_at_ms: who.connected_at_ms,
            }),
            Self::Message(message) => Event::Message(v1::ClientMessage { message: Some(message.into()) }),
            Self::Bound { uid, previous } => {
                Event::Bound(v1::Bound { uid: text(uid.as_ref()), previous_uid: text(previous.as_ref()) })
            }
            Self::Closed { who, code, session } => Event::Closed(v1::Closed {
                code: u32::from(code),
                uid: text(who.uid.as_ref()),
                session: session.into(),
            }),
        };
        v1::Event { client_id: client.to_string(), event: Some(event) }
    }
}

fn length(uid: Option<&Uid>) -> usize {
    uid.map_or(0, |uid| uid.as_str().len())
}

fn text(uid: Option<&Uid>) -> String {
    uid.map(Uid::to_string).unwrap_or_default()
}
