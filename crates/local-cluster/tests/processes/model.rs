//! What a cluster should be after a sequence of steps, in memory: who is where, what each page hears, and what lists say.

use std::collections::{BTreeMap, BTreeSet};

use gatepipe_client::{ClientId, Filter, Group, Session, Uid};
use serde_json::{Map, Value};

use crate::socket::Heard;

/// One living client.
#[derive(Debug, Default, Clone)]
pub(crate) struct Living {
    pub(crate) uid: Option<Uid>,
    pub(crate) groups: BTreeSet<Group>,
    pub(crate) session: Map<String, Value>,
}

#[derive(Debug, Default)]
pub(crate) struct Model {
    pub(crate) living: BTreeMap<ClientId, Living>,
    /// What each page that is still open at its end hears, in order; a close is the last.
    pub(crate) hears: BTreeMap<ClientId, Vec<Heard>>,
}

impl Model {
    pub(crate) fn connect(&mut self, client: ClientId) {
        self.living.insert(client, Living::default());
        self.hears.insert(client, Vec::new());
    }

    /// The page went away by itself: nobody listens any more.
    pub(crate) fn leave(&mut self, client: ClientId) {
        self.living.remove(&client);
        self.hears.remove(&client);
    }

    pub(crate) fn close(&mut self, client: ClientId, last: Heard) {
        self.living.remove(&client);
        self.hears.get_mut(&client).unwrap().push(last);
    }

    /// Gives the uid that was replaced.
    pub(crate) fn bind(&mut self, client: ClientId, uid: &Uid) -> Option<Uid> {
        self.living.get_mut(&client).unwrap().uid.replace(uid.clone())
    }

    pub(crate) fn unbind(&mut self, client: ClientId, uid: &Uid) -> bool {
        let living = self.living.get_mut(&client).unwrap();
        let was = living.uid.as_ref() == Some(uid);
        if was {
            living.uid = None;
        }
        was
    }

    /// Ids of the clients that a filter lets through.
    pub(crate) fn select(&self, filter: &Filter) -> Vec<ClientId> {
        let fits = |(id, living): &(&ClientId, &Living)| {
            (filter.uids.is_empty() || living.uid.as_ref().is_some_and(|uid| filter.uids.contains(uid)))
                && (filter.groups.is_empty()
                    || living.groups.iter().any(|group| filter.groups.contains(group)))
                && (filter.gateways.is_empty() || filter.gateways.contains(&id.gateway()))
                && filter.bound.is_none_or(|bound| living.uid.is_some() == bound)
        };
        self.living.iter().filter(fits).map(|(id, _)| *id).collect()
    }

    /// `clients`, each once, without those in `exclude`, hear `message`; gives how many.
    pub(crate) fn hear(
        &mut self,
        clients: impl IntoIterator<Item = ClientId>,
        exclude: &[ClientId],
        message: &Heard,
    ) -> u64 {
        let hearing: BTreeSet<_> = clients.into_iter().filter(|client| !exclude.contains(client)).collect();
        let mut reached = 0;
        for client in hearing.iter().filter(|client| self.living.contains_key(client)) {
            self.hears.get_mut(client).unwrap().push(message.clone());
            reached += 1;
        }
        reached
    }

    /// Members of each group that has any: clients, and different uids.
    pub(crate) fn groups(&self) -> BTreeMap<Group, (u64, u64)> {
        let mut groups = BTreeMap::<Group, (u64, BTreeSet<&Uid>)>::new();
        for living in self.living.values() {
            for group in &living.groups {
                let (clients, uids) = groups.entry(group.clone()).or_default();
                *clients += 1;
                uids.extend(&living.uid);
            }
        }
        groups.into_iter().map(|(group, (clients, uids))| (group, (clients, uids.len() as u64))).collect()
    }

    /// Uids among the clients that a filter lets through, with how many of those each has.
    pub(crate) fn uids(&self, filter: &Filter) -> BTreeMap<Uid, u64> {
        let mut uids = BTreeMap::new();
        for uid in self.select(filter).iter().filter_map(|client| self.living[client].uid.clone()) {
            *uids.entry(uid).or_default() += 1;
        }
        uids
    }

    pub(crate) fn session(&self, client: ClientId) -> Session {
        Session::try_from(&self.living[&client].session).unwrap()
    }
}

/// JSON Merge Patch, as RFC 7396 section 2 writes it down.
pub(crate) fn merge(target: &mut Map<String, Value>, patch: &Map<String, Value>) {
    for (key, value) in patch {
        match value {
            Value::Null => drop(target.remove(key)),
            Value::Object(inner) => {
                let old = target.entry(key.clone()).or_insert_with(|| Value::Object(Map::new()));
                if !old.is_object() {
                    *old = Value::Object(Map::new());
                }
                merge(old.as_object_mut().unwrap(), inner);
            }
            other => drop(target.insert(key.clone(), other.clone())),
        }
    }
}
