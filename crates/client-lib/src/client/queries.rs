//! The verbs that only ask. A gateway that is silent is named; nobody is called offline because of it.

use std::collections::BTreeMap;
use std::slice;

use futures_util::future::join_all;
use gatepipe_proto::v1::gateway_client::GatewayClient as Commands;
use gatepipe_proto::{ClientId, GatewayId, Uid, v1};
use tonic::{Response, Status};

use super::GatewayClient;
use crate::connection::Secured;
use crate::directory::GatewayView;
use crate::page::{self, Pages};
use crate::query::ask;
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
        let deadline = self.deadline();
        let view = self.view();
        let mut questions = Vec::new();
        for (gateway, seen) in &view.gateways {
            for uids in &batches {
                let question = |mut line: Commands<Secured>| {
                    let request = v1::ClientsOfUidsRequest { uids: uids.clone() };
                    async move { line.clients_of_uids(request).await }
                };
                questions.push(async move { (*gateway, ask(&seen.lane, deadline, question).await) });
            }
        }
        let mut answer = Answer::of(join_all(questions).await, add_clients);
        answer.blind = !view.heard;
        answer
    }

    /// How many clients there are.
    pub async fn counts(&self) -> Answer<Counts> {
        let view = self.view();
        let question =
            |mut line: Commands<Secured>, _| async move { line.counts(v1::CountsRequest {}).await };
        let outcomes = self.ask_each(&view.gateways, question).await;
        let mut answer = Answer::of(outcomes, add_counts);
        answer.blind = !view.heard;
        answer
    }

    /// A page of all clients, in order of client id. Clients of a gateway that failed are missing from it.
    pub async fn clients(&self, page: Page) -> Answer<Clients> {
        let limit = page.limit.clamp(1, 1_000);
        let view = self.view();
        let gateways = view
            .gateways
            .iter()
            .filter(|(gateway, _)| page::concerns(**gateway, page.after));
        let question = |mut line: Commands<Secured>, gateway| {
            let after = page.after.filter(|after| after.gateway() == gateway);
            let request = v1::ClientsRequest {
                after_client_id: after.map(|after| after.to_string()).unwrap_or_default(),
                limit,
            };
            async move { line.clients(request).await }
        };
        let outcomes = self.ask_each(gateways, question).await;
        let mut answer = Answer::of(outcomes, |pages: &mut Pages, _, reply| pages.add(reply));
        answer.blind = !view.heard;
        answer.map(|pages| pages.finish(limit as usize))
    }

    async fn client_state(&self, client: ClientId) -> Result<v1::IsOnlineReply, Error> {
        let gateway = client.gateway();
        let view = self.view();
        let question = |mut line: Commands<Secured>| async move {
            let client_id = client.to_string();
            line.is_online(v1::IsOnlineRequest { client_id }).await
        };
        let reply = ask(&view.member(gateway)?.lane, self.deadline(), question).await;
        reply.map_err(|reason| Error::from_failure(gateway, reason))
    }

    /// Asks several gateways the same at once.
    async fn ask_each<'a, T, F: Future<Output = Result<Response<T>, Status>> + Send>(
        &self,
        gateways: impl IntoIterator<Item = (&'a GatewayId, &'a GatewayView)>,
        question: impl Fn(Commands<Secured>, GatewayId) -> F + Send + Sync,
    ) -> Outcomes<T> {
        let deadline = self.deadline();
        let question = &question;
        let mut questions = Vec::new();
        for (gateway, seen) in gateways {
            questions.push(async move {
                let outcome = ask(&seen.lane, deadline, |line| question(line, *gateway)).await;
                (*gateway, outcome)
            });
        }
        join_all(questions).await
    }
}

fn add_clients(found: &mut BTreeMap<Uid, Vec<ClientId>>, _: GatewayId, reply: v1::ClientsOfUidsReply) {
    for uid in reply.uids {
        let Ok(name) = uid.uid.parse() else {
            continue;
        };
        let clients = uid
            .client_ids
            .iter()
            .filter_map(|client| client.parse::<ClientId>().ok());
        found.entry(name).or_default().extend(clients);
    }
}

fn add_counts(sum: &mut Counts, gateway: GatewayId, reply: v1::CountsReply) {
    let v1::CountsReply {
        clients,
        bound_clients,
        uids,
    } = reply;
    sum.clients += clients;
    sum.bound_clients += bound_clients;
    sum.gateways.insert(
        gateway,
        GatewayCounts {
            clients,
            bound_clients,
            uids,
        },
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Callers on other threads await these too. An `AsyncFn` question would take that away: the compiler cannot see that its
    /// futures are `Send` for every lifetime.
    #[test]
    fn the_futures_may_move_between_threads() {
        fn sendable<T: Send>(_: impl FnOnce(GatewayClient) -> T) {}
        sendable(|client| async move { client.counts().await });
        sendable(|client| async move { client.clients(Page::default()).await });
        sendable(|client| async move { client.clients_of_uids(&[]).await });
        sendable(|client| async move { client.is_uid_online(&Uid::from(1)).await });
    }
}
