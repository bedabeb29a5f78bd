//! One TCP connection to a register or gateway, with HTTP/2 on it.
//!
//! A channel of tonic reconnects by itself, to whoever has the address by then. Here that would send the commands of one gateway
//! to another, so a [`Connection`] is one socket and never another: the process that was identified on it is the one that is
//! commanded. Dropping it closes the socket at once, whatever is on its way.

use std::error::Error as _;
use std::io;
use std::pin::Pin;

use gatepipe_proto::GatewayId;
use gatepipe_proto::secret::SendSecret;
use gatepipe_proto::v1::IdentifyRequest;
use gatepipe_proto::v1::gateway_client::GatewayClient as Commands;
use gatepipe_proto::v1::register_client::RegisterClient as Watching;
use hyper_util::rt::TokioIo;
use tokio::time::timeout;
use tokio_util::sync::{CancellationToken, DropGuard};
use tonic::Status;
use tonic::service::interceptor::InterceptedService;
use tonic::transport::{Channel, Endpoint};

use crate::builder::Limits;
use crate::dial::Dial;

/// Longest message in either direction on the inner gRPC.
const MESSAGE_BYTES: usize = 8 << 20;

pub(crate) type Secured = InterceptedService<Channel, SendSecret>;

/// Where a peer is, and what to say to be let in.
#[derive(Clone)]
pub(crate) struct Peer {
    pub(crate) endpoint: Endpoint,
    pub(crate) dial: Dial,
    pub(crate) secret: SendSecret,
    pub(crate) limits: Limits,
}

pub(crate) struct Connection {
    channel: Secured,
    _open: DropGuard,
}

/// Why a connection was not made or ended, in one line for people.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub(crate) struct Trouble(pub(crate) String);

impl Peer {
    /// Gives one step of an attempt the connect timeout.
    pub(crate) async fn in_time<T>(
        &self,
        what: &str,
        step: impl Future<Output = Result<T, Trouble>>,
    ) -> Result<T, Trouble> {
        let limit = self.limits.connect_timeout;
        let late = |_| Err(Trouble(format!("{what} took longer than {limit:?}")));
        timeout(limit, step).await.unwrap_or_else(late)
    }
}

impl Connection {
    /// Connects, within the connect timeout.
    pub(crate) async fn open(peer: &Peer) -> Result<Self, Trouble> {
        let open = CancellationToken::new();
        let guard = open.clone().drop_guard();
        let channel = peer.in_time("connecting", connect(peer, open)).await?;
        Ok(Self { channel: InterceptedService::new(channel, peer.secret.clone()), _open: guard })
    }

    /// Asks the gateway at the other end who it is, and refuses any but `expected`.
    pub(crate) async fn identify(&self, expected: GatewayId) -> Result<(), Trouble> {
        let reply = self.commands().identify(IdentifyRequest {}).await?;
        match reply.into_inner().gateway_id {
            id if id == expected.to_string() => Ok(()),
            id => Err(Trouble(format!("gateway {expected} is gone: {id} has its address now"))),
        }
    }

    pub(crate) fn commands(&self) -> Commands<Secured> {
        Commands::new(self.channel.clone())
            .max_decoding_message_size(MESSAGE_BYTES)
            .max_encoding_message_size(MESSAGE_BYTES)
    }

    pub(crate) fn watching(&self) -> Watching<Secured> {
        Watching::new(self.channel.clone()).max_decoding_message_size(MESSAGE_BYTES)
    }
}

async fn connect(peer: &Peer, open: CancellationToken) -> Result<Channel, Trouble> {
    let uri = peer.endpoint.uri();
    let host = uri.host().ok_or_else(|| Trouble(format!("{uri} names no host")))?;
    let socket = peer.dial.open(format!("{host}:{}", uri.port_u16().unwrap_or(80))).await?;
    let mut socket = Some(TokioIo::new(socket));
    let only_once = tower::service_fn(move |_| {
        let socket = socket.take().ok_or(io::ErrorKind::NotConnected);
        async move { socket.map_err(io::Error::from) }
    });
    let channel = peer
        .endpoint
        .clone()
        .http2_keep_alive_interval(peer.limits.keepalive_interval)
        .keep_alive_timeout(peer.limits.keepalive_timeout)
        .keep_alive_while_idle(true)
        .executor(WhileOpen(open))
        .connect_with_connector(only_once)
        .await;
    channel.map_err(|error| Trouble(error_chain(&error)))
}

/// Runs a connection's tasks until it is dropped.
struct WhileOpen(CancellationToken);

impl hyper::rt::Executor<Pin<Box<dyn Future<Output = ()> + Send>>> for WhileOpen {
    fn execute(&self, task: Pin<Box<dyn Future<Output = ()> + Send>>) {
        tokio::spawn(self.0.clone().run_until_cancelled_owned(task));
    }
}

impl From<io::Error> for Trouble {
    fn from(error: io::Error) -> Self {
        Self(error.to_string())
    }
}

impl From<Status> for Trouble {
    fn from(status: Status) -> Self {
        match status.source() {
            Some(cause) => Self(error_chain(cause)),
            None => Self(status.message().to_owned()),
        }
    }
}

/// An error and its causes in one line; tonic's own texts ("transport error") say nothing without them.
fn error_chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        text = format!("{text}: {inner}");
        cause = inner.source();
    }
    text
}
