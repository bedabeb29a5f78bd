//! Random lives of clients and workers against what every worker must find true.

use std::collections::{BTreeMap, BTreeSet};
use std::net::Ipv4Addr;
use std::sync::Arc;

use gatepipe_proto::v1::event::Event;
use gatepipe_proto::{Message, Uid};
use proptest::prelude::*;
use tokio::sync::Notify;

use super::*;
use crate::events::told::message_bytes;
use crate::metrics::Metrics;

#[derive(Debug, Clone)]
enum Step {
    Connect,
    Bind(usize, u8),
    Say(usize),
    Close(usize),
    Join,
    /// A worker takes up to so many events.
    Take(usize, usize),
    /// A worker leaves; the last one stays.
    Leave(usize),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let any = any::<usize>();
    let step = prop_oneof![
        4 => Just(Step::Connect),
        3 => (any, 0..4_u8).prop_map(|(client, uid)| Step::Bind(client, uid)),
        8 => any.prop_map(Step::Say),
        3 => any.prop_map(Step::Close),
        1 => Just(Step::Join),
        4 => (any, 0..40_usize).prop_map(|(worker, most)| Step::Take(worker, most)),
        1 => any.prop_map(Step::Leave),
    ];
    proptest::collection::vec(step, 1..200)
}

/// What one worker knows of its clients, from what it was told.
#[derive(Default)]
struct Heard {
    greeted: u8,
    /// With the uid as last told.
    clients: BTreeMap<String, String>,
    closed: BTreeSet<String>,
    /// Who was there when it began.
    to_adopt: BTreeSet<String>,
}

/// What all workers together were told.
#[derive(Default)]
struct All {
    /// The last message of each client, and how many were told.
    said: BTreeMap<String, u64>,
    messages: u64,
    connected: BTreeSet<String>,
    closed: BTreeSet<String>,
    dropped: v1::Dropped,
}

struct Play {
    gateway: GatewayId,
    team: Team,
    queue_bytes: usize,
    metrics: Arc<Metrics>,
    workers: Vec<(Key, Heard)>,
    next_key: Key,
    /// Those that are there, with how much each has said.
    clients: Vec<(ClientId, u64)>,
    uids: HashMap<ClientId, String>,
    /// Clients, messages and closes since the start.
    happened: (u64, u64, u64),
    all: All,
}

impl Play {
    fn begin(queue_bytes: usize, there: usize) -> Self {
        let gateway = GatewayId::random();
        let mut play = Self {
            gateway,
            team: Team::default(),
            queue_bytes,
            metrics: Arc::new(Metrics::default()),
            workers: Vec::new(),
            next_key: 0,
            clients: (0..there).map(|_| (ClientId::random(gateway), 0)).collect(),
            uids: HashMap::new(),
            happened: (0, 0, 0),
            all: All::default(),
        };
        let there: Vec<_> = play.clients.iter().map(|(client, _)| (*client, play.who(*client))).collect();
        play.join(there);
        play.workers[0].1.to_adopt = play.clients.iter().map(|(client, _)| client.to_string()).collect();
        play
    }

    fn who(&self, client: ClientId) -> Who {
        let uid = self.uids.get(&client).and_then(|uid| uid.parse().ok());
        Who { remote: Ipv4Addr::LOCALHOST.into(), connected_at_ms: 1, uid }
    }

    fn join(&mut self, there: Vec<(ClientId, Who)>) {
        let worker = Worker::new(true, self.queue_bytes, Arc::new(Notify::new()), self.metrics.clone());
        self.team.join(self.next_key, worker, there);
        self.workers.push((self.next_key, Heard::default()));
        self.next_key += 1;
    }

