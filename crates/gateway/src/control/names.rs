//! Questions about names: which uids and groups there are, and how many have them. Shards are asked in turn, with a pause between
//! two of them, and between two groups whose members' uids are counted.

use std::collections::BTreeMap;

use gatepipe_proto::{Group, Uid, distinct, v1};
use prost::Message;

use super::decode::{self, Refusal};
use super::query::PAGE_BYTES;
use crate::hub::Hub;

pub(super) async fn uids(hub: &Hub, request: v1::UidsRequest) -> Result<v1::UidsReply, Refusal> {
    let after: Option<Uid> = decode::after(&request.after_uid)?;
    let filter = decode::filter(request.filter)?;
    let mut lowest = Lowest::new(decode::limit(request.limit)?);
    for uids in hub.uids_by_shard(after.as_ref(), &filter, lowest.wanted()) {
        lowest.add(uids);
        tokio::task::yield_now().await;
    }
    let (uids, more) = lowest.page();
    let uids = uids.map(|(uid, clients)| v1::UidEntry { uid: uid.to_string(), clients });
    Ok(v1::UidsReply { uids: uids.collect(), more })
}

pub(super) async fn groups(hub: &Hub, request: v1::GroupsRequest) -> Result<v1::GroupsReply, Refusal> {
    let after: Option<Group> = decode::after(&request.after_group)?;
    let only = decode::groups(&request.groups)?;
    let mut lowest = Lowest::new(decode::limit(request.limit)?);
    for groups in hub.groups_by_shard(after.as_ref(), &only, lowest.wanted()) {
        lowest.add(groups);
        tokio::task::yield_now().await;
    }
    let (groups, more) = lowest.page();
    let mut reply = v1::GroupsReply { groups: Vec::new(), more };
    let mut room = PAGE_BYTES;
    for (group, clients) in groups {
        let uids = request.uids.then(|| distinct::told(hub.uids_of_group(&group)));
        if request.uids {
            tokio::task::yield_now().await;
        }
        let entry = v1::GroupEntry { group: group.to_string(), clients, uids };
        let bytes = entry.encoded_len();
        if bytes > room && !reply.groups.is_empty() {
            reply.more = true;
            break;
        }
        room = room.saturating_sub(bytes);
        reply.groups.push(entry);
    }
    Ok(reply)
}

/// The lowest names of all shards, each once, with its clients added up.
struct Lowest<N> {
    names: BTreeMap<N, u64>,
    limit: usize,
}

impl<N: Ord> Lowest<N> {
    fn new(limit: usize) -> Self {
        Self { names: BTreeMap::new(), limit }
    }

    /// How many every shard has to tell: one more than fit tells whether more follow.
    fn wanted(&self) -> usize {
        self.limit + 1
    }

    /// Takes in the lowest names of one shard. A name that is let go here has enough lower ones in any case.
    fn add(&mut self, names: Vec<(N, usize)>) {
        for (name, clients) in names {
            *self.names.entry(name).or_default() += clients as u64;
        }
        while self.names.len() > self.wanted() {
            self.names.pop_last();
        }
    }

    /// The page, and whether more follow.
    fn page(self) -> (impl Iterator<Item = (N, u64)>, bool) {
        let more = self.names.len() > self.limit;
        (self.names.into_iter().take(self.limit), more)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_in_several_shards_stands_once_with_all_its_clients() {
        let mut lowest = Lowest::new(2);
        assert_eq!(lowest.wanted(), 3);
        lowest.add(vec![("b", 1), ("d", 1), ("e", 1)]);
        lowest.add(vec![("a", 2), ("d", 1)]);
        lowest.add(vec![("b", 3), ("c", 1)]);
        let (page, more) = lowest.page();
        assert_eq!((page.collect::<Vec<_>>(), more), (vec![("a", 2), ("b", 4)], true));
    }

    #[test]
    fn a_page_that_is_just_full_is_the_last() {
        let mut lowest = Lowest::new(2);
        lowest.add(vec![("a", 1), ("b", 1)]);
        let (page, more) = lowest.page();
        assert_eq!((page.count(), more), (2, false));
    }
}
