//! The handle with the verbs.

use std::collections::BTreeMap;
use std::sync::Arc;

use gatepipe_proto::{ClientId, Message, Uid};
use tokio::runtime::Handle;

use crate::builder::Settings;
use crate::{
    Answer, Bind, Bound, Builder, Clients, Close, Counts, Error, GatewayStatus, Page, Receipt, RegisterStatus,
};

/// Commands all gateways that the registers list. Cheap to clone; dropping the last clone ends its tasks.
#[derive(Clone)]
pub struct GatewayClient {
    shared: Arc<Settings>,
}

impl GatewayClient {
    /// Starts to say how the client is set up.
    #[must_use]
    pub fn builder() -> Builder {
        Builder::default()
    }

    pub(crate) fn start(settings: Settings, _runtime: &Handle) -> Self {
        Self {
            shared: Arc::new(settings),
        }
    }

    /// Waits until a register's first list was heard and a pipe to every gateway on it is open.
    ///
    /// Waits for ever while no register answers, or while a listed gateway is dead: put a deadline on it, and then look at
    /// [`registers`](Self::registers) and [`gateways`](Self::gateways) for the trouble. May be dropped at any time.
    pub async fn joined(&self) {
        std::future::pending::<()>().await;
    }

    /// Whether any register's list was ever heard.
    #[must_use]
    pub fn heard_register(&self) -> bool {
        false
    }

    /// How many registers are being heard now.
    #[must_use]
    pub fn registers_connected(&self) -> usize {
        0
    }

    /// Every register, in the order given to the builder.
    #[must_use]
    pub fn registers(&self) -> Vec<RegisterStatus> {
        let register = |(url, _): &(String, _)| RegisterStatus {
            url: url.clone(),
            connected: false,
            trouble: None,
        };
        self.shared.registers.iter().map(register).collect()
    }

    /// Every member, in order of its id.
    #[must_use]
    pub fn gateways(&self) -> Vec<GatewayStatus> {
        Vec::new()
    }

    /// Sends `message` to every connected client, bound or not, except those in `exclude`.
    pub async fn send_to_all(&self, message: Message, exclude: &[ClientId]) -> Receipt {
        self.nobody(message, exclude)
    }

    /// Sends `message` to each of `clients` once, except those in `exclude`. Clients that are offline count zero.
    pub async fn send_to_clients(
        &self,
        clients: &[ClientId],
        message: Message,
        exclude: &[ClientId],
    ) -> Receipt {
        let _ = clients;
        self.nobody(message, exclude)
    }

    /// Sends `message` to one client. A client that is offline counts zero.
    pub async fn send_to_client(&self, client: ClientId, message: Message) -> Receipt {
        self.send_to_clients(&[client], message, &[]).await
    }

    /// Sends `message` to every client of each of `uids` once, except those in `exclude`.
    pub async fn send_to_uids(&self, uids: &[Uid], message: Message, exclude: &[ClientId]) -> Receipt {
        let _ = uids;
        self.nobody(message, exclude)
    }

    /// Sends `message` to every client of one uid. A uid that is offline counts zero.
    pub async fn send_to_uid(&self, uid: &Uid, message: Message) -> Receipt {
        self.send_to_uids(std::slice::from_ref(uid), message, &[]).await
    }

    /// Binds a client to `uid`, in place of the uid it was bound to.
    ///
    /// # Errors
    /// [`Error::NoSuchClient`], [`Error::Conflict`], [`Error::UnknownGateway`], and the ways a gateway can fail.
    pub async fn bind_uid(&self, client: ClientId, uid: &Uid, bind: Bind) -> Result<Bound, Error> {
        let _ = (uid, bind);
        Err(self.unknown(client))
    }

    /// Unbinds a client from `uid`; `false` when it is not connected or not bound to that uid.
    ///
    /// # Errors
    /// [`Error::UnknownGateway`], and the ways a gateway can fail.
    pub async fn unbind_uid(&self, client: ClientId, uid: &Uid) -> Result<bool, Error> {
        let _ = uid;
        Err(self.unknown(client))
    }

    /// Closes a client: `close.last_message`, then a close frame. `false` when it is not connected.
    ///
    /// # Errors
    /// [`Error::UnknownGateway`], and the ways a gateway can fail.
    pub async fn close_client(&self, client: ClientId, close: Close) -> Result<bool, Error> {
        drop(close);
        Err(self.unknown(client))
    }

    /// Cuts a client at once: nothing queued is flushed, no close frame is sent. `false` when it is not connected.
    ///
    /// # Errors
    /// [`Error::UnknownGateway`], and the ways a gateway can fail.
    pub async fn destroy_client(&self, client: ClientId) -> Result<bool, Error> {
        Err(self.unknown(client))
    }

    /// Closes every client of `uid`; `reached` counts them.
    pub async fn close_uid(&self, uid: &Uid, close: Close) -> Receipt {
        let _ = (uid, close);
        self.blind()
    }

    /// Whether a client is connected.
    ///
    /// # Errors
    /// [`Error::UnknownGateway`], and the ways a gateway can fail: a client is never called offline because its gateway was
    /// silent.
    pub async fn is_online(&self, client: ClientId) -> Result<bool, Error> {
        Err(self.unknown(client))
    }

    /// The uid a client is bound to; `None` when it is unbound or not connected.
    ///
    /// # Errors
    /// As [`is_online`](Self::is_online).
    pub async fn uid_of_client(&self, client: ClientId) -> Result<Option<Uid>, Error> {
        Err(self.unknown(client))
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
        let _ = uid;
        Answer {
            blind: true,
            ..Answer::default()
        }
    }

    /// The clients of each of `uids` that is online, in order; uids without clients are absent.
    pub async fn clients_of_uids(&self, uids: &[Uid]) -> Answer<BTreeMap<Uid, Vec<ClientId>>> {
        let _ = uids;
        Answer {
            blind: true,
            ..Answer::default()
        }
    }

    /// How many clients there are.
    pub async fn counts(&self) -> Answer<Counts> {
        Answer {
            blind: true,
            ..Answer::default()
        }
    }

    /// A page of all clients, in order of client id.
    pub async fn clients(&self, page: Page) -> Answer<Clients> {
        let _ = page;
        Answer {
            blind: true,
            ..Answer::default()
        }
    }

    fn blind(&self) -> Receipt {
        Receipt {
            blind: true,
            ..Receipt::default()
        }
    }

    fn nobody(&self, message: Message, exclude: &[ClientId]) -> Receipt {
        let _ = (message, exclude);
        self.blind()
    }

    fn unknown(&self, client: ClientId) -> Error {
        Error::UnknownGateway {
            gateway: client.gateway(),
            register_connected: false,
        }
    }
}
