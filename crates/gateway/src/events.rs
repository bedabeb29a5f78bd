//! What clients do, told to workers: at most once, each client's events in order, bounded for each worker.
//!
//! Workers of one name are a [`Team`]: each client belongs to one of them. Every team hears of every client.
//!
//! Three locks, always taken in this order. A client's own [`Client::in_order`] makes what happens to it and what is told of it one
//! step. `gate`: whoever enters, leaves or says something holds it for reading; a subscription that begins or ends holds it for
//! writing, while the clients that are there are adopted, so that each is told of by either `connected` or `adopted`, and no close
//! is missed. A team's lock is held for one event or one batch. The hub is only called under the first two. Nothing waits while
//! holding any of them.

mod queue;
mod subscription;
mod team;
mod told;
mod worker;

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use gatepipe_proto::{Message, Uid, v1};
use http::{HeaderMap, HeaderName, Uri};
use parking_lot::{Mutex, MutexGuard, RwLock};
use tokio::sync::Notify;

pub(crate) use subscription::Subscription;

use crate::client::Client;
use crate::hub::Hub;
use crate::metrics::Metrics;
use team::{Key, Team};
use told::{Told, Who};
use worker::Worker;

/// Subscriptions at once.
const MAX_SUBSCRIPTIONS: usize = 256;
/// How long workers may take for the last events of a gateway that ends.
const LAST_EVENTS: Duration = Duration::from_secs(2);

/// What a worker asks for; checked.
#[derive(Debug, Clone)]
pub(crate) struct Hello {
    pub(crate) worker: String,
    pub(crate) credit: u32,
    pub(crate) headers: Vec<HeaderName>,
    pub(crate) wants_messages: bool,
}

/// Why there is no subscription.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum SubscribeError {
    #[error("there are {MAX_SUBSCRIPTIONS} subscriptions already")]
    Full,
    #[error("the gateway is ending")]
    Ending,
}

/// A handshake, as far as workers may want to know it.
#[derive(Debug)]
pub(crate) struct Head {
    pub(crate) uri: Uri,
    pub(crate) headers: HeaderMap,
}

