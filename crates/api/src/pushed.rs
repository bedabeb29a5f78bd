//! What became of pushes of notifications, on its way into the database: a queue, and one task that writes what waits in it.
//!
//! The notification is stored before it is pushed; this comes after the push, and nobody waits for it. The queue has a bound; what
//! does not fit is lost and counted, and nothing else happens: of such a push is said that nobody knows. While the database is away
//! it waits in the queue.

use std::time::Duration;

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::gauge::Gauge;
use tokio::sync::mpsc;
use tokio::time::{sleep, timeout, timeout_at};
use tokio_util::sync::CancellationToken;

use crate::store::{Pushed, Store, StoreError};

/// Outcomes that wait for the database, 48 bytes each; more are lost.
pub const WAITING: usize = 65_536;

/// Outcomes that go into the database in one transaction; it holds the inboxes of their readers.
const AT_ONCE: usize = 100;

/// How long the first of a transaction waits for others.
const GATHER: Duration = Duration::from_millis(50);

/// Between two tries while the database is away.
const PAUSE: Duration = Duration::from_millis(500);

/// How long what waits may take when the api stops.
const LAST_WORDS: Duration = Duration::from_secs(5);

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
    queue: mpsc::Sender<Pushed>,
    counts: Counts,
}

/// The task that writes; runs beside the requests.
pub struct Writer {
    queue: mpsc::Receiver<Pushed>,
    store: Store,
    counts: Counts,
}

impl Outcomes {
    /// An empty queue, and who empties it into `store`.
    #[must_use]
    pub fn new(store: Store, counts: Counts) -> (Self, Writer) {
        let (sender, queue) = mpsc::channel(WAITING);
        (Self { queue: sender, counts: counts.clone() }, Writer { queue, store, counts })
    }

    /// Notes what became of a push. Never waits; when the queue is full it is lost and counted.
    pub fn note(&self, pushed: Pushed) {
        // Before it is in, so that the writer never counts below zero.
        self.counts.waiting.inc();
        if self.queue.try_send(pushed).is_err() {
            self.counts.waiting.dec();
            self.counts.lost.inc();
        }
    }
}

impl Writer {
    /// Writes until `stop`, and then what still waits, for at most 5 s.
    pub async fn run(mut self, stop: CancellationToken) {
        let mut batch = Vec::with_capacity(AT_ONCE);
        while stop.run_until_cancelled(self.gather(&mut batch)).await.is_some() {
            while !self.try_write(&mut batch).await {
                if stop.run_until_cancelled(sleep(PAUSE)).await.is_none() {
                    break;
                }
            }
        }
        self.queue.close();
        if timeout(LAST_WORDS, self.write_rest(&mut batch)).await.is_err() {
            let lost = batch.len() + self.queue.len();
            self.counts.lost.inc_by(lost as u64);
            tracing::warn!(lost, "the database did not take what became of the last pushes before the stop");
        }
    }

    async fn write_rest(&mut self, batch: &mut Vec<Pushed>) {
        while !batch.is_empty() || self.queue.recv_many(batch, AT_ONCE).await > 0 {
            while !self.try_write(batch).await {
                sleep(PAUSE).await;
            }
        }
    }

    /// Waits for an outcome, and a moment for those that come after it. What it took is in `batch` whenever it is dropped.
    async fn gather(&mut self, batch: &mut Vec<Pushed>) {
        if batch.is_empty() && self.queue.recv_many(batch, AT_ONCE).await == 0 {
            // Nobody is left who could push something.
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
    async fn try_write(&self, batch: &mut Vec<Pushed>) -> bool {
        match self.store.note_pushed(batch.clone()).await {
            Ok(()) => {}
            Err(StoreError::Unavailable(reason)) => {
                tracing::warn!(
                    reason,
                    waiting = batch.len(),
                    "what became of pushes cannot be written now and waits"
                );
                return false;
            }
            Err(error) => {
                tracing::error!(%error, lost = batch.len(), "the database refuses what became of pushes");
                self.counts.lost.inc_by(batch.len() as u64);
            }
        }
        self.counts.waiting.dec_by(batch.len() as i64);
        batch.clear();
        true
    }
}
