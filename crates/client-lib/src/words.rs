//! What the verbs of [`GatewayClient`](crate::GatewayClient) take and give.

use std::collections::{BTreeMap, BTreeSet};

use gatepipe_proto::distinct::DistinctCount;
use gatepipe_proto::{ClientId, CloseCode, GatewayId, Group, Message, Session, Uid, v1};

use crate::{Cursor, Failure, Header};

/// How [`bind_uid`](crate::GatewayClient::bind_uid) binds.
#[derive(Debug, Clone, Default)]
pub struct Bind {
    /// When to refuse.
    pub condition: BindCondition,
    /// What happens to other clients of the uid.
    pub policy: BindPolicy,
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

/// What a bind does to the clients that the uid has already.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum BindPolicy {
    /// They stay: a uid may have any number of clients.
    #[default]
    KeepAll,
    /// Those that were bound earlier are closed with 4002, on every gateway.
    NewestWins,
}

/// What a bind did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Bound {
    /// The uid the client was bound to before, the same one included.
    pub previous: Option<Uid>,
    /// Older clients of the uid that [`BindPolicy::NewestWins`] closed.
    pub replaced: u64,
    /// Another login of the uid with [`BindPolicy::NewestWins`] is newer than this one: it stays, and this client was closed with
    /// 4002.
    pub superseded: bool,
    /// Gateways that could not be told to close older clients; some may be left there. The bind itself is done.
    pub failed: Vec<Failure>,
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
    /// Distinct uids, each once however many gateways it is on.
    pub uids: DistinctCount,
    /// Groups with a member, each once.
    pub groups: DistinctCount,
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
    /// Groups with a member here. As with uids, a sum would be too high.
    pub groups: u64,
}

/// Which page of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// Start after the page that gave this cursor; `None` for the first page.
    pub after: Option<Cursor>,
    /// At most this many, 1 to 1,000; other numbers are brought into that range. 100 by default.
    pub limit: u32,
}

impl Default for Page {
    fn default() -> Self {
        Self { after: None, limit: 100 }
    }
}

impl Page {
    /// The limit as gateways take it.
    pub(crate) fn most(&self) -> u32 {
        self.limit.clamp(1, 1_000)
    }
}

/// One page of a list, in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listing<T> {
    /// At most the limit that was asked for; also fewer when more follow, as long items make a page full earlier.
    pub items: Vec<T>,
    /// Where the next page starts; `None` after the last one.
    pub next: Option<Cursor>,
}

impl<T> Default for Listing<T> {
    fn default() -> Self {
        Self { items: Vec::new(), next: None }
    }
}

/// One connected client, as its gateway knows it. Which gateway that is, says [`ClientId::gateway`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientInfo {
    /// Which client.
    pub client_id: ClientId,
    /// The uid it is bound to.
    pub uid: Option<Uid>,
    /// The groups it is in, in order.
    pub groups: Vec<Group>,
    /// An IP address without a port; behind trusted proxies the forwarded one.
    pub remote_address: String,
    /// Milliseconds since 1970, by the gateway's clock.
    pub connected_at_ms: i64,
    /// Milliseconds since 1970, by the clock of whoever bound it; `None` when unbound.
    pub bound_at_ms: Option<i64>,
    /// Messages and control frames read from it.
    pub frames_in: u64,
    /// Their payload.
    pub bytes_in: u64,
    /// Frames that its socket or outbox took.
    pub frames_out: u64,
    /// Their size, with headers.
    pub bytes_out: u64,
    /// Bytes that wait in its outbox.
    pub queued_bytes: u64,
    /// When its last frame of any kind came, a pong included: milliseconds since 1970, by the gateway's clock; 0 from a gateway that
    /// does not tell it.
    pub heard_at_ms: i64,
}

/// Everything that a gateway tells about one client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientDetails {
    /// As in lists.
    pub info: ClientInfo,
    /// `{}` when none was set.
    pub session: Session,
    /// What the gateway keeps of its handshake: `origin` and `user-agent`, each cut to 256 bytes, as far as it sent them.
    pub handshake: Vec<Header>,
}

/// One uid that has a client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UidInfo {
    /// Which uid.
    pub uid: Uid,
    /// Its clients that the filter lets through, on all gateways together.
    pub clients: u64,
}

/// One group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GroupInfo {
    /// Which group.
    pub group: Group,
    /// Its members, on all gateways together.
    pub clients: u64,
    /// The distinct uids they are bound to.
    pub uids: DistinctCount,
}

/// Which of several uids have a client.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct UidsOnline {
    /// Some gateway says so.
    pub online: BTreeSet<Uid>,
    /// Every gateway says that it has none.
    pub offline: BTreeSet<Uid>,
    /// No gateway that answered has one, but not all answered.
    pub unknown: BTreeSet<Uid>,
}

impl ClientInfo {
    /// `None` when this is no client.
    pub(crate) fn read(entry: v1::ClientEntry) -> Option<Self> {
        Some(Self {
            client_id: entry.client_id.parse().ok()?,
            uid: Uid::try_from(entry.uid.as_str()).ok(),
            groups: entry.groups.iter().filter_map(|group| group.parse().ok()).collect(),
            remote_address: entry.remote_address,
            connected_at_ms: entry.connected_at_ms,
            bound_at_ms: Some(entry.bound_at_ms).filter(|at| *at != 0),
            frames_in: entry.frames_in,
            bytes_in: entry.bytes_in,
            frames_out: entry.frames_out,
            bytes_out: entry.bytes_out,
            queued_bytes: entry.queued_bytes,
            heard_at_ms: entry.heard_at_ms,
        })
    }
}

impl From<BindCondition> for v1::BindCondition {
    fn from(condition: BindCondition) -> Self {
        match condition {
            BindCondition::Any => Self::Any,
            BindCondition::UnboundOrSame => Self::UnboundOrSame,
        }
    }
}

impl From<BindPolicy> for v1::BindPolicy {
    fn from(policy: BindPolicy) -> Self {
        match policy {
            BindPolicy::KeepAll => Self::KeepAll,
            BindPolicy::NewestWins => Self::NewestWins,
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
