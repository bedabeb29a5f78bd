//! The verbs that only ask. A gateway that is silent is named; nobody is called offline because of it.

use std::collections::BTreeMap;
use std::slice;

use futures_util::future::join_all;
use gatepipe_proto::{ClientId, GatewayId, Uid, v1};

use super::GatewayClient;
use crate::directory::View;
use crate::page::Pages;
use crate::query::{Question, ask};
use crate::receipt::Outcomes;
use crate::route;
use crate::{Answer, Clients, Counts, Error, GatewayCounts, Page};

impl GatewayClient {
    /// Whether a client is connected.
    ///
    /// # Errors
    /// [`Error::UnknownGateway`], and the ways a gateway can fail.
    pub async fn is_online(&self, client: ClientId) -> Result<bool, Error> {
        Ok(self.client_state(client).await?.online)
    }

    /// The uid a client is bound to; `None` when it is unbound or not connected.
    ///
    /// # Errors
    /// [`Error::UnknownGateway`], and the ways a gateway can fail.
    pub async fn uid_of_client(&self, client: ClientId) -> Result<Option<Uid>, Error> {
        let state = self.client_state(client).await?;
        Ok(Uid::try_from(state.uid.as_str()).ok())
    }

    /// Whether a uid has a client.
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

    /// The clients of one uid, in order.
    pub async fn clients_of_uid(&self, uid: &Uid) -> Answer<Vec<ClientId>> {
        let answer = self.clients_of_uids(slice::from_ref(uid)).await;
        answer.map(|found| found.into_values().flatten().collect())
    }

    /// The clients of each of `uids` that is online, in order; uids without clients are absent.
    pub async fn clients_of_uids(&self, uids: &[Uid]) -> Answer<BTreeMap<Uid, Vec<ClientId>>> {
        let batches = route::uid_batches(uids);
        let question = |uids: &Vec<String>| v1::ClientsOfUidsRequest { uids: uids.clone() };
        let view = self.view();
        let outcomes = self.ask_each(&view, |_| batches.iter().map(question).collect()).await;
        let mut answer = Answer::of(outcomes, add_clients);
        answer.blind = !view.heard;
        answer
    }

    /// How many clients there are.
    pub async fn counts(&self) -> Answer<Counts> {
        let view = self.view();
        let outcomes =
            self.ask_each(&view, |_| vec![v1::CountsRequest { filter: None, distinct: true }]).await;
        let mut answer = Answer::of(outcomes, add_counts);
        answer.blind = !view.heard;
        answer
    }

    /// A page of all clients, in order of client id. Clients of a gateway that failed are missing from it.
    pub async fn clients(&self, page: Page) -> Answer<Clients> {
        let limit = page.limit.clamp(1, 1_000);
        let question = |after: Option<ClientId>| v1::ClientsRequest {
            after_client_id: after.map(|after| after.to_string()).unwrap_or_default(),
            limit,
            ..v1::ClientsRequest::default()
        };
        let view = self.view();
        let outcomes = self.ask_each(&view, |gateway| match page.after {
            Some(after) if gateway < after.gateway() => Vec::new(),
            Some(after) if gateway == after.gateway() => vec![question(Some(after))],
            _ => vec![question(None)],
        });
        let mut answer = Answer::of(outcomes.await, |pages: &mut Pages, _, reply| pages.add(reply));
        answer.blind = !view.heard;
        answer.map(|pages| pages.finish(limit as usize))
    }

    async fn client_state(&self, client: ClientId) -> Result<v1::IsOnlineReply, Error> {
        let gateway = client.gateway();
        let view = self.view();
        let question = v1::IsOnlineRequest { client_id: client.to_string() };
        let reply = ask(&view.member(gateway)?.lane, self.deadline(), question).await;
        reply.map_err(|reason| Error::from_failure(gateway, reason))
    }

    /// Asks every member its questions, all at once.
    async fn ask_each<Q: Question>(
        &self,
        view: &View,
        questions: impl Fn(GatewayId) -> Vec<Q>,
    ) -> Outcomes<Q::Reply> {
        let deadline = self.deadline();
        let mut asking = Vec::new();
        for (gateway, seen) in &view.gateways {
            for question in questions(*gateway) {
                asking.push(async move { (*gateway, ask(&seen.lane, deadline, question).await) });
            }
        }
        join_all(asking).await
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

fn add_counts(sum: &mut Counts, gateway: GatewayId, reply: v1::CountsReply) {
    let v1::CountsReply { clients, bound_clients, uids, .. } = reply;
    let uids = uids.map_or(0, |uids| uids.count);
    sum.clients += clients;
    sum.bound_clients += bound_clients;
    sum.gateways.insert(gateway, GatewayCounts { clients, bound_clients, uids });
}
