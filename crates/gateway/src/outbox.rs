//! Bytes on their way to one client: bounded, in order, each frame whole.
//!
//! Anyone may offer a frame. While nothing waits it goes straight to the socket, under the outbox's lock, so that frames never
//! interleave; what the socket does not take waits here until the connection's task has finished it. Past its bound the
//! outbox keeps only a frame that is already partly written and turns to closing: a client never misses a frame silently.
//!
//! - here: offering, flushing, ending
//! - [`waiting`]: what waits for the socket
//! - [`budget`]: how much may wait for everybody together

mod budget;
#[cfg(test)]
mod tests;
mod waiting;

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed};

use bytes::Bytes;
use parking_lot::Mutex;

use crate::clock::Clock;
use crate::encode::Frame;
use crate::trail::{Fate, Lost, Mark};
use crate::wire::Wire;

pub(crate) use budget::Budget;
use waiting::Waiting;

/// What happened to an offered frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Offer {
    /// The socket took all of them.
    Written,
    /// They wait, or a part of them does; the connection's task must be woken.
    Queued,
    /// They would have passed the bound in bytes. The outbox is closing now; the connection's task must be woken.
    TooSlow,
    /// The socket turns out to be broken. The connection's task must be woken: nobody else can tell it.
    Broken,
    /// The outbox was closing already, or known to be broken.
    Closed,
}

/// How far a flush came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Flush {
    /// Nothing waits any more.
    Empty,
    /// The socket is full.
    Blocked,
    /// The socket is broken; what waited is dropped.
    Broken,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    Open,
    /// A close frame is the last that waits.
    Closing,
    Broken,
}

/// What all outboxes of a gateway share.
#[derive(Debug)]
pub(crate) struct Rules {
    pub(crate) clock: Clock,
    pub(crate) budget: Arc<Budget>,
    /// Bytes that one outbox holds at most, or any one frame.
    pub(crate) limit: AtomicUsize,
    /// Ends a client that would pass the limit.
    pub(crate) slow: Frame,
}

impl Rules {
    /// Bytes that one outbox holds at most now.
    pub(crate) fn limit(&self) -> usize {
        self.limit.load(Relaxed)
    }

    /// From now on one outbox holds at most `one`, and all together `all`, in bytes.
    pub(crate) fn set_limits(&self, one: usize, all: usize) {
        self.limit.store(one, Relaxed);
        self.budget.set_limit(all);
    }
}

/// See the head of this file. Every method is short and never waits. A frame that leaves at once touches nothing but this, and
/// while nothing waits this is small: a broadcast goes through many thousands of them.
#[derive(Debug)]
pub(crate) struct Outbox {
    state: Mutex<State>,
    /// Time of the oldest waiting frame's offer; 0 when nothing waits. Read by the sweep without the lock.
    oldest_at: AtomicU64,
}

#[derive(Debug)]
struct State {
    phase: Phase,
    /// `None`: nothing waits.
    waiting: Option<Box<Waiting>>,
    taken: Taken,
}

/// What an outbox took so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Taken {
    pub(crate) frames: u64,
    /// With the frames' headers.
    pub(crate) bytes: u64,
}

impl Outbox {
    /// An outbox in which `first` waits already, before anything that is offered; a flush sends it off.
    pub(crate) fn new(first: Frame, rules: &Rules) -> Self {
        let state = State { phase: Phase::Open, waiting: None, taken: Taken::default() };
        let outbox = Self { state: Mutex::new(state), oldest_at: AtomicU64::new(0) };
        {
            let mut state = outbox.state.lock();
            state.count(1, first.len());
            outbox.push(&mut state, first, rules);
        }
        outbox
    }

    /// Offers frames: all are taken, or none. `joined` is their bytes one after the other, at most the limit of `rules` unless it is one
    /// frame.
    pub(crate) fn offer(&self, wire: &Wire, joined: &Frame, frames: &[Frame], rules: &Rules) -> Offer {
        self.take_in(&mut self.state.lock(), wire, joined, frames, rules)
    }

    /// Offers one frame. When it has to wait, `mark` is told so, and once more what became of it; of anything else the caller knows.
    pub(crate) fn offer_marked(&self, wire: &Wire, frame: &Frame, rules: &Rules, mark: &Mark) -> Offer {
        let mut state = self.state.lock();
        let behind = state.queued();
        let offer = self.take_in(&mut state, wire, frame, std::slice::from_ref(frame), rules);
        if offer == Offer::Queued
            && let Some(waiting) = &mut state.waiting
        {
            // Under the lock, so that nobody tells of the end first.
            mark.offered(Fate::Waits { behind });
            waiting.mark_last(mark.clone());
        }
        offer
    }

    #[inline]
    fn take_in(
        &self,
        state: &mut State,
        wire: &Wire,
        joined: &Frame,
        frames: &[Frame],
        rules: &Rules,
    ) -> Offer {
        if state.phase != Phase::Open {
            return Offer::Closed;
        }
        let mut written = 0;
        if let Some(waiting) = &state.waiting {
            if waiting.bytes() + joined.len() > rules.limit() {
                self.give_up(state, rules);
                return Offer::TooSlow;
            }
        } else {
            match wire.try_write_now(joined) {
                Ok(all) if all == joined.len() => {
                    state.count(frames.len(), joined.len());
                    return Offer::Written;
                }
                Ok(part) => written = part,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(_) => {
                    state.phase = Phase::Broken;
                    return Offer::Broken;
                }
            }
        }
        state.count(frames.len(), joined.len());
        self.push_rest(state, frames, written, rules);
        Offer::Queued
    }

