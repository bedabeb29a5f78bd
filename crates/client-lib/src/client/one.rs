//! The verbs for one client, and for one gateway: the gateway in the id hears them, and nobody else.

use gatepipe_proto::v1::command::Command;
use gatepipe_proto::{ClientId, Code, GatewayId, Group, Session, Uid, v1};

use super::GatewayClient;
use super::commands::{changed, of_client};
use crate::{ClientDetails, ClientInfo, Close, Error, Header};

impl GatewayClient {
    /// Unbinds a client from `uid`; `false` when it is not connected or not bound to that uid.
    ///
    /// GatewayWorker: `unbindUid`, which ignores the uid and unbinds from any.
    ///
    /// # Errors
    /// [`Error::UnknownGateway`], and the ways a gateway can fail.
    pub async fn unbind_uid(&self, client: ClientId, uid: &Uid) -> Result<bool, Error> {
        let unbind = v1::UnbindUid { client_id: client.to_string(), uid: uid.to_string() };
        changed(self.command_one(client.gateway(), Command::UnbindUid(unbind)).await)
    }

    /// Puts a client in a group; `false` when it was in it already.
    ///
    /// GatewayWorker: `joinGroup`.
    ///
    /// # Errors
    /// [`Error::NoSuchClient`]; [`Error::Refused`] with [`Code::TooMany`] when it is in 1,000 other groups;
    /// [`Error::UnknownGateway`], and the ways a gateway can fail.
    pub async fn join_group(&self, client: ClientId, group: &Group) -> Result<bool, Error> {
        let join = v1::JoinGroup { client_id: client.to_string(), group: group.to_string() };
        let outcome = self.command_one(client.gateway(), Command::JoinGroup(join)).await;
        of_client(client, outcome).map(|receipt| receipt.reached > 0)
    }

    /// Takes a client out of a group; `false` when it is not connected or was not in it.
    ///
    /// GatewayWorker: `leaveGroup`.
    ///
    /// # Errors
    /// [`Error::UnknownGateway`], and the ways a gateway can fail.
    pub async fn leave_group(&self, client: ClientId, group: &Group) -> Result<bool, Error> {
        let leave = v1::LeaveGroup { client_id: client.to_string(), group: group.to_string() };
        changed(self.command_one(client.gateway(), Command::LeaveGroup(leave)).await)
    }

    /// Closes a client: `close.last_message`, then a close frame. `false` when it is not connected.
    ///
    /// GatewayWorker: `closeClient`, and in a worker `closeCurrentClient` with the client of the event.
    ///
    /// # Errors
    /// [`Error::UnknownGateway`], and the ways a gateway can fail.
    pub async fn close_client(&self, client: ClientId, close: Close) -> Result<bool, Error> {
        self.end_client(client, close.into()).await
    }

    /// Cuts a client at once: nothing queued is flushed, no close frame is sent. `false` when it is not connected.
    ///
    /// GatewayWorker: `destoryClient`, and in a worker `destoryCurrentClient` with the client of the event.
    ///
    /// # Errors
    /// [`Error::UnknownGateway`], and the ways a gateway can fail.
    pub async fn destroy_client(&self, client: ClientId) -> Result<bool, Error> {
        let cut = v1::Close { destroy: true, ..v1::Close::default() };
        self.end_client(client, cut).await
    }

    /// Replaces a client's session.
    ///
    /// GatewayWorker: `setSession`, `setSocketSession`.
    ///
    /// # Errors
    /// [`Error::NoSuchClient`], [`Error::UnknownGateway`], and the ways a gateway can fail.
    pub async fn set_session(&self, client: ClientId, session: &Session) -> Result<(), Error> {
        let set = v1::SetSession { client_id: client.to_string(), session: session.as_str().to_owned() };
        let outcome = self.command_one(client.gateway(), Command::SetSession(set)).await;
        of_client(client, outcome).map(drop)
    }

    /// Merges `patch` into a client's session (JSON Merge Patch, RFC 7396): objects merge recursively, null removes a key,
    /// everything else replaces. Two updates at the same time both take effect, one after the other.
    ///
    /// GatewayWorker: `updateSession`, which merges lists by index and can remove nothing.
    ///
    /// # Errors
    /// [`Error::NoSuchClient`]; [`Error::Refused`] with [`Code::TooLarge`] when the session would be over 64 KiB, and it stays as it
    /// was; [`Error::UnknownGateway`], and the ways a gateway can fail.
    pub async fn update_session(&self, client: ClientId, patch: &Session) -> Result<(), Error> {
        let update = v1::UpdateSession { client_id: client.to_string(), patch: patch.as_str().to_owned() };
        let outcome = self.command_one(client.gateway(), Command::UpdateSession(update)).await;
        of_client(client, outcome).map(drop)
    }

