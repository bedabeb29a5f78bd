//! The way out of a lane: whatever waits, in batches of bounded size.

use std::sync::Arc;

use gatepipe_proto::v1;
use tokio::sync::Notify;
use tokio::time::{Instant, timeout_at};

use super::{InFlight, Lane, Phase, State, spans};

/// Most commands in a batch.
const BATCH_COMMANDS: usize = 256;
/// A batch ends with the command that reaches this.
const BATCH_BYTES: usize = 1 << 20;

/// The outgoing half of one opened pipe.
pub(crate) struct Batches {
    pub(super) lane: Arc<Lane>,
    pub(super) stream: u64,
    pub(super) wake: Arc<Notify>,
}

impl Batches {
    /// Whatever waits, up to the bounds of a batch; waits for a first command or word. `None` once the pipe broke.
    ///
    /// May be dropped at any time: commands are taken only as it returns.
    pub(crate) async fn next(&mut self) -> Option<v1::CommandBatch> {
        loop {
            let next_word = {
                let mut state = self.lane.state.lock();
                if state.stream != self.stream {
                    return None;
                }
                if !matches!(state.phase, Phase::Open(_)) {
                    None
                } else if let Some(batch) = state.take_batch() {
                    self.lane.counts.sent(batch.commands.len());
                    return Some(batch);
                } else {
                    state.asker.next_word()
                }
            };
            let woken = self.wake.notified();
            match next_word {
                // Then there is a word, or it is due later.
                Some(time) => drop(timeout_at(time.into(), woken).await),
                None => woken.await,
            }
            // Whoever else is about to put a command in does it before the batch is taken: a batch costs far more than a command.
            tokio::task::yield_now().await;
        }
    }
}

impl State {
    /// What is to be sent now; `None` when that is nothing.
    fn take_batch(&mut self) -> Option<v1::CommandBatch> {
        let mut commands = Vec::new();
        let mut bytes = 0;
        let mut asks = false;
        let sent_before = self.last_sent;
        while commands.len() < BATCH_COMMANDS && bytes < BATCH_BYTES {
            let Some((id, waiting)) = self.waiting.pop_first() else {
                break;
            };
            bytes += waiting.bytes;
            self.waiting_bytes -= waiting.bytes;
            asks |= waiting.uids.is_some();
            self.last_sent = id;
            spans::sent(&waiting.caller.span);
            self.in_flight.insert(id, InFlight { uids: waiting.uids, caller: waiting.caller });
            commands.push(waiting.command);
        }
        let absence = self.asker.word(sent_before, asks, Instant::now().into_std());
        (!commands.is_empty() || absence.is_some()).then_some(v1::CommandBatch { commands, absence })
    }
}
