//! A worker's hold on what it is told; dropping it ends the subscription.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use gatepipe_proto::v1;
use parking_lot::Mutex;
use tokio::sync::Notify;

use super::Events;
use super::team::{Key, Team};

/// Most events in one batch.
const MAX_BATCH: usize = 256;
/// Most credit that may be outstanding.
const MAX_CREDIT: u64 = 1_000_000;

/// More credit than a worker may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("at most {MAX_CREDIT} events of credit may be outstanding")]
pub(crate) struct TooMuchCredit;

/// See the head of this file. Held by the task of its stream.
#[derive(Debug)]
pub(crate) struct Subscription {
    events: Arc<Events>,
    team: Arc<Mutex<Team>>,
    name: String,
    key: Key,
    wake: Arc<Notify>,
    /// Events that may still be sent.
    credit: u64,
    /// Events that were sent and whose credit has not come back.
    unanswered: u64,
}

impl Subscription {
    pub(super) fn new(
        events: Arc<Events>,
        team: Arc<Mutex<Team>>,
        name: String,
        key: Key,
        wake: Arc<Notify>,
        credit: u32,
    ) -> Self {
        Self { events, team, name, key, wake, credit: u64::from(credit), unanswered: 0 }
    }

    /// The worker dealt with this many events.
    ///
    /// # Errors
    /// [`TooMuchCredit`], which ends the stream.
    pub(crate) fn credit(&mut self, events: u32) -> Result<(), TooMuchCredit> {
        self.credit += u64::from(events);
        self.unanswered = self.unanswered.saturating_sub(u64::from(events));
        if self.credit > MAX_CREDIT { Err(TooMuchCredit) } else { Ok(()) }
    }

    /// Whether anything may be sent.
    pub(crate) fn has_credit(&self) -> bool {
        self.credit > 0
    }

    /// Waits until there is something to send; `false` when the gateway is ending and there will be nothing more. Dropping the
    /// future loses nothing.
    pub(crate) async fn has_news(&self) -> bool {
        loop {
            {
                let team = self.team.lock();
                let Some(worker) = team.worker(self.key) else { return false };
                if worker.has_news() {
                    return true;
                }
                if worker.clients == 0 && self.events.ending.load(Ordering::Relaxed) {
                    return false;
                }
            }
            self.wake.notified().await;
        }
    }

    /// What is to be sent next, within the credit and the bounds of a batch.
    pub(crate) fn next(&mut self) -> v1::EventBatch {
        let most = usize::try_from(self.credit).unwrap_or(MAX_BATCH).min(MAX_BATCH);
        let events = self.team.lock().next(self.key, self.events.hub.gateway(), most);
        let sent = events.len() as u64;
        self.credit -= sent;
        self.unanswered += sent;
        self.events.metrics.events_sent.inc_by(sent);
        v1::EventBatch { events }
    }

    /// Ends it in good order: the worker still deals with what it was sent.
    pub(crate) fn leave(mut self) {
        self.unanswered = 0;
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        self.events.metrics.events_lost.inc_by(self.unanswered);
        self.events.unsubscribe(&self.name, self.key);
    }
}