    fn step(&mut self, step: Step) {
        let some_client = |at: usize| self.clients.get(at % self.clients.len().max(1)).map(|(id, _)| *id);
        match step {
            Step::Connect => {
                let client = ClientId::random(self.gateway);
                self.clients.push((client, 0));
                self.happened.0 += 1;
                self.team.connected(client, self.who(client), v1::Connected::default());
            }
            Step::Bind(at, uid) => {
                let Some(client) = some_client(at) else { return };
                let uid = if uid == 0 { String::new() } else { format!("user {uid}") };
                self.team.bound(client, Uid::try_from(uid.as_str()).ok().as_ref());
                self.uids.insert(client, uid);
            }
            Step::Say(at) => {
                let Some(client) = some_client(at) else { return };
                let at = at % self.clients.len();
                self.clients[at].1 += 1;
                self.happened.1 += 1;
                let text = self.clients[at].1.to_string();
                self.team.message(client, message_bytes(text.len()), || {
                    Message::text(text).ok().map(Told::Message)
                });
            }
            Step::Close(at) => {
                let Some(client) = some_client(at) else { return };
                self.clients.swap_remove(at % self.clients.len());
                self.happened.2 += 1;
                self.team.closed(client, 1000, "{}".into());
            }
            Step::Join => self.join(Vec::new()),
            Step::Take(at, most) => drop(self.take(at % self.workers.len(), most)),
            Step::Leave(at) => {
                if self.workers.len() > 1 {
                    let (key, _) = self.workers.swap_remove(at % self.workers.len());
                    assert!(self.team.leave(key).is_none());
                }
            }
        }
        let clients: usize = self.team.workers().map(|worker| worker.clients).sum();
        assert_eq!((clients, self.team.members.len()), (self.clients.len(), self.clients.len()));
        for (key, worker) in &self.team.workers {
            let one_event = 400;
            assert!(worker.queue.bytes() <= self.queue_bytes.saturating_mul(2).max(one_event));
            let is_own = |client| self.team.members.get(client).is_some_and(|member| member.worker == *key);
            assert!(worker.untold.iter().all(is_own), "somebody is to be told of who is gone");
        }
    }

    /// Gives how many events there were.
    fn take(&mut self, at: usize, most: usize) -> usize {
        let (key, heard) = &mut self.workers[at];
        let events = self.team.next(*key, self.gateway, most);
        assert!(events.len() <= most);
        let is_bounded = self.queue_bytes < usize::MAX;
        for event in &events {
            heard.hear(event, &mut self.all, is_bounded);
        }
        events.len()
    }

    /// Everybody takes everything.
    fn finish(&mut self) {
        for at in 0..self.workers.len() {
            while self.take(at, 7) > 0 {}
            assert_eq!(self.workers[at].1.greeted, 2);
        }
        let mut there = BTreeMap::new();
        for (_, heard) in &self.workers {
            for (client, uid) in &heard.clients {
                assert!(there.insert(client.clone(), uid.clone()).is_none(), "{client} belongs to two");
            }
        }
        let uid = |client: &ClientId| self.uids.get(client).cloned().unwrap_or_default();
        for (client, _) in &self.clients {
            let told = there.remove(&client.to_string());
            assert!(told.is_some(), "{client} belongs to nobody");
            if self.queue_bytes == usize::MAX {
                assert_eq!(told, Some(uid(client)));
            }
        }
        let dropped = self.all.dropped;
        if self.queue_bytes == usize::MAX {
            assert!(there.is_empty(), "gone, but not closed: {there:?}");
            assert_eq!(dropped, v1::Dropped::default());
            let told = (self.all.connected.len() as u64, self.all.messages, self.all.closed.len() as u64);
            assert_eq!(told, self.happened);
        }
        assert_eq!(self.all.messages + dropped.messages, self.happened.1);
        let told = self.all.closed.len() as u64 + dropped.others;
        assert!(told >= self.happened.2, "{told} of {} closes", self.happened.2);
    }
}

