use tokio::io::AsyncReadExt;
use tokio::net::{TcpListener, TcpSocket, TcpStream};

use gatepipe_proto::{ClientId, Code, GatewayId, Uid};

use super::*;
use crate::encode;
use crate::trail::{Trail, Witness};

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
    let frames: Vec<Frame> = (0..9).map(|number| encode::text(&format!("{number}").repeat(5000))).collect();
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

/// Notes what becomes of frames, each of them offered to a client of its own.
#[derive(Debug, Default)]
struct Notes(Mutex<Vec<(ClientId, Fate)>>);

impl Notes {
    fn note(&self, client: ClientId, fate: Fate) {
        self.0.lock().push((client, fate));
    }

    fn of(&self, client: ClientId) -> Vec<Fate> {
        self.0.lock().iter().filter(|(who, _)| *who == client).map(|(_, fate)| *fate).collect()
    }
}

impl Witness for Notes {
    fn cares_for(&self, _: Option<&Uid>) -> bool {
        true
    }

    fn offered(&self, client: ClientId, fate: Fate) {
        self.note(client, fate);
    }

    fn settled(&self, client: ClientId, fate: Fate) {
        self.note(client, fate);
    }

    fn refused(&self, _: Code, _: &str) {}

    fn ended(&self) {}
}

/// Frames offered until some wait, each with who was told of it.
struct Followed {
    notes: Arc<Notes>,
    frames: Vec<(ClientId, Frame, Offer)>,
}

impl Followed {
    fn new() -> Self {
        Self { notes: Arc::default(), frames: Vec::new() }
    }

    fn offer(&mut self, outbox: &Outbox, wire: &Wire, frame: Frame, rules: &Rules) -> Offer {
        let client = ClientId::random(GatewayId::random());
        let trail = Trail::new(vec![self.notes.clone()]).unwrap();
        let offer = outbox.offer_marked(wire, &frame, rules, &trail.path(None).unwrap().to(client));
        self.frames.push((client, frame, offer));
        offer
    }

    /// Offers frames until `most` of them wait.
    fn offer_until_waiting(&mut self, outbox: &Outbox, wire: &Wire, rules: &Rules, most: usize) {
        let mut waiting = 0;
        while waiting < most {
            let frame = encode::text(&format!("{} {}", self.frames.len(), "x".repeat(5000)));
            waiting += usize::from(self.offer(outbox, wire, frame, rules) == Offer::Queued);
        }
    }

    /// What is told of those that had to wait, in order.
    fn waited(&self) -> Vec<Vec<Fate>> {
        let waited = self.frames.iter().filter(|(.., offer)| *offer == Offer::Queued);
        waited.map(|(client, ..)| self.notes.of(*client)).collect()
    }
}

#[tokio::test]
async fn of_a_frame_that_waits_it_is_told_when_its_last_byte_has_left_and_not_earlier() {
    let (wire, mut peer) = socket_pair().await;
    let rules = rules(1 << 20, &Budget::new(1 << 20));
    let outbox = empty(&rules, &wire);
    let mut followed = Followed::new();
    followed.offer_until_waiting(&outbox, &wire, &rules, 30);
    // One that nobody wants to know of does not count for its neighbours.
    assert_eq!(outbox.offer_one(&wire, &encode::text(&"y".repeat(9000)), &rules), Offer::Queued);
    followed.offer_until_waiting(&outbox, &wire, &rules, 1);
    let waited = followed.waited();
    assert!(waited.iter().all(|fates| matches!(fates[..], [Fate::Waits { .. }])), "{waited:?}");
    assert!(waited.is_sorted_by_key(|fates| match fates[0] {
        Fate::Waits { behind } => behind,
        _ => usize::MAX,
    }));

    let lengths: Vec<usize> = followed.frames.iter().map(|(_, frame, _)| frame.len()).collect();
    loop {
        let flush = outbox.flush(&wire).0;
        let (waited, left) = (followed.waited(), outbox.queued());
        let written = waited.iter().take_while(|fates| fates.last() == Some(&Fate::Written)).count();
        let untold = waited.len() - written;
        assert!(waited[written..].iter().all(|fates| fates.len() == 1), "out of order: {waited:?}");
        assert_eq!(untold == 0, left == 0);
        // What waits is the end of all that was offered, which is what is not told, and one that nobody wants to know of.
        let bytes_of_last = |frames| lengths.iter().rev().take(frames).sum::<usize>();
        assert!(left <= bytes_of_last(untold) + 9004, "told too early: {left} bytes are left");
        assert!(untold == 0 || left > bytes_of_last(untold - 1), "told too late: {left} bytes are left");
        if flush == Flush::Empty {
            break;
        }
        let mut bytes = vec![0; 4000];
        tokio::select! {
            read = peer.read(&mut bytes) => assert!(read.unwrap() > 0),
            ready = wire.writable() => ready.unwrap(),
        }
    }
}

#[tokio::test]
async fn of_a_client_that_is_too_slow_only_the_frame_on_the_wire_is_written() {
    let (wire, peer) = socket_pair().await;
    let rules = rules(1 << 20, &Budget::new(1 << 20));
    let outbox = empty(&rules, &wire);
    let mut followed = Followed::new();
    // The first that waits is partly on the wire: it does not fit into what the socket takes.
    followed.offer(&outbox, &wire, encode::text(&"x".repeat(500_000)), &rules);
    followed.offer_until_waiting(&outbox, &wire, &rules, 3);
    assert!(outbox.close_slow(&rules));
    let slow = Fate::Lost(Lost::TooSlow);
    let waited = followed.waited();
    assert_eq!(waited[0], [Fate::Waits { behind: 0 }]);
    assert!(waited[1..].iter().all(|fates| fates[1..] == [slow]), "{waited:?}");

    let reading = tokio::spawn(read_all(peer));
    assert_eq!(flush_all(&outbox, &wire).await, Flush::Empty);
    assert_eq!(followed.waited()[0], [Fate::Waits { behind: 0 }, Fate::Written]);
    drop((outbox, wire));
    reading.await.unwrap();
}

#[tokio::test]
async fn what_is_dropped_is_told_to_be_lost() {
    type End = fn(&Outbox);
    let ends: [(End, Lost); 3] = [
        (|outbox| assert!(outbox.destroy()), Lost::Broken),
        (|outbox| outbox.abandon(1012), Lost::Closed(1012)),
        (|_| {}, Lost::Broken),
    ];
    for (end, lost) in ends {
        let (wire, _peer) = socket_pair().await;
        let rules = rules(1 << 20, &Budget::new(1 << 20));
        let outbox = empty(&rules, &wire);
        let mut followed = Followed::new();
        followed.offer_until_waiting(&outbox, &wire, &rules, 2);
        end(&outbox);
        drop(outbox);
        assert!(followed.waited().iter().all(|fates| fates[1..] == [Fate::Lost(lost)]), "{lost:?}");
    }
}
