//! The clients' listener: accept, handshake over HTTP/1.1, then a fresh task for the connection.

use std::convert::Infallible;
use std::mem::take;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use gatepipe_daemon::forwarded::{self, Network};
use gatepipe_daemon::listen;
use gatepipe_proto::ClientId;
use http::{Request, Response};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::upgrade::Upgraded;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
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

/// Room for a request's head, in bytes; a longer one is answered 431.
const HEAD_BYTES: usize = 16 << 10;
const MAX_HEADERS: usize = 64;

/// Everything a new socket needs. One for the process.
#[derive(Debug)]
pub(crate) struct Server {
    pub(crate) hub: Arc<Hub>,
    pub(crate) common: Arc<Common>,
    pub(crate) events: Arc<Events>,
    pub(crate) inbound: Inbound,
    pub(crate) places: Places,
    pub(crate) origins: Vec<String>,
    /// Whose `X-Forwarded-For` is believed.
    pub(crate) trusted_proxies: Vec<Network>,
    /// A handshake that takes longer is cut.
    pub(crate) handshake_timeout: Duration,
    /// No new clients any more.
    pub(crate) draining: CancellationToken,
    /// Every connection's task: hyper forgets a socket when it is upgraded.
    pub(crate) connections: TaskTracker,
}

impl Server {
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
        let server = self.clone();
        let service = service_fn(move |request| {
            let response = server.answer(request, peer);
            async { Ok::<_, Infallible>(response) }
        });
        let serving = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(self.handshake_timeout)
            .max_buf_size(HEAD_BYTES)
            .max_headers(MAX_HEADERS)
            .serve_connection(TokioIo::new(socket), service)
            .with_upgrades();
        match tokio::time::timeout(self.handshake_timeout, serving).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => {
                let reason = if error.is_timeout() { admission::TOO_LATE } else { admission::BROKEN };
                self.common.metrics.refused(reason);
                tracing::debug!(%error, "a handshake failed");
            }
            Err(_) => {
                self.common.metrics.refused(admission::TOO_LATE);
                tracing::debug!("a handshake took too long");
            }
        }
    }

    fn answer(self: &Arc<Self>, mut request: Request<Incoming>, peer: SocketAddr) -> Response<String> {
        let remote = forwarded::remote_address(peer.ip(), request.headers(), &self.trusted_proxies);
        match self.admit(&request, remote) {
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

    fn admit(&self, request: &Request<Incoming>, remote: IpAddr) -> Result<(String, Place), Refusal> {
        let handshake = Handshake {
            method: request.method(),
            version: request.version(),
            path: request.uri().path(),
            headers: request.headers(),
        };
        let accept = handshake.admit(&self.origins)?;
        if self.draining.is_cancelled() {
            return Err(admission::DRAINING);
        }
        let place = self.places.take(remote).map_err(|none| match none {
            NoPlace::Full => admission::FULL,
            NoPlace::OfAddress => admission::ADDRESS_FULL,
        })?;
        Ok((accept, place))
    }

    /// Takes the bare socket back from hyper: the handshake's memory ends here.
    fn open(&self, upgraded: Upgraded, remote: IpAddr, place: Place, head: &Head) {
        let Ok(parts) = upgraded.downcast::<TokioIo<TcpStream>>() else {
            tracing::error!("an upgraded connection is not the TCP socket it began as");
            return;
        };
        // Copied: almost always there are none, and they would keep the handshake's whole buffer.
        let early = parts.read_buf.to_vec().into_boxed_slice();
        self.seat(parts.io.into_inner(), early, remote, place, head);
    }

    /// Seats a client, greets it, and leaves it to a task of its own. `early` are bytes that came together with the handshake.
    pub(crate) fn seat(
        &self,
        socket: TcpStream,
        early: Box<[u8]>,
        remote: IpAddr,
        place: Place,
        head: &Head,
    ) -> ClientId {
        let id = ClientId::random(self.hub.gateway());
        let client =
            Client::new(id, remote, Wire::Plain(socket), Kept::of(&head.headers), self.common.clone());
        let seat = Seat::take(&self.events, client.clone(), head);
        client.greet();
        self.common.metrics.opened();
        let inbound = self.inbound.clone();
        self.connections.spawn(async move {
            connection::serve(seat, early, inbound).await;
            drop(place);
        });
        id
    }
}
