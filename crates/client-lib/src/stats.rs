//! How busy a gateway is.

use gatepipe_proto::v1;

/// What one gateway tells about itself (wire message `StatsReply`).
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Stats {
    /// Milliseconds since its start, by its own clock.
    pub uptime_ms: i64,
    /// It takes no new sockets, and its clients are leaving.
    pub draining: bool,
    /// Of the program, such as "0.1.0".
    pub version: String,
    /// Connections now, bound or not.
    pub clients: u64,
    /// Connections now that are bound to a uid.
    pub bound_clients: u64,
    /// Distinct uids now.
    pub uids: u64,
    /// Groups with a member now.
    pub groups: u64,
    /// Bytes that wait in all outboxes together.
    pub queued_bytes: u64,
    /// Subscriptions of workers now.
    pub workers: u64,
    /// Since its start.
    pub totals: Totals,
    /// A second, over the last [`rates_over_ms`](Self::rates_over_ms).
    pub rates: Rates,
    /// How far back the rates look; less than usual right after the start.
    pub rates_over_ms: u32,
}

/// What happened on a gateway since its start.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Totals {
    /// Clients that connected.
    pub opened: u64,
    /// Clients that left or were closed.
    pub closed: u64,
    /// Those of them that were closed because they read too slowly.
    pub slow_closes: u64,
    /// Messages and control frames read from clients.
    pub frames_in: u64,
    /// Frames that sockets or outboxes took.
    pub frames_out: u64,
    /// Payload of `frames_in`.
    pub bytes_in: u64,
    /// Size of `frames_out`, with headers.
    pub bytes_out: u64,
    /// Commands taken.
    pub commands: u64,
    /// Events told to workers.
    pub events: u64,
    /// Events that a worker's full queue did not take.
    pub events_dropped: u64,
    /// Of `closed`: clients that said goodbye, or whose connection broke.
    pub closed_left: u64,
    /// Of `closed`: clients that should come back, to another gateway.
    pub closed_drained: u64,
    /// Of `closed`: clients that should not come back.
    pub closed_ended: u64,
    /// Of `closed`: clients without a sign of life.
    pub closed_silent: u64,
}

/// How often something happens on a gateway, a second.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Rates {
    /// As in [`Totals::opened`].
    pub opened: f64,
    /// As in [`Totals::closed`].
    pub closed: f64,
    /// As in [`Totals::frames_in`].
    pub frames_in: f64,
    /// As in [`Totals::frames_out`].
    pub frames_out: f64,
    /// As in [`Totals::bytes_in`].
    pub bytes_in: f64,
    /// As in [`Totals::bytes_out`].
    pub bytes_out: f64,
    /// As in [`Totals::commands`].
    pub commands: f64,
    /// As in [`Totals::events`].
    pub events: f64,
    /// As in [`Totals::closed_left`].
    pub closed_left: f64,
    /// As in [`Totals::closed_drained`].
    pub closed_drained: f64,
    /// As in [`Totals::closed_ended`].
    pub closed_ended: f64,
    /// As in [`Totals::closed_silent`].
    pub closed_silent: f64,
    /// As in [`Totals::slow_closes`].
    pub slow_closes: f64,
}

impl From<v1::StatsReply> for Stats {
    fn from(reply: v1::StatsReply) -> Self {
        Self {
            uptime_ms: reply.uptime_ms,
            draining: reply.draining,
            version: reply.version,
            clients: reply.clients,
            bound_clients: reply.bound_clients,
            uids: reply.uids,
            groups: reply.groups,
            queued_bytes: reply.queued_bytes,
            workers: reply.workers,
            totals: reply.totals.map(Totals::from).unwrap_or_default(),
            rates: reply.rates.map(Rates::from).unwrap_or_default(),
            rates_over_ms: reply.rates_over_ms,
        }
    }
}

impl From<v1::Totals> for Totals {
    fn from(totals: v1::Totals) -> Self {
        Self {
            opened: totals.opened,
            closed: totals.closed,
            slow_closes: totals.slow_closes,
            frames_in: totals.frames_in,
            frames_out: totals.frames_out,
            bytes_in: totals.bytes_in,
            bytes_out: totals.bytes_out,
            commands: totals.commands,
            events: totals.events,
            events_dropped: totals.events_dropped,
            closed_left: totals.closed_left,
            closed_drained: totals.closed_drained,
            closed_ended: totals.closed_ended,
            closed_silent: totals.closed_silent,
        }
    }
}

impl From<v1::Rates> for Rates {
    fn from(rates: v1::Rates) -> Self {
        Self {
            opened: rates.opened,
            closed: rates.closed,
            frames_in: rates.frames_in,
            frames_out: rates.frames_out,
            bytes_in: rates.bytes_in,
            bytes_out: rates.bytes_out,
            commands: rates.commands,
            events: rates.events,
            closed_left: rates.closed_left,
            closed_drained: rates.closed_drained,
            closed_ended: rates.closed_ended,
            closed_silent: rates.closed_silent,
            slow_closes: rates.slow_closes,
        }
    }
}
