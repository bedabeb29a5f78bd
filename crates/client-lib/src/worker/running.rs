//! The handle on a worker that was started, and what it shows.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use gatepipe_proto::GatewayId;
use parking_lot::Mutex;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;

use super::Dropped;
use super::lanes::HookNumbers;
use crate::connection::Trouble;

/// A worker that runs. Dropping it ends everything at once: hooks that run are cut off where they wait next.
#[must_use = "a worker ends when it is dropped"]
pub struct RunningWorker {
    shared: Arc<Shared>,
    leaving: CancellationToken,
    stop_timeout: Duration,
    task: AbortOnDropHandle<()>,
}

impl std::fmt::Debug for RunningWorker {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("RunningWorker").finish_non_exhaustive()
    }
}

impl RunningWorker {
    pub(crate) fn new(
        shared: Arc<Shared>,
        leaving: CancellationToken,
        stop_timeout: Duration,
        task: AbortOnDropHandle<()>,
    ) -> Self {
        Self { shared, leaving, stop_timeout, task }
    }

    /// Says to every gateway that the worker leaves, so that its clients go to other workers of its name, and finishes the hooks of
    /// what it was told before. Takes at most [`WorkerBuilder::stop_timeout`](crate::WorkerBuilder::stop_timeout).
    ///
    /// Returns how many events were left undone when the time was up: 0 when it left in good order. When this is dropped before it
    /// returns, everything ends at once.
    pub async fn stop(mut self) -> u64 {
        self.leaving.cancel();
        match timeout(self.stop_timeout, &mut self.task).await {
            Ok(_) => 0,
            Err(_) => {
                let WorkerStats { hooks_running, hooks_waiting, .. } = self.stats();
                hooks_running + hooks_waiting
            }
        }
    }

    /// How it goes, right now.
    #[must_use]
    pub fn stats(&self) -> WorkerStats {
        self.shared.stats()
    }
}

/// How it goes with a worker.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct WorkerStats {
    /// Every member, and gateways that left and whose clients' closes are still being told.
    pub gateways: BTreeMap<GatewayId, SubscriptionStats>,
    /// Hooks that run now, at most the worker's [lanes](crate::WorkerBuilder::lanes).
    pub hooks_running: u64,
    /// Events that wait for an earlier hook of their lane; together with those that run at most the worker's
    /// [credit](crate::WorkerBuilder::credit) for each gateway.
    pub hooks_waiting: u64,
    /// Hooks that panicked since the start.
    pub panics: u64,
}

/// How it goes with the events of one gateway.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SubscriptionStats {
    /// The gateway tells its events now.
    pub subscribed: bool,
    /// Clients of the gateway that are this worker's.
    pub clients: u64,
    /// Events for which a hook was called or is to be called, inferred closes included.
    pub events: u64,
    /// Events that the gateway dropped because this worker was too slow.
    pub dropped: u64,
    /// Why there is no stream, in one line; `None` while there is one or it is being opened for the first time.
    pub trouble: Option<String>,
}

/// What the tasks of a worker and its handle share.
#[derive(Debug, Default)]
pub(crate) struct Shared {
    pub(crate) hooks: Arc<HookNumbers>,
    gateways: Mutex<BTreeMap<GatewayId, Arc<Seen>>>,
}

/// What one subscription shows.
#[derive(Debug, Default)]
pub(crate) struct Seen(Mutex<SubscriptionStats>);

/// A gateway stands in the list until this is dropped.
pub(crate) struct Listed {
    shared: Arc<Shared>,
    gateway: GatewayId,
}

impl Shared {
    /// `None` when the gateway stands in the list already.
    pub(crate) fn list(self: &Arc<Self>, gateway: GatewayId) -> Option<(Arc<Seen>, Listed)> {
        let mut gateways = self.gateways.lock();
        if gateways.contains_key(&gateway) {
            return None;
        }
        let seen = Arc::new(Seen::default());
        gateways.insert(gateway, Arc::clone(&seen));
        Some((seen, Listed { shared: Arc::clone(self), gateway }))
    }

    fn stats(&self) -> WorkerStats {
        let seen = |(gateway, seen): (&GatewayId, &Arc<Seen>)| (*gateway, seen.0.lock().clone());
        WorkerStats {
            gateways: self.gateways.lock().iter().map(seen).collect(),
            hooks_running: self.hooks.running.load(Ordering::Relaxed),
            hooks_waiting: self.hooks.waiting.load(Ordering::Relaxed),
            panics: self.hooks.panics.load(Ordering::Relaxed),
        }
    }
}

impl Drop for Listed {
    fn drop(&mut self) {
        self.shared.gateways.lock().remove(&self.gateway);
    }
}

impl Seen {
    pub(crate) fn subscribed(&self) {
        let mut seen = self.0.lock();
        seen.subscribed = true;
        seen.trouble = None;
    }

    /// Whether that is news.
    pub(crate) fn broke(&self, trouble: &Trouble) -> bool {
        let mut seen = self.0.lock();
        seen.subscribed = false;
        let is_news = seen.trouble.as_ref() != Some(&trouble.0);
        seen.trouble = Some(trouble.0.clone());
        is_news
    }

    pub(crate) fn event(&self) {
        self.0.lock().events += 1;
    }

    pub(crate) fn dropped(&self, dropped: Dropped) {
        self.0.lock().dropped += dropped.messages + dropped.others;
    }

    pub(crate) fn has_clients(&self, clients: usize) {
        self.0.lock().clients = clients as u64;
    }
}
