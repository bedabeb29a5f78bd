//! Every counter of the gateway, named in one list. What is only read when somebody asks stands in `gauges`.

use std::sync::Arc;
use std::time::Duration;

use gatepipe_proto::{Code, v1};
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

use crate::closes::Closes;

type By<const N: usize> = Family<[(&'static str, String); N], Counter>;

/// Made for every command: nothing in it is allocated.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct CommandLabels {
    kind: &'static str,
    code: u32,
}

/// Times in seconds.
#[derive(Debug)]
struct Waits(Histogram);

impl Default for Waits {
    fn default() -> Self {
        // A bind waits for a round trip, or for what is left of a lease of 1 s.
        Self(Histogram::new([0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.0]))
    }
}

/// Counters, held as fields by the paths that count.
#[derive(Debug, Default)]
pub(crate) struct Metrics {
    pub(crate) frames_in: Counter,
    pub(crate) bytes_in: Counter,
    frames_out: Counter,
    bytes_out: Counter,
    pub(crate) frames_dropped: Counter,
    pub(crate) pings: Counter,
    pub(crate) events_sent: Counter,
    pub(crate) events_lost: Counter,
    /// Of `events_dropped`: messages, and all others.
    pub(crate) dropped_messages: Counter,
    pub(crate) dropped_others: Counter,
    /// Uids revoked from pipes that believed them absent.
    pub(crate) revocations: Counter,
    bind_waits: Waits,
    opened: Counter,
    closed: By<1>,
    /// The same by kind.
    closes: Closes,
    refused: By<1>,
    commands: Family<CommandLabels, Counter>,
    /// Of `commands`: all of them.
    commands_in_all: Counter,
}

impl Metrics {
    /// Makes the metrics and registers them.
    pub(crate) fn register(registry: &mut Registry) -> Arc<Self> {
        let dropped = By::default();
        let dropped_of = |kind: &str| dropped.get_or_create_owned(&[("kind", kind.to_owned())]);
        let metrics = Arc::new(Self {
            dropped_messages: dropped_of("message"),
            dropped_others: dropped_of("other"),
            ..Self::default()
        });
        let traffic = [
            ("frames_in", "Messages and control frames read from clients", &metrics.frames_in),
            ("bytes_in", "Payload of the frames read from clients", &metrics.bytes_in),
            ("frames_out", "Frames that a client's socket or outbox took", &metrics.frames_out),
            ("bytes_out", "Bytes of those frames, headers included", &metrics.bytes_out),
        ];
        for (name, help, counter) in traffic {
            registry.register(name, help, counter.clone());
        }
        registry.register(
            "frames_dropped",
            "Messages from clients that are not a ping and that no worker's queue took",
            metrics.frames_dropped.clone(),
        );
        registry.register("pings", "Pings to silent clients", metrics.pings.clone());
        registry.register("connections_opened", "Clients that got their init", metrics.opened.clone());
        registry.register("connections_closed", "Clients that ended, by close code", metrics.closed.clone());
        registry.register(
            "handshakes_refused",
            "Handshakes refused, by HTTP status",
            metrics.refused.clone(),
        );
        registry.register("commands", "Commands carried out, by kind and code", metrics.commands.clone());
        registry.register("events_sent", "Events sent to workers", metrics.events_sent.clone());
        registry.register(
            "events_lost",
            "Events sent to workers that went before they returned the credit",
            metrics.events_lost.clone(),
        );
        registry.register(
            "events_dropped",
            "Events that did not fit into a worker's queue, or waited for the last worker of a name when it went, by kind",
            dropped,
        );
        registry.register(
            "absence_revocations",
            "Uids that a pipe was told not to believe absent any more, because of a bind or for want of room",
            metrics.revocations.clone(),
        );
        registry.register(
            "bind_waits_seconds",
            "Binds whose receipt waited until nobody believed the uid absent, by how long",
            metrics.bind_waits.0.clone(),
        );
        metrics
    }

    /// A bind's receipt was withheld for so long.
    pub(crate) fn bind_waited(&self, waited: Duration) {
        self.bind_waits.0.observe(waited.as_secs_f64());
    }

    pub(crate) fn events_dropped(&self, dropped: v1::Dropped) {
        self.dropped_messages.inc_by(dropped.messages);
        self.dropped_others.inc_by(dropped.others);
    }

    /// Clients' sockets or outboxes took frames, `bytes` with their headers.
    pub(crate) fn sent(&self, frames: usize, bytes: usize) {
        self.frames_out.inc_by(frames as u64);
        self.bytes_out.inc_by(bytes as u64);
    }

    pub(crate) fn opened(&self) {
        self.opened.inc();
    }

    pub(crate) fn closed(&self, code: u16) {
        self.closes.count(code);
        self.closed.get_or_create(&[("code", code.to_string())]).inc();
    }

    pub(crate) fn refused(&self, status: http::StatusCode) {
        self.refused.get_or_create(&[("status", status.as_u16().to_string())]).inc();
    }

    pub(crate) fn command(&self, kind: &'static str, code: Option<Code>) {
        self.commands_in_all.inc();
        let code = code.map_or(0, Code::number);
        self.commands.get_or_create(&CommandLabels { kind, code }).inc();
    }

    /// Since the start, for whoever asks.
    pub(crate) fn totals(&self) -> v1::Totals {
        v1::Totals {
            opened: self.opened.get(),
            closed: self.closes.all.get(),
            slow_closes: self.closes.slow.get(),
            frames_in: self.frames_in.get(),
            frames_out: self.frames_out.get(),
            bytes_in: self.bytes_in.get(),
            bytes_out: self.bytes_out.get(),
            commands: self.commands_in_all.get(),
            events: self.events_sent.get(),
            events_dropped: self.dropped_messages.get() + self.dropped_others.get(),
            closed_left: self.closes.left.get(),
            closed_drained: self.closes.drained.get(),
            closed_ended: self.closes.ended.get(),
            closed_silent: self.closes.silent.get(),
        }
    }
}
