//! Every number this crate counts, by name.

mod asked;

use gatepipe_client::GatewayClient;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

use crate::audit::queue;
use crate::auth::foreign::Fetches;
use crate::notification::PushState;
use crate::pushed;
use crate::store::Store;
use asked::{DatabaseConnections, Gateways};

/// What one api counts. Cheap to clone; clones count together.
#[derive(Clone)]
pub struct Metrics {
    /// Answers, by route (as in the OpenAPI document; "none" for unknown paths) and HTTP status.
    pub requests: Family<Request, Counter>,
    /// How long answers took, in seconds, by route.
    pub seconds: Family<ByRoute, Histogram, fn() -> Histogram>,
    /// Requests that are being worked on, also those whose callers have gone.
    pub running: Gauge,
    /// Open HTTP connections.
    pub connections: Gauge,
    /// Logins, by result.
    pub logins: Family<ByResult, Counter>,
    /// Binds, by result.
    pub binds: Family<ByResult, Counter>,
    /// Pushes and broadcasts, by result; urgent notifications count once for each reader.
    pub pushes: Family<ByResult, Counter>,
    /// Stored notifications, one for each reader.
    pub notifications: Counter,
    /// What became of their pushes, on its way into the database.
    pub push_outcomes: pushed::Counts,
    /// What was deleted because it was too old.
    pub swept: Family<BySort, Counter>,
    /// Open streams of numbers.
    pub streams: Gauge,
    /// Streams that were refused because too many were open.
    pub streams_refused: Counter,
    /// Samples that streams left out because their readers were slow.
    pub samples_left_out: Counter,
    /// Open streams of events.
    pub event_streams: Gauge,
    /// Streams of events that were refused because too many were open.
    pub event_streams_refused: Counter,
    /// Events that streams left out: too many in a second, or the reader was slow.
    pub events_left_out: Counter,
    /// Exports, by what became of them.
    pub exports: Family<ByResult, Counter>,
    /// Exports that this process writes.
    pub exports_running: Gauge,
    /// Exports that wait for a worker of any process, as last seen.
    pub exports_waiting: Gauge,
    /// Entries of the audit.
    pub audit: queue::Counts,
    gateways: Gateways,
}

/// Labels of `gatepipe_api_http_requests_total`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct Request {
    /// A route or "none".
    pub route: String,
    /// HTTP status.
    pub status: u16,
}

/// One label, `route`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct ByRoute {
    /// A route or "none".
    pub route: String,
}

/// One label, `result`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct ByResult {
    /// How it went.
    result: &'static str,
}

/// One label, `what`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct BySort {
    /// What it was.
    what: &'static str,
}

/// One label, `reason`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct ByReason {
    /// Why.
    reason: &'static str,
}

/// Why something is not in the audit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AuditLoss {
    /// Too much waited for the database.
    Full,
    /// The database refused it.
    Database,
    /// The api stopped while the database was away.
    Stopped,
    /// The same caller was refused the same many times a minute; the first ones are noted.
    Repeated,
}

impl From<AuditLoss> for ByReason {
    fn from(loss: AuditLoss) -> Self {
        let reason = match loss {
            AuditLoss::Full => "full",
            AuditLoss::Database => "database",
            AuditLoss::Stopped => "stopped",
            AuditLoss::Repeated => "repeated",
        };
        Self { reason }
    }
}

/// What was deleted because it was too old.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Swept {
    /// After the setting `notification-retention`.
    Notifications,
    /// After a day.
    IdempotencyKeys,
    /// After the setting `audit-retention`.
    Audit,
}

impl From<Swept> for BySort {
    fn from(swept: Swept) -> Self {
        let what = match swept {
            Swept::Notifications => "notifications",
            Swept::IdempotencyKeys => "idempotency_keys",
            Swept::Audit => "audit",
        };
        Self { what }
    }
}

/// How a login went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LoginResult {
    /// A token was made.
    Ok,
    /// Wrong username or password.
    Wrong,
    /// Tried too often.
    Throttled,
    /// The database or the hashing was not available.
    Unavailable,
}

