//! Bytes on their way to one client: bounded, in order, each frame whole.
//!
//! Anyone may offer a frame. While nothing waits it goes straight to the socket, under the outbox's lock, so that frames never
//! interleave; what the socket does not take waits here until the connection's task has finished it. Past its bound the
//! outbox keeps only a frame that is already partly written and turns to closing: a client never misses a frame silently.

use std::collections::VecDeque;
use std::io::{self, IoSlice};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed};

use bytes::{Buf, Bytes};
use parking_lot::Mutex;
use tokio::sync::Notify;

use crate::clock::Clock;
use crate::encode::Frame;
use crate::wire::Wire;

/// Most frames that leave in one write.
const SLICES: usize = 64;

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

    fn add(&self, bytes: usize) {
        if self.queued.fetch_add(bytes, Relaxed) + bytes > self.limit.load(Relaxed) {
            self.over.notify_one();
        }
    }

    fn sub(&self, bytes: usize) {
        self.queued.fetch_sub(bytes, Relaxed);
    }
}

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
        self.budget.limit.store(all, Relaxed);
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

/// At least one frame that waits.
#[derive(Debug)]
struct Waiting {
    /// With the time of its offer, in the gateway's milliseconds.
    frames: VecDeque<(Frame, u64)>,
    bytes: usize,
    /// The first frame is partly on the wire and must be finished before anything else.
    head_is_cut: bool,
    /// Where its bytes stand. Those of a client that was closed because it is too slow stand nowhere: what is left of them goes
    /// within the goodbye, and must not make others leave.
    budget: Option<Arc<Budget>>,
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
        let mut state = self.state.lock();
        if state.phase != Phase::Open {
            return Offer::Closed;
        }
        let mut written = 0;
        if let Some(waiting) = &state.waiting {
            if waiting.bytes + joined.len() > rules.limit() {
                self.give_up(&mut state, rules);
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
        self.push_rest(&mut state, frames, written, rules);
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
        self.break_off(&mut state);
        was_open
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
                    *waited_since = waited_since.or(waiting.frames.front().map(|(_, at)| *at));
                    waiting.take(written);
                    if waiting.frames.is_empty() {
                        state.waiting = None;
                    }
                    self.note_oldest(&state);
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Flush::Blocked,
                Ok(_) | Err(_) => {
                    self.break_off(&mut state);
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
        self.state.lock().waiting.as_ref().map_or(0, |waiting| waiting.bytes)
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
            if written > 0 {
                waiting.head_is_cut = true;
            }
            waiting.push(frame.slice(written..), now);
            written = 0;
        }
        self.note_oldest(state);
    }

    fn give_up(&self, state: &mut State, rules: &Rules) {
        let head = state.waiting.take().and_then(|mut waiting| {
            let head = waiting.head_is_cut.then(|| waiting.frames.pop_front()).flatten();
            if let Some((frame, _)) = &head {
                waiting.uncount(frame.len());
            }
            head
        });
        state.phase = Phase::Closing;
        let mut left = Waiting::new(None);
        if let Some((head, at)) = head {
            left.push(head, at);
            left.head_is_cut = true;
        }
        left.push(rules.slow.clone(), rules.clock.now());
        state.waiting = Some(Box::new(left));
        self.note_oldest(state);
    }

    fn break_off(&self, state: &mut State) {
        state.phase = Phase::Broken;
        state.waiting = None;
        self.note_oldest(state);
    }

    fn note_oldest(&self, state: &State) {
        let oldest = state.waiting.as_ref().and_then(|waiting| waiting.frames.front());
        self.oldest_at.store(oldest.map_or(0, |(_, at)| *at), Relaxed);
    }
}

impl State {
    fn count(&mut self, frames: usize, bytes: usize) {
        self.taken.frames += frames as u64;
        self.taken.bytes += bytes as u64;
    }

    fn waiting_or_new(&mut self, budget: &Arc<Budget>) -> &mut Waiting {
        self.waiting.get_or_insert_with(|| Box::new(Waiting::new(Some(budget.clone()))))
    }
}

impl Waiting {
    fn new(budget: Option<Arc<Budget>>) -> Self {
        Self { frames: VecDeque::new(), bytes: 0, head_is_cut: false, budget }
    }

    fn push(&mut self, frame: Frame, at: u64) {
        self.bytes += frame.len();
        if let Some(budget) = &self.budget {
            budget.add(frame.len());
        }
        self.frames.push_back((frame, at));
    }

    fn uncount(&mut self, bytes: usize) {
        self.bytes -= bytes;
        if let Some(budget) = &self.budget {
            budget.sub(bytes);
        }
    }

