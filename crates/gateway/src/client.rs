//! One WebSocket client, as everyone but its connection task sees it: something frames can be offered to.

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering::Relaxed};
use std::task::{Context, Poll, ready};

use futures_util::task::AtomicWaker;
use gatepipe_proto::{ClientId, CloseCode, InvalidSession, ServerFrame, Session};
use parking_lot::{Mutex, MutexGuard};

use crate::clock::{self, Clock};
use crate::encode::{self, Frame};
use crate::handshake::Kept;
use crate::heartbeat::{Heartbeat, Verdict};
use crate::metrics::{Metrics, Slow};
use crate::outbox::{Flush, Offer, Outbox, Rules};
use crate::session;
use crate::traffic::{Carried, Heard};
use crate::trail::{Fate, Lost, Mark};
use crate::wire::Wire;

/// What all clients of a gateway share.
#[derive(Debug)]
pub(crate) struct Common {
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) rules: Rules,
}

impl Common {
    pub(crate) fn clock(&self) -> Clock {
        self.rules.clock
    }
}

/// How a browser reports a connection that ended without a close frame.
pub(crate) const CLOSED_WITHOUT_A_WORD: u16 = 1006;

/// How a connection is to be ended by us.
#[derive(Debug, Clone)]
pub(crate) struct Closing {
    pub(crate) code: CloseCode,
    pub(crate) reason: String,
    /// Queued before the close frame.
    pub(crate) last_message: Option<Frame>,
}

impl Closing {
    pub(crate) fn new(code: CloseCode, reason: &str) -> Self {
        Self { code, reason: reason.to_owned(), last_message: None }
    }
}

/// A connected client. Its socket closes when the last handle is dropped.
///
/// The fields stand in this order in memory: what an offer needs is together, and beside the count of handles, because a broadcast
/// has to fetch it from memory for every client; what the sweep looks at every second follows in the same lines.
#[derive(Debug)]
#[repr(C)]
pub(crate) struct Client {
    outbox: Outbox,
    wire: Wire,
    common: Arc<Common>,
    /// When its last frame came, in the gateway's milliseconds.
    heard_at: AtomicU64,
    /// Pings since then.
    pings: AtomicU32,
    pub(crate) id: ClientId,
    /// Canonical; behind trusted proxies the one that they tell.
    pub(crate) remote: IpAddr,
    pub(crate) connected_at_ms: i64,
    heard: Heard,
    /// `None`: the empty object, which costs nothing. Written and merged under this lock alone, so that a large session holds up
    /// nobody else.
    session: Mutex<Option<Session>>,
    /// Since when it has no uid, in the gateway's milliseconds; 0 while it has one.
    unbound_since: AtomicU64,
    /// The code it is being closed with by us; 0 while it is not.
    closed_with: AtomicU32,
    /// The code it ended with; 0 while it has not.
    ended_with: AtomicU32,
    /// Held while something happens to it and workers are told: what follows from that is told later.
    in_order: Mutex<()>,
    /// For people who look at it.
    handshake: Kept,
    /// Wakes the connection's task: something waits, or the end has come.
    wake: AtomicWaker,
}

impl Client {
    /// A client whose `init` waits already, before anything that anyone may offer; [`Client::greet`] sends it off.
    pub(crate) fn new(
        id: ClientId,
        remote: IpAddr,
        wire: Wire,
        handshake: Kept,
        common: Arc<Common>,
    ) -> Arc<Self> {
        let init = encode::text(&ServerFrame::init(&id.to_string()).to_text());
        let (now, init_bytes) = (common.clock().now(), init.len());
        let client = Arc::new(Self {
            id,
            remote,
            connected_at_ms: clock::epoch_ms(),
            wire,
            outbox: Outbox::new(init, &common.rules),
            heard: Heard::default(),
            session: Mutex::new(None),
            heard_at: AtomicU64::new(now),
            pings: AtomicU32::new(0),
            unbound_since: AtomicU64::new(now),
            closed_with: AtomicU32::new(0),
            ended_with: AtomicU32::new(0),
            in_order: Mutex::new(()),
            handshake,
            wake: AtomicWaker::new(),
            common,
        });
        client.common.metrics.sent(1, init_bytes);
        client
    }

