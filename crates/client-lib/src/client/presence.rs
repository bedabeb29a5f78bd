//! Who is online. Nobody is called offline because a gateway was silent.

use std::collections::BTreeMap;
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
        let answer = self.clients_of_uid(uid).await;
        match (answer.value.is_empty(), answer.failed.into_iter().next()) {
            (false, _) => Ok(true),
            (true, Some(failure)) => Err(Error::from_failure(failure.gateway, failure.reason)),
            (true, None) if answer.blind => Err(Error::NeverHeard),
            (true, None) => Ok(false),
        }
    }

    /// Which of `uids` have a client, in one round trip for every 4,000 of them, all at once. All gateways are asked; a uid is
    /// called offline only when every one answered.
    ///
    /// GatewayWorker: `isUidsOnline`.
    pub async fn are_uids_online(&self, uids: &[Uid]) -> Answer<UidsOnline> {
        let answer = self.clients_of_uids(uids).await;
        let whole = answer.is_whole();
        answer.map(|found| {
            let mut told = UidsOnline::default();
            for uid in uids {
                let place = match found.contains_key(uid) {
                    true => &mut told.online,
                    false if whole => &mut told.offline,
                    false => &mut told.unknown,
                };
                place.insert(uid.clone());
            }
            told
        })
    }

    /// The clients of one uid, in order. All gateways are asked. Empty when it is offline.
    ///
    /// GatewayWorker: `getClientIdByUid`.
    pub async fn clients_of_uid(&self, uid: &Uid) -> Answer<Vec<ClientId>> {
        let answer = self.clients_of_uids(slice::from_ref(uid)).await;
        answer.map(|found| found.into_values().flatten().collect())
    }

    /// The clients of each of `uids` that is online, in order; uids without clients are absent. All gateways are asked.
    ///
    /// GatewayWorker: `batchGetClientIdByUid`.
    pub async fn clients_of_uids(&self, uids: &[Uid]) -> Answer<BTreeMap<Uid, Vec<ClientId>>> {
        let batches = route::uid_batches(uids);
        let question = |uids: &Vec<String>| v1::ClientsOfUidsRequest { uids: uids.clone() };
        self.ask_each(&[], |_| batches.iter().map(question).collect()).await.sum(add_clients)
    }
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
