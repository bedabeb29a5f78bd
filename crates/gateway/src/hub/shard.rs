//! The only maps of clients and the only lock on them. No await, no I/O, no callback that could come back here.
//!
//! - here: clients and their uids
//! - [`groups`]: joining and leaving
//! - [`lists`]: pages, names and numbers
//! - [`same_uid`]: the clients of one uid
//!
//! Invariants under the lock: a client listed under a uid is in `clients` and its `bound` is that one; a client is in a group's map
//! exactly when the group is among its `groups`; a uid or group without clients is in no map. A client whose bind is just being
//! completed is `bound` but not listed yet.

mod groups;
mod lists;
mod same_uid;

use std::hash::Hash;
use std::sync::Arc;

use gatepipe_proto::{ClientId, Group, Uid};
use hashbrown::HashMap;
use parking_lot::Mutex;

use super::{Bind, BindCondition, Bound, BoundClient, Entry, HubError, Listed, Stamp};
use crate::client::Client;
use same_uid::SameUid;

#[derive(Debug, Default)]
pub(super) struct Shard(Mutex<Members>);

#[derive(Debug, Default)]
struct Members {
    clients: HashMap<ClientId, Member>,
    uids: HashMap<Uid, SameUid>,
    /// Maps, so that leaving a group of a million is as quick as leaving one of two.
    groups: HashMap<Group, HashMap<ClientId, Arc<Client>>>,
    /// Clients that are bound.
    bound: usize,
    /// How often a uid or group came or went: while it stays the same, so do the names.
    names_changed: u64,
}

#[derive(Debug)]
struct Member {
    client: Arc<Client>,
    bound: Option<BoundTo>,
    /// Each name shares its text with the key in the shard's map.
    groups: Vec<Group>,
}

#[derive(Debug)]
struct BoundTo {
    uid: Uid,
    at_ms: i64,
    newest_wins: bool,
}

/// Gives back the room that a map needed when much more was in it: maps grow by themselves, but never shrink. Seldom, since what
/// is left has room to halve and to double, and quick, since little is left.
fn give_back<K: Eq + Hash, V>(map: &mut HashMap<K, V>) {
    let room = room(map);
    if room >= 64 && map.len() < room / 8 {
        map.shrink_to(map.len() * 2);
    }
}

/// For how many entries a map has memory. Its capacity is less after removals: places that it may not use again before it moves.
fn room<K: Eq + Hash, V>(map: &HashMap<K, V>) -> usize {
    map.allocation_size() / size_of::<(K, V)>().max(1)
}

impl Members {
    fn unlist(&mut self, id: ClientId, uid: &Uid) {
        let Some(clients) = self.uids.get_mut(uid) else {
            return;
        };
        if clients.remove(id) {
            self.uids.remove(uid);
            give_back(&mut self.uids);
            self.names_changed += 1;
        }
    }

    fn member(&mut self, id: ClientId) -> Result<&mut Member, HubError> {
        self.clients.get_mut(&id).ok_or(HubError::NoSuchClient(id))
    }
}

impl Member {
    fn uid(&self) -> Option<&Uid> {
        self.bound.as_ref().map(|bound| &bound.uid)
    }

    fn listed(&self) -> Listed {
        Listed {
            client: self.client.clone(),
            uid: self.uid().cloned(),
            bound_at_ms: self.bound.as_ref().map_or(0, |bound| bound.at_ms),
            groups: self.groups.clone(),
        }
    }
}

impl Shard {
    pub(super) fn enter(&self, client: Arc<Client>) {
        let member = Member { client, bound: None, groups: Vec::new() };
        self.0.lock().clients.insert(member.client.id, member);
    }

    /// Gives whoever has left, and the uid that it was bound to.
    pub(super) fn leave(&self, id: ClientId) -> Option<Entry> {
        let mut members = self.0.lock();
        let member = members.clients.remove(&id)?;
        give_back(&mut members.clients);
        for group in &member.groups {
            members.drop_out(id, group);
        }
        let uid = member.bound.map(|bound| bound.uid);
        if let Some(uid) = &uid {
            members.bound -= 1;
            members.unlist(id, uid);
        }
        Some((member.client, uid))
    }

    /// The first half of a bind: decides, names the client, and takes it off its old uid.
    pub(super) fn name(&self, bind: &Bind<'_>) -> Result<(Arc<Client>, Bound), HubError> {
        let id = bind.client;
        let mut members = self.0.lock();
        let member = members.member(id)?;
        let client = member.client.clone();
        let is_same = member.uid() == Some(bind.uid);
        if member.bound.is_some() && !is_same && bind.condition == BindCondition::UnboundOrSame {
            return Err(HubError::BoundToAnother { client: id });
        }
        // A repeated bind never makes the client older; that the newest wins is noted all the same.
        if let Some(bound) = member.bound.as_mut().filter(|bound| is_same && bound.at_ms > bind.at_ms) {
            bound.newest_wins |= bind.newest_wins;
            return Ok((client, Bound { previous: Some(bind.uid.clone()), at_ms: bound.at_ms }));
        }
        let bound = BoundTo { uid: bind.uid.clone(), at_ms: bind.at_ms, newest_wins: bind.newest_wins };
        let previous = member.bound.replace(bound).map(|bound| bound.uid);
        client.note_bound(true);
        members.bound += usize::from(previous.is_none());
        if let Some(previous) = previous.as_ref().filter(|_| !is_same) {
            members.unlist(id, previous);
        }
        Ok((client, Bound { previous, at_ms: bind.at_ms }))
    }

