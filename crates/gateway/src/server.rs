//! The clients' listener: accept, handshake over HTTP/1.1, then a fresh task for the connection.

use std::convert::Infallible;
use std::mem::take;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use gatepipe_daemon::forwarded::{self, Network};
use gatepipe_daemon::listen;
use gatepipe_daemon::tls::{self, Identity};
use gatepipe_proto::ClientId;
use http::{Request, Response};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::upgrade::Upgraded;
use hyper_util::rt::{TokioIo, TokioTimer};
use parking_lot::{Mutex, RwLock};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::server::TlsStream;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::admission::{self, Handshake, Refusal};
use crate::client::{Client, Common};
use crate::connection;
use crate::events::{Events, Head};
use crate::handshake::Kept;
use crate::hub::Hub;
use crate::inbound::Inbound;
use crate::places::{NoPlace, Place, Places};
use crate::seat::Seat;
use crate::wire::Wire;
use crate::wire::protected::Protected;

/// Room for a request's head, in bytes; a longer one is answered 431.
const HEAD_BYTES: usize = 16 << 10;
const MAX_HEADERS: usize = 64;

/// Everything a new socket needs. One for the process.
#[derive(Debug)]
pub(crate) struct Server {
    pub(crate) hub: Arc<Hub>,
    pub(crate) common: Arc<Common>,
    pub(crate) events: Arc<Events>,
    pub(crate) places: Places,
    /// What clients are shown; `None`: no TLS.
    pub(crate) tls: Option<Arc<Identity>>,
    pub(crate) rules: RwLock<Arc<DoorRules>>,
    /// No new clients any more.
    pub(crate) draining: CancellationToken,
    /// Every connection's task: hyper forgets a socket when it is upgraded.
    pub(crate) connections: TaskTracker,
}

/// What newcomers have to keep to; may change while others are served.
#[derive(Debug)]
pub(crate) struct DoorRules {
    pub(crate) origins: Vec<String>,
    /// Whose `X-Forwarded-For` is believed.
    pub(crate) trusted_proxies: Vec<Network>,
    /// A handshake that takes longer is cut, that of TLS included.
    pub(crate) handshake_timeout: Duration,
    pub(crate) inbound: Inbound,
}

/// A place that was taken before it was known what is wanted.
type Held = Arc<Mutex<Option<Place>>>;

fn no_place(none: NoPlace) -> Refusal {
    match none {
        NoPlace::Full => admission::FULL,
        NoPlace::OfAddress => admission::ADDRESS_FULL,
    }
}

impl Server {
    /// Those of now.
    pub(crate) fn rules(&self) -> Arc<DoorRules> {
        self.rules.read().clone()
    }

    /// Those from now on.
    pub(crate) fn set_rules(&self, rules: DoorRules) {
        *self.rules.write() = Arc::new(rules);
    }

    /// Accepts until it is dropped.
    pub(crate) async fn run(self: Arc<Self>, listener: TcpListener) {
        loop {
            let descriptor = self.places.descriptor().await;
            let (socket, peer) = listen::accept(&listener).await;
            let server = self.clone();
            tokio::spawn(async move {
                server.handshake(socket, peer).await;
                drop(descriptor);
            });
        }
    }

    async fn handshake(self: Arc<Self>, socket: TcpStream, peer: SocketAddr) {
        // Pushes are small and must not wait for each other.
        drop(socket.set_nodelay(true));
        let patience = self.rules().handshake_timeout;
        let ended = match self.tls.clone() {
            None => tokio::time::timeout(patience, self.clone().http(socket, peer, Held::default())).await,
            Some(identity) => {
                let shaking = Box::pin(self.clone().protected(identity, socket, peer));
                tokio::time::timeout(patience, shaking).await
            }
        };
        match ended {
            Ok(Ok(())) => {}
            Ok(Err(error)) => {
                let timed_out = error.downcast_ref::<hyper::Error>().is_some_and(hyper::Error::is_timeout);
                let reason = if timed_out { admission::TOO_LATE } else { admission::BROKEN };
                self.common.metrics.refused(reason);
                tracing::debug!(%error, "a handshake failed");
            }
            Err(_) => {
                self.common.metrics.refused(admission::TOO_LATE);
                tracing::debug!("a handshake took too long");
            }
        }
    }