impl Heard {
    fn hear(&mut self, told: &v1::Event, all: &mut All, is_bounded: bool) {
        let client = told.client_id.clone();
        let event = told.event.clone().unwrap();
        match event {
            Event::Welcome(_) => assert_eq!(std::mem::replace(&mut self.greeted, 1), 0),
            Event::AdoptedAll(_) => {
                assert_eq!(std::mem::replace(&mut self.greeted, 2), 1);
                let is_known = |client| self.clients.contains_key(client) || self.closed.contains(client);
                assert!(is_bounded || self.to_adopt.iter().all(is_known), "not all are adopted");
            }
            Event::Dropped(more) => {
                assert_ne!(more, v1::Dropped::default());
                all.dropped.messages += more.messages;
                all.dropped.others += more.others;
            }
            Event::Connected(_) => {
                assert!(all.connected.insert(client.clone()), "{client} connected twice");
                self.introduce(client, String::new());
            }
            Event::Adopted(adopted) => self.introduce(client, adopted.uid),
            Event::Message(message) => {
                assert!(self.clients.contains_key(&client), "a message of {client}, who is not there");
                let Some(v1::message::Body::Text(text)) = message.message.and_then(|message| message.body)
                else {
                    panic!("no text");
                };
                let number = text.parse().unwrap();
                let before = all.said.insert(client, number);
                assert!(before.is_none_or(|before| before < number), "{number} after {before:?}");
                all.messages += 1;
            }
            Event::Bound(bound) => {
                let uid = self.clients.get_mut(&client).expect("a bind of one who is not there");
                assert!(is_bounded || *uid == bound.previous_uid, "{uid} was {}", bound.previous_uid);
                *uid = bound.uid;
            }
            Event::Closed(closed) => {
                let uid = self.clients.remove(&client).expect("a close of one who is not there");
                assert!(is_bounded || uid == closed.uid, "{uid} at last {}", closed.uid);
                assert!(all.closed.insert(client.clone()), "{client} closed twice");
                self.closed.insert(client);
            }
        }
    }

    fn introduce(&mut self, client: String, uid: String) {
        assert_ne!(self.greeted, 0, "{client} before the welcome");
        assert!(!self.closed.contains(&client), "{client} came back");
        assert!(self.clients.insert(client, uid).is_none(), "introduced twice");
    }
}

proptest! {
    #[test]
    fn nothing_is_missed_or_told_twice_while_queues_have_room(steps in steps(), there in 0..20_usize) {
        let mut play = Play::begin(usize::MAX, there);
        steps.into_iter().for_each(|step| play.step(step));
        play.finish();
    }

    #[test]
    fn what_does_not_fit_is_counted_and_everybody_who_stays_is_known(
        steps in steps(), there in 0..20_usize, queue_bytes in 1..4000_usize,
    ) {
        let mut play = Play::begin(queue_bytes, there);
        steps.into_iter().for_each(|step| play.step(step));
        play.finish();
    }
}

#[test]
fn the_clients_of_one_that_goes_are_spread_evenly() {
    let mut play = Play::begin(usize::MAX, 90);
    for _ in 0..3 {
        play.step(Step::Join);
    }
    play.step(Step::Leave(0));
    assert_eq!(play.team.workers().map(|worker| worker.clients).collect::<Vec<_>>(), [30, 30, 30]);
}

#[test]
fn what_waits_in_the_queue_does_not_wait_for_everybody_to_be_adopted() {
    for most in [1, 2, 7] {
        let mut play = Play::begin(usize::MAX, 100);
        for _ in 0..10 {
            play.step(Step::Connect);
        }
        let mut told = 0;
        while told < 21 {
            told += play.take(0, most);
        }
        // The welcome, then in turns.
        assert_eq!(play.all.connected.len(), 10, "{most} at a time");
        play.finish();
    }
}

#[test]
fn with_the_last_worker_the_team_is_over_and_what_waited_is_counted() {
    let mut play = Play::begin(usize::MAX, 3);
    play.step(Step::Connect);
    play.step(Step::Say(0));
    assert!(play.team.leave(0).is_some());
    assert!(play.team.members.is_empty());
    let (messages, others) = (&play.metrics.dropped_messages, &play.metrics.dropped_others);
    // The `adopted` before the message, and the `connected`.
    assert_eq!((messages.get(), others.get()), (1, 2));
    // Nobody is there to be told.
    play.team.connected(
        ClientId::random(play.gateway),
        play.who(play.clients[0].0),
        v1::Connected::default(),
    );
    assert!(play.team.members.is_empty());
}
