//! Which clients of one gateway are this worker's: pure, time passed in. It decides whose close has to be inferred.
//!
//! A client is *ours* from its `connected` or `adopted` to its `closed`. When the stream breaks, everybody who was ours is *unsure*
//! until told otherwise: adopted again by the new stream, or gone when the gateway is asked. One that is still connected proves
//! nothing yet. A gateway that has not noticed that the stream before is dead keeps the client for it, and hands it over when it
//! does; only who is connected and not adopted after that has another worker.
//!
//! When the gateway dropped events, closes may be among them. Then everybody who is ours is asked about, too.

use std::collections::{HashMap, HashSet, VecDeque};
use std::time::Duration;

use gatepipe_proto::{ClientId, Uid};
use tokio::time::Instant;

use super::Closed;
use super::event::ClientEvent;

/// When a stream is this old, its gateway has handed over what it kept for the one before. A gateway finds a dead connection by
/// HTTP/2 keepalive, a PING after 5 s and 5 s for its answer; half as much again is for a busy one, and for the way.
const HANDED_OVER: Duration = Duration::from_secs(15);
/// How long what is told about a client after its inferred close is kept from the hooks. Its events can be that late when they wait
/// at the gateway for this worker's slow hooks. Longer costs memory for each such close.
const LATE: Duration = Duration::from_secs(600);

/// Whom to ask the gateway about.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Question {
    pub(crate) client: ClientId,
    /// As of the asking; else it is unsure.
    is_ours: bool,
}

/// Bounded by the clients that the gateway has, and the closes that were inferred within [`LATE`].
#[derive(Debug, Default)]
pub(crate) struct Table {
    /// With the uid as last known.
    ours: HashMap<ClientId, Option<Uid>>,
    unsure: HashMap<ClientId, Option<Uid>>,
    /// Closes of ours may have been dropped since everybody was asked about.
    doubted: bool,
    /// When the stream is old enough, see [`HANDED_OVER`].
    handed_over: Option<Instant>,
    /// Whose close was inferred. The gateway may still tell of them: what waited for a stream whose end it had not noticed, or waits
    /// for this worker's credit.
    over: HashSet<ClientId>,
    /// When each of `over` is forgotten, in order.
    over_until: VecDeque<(Instant, ClientId)>,
}

impl Table {
    /// How many clients are ours for certain.
    pub(crate) fn len(&self) -> usize {
        self.ours.len()
    }

    /// A new stream begins: what was known is not certain any more.
    pub(crate) fn begin(&mut self, now: Instant) {
        self.unsure.extend(self.ours.drain());
        self.doubted = false;
        self.handed_over = Some(now + HANDED_OVER);
    }

    /// Takes in what the gateway tells about a client. Whatever it tells makes the client ours, because its `connected` may be
    /// among the events that were dropped. `false` when its last hook was called already.
    pub(crate) fn hear(&mut self, client: ClientId, event: &ClientEvent, now: Instant) -> bool {
        self.forget_over(now);
        if self.over.contains(&client) {
            return false;
        }
        let before = self.unsure.remove(&client);
        match event {
            ClientEvent::Connected(_) => drop(self.ours.insert(client, None)),
            ClientEvent::Adopted(adopted) => drop(self.ours.insert(client, adopted.uid.clone())),
            ClientEvent::Bound(bound) => drop(self.ours.insert(client, bound.uid.clone())),
            ClientEvent::Message(_) => {
                self.ours.entry(client).or_insert_with(|| before.flatten());
            }
            ClientEvent::Closed(_) => drop(self.ours.remove(&client)),
        }
        true
    }

    /// The gateway dropped events, and closes may be among them.
    pub(crate) fn doubt(&mut self) {
        self.doubted = true;
    }

    /// Whether there is anybody to ask about.
    pub(crate) fn has_questions(&self) -> bool {
        self.doubted || !self.unsure.is_empty()
    }

    /// Whom to ask the gateway about now.
    pub(crate) fn questions(&mut self) -> Vec<Question> {
        let ours = std::mem::take(&mut self.doubted).then_some(self.ours.keys()).into_iter().flatten();
        let ours = ours.map(|client| Question { client: *client, is_ours: true });
        self.unsure.keys().map(|client| Question { client: *client, is_ours: false }).chain(ours).collect()
    }

