//! The way of entries into the database.
//!
//! Whoever notes something never waits (see [`write_behind`]). What does not fit into the queue is lost, counted and logged, and nothing
//! else happens to the request that it tells of. What must not be lost (changes of users and roles) does not come here: it is
//! stored in the transaction of the change.

use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use gatepipe_daemon::forwarded::customer;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;

use super::{Action, Actor, Entry, Target, Verdict};
use crate::auth::Caller;
use crate::auth::throttle::Throttle;
use crate::error::ApiError;
use crate::metrics::{AuditLoss, ByReason};
use crate::store::{Store, StoreError};
use crate::user::Permission;
use crate::write_behind::{self, Queue, WriteBehind};

/// Entries that wait for the database; more are lost.
pub const WAITING: usize = 10_000;

/// What costs its caller nothing (throttled logins, routes that are not allowed) is noted so often a minute for each caller.
const REPEATED_PER_MINUTE: NonZeroU32 = NonZeroU32::new(6).unwrap();

/// What became of entries.
#[derive(Debug, Clone, Default)]
pub struct Counts {
    /// In the database, of those that went through the queue.
    pub written: Counter,
    /// Not in the database, and why.
    pub lost: Family<ByReason, Counter>,
    /// Wait for the database.
    pub waiting: Gauge,
}

impl Counts {
    fn lose(&self, why: AuditLoss, entries: usize) {
        self.lost.get_or_create(&why.into()).inc_by(entries as u64);
    }
}

/// Where things are noted. Cheap to clone; clones share one queue.
#[derive(Clone)]
pub struct Audit {
    queue: Queue<Entry>,
    counts: Counts,
    /// It was logged that entries are being lost, and not yet that it is over.
    losing: Arc<AtomicBool>,
    repeated: Arc<Throttle>,
}

/// Entries as they are written.
pub struct Written {
    store: Store,
    counts: Counts,
    losing: Arc<AtomicBool>,
}

/// The task that writes; runs beside the requests.
pub type Writer = write_behind::Writer<Written>;

impl Audit {
    /// An empty queue, and who empties it into `store`.
    #[must_use]
    pub fn new(store: Store, counts: Counts) -> (Self, Writer) {
        let losing = Arc::new(AtomicBool::new(false));
        let repeated = Arc::new(Throttle::new(REPEATED_PER_MINUTE, Instant::now()));
        let written = Written { store, counts: counts.clone(), losing: Arc::clone(&losing) };
        let (queue, writer) = write_behind::queue(written, counts.waiting.clone());
        (Self { queue, counts, losing, repeated }, writer)
    }

    /// Notes an entry. Never waits; when the queue is full the entry is lost and counted.
    pub fn note(&self, entry: Entry) {
        if !self.queue.offer(entry) {
            self.counts.lose(AuditLoss::Full, 1);
            if !self.losing.swap(true, Ordering::Relaxed) {
                tracing::error!(
                    waiting = WAITING,
                    "the queue of the audit is full: what is done is not noted until the database takes what waits"
                );
            }
        }
    }

    /// Notes what `caller` did, and how it went; of what was done `told` says how whole it is, and more in words.
    pub fn note_outcome<T>(
        &self,
        caller: &Caller,
        action: Action,
        target: Target,
        outcome: &Result<T, ApiError>,
        told: impl FnOnce(&T) -> (Verdict, String),
    ) {
        let (verdict, detail) = match outcome {
            Ok(done) => told(done),
            Err(error) => (error.into(), error.to_string()),
        };
        self.note(Entry::new(caller.into(), action, target, verdict, &detail));
    }

    /// Notes what somebody may try again and again for nothing, a few times a minute; what is left out is counted.
    pub fn note_repeated(&self, entry: Entry) {
        let who = (entry.actor.id, entry.actor.address.map(customer));
        match self.repeated.take(&(who, entry.action, entry.target.name()), Instant::now()) {
            Ok(()) => self.note(entry),
            Err(_) => self.counts.lose(AuditLoss::Repeated, 1),
        }
    }

    /// Notes that `caller` lacks the permission for a route.
    pub fn note_denied(&self, caller: &Caller, permission: Permission, path: &str) {
        let target = Target::Permission(permission);
        self.note_repeated(Entry::new(Actor::from(caller), Action::Denied, target, Verdict::Refused, path));
    }
}

impl WriteBehind for Written {
    type Item = Entry;

    const WAITING: usize = WAITING;
    const AT_ONCE: usize = 1_000;
    const GATHER: Duration = Duration::from_millis(100);

    fn write(&self, batch: Vec<Entry>) -> impl Future<Output = Result<(), StoreError>> + Send {
        self.store.add_audit(batch)
    }

    fn written(&self, count: usize) {
        self.counts.written.inc_by(count as u64);
        if self.losing.swap(false, Ordering::Relaxed) {
            tracing::warn!(
                "the audit is written again; gatepipe_api_audit_lost_total tells how much of it was lost"
            );
        }
    }

    fn postponed(&self, reason: &str, waiting: usize) {
        tracing::warn!(reason, waiting, "the audit cannot be written now and waits");
    }

    fn refused(&self, error: &StoreError, lost: usize) {
        tracing::error!(%error, lost, "the database refuses entries of the audit");
        self.counts.lose(AuditLoss::Database, lost);
    }

    fn left(&self, lost: usize) {
        self.counts.lose(AuditLoss::Stopped, lost);
        tracing::error!(lost, "the database did not take the last entries of the audit before the stop");
    }
}
