//! How every question goes out, and its answers back. A gateway that is silent is named; nobody is called offline because of it.

use futures_util::future::join_all;
use gatepipe_proto::GatewayId;
use tokio::time::Instant;

use super::GatewayClient;
use crate::directory::View;
use crate::query::{Question, ask};
use crate::receipt::{FailureReason, Outcomes};
use crate::{Answer, Error, route};

/// What gateways answered.
pub(super) struct Asked<R> {
    outcomes: Outcomes<R>,
    blind: bool,
}

impl<R> Asked<R> {
    pub(super) fn new(view: &View, outcomes: Outcomes<R>) -> Self {
        Self { outcomes, blind: !view.heard }
    }

    /// Puts together what the gateways said: `add` takes in each reply, in order of gateway.
    pub(super) fn sum<T: Default>(self, add: impl FnMut(&mut T, GatewayId, R)) -> Answer<T> {
        Answer { blind: self.blind, ..Answer::of(self.outcomes, add) }
    }
}

impl GatewayClient {
    /// Asks one member one question.
    pub(super) async fn ask_one<Q: Question>(
        &self,
        gateway: GatewayId,
        question: Q,
    ) -> Result<Q::Reply, Error> {
        let view = self.view();
        let reply = ask(&view.member(gateway)?.lane, self.deadline(), question).await;
        reply.map_err(|reason| Error::from_failure(gateway, reason))
    }

    /// Asks each of the `wanted` gateways (all members when empty) its questions, all at once.
    pub(super) async fn ask_each<Q: Question>(
        &self,
        wanted: &[GatewayId],
        questions: impl Fn(GatewayId) -> Vec<Q>,
    ) -> Asked<Q::Reply> {
        let deadline = self.deadline();
        let view = self.view();
        let mut asking = Vec::new();
        for gateway in view.asked(wanted) {
            for question in questions(gateway) {
                let view = &view;
                asking.push(async move { (gateway, view.ask(gateway, deadline, question).await) });
            }
        }
        Asked::new(&view, join_all(asking).await)
    }
}

impl View {
    /// The gateways that a question about `wanted` goes to.
    pub(super) fn asked(&self, wanted: &[GatewayId]) -> Vec<GatewayId> {
        route::asked(self.gateways.keys(), wanted, self.registers_connected() > 0)
    }

    pub(super) async fn ask<Q: Question>(
        &self,
        gateway: GatewayId,
        deadline: Instant,
        question: Q,
    ) -> Result<Q::Reply, FailureReason> {
        match self.gateways.get(&gateway) {
            Some(seen) => ask(&seen.lane, deadline, question).await,
            None => Err(FailureReason::UnknownGateway),
        }
    }
}
