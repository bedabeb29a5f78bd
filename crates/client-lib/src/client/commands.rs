//! The verbs that change something: send, bind, unbind, close. All of them go through the pipes.

use std::slice;

use futures_util::future::join_all;
use gatepipe_proto::v1::command::Command;
use gatepipe_proto::{ClientId, Code, GatewayId, Message, Uid, v1};

use super::GatewayClient;
use crate::directory::View;
use crate::lane::Ticket;
use crate::receipt::{FailureReason, carried_out};
use crate::{Bind, Bound, Close, Error, Receipt, route};

/// A command that was put in a gateway's queue, or why it was not.
type Submitted = (GatewayId, Result<Ticket, FailureReason>);

impl GatewayClient {
    /// Sends `message` to every connected client, bound or not, except those in `exclude`.
    pub async fn send_to_all(&self, message: Message, exclude: &[ClientId]) -> Receipt {
        let command = |gateway| {
            Command::SendToAll(v1::SendToAll {
                message: Some(message.clone().into()),
                exclude_client_ids: route::excluded_on(gateway, exclude),
            })
        };
        self.command_all(|gateway| vec![command(gateway)]).await
    }

    /// Sends `message` to each of `clients` once, except those in `exclude`. Clients that are offline count zero, and so do
    /// clients of a gateway that is no member; only while no register is connected that gateway is named as failed.
    pub async fn send_to_clients(
        &self,
        clients: &[ClientId],
        message: Message,
        exclude: &[ClientId],
    ) -> Receipt {
        let view = self.view();
        let mut submitted = Vec::new();
        for (gateway, clients) in route::clients_by_gateway(clients, exclude) {
            if !view.gateways.contains_key(&gateway) && view.registers_connected() > 0 {
                continue;
            }
            for client_ids in route::client_batches(&clients) {
                let command = Command::SendToClients(v1::SendToClients {
                    client_ids,
                    message: Some(message.clone().into()),
                    exclude_client_ids: Vec::new(),
                });
                submitted.push((gateway, view.submit(gateway, command)));
            }
        }
        self.receipt(submitted).await
    }

    /// Sends `message` to one client. A client that is offline counts zero.
    pub async fn send_to_client(&self, client: ClientId, message: Message) -> Receipt {
        self.send_to_clients(&[client], message, &[]).await
    }

    /// Sends `message` to every client of each of `uids` once, except those in `exclude`. A uid that is
    /// offline counts zero.
    pub async fn send_to_uids(&self, uids: &[Uid], message: Message, exclude: &[ClientId]) -> Receipt {
        let batches = route::uid_batches(uids);
        let command = |gateway, uids: &Vec<String>| {
            Command::SendToUids(v1::SendToUids {
                uids: uids.clone(),
                message: Some(message.clone().into()),
                exclude_client_ids: route::excluded_on(gateway, exclude),
            })
        };
        self.command_all(|gateway| batches.iter().map(|uids| command(gateway, uids)).collect()).await
    }

    /// Sends `message` to every client of one uid. A uid that is offline counts zero.
    pub async fn send_to_uid(&self, uid: &Uid, message: Message) -> Receipt {
        self.send_to_uids(slice::from_ref(uid), message, &[]).await
    }

    /// Binds a client to `uid`, in place of the uid it was bound to.
    ///
    /// # Errors
    /// [`Error::NoSuchClient`], [`Error::Conflict`], [`Error::UnknownGateway`], and the ways a gateway can fail.
    pub async fn bind_uid(&self, client: ClientId, uid: &Uid, bind: Bind) -> Result<Bound, Error> {
        let command = Command::BindUid(v1::BindUid {
            client_id: client.to_string(),
            uid: uid.to_string(),
            condition: v1::BindCondition::from(bind.condition).into(),
            message: bind.message.map(Into::into),
            ..v1::BindUid::default()
        });
        match self.command_one(client, command).await {
            Ok(receipt) => Ok(Bound { previous: Uid::try_from(receipt.previous_uid.as_str()).ok() }),
            Err(Error::Refused { code: Code::NotFound, .. }) => Err(Error::NoSuchClient(client)),
            Err(Error::Refused { code: Code::Conflict, .. }) => Err(Error::Conflict(client)),
            Err(error) => Err(error),
        }
    }

