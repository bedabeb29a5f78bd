//! Commands on their way to one gateway: those that wait to be sent and those that wait for their receipt.
//!
//! Callers put commands in under one short lock, in the order in which they call; the pipe's task takes them out in that order.
//! A full lane refuses at once and never makes a caller wait: so no later command can overtake an earlier one, and overload
//! is told when it happens, not at the deadline. Every entry belongs to a [`Ticket`] and goes when that is dropped, so a lane
//! holds nothing for callers who gave up, however long its gateway is mute.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use gatepipe_proto::{Code, v1};
use parking_lot::Mutex;
use prost::Message as _;
use tokio::sync::{Notify, oneshot};
use tokio::time::{Instant, timeout_at};

use crate::query::QueryLine;
use crate::receipt::FailureReason;

/// Most commands in a batch.
const BATCH_COMMANDS: usize = 256;
/// A batch ends with the command that reaches this.
const BATCH_BYTES: usize = 1 << 20;
/// Longest command: with a batch before it, it must pass the 8 MiB limit of the inner gRPC.
const COMMAND_BYTES: usize = 6 << 20;

pub(crate) struct Lane {
    most_commands: usize,
    most_bytes: usize,
    state: Mutex<State>,
    /// Told at every change of phase; the membership's driver listens on all lanes at once.
    changed: Arc<Notify>,
    /// Wakes queries that wait for the first opening.
    settled: Notify,
}

struct State {
    phase: Phase,
    /// The stream that may take commands; raised when it breaks, so that an old stream ends instead of taking more.
    stream: u64,
    /// Wakes the stream that may take commands.
    wake: Arc<Notify>,
    last_id: u64,
    waiting: BTreeMap<u64, Waiting>,
    waiting_bytes: usize,
    in_flight: HashMap<u64, oneshot::Sender<Outcome>>,
    refused: u64,
}

#[derive(Clone)]
enum Phase {
    /// Being opened for the first time, or again right after it broke: commands wait.
    Opening,
    Open(Arc<QueryLine>),
    /// Commands are refused until it is open again.
    Down(String),
}

struct Waiting {
    command: v1::Command,
    bytes: usize,
    outcome: oneshot::Sender<Outcome>,
}

type Outcome = Result<v1::Receipt, FailureReason>;

/// What a lane holds right now.
pub(crate) struct LaneStatus {
    pub(crate) open: bool,
    pub(crate) waiting: usize,
    pub(crate) in_flight: usize,
    pub(crate) refused: u64,
    pub(crate) trouble: Option<String>,
}

impl Lane {
    /// A lane whose pipe is about to be opened.
    pub(crate) fn new(most_commands: usize, most_bytes: usize, changed: Arc<Notify>) -> Self {
        Self {
            most_commands,
            most_bytes,
            state: Mutex::new(State {
                phase: Phase::Opening,
                stream: 0,
                wake: Arc::default(),
                last_id: 0,
                waiting: BTreeMap::new(),
                waiting_bytes: 0,
                in_flight: HashMap::new(),
                refused: 0,
            }),
            changed,
            settled: Notify::new(),
        }
    }

    /// Puts a command last in the queue. Never waits.
    ///
    /// # Errors
    /// `Unreachable` while the pipe is down, `TooBusy` when full, `Refused` as too large; the command is not sent then.
    pub(crate) fn submit(self: &Arc<Self>, command: v1::command::Command) -> Result<Ticket, FailureReason> {
        let mut command = v1::Command {
            id: 0,
            command: Some(command),
        };
        let bytes = command.encoded_len();
        if bytes > COMMAND_BYTES {
            return Err(FailureReason::Refused {
                code: Code::TooLarge,
                text: format!("a command has at most {COMMAND_BYTES} bytes, not {bytes}"),
            });
        }
        let (outcome, receipt) = oneshot::channel();
        let mut state = self.state.lock();
        if let Phase::Down(_) = state.phase {
            return Err(FailureReason::Unreachable);
        }
        if !state.has_room(bytes, self) {
            state.refused += 1;
            return Err(FailureReason::TooBusy);
        }
        state.last_id += 1;
        let id = state.last_id;
        command.id = id;
        state.waiting_bytes += bytes;
        let waiting = Waiting {
            command,
            bytes,
            outcome,
        };
        state.waiting.insert(id, waiting);
        state.wake.notify_one();
        Ok(Ticket {
            entry: Entry {
                lane: Arc::clone(self),
                id,
            },
            receipt,
        })
    }

    /// The way for queries, once the pipe is open; waits while it is being opened.
    ///
    /// # Errors
    /// `Unreachable` while the pipe is down.
    pub(crate) async fn query_line(&self) -> Result<Arc<QueryLine>, FailureReason> {
        loop {
            let settled = self.settled.notified();
            match &self.state.lock().phase {
                Phase::Open(line) => return Ok(Arc::clone(line)),
                Phase::Down(_) => return Err(FailureReason::Unreachable),
                Phase::Opening => {}
            }
            settled.await;
        }
    }

    pub(crate) fn is_open(&self) -> bool {
        matches!(self.state.lock().phase, Phase::Open(_))
    }

    pub(crate) fn is_opening(&self) -> bool {
        matches!(self.state.lock().phase, Phase::Opening)
    }

