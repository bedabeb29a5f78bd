//! Who is where: every client of this gateway, by id, by uid and by group.
//!
//! Clients are spread over shards by their (random) id. A shard knows its clients *and* which of them belong to which uid and
//! group, so binding, joining, leaving and reading happen under one short lock, and a client is never half in. Looking up a uid or
//! a group asks every shard. Nothing is sent and nothing waits while a lock is held.
//! Broadcasts go round the roll, which is in another order.
//!
//! What looks at everybody comes shard by shard, as an iterator (`…_by_shard`): whoever asks may pause between two shards.

mod filter;
mod lists;
mod roll;
mod shard;

use std::collections::HashSet;
use std::sync::Arc;

use gatepipe_proto::{ClientId, GatewayId, Group, Uid};
use parking_lot::Mutex;

use crate::client::Client;
use crate::encode::Frame;
pub(crate) use filter::{BoundState, Filter};
pub(crate) use lists::{Counts, Listed, Names, Page, Tally};
use lists::{Known, Room};
use roll::Roll;
pub(crate) use roll::STOPS;
use shard::Shard;

/// A power of two; with more of them locks are held for a shorter time, and uid look-ups take longer.
const SHARDS: usize = 16;
/// Groups that one client may be in.
pub(crate) const MAX_GROUPS: usize = 1000;

/// Why the hub could not carry out a command.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum HubError {
    #[error("client {0} is not on this gateway")]
    NoSuchClient(ClientId),
    #[error("client {client} is bound to another uid")]
    BoundToAnother { client: ClientId },
    #[error("client {client} is in {MAX_GROUPS} groups, which is the most")]
    TooManyGroups { client: ClientId },
}

/// When a bind may replace another uid.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum BindCondition {
    Any,
    UnboundOrSame,
}

/// What is to be bound.
#[derive(Debug)]
pub(crate) struct Bind<'a> {
    pub(crate) client: ClientId,
    pub(crate) uid: &'a Uid,
    pub(crate) condition: BindCondition,
    /// When it happens, in epoch milliseconds.
    pub(crate) at_ms: i64,
    /// Remembered with the bind: earlier ones of the uid have to go.
    pub(crate) newest_wins: bool,
}

/// What a bind did.
#[derive(Debug)]
pub(crate) struct Bound {
    /// What it was bound to before; the same uid when it was repeated.
    pub(crate) previous: Option<Uid>,
    /// When it counts as bound: as told, or later when it was repeated out of order.
    pub(crate) at_ms: i64,
}

/// Which of two binds is the newer one: by time, then by id, on every gateway alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Stamp {
    pub(crate) at_ms: i64,
    pub(crate) client: ClientId,
}

/// One bind of a uid.
#[derive(Debug)]
pub(crate) struct BoundClient {
    pub(crate) client: Arc<Client>,
    pub(crate) stamp: Stamp,
    pub(crate) newest_wins: bool,
}

impl BoundClient {
    /// Whether it makes older clients of the uid go. One that is being closed itself makes nobody go.
    pub(crate) fn outlives_older(&self) -> bool {
        self.newest_wins && !self.client.is_ending()
    }
}

/// A client and the uid it is bound to.
pub(crate) type Entry = (Arc<Client>, Option<Uid>);

/// See the head of this file.
#[derive(Debug)]
pub(crate) struct Hub {
    gateway: GatewayId,
    shards: [Shard; SHARDS],
    everybody: Roll<Client>,
    known: Mutex<Known>,
}

impl Hub {
    pub(crate) fn new(gateway: GatewayId) -> Arc<Self> {
        let shards = std::array::from_fn(|_| Shard::default());
        Arc::new(Self { gateway, shards, everybody: Roll::new(), known: Mutex::default() })
    }

    pub(crate) fn gateway(&self) -> GatewayId {
        self.gateway
    }

    fn position(client: ClientId) -> usize {
        // The highest bits, so that shards in order hold ids in order.
        usize::from(client.first_byte()) * SHARDS / 256
    }