/// How a command to the gateways went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Every gateway that had to hear it did it.
    Whole,
    /// Some gateway could not be asked.
    Partial,
    /// Refused, or nobody could be asked.
    Failed,
}

/// What became of an export.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExportResult {
    /// It is in the queue.
    Ordered,
    /// Its file is there.
    Done,
    /// There will be no file.
    Failed,
    /// It is in the queue again, because this process stops or lacks its rows.
    GivenBack,
    /// Another worker took it, because this one was silent.
    Lost,
}

impl From<ExportResult> for ByResult {
    fn from(result: ExportResult) -> Self {
        let result = match result {
            ExportResult::Ordered => "ordered",
            ExportResult::Done => "done",
            ExportResult::Failed => "failed",
            ExportResult::GivenBack => "given_back",
            ExportResult::Lost => "lost",
        };
        Self { result }
    }
}

impl From<LoginResult> for ByResult {
    fn from(result: LoginResult) -> Self {
        let result = match result {
            LoginResult::Ok => "ok",
            LoginResult::Wrong => "wrong",
            LoginResult::Throttled => "throttled",
            LoginResult::Unavailable => "unavailable",
        };
        Self { result }
    }
}

impl From<Outcome> for PushState {
    fn from(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Whole => Self::Whole,
            Outcome::Partial => Self::Partial,
            Outcome::Failed => Self::Failed,
        }
    }
}

impl From<Outcome> for ByResult {
    fn from(outcome: Outcome) -> Self {
        let result = match outcome {
            Outcome::Whole => "whole",
            Outcome::Partial => "partial",
            Outcome::Failed => "failed",
        };
        Self { result }
    }
}

impl Metrics {
    /// Registers everything under `gatepipe_api_…`.
    #[must_use]
    pub fn register(registry: &mut Registry, store: &Store) -> Self {
        let metrics = Self {
            requests: Family::default(),
            seconds: Family::new_with_constructor(|| {
                Histogram::new([0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0])
            }),
            running: Gauge::default(),
            connections: Gauge::default(),
            logins: Family::default(),
            binds: Family::default(),
            pushes: Family::default(),
            notifications: Counter::default(),
            push_outcomes: pushed::Counts::default(),
            swept: Family::default(),
            streams: Gauge::default(),
            streams_refused: Counter::default(),
            samples_left_out: Counter::default(),
            event_streams: Gauge::default(),
            event_streams_refused: Counter::default(),
            events_left_out: Counter::default(),
            exports: Family::default(),
            exports_running: Gauge::default(),
            exports_waiting: Gauge::default(),
            audit: queue::Counts::default(),
            gateways: Gateways::default(),
        };
        let api = registry.sub_registry_with_prefix("gatepipe_api");
        api.register("http_requests", "HTTP answers by route and status", metrics.requests.clone());
        api.register(
            "http_request_seconds",
            "How long HTTP answers took, by route; a stream has been answered when it begins",
            metrics.seconds.clone(),
        );
        api.register("http_requests_running", "HTTP requests being worked on", metrics.running.clone());
        api.register("http_connections", "Open HTTP connections", metrics.connections.clone());
        api.register("logins", "Logins by result", metrics.logins.clone());
        api.register("binds", "Binds of a client to its user, by result", metrics.binds.clone());
        api.register("pushes", "Pushes and broadcasts, by result", metrics.pushes.clone());
        api.register(
            "notifications_stored",
            "Notifications stored, one for each reader",
            metrics.notifications.clone(),
        );
        api.register(
            "push_outcomes_lost",
            "Pushes of notifications of which nothing is noted, because too much waited, the database refused it, or the api stopped",
            metrics.push_outcomes.lost.clone(),
        );
        api.register(
            "push_outcomes_waiting",
            "What became of pushes of notifications and waits for the database",
            metrics.push_outcomes.waiting.clone(),
        );
        api.register("swept", "What was deleted because it was too old", metrics.swept.clone());
        api.register("stats_streams", "Open streams of gateways' numbers", metrics.streams.clone());
        api.register(
            "stats_streams_refused",
            "Streams of gateways' numbers refused because too many were open",
            metrics.streams_refused.clone(),
        );
        api.register(
            "stats_samples_left_out",
            "Samples that streams left out because their readers were slow",
            metrics.samples_left_out.clone(),
        );
        api.register("event_streams", "Open streams of events", metrics.event_streams.clone());
        api.register(
            "event_streams_refused",
            "Streams of events refused because too many were open",
            metrics.event_streams_refused.clone(),
        );
        api.register(
            "events_left_out",
            "Events that streams left out: too many in a second, or the reader was slow",
            metrics.events_left_out.clone(),
        );
        api.register(
            "exports",
            "Exports that were ordered, done, failed, given back at a stop, or lost to another worker",
            metrics.exports.clone(),
        );
        api.register(
            "exports_running",
            "Exports being written by this process",
            metrics.exports_running.clone(),
        );
        api.register(
            "exports_waiting",
            "Exports that wait for a worker of any process, as last seen",
            metrics.exports_waiting.clone(),
        );
        api.register("audit_written", "Entries of the audit that were stored", metrics.audit.written.clone());
        api.register(
            "audit_lost",
            "What is not in the audit, because too much waited, the database refused it, the api stopped, or it was repeated",
            metrics.audit.lost.clone(),
        );
        api.register(
            "audit_waiting",
            "Entries of the audit that wait for the database",
            metrics.audit.waiting.clone(),
        );
        let calls = store.calls().clone();
        api.register(
            "store_call_seconds",
            "How long calls of the database took, with the wait for a connection, by the method of the store",
            calls.seconds,
        );
        api.register(
            "store_errors",
            "Calls of the database that failed, by the method of the store",
            calls.errors,
        );
        api.register_collector(Box::new(metrics.gateways.clone()));
        api.register_collector(Box::new(DatabaseConnections(store.clone())));
        metrics.begin();
        metrics
    }

