//! Who is online. Nobody is called offline because a gateway was silent.

use std::sync::Arc;

use std::collections::{BTreeMap, BTreeSet};
use std::slice;

use gatepipe_proto::{ClientId, GatewayId, Uid, v1};

use super::GatewayClient;
use crate::{Answer, Error, UidsOnline, route};

impl GatewayClient {
    /// Whether a uid has a client. All gateways are asked.
    ///
    /// GatewayWorker: `isUidOnline`, which calls users of a silent gateway offline.
    ///
    /// # Errors
    /// When no gateway says yes and one could not be asked, nobody knows: that gateway's failure, or [`Error::NeverHeard`].
    pub async fn is_uid_online(&self, uid: &Uid) -> Result<bool, Error> {
        let answer = self.are_uids_online(slice::from_ref(uid)).await;
        match (answer.value.online.is_empty(), answer.failed.into_iter().next()) {
            (false, _) => Ok(true),
            (true, Some(failure)) => Err(Error::from_failure(failure.gateway, failure.reason)),
            (true, None) if answer.blind => Err(Error::NeverHeard),
            (true, None) => Ok(false),
        }
    }

    /// Which of `uids` have a client, in one question for every 1,000 of them, all at once. All gateways are asked; a uid is called
    /// offline only when every one answered. What travels is the uids, however many clients they have.
    ///
    /// GatewayWorker: `isUidsOnline`.
    pub async fn are_uids_online(&self, uids: &[Uid]) -> Answer<UidsOnline> {
        let batches = route::uid_pages(uids);
        let question = |uids: &Vec<String>| v1::UidsRequest {
            limit: route::UIDS_OF_A_PAGE as u32,
            filter: Some(v1::ClientFilter { uids: uids.clone(), ..v1::ClientFilter::default() }),
            ..v1::UidsRequest::default()
        };
        let answer = self.ask_each(&[], |_| batches.iter().map(question).collect()).await.sum(add_uids);
        let whole = answer.is_whole();
        answer.map(|found| {
            let mut told = UidsOnline::default();
            for uid in uids {
                let place = match found.contains(uid) {
                    true => &mut told.online,
                    false if whole => &mut told.offline,
                    false => &mut told.unknown,
                };
                place.insert(uid.clone());
            }
            told
        })
    }

    /// The clients of one uid, in order of id. All gateways are asked. Empty when it is offline. For a uid with tens of thousands of
    /// clients on one gateway ask [`clients`](Self::clients) for pages of them.
    ///
    /// GatewayWorker: `getClientIdByUid`.
    pub async fn clients_of_uid(&self, uid: &Uid) -> Answer<Vec<ClientId>> {
        let answer = self.clients_of_uids(slice::from_ref(uid)).await;
        answer.map(|found| found.into_values().flatten().collect())
    }

    /// The clients of each of `uids` that is online, in order of id; uids without clients are absent. All gateways are asked.
    ///
    /// GatewayWorker: `batchGetClientIdByUid`.
    pub async fn clients_of_uids(&self, uids: &[Uid]) -> Answer<BTreeMap<Uid, Vec<ClientId>>> {
        let batches = route::uid_batches(uids);
        let question = |uids: &Arc<[Uid]>| v1::ClientsOfUidsRequest {
            uids: uids.iter().map(ToString::to_string).collect(),
        };
        let answer = self.ask_each(&[], |_| batches.iter().map(question).collect()).await.sum(add_clients);
        answer.map(|mut found: BTreeMap<_, Vec<_>>| {
            // A gateway tells a uid's clients in any order.
            found.values_mut().for_each(|clients| clients.sort_unstable());
            found
        })
    }
}

fn add_uids(found: &mut BTreeSet<Uid>, _: GatewayId, reply: v1::UidsReply) {
    found.extend(reply.uids.into_iter().filter_map(|entry| entry.uid.parse::<Uid>().ok()));
}

fn add_clients(found: &mut BTreeMap<Uid, Vec<ClientId>>, _: GatewayId, reply: v1::ClientsOfUidsReply) {
    for uid in reply.uids {
        let Ok(name) = uid.uid.parse() else {
            continue;
        };
        let clients = uid.client_ids.iter().filter_map(|client| client.parse::<ClientId>().ok());
        found.entry(name).or_default().extend(clients);
    }
}
