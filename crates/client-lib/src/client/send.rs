//! The verbs for many clients: send, close, ungroup. What each did is a [`Receipt`].

use std::slice;

use gatepipe_proto::v1::command::Command;
use gatepipe_proto::{ClientId, Code, Group, Message, Uid, v1};

use super::GatewayClient;
use crate::receipt::{Failure, FailureReason};
use crate::route::{self, GROUPS_AT_ONCE};
use crate::{Close, Receipt};

impl GatewayClient {
    /// Sends `message` to every connected client, bound or not, except those in `exclude`. All gateways hear it.
    ///
    /// GatewayWorker: `sendToAll(message, null, exclude)`.
    pub async fn send_to_all(&self, message: Message, exclude: &[ClientId]) -> Receipt {
        let command = |gateway| {
            Command::SendToAll(v1::SendToAll {
                message: Some(message.clone().into()),
                exclude_client_ids: route::excluded_on(gateway, exclude),
            })
        };
        self.command_all(|gateway| vec![command(gateway)]).await
    }

    /// Sends `message` to each of `clients` once, except those in `exclude`. Only the gateways in their ids hear it. Clients that
    /// are offline count zero, and so do clients of a gateway that is no member; only while no register is connected that gateway
    /// is named as failed. No clients: nobody.
    ///
    /// GatewayWorker: `sendToAll(message, clients, exclude)`.
    pub async fn send_to_clients(
        &self,
        clients: &[ClientId],
        message: Message,
        exclude: &[ClientId],
    ) -> Receipt {
        let view = self.view();
        let clients = route::clients_by_gateway(clients, exclude);
        let named: Vec<_> = clients.keys().copied().collect();
        // Of no gateways means of all.
        let gateways = if named.is_empty() { named } else { view.asked(&named) };
        let commands = |gateway| {
            let send = |client_ids| {
                Command::SendToClients(v1::SendToClients {
                    client_ids,
                    message: Some(message.clone().into()),
                    exclude_client_ids: Vec::new(),
                })
            };
            route::client_batches(&clients[&gateway]).into_iter().map(send).collect()
        };
        self.receipt(view.submit_all(gateways, commands)).await
    }

    /// Sends `message` to one client, through the gateway in its id. A client that is offline counts zero.
    ///
    /// GatewayWorker: `sendToClient`, and in a worker `sendToCurrentClient` with the client of the event.
    pub async fn send_to_client(&self, client: ClientId, message: Message) -> Receipt {
        self.send_to_clients(&[client], message, &[]).await
    }

    /// Sends `message` to every client of each of `uids` once, except those in `exclude`; a uid that is named twice is sent to
    /// once. A uid that is offline counts zero. No uids: nobody.
    ///
    /// Only the gateways that may hold one of them hear it, and they never include too few: a client whose bind was acknowledged before
    /// this was called, to whomever, is reached, or its gateway is named as failed. [`Receipt::asked`] tells who was asked: everybody the
    /// first time, and afterwards those of which it is not known that they hold none. What is known lasts for as long as it is used about
    /// every second.
    ///
    /// GatewayWorker: `sendToUid` with an array.
    pub async fn send_to_uids(&self, uids: &[Uid], message: Message, exclude: &[ClientId]) -> Receipt {
        let view = self.view();
        let send = |gateway, uids: &[Uid]| v1::SendToUids {
            uids: uids.iter().map(ToString::to_string).collect(),
            message: Some(message.clone().into()),
            exclude_client_ids: route::excluded_on(gateway, exclude),
        };
        let submitted = view.submit_to_uids(&route::uid_batches(uids), send);
        Receipt { blind: !view.heard, ..self.receipt(submitted).await }
    }

    /// Sends `message` to every client of one uid. Only the gateways that may hold it hear it, as in [`Self::send_to_uids`]. A uid that is
    /// offline counts zero.
    ///
    /// GatewayWorker: `sendToUid`.
    pub async fn send_to_uid(&self, uid: &Uid, message: Message) -> Receipt {
        self.send_to_uids(slice::from_ref(uid), message, &[]).await
    }

    /// Sends `message` to every member of any of `groups`, except those in `exclude`. A client is reached once, however many of the
    /// groups it is in. All gateways hear it. A group without members counts zero. No groups: nobody.
    ///
    /// At most 1,000 groups: more do not fit into one command, and between two nobody could tell who was reached already. Then
    /// nothing is sent, and every gateway is named as having refused.
    ///
    /// GatewayWorker: `sendToGroup` with an array.
    pub async fn send_to_groups(&self, groups: &[Group], message: Message, exclude: &[ClientId]) -> Receipt {
        let groups = match route::groups_at_once(groups) {
            Ok(groups) => groups,
            Err(many) => return self.too_many_groups(many),
        };
        let command = |gateway| {
            Command::SendToGroups(v1::SendToGroups {
                groups: groups.clone(),
                message: Some(message.clone().into()),
                exclude_client_ids: route::excluded_on(gateway, exclude),
            })
        };
        let commands = |gateway| if groups.is_empty() { Vec::new() } else { vec![command(gateway)] };
        self.command_all(commands).await
    }

    /// Sends `message` to every member of one group, except those in `exclude`. All gateways hear it. A group without members
    /// counts zero.
    ///
    /// GatewayWorker: `sendToGroup`.
    pub async fn send_to_group(&self, group: &Group, message: Message, exclude: &[ClientId]) -> Receipt {
        self.send_to_groups(slice::from_ref(group), message, exclude).await
    }

    /// Takes every member out of a group; they stay connected. All gateways hear it; `reached` counts the members it lost.
    ///
    /// GatewayWorker: `ungroup`.
    pub async fn ungroup(&self, group: &Group) -> Receipt {
        let ungroup = v1::Ungroup { group: group.to_string() };
        self.command_all(|_| vec![Command::Ungroup(ungroup.clone())]).await
    }

    /// Closes every client of `uid`: `close.last_message`, then a close frame. All gateways hear it, because whoever is bound at this very
    /// moment has to go, too; `reached` counts the clients.
    ///
    /// GatewayWorker has no such call.
    pub async fn close_uid(&self, uid: &Uid, close: Close) -> Receipt {
        let close =
            v1::CloseUid { uid: uid.to_string(), close: Some(close.into()), ..v1::CloseUid::default() };
        self.command_all(|_| vec![Command::CloseUid(close.clone())]).await
    }

    fn too_many_groups(&self, many: usize) -> Receipt {
        let view = self.view();
        let refused = |gateway| Failure {
            gateway,
            reason: FailureReason::Refused {
                code: Code::Invalid,
                text: format!("at most {GROUPS_AT_ONCE} groups in one send, not {many}"),
            },
        };
        let asked: Vec<_> = view.gateways.keys().copied().collect();
        let failed = asked.iter().copied().map(refused).collect();
        Receipt { reached: 0, asked, failed, blind: !view.heard }
    }
}
