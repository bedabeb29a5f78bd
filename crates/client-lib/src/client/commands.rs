//! How every command goes out: through the pipes, and its receipts back.

use std::sync::Arc;

use gatepipe_proto::v1::command::Command;
use gatepipe_proto::{ClientId, Code, GatewayId, Uid, v1};
use tokio::time::Instant;

use super::GatewayClient;
use crate::directory::View;
use crate::lane::Ticket;
use crate::receipt::{FailureReason, carried_out};
use crate::{Error, Receipt};

/// A command that was put in a gateway's queue, or why it was not.
pub(super) type Submitted = (GatewayId, Result<Ticket, FailureReason>);

impl GatewayClient {
    /// Gives every member its commands.
    pub(super) async fn command_all(&self, commands: impl Fn(GatewayId) -> Vec<Command>) -> Receipt {
        let view = self.view();
        let submitted = view.submit_all(view.gateways.keys().copied(), commands);
        Receipt { blind: !view.heard, ..self.receipt(submitted).await }
    }

    /// Gives one gateway one command.
    pub(super) async fn command_one(
        &self,
        gateway: GatewayId,
        command: Command,
    ) -> Result<v1::Receipt, Error> {
        let deadline = self.deadline();
        self.submit_one(gateway, command)?.answer(deadline).await
    }

    /// Puts one command in one gateway's queue.
    pub(super) fn submit_one(&self, gateway: GatewayId, command: Command) -> Result<Sent, Error> {
        let view = self.view();
        view.member(gateway)?;
        match view.submit(gateway, command) {
            Ok(ticket) => Ok(Sent { gateway, ticket }),
            Err(reason) => Err(Error::from_failure(gateway, reason)),
        }
    }

    /// Waits for the receipts of what was submitted, and sums them up.
    pub(super) async fn receipt(&self, submitted: Vec<Submitted>) -> Receipt {
        let deadline = self.deadline();
        let mut outcomes = Vec::with_capacity(submitted.len());
        // All are on their way already: one after the other takes no longer than all at once.
        for sent in submitted {
            outcomes.push(outcome(deadline, sent).await);
        }
        Receipt::of(outcomes)
    }
}

/// What became of a command that was submitted.
pub(super) async fn outcome(
    deadline: Instant,
    (gateway, ticket): Submitted,
) -> (GatewayId, Result<v1::Receipt, FailureReason>) {
    match ticket {
        Ok(ticket) => (gateway, ticket.receipt(deadline).await),
        Err(reason) => (gateway, Err(reason)),
    }
}

/// A command in one gateway's queue.
pub(super) struct Sent {
    gateway: GatewayId,
    ticket: Ticket,
}

impl Sent {
    pub(super) async fn answer(self, deadline: Instant) -> Result<v1::Receipt, Error> {
        let outcome = self.ticket.receipt(deadline).await.and_then(carried_out);
        outcome.map_err(|reason| Error::from_failure(self.gateway, reason))
    }
}

impl View {
    pub(super) fn submit(&self, gateway: GatewayId, command: Command) -> Result<Ticket, FailureReason> {
        match self.gateways.get(&gateway) {
            Some(gateway) => gateway.lane.submit(command),
            None => Err(FailureReason::UnknownGateway),
        }
    }

    /// Gives every gateway that may hold any of these uids its sends.
    pub(super) fn submit_to_uids(
        &self,
        uids: &[Arc<[Uid]>],
        send: impl Fn(GatewayId, &[Uid]) -> v1::SendToUids,
    ) -> Vec<Submitted> {
        let mut submitted = Vec::new();
        for (gateway, seen) in &self.gateways {
            for uids in uids {
                let asked = seen.lane.to_ask_for(uids);
                if !asked.is_empty() {
                    let send = send(*gateway, &asked);
                    submitted.push((*gateway, seen.lane.submit_send(asked, send)));
                }
            }
        }
        submitted
    }

    pub(super) fn submit_all(
        &self,
        gateways: impl IntoIterator<Item = GatewayId>,
        commands: impl Fn(GatewayId) -> Vec<Command>,
    ) -> Vec<Submitted> {
        let mut submitted = Vec::new();
        for gateway in gateways {
            for command in commands(gateway) {
                submitted.push((gateway, self.submit(gateway, command)));
            }
        }
        submitted
    }
}

/// For verbs that need their client.
pub(super) fn of_client<T>(client: ClientId, outcome: Result<T, Error>) -> Result<T, Error> {
    outcome.map_err(|error| match error {
        Error::Refused { code: Code::NotFound, .. } => Error::NoSuchClient(client),
        error => error,
    })
}

/// A client that is not there is no error to those who want it gone.
pub(super) fn changed(outcome: Result<v1::Receipt, Error>) -> Result<bool, Error> {
    match outcome {
        Ok(receipt) => Ok(receipt.reached > 0),
        Err(Error::Refused { code: Code::NotFound, .. }) => Ok(false),
        Err(error) => Err(error),
    }
}
