//! What became of pushes of notifications, on its way into the database.
//!
//! The notification is stored before it is pushed; this comes after the push, and nobody waits for it (see [`write_behind`]). Of a
//! push whose outcome is lost is said that nobody knows.

use std::time::Duration;

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::gauge::Gauge;

use crate::store::{Pushed, Store, StoreError};
use crate::write_behind::{self, Queue, WriteBehind};

/// What happened to outcomes.
#[derive(Debug, Clone, Default)]
pub struct Counts {
    /// Not in the database: too much waited, the database refused it, or the api stopped while it was away.
    pub lost: Counter,
    /// Wait for the database.
    pub waiting: Gauge,
}

/// Where outcomes are noted. Cheap to clone; clones share one queue.
#[derive(Clone)]
pub struct Outcomes {
    queue: Queue<Pushed>,
    counts: Counts,
}

/// Outcomes as they are written.
pub struct Written {
    store: Store,
    counts: Counts,
}

/// The task that writes; runs beside the requests.
pub type Writer = write_behind::Writer<Written>;

impl Outcomes {
    /// An empty queue, and who empties it into `store`.
    #[must_use]
    pub fn new(store: Store, counts: Counts) -> (Self, Writer) {
        let written = Written { store, counts: counts.clone() };
        let (queue, writer) = write_behind::queue(written, counts.waiting.clone());
        (Self { queue, counts }, writer)
    }

    /// Notes what became of a push. Never waits; when the queue is full it is lost and counted.
    pub fn note(&self, pushed: Pushed) {
        if !self.queue.offer(pushed) {
            self.counts.lost.inc();
        }
    }
}

impl WriteBehind for Written {
    type Item = Pushed;

    /// 48 bytes each.
    const WAITING: usize = 65_536;
    /// A transaction holds the inboxes of their readers.
    const AT_ONCE: usize = 100;
    const GATHER: Duration = Duration::from_millis(50);

    fn write(&self, batch: Vec<Pushed>) -> impl Future<Output = Result<(), StoreError>> + Send {
        self.store.note_pushed(batch)
    }

    fn written(&self, _: usize) {}

    fn postponed(&self, reason: &str, waiting: usize) {
        tracing::warn!(reason, waiting, "what became of pushes cannot be written now and waits");
    }

    fn refused(&self, error: &StoreError, lost: usize) {
        tracing::error!(%error, lost, "the database refuses what became of pushes");
        self.counts.lost.inc_by(lost as u64);
    }

    fn left(&self, lost: usize) {
        self.counts.lost.inc_by(lost as u64);
        tracing::warn!(lost, "the database did not take what became of the last pushes before the stop");
    }
}