    pub(crate) fn status(&self) -> LaneStatus {
        let state = self.state.lock();
        LaneStatus {
            open: matches!(state.phase, Phase::Open(_)),
            waiting: state.waiting.len(),
            in_flight: state.in_flight.len(),
            refused: state.refused,
            trouble: match &state.phase {
                Phase::Opening | Phase::Open(_) => None,
                Phase::Down(trouble) => Some(trouble.clone()),
            },
        }
    }

    /// Makes the one stream that may take commands, from when the pipe is open until it breaks.
    pub(crate) fn new_stream(self: &Arc<Self>) -> Batches {
        let mut state = self.state.lock();
        state.stream += 1;
        state.wake = Arc::default();
        Batches {
            lane: Arc::clone(self),
            stream: state.stream,
            wake: Arc::clone(&state.wake),
        }
    }

    /// The pipe is open: what waits is sent from now on.
    pub(crate) fn open(&self, queries: QueryLine) {
        let mut state = self.state.lock();
        state.phase = Phase::Open(Arc::new(queries));
        state.wake.notify_one();
        self.phase_changed(state);
    }

    /// The pipe broke. What was sent has an unknown outcome; what waits goes on waiting for it to open again.
    pub(crate) fn broken(&self) {
        let mut state = self.state.lock();
        state.phase = Phase::Opening;
        state.end_stream();
        self.phase_changed(state);
    }

    /// The pipe could not be opened, or not in time. What waits has failed, and so does every new command until it is open.
    pub(crate) fn down(&self, trouble: String) {
        let mut state = self.state.lock();
        state.phase = Phase::Down(trouble);
        state.end_stream();
        state.waiting_bytes = 0;
        for (_, waiting) in std::mem::take(&mut state.waiting) {
            let _ = waiting.outcome.send(Err(FailureReason::Unreachable));
        }
        self.phase_changed(state);
    }

    fn phase_changed(&self, state: parking_lot::MutexGuard<'_, State>) {
        drop(state);
        self.settled.notify_waiters();
        self.changed.notify_one();
    }

    /// Hands a receipt to the caller that waits for it, if one still does.
    pub(crate) fn answer(&self, receipt: v1::Receipt) {
        let waiting = self.state.lock().in_flight.remove(&receipt.id);
        if let Some(outcome) = waiting {
            let _ = outcome.send(Ok(receipt));
        }
    }

    fn forget(&self, id: u64) {
        let mut state = self.state.lock();
        match state.waiting.remove(&id) {
            Some(waiting) => state.waiting_bytes -= waiting.bytes,
            None => drop(state.in_flight.remove(&id)),
        }
    }
}

impl State {
    fn has_room(&self, bytes: usize, lane: &Lane) -> bool {
        let fits = self.waiting.is_empty() || self.waiting_bytes + bytes <= lane.most_bytes;
        fits && self.waiting.len() + self.in_flight.len() < lane.most_commands
    }

    fn end_stream(&mut self) {
        self.stream += 1;
        self.wake.notify_one();
        for (_, outcome) in self.in_flight.drain() {
            let _ = outcome.send(Err(FailureReason::UnknownOutcome));
        }
    }

    fn take_batch(&mut self) -> v1::CommandBatch {
        let mut commands = Vec::new();
        let mut bytes = 0;
        while commands.len() < BATCH_COMMANDS && bytes < BATCH_BYTES {
            let Some((id, waiting)) = self.waiting.pop_first() else {
                break;
            };
            bytes += waiting.bytes;
            self.waiting_bytes -= waiting.bytes;
            self.in_flight.insert(id, waiting.outcome);
            commands.push(waiting.command);
        }
        v1::CommandBatch { commands }
    }
}

/// The outgoing half of one opened pipe.
pub(crate) struct Batches {
    lane: Arc<Lane>,
    stream: u64,
    wake: Arc<Notify>,
}

impl Batches {
    /// Whatever waits, up to the bounds of a batch; waits for a first command. `None` once the pipe broke.
    ///
    /// May be dropped at any time: commands are taken only as it returns.
    pub(crate) async fn next(&mut self) -> Option<v1::CommandBatch> {
        loop {
            {
                let mut state = self.lane.state.lock();
                if state.stream != self.stream {
                    return None;
                }
                if matches!(state.phase, Phase::Open(_)) && !state.waiting.is_empty() {
                    return Some(state.take_batch());
                }
            }
            self.wake.notified().await;
        }
    }
}

/// A command that was put in; dropping it withdraws the command if it was not yet sent.
pub(crate) struct Ticket {
    entry: Entry,
    receipt: oneshot::Receiver<Outcome>,
}

/// A place in the lane; dropping it frees it.
struct Entry {
    lane: Arc<Lane>,
    id: u64,
}

impl Ticket {
    /// What the command did, or why that is not known.
    pub(crate) async fn receipt(self, deadline: Instant) -> Outcome {
        let outcome = match timeout_at(deadline, self.receipt).await {
            Ok(Ok(outcome)) => outcome,
            // The lane answers every entry before it lets go of it.
            Ok(Err(_)) => Err(FailureReason::UnknownOutcome),
            Err(_) => Err(FailureReason::Deadline),
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