/// A message from a client.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Said<'a> {
    Text(&'a str),
    Binary(&'a [u8]),
}

/// See the head of this file. One for the process.
#[derive(Debug)]
pub(crate) struct Events {
    hub: Arc<Hub>,
    metrics: Arc<Metrics>,
    /// Bound of one worker's queue, in bytes, for those that come from now on.
    queue_bytes: AtomicUsize,
    gate: RwLock<Teams>,
    /// How many there are. Read without the gate, so that a message costs one look when nobody listens.
    subscriptions: AtomicUsize,
    /// Who has heard of all closes may go.
    ending: AtomicBool,
    /// Told when a subscription has ended.
    ended: Notify,
}

#[derive(Debug, Default)]
struct Teams {
    by_name: BTreeMap<String, Arc<Mutex<Team>>>,
    /// The headers that each subscription asked for, and all of them together.
    headers_of: BTreeMap<Key, Vec<HeaderName>>,
    headers: HashSet<HeaderName>,
    next_key: Key,
}

impl Events {
    /// `queue_bytes` may wait for each worker.
    pub(crate) fn new(hub: Arc<Hub>, metrics: Arc<Metrics>, queue_bytes: usize) -> Arc<Self> {
        Arc::new(Self {
            hub,
            metrics,
            queue_bytes: queue_bytes.into(),
            gate: RwLock::default(),
            subscriptions: AtomicUsize::new(0),
            ending: AtomicBool::new(false),
            ended: Notify::new(),
        })
    }

    /// From now on `queue_bytes` may wait for each worker that comes; those who are here keep what they have.
    pub(crate) fn set_queue_bytes(&self, queue_bytes: usize) {
        self.queue_bytes.store(queue_bytes, Ordering::Relaxed);
    }

    /// Takes a client into the hub, and tells so.
    pub(crate) fn enter(&self, client: &Arc<Client>, head: &Head) {
        // Whoever hears of it first may bind it at once, and the others hear of it first, too.
        let _in_order = client.in_order();
        let teams = self.gate.read();
        self.hub.enter(client.clone());
        if teams.by_name.is_empty() {
            return;
        }
        let who = who(client, None);
        let connected = v1::Connected {
            path: head.uri.path().to_owned(),
            query: head.uri.query().unwrap_or_default().to_owned(),
            headers: teams.wanted_of(&head.headers),
            remote_address: who.remote.to_string(),
            connected_at_ms: who.connected_at_ms,
        };
        for team in teams.by_name.values() {
            team.lock().connected(client.id, who.clone(), connected.clone());
        }
    }

    /// Lets a client go from the hub, and tells so.
    pub(crate) fn leave(&self, client: &Client) {
        let _in_order = client.in_order();
        let teams = self.gate.read();
        let uid = self.hub.leave(client.id);
        if teams.by_name.is_empty() {
            return;
        }
        let session = client.session();
        for team in teams.by_name.values() {
            let mut team = team.lock();
            // A bind that was refused half-way names it without being told.
            team.bound(client.id, uid.as_ref());
            team.closed(client.id, client.ended_with(), session.as_str().into());
        }
    }

    /// Tells what a client said. `true` when a worker's queue took it.
    pub(crate) fn message(&self, client: &Client, said: Said<'_>) -> bool {
        if self.subscriptions.load(Ordering::Acquire) == 0 {
            return false;
        }
        let _in_order = client.in_order();
        let teams = self.gate.read();
        let mut taken = false;
        for team in teams.by_name.values() {
            taken |= team.lock().message(client.id, said.bytes(), || said.told());
        }
        taken
    }

    /// Holds back everything else that may be told of this client while it is bound or unbound.
    pub(crate) fn binding<'a>(&'a self, client: &'a Client) -> Binding<'a> {
        Binding { events: self, client, _in_order: client.in_order() }
    }

    /// Begins a subscription. It ends when it is dropped.
    ///
    /// # Errors
    /// See [`SubscribeError`].
    pub(crate) fn subscribe(self: &Arc<Self>, hello: Hello) -> Result<Subscription, SubscribeError> {
        let mut teams = self.gate.write();
        if self.ending.load(Ordering::Relaxed) {
            return Err(SubscribeError::Ending);
        }
        if teams.headers_of.len() >= MAX_SUBSCRIPTIONS {
            return Err(SubscribeError::Full);
        }
        let key = teams.next_key;
        teams.next_key += 1;
        let wake = Arc::new(Notify::new());
        let queue_bytes = self.queue_bytes.load(Ordering::Relaxed);
        let worker = Worker::new(hello.wants_messages, queue_bytes, wake.clone(), self.metrics.clone());
        let team = match teams.by_name.get(&hello.worker) {
            Some(team) => {
                team.lock().join(key, worker, []);
                team.clone()
            }
            None => {
                let mut team = Team::for_clients(self.hub.client_count());
                let there = self.hub.entries_by_shard().flatten();
                team.join(key, worker, there.map(|(client, uid)| (client.id, who(&client, uid))));
                let team = Arc::new(Mutex::new(team));
                teams.by_name.insert(hello.worker.clone(), team.clone());
                team
            }
        };
        teams.headers_of.insert(key, hello.headers);
        self.note_subscriptions(&mut teams);
        Ok(Subscription::new(self.clone(), team, hello.worker, key, wake, hello.credit))
    }

    fn unsubscribe(&self, name: &str, key: Key) {
        let mut teams = self.gate.write();
        let remains = teams.by_name.get(name).and_then(|team| team.lock().leave(key));
        if remains.is_some() {
            teams.by_name.remove(name);
        }
        teams.headers_of.remove(&key);
        self.note_subscriptions(&mut teams);
        drop(teams);
        // Freed only now: clients come and go again meanwhile.
        drop(remains);
        self.ended.notify_one();
    }

    fn note_subscriptions(&self, teams: &mut Teams) {
        teams.headers = teams.headers_of.values().flatten().cloned().collect();
        self.subscriptions.store(teams.headers_of.len(), Ordering::Release);
    }

    /// Ends every subscription as soon as it has heard of all closes, and takes no more. Waits at most 2 s for workers that do not
    /// take what they are told.
    pub(crate) async fn finish(&self) {
        {
            let teams = self.gate.write();
            self.ending.store(true, Ordering::Relaxed);
            for team in teams.by_name.values() {
                team.lock().workers().for_each(Worker::wake);
            }
        }
        let all_ended = async {
            while self.subscriptions() > 0 {
                self.ended.notified().await;
            }
        };
        if tokio::time::timeout(LAST_EVENTS, all_ended).await.is_err() {
            let (subscriptions, queued_bytes) = (self.subscriptions(), self.queued_bytes());
            tracing::warn!(subscriptions, queued_bytes, "workers did not take the last events in time");
        }
    }

    /// Subscriptions now.
    pub(crate) fn subscriptions(&self) -> usize {
        self.subscriptions.load(Ordering::Acquire)
    }

    /// Bytes that wait for all workers now.
    pub(crate) fn queued_bytes(&self) -> usize {
        let teams = self.gate.read();
        let of_team =
            |team: &Mutex<Team>| team.lock().workers().map(|worker| worker.queue.bytes()).sum::<usize>();
        teams.by_name.values().map(|team| of_team(team)).sum()
    }
}

/// Held while a client is bound or unbound, so that workers hear of it before anything that follows from it.
pub(crate) struct Binding<'a> {
    events: &'a Events,
    client: &'a Client,
    _in_order: MutexGuard<'a, ()>,
}

impl Binding<'_> {
    /// The client is bound to `uid` now, or to none. Tells so if it was not before.
    pub(crate) fn is_now(&self, uid: Option<&Uid>) {
        for team in self.events.gate.read().by_name.values() {
            team.lock().bound(self.client.id, uid);
        }
    }
}

impl Teams {
    /// The headers that somebody asked for, in the order of the request.
    fn wanted_of(&self, headers: &HeaderMap) -> Vec<v1::Header> {
        let wanted = headers.iter().filter(|(name, _)| self.headers.contains(*name));
        let header = |(name, value): (&HeaderName, &http::HeaderValue)| v1::Header {
            name: name.as_str().to_owned(),
            value: value.as_bytes().to_vec(),
        };
        wanted.map(header).collect()
    }
}

impl Said<'_> {
    /// What it costs in a queue.
    fn bytes(self) -> usize {
        told::message_bytes(match self {
            Self::Text(text) => text.len(),
            Self::Binary(bytes) => bytes.len(),
        })
    }

    /// A copy, because the reader's buffer may be much larger; `None` when it is longer than any message may be.
    fn told(self) -> Option<Told> {
        let message = match self {
            Self::Text(text) => Message::text(text),
            Self::Binary(bytes) => Message::binary(Bytes::copy_from_slice(bytes)),
        };
        message.ok().map(Told::Message)
    }
}

fn who(client: &Client, uid: Option<Uid>) -> Who {
    Who { remote: client.remote, connected_at_ms: client.connected_at_ms, uid }
}
