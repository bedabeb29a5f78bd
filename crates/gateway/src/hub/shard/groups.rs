//! Groups of one shard's clients.

use std::collections::HashSet;
use std::sync::Arc;

use gatepipe_proto::{ClientId, Group};

use super::{Members, Shard, give_back};
use crate::client::Client;
use crate::hub::{HubError, MAX_GROUPS};

impl Members {
    /// Takes a client out of a group's map; its own list is the caller's.
    pub(super) fn drop_out(&mut self, id: ClientId, group: &Group) {
        let Some(clients) = self.groups.get_mut(group) else {
            return;
        };
        clients.remove(&id);
        give_back(clients);
        if clients.is_empty() {
            self.groups.remove(group);
            give_back(&mut self.groups);
            self.names_changed += 1;
        }
    }
}

/// Takes `group` off a client's list. `false` when it was not there.
fn forget(groups: &mut Vec<Group>, group: &Group) -> bool {
    let Some(position) = groups.iter().position(|joined| joined == group) else {
        return false;
    };
    groups.swap_remove(position);
    if groups.is_empty() {
        // Clients that were in groups once give the room back.
        *groups = Vec::new();
    }
    true
}

impl Shard {
    pub(in crate::hub) fn join(&self, id: ClientId, group: &Group) -> Result<bool, HubError> {
        let mut members = self.0.lock();
        let Members { clients, groups, names_changed, .. } = &mut *members;
        let member = clients.get_mut(&id).ok_or(HubError::NoSuchClient(id))?;
        let known = groups.get_key_value(group);
        if known.is_some_and(|(_, clients)| clients.contains_key(&id)) {
            return Ok(false);
        }
        if member.groups.len() >= MAX_GROUPS {
            return Err(HubError::TooManyGroups { client: id });
        }
        *names_changed += u64::from(known.is_none());
        let name = known.map_or(group, |(name, _)| name).clone();
        member.groups.push(name.clone());
        groups.entry(name).or_default().insert(id, member.client.clone());
        Ok(true)
    }

    pub(in crate::hub) fn leave_group(&self, id: ClientId, group: &Group) -> bool {
        let mut members = self.0.lock();
        let was_in = members.clients.get_mut(&id).is_some_and(|member| forget(&mut member.groups, group));
        if was_in {
            members.drop_out(id, group);
        }
        was_in
    }

    pub(in crate::hub) fn ungroup(&self, group: &Group) -> usize {
        let mut members = self.0.lock();
        let Some(left) = members.groups.remove(group) else {
            return 0;
        };
        give_back(&mut members.groups);
        members.names_changed += 1;
        for id in left.keys() {
            if let Some(member) = members.clients.get_mut(id) {
                forget(&mut member.groups, group);
            }
        }
        left.len()
    }

    /// The members of any of the groups, each once.
    pub(in crate::hub) fn members(&self, groups: &HashSet<Group>) -> Vec<Arc<Client>> {
        let members = self.0.lock();
        let found = groups.iter().filter_map(|group| members.groups.get(group));
        if groups.len() == 1 {
            return found.flat_map(|clients| clients.values()).cloned().collect();
        }
        let mut seen = HashSet::new();
        found.flatten().filter(|(id, _)| seen.insert(**id)).map(|(_, client)| client.clone()).collect()
    }
}