    /// What has not happened yet is there as 0, so that the first time is seen as a change.
    fn begin(&self) {
        let outcomes = [Outcome::Whole, Outcome::Partial, Outcome::Failed];
        for outcome in outcomes {
            drop(self.binds.get_or_create(&outcome.into()));
            drop(self.pushes.get_or_create(&outcome.into()));
        }
        for result in [LoginResult::Ok, LoginResult::Wrong, LoginResult::Throttled, LoginResult::Unavailable]
        {
            drop(self.logins.get_or_create(&result.into()));
        }
        for result in [
            ExportResult::Ordered,
            ExportResult::Done,
            ExportResult::Failed,
            ExportResult::GivenBack,
            ExportResult::Lost,
        ] {
            drop(self.exports.get_or_create(&result.into()));
        }
        for what in [Swept::Notifications, Swept::IdempotencyKeys, Swept::Audit] {
            drop(self.swept.get_or_create(&what.into()));
        }
        for loss in [AuditLoss::Full, AuditLoss::Database, AuditLoss::Stopped, AuditLoss::Repeated] {
            drop(self.audit.lost.get_or_create(&loss.into()));
        }
    }

    /// Counts how fetches of the keys for tokens went.
    pub fn count_fetches(registry: &mut Registry, fetches: &Fetches) {
        let api = registry.sub_registry_with_prefix("gatepipe_api");
        api.register("key_fetches", "Fetches of the keys for tokens that went well", fetches.done.clone());
        api.register(
            "key_fetches_failed",
            "Fetches of the keys for tokens that failed",
            fetches.failed.clone(),
        );
    }

    /// Counts what became of an export.
    pub fn count_export(&self, result: ExportResult) {
        self.exports.get_or_create(&result.into()).inc();
    }

    /// From now on tells about these gateways too; the first call counts.
    pub fn watch(&self, gateways: GatewayClient) {
        self.gateways.watch(gateways);
    }
}
