//! How many there are. Counts never move lists: what travels is a number, and for distinct names a sketch of at most 64 KiB from
//! each gateway.

use std::collections::BTreeMap;

use futures_util::future::join_all;
use gatepipe_proto::distinct::{DistinctCount, Sum};
use gatepipe_proto::{GatewayId, Group, v1};
use parking_lot::Mutex;
use tokio::time::Instant;

use super::GatewayClient;
use super::asking::Asked;
use crate::directory::View;
use crate::receipt::FailureReason;
use crate::{Answer, Counts, Filter, GatewayCounts, GroupInfo, Stats, route};

impl GatewayClient {
    /// How many clients and uids there are, in sum and on each gateway. All gateways are asked.
    ///
    /// GatewayWorker: `getAllClientIdCount`, `getAllClientCount`.
    pub async fn counts(&self) -> Answer<Counts> {
        let answer = self.ask_counts(&Filter::default(), true).await.sum(add_counts);
        answer.map(|(counts, uids, groups)| Counts { uids: uids.count(), groups: groups.count(), ..counts })
    }

    /// How many clients `filter` lets through. The gateways of the filter are asked.
    ///
    /// GatewayWorker: `getAllClientIdCount`, `getClientIdCountByGroup`, `getClientCountByGroup`.
    pub async fn count_clients(&self, filter: &Filter) -> Answer<u64> {
        let asked = self.ask_counts(filter, false).await;
        asked.sum(|clients: &mut u64, _, reply| *clients += reply.clients)
    }

    /// How many distinct uids the clients of `filter` are bound to: exact up to 8,192 and while all are on one gateway, an estimate
    /// beyond. The gateways of the filter are asked.
    ///
    /// GatewayWorker: `getAllUidCount`, `getUidCountByGroup`.
    pub async fn count_uids(&self, filter: &Filter) -> Answer<DistinctCount> {
        let asked = self.ask_counts(filter, true).await;
        let uids = asked.sum(|sum: &mut Sum, _, reply| reply.uids.iter().for_each(|told| sum.add(told)));
        uids.map(|sum| sum.count())
    }

    /// How many distinct groups have a member, exact as in [`count_uids`](Self::count_uids). All gateways are asked.
    ///
    /// GatewayWorker has only the list: `getAllGroupIdList`.
    pub async fn count_groups(&self) -> Answer<DistinctCount> {
        let asked = self.ask_counts(&Filter::default(), true).await;
        let groups = asked.sum(|sum: &mut Sum, _, reply| reply.groups.iter().for_each(|told| sum.add(told)));
        groups.map(|sum| sum.count())
    }

    /// How many members each of `groups` has, and how many distinct uids they are bound to; zeros for a group without members. All
    /// gateways are asked, each 1,000 groups at a time.
    ///
    /// GatewayWorker: `batchGetClientIdCountByGroup`; also `getUidCountByGroup` for several groups.
    pub async fn count_by_group(&self, groups: &[Group]) -> Answer<BTreeMap<Group, GroupInfo>> {
        let view = self.view();
        let deadline = self.deadline();
        let batches = route::group_batches(groups);
        let sums = Mutex::new(BTreeMap::<String, (u64, Sum)>::new());
        let asking = view.gateways.keys().map(async |gateway| {
            let outcome = add_groups(&view, *gateway, deadline, &batches, &sums).await;
            (*gateway, outcome)
        });
        let outcomes = join_all(asking).await;
        let answer = Asked::new(&view, outcomes).sum(|(): &mut (), _, ()| {});
        let mut sums = sums.into_inner();
        let info = |group: &Group| {
            let (clients, uids) = sums.remove(group.as_str()).unwrap_or_default();
            (group.clone(), GroupInfo { group: group.clone(), clients, uids: uids.count() })
        };
        let once: std::collections::BTreeSet<_> = groups.iter().collect();
        let value = once.into_iter().map(info).collect();
        answer.map(|()| value)
    }

    /// What each gateway that answers tells about itself: numbers now, totals, rates. All gateways are asked; cheap enough for
    /// every second.
    ///
    /// GatewayWorker has no such call.
    pub async fn stats(&self) -> Answer<BTreeMap<GatewayId, Stats>> {
        let asked = self.ask_each(&[], |_| vec![v1::StatsRequest {}]).await;
        asked.sum(|stats: &mut BTreeMap<_, _>, gateway, reply| {
            stats.insert(gateway, Stats::from(reply));
        })
    }

    async fn ask_counts(&self, filter: &Filter, distinct: bool) -> Asked<v1::CountsReply> {
        let question = v1::CountsRequest { filter: Some(filter.on_the_wire()), distinct };
        self.ask_each(&filter.gateways, |_| vec![question.clone()]).await
    }
}

fn add_counts(
    (counts, all_uids, all_groups): &mut (Counts, Sum, Sum),
    gateway: GatewayId,
    reply: v1::CountsReply,
) {
    let v1::CountsReply { clients, bound_clients, uids, groups } = reply;
    uids.iter().for_each(|uids| all_uids.add(uids));
    groups.iter().for_each(|groups| all_groups.add(groups));
    let count = |told: Option<v1::Distinct>| told.map_or(0, |told| told.count);
    counts.clients += clients;
    counts.bound_clients += bound_clients;
    let here = GatewayCounts { clients, bound_clients, uids: count(uids), groups: count(groups) };
    counts.gateways.insert(gateway, here);
}

/// Asks one gateway about all groups, page by page, and adds what it says to the sums.
async fn add_groups(
    view: &View,
    gateway: GatewayId,
    deadline: Instant,
    batches: &[Vec<String>],
    sums: &Mutex<BTreeMap<String, (u64, Sum)>>,
) -> Result<(), FailureReason> {
    for groups in batches {
        let mut after_group = String::new();
        loop {
            let question = v1::GroupsRequest {
                after_group: after_group.clone(),
                limit: 1_000,
                groups: groups.clone(),
                uids: true,
            };
            let page = view.ask(gateway, deadline, question).await?;
            let last = page.groups.last().map(|entry| entry.group.clone());
            {
                let mut sums = sums.lock();
                for entry in page.groups {
                    let (clients, uids) = sums.entry(entry.group).or_default();
                    *clients += entry.clients;
                    entry.uids.iter().for_each(|told| uids.add(told));
                }
            }
            match last {
                // A page that does not lead on would be asked for until the deadline.
                Some(last) if page.more && last > after_group => after_group = last,
                _ => break,
            }
        }
    }
    Ok(())
}
