//! What the verbs of [`GatewayClient`](crate::GatewayClient) take and give.

use std::collections::BTreeMap;

use gatepipe_proto::{ClientId, CloseCode, GatewayId, Message, Uid, v1};

/// How [`bind_uid`](crate::GatewayClient::bind_uid) binds.
#[derive(Debug, Clone, Default)]
pub struct Bind {
    /// When to refuse.
    pub condition: BindCondition,
    /// Queued to the client together with the bind, so that no push to the uid comes before it.
    pub message: Option<Message>,
}

/// When a bind is refused; decided by the gateway under its lock.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum BindCondition {
    /// Never: whatever is bound is replaced.
    #[default]
    Any,
    /// When the client is bound to another uid.
    UnboundOrSame,
}

/// What a bind did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bound {
    /// The uid the client was bound to before, the same one included.
    pub previous: Option<Uid>,
}

/// How a client is closed.
#[derive(Debug, Clone)]
pub struct Close {
    /// What the page sees; the gateway refuses codes other than 1000, 1001, 1008, 1011 to 1013 and 4000 to 4999.
    pub code: CloseCode,
    /// At most 123 bytes (RFC 6455 section 5.5); the gateway refuses more.
    pub reason: String,
    /// Sent before the close frame.
    pub last_message: Option<Message>,
}

/// How many clients there are.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Counts {
    /// Connections, bound or not.
    pub clients: u64,
    /// Connections that are bound to a uid.
    pub bound_clients: u64,
    /// The same for each gateway that answered.
    pub gateways: BTreeMap<GatewayId, GatewayCounts>,
}

/// How many clients one gateway has.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct GatewayCounts {
    /// Connections, bound or not.
    pub clients: u64,
    /// Connections that are bound to a uid.
    pub bound_clients: u64,
    /// Distinct uids. A uid on two gateways counts on each, so a sum over gateways would be too high.
    pub uids: u64,
}

/// Which page of clients to list.
#[derive(Debug, Clone, Copy)]
pub struct Page {
    /// Start after this client; `None` for the first page.
    pub after: Option<ClientId>,
    /// At most this many, 1 to 1,000; other numbers are brought into that range. 100 by default.
    pub limit: u32,
}

impl Default for Page {
    fn default() -> Self {
        Self { after: None, limit: 100 }
    }
}

/// One page of clients, in order of client id.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Clients {
    /// At most the limit that was asked for.
    pub clients: Vec<ClientInfo>,
    /// Where the next page starts; `None` after the last one.
    pub next: Option<ClientId>,
}

/// One connected client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientInfo {
    /// Which client.
    pub client_id: ClientId,
    /// The uid it is bound to.
    pub uid: Option<Uid>,
    /// The peer of its socket, as its gateway knows it.
    pub remote_address: String,
    /// Milliseconds since 1970.
    pub connected_at_ms: i64,
}

impl From<BindCondition> for v1::BindCondition {
    fn from(condition: BindCondition) -> Self {
        match condition {
            BindCondition::Any => Self::Any,
            BindCondition::UnboundOrSame => Self::UnboundOrSame,
        }
    }
}

impl From<Close> for v1::Close {
    fn from(close: Close) -> Self {
        Self {
            code: close.code.number().into(),
            reason: close.reason,
            last_message: close.last_message.map(Into::into),
            destroy: false,
        }
    }
}
