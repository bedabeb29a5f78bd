//! What the client knows about gateways and registers right now.

use gatepipe_proto::GatewayId;

/// One member, as this client sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GatewayStatus {
    /// Which gateway.
    pub gateway_id: GatewayId,
    /// host:port of its command service, from the register.
    pub address: String,
    /// It takes no new sockets, but is still commanded.
    pub draining: bool,
    /// How many connected registers list it. 0 while it is a member only because its pipe is open, or because no register
    /// is connected.
    pub listed: usize,
    /// Its pipe is open.
    pub connected: bool,
    /// Commands that wait to be sent, at most [`Builder::queue_commands`](crate::Builder::queue_commands).
    pub waiting: usize,
    /// Commands sent and not yet answered.
    pub in_flight: usize,
    /// Commands refused as too busy since it became a member.
    pub refused: u64,
    /// Sends to uids that left it out since it became a member: it is known that none of them has a client there.
    pub left_out: u64,
    /// Why the pipe is down, in one line; `None` while it is open or first being opened.
    pub trouble: Option<String>,
}

/// One register, as this client sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RegisterStatus {
    /// As given to [`Builder::register`](crate::Builder::register).
    pub url: String,
    /// Its list is being heard now.
    pub connected: bool,
    /// Why it is not connected, in one line; `None` while connected or first being connected.
    pub trouble: Option<String>,
}
