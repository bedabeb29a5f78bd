//! Commands on their way to one gateway: those that wait to be sent and those that wait for their receipt.
//!
//! Callers put commands in under one short lock, in the order in which they call; the pipe's task takes them out in that order.
//! A full lane refuses at once and never makes a caller wait: so no later command can overtake an earlier one, and overload
//! is told when it happens, not at the deadline. Every entry belongs to a [`Ticket`] and goes when that is dropped, so a lane
//! holds nothing for callers who gave up, however long its gateway is mute.
//!
//! The lane also keeps what its program believes about its gateway: which uids have no client there, so that sends to them may leave it
//! out. The rules are `gatepipe_proto::absence`; what has to be said for them goes out with the next batch, or alone.

mod batches;
mod spans;
mod ticket;

use std::collections::BTreeMap;
use std::sync::Arc;

use gatepipe_proto::absence::Asker;
use gatepipe_proto::v1::command::Command;
use gatepipe_proto::{Code, Uid, v1};
use gatepipe_traces::Span;
use hashbrown::HashMap;
use parking_lot::Mutex;
use prost::Message as _;
use tokio::sync::{Notify, oneshot};
use tokio::time::Instant;

use crate::query::QueryLine;
use crate::receipt::FailureReason;
use crate::tally::Counts;

pub(crate) use batches::Batches;
pub(crate) use spans::Spans;
pub(crate) use ticket::Ticket;

use ticket::Entry;

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
    /// Of all lanes together.
    counts: Arc<Counts>,
    spans: Spans,
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
    in_flight: HashMap<u64, InFlight>,
    /// The last command that was sent.
    last_sent: u64,
    refused: u64,
    asker: Asker,
    left_out: u64,
}

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
    uids: Option<Arc<[Uid]>>,
    caller: Caller,
}

struct InFlight {
    /// Of a send to uids: what its receipt is about.
    uids: Option<Arc<[Uid]>>,
    caller: Caller,
}

/// Who waits for what becomes of a command.
struct Caller {
    outcome: oneshot::Sender<Outcome>,
    span: Span,
}

type Outcome = Result<v1::Receipt, FailureReason>;

/// An outcome and who waits for it.
type Told = (Caller, Outcome);

fn tell(outcomes: Vec<Told>) {
    for (Caller { outcome: waiting, span }, outcome) in outcomes {
        spans::over(&span, &outcome);
        // Whoever gave up does not hear it.
        drop(waiting.send(outcome));
    }
}

/// What a lane holds right now.
pub(crate) struct LaneStatus {
    pub(crate) open: bool,
    pub(crate) waiting: usize,
    pub(crate) in_flight: usize,
    pub(crate) refused: u64,
    pub(crate) left_out: u64,
    pub(crate) trouble: Option<String>,
}

