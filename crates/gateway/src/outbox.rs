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

use crate::encode::Frame;
use crate::wire::Wire;

/// Most frames that leave in one write.
const SLICES: usize = 64;

/// Bytes that wait in all outboxes of a gateway.
#[derive(Debug)]
pub(crate) struct Budget {
    queued: AtomicUsize,
    limit: usize,
    over: Notify,
}

impl Budget {
    pub(crate) fn new(limit: usize) -> Arc<Self> {
        Arc::new(Self { queued: AtomicUsize::new(0), limit, over: Notify::new() })
    }

    /// Bytes that wait now.
    pub(crate) fn queued(&self) -> usize {
        self.queued.load(Relaxed)
    }

    /// Whether more waits than may.
    pub(crate) fn is_over(&self) -> bool {
        self.queued() > self.limit
    }

    /// Resolves when the limit was passed since the last call.
    pub(crate) async fn passed(&self) {
        self.over.notified().await;
    }

    fn add(&self, bytes: usize) {
        if self.queued.fetch_add(bytes, Relaxed) + bytes > self.limit {
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
    /// The socket took all of it.
    Written,
    /// It waits; the connection's task must be woken.
    Queued,
    /// It would have passed the bound in bytes. The outbox is closing now; the connection's task must be woken.
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

#[derive(Debug)]
struct Waiting {
    /// With the time of its offer, in the gateway's milliseconds.
    frames: VecDeque<(Frame, u64)>,
    bytes: usize,
    /// The first frame is partly on the wire and must be finished before anything else.
    head_is_cut: bool,
    /// Its bytes stand in the budget. Those of a client that was closed because it is too slow do not: what is left of them
    /// goes within the goodbye, and must not make others leave.
    counted: bool,
    phase: Phase,
}

/// See the head of this file. Every method is short and never waits.
#[derive(Debug)]
pub(crate) struct Outbox {
    waiting: Mutex<Waiting>,
    limit: usize,
    budget: Arc<Budget>,
    /// Time of the oldest waiting frame's offer; 0 when nothing waits. Read by the sweep without the lock.
    oldest_at: AtomicU64,
}

impl Outbox {
    /// An outbox that holds at most `limit` bytes, or any one frame. `first` waits in it already, before anything that is
    /// offered; a flush sends it off.
    pub(crate) fn new(limit: usize, budget: Arc<Budget>, first: Frame, now: u64) -> Self {
        let waiting = Waiting {
            frames: VecDeque::new(),
            bytes: 0,
            head_is_cut: false,
            counted: true,
            phase: Phase::Open,
        };
        let outbox = Self { waiting: Mutex::new(waiting), limit, budget, oldest_at: AtomicU64::new(0) };
        outbox.push(&mut outbox.waiting.lock(), first, now);
        outbox
    }

    /// Offers one frame. `now` is in the gateway's milliseconds, at least 1.
    ///
    /// `if_too_slow` is the close frame that ends the connection when `frame` would pass the bound.
    pub(crate) fn offer(&self, wire: &Wire, frame: &Frame, now: u64, if_too_slow: &Frame) -> Offer {
        let mut waiting = self.waiting.lock();
        if waiting.phase != Phase::Open {
            return Offer::Closed;
        }
        if waiting.frames.is_empty() {
            return match wire.try_write(&[IoSlice::new(frame)]) {
                Ok(written) if written == frame.len() => Offer::Written,
                Ok(written) => {
                    waiting.head_is_cut = written > 0;
                    self.push(&mut waiting, frame.slice(written..), now);
                    Offer::Queued
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    self.push(&mut waiting, frame.clone(), now);
                    Offer::Queued
                }
                Err(_) => {
                    waiting.phase = Phase::Broken;
                    Offer::Broken
                }
            };
        }
        if waiting.bytes + frame.len() > self.limit {
            self.give_up(&mut waiting, if_too_slow, now);
            return Offer::TooSlow;
        }
        self.push(&mut waiting, frame.clone(), now);
        Offer::Queued
    }

    /// Queues the last frames (at most a message and a close frame) after what waits; later offers are refused.
    /// `false` when it was closing already.
    pub(crate) fn close(&self, last: impl IntoIterator<Item = Frame>, now: u64) -> bool {
        let mut waiting = self.waiting.lock();
        if waiting.phase != Phase::Open {
            return false;
        }
        for frame in last {
            self.push(&mut waiting, frame, now);
        }
        waiting.phase = Phase::Closing;
        true
    }

    /// Drops what waits, except a frame that is partly written, and queues `close`. `false` when it was closing already.
    pub(crate) fn close_slow(&self, close: &Frame, now: u64) -> bool {
        let mut waiting = self.waiting.lock();
        if waiting.phase != Phase::Open {
            return false;
        }
        self.give_up(&mut waiting, close, now);
        true
    }

    /// Drops everything; nothing more is written. `false` when it was closing already, or known to be broken.
    pub(crate) fn destroy(&self) -> bool {
        let mut waiting = self.waiting.lock();
        let was_open = waiting.phase == Phase::Open;
        waiting.phase = Phase::Broken;
        self.clear(&mut waiting);
        was_open
    }

    /// Whether it takes no more frames: it is closing, or known to be broken.
    pub(crate) fn is_ending(&self) -> bool {
        self.waiting.lock().phase != Phase::Open
    }

    /// Writes what waits until the socket is full.
    pub(crate) fn flush(&self, wire: &Wire) -> Flush {
        let mut waiting = self.waiting.lock();
        while !waiting.frames.is_empty() {
            let slices: Vec<IoSlice<'_>> =
                waiting.frames.iter().take(SLICES).map(|(frame, _)| IoSlice::new(frame)).collect();
            match wire.try_write(&slices) {
                Ok(written) if written > 0 => self.take(&mut waiting, written),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Flush::Blocked,
                Ok(_) | Err(_) => {
                    waiting.phase = Phase::Broken;
                    self.clear(&mut waiting);
                    return Flush::Broken;
                }
            }
        }
        // Connections that once had to wait give the room back.
        waiting.frames = VecDeque::new();
        if waiting.phase == Phase::Broken { Flush::Broken } else { Flush::Empty }
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
        self.waiting.lock().bytes
    }

    fn push(&self, waiting: &mut Waiting, frame: Frame, now: u64) {
        waiting.bytes += frame.len();
        if waiting.counted {
            self.budget.add(frame.len());
        }
        waiting.frames.push_back((frame, now));
        self.note_oldest(waiting);
    }

    fn take(&self, waiting: &mut Waiting, mut written: usize) {
        waiting.bytes -= written;
        if waiting.counted {
            self.budget.sub(written);
        }
        while written > 0 {
            let Some((head, _)) = waiting.frames.front_mut() else {
                break;
            };
            if written < head.len() {
                head.advance(written);
                waiting.head_is_cut = true;
                break;
            }
            written -= head.len();
            waiting.frames.pop_front();
            waiting.head_is_cut = false;
        }
        self.note_oldest(waiting);
    }

    fn give_up(&self, waiting: &mut Waiting, close: &Frame, now: u64) {
        let head = if waiting.head_is_cut { waiting.frames.pop_front() } else { None };
        self.clear(waiting);
        waiting.counted = false;
        waiting.phase = Phase::Closing;
        if let Some((head, at)) = head {
            self.push(waiting, head, at);
            waiting.head_is_cut = true;
        }
        self.push(waiting, close.clone(), now);
    }

    /// `bytes` may count a frame that was taken out just before.
    fn clear(&self, waiting: &mut Waiting) {
        if waiting.counted {
            self.budget.sub(waiting.bytes);
        }
        waiting.bytes = 0;
        waiting.frames = VecDeque::new();
        waiting.head_is_cut = false;
        self.note_oldest(waiting);
    }

    fn note_oldest(&self, waiting: &Waiting) {
        self.oldest_at.store(waiting.frames.front().map_or(0, |(_, at)| *at), Relaxed);
    }
}

impl Drop for Outbox {
    fn drop(&mut self) {
        let waiting = self.waiting.get_mut();
        if waiting.counted {
            self.budget.sub(waiting.bytes);
        }
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
            match outbox.flush(wire) {
                Flush::Blocked => wire.writable().await.unwrap(),
                done => return done,
            }
        }
    }

    /// An outbox whose first frame has left.
    fn empty(limit: usize, budget: &Arc<Budget>, wire: &Wire) -> Outbox {
        let outbox = Outbox::new(limit, budget.clone(), encode::ping(), 1);
        assert_eq!(outbox.flush(wire), Flush::Empty);
        outbox
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
        let outbox = empty(1 << 20, &budget, &wire);
        let mut sent = first().to_vec();
        for number in 0..200_u32 {
            let frame = encode::text(&format!("{number} {}", "x".repeat(2000)));
            assert_ne!(outbox.offer(&wire, &frame, 1, &slow()), Offer::Closed);
            sent.extend_from_slice(&frame);
        }
        assert!(budget.queued() > 0, "nothing had to wait: the socket's buffer is larger than this test");
        assert_eq!(outbox.oldest_at(), Some(1));
        let close = encode::close(gatepipe_proto::CloseCode::NORMAL, "");
        assert!(outbox.close([close.clone()], 1));
        assert!(!outbox.close([close.clone()], 1));
        assert_eq!(outbox.offer(&wire, &slow(), 1, &slow()), Offer::Closed);
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
        let outbox = empty(10_000, &budget, &wire);
        let frame = encode::text(&"y".repeat(3000));
        let mut whole = 0;
        loop {
            match outbox.offer(&wire, &frame, 1, &slow()) {
                Offer::Written => whole += 1,
                Offer::Queued => {}
                Offer::TooSlow => break,
                Offer::Broken | Offer::Closed => panic!("closed before it was too slow"),
            }
        }
        assert!(outbox.queued() <= frame.len() + slow().len());
        assert_eq!(outbox.offer(&wire, &frame, 1, &slow()), Offer::Closed);

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
    async fn an_empty_outbox_takes_any_one_frame() {
        let (wire, _peer) = socket_pair().await;
        let outbox = empty(10, &Budget::new(1 << 30), &wire);
        assert_eq!(outbox.offer(&wire, &encode::text(&"z".repeat(1 << 20)), 1, &slow()), Offer::Queued);
        assert_eq!(outbox.offer(&wire, &encode::text("z"), 1, &slow()), Offer::TooSlow);
    }

    #[tokio::test]
    async fn a_broken_socket_is_told_of_once_and_refuses_from_then_on() {
        let (wire, peer) = socket_pair().await;
        let outbox = empty(1 << 20, &Budget::new(1 << 20), &wire);
        socket2::SockRef::from(&peer).set_linger(Some(std::time::Duration::ZERO)).unwrap();
        drop(peer);
        assert_eq!(outbox.offer(&wire, &encode::text("z"), 1, &slow()), Offer::Broken);
        assert_eq!(outbox.offer(&wire, &encode::text("z"), 1, &slow()), Offer::Closed);
        assert!(!outbox.close([slow()], 1));
        assert_eq!(outbox.flush(&wire), Flush::Broken);
    }

    #[tokio::test]
    async fn a_destroyed_outbox_holds_nothing() {
        let (wire, _peer) = socket_pair().await;
        let budget = Budget::new(100);
        let outbox = empty(1 << 20, &budget, &wire);
        while outbox.offer(&wire, &encode::text(&"z".repeat(5000)), 1, &slow()) == Offer::Written {}
        assert!(budget.is_over());
        budget.passed().await;
        assert!(!outbox.is_ending());
        assert!(outbox.destroy());
        assert!(outbox.is_ending() && !outbox.destroy());
        assert_eq!(budget.queued(), 0);
        assert_eq!(outbox.flush(&wire), Flush::Broken);
    }
}
