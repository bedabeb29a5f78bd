//! How much may wait for everybody together.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use tokio::sync::Notify;

/// Bytes that wait in all outboxes of a gateway.
#[derive(Debug)]
pub(crate) struct Budget {
    queued: AtomicUsize,
    limit: AtomicUsize,
    over: Notify,
}

impl Budget {
    pub(crate) fn new(limit: usize) -> Arc<Self> {
        Arc::new(Self { queued: AtomicUsize::new(0), limit: limit.into(), over: Notify::new() })
    }

    /// Bytes that wait now.
    pub(crate) fn queued(&self) -> usize {
        self.queued.load(Relaxed)
    }

    /// Whether more waits than may.
    pub(crate) fn is_over(&self) -> bool {
        self.queued() > self.limit.load(Relaxed)
    }

    /// Resolves when the limit was passed since the last call.
    pub(crate) async fn passed(&self) {
        self.over.notified().await;
    }

    /// Bytes that may wait.
    pub(crate) fn limit(&self) -> usize {
        self.limit.load(Relaxed)
    }

    pub(super) fn set_limit(&self, limit: usize) {
        self.limit.store(limit, Relaxed);
    }

    pub(super) fn add(&self, bytes: usize) {
        if self.queued.fetch_add(bytes, Relaxed) + bytes > self.limit.load(Relaxed) {
            self.over.notify_one();
        }
    }

    pub(super) fn sub(&self, bytes: usize) {
        self.queued.fetch_sub(bytes, Relaxed);
    }
}