    fn write_to(&self, wire: &Wire) -> io::Result<usize> {
        let mut slices = [IoSlice::new(&[]); SLICES];
        let mut count = 0;
        for (slice, (frame, _)) in slices.iter_mut().zip(&self.frames) {
            *slice = IoSlice::new(frame);
            count += 1;
        }
        wire.try_write(&slices[..count])
    }

    /// Takes away what has been written.
    fn take(&mut self, mut written: usize) {
        self.uncount(written);
        while written > 0 {
            let Some((head, _)) = self.frames.front_mut() else {
                break;
            };
            if written < head.len() {
                head.advance(written);
                self.head_is_cut = true;
                break;
            }
            written -= head.len();
            self.frames.pop_front();
            self.head_is_cut = false;
        }
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        self.uncount(self.bytes);
    }
}

/// The bytes of a frame that the WebSocket reader answers with by itself (pong, close echo).
pub(crate) fn copied(bytes: &[u8]) -> Frame {
    Bytes::copy_from_slice(bytes)
}

#[cfg(test)]
mod tests {
    use tokio::io::AsyncReadExt;
    use tokio::net::{TcpListener, TcpSocket, TcpStream};

    use super::*;
    use crate::encode;

    async fn socket_pair() -> (Wire, TcpStream) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        socket2::SockRef::from(&listener).set_send_buffer_size(8192).unwrap();
        let socket = TcpSocket::new_v4().unwrap();
        socket.set_recv_buffer_size(8192).unwrap();
        let peer = socket.connect(listener.local_addr().unwrap()).await.unwrap();
        let (wire, _) = listener.accept().await.unwrap();
        wire.writable().await.unwrap();
        (Wire::Plain(wire), peer)
    }

    async fn read_all(mut peer: TcpStream) -> Vec<u8> {
        let mut bytes = Vec::new();
        peer.read_to_end(&mut bytes).await.unwrap();
        bytes
    }

    async fn flush_all(outbox: &Outbox, wire: &Wire) -> Flush {
        loop {
            match outbox.flush(wire).0 {
                Flush::Blocked => wire.writable().await.unwrap(),
                done => return done,
            }
        }
    }

    fn rules(limit: usize, budget: &Arc<Budget>) -> Rules {
        Rules { clock: Clock::start(), budget: budget.clone(), limit: limit.into(), slow: slow() }
    }

    /// An outbox whose first frame has left.
    fn empty(rules: &Rules, wire: &Wire) -> Outbox {
        let outbox = Outbox::new(encode::ping(), rules);
        assert_eq!(outbox.flush(wire).0, Flush::Empty);
        outbox
    }

    impl Outbox {
        fn offer_one(&self, wire: &Wire, frame: &Frame, rules: &Rules) -> Offer {
            self.offer(wire, frame, std::slice::from_ref(frame), rules)
        }
    }

    /// What `empty` sent.
    fn first() -> Frame {
        encode::ping()
    }

    fn slow() -> Frame {
        encode::close(gatepipe_proto::CloseCode::SLOW_CONSUMER, "slow")
    }

    #[tokio::test]
    async fn frames_leave_whole_and_in_order_and_the_budget_returns_to_zero() {
        let (wire, peer) = socket_pair().await;
        let budget = Budget::new(1 << 20);
        let rules = rules(1 << 20, &budget);
        let outbox = empty(&rules, &wire);
        let mut sent = first().to_vec();
        for number in 0..200_u32 {
            let frame = encode::text(&format!("{number} {}", "x".repeat(2000)));
            assert_ne!(outbox.offer_one(&wire, &frame, &rules), Offer::Closed);
            sent.extend_from_slice(&frame);
        }
        assert!(budget.queued() > 0, "nothing had to wait: the socket's buffer is larger than this test");
        assert!(outbox.oldest_at().is_some_and(|at| at >= 1));
        let close = encode::close(gatepipe_proto::CloseCode::NORMAL, "");
        assert!(outbox.close([close.clone()], &rules));
        assert!(!outbox.close([close.clone()], &rules));
        assert_eq!(outbox.offer_one(&wire, &slow(), &rules), Offer::Closed);
        sent.extend_from_slice(&close);

        let reading = tokio::spawn(read_all(peer));
        assert_eq!(flush_all(&outbox, &wire).await, Flush::Empty);
        assert_eq!((budget.queued(), outbox.queued(), outbox.oldest_at()), (0, 0, None));
        drop((outbox, wire));
        assert!(reading.await.unwrap() == sent, "the bytes arrived differently");
    }

