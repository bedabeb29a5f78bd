//! The only maps of clients and the only lock on them. No await, no I/O, no callback that could come back here.
//!
//! Invariants under the lock: a client listed under a uid is in `clients` and its `uid` is that one; a uid without clients is
//! not in `uids`. A client whose bind is just being completed has a `uid` but is not listed yet.

use std::collections::HashSet;
use std::sync::Arc;

use gatepipe_proto::{ClientId, Uid};
use hashbrown::HashMap;
use parking_lot::Mutex;

use super::{BindCondition, Entry, HubError};
use crate::client::Client;

#[derive(Debug, Default)]
pub(super) struct Shard(Mutex<Members>);

#[derive(Debug, Default)]
struct Members {
    clients: HashMap<ClientId, Member>,
    uids: HashMap<Uid, Vec<Arc<Client>>>,
}

#[derive(Debug)]
struct Member {
    client: Arc<Client>,
    uid: Option<Uid>,
}

impl Members {
    fn unlist(&mut self, id: ClientId, uid: &Uid) {
        let Some(clients) = self.uids.get_mut(uid) else {
            return;
        };
        clients.retain(|client| client.id != id);
        if clients.is_empty() {
            self.uids.remove(uid);
        }
    }

    fn member(&mut self, id: ClientId) -> Result<&mut Member, HubError> {
        self.clients.get_mut(&id).ok_or(HubError::NoSuchClient(id))
    }
}

impl Shard {
    pub(super) fn enter(&self, client: Arc<Client>) {
        self.0.lock().clients.insert(client.id, Member { client, uid: None });
    }

    pub(super) fn leave(&self, id: ClientId) -> Option<Uid> {
        let mut members = self.0.lock();
        let uid = members.clients.remove(&id)?.uid?;
        members.unlist(id, &uid);
        Some(uid)
    }

    /// The first half of a bind: decides, names the client, and takes it off its old uid.
    pub(super) fn name(&self, id: ClientId, uid: &Uid, condition: BindCondition) -> Result<Entry, HubError> {
        let mut members = self.0.lock();
        let member = members.member(id)?;
        let client = member.client.clone();
        let previous = match &member.uid {
            Some(bound) if bound == uid => return Ok((client, Some(uid.clone()))),
            Some(_) if condition == BindCondition::UnboundOrSame => {
                return Err(HubError::BoundToAnother { client: id });
            }
            _ => member.uid.replace(uid.clone()),
        };
        client.note_bound(true);
        if let Some(previous) = &previous {
            members.unlist(id, previous);
        }
        Ok((client, previous))
    }

    /// The second half of a bind: lists the client under `uid`, unless it left or was named otherwise meanwhile.
    pub(super) fn list(&self, id: ClientId, uid: &Uid) {
        let mut members = self.0.lock();
        let Some(Member { client, uid: Some(named) }) = members.clients.get(&id) else {
            return;
        };
        if named != uid {
            return;
        }
        let client = client.clone();
        let clients = members.uids.entry(uid.clone()).or_insert_with(|| Vec::with_capacity(1));
        if !clients.iter().any(|listed| listed.id == id) {
            clients.push(client);
        }
    }

    pub(super) fn unbind(&self, id: ClientId, uid: &Uid) -> Result<bool, HubError> {
        let mut members = self.0.lock();
        let member = members.member(id)?;
        if member.uid.as_ref() != Some(uid) {
            return Ok(false);
        }
        member.uid = None;
        member.client.note_bound(false);
        members.unlist(id, uid);
        Ok(true)
    }

    pub(super) fn client(&self, id: ClientId) -> Option<Arc<Client>> {
        self.0.lock().clients.get(&id).map(|member| member.client.clone())
    }

    pub(super) fn client_and_uid(&self, id: ClientId) -> Option<Entry> {
        self.0.lock().clients.get(&id).map(|member| (member.client.clone(), member.uid.clone()))
    }

    pub(super) fn clients_of_uid(&self, uid: &Uid, into: &mut Vec<Arc<Client>>) {
        if let Some(clients) = self.0.lock().uids.get(uid) {
            into.extend_from_slice(clients);
        }
    }

    /// Adds the shard's uids to `uids`; gives its clients and how many of them are bound.
    pub(super) fn count(&self, uids: &mut HashSet<Uid>) -> (usize, usize) {
        let members = self.0.lock();
        uids.extend(members.uids.keys().cloned());
        (members.clients.len(), members.uids.values().map(Vec::len).sum())
    }

    pub(super) fn client_count(&self) -> usize {
        self.0.lock().clients.len()
    }

    /// Adds the `most` lowest ids after `after`, in order.
    pub(super) fn page(&self, after: Option<ClientId>, most: usize, into: &mut Vec<Entry>) {
        let members = self.0.lock();
        let mut ids: Vec<ClientId> =
            members.clients.keys().copied().filter(|id| after.is_none_or(|after| *id > after)).collect();
        if ids.len() > most {
            ids.select_nth_unstable(most);
            ids.truncate(most);
        }
        ids.sort_unstable();
        let entries = ids.iter().filter_map(|id| members.clients.get(id));
        into.extend(entries.map(|member| (member.client.clone(), member.uid.clone())));
    }

    pub(super) fn entries(&self) -> Vec<Entry> {
        let members = self.0.lock();
        members.clients.values().map(|member| (member.client.clone(), member.uid.clone())).collect()
    }

    pub(super) fn select(&self, mut choose: impl FnMut(&Client) -> bool) -> Vec<Arc<Client>> {
        let members = self.0.lock();
        let clients = members.clients.values().map(|member| &member.client);
        clients.filter(|client| choose(client)).cloned().collect()
    }
}
