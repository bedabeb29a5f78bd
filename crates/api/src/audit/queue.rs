//! The way of entries into the database: a queue, and one task that writes what waits in it.
//!
//! Whoever notes something never waits. The queue has a bound; what does not fit is lost, counted and logged, and nothing else
//! happens to the request that it tells of. While the database is away entries wait in the queue. What must not be lost
//! (changes of users and roles) does not come here: it is stored in the transaction of the change.

use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use gatepipe_daemon::forwarded::customer;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use tokio::sync::mpsc;
use tokio::time::{sleep, timeout, timeout_at};
use tokio_util::sync::CancellationToken;

use super::{Action, Actor, Entry, Target, Verdict};
use crate::auth::Caller;
use crate::auth::throttle::Throttle;
use crate::error::ApiError;
use crate::metrics::{AuditLoss, ByReason};
use crate::store::{Store, StoreError};
use crate::user::Permission;

/// Entries that wait for the database; more are lost.
pub const WAITING: usize = 10_000;

/// Entries that go into the database in one transaction.
const AT_ONCE: usize = 500;

/// How long the first entry of a transaction waits for others.
const GATHER: Duration = Duration::from_millis(100);

/// Between two tries while the database is away.
const PAUSE: Duration = Duration::from_millis(500);

/// How long what waits may take when the api stops.
const LAST_WORDS: Duration = Duration::from_secs(5);

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
    queue: mpsc::Sender<Entry>,
    counts: Counts,
    /// It was logged that entries are being lost, and not yet that it is over.
    losing: Arc<AtomicBool>,
    repeated: Arc<Throttle>,
}

/// The task that writes; runs beside the requests.
pub struct Writer {
    queue: mpsc::Receiver<Entry>,
    store: Store,
    counts: Counts,
    losing: Arc<AtomicBool>,
}

impl Audit {
    /// An empty queue, and who empties it into `store`.
    #[must_use]
    pub fn new(store: Store, counts: Counts) -> (Self, Writer) {
        let (sender, receiver) = mpsc::channel(WAITING);
        let losing = Arc::new(AtomicBool::new(false));
        let repeated = Arc::new(Throttle::new(REPEATED_PER_MINUTE, Instant::now()));
        let audit = Self { queue: sender, counts: counts.clone(), losing: Arc::clone(&losing), repeated };
        (audit, Writer { queue: receiver, store, counts, losing })
    }

    /// Notes an entry. Never waits; when the queue is full the entry is lost and counted.
    pub fn note(&self, entry: Entry) {
        // Before it is in, so that the writer never counts below zero.
        self.counts.waiting.inc();
        if self.queue.try_send(entry).is_err() {
            self.counts.waiting.dec();
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

impl Writer {
    /// Writes until `stop`, and then what still waits, for at most 5 s.
    pub async fn run(mut self, stop: CancellationToken) {
        let mut batch = Vec::with_capacity(AT_ONCE);
        while stop.run_until_cancelled(self.gather(&mut batch)).await.is_some() {
            // A try is waited for: one that is left alone would end all the same, and a second one would write twice.
            while !self.try_write(&mut batch).await {
                if stop.run_until_cancelled(sleep(PAUSE)).await.is_none() {
                    break;
                }
            }
        }
        self.queue.close();
        if timeout(LAST_WORDS, self.write_rest(&mut batch)).await.is_err() {
            let lost = batch.len() + self.queue.len();
            self.counts.lose(AuditLoss::Stopped, lost);
            tracing::error!(lost, "the database did not take the last entries of the audit before the stop");
        }
    }

    async fn write_rest(&mut self, batch: &mut Vec<Entry>) {
        while !batch.is_empty() || self.queue.recv_many(batch, AT_ONCE).await > 0 {
            while !self.try_write(batch).await {
                sleep(PAUSE).await;
            }
        }
    }

    /// Waits for an entry, and a moment for those that come after it. What it took is in `batch` whenever it is dropped.
    async fn gather(&mut self, batch: &mut Vec<Entry>) {
        if batch.is_empty() && self.queue.recv_many(batch, AT_ONCE).await == 0 {
            // Nobody is left who could note something.
            return std::future::pending().await;
        }
        let end = tokio::time::Instant::now() + GATHER;
        while batch.len() < AT_ONCE {
            let room = AT_ONCE - batch.len();
            match timeout_at(end, self.queue.recv_many(batch, room)).await {
                Ok(0) | Err(_) => return,
                Ok(_) => {}
            }
        }
    }

    /// Writes `batch`, which is empty then; `false` and whole when the database is away.
    async fn try_write(&self, batch: &mut Vec<Entry>) -> bool {
        match self.store.add_audit(batch.clone()).await {
            Ok(()) => {
                self.counts.written.inc_by(batch.len() as u64);
                if self.losing.swap(false, Ordering::Relaxed) {
                    tracing::warn!(
                        "the audit is written again; gatepipe_api_audit_lost_total tells how much of it was lost"
                    );
                }
            }
            Err(StoreError::Unavailable(reason)) => {
                tracing::warn!(reason, waiting = batch.len(), "the audit cannot be written now and waits");
                return false;
            }
            Err(error) => {
                tracing::error!(%error, lost = batch.len(), "the database refuses entries of the audit");
                self.counts.lose(AuditLoss::Database, batch.len());
            }
        }
        self.counts.waiting.dec_by(batch.len() as i64);
        batch.clear();
        true
    }
}