    #[tokio::test]
    async fn past_its_bound_it_keeps_the_frame_on_the_wire_and_ends_with_the_close() {
        let (wire, peer) = socket_pair().await;
        let budget = Budget::new(1 << 20);
        let rules = rules(10_000, &budget);
        let outbox = empty(&rules, &wire);
        let frame = encode::text(&"y".repeat(3000));
        let mut whole = 0;
        loop {
            match outbox.offer_one(&wire, &frame, &rules) {
                Offer::Written => whole += 1,
                Offer::Queued => {}
                Offer::TooSlow => break,
                Offer::Broken | Offer::Closed => panic!("closed before it was too slow"),
            }
        }
        assert!(outbox.queued() <= frame.len() + slow().len());
        assert_eq!(outbox.offer_one(&wire, &frame, &rules), Offer::Closed);

        let reading = tokio::spawn(read_all(peer));
        assert_eq!(flush_all(&outbox, &wire).await, Flush::Empty);
        assert_eq!(budget.queued(), 0);
        drop((outbox, wire));
        let bytes = reading.await.unwrap();
        let frames = bytes.strip_suffix(&slow()[..]).expect("the close frame is the last");
        let frames = frames.strip_prefix(&first()[..]).expect("the first frame is the first");
        assert!(frames.len() % frame.len() == 0 && frames.len() / frame.len() >= whole);
        assert!(frames.chunks(frame.len()).all(|chunk| chunk == &frame[..]));
    }

    #[tokio::test]
    async fn joined_frames_are_one_write_and_wait_as_the_frames_they_are() {
        let (wire, peer) = socket_pair().await;
        let budget = Budget::new(1 << 20);
        let rules = rules(100_000, &budget);
        let outbox = empty(&rules, &wire);
        let frames: Vec<Frame> =
            (0..9).map(|number| encode::text(&format!("{number}").repeat(5000))).collect();
        let joined: Frame = frames.concat().into();
        let mut sent = first().to_vec();
        let mut taken = 1;
        loop {
            match outbox.offer(&wire, &joined, &frames, &rules) {
                Offer::Written | Offer::Queued => sent.extend_from_slice(&joined),
                Offer::TooSlow => break,
                Offer::Broken | Offer::Closed => panic!("closed before it was too slow"),
            }
            taken += frames.len() as u64;
        }
        // One frame may be under way; what else waited is gone, and none of the last offer is counted.
        assert!(outbox.queued() <= frames[0].len() + slow().len());
        assert_eq!(outbox.taken(), Taken { frames: taken, bytes: sent.len() as u64 });
        assert_eq!(budget.queued(), 0);

        let reading = tokio::spawn(read_all(peer));
        assert_eq!(flush_all(&outbox, &wire).await, Flush::Empty);
        drop((outbox, wire));
        let bytes = reading.await.unwrap();
        let whole = bytes.strip_suffix(&slow()[..]).expect("the close frame is the last");
        assert!(sent.starts_with(whole), "the bytes arrived differently");
        assert_eq!((whole.len() - first().len()) % frames[0].len(), 0, "a frame was cut");
    }

    #[tokio::test]
    async fn an_empty_outbox_takes_any_one_frame() {
        let (wire, _peer) = socket_pair().await;
        let rules = rules(10, &Budget::new(1 << 30));
        let outbox = empty(&rules, &wire);
        assert_eq!(outbox.offer_one(&wire, &encode::text(&"z".repeat(1 << 20)), &rules), Offer::Queued);
        assert_eq!(outbox.offer_one(&wire, &encode::text("z"), &rules), Offer::TooSlow);
    }

    #[tokio::test]
    async fn a_broken_socket_is_told_of_once_and_refuses_from_then_on() {
        let (wire, peer) = socket_pair().await;
        let rules = rules(1 << 20, &Budget::new(1 << 20));
        let outbox = empty(&rules, &wire);
        socket2::SockRef::from(&peer).set_linger(Some(std::time::Duration::ZERO)).unwrap();
        drop(peer);
        assert_eq!(outbox.offer_one(&wire, &encode::text("z"), &rules), Offer::Broken);
        assert_eq!(outbox.offer_one(&wire, &encode::text("z"), &rules), Offer::Closed);
        assert!(!outbox.close([slow()], &rules));
        assert_eq!(outbox.flush(&wire).0, Flush::Broken);
    }

    #[tokio::test]
    async fn a_destroyed_outbox_holds_nothing() {
        let (wire, _peer) = socket_pair().await;
        let budget = Budget::new(100);
        let rules = rules(1 << 20, &budget);
        let outbox = empty(&rules, &wire);
        while outbox.offer_one(&wire, &encode::text(&"z".repeat(5000)), &rules) == Offer::Written {}
        assert!(budget.is_over());
        budget.passed().await;
        assert!(!outbox.is_ending());
        assert!(outbox.destroy());
        assert!(outbox.is_ending() && !outbox.destroy());
        assert_eq!(budget.queued(), 0);
        assert_eq!(outbox.flush(&wire).0, Flush::Broken);
    }
}