    /// The gateway, asked at `asked`, says that this client is connected: unless it is ours, or may still become so, another worker
    /// has it.
    pub(crate) fn is_connected(&mut self, client: ClientId, asked: Instant) {
        if self.handed_over.is_some_and(|by| asked >= by) {
            self.unsure.remove(&client);
        }
    }

    /// The gateway says that the client of this question is gone: its close, unless the gateway has told of it in the meantime, or
    /// has made the client ours and so is about to.
    pub(crate) fn is_gone(&mut self, question: Question, now: Instant) -> Option<Closed> {
        let Question { client, is_ours } = question;
        let uid = if is_ours { self.ours.remove(&client) } else { self.unsure.remove(&client) }?;
        self.forget_over(now);
        self.over.insert(client);
        self.over_until.push_back((now + LATE, client));
        Some(inferred(uid))
    }

    fn forget_over(&mut self, now: Instant) {
        while let Some((_, client)) = self.over_until.pop_front_if(|(until, _)| *until <= now) {
            self.over.remove(&client);
        }
    }

    /// The gateway is gone: the closes of everybody it had, who is gone with it.
    pub(crate) fn gateway_is_gone(self) -> impl Iterator<Item = (ClientId, Closed)> {
        self.ours.into_iter().chain(self.unsure).map(|(client, uid)| (client, inferred(uid)))
    }
}

