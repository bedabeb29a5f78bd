//! A caller's hold on its command.

use std::sync::Arc;

use gatepipe_traces::Span;
use tokio::sync::oneshot;
use tokio::time::{Instant, timeout_at};

use super::{Lane, Outcome, spans};
use crate::receipt::FailureReason;

/// A command that was put in; dropping it withdraws the command if it was not yet sent.
pub(crate) struct Ticket {
    pub(super) entry: Entry,
    pub(super) receipt: oneshot::Receiver<Outcome>,
    pub(super) span: Span,
}

/// A place in the lane; dropping it frees it.
pub(super) struct Entry {
    pub(super) lane: Arc<Lane>,
    pub(super) id: u64,
}

impl Ticket {
    /// What the command did, or why that is not known.
    pub(crate) async fn receipt(self, deadline: Instant) -> Outcome {
        let outcome = match timeout_at(deadline, self.receipt).await {
            Ok(Ok(outcome)) => outcome,
            // The lane answers every entry before it lets go of it.
            Ok(Err(_)) => Err(FailureReason::UnknownOutcome),
            Err(_) => {
                let reason = FailureReason::Deadline;
                self.entry.lane.counts.failed(&reason);
                spans::failed(&self.span, &reason);
                Err(reason)
            }
        };
        drop(self.entry);
        outcome
    }
}

impl Drop for Entry {
    fn drop(&mut self) {
        self.lane.forget(self.id);
    }
}
