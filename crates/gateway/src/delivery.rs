//! One message to many clients: encoded once, recipients copied under the lock, then offered to each outbox.

use std::collections::HashSet;
use std::sync::Arc;

use gatepipe_proto::{ClientId, Uid};

use crate::client::Client;
use crate::encode::Frame;
use crate::hub::Hub;

/// Clients between two pauses of a broadcast, so that one broadcast does not hold a worker for long.
const CHUNK: usize = 256;

/// Offers `frame` to every client but the excluded ones. Gives how many took it. Pauses between chunks.
pub(crate) async fn to_all(hub: &Hub, frame: &Frame, exclude: &HashSet<ClientId>) -> usize {
    let mut reached = 0;
    for clients in hub.by_shard() {
        for chunk in clients.chunks(CHUNK) {
            reached += offer(frame, chunk, exclude);
            tokio::task::yield_now().await;
        }
    }
    reached
}

/// Offers `frame` to each named client once.
pub(crate) fn to_clients(hub: &Hub, frame: &Frame, ids: &[ClientId], exclude: &HashSet<ClientId>) -> usize {
    let mut seen = HashSet::with_capacity(ids.len());
    let named = ids.iter().filter(|id| seen.insert(**id)).filter_map(|id| hub.client(*id));
    offer(frame, &named.collect::<Vec<_>>(), exclude)
}

/// Offers `frame` to every client of each named uid, to each client once.
pub(crate) fn to_uids(hub: &Hub, frame: &Frame, uids: &[Uid], exclude: &HashSet<ClientId>) -> usize {
    // A client has one uid, so naming every uid once reaches every client once.
    let mut seen = HashSet::with_capacity(uids.len());
    uids.iter()
        .filter(|uid| seen.insert(*uid))
        .map(|uid| offer(frame, &hub.clients_of_uid(uid), exclude))
        .sum()
}

fn offer(frame: &Frame, clients: &[Arc<Client>], exclude: &HashSet<ClientId>) -> usize {
    clients.iter().filter(|client| !exclude.contains(&client.id) && client.offer(frame)).count()
}
