//! Every counter of the gateway, named in one list. What is only read when somebody asks stands in `gauges`.

use std::sync::Arc;
use std::time::{Duration, Instant};

use gatepipe_proto::{Code, v1};
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

use crate::admission;
use crate::clock;
use crate::closes::Closes;

/// By one label, whose values are all known.
type By = Family<[(&'static str, &'static str); 1], Counter>;
/// By close code.
type ByCode = Family<[(&'static str, String); 1], Counter>;

/// Made for every command: nothing in it is allocated.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct CommandLabels {
    kind: &'static str,
    code: u32,
}

/// Times in seconds, from what a push takes on an idle machine to far beyond what anybody waits.
#[derive(Debug)]
struct Times(Histogram);

impl Default for Times {
    fn default() -> Self {
        Self(Histogram::new([
            0.000_05, 0.000_1, 0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5,
            1.0, 2.5, 10.0,
        ]))
    }
}

/// Why a client reads too slowly.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Slow {
    /// Its outbox would pass its bound in bytes.
    Bytes,
    /// Its oldest byte waited for too long.
    Age,
    /// All outboxes together were full, and its was the largest.
    Total,
}

/// By which way commands come and frames leave.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    /// A batch of a pipe.
    Batch,
    /// A command by itself.
    Call,
    /// A message to everybody, on its lane.
    Broadcast,
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
    pub(crate) follows_refused: Counter,
    pub(crate) follow_steps_missed: Counter,
    bind_waits: Times,
    /// One observation for a batch of commands, a command by itself, a broadcast: never one for each frame.
    batches_written: Times,
    calls_written: Times,
    broadcasts_written: Times,
    outbox_waits: Times,
    /// Pipes of workers that are open.
    pub(crate) pipes: Gauge,
    pub(crate) pipe_batches: Counter,
    slow_by_bytes: Counter,
    slow_by_age: Counter,
    slow_by_total: Counter,
    opened: Counter,
    closed: ByCode,
    /// The same by kind.
    closes: Closes,
    refused: By,
    commands: Family<CommandLabels, Counter>,
    /// Of `commands`: all of them.
    commands_in_all: Counter,
}

impl Metrics {
    /// Makes the metrics and registers them.
    pub(crate) fn register(registry: &mut Registry) -> Arc<Self> {
        let dropped = By::default();
        let dropped_of = |kind| dropped.get_or_create_owned(&[("kind", kind)]);
        let slow = By::default();
        let slow_by = |cause| slow.get_or_create_owned(&[("cause", cause)]);
        let written = Family::<_, _, fn() -> Histogram>::new_with_constructor(|| Times::default().0);
        let written_by = |way| Times(written.get_or_create_owned(&[("way", way)]));
        let metrics = Arc::new(Self {
            dropped_messages: dropped_of("message"),
            dropped_others: dropped_of("other"),
            slow_by_bytes: slow_by("bytes"),
            slow_by_age: slow_by("age"),
            slow_by_total: slow_by("total"),
            batches_written: written_by("batch"),
            calls_written: written_by("call"),
            broadcasts_written: written_by("broadcast"),
            ..Self::default()
        });
        // What has not happened yet is there as 0, so that the first time is seen as a change.
        for reason in admission::reasons() {
            drop(metrics.refused.get_or_create(&[("reason", reason)]));
        }
        registry.register(
            "command_write_seconds",
            "From the arrival of commands until every frame of them was written to its socket or waits for one that is full, by the way they came",
            written,
        );
        registry.register(
            "outbox_wait_seconds",
            "How long what a socket did not take at once waited for it; what waits for less than a millisecond is not counted",
            metrics.outbox_waits.0.clone(),
        );
        registry.register("slow_closes", "Clients closed because they read too slowly, by cause", slow);
        registry.register("pipes", "Pipes of workers open now", metrics.pipes.clone());
        registry.register(
            "pipe_batches",
            "Batches of commands that came through pipes",
            metrics.pipe_batches.clone(),
        );
        let traffic = [
            ("frames_in", "Messages and control frames read from clients", &metrics.frames_in),
            ("traffic_in_bytes", "Payload of the frames read from clients", &metrics.bytes_in),
            ("frames_out", "Frames that a client's socket or outbox took", &metrics.frames_out),
            ("traffic_out_bytes", "Bytes of those frames, headers included", &metrics.bytes_out),
        ];
        for (name, help, counter) in traffic {
            registry.register(name, help, counter.clone());
        }
        registry.register(
            "frames_dropped",
            "Messages from clients that are not a ping and that no worker's queue took",
            metrics.frames_dropped.clone(),
        );
        registry.register("pings", "Pings sent to silent clients", metrics.pings.clone());
        registry.register("connections_opened", "Clients that got their init", metrics.opened.clone());
        registry.register("connections_closed", "Clients that ended, by close code", metrics.closed.clone());
        registry.register(
            "handshakes_refused",
            "Handshakes that came to nothing, by reason",
            metrics.refused.clone(),
        );
        registry.register(
            "commands",
            "Commands answered, by kind and the code of the receipt; 0 is done",
            metrics.commands.clone(),
        );
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
            "follows_refused",
            "Calls to follow a uid that were refused because there were too many",
            metrics.follows_refused.clone(),
        );
        registry.register(
            "follow_steps_missed",
            "Steps of messages that whoever follows a uid did not read in time and will not be told",
            metrics.follow_steps_missed.clone(),
        );
        registry.register(
            "bind_wait_seconds",
            "Binds whose receipt waited until nobody believed the uid absent, by how long",
            metrics.bind_waits.0.clone(),
        );
        metrics
    }

    /// A bind's receipt was withheld for so long.
    pub(crate) fn bind_waited(&self, waited: Duration) {
        self.bind_waits.0.observe(waited.as_secs_f64());
    }

    /// What came by this way at `began` is written, or waits.
    pub(crate) fn written(&self, way: Way, began: Instant) {
        let times = match way {
            Way::Batch => &self.batches_written,
            Way::Call => &self.calls_written,
            Way::Broadcast => &self.broadcasts_written,
        };
        times.0.observe(clock::instant().saturating_duration_since(began).as_secs_f64());
    }

    /// A full socket took what had waited for so long.
    pub(crate) fn outbox_waited(&self, waited_ms: u64) {
        if waited_ms > 0 {
            self.outbox_waits.0.observe(waited_ms as f64 / 1000.0);
        }
    }

    /// A client is being closed because it reads too slowly.
    pub(crate) fn slow_close(&self, cause: Slow) {
        match cause {
            Slow::Bytes => &self.slow_by_bytes,
            Slow::Age => &self.slow_by_age,
            Slow::Total => &self.slow_by_total,
        }
        .inc();
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
        self.closed.get_or_create(&[("code", code_label(code))]).inc();
    }

    pub(crate) fn refused(&self, reason: &'static str) {
        self.refused.get_or_create(&[("reason", reason)]).inc();
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

/// The codes that mean something to us. Workers may close with any of a thousand others, which are one.
fn code_label(code: u16) -> String {
    match code {
        1000..=1015 | 4001..=4003 | 4101..=4104 | 4201 => code.to_string(),
        _ => "other".to_owned(),
    }
}
