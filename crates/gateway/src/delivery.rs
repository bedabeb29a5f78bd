//! One message to many clients: encoded once, recipients copied under the lock, then offered to each outbox. Pauses now and then,
//! so that one message to many does not hold a worker thread for long.

use std::collections::HashSet;
use std::sync::Arc;

use gatepipe_proto::{ClientId, Group, Uid};

use crate::client::Client;
use crate::encode::Frame;
use crate::hub::Hub;

/// Clients between two pauses.
const CHUNK: usize = 256;

/// Offers `frame` to each named client once.
pub(crate) async fn to_clients(
    hub: &Hub,
    frame: &Frame,
    ids: &[ClientId],
    exclude: &HashSet<ClientId>,
) -> usize {
    let mut sending = Sending::new(frame, exclude);
    let mut seen = HashSet::with_capacity(ids.len());
    for client in ids.iter().filter(|id| seen.insert(**id)).filter_map(|id| hub.client(*id)) {
        sending.offer(&[client]).await;
    }
    sending.reached
}

/// Offers `frame` to every client of each named uid, to each client once. Also gives the positions in `uids` of those without any.
pub(crate) async fn to_uids(
    hub: &Hub,
    frame: &Frame,
    uids: &[Uid],
    exclude: &HashSet<ClientId>,
) -> (usize, Vec<usize>) {
    let mut sending = Sending::new(frame, exclude);
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
        sending.offer(&clients).await;
    }
    (sending.reached, absent)
}

/// Offers `frame` to every member of any of the groups, to each once.
pub(crate) async fn to_groups(
    hub: &Hub,
    frame: &Frame,
    groups: &HashSet<Group>,
    exclude: &HashSet<ClientId>,
) -> usize {
    let mut sending = Sending::new(frame, exclude);
    for members in hub.members_by_shard(groups) {
        sending.offer(&members).await;
    }
    sending.reached
}

struct Sending<'a> {
    frame: &'a Frame,
    exclude: &'a HashSet<ClientId>,
    reached: usize,
    since_pause: usize,
}

impl<'a> Sending<'a> {
    fn new(frame: &'a Frame, exclude: &'a HashSet<ClientId>) -> Self {
        Self { frame, exclude, reached: 0, since_pause: 0 }
    }

    async fn offer(&mut self, clients: &[Arc<Client>]) {
        for client in clients {
            if !self.exclude.contains(&client.id) && client.offer(self.frame) {
                self.reached += 1;
            }
            self.since_pause += 1;
            if self.since_pause == CHUNK {
                self.since_pause = 0;
                tokio::task::yield_now().await;
            }
        }
    }
}
