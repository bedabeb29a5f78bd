//! What gets into the database without anybody waiting for it: a queue, and one task that writes what waits in it.
//!
//! Whoever has something to write never waits. The queue has a bound; what does not fit is lost, and whoever brought it counts it. While
//! the database is away what was brought waits in the queue. At the stop what waits is written, or said to be lost.

use std::time::Duration;

use prometheus_client::metrics::gauge::Gauge;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep, timeout, timeout_at};
use tokio_util::sync::CancellationToken;

use crate::store::StoreError;

/// Between two tries while the database is away.
const PAUSE: Duration = Duration::from_millis(500);

/// How long what waits may take when the api stops.
const LAST_WORDS: Duration = Duration::from_secs(5);

/// What is written in this way, and what becomes of it.
pub trait WriteBehind: Send + Sync + 'static {
    /// One of what is written.
    type Item: Clone + Send + 'static;

    /// So many may wait for the database; more are lost.
    const WAITING: usize;
    /// So many go into the database in one transaction.
    const AT_ONCE: usize;
    /// How long the first of a transaction waits for others.
    const GATHER: Duration;

    /// Writes all of them, or none.
    fn write(&self, batch: Vec<Self::Item>) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// `count` were written.
    fn written(&self, count: usize);

    /// The database is away; `count` wait for the next try.
    fn postponed(&self, reason: &str, count: usize);

    /// The database refuses `count`, and would again: they are lost.
    fn refused(&self, error: &StoreError, count: usize);

    /// `count` were not written before the stop, and are lost.
    fn left(&self, count: usize);
}

/// Where things are brought. Cheap to clone; clones are one queue.
#[derive(Debug)]
pub struct Queue<T> {
    sender: mpsc::Sender<T>,
    waiting: Gauge,
}

impl<T> Clone for Queue<T> {
    fn clone(&self) -> Self {
        Self { sender: self.sender.clone(), waiting: self.waiting.clone() }
    }
}

impl<T> Queue<T> {
    /// Never waits; `false`: the queue is full, and the item is lost.
    #[must_use]
    pub fn offer(&self, item: T) -> bool {
        // Before it is in, so that the writer never counts below zero.
        self.waiting.inc();
        let taken = self.sender.try_send(item).is_ok();
        if !taken {
            self.waiting.dec();
        }
        taken
    }
}

/// The task that writes; runs beside the requests.
pub struct Writer<B: WriteBehind> {
    queue: mpsc::Receiver<B::Item>,
    waiting: Gauge,
    behind: B,
}

/// An empty queue, and who empties it; `waiting` shows how many are in it.
#[must_use]
pub fn queue<B: WriteBehind>(behind: B, waiting: Gauge) -> (Queue<B::Item>, Writer<B>) {
    let (sender, queue) = mpsc::channel(B::WAITING);
    (Queue { sender, waiting: waiting.clone() }, Writer { queue, waiting, behind })
}

impl<B: WriteBehind> Writer<B> {
    /// Writes until `stop`, and then what still waits, for at most 5 s.
    pub async fn run(mut self, stop: CancellationToken) {
        let mut batch = Vec::with_capacity(B::AT_ONCE);
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
            self.behind.left(batch.len() + self.queue.len());
        }
    }

    async fn write_rest(&mut self, batch: &mut Vec<B::Item>) {
        while !batch.is_empty() || self.queue.recv_many(batch, B::AT_ONCE).await > 0 {
            while !self.try_write(batch).await {
                sleep(PAUSE).await;
            }
        }
    }

    /// Waits for the first, and a moment for those that come after it. What it took is in `batch` whenever it is dropped.
    async fn gather(&mut self, batch: &mut Vec<B::Item>) {
        if batch.is_empty() && self.queue.recv_many(batch, B::AT_ONCE).await == 0 {
            // Nobody is left who could bring something.
            return std::future::pending().await;
        }
        let end = Instant::now() + B::GATHER;
        while batch.len() < B::AT_ONCE {
            let room = B::AT_ONCE - batch.len();
            match timeout_at(end, self.queue.recv_many(batch, room)).await {
                Ok(0) | Err(_) => return,
                Ok(_) => {}
            }
        }
    }

    /// Writes `batch`, which is empty then; `false` and whole when the database is away.
    async fn try_write(&self, batch: &mut Vec<B::Item>) -> bool {
        match self.behind.write(batch.clone()).await {
            Ok(()) => self.behind.written(batch.len()),
            Err(StoreError::Unavailable(reason)) => {
                self.behind.postponed(&reason, batch.len());
                return false;
            }
            Err(error) => self.behind.refused(&error, batch.len()),
        }
        self.waiting.dec_by(batch.len() as i64);
        batch.clear();
        true
    }
}
