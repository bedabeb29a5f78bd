//! The business worker: what clients do, told to a program of yours, whatever gateway they are on.
//!
//! `runner` (which gateways) → `subscription` (one gateway, with the `table` of its clients) → `stream` (its events and our
//! credit) → `lanes` (hooks, in order for each client). `event` turns the wire into our words.

mod builder;
mod event;
mod lanes;
mod runner;
mod running;
mod stream;
mod subscription;
mod table;

use gatepipe_proto::{ClientId, GatewayId, Message, Session, Uid};

pub use builder::{InvalidWorker, WorkerBuilder};
pub use running::{RunningWorker, SubscriptionStats, WorkerStats};

use crate::GatewayClient;

/// What a program does when clients come, speak and go. Every hook does nothing unless it is written; write them as `async fn`.
///
/// Start one with [`GatewayClient::worker`]. Workers of one name share the clients: a client stays with its worker until that
/// worker goes. Every name gets every client. Without any worker clients stay connected and commands go through all the same.
///
/// ```no_run
/// use gatepipe_client::{ClientId, GatewayClient, Handshake, Message, Worker};
///
/// struct Echo {
///     gateways: GatewayClient,
/// }
///
/// impl Worker for Echo {
///     async fn on_connect(&self, client: ClientId, handshake: Handshake) {
///         println!("{client} came from {}", handshake.remote_address);
///     }
///
///     async fn on_message(&self, client: ClientId, message: Message) {
///         self.gateways.send_to_client(client, message).await;
///     }
/// }
///
/// # #[tokio::main]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let gateways = GatewayClient::builder().register("http://127.0.0.1:1236").build()?;
/// let worker = gateways.worker("echo").start(Echo { gateways: gateways.clone() })?;
/// tokio::signal::ctrl_c().await?;
/// worker.stop().await;
/// # Ok(())
/// # }
/// ```
///
/// # Order
/// Hooks of one client run one after the other, in the order in which things happened to it. Hooks of different clients run side
/// by side, as many as the worker has [lanes](WorkerBuilder::lanes); a hook that takes its time holds up the clients of its lane
/// only. A hook must not block its thread. A hook that panics is logged and counted, and the next event goes on.
///
/// # What may be missing
/// Events are told at most once. What was on its way to a worker that died, or on a stream that broke, is lost; what did not fit
/// because this worker was too slow is told by [`on_dropped`](Self::on_dropped). A close is not lost: when a gateway leaves the
/// membership, each client that it is known to have had is told by one [`on_close`](Self::on_close) with [`Closed::inferred`], and
/// after a stream that broke or events that were dropped the gateway is asked who is gone.
#[expect(unused_variables, reason = "the hooks that are not written do nothing")]
pub trait Worker: Send + Sync + 'static {
    /// The worker starts; no other hook runs before this one has ended. GatewayWorker's `onWorkerStart`.
    ///
    /// `gateways` is the handle that the worker was started with: keep a clone of it to send with.
    fn on_worker_start(&self, gateways: &GatewayClient) -> impl Future<Output = ()> + Send {
        std::future::ready(())
    }

    /// A client connected, and its `init` is on its way. GatewayWorker's `onConnect` and `onWebSocketConnect` in one, because the
    /// handshake is over by now.
    fn on_connect(&self, client: ClientId, handshake: Handshake) -> impl Future<Output = ()> + Send {
        std::future::ready(())
    }

    /// A client that was connected already is this worker's from now on: the worker has just come, another one of its name has
    /// gone, or the stream to the gateway had broken. In the last case the worker may know the client, and may have missed what it
    /// did meanwhile.
    fn on_adopt(&self, client: ClientId, adopted: Adopted) -> impl Future<Output = ()> + Send {
        std::future::ready(())
    }

    /// A client sent a message that is not a `{"type":"ping"}`, which the gateway answers. GatewayWorker's `onMessage`; not called
    /// for a worker [without messages](WorkerBuilder::without_messages).
    fn on_message(&self, client: ClientId, message: Message) -> impl Future<Output = ()> + Send {
        std::future::ready(())
    }

    /// A client was bound to a uid, or unbound.
    fn on_bound(&self, client: ClientId, bound: BoundTo) -> impl Future<Output = ()> + Send {
        std::future::ready(())
    }

    /// A client is gone; its last hook. GatewayWorker's `onClose`.
    fn on_close(&self, client: ClientId, closed: Closed) -> impl Future<Output = ()> + Send {
        std::future::ready(())
    }

    /// A gateway could not keep events for this worker, because its hooks were too slow. Runs beside the hooks of clients, in no
    /// order with them. When [`Dropped::others`] is not 0 this worker may have missed clients that came or were bound. Whoever went is
    /// found out: a little later the gateway is asked about every client that is known to be this worker's, and each that is gone has
    /// one [`on_close`](Self::on_close) with [`Closed::inferred`].
    fn on_dropped(&self, gateway: GatewayId, dropped: Dropped) -> impl Future<Output = ()> + Send {
        std::future::ready(())
    }
}

/// How a client connected.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Handshake {
    /// `/` or `/ws`.
    pub path: String,
    /// Without the question mark; empty when there was none.
    pub query: String,
    /// Those that [`WorkerBuilder::headers`] named, in the order of the request; a name may stand several times.
    pub headers: Vec<Header>,
    /// An IP address without a port; behind trusted proxies the forwarded one.
    pub remote_address: String,
    /// Milliseconds since 1970.
    pub connected_at_ms: i64,
}

/// One header of a handshake.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header {
    /// Lower case.
    pub name: String,
    /// As it came; not always UTF-8.
    pub value: Vec<u8>,
}

impl Handshake {
    /// The first header of this name (lower case), when it is UTF-8.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        let header = self.headers.iter().find(|header| header.name == name)?;
        std::str::from_utf8(&header.value).ok()
    }
}

/// A client that was connected before this worker had it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Adopted {
    /// The uid it is bound to.
    pub uid: Option<Uid>,
    /// As in [`Handshake::remote_address`].
    pub remote_address: String,
    /// Milliseconds since 1970.
    pub connected_at_ms: i64,
}

/// A change of who a client belongs to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BoundTo {
    /// The uid from now on; `None` when it was unbound.
    pub uid: Option<Uid>,
    /// The uid until now.
    pub previous: Option<Uid>,
}

/// Why a client is gone, and what it left.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Closed {
    /// The close code: ours, 1000 when the client said goodbye, 1006 when it was gone without a word or the close is inferred.
    pub code: u16,
    /// The uid it was bound to, as last known.
    pub uid: Option<Uid>,
    /// Its last session, `{}` when none was set; `None` when the close is inferred, because the session went with the client.
    pub session: Option<Session>,
    /// Nobody told this worker, or not in time:
    ///
    /// - The gateway left the membership with the client.
    /// - The client was gone, or went, after the stream to its gateway had broken and was open again. Another worker of the name may have
    ///   had the client in between, and been told.
    /// - The gateway dropped events, and the client was gone when it was asked about. Its real close may have been kept and still wait
    ///   there when this worker is far behind; that one calls no hook any more.
    pub inferred: bool,
}

/// Events that one gateway did not keep for this worker.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Dropped {
    /// Messages of clients.
    pub messages: u64,
    /// Clients that connected, were taken over, bound or closed.
    pub others: u64,
}
