//! Who is where: every client of this gateway, by id and by uid.
//!
//! Clients are spread over shards by their (random) id. A shard knows its clients *and* which of them belong to which uid, so
//! binding, leaving and reading happen under one short lock, and a client is never half in. Looking up a uid asks every
//! shard. Nothing is sent and nothing waits while a lock is held.

mod shard;

use std::collections::HashSet;
use std::sync::Arc;

use gatepipe_proto::{ClientId, GatewayId, Uid};

use crate::client::Client;
use crate::encode::Frame;
use shard::Shard;

/// A power of two; more shards make broadcast pauses shorter and uid look-ups longer.
const SHARDS: usize = 16;

/// Why the hub could not carry out a command.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum HubError {
    #[error("client {0} is not on this gateway")]
    NoSuchClient(ClientId),
    #[error("client {client} is bound to another uid")]
    BoundToAnother { client: ClientId },
}

/// When a bind may replace another uid.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum BindCondition {
    Any,
    UnboundOrSame,
}

/// A client and the uid it is bound to.
pub(crate) type Entry = (Arc<Client>, Option<Uid>);

/// How many there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Counts {
    pub(crate) clients: usize,
    pub(crate) bound_clients: usize,
    pub(crate) uids: usize,
}

/// See the head of this file.
#[derive(Debug)]
pub(crate) struct Hub {
    gateway: GatewayId,
    shards: [Shard; SHARDS],
}

impl Hub {
    pub(crate) fn new(gateway: GatewayId) -> Arc<Self> {
        Arc::new(Self { gateway, shards: std::array::from_fn(|_| Shard::default()) })
    }

    pub(crate) fn gateway(&self) -> GatewayId {
        self.gateway
    }

    fn shard(&self, client: ClientId) -> &Shard {
        // The highest bits, so that shards in order hold ids in order.
        &self.shards[usize::from(client.first_byte()) * SHARDS / 256]
    }

    /// Takes a client in, unbound. Its seat calls this, and [`Hub::leave`] at the end.
    pub(crate) fn enter(&self, client: Arc<Client>) {
        self.shard(client.id).enter(client);
    }

    /// Lets a client go. Gives the uid that it was bound to.
    pub(crate) fn leave(&self, client: ClientId) -> Option<Uid> {
        self.shard(client).leave(client)
    }

    /// The client with this id.
    pub(crate) fn client(&self, id: ClientId) -> Option<Arc<Client>> {
        self.shard(id).client(id)
    }

    /// The client with this id and its uid.
    pub(crate) fn client_and_uid(&self, id: ClientId) -> Option<Entry> {
        self.shard(id).client_and_uid(id)
    }

    /// Every client of `uid`, each once.
    pub(crate) fn clients_of_uid(&self, uid: &Uid) -> Vec<Arc<Client>> {
        let mut clients = Vec::new();
        for shard in &self.shards {
            shard.clients_of_uid(uid, &mut clients);
        }
        clients
    }

    /// Binds a client, and offers it `greeting` before any push to `uid` can reach it. Gives the uid that was replaced.
    ///
    /// # Errors
    /// `NoSuchClient` also when the client is just being closed; `BoundToAnother` by `condition`.
    pub(crate) fn bind(
        &self,
        id: ClientId,
        uid: &Uid,
        condition: BindCondition,
        greeting: Option<&Frame>,
    ) -> Result<Option<Uid>, HubError> {
        let shard = self.shard(id);
        let (client, previous) = shard.name(id, uid, condition)?;
        if greeting.is_some_and(|frame| !client.offer(frame)) {
            return Err(HubError::NoSuchClient(id));
        }
        // Only now pushes to the uid find it.
        shard.list(id, uid);
        Ok(previous)
    }

    /// Unbinds a client from `uid` only. `true` when it was bound to it.
    ///
    /// # Errors
    /// `NoSuchClient`
    pub(crate) fn unbind(&self, id: ClientId, uid: &Uid) -> Result<bool, HubError> {
        self.shard(id).unbind(id, uid)
    }

    /// How many there are. Shards are asked one after the other.
    pub(crate) fn counts(&self) -> Counts {
        let mut uids = HashSet::new();
        let mut counts = Counts::default();
        for shard in &self.shards {
            let (clients, bound_clients) = shard.count(&mut uids);
            counts.clients += clients;
            counts.bound_clients += bound_clients;
        }
        counts.uids = uids.len();
        counts
    }

    /// Clients now. Cheaper than [`Hub::counts`].
    pub(crate) fn client_count(&self) -> usize {
        self.shards.iter().map(Shard::client_count).sum()
    }

    /// At most `limit` clients with ids after `after`, in order of id, and whether more follow.
    pub(crate) fn page(&self, after: Option<ClientId>, limit: usize) -> (Vec<Entry>, bool) {
        let mut page = Vec::new();
        for shard in &self.shards {
            // One more than asked for tells whether more follow.
            shard.page(after, limit + 1 - page.len(), &mut page);
            if page.len() > limit {
                page.truncate(limit);
                return (page, true);
            }
        }
        (page, false)
    }

    /// The clients of each shard in turn, copied under its lock when the iterator comes to it.
    pub(crate) fn by_shard(&self) -> impl Iterator<Item = Vec<Arc<Client>>> + '_ {
        self.shards.iter().map(|shard| shard.select(|_| true))
    }

    /// Like [`Hub::by_shard`], with their uids.
    pub(crate) fn entries_by_shard(&self) -> impl Iterator<Item = Vec<Entry>> + '_ {
        self.shards.iter().map(Shard::entries)
    }

    /// The clients that `choose` picks. It runs under a shard's lock: it may not wait or call back.
    pub(crate) fn select(&self, mut choose: impl FnMut(&Client) -> bool) -> Vec<Arc<Client>> {
        let mut chosen = Vec::new();
        for shard in &self.shards {
            chosen.append(&mut shard.select(&mut choose));
        }
        chosen
    }
}