    /// The handshake of TLS, and what is said under it. It is dear, so nobody has one who would be told afterwards that there is no place;
    /// proxies of ours may come for somebody else, and are asked for whom first.
    async fn protected(
        self: Arc<Self>,
        identity: Arc<Identity>,
        socket: TcpStream,
        peer: SocketAddr,
    ) -> anyhow::Result<()> {
        let address = peer.ip().to_canonical();
        let held = Held::default();
        if !self.rules().trusted_proxies.iter().any(|network| network.contains(address)) {
            match self.places.take(address).map_err(no_place) {
                Ok(place) => *held.lock() = Some(place),
                Err(refusal) => {
                    self.common.metrics.refused(refusal.reason);
                    return Ok(());
                }
            }
        }
        let socket = tls::accept(&identity, socket).await?;
        self.http(socket, peer, held).await
    }

    async fn http<S>(self: Arc<Self>, socket: S, peer: SocketAddr, held: Held) -> anyhow::Result<()>
    where
        S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
    {
        let patience = self.rules().handshake_timeout;
        let service = service_fn(move |request| {
            let response = self.answer(request, peer, &held);
            async { Ok::<_, Infallible>(response) }
        });
        let serving = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(patience)
            .max_buf_size(HEAD_BYTES)
            .max_headers(MAX_HEADERS)
            .serve_connection(TokioIo::new(socket), service)
            .with_upgrades();
        Ok(serving.await?)
    }

    fn answer(
        self: &Arc<Self>,
        mut request: Request<Incoming>,
        peer: SocketAddr,
        held: &Held,
    ) -> Response<String> {
        let remote = forwarded::remote_address(peer.ip(), request.headers(), &self.rules().trusted_proxies);
        match self.admit(&request, remote, held) {
            Ok((accept, place)) => {
                let upgrade = hyper::upgrade::on(&mut request);
                let server = self.clone();
                // Moved, not copied: nobody else needs them any more.
                let head = Head { uri: take(request.uri_mut()), headers: take(request.headers_mut()) };
                tokio::spawn(async move {
                    match upgrade.await {
                        Ok(upgraded) => server.open(upgraded, remote, place, &head),
                        Err(error) => tracing::debug!(%error, "an upgrade failed"),
                    }
                });
                admission::switch(&accept)
            }
            Err(refusal) => {
                self.common.metrics.refused(refusal.reason);
                refusal.response()
            }
        }
    }

    fn admit(
        &self,
        request: &Request<Incoming>,
        remote: IpAddr,
        held: &Held,
    ) -> Result<(String, Place), Refusal> {
        let handshake = Handshake {
            method: request.method(),
            version: request.version(),
            path: request.uri().path(),
            headers: request.headers(),
        };
        let accept = handshake.admit(&self.rules().origins)?;
        if self.draining.is_cancelled() {
            return Err(admission::DRAINING);
        }
        let place = match held.lock().take() {
            Some(place) => place,
            None => self.places.take(remote).map_err(no_place)?,
        };
        Ok((accept, place))
    }

    /// Takes the bare socket back from hyper: the handshake's memory ends here.
    fn open(&self, upgraded: Upgraded, remote: IpAddr, place: Place, head: &Head) {
        let (wire, early) = match upgraded.downcast::<TokioIo<TcpStream>>() {
            Ok(parts) => (Wire::Plain(parts.io.into_inner()), parts.read_buf),
            Err(upgraded) => match upgraded.downcast::<TokioIo<TlsStream<TcpStream>>>() {
                Ok(parts) => {
                    let (socket, session) = parts.io.into_inner().into_inner();
                    (Wire::Protected(Box::new(Protected::new(socket, session))), parts.read_buf)
                }
                Err(_) => return tracing::error!("an upgraded connection is not the socket it began as"),
            },
        };
        // Copied: almost always there are none, and they would keep the handshake's whole buffer.
        self.seat(wire, early.to_vec().into_boxed_slice(), remote, place, head);
    }

    /// Seats a client, greets it, and leaves it to a task of its own. `early` are bytes that came together with the handshake.
    pub(crate) fn seat(
        &self,
        wire: Wire,
        early: Box<[u8]>,
        remote: IpAddr,
        place: Place,
        head: &Head,
    ) -> ClientId {
        let id = ClientId::random(self.hub.gateway());
        let client = Client::new(id, remote, wire, Kept::of(&head.headers), self.common.clone());
        let seat = Seat::take(&self.events, client.clone(), head);
        client.greet();
        self.common.metrics.opened();
        let inbound = self.rules().inbound.clone();
        self.connections.spawn(async move {
            connection::serve(seat, early, inbound).await;
            drop(place);
        });
        id
    }
}