    /// The second half of a bind: lists the client under `uid`, unless it left meanwhile.
    pub(super) fn list(&self, id: ClientId, uid: &Uid) {
        let mut members = self.0.lock();
        let Some(member) = members.clients.get(&id).filter(|member| member.uid() == Some(uid)) else {
            return;
        };
        let client = member.client.clone();
        match members.uids.get_mut(uid) {
            Some(clients) => clients.insert(client),
            None => {
                members.uids.insert(uid.clone(), SameUid::One(client));
                members.names_changed += 1;
            }
        }
    }

    pub(super) fn unbind(&self, id: ClientId, uid: &Uid) -> bool {
        let mut members = self.0.lock();
        let Some(member) = members.clients.get_mut(&id).filter(|member| member.uid() == Some(uid)) else {
            return false;
        };
        member.bound = None;
        member.client.note_bound(false);
        members.bound -= 1;
        members.unlist(id, uid);
        true
    }

    pub(super) fn client(&self, id: ClientId) -> Option<Arc<Client>> {
        self.0.lock().clients.get(&id).map(|member| member.client.clone())
    }

    pub(super) fn client_and_uid(&self, id: ClientId) -> Option<Entry> {
        self.0.lock().clients.get(&id).map(|member| (member.client.clone(), member.uid().cloned()))
    }

    pub(super) fn listed(&self, id: ClientId) -> Option<Listed> {
        self.0.lock().clients.get(&id).map(Member::listed)
    }

    pub(super) fn clients_of_uid(&self, uid: &Uid, into: &mut Vec<Arc<Client>>) {
        if let Some(clients) = self.0.lock().uids.get(uid) {
            into.extend(clients.iter().cloned());
        }
    }

    pub(super) fn has_uid(&self, uid: &Uid) -> bool {
        self.0.lock().uids.contains_key(uid)
    }

    pub(super) fn binds_of_uid(&self, uid: &Uid, into: &mut Vec<BoundClient>) {
        let members = self.0.lock();
        let clients = members.uids.get(uid).into_iter().flat_map(SameUid::iter);
        into.extend(clients.filter_map(|client| {
            let bound = members.clients.get(&client.id)?.bound.as_ref()?;
            Some(BoundClient {
                client: client.clone(),
                stamp: Stamp { at_ms: bound.at_ms, client: client.id },
                newest_wins: bound.newest_wins,
            })
        }));
    }

    pub(super) fn client_count(&self) -> usize {
        self.0.lock().clients.len()
    }

    pub(super) fn entries(&self) -> Vec<Entry> {
        let members = self.0.lock();
        members.clients.values().map(|member| (member.client.clone(), member.uid().cloned())).collect()
    }

    pub(super) fn select(&self, mut choose: impl FnMut(&Client) -> bool) -> Vec<Arc<Client>> {
        let members = self.0.lock();
        let clients = members.clients.values().map(|member| &member.client);
        clients.filter(|client| choose(client)).cloned().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whether that moved anything.
    fn moved(map: &mut HashMap<u64, [u64; 12]>) -> bool {
        let before = room(map);
        give_back(map);
        room(map) != before
    }

    fn filled(count: u64) -> HashMap<u64, [u64; 12]> {
        (0..count).map(|number| (number, [number; 12])).collect()
    }

    #[test]
    fn a_map_gives_its_room_back_as_it_empties_and_seldom() {
        let mut map = filled(10_000);
        let mut moves = 0;
        for number in 0..10_000 {
            map.remove(&number);
            moves += u32::from(moved(&mut map));
            assert!(room(&map) < 64 || map.len() >= room(&map) / 8, "{} in {}", map.len(), room(&map));
        }
        assert!(room(&map) < 64 && (1..=12).contains(&moves), "{moves} moves, room for {}", room(&map));
    }

    #[test]
    fn in_and_out_at_the_edge_moves_a_map_once() {
        let mut map = filled(100);
        let edge = u64::try_from(room(&map) / 8).unwrap();
        map.retain(|number, _| *number < edge);
        let mut moves = 0;
        for _ in 0..1000 {
            map.remove(&0);
            moves += u32::from(moved(&mut map));
            map.insert(0, [0; 12]);
        }
        assert_eq!(moves, 1);
    }
}