impl Lane {
    /// A lane whose pipe is about to be opened.
    pub(crate) fn new(
        most_commands: usize,
        most_bytes: usize,
        changed: Arc<Notify>,
        counts: Arc<Counts>,
        spans: Spans,
    ) -> Self {
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
                last_sent: 0,
                refused: 0,
                asker: Asker::default(),
                left_out: 0,
            }),
            changed,
            settled: Notify::new(),
            counts,
            spans,
        }
    }

    /// Puts a command last in the queue. Never waits.
    ///
    /// # Errors
    /// `Unreachable` while the pipe is down, `TooBusy` when full, `Refused` as too large; the command is not sent then.
    pub(crate) fn submit(self: &Arc<Self>, command: Command) -> Result<Ticket, FailureReason> {
        self.put_in(command, None)
    }

    /// Puts a send to these uids last in the queue, as [`Lane::submit`] does, and learns from its receipt.
    pub(crate) fn submit_send(
        self: &Arc<Self>,
        uids: Arc<[Uid]>,
        send: v1::SendToUids,
    ) -> Result<Ticket, FailureReason> {
        self.put_in(Command::SendToUids(send), Some(uids))
    }

    fn put_in(self: &Arc<Self>, command: Command, uids: Option<Arc<[Uid]>>) -> Result<Ticket, FailureReason> {
        let span = self.spans.begin(&command);
        self.enqueue(command, uids, span.clone()).inspect_err(|reason| {
            self.counts.failed(reason);
            spans::failed(&span, reason);
        })
    }

    fn enqueue(
        self: &Arc<Self>,
        command: Command,
        uids: Option<Arc<[Uid]>>,
        span: Span,
    ) -> Result<Ticket, FailureReason> {
        let mut command = v1::Command { id: 0, command: Some(command), traceparent: span.traceparent() };
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
        if let Some(Command::BindUid(bind)) = &command.command {
            // The gateway does not tell the pipe that the bind came through.
            state.asker.doubt(&bind.uid, id);
        }
        state.waiting_bytes += bytes;
        let caller = Caller { outcome, span: span.clone() };
        let waiting = Waiting { command, bytes, uids, caller };
        state.waiting.insert(id, waiting);
        state.wake.notify_one();
        Ok(Ticket { entry: Entry { lane: Arc::clone(self), id }, receipt, span })
    }

    /// Which of these uids a send has to ask this gateway for: those that are not known to have no client there.
    pub(crate) fn to_ask_for(&self, uids: &Arc<[Uid]>) -> Arc<[Uid]> {
        let mut state = self.state.lock();
        let State { phase, asker, .. } = &mut *state;
        if !matches!(phase, Phase::Open(_)) || asker.beliefs() == 0 {
            return Arc::clone(uids);
        }
        let now = Instant::now().into_std();
        let asked: Vec<_> = uids.iter().filter(|uid| !asker.may_leave_out(uid, now)).cloned().collect();
        if asker.has_word(now) {
            state.wake.notify_one();
        }
        if asked.len() == uids.len() {
            return Arc::clone(uids);
        }
        state.left_out += u64::from(asked.is_empty());
        asked.into()
    }

    /// This program has seen that a client is, or may be, bound to `uid` there: sends from now on ask for it.
    pub(crate) fn doubt(&self, uid: &Uid) {
        let mut state = self.state.lock();
        let last_id = state.last_id;
        state.asker.doubt(uid.as_str(), last_id);
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
            left_out: state.left_out,
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
        Batches { lane: Arc::clone(self), stream: state.stream, wake: Arc::clone(&state.wake) }
    }

    /// The pipe is open: what waits is sent from now on.
    pub(crate) fn open(&self, queries: QueryLine) {
        self.enter(Phase::Open(Arc::new(queries)), |state| {
            state.wake.notify_one();
            Vec::new()
        });
    }

    /// The pipe broke. What was sent has an unknown outcome; what waits goes on waiting for it to open again.
    pub(crate) fn broken(&self) {
        self.enter(Phase::Opening, State::end_stream);
    }

    /// The pipe is not open and may not be soon. What waits has failed, and so does every new command until it is open; an attempt
    /// that goes on meanwhile may still open it.
    pub(crate) fn down(&self, trouble: String) {
        self.enter(Phase::Down(trouble), |state| {
            state.waiting_bytes = 0;
            let waiting = std::mem::take(&mut state.waiting).into_values();
            waiting.map(|waiting| (waiting.caller, Err(FailureReason::Unreachable))).collect()
        });
    }

    /// Changes the phase; `change` returns the outcomes that are told once the lock is free again.
    fn enter(&self, phase: Phase, change: impl FnOnce(&mut State) -> Vec<Told>) {
        let over = {
            let mut state = self.state.lock();
            state.phase = phase;
            change(&mut state)
        };
        over.iter()
            .filter_map(|(_, outcome)| outcome.as_ref().err())
            .for_each(|reason| self.counts.failed(reason));
        tell(over);
        self.settled.notify_waiters();
        self.changed.notify_one();
    }

    /// Takes in what the gateway says, and hands receipts to the callers that still wait for them.
    pub(crate) fn answer(&self, batch: v1::ReceiptBatch) {
        let answered: Vec<Told> = {
            let mut state = self.state.lock();
            let now = Instant::now().into_std();
            let State { asker, in_flight, last_id, wake, .. } = &mut *state;
            if let Some(word) = batch.absence {
                asker.hear(&word, *last_id, now);
                // The stream also has to know when the next renewal is due.
                if asker.has_word(now) || asker.next_word().is_some() {
                    wake.notify_one();
                }
            }
            let told = |receipt: v1::Receipt| {
                let InFlight { uids, caller } = in_flight.remove(&receipt.id)?;
                if let Some(uids) = uids.filter(|_| !receipt.absent.is_empty()) {
                    let absent = receipt.absent.iter().filter_map(|position| uids.get(*position as usize));
                    asker.learn(receipt.id, absent, now);
                }
                Some((caller, Ok(receipt)))
            };
            batch.receipts.into_iter().filter_map(told).collect()
        };
        let is_refused = |(_, outcome): &&Told| outcome.as_ref().is_ok_and(|receipt| receipt.code != 0);
        let refused = answered.iter().filter(is_refused).count();
        self.counts.answered(answered.len() - refused, refused);
        tell(answered);
    }

    fn forget(&self, id: u64) {
        let caller = {
            let mut state = self.state.lock();
            match state.waiting.remove(&id) {
                Some(waiting) => {
                    state.waiting_bytes -= waiting.bytes;
                    Some(waiting.caller)
                }
                None => state.in_flight.remove(&id).map(|sent| sent.caller),
            }
        };
        if let Some(caller) = caller {
            spans::given_up(&caller.span);
        }
    }
}

impl State {
    fn has_room(&self, bytes: usize, lane: &Lane) -> bool {
        let fits = self.waiting.is_empty() || self.waiting_bytes + bytes <= lane.most_bytes;
        fits && self.waiting.len() + self.in_flight.len() < lane.most_commands
    }

    /// No stream may take commands any more; what was sent has an unknown outcome.
    fn end_stream(&mut self) -> Vec<Told> {
        self.stream += 1;
        self.wake.notify_one();
        self.asker.broke(self.last_id);
        let unknown =
            |(_, in_flight): (u64, InFlight)| (in_flight.caller, Err(FailureReason::UnknownOutcome));
        self.in_flight.drain().map(unknown).collect()
    }
}

#[cfg(test)]
mod tests;