    /// A client's session, `{}` when none was set; `None` when it is not connected.
    ///
    /// GatewayWorker: `getSession`.
    ///
    /// # Errors
    /// [`Error::UnknownGateway`], and the ways a gateway can fail.
    pub async fn session(&self, client: ClientId) -> Result<Option<Session>, Error> {
        let entry = self.entry(client, true, false).await?;
        entry.map(|entry| session_of(client, &entry)).transpose()
    }

    /// Everything its gateway knows about a client, in one question; `None` when it is not connected.
    ///
    /// GatewayWorker has no such call.
    ///
    /// # Errors
    /// [`Error::UnknownGateway`], and the ways a gateway can fail.
    pub async fn client_details(&self, client: ClientId) -> Result<Option<ClientDetails>, Error> {
        let Some(mut entry) = self.entry(client, true, true).await? else {
            return Ok(None);
        };
        let session = session_of(client, &entry)?;
        let headers = std::mem::take(&mut entry.handshake).into_iter();
        let handshake = headers.map(|v1::Header { name, value }| Header { name, value }).collect();
        Ok(ClientInfo::read(entry).map(|info| ClientDetails { info, session, handshake }))
    }

    /// Everything its gateway knows about a client, without its session; `None` when it is not connected.
    ///
    /// GatewayWorker has no such call.
    ///
    /// # Errors
    /// [`Error::UnknownGateway`], and the ways a gateway can fail.
    pub async fn client_info(&self, client: ClientId) -> Result<Option<ClientInfo>, Error> {
        Ok(self.entry(client, false, false).await?.and_then(ClientInfo::read))
    }

    /// Whether a client is connected.
    ///
    /// GatewayWorker: `isOnline`.
    ///
    /// # Errors
    /// [`Error::UnknownGateway`], and the ways a gateway can fail.
    pub async fn is_online(&self, client: ClientId) -> Result<bool, Error> {
        Ok(self.online(client).await?.online)
    }

    /// The uid a client is bound to; `None` when it is unbound or not connected.
    ///
    /// GatewayWorker: `getUidByClientId`.
    ///
    /// # Errors
    /// [`Error::UnknownGateway`], and the ways a gateway can fail.
    pub async fn uid_of_client(&self, client: ClientId) -> Result<Option<Uid>, Error> {
        let state = self.online(client).await?;
        Ok(Uid::try_from(state.uid.as_str()).ok())
    }

    /// Lets a gateway drain as after SIGTERM: it takes no new sockets, tells its clients to come back elsewhere, and its process
    /// ends. Tells how many clients have to leave, without waiting for it. Draining twice changes nothing.
    ///
    /// GatewayWorker has no such call: its gateways are never reloaded, and stopping one drops its clients.
    ///
    /// # Errors
    /// [`Error::UnknownGateway`] when it is no member, and the ways a gateway can fail.
    pub async fn drain(&self, gateway: GatewayId) -> Result<u64, Error> {
        let receipt = self.command_one(gateway, Command::Drain(v1::Drain {})).await?;
        Ok(receipt.reached)
    }

    async fn end_client(&self, client: ClientId, close: v1::Close) -> Result<bool, Error> {
        let close = v1::CloseClient { client_id: client.to_string(), close: Some(close) };
        changed(self.command_one(client.gateway(), Command::CloseClient(close)).await)
    }

    async fn online(&self, client: ClientId) -> Result<v1::IsOnlineReply, Error> {
        let question = v1::IsOnlineRequest { client_id: client.to_string() };
        self.ask_one(client.gateway(), question).await
    }

    async fn entry(
        &self,
        client: ClientId,
        session: bool,
        handshake: bool,
    ) -> Result<Option<v1::ClientEntry>, Error> {
        let question = v1::ClientRequest { client_id: client.to_string(), session, handshake };
        Ok(self.ask_one(client.gateway(), question).await?.client)
    }
}

fn session_of(client: ClientId, entry: &v1::ClientEntry) -> Result<Session, Error> {
    Session::parse(&entry.session).map_err(|error| Error::Refused {
        gateway: client.gateway(),
        code: Code::Internal,
        text: format!("it told what is no session: {error}"),
    })
}
