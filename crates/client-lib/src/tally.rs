//! What went through the pipes since the client was built, all gateways together: gateways come and go, these numbers only grow.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use crate::receipt::FailureReason;

/// What a [`GatewayClient`](crate::GatewayClient) has sent since it was built, and what became of it. For metrics; the pipes as they are
/// now are in [`gateways`](crate::GatewayClient::gateways).
///
/// A send to several gateways is a command for each. Questions are no commands.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Tally {
    /// Batches of commands that went into pipes.
    pub batches: u64,
    /// The commands in them.
    pub commands: u64,
    /// Commands that their gateway carried out.
    pub done: u64,
    /// Commands that their gateway refused, or that were too large to be sent.
    pub refused: u64,
    /// Commands that were not sent because too many waited for their gateway.
    pub too_busy: u64,
    /// Commands that were not sent because the pipe was down.
    pub unreachable: u64,
    /// Commands without an answer within the deadline.
    pub deadline: u64,
    /// Commands whose pipe broke after sending.
    pub unknown_outcome: u64,
}

/// Counted by the lanes: once for each batch, not for each command, where there are many.
#[derive(Debug, Default)]
pub(crate) struct Counts {
    batches: AtomicU64,
    commands: AtomicU64,
    done: AtomicU64,
    refused: AtomicU64,
    too_busy: AtomicU64,
    unreachable: AtomicU64,
    deadline: AtomicU64,
    unknown_outcome: AtomicU64,
}

impl Counts {
    /// A batch went out.
    pub(crate) fn sent(&self, commands: usize) {
        // What is said about absence goes without commands, too.
        if commands > 0 {
            self.batches.fetch_add(1, Relaxed);
            self.commands.fetch_add(commands as u64, Relaxed);
        }
    }

    /// Receipts came for commands that somebody still waits for.
    pub(crate) fn answered(&self, done: usize, refused: usize) {
        self.done.fetch_add(done as u64, Relaxed);
        self.refused.fetch_add(refused as u64, Relaxed);
    }

    /// A command has failed without a receipt.
    pub(crate) fn failed(&self, reason: &FailureReason) {
        let counter = match reason {
            FailureReason::Unreachable => &self.unreachable,
            FailureReason::TooBusy => &self.too_busy,
            FailureReason::Deadline => &self.deadline,
            FailureReason::UnknownOutcome => &self.unknown_outcome,
            FailureReason::Refused { .. } => &self.refused,
            // It was meant for no lane.
            FailureReason::UnknownGateway => return,
        };
        counter.fetch_add(1, Relaxed);
    }

    pub(crate) fn tally(&self) -> Tally {
        Tally {
            batches: self.batches.load(Relaxed),
            commands: self.commands.load(Relaxed),
            done: self.done.load(Relaxed),
            refused: self.refused.load(Relaxed),
            too_busy: self.too_busy.load(Relaxed),
            unreachable: self.unreachable.load(Relaxed),
            deadline: self.deadline.load(Relaxed),
            unknown_outcome: self.unknown_outcome.load(Relaxed),
        }
    }
}
