//! Which clients of one gateway are this worker's: pure. It decides whose close has to be inferred.
//!
//! A client is *ours* from its `connected` or `adopted` to its `closed`. When the stream breaks, the gateway forgets the
//! subscription, and everybody who was ours is *unsure* until told otherwise: adopted again by the new stream, or asked about once
//! the gateway has told of everybody. Who is still connected then belongs to another worker of the name.

use std::collections::{HashMap, HashSet};

use gatepipe_proto::{ClientId, Uid};

use super::Closed;
use super::event::ClientEvent;

/// Bounded by the clients that the gateway has.
#[derive(Debug, Default)]
pub(crate) struct Table {
    /// With the uid as last known.
    ours: HashMap<ClientId, Option<Uid>>,
    unsure: HashMap<ClientId, Option<Uid>>,
    /// Whose close was inferred on this stream. A gateway that has not yet noticed that the stream before is dead may still hand its
    /// events on to this one.
    over: HashSet<ClientId>,
}

impl Table {
    /// How many clients are ours for certain.
    pub(crate) fn len(&self) -> usize {
        self.ours.len()
    }

    /// A new stream begins: what was known is not certain any more.
    pub(crate) fn begin(&mut self) {
        self.unsure.extend(self.ours.drain());
        self.over.clear();
    }

    /// Takes in what the gateway tells about a client. Whatever it tells makes the client ours, because its `connected` may be
    /// among the events that were dropped. `false` when its last hook was called already.
    pub(crate) fn hear(&mut self, client: ClientId, event: &ClientEvent) -> bool {
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

    /// Everybody has been adopted who will be: whom to ask the gateway about.
    pub(crate) fn unsure(&self) -> Vec<ClientId> {
        self.unsure.keys().copied().collect()
    }

    /// The gateway says that this client is connected: unless it is ours by now, another worker has it.
    pub(crate) fn is_connected(&mut self, client: ClientId) {
        self.unsure.remove(&client);
    }

    /// The gateway says that this client is gone: its close, unless the gateway has told of it in the meantime.
    pub(crate) fn is_gone(&mut self, client: ClientId) -> Option<Closed> {
        let uid = self.unsure.remove(&client)?;
        self.over.insert(client);
        Some(inferred(uid))
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
        /// Whom to ask about.
        Unsure(&'static str),
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
        for (number, step) in steps.iter().enumerate() {
            match *step {
                Connects(letter) => {
                    heard = table.hear(client(letter), &ClientEvent::Connected(Handshake::default()));
                }
                Adopts(letter, name) => {
                    let adopted = Adopted { uid: uid(name), ..Adopted::default() };
                    heard = table.hear(client(letter), &ClientEvent::Adopted(adopted));
                }
                Speaks(letter) => {
                    let message = gatepipe_proto::Message::text("hello").unwrap();
                    heard = table.hear(client(letter), &ClientEvent::Message(message));
                }
                Binds(letter, name) => {
                    let bound = BoundTo { uid: uid(name), previous: None };
                    heard = table.hear(client(letter), &ClientEvent::Bound(bound));
                }
                Closes(letter) => heard = table.hear(client(letter), &ClientEvent::Closed(inferred(None))),
                Begin => table.begin(),
                Unsure(expected) => {
                    assert_eq!(
                        sorted(table.unsure().into_iter()),
                        letters(expected),
                        "{name}, step {number}"
                    );
                }
                IsConnected(letter) => table.is_connected(client(letter)),
                IsGone(letter, expected) => {
                    let expected = expected.map(|name| inferred(uid(name)));
                    assert_eq!(table.is_gone(client(letter)), expected, "{name}, step {number}");
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
                Connects('a'), Connects('b'), Begin, Adopts('a', ""), Adopts('b', ""), Unsure(""), Ours("ab"),
            ]),
            ("still connected: another worker has it", &[
                Adopts('a', "ana"), Begin, Unsure("a"), IsConnected('a'), Unsure(""), IsGone('a', None), GatewayGone(&[]),
            ]),
            ("gone: one close", &[
                Adopts('a', "ana"), Begin, Unsure("a"), IsGone('a', Some("ana")), IsGone('a', None), GatewayGone(&[]),
            ]),
            ("taken over after all, before the answer", &[
                Adopts('a', "ana"), Begin, Unsure("a"), Adopts('a', "ana"), IsGone('a', None), Ours("a"),
                IsConnected('a'), Ours("a"), Closes('a'), GatewayGone(&[]),
            ]),
            ("taken over and closed, before the answer", &[
                Adopts('a', "ana"), Begin, Unsure("a"), Adopts('a', "ana"), Closes('a'), IsGone('a', None), GatewayGone(&[]),
            ]),
            ("handed on late from the stream before: its last hook was called already", &[
                Adopts('a', "ana"), Begin, Unsure("a"), IsGone('a', Some("ana")), Adopts('a', "ana"), Unheard, Closes('a'), Unheard,
                Ours(""), GatewayGone(&[]),
            ]),
            ("closed out of the blue", &[Connects('a'), Begin, Closes('a'), Unsure(""), GatewayGone(&[])]),
            ("broke again while asking", &[
                Adopts('a', "ana"), Begin, Unsure("a"), Begin, Adopts('a', "ana"), Unsure(""), Ours("a"),
            ]),
            ("a message keeps the uid", &[Adopts('a', "ana"), Begin, Speaks('a'), GatewayGone(&[('a', "ana")])]),
        ];
        for (name, steps) in stories {
            play(name, steps);
        }
    }
}