    /// Queues the last frames (at most a message and a close frame) after what waits; later offers are refused.
    /// `false` when it was closing already.
    pub(crate) fn close(&self, last: impl IntoIterator<Item = Frame>, rules: &Rules) -> bool {
        let mut state = self.state.lock();
        if state.phase != Phase::Open {
            return false;
        }
        for frame in last {
            state.count(1, frame.len());
            self.push(&mut state, frame, rules);
        }
        state.phase = Phase::Closing;
        true
    }

    /// Drops what waits, except a frame that is partly written, and queues the close frame for slow readers. `false` when it was
    /// closing already.
    pub(crate) fn close_slow(&self, rules: &Rules) -> bool {
        let mut state = self.state.lock();
        if state.phase != Phase::Open {
            return false;
        }
        self.give_up(&mut state, rules);
        true
    }

    /// Drops everything; nothing more is written. `false` when it was closing already, or known to be broken.
    pub(crate) fn destroy(&self) -> bool {
        let mut state = self.state.lock();
        let was_open = state.phase == Phase::Open;
        self.break_off(&mut state, Lost::Broken);
        was_open
    }

    /// Drops what nobody will write any more: the connection has ended with this code.
    pub(crate) fn abandon(&self, code: u16) {
        self.break_off(&mut self.state.lock(), Lost::Closed(code));
    }

    /// Whether it takes no more frames: it is closing, or known to be broken.
    pub(crate) fn is_ending(&self) -> bool {
        self.state.lock().phase != Phase::Open
    }

    /// Writes what waits until the socket is full, everything in one write if it takes it. Also gives since when what was written
    /// first had waited, in the gateway's milliseconds; `None` when nothing was written.
    pub(crate) fn flush(&self, wire: &Wire) -> (Flush, Option<u64>) {
        let mut waited_since = None;
        (self.flush_all(wire, &mut waited_since), waited_since)
    }

    fn flush_all(&self, wire: &Wire, waited_since: &mut Option<u64>) -> Flush {
        let mut state = self.state.lock();
        while let Some(waiting) = &mut state.waiting {
            match waiting.write_to(wire) {
                Ok(written) if written > 0 => {
                    *waited_since = waited_since.or(waiting.oldest_at());
                    waiting.take(written);
                    if waiting.is_empty() {
                        state.waiting = None;
                    }
                    self.note_oldest(&state);
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Flush::Blocked,
                Ok(_) | Err(_) => {
                    self.break_off(&mut state, Lost::Broken);
                    return Flush::Broken;
                }
            }
        }
        if state.phase == Phase::Broken { Flush::Broken } else { Flush::Empty }
    }

    /// When the oldest waiting frame was offered; `None` when nothing waits.
    pub(crate) fn oldest_at(&self) -> Option<u64> {
        match self.oldest_at.load(Relaxed) {
            0 => None,
            at => Some(at),
        }
    }

    /// Bytes that wait now.
    pub(crate) fn queued(&self) -> usize {
        self.state.lock().queued()
    }

    /// What it took so far.
    pub(crate) fn taken(&self) -> Taken {
        self.state.lock().taken
    }

    fn push(&self, state: &mut State, frame: Frame, rules: &Rules) {
        state.waiting_or_new(&rules.budget).push(frame, rules.clock.now());
        self.note_oldest(state);
    }

    /// Queues what is left of `frames` when `written` bytes of them are on the wire.
    fn push_rest(&self, state: &mut State, frames: &[Frame], mut written: usize, rules: &Rules) {
        let now = rules.clock.now();
        let waiting = state.waiting_or_new(&rules.budget);
        for frame in frames {
            if written >= frame.len() {
                written -= frame.len();
                continue;
            }
            match written {
                0 => waiting.push(frame.clone(), now),
                _ => waiting.push_cut(frame.slice(written..), now),
            }
            written = 0;
        }
        self.note_oldest(state);
    }

    fn give_up(&self, state: &mut State, rules: &Rules) {
        state.phase = Phase::Closing;
        let mut left = state.waiting.take().map_or_else(|| Waiting::new(None), |waiting| waiting.cut());
        left.push(rules.slow.clone(), rules.clock.now());
        state.waiting = Some(Box::new(left));
        self.note_oldest(state);
    }

    fn break_off(&self, state: &mut State, why: Lost) {
        state.phase = Phase::Broken;
        if let Some(mut waiting) = state.waiting.take() {
            waiting.lose(why);
        }
        self.note_oldest(state);
    }

    fn note_oldest(&self, state: &State) {
        let oldest = state.waiting.as_ref().and_then(|waiting| waiting.oldest_at());
        self.oldest_at.store(oldest.unwrap_or(0), Relaxed);
    }
}

impl State {
    fn count(&mut self, frames: usize, bytes: usize) {
        self.taken.frames += frames as u64;
        self.taken.bytes += bytes as u64;
    }

    fn queued(&self) -> usize {
        self.waiting.as_ref().map_or(0, |waiting| waiting.bytes())
    }

    fn waiting_or_new(&mut self, budget: &Arc<Budget>) -> &mut Waiting {
        self.waiting.get_or_insert_with(|| Box::new(Waiting::new(Some(budget.clone()))))
    }
}

/// The bytes of a frame that the WebSocket reader answers with by itself (pong, close echo).
pub(crate) fn copied(bytes: &[u8]) -> Frame {
    Bytes::copy_from_slice(bytes)
}
