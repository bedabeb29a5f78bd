//! Pages, names and numbers of one shard's clients.

use std::collections::HashSet;
use std::hash::Hash;

use gatepipe_proto::{ClientId, Group, Uid, distinct};
use hashbrown::HashMap;

use super::same_uid::SameUid;
use super::{Member, Members, Shard};
use crate::hub::lists::Room;
use crate::hub::{Filter, Page, Tally};

/// Bytes of a client on a page beside its uid and groups, about.
const ENTRY_BYTES: usize = 160;

impl Members {
    /// Shows every member that the filter lets through, each once. Looks only at those with the uids, or in the groups, that the
    /// filter names, if it names any.
    fn each<'a>(&'a self, filter: &Filter, mut show: impl FnMut(&'a Member)) {
        let mut consider = |member: &'a Member| {
            if filter.lets_through(member.client.remote, member.uid(), &member.groups) {
                show(member);
            }
        };
        if !filter.uids.is_empty() {
            let clients = filter.uids.iter().filter_map(|uid| self.uids.get(uid)).flat_map(SameUid::iter);
            clients.filter_map(|client| self.clients.get(&client.id)).for_each(consider);
        } else if !filter.groups.is_empty() {
            let mut seen = HashSet::new();
            let ids = filter
                .groups
                .iter()
                .filter_map(|group| self.groups.get(group))
                .flat_map(|clients| clients.keys());
            // One group shows nobody twice.
            let ids = ids.filter(|id| filter.groups.len() == 1 || seen.insert(**id));
            ids.filter_map(|id| self.clients.get(id)).for_each(consider);
        } else {
            self.clients.values().for_each(&mut consider);
        }
    }
}

impl Member {
    /// About how many bytes it has on a page.
    fn weight(&self) -> usize {
        let groups = self.groups.iter().map(|group| group.as_str().len() + 3).sum::<usize>();
        ENTRY_BYTES + self.uid().map_or(0, |uid| uid.as_str().len()) + groups
    }
}

/// Keeps the `most` lowest, in order.
fn keep_lowest<T: Ord>(all: &mut Vec<T>, most: usize) {
    if all.len() > most {
        all.select_nth_unstable(most);
        all.truncate(most);
    }
    all.sort_unstable();
}

/// The entries under the names in `only`, or all of them when it is empty.
fn named<'a, N: Eq + Hash, C>(
    map: &'a HashMap<N, C>,
    only: &'a HashSet<N>,
) -> impl Iterator<Item = (&'a N, &'a C)> {
    let all = only.is_empty().then(|| map.iter());
    all.into_iter().flatten().chain(only.iter().filter_map(|name| map.get_key_value(name)))
}

fn lowest_after<'a, N: Ord + Clone + 'a>(
    named: impl Iterator<Item = (&'a N, usize)>,
    after: Option<&N>,
    most: usize,
) -> Vec<(N, usize)> {
    let mut named = named.filter(|(name, _)| after.is_none_or(|after| *name > after)).collect();
    keep_lowest(&mut named, most);
    named.into_iter().map(|(name, clients)| (name.clone(), clients)).collect()
}

impl Shard {
    /// The lowest ids after `after`, until `room` is used up.
    pub(in crate::hub) fn page(&self, after: Option<ClientId>, filter: &Filter, room: &mut Room) -> Page {
        let mut page = Page::default();
        let members = self.0.lock();
        let mut ids = Vec::new();
        members.each(filter, |member| {
            if after.is_none_or(|after| member.client.id > after) {
                ids.push(member.client.id);
            }
        });
        // One more than fit tells whether more follow.
        keep_lowest(&mut ids, room.clients + 1);
        for member in ids.iter().filter_map(|id| members.clients.get(id)) {
            let weight = member.weight();
            if room.clients == 0 || (weight > room.bytes && !room.is_untouched) {
                page.more = true;
                break;
            }
            room.clients -= 1;
            room.bytes = room.bytes.saturating_sub(weight);
            room.is_untouched = false;
            page.clients.push(member.listed());
        }
        page
    }

    pub(in crate::hub) fn tally(&self, filter: &Filter, names: bool) -> Tally {
        let members = self.0.lock();
        let mut tally = Tally::default();
        if filter.is_everybody() {
            tally.clients = members.clients.len();
            tally.bound_clients = members.bound;
            if names {
                // Every name stands once in the maps.
                tally.uids = members.uids.keys().map(|uid| distinct::fingerprint(uid.as_str())).collect();
                tally.groups =
                    members.groups.keys().map(|group| distinct::fingerprint(group.as_str())).collect();
            }
            return tally;
        }
        let mut groups: HashSet<&Group> = HashSet::new();
        members.each(filter, |member| {
            tally.clients += 1;
            tally.bound_clients += usize::from(member.bound.is_some());
            if names {
                tally.uids.extend(member.uid().map(|uid| distinct::fingerprint(uid.as_str())));
                groups.extend(&member.groups);
            }
        });
        tally.groups.extend(groups.into_iter().map(|group| distinct::fingerprint(group.as_str())));
        tally
    }

    /// How often a uid or group has come or gone.
    pub(in crate::hub) fn names_changed(&self) -> u64 {
        self.0.lock().names_changed
    }

    /// The `most` lowest uids after `after`, each with the clients that the filter lets through.
    pub(in crate::hub) fn uids(
        &self,
        after: Option<&Uid>,
        filter: &Filter,
        most: usize,
    ) -> Vec<(Uid, usize)> {
        let members = self.0.lock();
        if filter.is_by_uid_alone() {
            let named = named(&members.uids, &filter.uids).map(|(uid, clients)| (uid, clients.len()));
            return lowest_after(named, after, most);
        }
        let mut counted: HashMap<&Uid, usize> = HashMap::new();
        members.each(filter, |member| {
            if let Some(uid) = member.uid() {
                *counted.entry(uid).or_default() += 1;
            }
        });
        lowest_after(counted.into_iter(), after, most)
    }

    /// The `most` lowest groups after `after`, each with its members; of those in `only` unless it is empty.
    pub(in crate::hub) fn groups(
        &self,
        after: Option<&Group>,
        only: &HashSet<Group>,
        most: usize,
    ) -> Vec<(Group, usize)> {
        let members = self.0.lock();
        let named = named(&members.groups, only).map(|(group, clients)| (group, clients.len()));
        lowest_after(named, after, most)
    }

    /// Adds the fingerprints of the uids of a group's members.
    pub(in crate::hub) fn uids_of_group(&self, group: &Group, into: &mut Vec<u64>) {
        let members = self.0.lock();
        let ids = members.groups.get(group).into_iter().flat_map(|clients| clients.keys());
        let uids = ids.filter_map(|id| members.clients.get(id)?.uid());
        into.extend(uids.map(|uid| distinct::fingerprint(uid.as_str())));
    }
}
