//! One message to many clients: encoded once, recipients copied under the lock, then offered to each outbox. Pauses now and then,
//! so that one message to many does not hold a worker thread for long.

use std::collections::HashSet;
use std::sync::Arc;

use gatepipe_proto::{ClientId, Group, Uid};

use crate::client::Client;
use crate::encode::Frame;
use crate::hub::Hub;
use crate::trail::{Fate, Mark, Path, Trail};

/// Clients between two pauses.
const CHUNK: usize = 256;

/// Offers `frame` to each named client once.
pub(crate) async fn to_clients(
    hub: &Hub,
    frame: &Frame,
    ids: &[ClientId],
    exclude: &HashSet<ClientId>,
    trail: Option<&Trail>,
) -> usize {
    let mut sending = Sending::new(hub, frame, exclude);
    let mut seen = HashSet::with_capacity(ids.len());
    for client in ids.iter().filter(|id| seen.insert(**id)).filter_map(|id| hub.client(*id)) {
        sending.offer(&[client], Followed::some(trail)).await;
    }
    sending.reached
}

/// Offers `frame` to every client of each named uid, to each client once. Also gives the positions in `uids` of those without any.
pub(crate) async fn to_uids(
    hub: &Hub,
    frame: &Frame,
    uids: &[Uid],
    exclude: &HashSet<ClientId>,
    trail: Option<&Trail>,
) -> (usize, Vec<usize>) {
    let mut sending = Sending::new(hub, frame, exclude);
    let mut named = HashSet::with_capacity(uids.len());
    // A client has one uid at a time, but may be bound to the next one while this goes on.
    let mut seen = HashSet::new();
    let mut absent = Vec::new();
    for (position, uid) in uids.iter().enumerate().filter(|(_, uid)| named.insert(*uid)) {
        let mut clients = hub.clients_of_uid(uid);
        if clients.is_empty() {
            absent.push(position);
        }
        if uids.len() > 1 {
            clients.retain(|client| seen.insert(client.id));
        }
        let path = trail.and_then(|trail| trail.path(Some(uid)));
        sending.offer(&clients, path.as_ref().map(Followed::All)).await;
    }
    (sending.reached, absent)
}

/// Offers `frame` to every member of any of the groups, to each once.
pub(crate) async fn to_groups(
    hub: &Hub,
    frame: &Frame,
    groups: &HashSet<Group>,
    exclude: &HashSet<ClientId>,
    trail: Option<&Trail>,
) -> usize {
    let mut sending = Sending::new(hub, frame, exclude);
    for members in hub.members_by_shard(groups) {
        sending.offer(&members, Followed::some(trail)).await;
    }
    sending.reached
}

/// Of which clients somebody wants to know what they make of the message.
#[derive(Clone, Copy)]
enum Followed<'a> {
    /// Of all that are offered it.
    All(&'a Path),
    /// That depends on whose they are.
    Some(&'a Trail),
}

impl<'a> Followed<'a> {
    fn some(trail: Option<&'a Trail>) -> Option<Self> {
        trail.map(Self::Some)
    }

    fn mark(self, hub: &Hub, client: ClientId) -> Option<Mark> {
        match self {
            Self::All(path) => Some(path.to(client)),
            Self::Some(trail) => mark(hub, trail, client),
        }
    }
}

/// What tells of this client on the trail of a message, if anybody wants to know of it.
pub(crate) fn mark(hub: &Hub, trail: &Trail, client: ClientId) -> Option<Mark> {
    if trail.is_over() {
        return None;
    }
    let (_, uid) = hub.client_and_uid(client)?;
    Some(trail.path(uid.as_ref())?.to(client))
}

struct Sending<'a> {
    hub: &'a Hub,
    frame: &'a Frame,
    exclude: &'a HashSet<ClientId>,
    reached: usize,
    since_pause: usize,
}

impl<'a> Sending<'a> {
    fn new(hub: &'a Hub, frame: &'a Frame, exclude: &'a HashSet<ClientId>) -> Self {
        Self { hub, frame, exclude, reached: 0, since_pause: 0 }
    }

    async fn offer(&mut self, clients: &[Arc<Client>], followed: Option<Followed<'_>>) {
        for client in clients {
            let mark = followed.and_then(|followed| followed.mark(self.hub, client.id));
            if self.offer_to(client, mark) {
                self.reached += 1;
            }
            self.since_pause += 1;
            if self.since_pause == CHUNK {
                self.since_pause = 0;
                tokio::task::yield_now().await;
            }
        }
    }

    fn offer_to(&self, client: &Client, mark: Option<Mark>) -> bool {
        match (self.exclude.contains(&client.id), mark) {
            (false, None) => client.offer(self.frame),
            (false, Some(mark)) => client.offer_marked(self.frame, &mark),
            (true, None) => false,
            (true, Some(mark)) => {
                mark.offered(Fate::Excluded);
                false
            }
        }
    }
}