    /// Offers one frame. `true` when its socket or outbox took it. Never waits.
    pub(crate) fn offer(&self, frame: &Frame) -> bool {
        let taken = self.offer_uncounted(frame, std::slice::from_ref(frame));
        if taken {
            self.common.metrics.sent(1, frame.len());
        }
        taken
    }

    /// Offers frames: `true` when all were taken, `false` when none was. `joined` is their bytes one after the other. Whoever offers
    /// to many counts what was taken in the gateway's metrics once for all of them.
    pub(crate) fn offer_uncounted(&self, joined: &Frame, frames: &[Frame]) -> bool {
        self.attend(self.outbox.offer(&self.wire, joined, frames, &self.common.rules))
    }

    /// Offers one frame as [`Client::offer`] does, and tells `mark` what becomes of it.
    pub(crate) fn offer_marked(&self, frame: &Frame, mark: &Mark) -> bool {
        let taken = self.offer_marked_uncounted(frame, mark);
        if taken {
            self.common.metrics.sent(1, frame.len());
        }
        taken
    }

    /// The same for whoever offers to many.
    pub(crate) fn offer_marked_uncounted(&self, frame: &Frame, mark: &Mark) -> bool {
        let offer = self.outbox.offer_marked(&self.wire, frame, &self.common.rules, mark);
        match offer {
            Offer::Written => mark.offered(Fate::Written),
            // The outbox has told it.
            Offer::Queued => {}
            Offer::TooSlow => mark.offered(Fate::Lost(Lost::TooSlow)),
            Offer::Broken => mark.offered(Fate::Lost(Lost::Broken)),
            Offer::Closed => mark.offered(Fate::Lost(Lost::Closed(self.ending_with()))),
        }
        self.attend(offer)
    }

    /// Does what follows from an offer. `true` when it was taken.
    #[inline]
    fn attend(&self, offer: Offer) -> bool {
        match offer {
            Offer::Written => true,
            Offer::Queued => {
                self.wake.wake();
                true
            }
            Offer::TooSlow => {
                self.common.metrics.slow_close(Slow::Bytes);
                self.note_close(CloseCode::SLOW_CONSUMER);
                false
            }
            Offer::Broken => {
                self.wake.wake();
                false
            }
            Offer::Closed => false,
        }
    }

    /// Looks at what an offer needs, for whoever is about to offer to many: the processor fetches that of several at once from memory
    /// when none has to wait for the one before.
    pub(crate) fn look(self: &Arc<Self>) {
        std::hint::black_box((Arc::strong_count(self), self.wire.number()));
    }

    /// The number of its socket, which nobody else has while any handle to this client is left.
    pub(crate) fn socket_number(&self) -> usize {
        self.wire.number()
    }

    /// Sends `init` off. The client must be in the hub by now: it may be bound as soon as it knows its id.
    pub(crate) fn greet(&self) {
        if self.outbox.flush(&self.wire).0 != Flush::Empty {
            self.wake.wake();
        }
    }

    /// Ends the connection after what waits, with a close frame. `false` when it is ending already. Wakes the connection's task in
    /// either case: it may not know yet that the socket is broken.
    pub(crate) fn close(&self, closing: &Closing) -> bool {
        let close = encode::close(closing.code, &closing.reason);
        let last = closing.last_message.iter().chain([&close]);
        let first = self.outbox.close(last.clone().cloned(), &self.common.rules);
        if first {
            last.for_each(|frame| self.common.metrics.sent(1, frame.len()));
            self.note_close(closing.code);
        } else {
            self.wake.wake();
        }
        first
    }

    /// Ends the connection because it reads too slowly: only a frame already on the wire is finished.
    pub(crate) fn close_slow(&self, cause: Slow) -> bool {
        let first = self.outbox.close_slow(&self.common.rules);
        if first {
            self.common.metrics.slow_close(cause);
            self.note_close(CloseCode::SLOW_CONSUMER);
        } else {
            self.wake.wake();
        }
        first
    }

    /// Cuts the connection without a word, also when it is ending already; `false` then.
    pub(crate) fn destroy(&self) -> bool {
        let first = self.outbox.destroy();
        self.wake.wake();
        first
    }

    /// Whether the connection is ending: nothing more can be offered.
    pub(crate) fn is_ending(&self) -> bool {
        self.outbox.is_ending()
    }

