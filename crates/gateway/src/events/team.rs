//! The workers of one name: every client belongs to one of them, for as long as that one stays. The lock on it is the caller's.

mod handover;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use gatepipe_proto::{ClientId, GatewayId, Uid, v1};
use hashbrown::HashMap;

use super::told::{Told, Who};
use super::worker::Worker;

/// A subscription among all of this gateway.
pub(super) type Key = u64;

/// See the head of this file. While it has workers, `members` are the clients of the hub, each of them the own of one worker.
#[derive(Debug, Default)]
pub(super) struct Team {
    members: HashMap<ClientId, Member>,
    workers: BTreeMap<Key, Worker>,
}

/// What the last worker of a team leaves behind. There may be much to free: not while everybody else has to wait.
#[derive(Debug)]
#[must_use]
pub(super) struct Remains {
    _members: HashMap<ClientId, Member>,
    _worker: Worker,
}

#[derive(Debug)]
struct Member {
    worker: Key,
    who: Who,
}

impl Team {
    /// A team that has room for so many clients.
    pub(super) fn for_clients(clients: usize) -> Self {
        Self { members: HashMap::with_capacity(clients), workers: BTreeMap::new() }
    }

    /// Adds a worker. `adopted` are the clients that are there already and have no worker: everybody for the first one, nobody for
    /// the others, because a client stays where it is.
    pub(super) fn join(
        &mut self,
        key: Key,
        mut worker: Worker,
        adopted: impl IntoIterator<Item = (ClientId, Who)>,
    ) {
        let adopted = adopted.into_iter().map(|(client, who)| (client, Member { worker: key, who }));
        if self.workers.is_empty() {
            self.members.extend(adopted);
            worker.clients = self.members.len();
            worker.untold = self.members.keys().copied().collect();
        }
        self.workers.insert(key, worker);
    }

    /// A new client goes to the worker that has the fewest.
    pub(super) fn connected(&mut self, client: ClientId, who: Who, connected: v1::Connected) {
        let Some(key) = self.least() else { return };
        self.members.insert(client, Member { worker: key, who });
        if let Some(worker) = self.workers.get_mut(&key) {
            worker.clients += 1;
            worker.introduce(client, Told::Connected(Box::new(connected)));
        }
    }

    /// `message` is only made when there is room for its `bytes`; `None` when it cannot be told. `true` when the queue took it.
    pub(super) fn message(
        &mut self,
        client: ClientId,
        bytes: usize,
        message: impl FnOnce() -> Option<Told>,
    ) -> bool {
        let Some((who, worker)) = self.of(client) else { return false };
        worker.wants_messages && worker.tell_message(client, who, bytes, message)
    }

    /// The client is bound to `uid` now, or to none.
    pub(super) fn bound(&mut self, client: ClientId, uid: Option<&Uid>) {
        let Some((who, worker)) = self.of(client) else { return };
        if who.uid.as_ref() == uid {
            return;
        }
        let previous = std::mem::replace(&mut who.uid, uid.cloned());
        // One that was not told of will be told with this uid.
        if !worker.untold.contains(&client) {
            worker.tell(client, who, Told::Bound { uid: uid.cloned(), previous });
        }
    }

    pub(super) fn closed(&mut self, client: ClientId, code: u16, session: Box<str>) {
        let Some(Member { worker, who }) = self.members.remove(&client) else { return };
        let Some(worker) = self.workers.get_mut(&worker) else { return };
        worker.clients -= 1;
        worker.tell(client, &who, Told::Closed { who: who.clone(), code, session });
        // When there was no room for its `adopted`, nothing is left to be told of it.
        worker.untold.remove(&client);
    }

    /// Takes a worker out; its clients and what was not sent go to the others. When it was the last the team is over, and what was
    /// not sent is counted as dropped: gives what is to be freed.
    pub(super) fn leave(&mut self, key: Key) -> Option<Remains> {
        let gone = self.workers.remove(&key)?;
        if self.workers.is_empty() {
            gone.count_queue_as_dropped();
            return Some(Remains { _members: std::mem::take(&mut self.members), _worker: gone });
        }
        self.hand_over(key, gone);
        None
    }

    /// At most `most` of what this worker is to be told next, and at most about 1 MiB.
    pub(super) fn next(&mut self, key: Key, gateway: GatewayId, most: usize) -> Vec<v1::Event> {
        let members = &self.members;
        let who = |client| members.get(&client).map(|member| &member.who);
        self.workers.get_mut(&key).map(|worker| worker.next(gateway, most, who)).unwrap_or_default()
    }

    pub(super) fn worker(&self, key: Key) -> Option<&Worker> {
        self.workers.get(&key)
    }

    pub(super) fn workers(&self) -> impl Iterator<Item = &Worker> {
        self.workers.values()
    }

    fn of(&mut self, client: ClientId) -> Option<(&mut Who, &mut Worker)> {
        let member = self.members.get_mut(&client)?;
        Some((&mut member.who, self.workers.get_mut(&member.worker)?))
    }

    /// The worker with the fewest clients, the oldest of several.
    fn least(&self) -> Option<Key> {
        self.workers.iter().min_by_key(|(_, worker)| worker.clients).map(|(key, _)| *key)
    }
}