/// 1006 is how a socket ends without a word.
fn inferred(uid: Option<Uid>) -> Closed {
    Closed { code: 1006, uid, session: None, inferred: true }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::worker::{Adopted, BoundTo, Handshake};

    /// What happens, in order; clients are letters, uids are words, "" is none.
    enum Step {
        Connects(char),
        Adopts(char, &'static str),
        Speaks(char),
        Binds(char, &'static str),
        Closes(char),
        /// A new stream.
        Begin,
        /// So many seconds.
        Passes(u64),
        /// The gateway dropped events that may have been closes.
        Dropped,
        /// Whom to ask about.
        Asks(&'static str),
        /// As the gateway says, asked at that moment.
        IsConnected(char),
        /// The inferred close's uid, or no close.
        IsGone(char, Option<&'static str>),
        /// The last thing that was told called no hook.
        Unheard,
        /// Who is ours.
        Ours(&'static str),
        /// The last step: client and uid of each inferred close.
        GatewayGone(&'static [(char, &'static str)]),
    }
    use Step::*;

    fn client(letter: char) -> ClientId {
        format!("00000000000000ff{:024x}", u32::from(letter)).parse().unwrap()
    }

    fn uid(name: &str) -> Option<Uid> {
        name.parse().ok()
    }

    fn sorted(clients: impl Iterator<Item = ClientId>) -> Vec<ClientId> {
        let mut clients: Vec<_> = clients.collect();
        clients.sort();
        clients
    }

    fn letters(letters: &str) -> Vec<ClientId> {
        letters.chars().map(client).collect()
    }

    fn play(name: &str, steps: &[Step]) {
        let mut table = Table::default();
        let mut heard = true;
        let mut now = Instant::now();
        let mut asked: Vec<Question> = Vec::new();
        for (number, step) in steps.iter().enumerate() {
            match *step {
                Connects(letter) => {
                    heard = table.hear(client(letter), &ClientEvent::Connected(Handshake::default()), now);
                }
                Adopts(letter, name) => {
                    let adopted = Adopted { uid: uid(name), ..Adopted::default() };
                    heard = table.hear(client(letter), &ClientEvent::Adopted(adopted), now);
                }
                Speaks(letter) => {
                    let message = gatepipe_proto::Message::text("hello").unwrap();
                    heard = table.hear(client(letter), &ClientEvent::Message(message), now);
                }
                Binds(letter, name) => {
                    let bound = BoundTo { uid: uid(name), previous: None };
                    heard = table.hear(client(letter), &ClientEvent::Bound(bound), now);
                }
                Closes(letter) => {
                    heard = table.hear(client(letter), &ClientEvent::Closed(inferred(None)), now)
                }
                Begin => table.begin(now),
                Passes(seconds) => now += Duration::from_secs(seconds),
                Dropped => table.doubt(),
                Asks(expected) => {
                    assert_eq!(table.has_questions(), !expected.is_empty(), "{name}, step {number}");
                    let questions = table.questions();
                    let clients = sorted(questions.iter().map(|question| question.client));
                    asked.extend(questions);
                    assert_eq!(clients, letters(expected), "{name}, step {number}");
                }
                IsConnected(letter) => table.is_connected(client(letter), now),
                IsGone(letter, expected) => {
                    let expected = expected.map(|name| inferred(uid(name)));
                    let question = asked.iter().rfind(|question| question.client == client(letter));
                    assert_eq!(table.is_gone(*question.unwrap(), now), expected, "{name}, step {number}");
                }
                Unheard => assert!(!heard, "{name}, step {number}"),
                Ours(expected) => {
                    assert_eq!(
                        sorted(table.ours.keys().copied()),
                        letters(expected),
                        "{name}, step {number}"
                    );
                    assert_eq!(table.len(), expected.len());
                }
                GatewayGone(expected) => {
                    let mut closes: Vec<_> = std::mem::take(&mut table).gateway_is_gone().collect();
                    closes.sort_by_key(|(client, _)| *client);
                    let expected: Vec<_> = expected
                        .iter()
                        .map(|(letter, name)| (client(*letter), inferred(uid(name))))
                        .collect();
                    assert_eq!(closes, expected, "{name}, step {number}");
                }
            }
        }
    }

    #[test]
    fn everybody_a_gateway_is_known_to_have_had_closes_with_it_once() {
        #[rustfmt::skip]
        let stories: &[(&str, &[Step])] = &[
            ("told and not yet closed, with the uid as last known", &[
                Connects('a'), Adopts('b', "bob"), Connects('c'), Connects('d'), Binds('c', "carol"), Binds('b', ""), Closes('d'),
                Ours("abc"), GatewayGone(&[('a', ""), ('b', ""), ('c', "carol")]),
            ]),
            ("a message or a bind alone tells of a client, its connect may have been dropped", &[
                Speaks('a'), Binds('b', "bob"), Speaks('b'), Ours("ab"), GatewayGone(&[('a', ""), ('b', "bob")]),
            ]),
            ("a close that was told is not inferred too", &[Adopts('a', "ana"), Closes('a'), GatewayGone(&[])]),
            ("gone before the new stream told of everybody", &[
                Adopts('a', "ana"), Connects('b'), Begin, Adopts('b', "bob"), GatewayGone(&[('a', "ana"), ('b', "bob")]),
            ]),
            ("gone before any new stream", &[Connects('a'), GatewayGone(&[('a', "")])]),
            ("several streams that broke at once", &[
                Adopts('a', "ana"), Begin, Begin, Begin, Ours(""), GatewayGone(&[('a', "ana")]),
            ]),
        ];
        for (name, steps) in stories {
            play(name, steps);
        }
    }

    #[test]
    fn who_is_not_adopted_again_is_asked_about_and_a_close_that_is_told_wins() {
        #[rustfmt::skip]
        let stories: &[(&str, &[Step])] = &[
            ("everybody is adopted again", &[
                Connects('a'), Connects('b'), Begin, Adopts('a', ""), Adopts('b', ""), Asks(""), Ours("ab"),
            ]),
            ("still connected when the gateway has handed over: another worker has it", &[
                Adopts('a', "ana"), Begin, Passes(15), Asks("a"), IsConnected('a'), Asks(""), IsGone('a', None), GatewayGone(&[]),
            ]),
            ("still connected before: the stream before may hold it", &[
                Adopts('a', "ana"), Begin, Asks("a"), IsConnected('a'), Passes(14), Asks("a"), IsConnected('a'), Asks("a"),
                IsGone('a', Some("ana")), Asks(""), GatewayGone(&[]),
            ]),
            ("the gateway dies while the stream before may hold it", &[
                Adopts('a', "ana"), Begin, Asks("a"), IsConnected('a'), GatewayGone(&[('a', "ana")]),
            ]),
            ("handed over after it was asked about", &[
                Adopts('a', "ana"), Begin, Asks("a"), IsConnected('a'), Passes(10), Adopts('a', "ana"), Asks(""), Passes(5),
                IsConnected('a'), Ours("a"), GatewayGone(&[('a', "ana")]),
            ]),
            ("every stream has its own time to hand over", &[
                Adopts('a', "ana"), Begin, Passes(10), Begin, Passes(10), Asks("a"), IsConnected('a'), Asks("a"), Passes(5),
                IsConnected('a'), Asks(""),
            ]),
            ("gone: one close", &[
                Adopts('a', "ana"), Begin, Asks("a"), IsGone('a', Some("ana")), IsGone('a', None), GatewayGone(&[]),
            ]),
            ("taken over after all, before the answer", &[
                Adopts('a', "ana"), Begin, Asks("a"), Adopts('a', "ana"), IsGone('a', None), Ours("a"),
                IsConnected('a'), Ours("a"), Closes('a'), GatewayGone(&[]),
            ]),
            ("taken over and closed, before the answer", &[
                Adopts('a', "ana"), Begin, Asks("a"), Adopts('a', "ana"), Closes('a'), IsGone('a', None), GatewayGone(&[]),
            ]),
            ("handed on late from the stream before: its last hook was called already", &[
                Adopts('a', "ana"), Begin, Asks("a"), IsGone('a', Some("ana")), Adopts('a', "ana"), Unheard, Closes('a'), Unheard,
                Ours(""), GatewayGone(&[]),
            ]),
            ("handed on late after one more break", &[
                Adopts('a', "ana"), Begin, Asks("a"), IsGone('a', Some("ana")), Begin, Closes('a'), Unheard, Passes(599), Closes('a'),
                Unheard, Passes(1), Closes('a'), Ours(""),
            ]),
            ("closed out of the blue", &[Connects('a'), Begin, Closes('a'), Asks(""), GatewayGone(&[])]),
            ("broke again while asking", &[
                Adopts('a', "ana"), Begin, Asks("a"), Begin, Adopts('a', "ana"), Asks(""), Ours("a"),
            ]),
            ("a message keeps the uid", &[Adopts('a', "ana"), Begin, Speaks('a'), GatewayGone(&[('a', "ana")])]),
        ];
        for (name, steps) in stories {
            play(name, steps);
        }
    }

    #[test]
    fn when_events_were_dropped_everybody_is_asked_about_and_who_is_gone_closes_once() {
        #[rustfmt::skip]
        let stories: &[(&str, &[Step])] = &[
            ("nothing dropped, nobody asked about", &[Connects('a'), Asks("")]),
            ("one close was dropped", &[
                Adopts('a', "ana"), Connects('b'), Dropped, Dropped, Asks("ab"), IsGone('a', Some("ana")), IsConnected('b'), Ours("b"),
                IsGone('a', None), Asks(""), GatewayGone(&[('b', "")]),
            ]),
            ("who is ours stays ours however old the stream", &[
                Begin, Connects('a'), Dropped, Passes(100), Asks("a"), IsConnected('a'), Ours("a"),
            ]),
            ("a close that was not dropped comes after all", &[
                Connects('a'), Dropped, Asks("a"), IsGone('a', Some("")), Closes('a'), Unheard, Ours(""), GatewayGone(&[]),
            ]),
            ("a close that is told before the answer wins", &[
                Connects('a'), Dropped, Asks("a"), Closes('a'), IsGone('a', None), GatewayGone(&[]),
            ]),
            ("dropped again while asking", &[
                Connects('a'), Connects('b'), Dropped, Asks("ab"), Dropped, IsGone('a', Some("")), IsConnected('b'), Asks("b"), Asks(""),
            ]),
            ("the stream breaks: everybody is asked about anyway", &[
                Connects('a'), Dropped, Begin, Asks("a"), Adopts('a', ""), Asks(""),
            ]),
        ];
        for (name, steps) in stories {
            play(name, steps);
        }
    }
}