    /// The connection has ended, for whatever reason: it is counted, and later offers are refused.
    pub(crate) fn end(&self, code: u16) {
        self.outbox.close([], &self.common.rules);
        self.ended_with.store(u32::from(code), Relaxed);
        self.common.metrics.closed(code);
    }

    /// The code it ended with; 1006 when nobody noted one.
    pub(crate) fn ended_with(&self) -> u16 {
        match self.ended_with.load(Relaxed) {
            0 => CLOSED_WITHOUT_A_WORD,
            code => u16::try_from(code).unwrap_or(CLOSED_WITHOUT_A_WORD),
        }
    }

    /// The code it is being closed with by us, or else the one that it ended with.
    fn ending_with(&self) -> u16 {
        self.closed_with().map_or_else(|| self.ended_with(), CloseCode::number)
    }

    /// Lets go of what still waits: its connection's task has ended and nobody will write it.
    pub(crate) fn abandon(&self) {
        self.outbox.abandon(self.ending_with());
    }

    /// Until the guard is dropped, nothing else that workers are told of happens to this client. Taken before every other lock, and
    /// never while waiting.
    pub(crate) fn in_order(&self) -> MutexGuard<'_, ()> {
        self.in_order.lock()
    }

    fn note_close(&self, code: CloseCode) {
        self.closed_with.store(u32::from(code.number()), Relaxed);
        self.wake.wake();
    }

    /// The code we are closing it with.
    pub(crate) fn closed_with(&self) -> Option<CloseCode> {
        CloseCode::new(u16::try_from(self.closed_with.load(Relaxed)).ok()?)
    }

    /// Notes one frame from it, of whatever kind: a sign of life.
    pub(crate) fn heard(&self, payload_bytes: usize) {
        self.heard.note(payload_bytes);
        self.common.metrics.frames_in.inc();
        self.common.metrics.bytes_in.inc_by(payload_bytes as u64);
        self.heard_at.store(self.common.clock().now(), Relaxed);
        if self.pings.load(Relaxed) != 0 {
            self.pings.store(0, Relaxed);
        }
    }

    /// When its last frame came, in milliseconds since 1970; at first when it came itself. Reckoned from two clocks, of which each is cut to
    /// milliseconds, so it may differ by 2 from one question to the next.
    pub(crate) fn heard_at_ms(&self) -> i64 {
        let silent_ms = self.now().saturating_sub(self.heard_at.load(Relaxed));
        clock::epoch_ms().saturating_sub_unsigned(silent_ms).max(self.connected_at_ms)
    }

    /// What is kept of its handshake.
    pub(crate) fn handshake(&self) -> &Kept {
        &self.handshake
    }

    /// The gateway's milliseconds.
    pub(crate) fn now(&self) -> u64 {
        self.common.clock().now()
    }

    /// What its silence calls for at `now`.
    pub(crate) fn judge(&self, heartbeat: Heartbeat, now: u64) -> Verdict {
        let silent_ms = now.saturating_sub(self.heard_at.load(Relaxed));
        heartbeat.judge(silent_ms, self.pings.load(Relaxed))
    }

    /// Notes that it has a uid, or has none any more. Called by the hub under the lock that decides it.
    pub(crate) fn note_bound(&self, bound: bool) {
        let since = if bound { 0 } else { self.common.clock().now() };
        self.unbound_since.store(since, Relaxed);
    }

    /// How long it has been without a uid at `now`, in milliseconds.
    pub(crate) fn unbound_ms(&self, now: u64) -> u64 {
        match self.unbound_since.load(Relaxed) {
            0 => 0,
            since => now.saturating_sub(since),
        }
    }

    /// Sends a ping and remembers it.
    pub(crate) fn ping(&self, frame: &Frame) {
        self.pings.fetch_add(1, Relaxed);
        self.offer(frame);
    }

    /// How long its oldest byte has waited at `now`, in milliseconds.
    pub(crate) fn waiting_ms(&self, now: u64) -> u64 {
        self.outbox.oldest_at().map_or(0, |at| now.saturating_sub(at))
    }

    /// Bytes that wait for it.
    pub(crate) fn queued(&self) -> usize {
        self.outbox.queued()
    }

    /// What went over its socket so far.
    pub(crate) fn carried(&self) -> Carried {
        Carried::new(&self.heard, self.outbox.taken())
    }

    /// Its session; the empty object when none was set.
    pub(crate) fn session(&self) -> Session {
        self.session.lock().clone().unwrap_or_default()
    }

    /// Replaces its session. `true` when that changed the text.
    pub(crate) fn set_session(&self, session: Session) -> bool {
        let mut kept = self.session.lock();
        let changed = kept.as_ref().map_or(session != Session::default(), |before| *before != session);
        *kept = Some(session).filter(|session| *session != Session::default());
        changed
    }

    /// Merges a patch into its session. `true` when that changed anything.
    ///
    /// # Errors
    /// `InvalidSession::TooLarge` when the result is over 64 KiB; the session stays as it was.
    pub(crate) fn update_session(&self, patch: &Session) -> Result<bool, InvalidSession> {
        let mut kept = self.session.lock();
        let Some(merged) = session::merged(&kept.clone().unwrap_or_default(), patch)? else {
            return Ok(false);
        };
        *kept = Some(merged).filter(|session| *session != Session::default());
        Ok(true)
    }

    /// Finishes what the socket did not take at once; ready when we are ending the connection or the socket is broken. Only the
    /// connection's task may ask: it is the one that is woken.
    pub(crate) fn poll_writes(&self, context: &mut Context<'_>) -> Poll<()> {
        // Before the look, so that whatever comes after it wakes the task.
        self.wake.register(context.waker());
        loop {
            // Being closed does not wait for a peer that does not read.
            if self.closed_with().is_some() {
                return Poll::Ready(());
            }
            match self.write_waiting() {
                Flush::Empty => return Poll::Pending,
                Flush::Broken => return Poll::Ready(()),
                Flush::Blocked => {
                    if ready!(self.wire.poll_writable(context)).is_err() {
                        return Poll::Ready(());
                    }
                }
            }
        }
    }

    /// Writes what waits until the socket is full, and counts how long it waited.
    fn write_waiting(&self) -> Flush {
        let (flush, waited_since) = self.outbox.flush(&self.wire);
        if let Some(since) = waited_since {
            self.common.metrics.outbox_waited(self.now().saturating_sub(since));
        }
        flush
    }

    /// Writes everything that waits. `false` when the socket broke.
    pub(crate) async fn flush(&self) -> bool {
        loop {
            match self.write_waiting() {
                Flush::Empty => return true,
                Flush::Broken => return false,
                Flush::Blocked => {
                    if self.wire.writable().await.is_err() {
                        return false;
                    }
                }
            }
        }
    }

    pub(crate) fn wire(&self) -> &Wire {
        &self.wire
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;
    use std::time::Duration;

    use gatepipe_proto::GatewayId;
    use prometheus_client::registry::Registry;
    use tokio::net::{TcpListener, TcpStream};

    use super::*;
    use crate::outbox::Budget;

    /// A greeted client and the other end of its socket.
    async fn client_and_peer() -> (Arc<Client>, TcpStream) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let peer = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        let (socket, address) = listener.accept().await.unwrap();
        socket.writable().await.unwrap();
        let rules = Rules {
            clock: Clock::start(),
            budget: Budget::new(1 << 20),
            limit: (1 << 20).into(),
            slow: encode::close(CloseCode::SLOW_CONSUMER, "slow"),
        };
        let common = Common { metrics: Metrics::register(&mut Registry::default()), rules };
        let id = ClientId::random(GatewayId::random());
        let client = Client::new(id, address.ip(), Wire::Plain(socket), Kept::default(), Arc::new(common));
        client.greet();
        (client, peer)
    }

    #[tokio::test]
    async fn whoever_finds_the_socket_broken_ends_the_connection_though_nobody_reads() {
        let (client, peer) = client_and_peer().await;
        let waiting = client.clone();
        let finished = tokio::spawn(async move { poll_fn(|context| waiting.poll_writes(context)).await });
        // Its task waits before anything breaks.
        tokio::task::yield_now().await;
        socket2::SockRef::from(&peer).set_linger(Some(Duration::ZERO)).unwrap();
        drop(peer);
        assert!(!client.offer(&encode::ping()));
        tokio::time::timeout(Duration::from_secs(20), finished).await.expect("it waits for ever").unwrap();
        assert!(client.is_ending() && client.closed_with().is_none());
    }
}