    /// Unbinds a client from `uid`; `false` when it is not connected or not bound to that uid.
    ///
    /// # Errors
    /// [`Error::UnknownGateway`], and the ways a gateway can fail.
    pub async fn unbind_uid(&self, client: ClientId, uid: &Uid) -> Result<bool, Error> {
        let command =
            Command::UnbindUid(v1::UnbindUid { client_id: client.to_string(), uid: uid.to_string() });
        changed(self.command_one(client, command).await)
    }

    /// Closes a client: `close.last_message`, then a close frame. `false` when it is not connected.
    ///
    /// # Errors
    /// [`Error::UnknownGateway`], and the ways a gateway can fail.
    pub async fn close_client(&self, client: ClientId, close: Close) -> Result<bool, Error> {
        self.end_client(client, close.into()).await
    }

    /// Cuts a client at once: nothing queued is flushed, no close frame is sent. `false` when it is not connected.
    ///
    /// # Errors
    /// [`Error::UnknownGateway`], and the ways a gateway can fail.
    pub async fn destroy_client(&self, client: ClientId) -> Result<bool, Error> {
        let cut = v1::Close { destroy: true, ..v1::Close::default() };
        self.end_client(client, cut).await
    }

    /// Closes every client of `uid`; `reached` counts them.
    pub async fn close_uid(&self, uid: &Uid, close: Close) -> Receipt {
        let close =
            v1::CloseUid { uid: uid.to_string(), close: Some(close.into()), ..v1::CloseUid::default() };
        self.command_all(|_| vec![Command::CloseUid(close.clone())]).await
    }

    async fn end_client(&self, client: ClientId, close: v1::Close) -> Result<bool, Error> {
        let command =
            Command::CloseClient(v1::CloseClient { client_id: client.to_string(), close: Some(close) });
        changed(self.command_one(client, command).await)
    }

    /// Gives every member its commands.
    async fn command_all(&self, commands: impl Fn(GatewayId) -> Vec<Command>) -> Receipt {
        let view = self.view();
        let mut submitted = Vec::new();
        for gateway in view.gateways.keys() {
            for command in commands(*gateway) {
                submitted.push((*gateway, view.submit(*gateway, command)));
            }
        }
        Receipt { blind: !view.heard, ..self.receipt(submitted).await }
    }

    /// Gives the gateway in a client's id one command.
    async fn command_one(&self, client: ClientId, command: Command) -> Result<v1::Receipt, Error> {
        let deadline = self.deadline();
        let gateway = client.gateway();
        let view = self.view();
        view.member(gateway)?;
        let outcome = match view.submit(gateway, command) {
            Ok(ticket) => ticket.receipt(deadline).await.and_then(carried_out),
            Err(reason) => Err(reason),
        };
        outcome.map_err(|reason| Error::from_failure(gateway, reason))
    }

    async fn receipt(&self, submitted: Vec<Submitted>) -> Receipt {
        let deadline = self.deadline();
        let outcome = |(gateway, ticket): Submitted| async move {
            match ticket {
                Ok(ticket) => (gateway, ticket.receipt(deadline).await),
                Err(reason) => (gateway, Err(reason)),
            }
        };
        Receipt::of(join_all(submitted.into_iter().map(outcome)).await)
    }
}

impl View {
    fn submit(&self, gateway: GatewayId, command: Command) -> Result<Ticket, FailureReason> {
        match self.gateways.get(&gateway) {
            Some(gateway) => gateway.lane.submit(command),
            None => Err(FailureReason::UnknownGateway),
        }
    }
}

/// A client that is not there is no error to those who want it gone.
fn changed(outcome: Result<v1::Receipt, Error>) -> Result<bool, Error> {
    match outcome {
        Ok(receipt) => Ok(receipt.reached > 0),
        Err(Error::Refused { code: Code::NotFound, .. }) => Ok(false),
        Err(error) => Err(error),
    }
}