    fn shard(&self, client: ClientId) -> &Shard {
        &self.shards[Self::position(client)]
    }

    /// Takes a client in, unbound. Its seat calls this, and [`Hub::leave`] at the end.
    pub(crate) fn enter(&self, client: Arc<Client>) {
        self.everybody.enter(client.socket_number(), client.clone());
        self.shard(client.id).enter(client);
    }

    /// Lets a client go, out of its groups too. Gives the uid that it was bound to.
    pub(crate) fn leave(&self, client: ClientId) -> Option<Uid> {
        let (client, uid) = self.shard(client).leave(client)?;
        self.everybody.leave(client.socket_number());
        uid
    }

    /// The client with this id.
    pub(crate) fn client(&self, id: ClientId) -> Option<Arc<Client>> {
        self.shard(id).client(id)
    }

    /// The client with this id and its uid.
    pub(crate) fn client_and_uid(&self, id: ClientId) -> Option<Entry> {
        self.shard(id).client_and_uid(id)
    }

    /// The client with this id, as lists tell it.
    pub(crate) fn listed(&self, id: ClientId) -> Option<Listed> {
        self.shard(id).listed(id)
    }

    /// Every client of `uid`, each once.
    pub(crate) fn clients_of_uid(&self, uid: &Uid) -> Vec<Arc<Client>> {
        let mut clients = Vec::new();
        for shard in &self.shards {
            shard.clients_of_uid(uid, &mut clients);
        }
        clients
    }

    /// Whether `uid` has a client.
    pub(crate) fn has_uid(&self, uid: &Uid) -> bool {
        self.shards.iter().any(|shard| shard.has_uid(uid))
    }

    /// Every client of `uid` with the moment of its bind.
    pub(crate) fn binds_of_uid(&self, uid: &Uid) -> Vec<BoundClient> {
        let mut binds = Vec::new();
        for shard in &self.shards {
            shard.binds_of_uid(uid, &mut binds);
        }
        binds
    }

    /// Binds a client, and offers it `greeting` before any push to the uid can reach it.
    ///
    /// # Errors
    /// `NoSuchClient` also when the client is being closed and so does not take the greeting; `BoundToAnother` by the condition.
    pub(crate) fn bind(&self, bind: &Bind<'_>, greeting: Option<&Frame>) -> Result<Bound, HubError> {
        let shard = self.shard(bind.client);
        let (client, bound) = shard.name(bind)?;
        if greeting.is_some_and(|frame| !client.offer(frame)) {
            return Err(HubError::NoSuchClient(bind.client));
        }
        // Only now pushes to the uid find it.
        shard.list(bind.client, bind.uid);
        Ok(bound)
    }

    /// Unbinds a client from `uid` only. `true` when it was bound to it.
    pub(crate) fn unbind(&self, id: ClientId, uid: &Uid) -> bool {
        self.shard(id).unbind(id, uid)
    }

    /// Takes a client into a group. `false` when it was in it.
    ///
    /// # Errors
    /// `NoSuchClient`, `TooManyGroups`
    pub(crate) fn join(&self, id: ClientId, group: &Group) -> Result<bool, HubError> {
        self.shard(id).join(id, group)
    }

    /// Takes a client out of a group. `false` when it was not in it, or is not here.
    pub(crate) fn leave_group(&self, id: ClientId, group: &Group) -> bool {
        self.shard(id).leave_group(id, group)
    }

    /// Takes everybody out of a group, shard by shard. Gives how many they were in each.
    pub(crate) fn ungroup_by_shard(&self, group: &Group) -> impl Iterator<Item = usize> {
        self.shards.iter().map(|shard| shard.ungroup(group))
    }

    /// The members of any of the groups, each once, shard by shard.
    pub(crate) fn members_by_shard(&self, groups: &HashSet<Group>) -> impl Iterator<Item = Vec<Arc<Client>>> {
        self.shards.iter().map(|shard| shard.members(groups))
    }

    /// How many the filter lets through, shard by shard. With `names` also whose and where, which looks at every one's groups.
    pub(crate) fn tally_by_shard(&self, filter: &Filter, names: bool) -> impl Iterator<Item = Tally> {
        self.shards.iter().map(move |shard| shard.tally(filter, names))
    }

    /// How many there are in all. Looks at every uid and group, unless none came or went since it was known.
    pub(crate) fn counts(&self) -> Counts {
        let names = self.names();
        self.known_counts(&names).unwrap_or_else(|| {
            let mut all = Tally::default();
            for tally in self.tally_by_shard(&Filter::default(), true) {
                all.add(tally);
            }
            self.note_counts(names, all)
        })
    }

    /// Which names there are now, as something that stays the same while they do.
    pub(crate) fn names(&self) -> Names {
        Names(std::array::from_fn(|shard| self.shards[shard].names_changed()))
    }

    /// How many there are in all, when it is known how many these names are.
    pub(crate) fn known_counts(&self, names: &Names) -> Option<Counts> {
        let (uids, groups) = self.known.lock().of(names)?;
        let mut all = Tally::default();
        for tally in self.tally_by_shard(&Filter::default(), false) {
            all.add(tally);
        }
        Some(Counts { uids, groups, ..all.counts() })
    }

    /// Notes what is known by a tally of everybody with names. They were `names` when it began: if any came or went meanwhile, that
    /// is never asked for again.
    pub(crate) fn note_counts(&self, names: Names, tally: Tally) -> Counts {
        let counts = tally.counts();
        *self.known.lock() = Known { names: Some(names), uids: counts.uids, groups: counts.groups };
        counts
    }

    /// Clients now. Cheaper than [`Hub::counts`].
    pub(crate) fn client_count(&self) -> usize {
        self.shards.iter().map(Shard::client_count).sum()
    }

    /// At most `most` clients with ids after `after` that the filter lets through, in order of id, shard by shard; fewer when their
    /// names would have more than `bytes`, but at least one. The first part with `more` is the last.
    pub(crate) fn page_by_shard(
        &self,
        after: Option<ClientId>,
        filter: &Filter,
        most: usize,
        bytes: usize,
    ) -> impl Iterator<Item = Page> {
        let mut room = Room { clients: most, bytes, is_untouched: true };
        let shards = self.shards[after.map_or(0, Self::position)..].iter();
        shards.map(move |shard| shard.page(after, filter, &mut room))
    }

    /// The `most` lowest uids after `after` in each shard in turn, with the clients that the filter lets through; a uid may be in
    /// several shards. What is lowest in all is among them.
    pub(crate) fn uids_by_shard(
        &self,
        after: Option<&Uid>,
        filter: &Filter,
        most: usize,
    ) -> impl Iterator<Item = Vec<(Uid, usize)>> {
        self.shards.iter().map(move |shard| shard.uids(after, filter, most))
    }

    /// The same for groups and their members; only those in `only`, unless it is empty.
    pub(crate) fn groups_by_shard(
        &self,
        after: Option<&Group>,
        only: &HashSet<Group>,
        most: usize,
    ) -> impl Iterator<Item = Vec<(Group, usize)>> {
        self.shards.iter().map(move |shard| shard.groups(after, only, most))
    }

    /// Fingerprints of the uids of a group's members; a uid with several clients comes several times.
    pub(crate) fn uids_of_group(&self, group: &Group) -> Vec<u64> {
        let mut fingerprints = Vec::new();
        for shard in &self.shards {
            shard.uids_of_group(group, &mut fingerprints);
        }
        fingerprints
    }

    /// Adds the next clients of a stop, a number below [`STOPS`], to `into`, at most `most`, beginning at `from`: 0, or what the last
    /// call gave. `None` when there are no more. Going round all stops one meets everybody once, in the order that is quickest to send
    /// in; of those who come and go meanwhile some.
    pub(crate) fn clients_at_stop(
        &self,
        stop: usize,
        from: usize,
        most: usize,
        into: &mut Vec<Arc<Client>>,
    ) -> Option<usize> {
        self.everybody.copy(stop, from, most, Client::look, into)
    }

    /// The clients of each shard in turn, with their uids.
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
