//! HTTP connections: accepted up to a bound, cut when they do not send, ended politely at the stop.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use gatepipe_daemon::room::Room;
use gatepipe_daemon::tls::{self, Identity};
use hyper::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use prometheus_client::metrics::gauge::Gauge;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower::ServiceExt as _;

use crate::http::layers::{HangUp, Peer};

/// Most headers of a request; more are answered 431.
const MAX_HEADERS: usize = 100;
/// Longest head of a request, in bytes; a longer one is answered 431.
const MAX_HEAD_BYTES: usize = 64 << 10;

/// How connections are kept.
pub struct Server {
    /// Answers requests.
    pub router: Router,
    /// What callers are shown; `None`: no TLS.
    pub tls: Option<Arc<Identity>>,
    /// For a TLS handshake, for a request's headers, and between two requests: half-sent requests do not pile up. A connection keeps
    /// what it was when it came.
    pub header_timeout: watch::Receiver<Duration>,
    /// Connections at once; more wait in the kernel's backlog.
    pub room: Arc<Room>,
    /// Counts the open ones.
    pub open: Gauge,
}

impl Server {
    /// Serves until `stop`, then lets every connection end its request. Waits for them without a deadline of its own: being
    /// dropped cuts what is left.
    pub async fn run(self, listener: TcpListener, stop: CancellationToken) {
        let connections = TaskTracker::new();
        // Held while this future lives; when it is dropped, the connections are cut.
        let cut = CancellationToken::new();
        let _cut_when_dropped = cut.clone().drop_guard();
        loop {
            let accepted = async {
                let place = self.room.enter().await;
                (place, gatepipe_daemon::listen::accept(&listener).await)
            };
            let (place, (socket, peer)) = tokio::select! {
                accepted = accepted => accepted,
                () = stop.cancelled() => break,
            };
            // One token for both ways to be cut: each would be looked at whenever the connection has something to do.
            let (open, cut) = (self.open.clone(), cut.child_token());
            let connection = self.serve(socket, peer, HangUp(cut.clone()), stop.clone());
            connections.spawn(async move {
                open.inc();
                if cut.run_until_cancelled(connection).await.is_none() {
                    tracing::debug!("an HTTP connection was cut");
                }
                open.dec();
                drop(place);
            });
        }
        // The port is free for a successor while the last requests end.
        drop(listener);
        connections.close();
        connections.wait().await;
    }

    fn serve(
        &self,
        socket: TcpStream,
        peer: SocketAddr,
        hang_up: HangUp,
        stop: CancellationToken,
    ) -> impl Future<Output = ()> + Send + use<> {
        // Small answers go out at once. A socket that is gone already says so when it is read.
        let _ = socket.set_nodelay(true);
        let (router, header_timeout, tls) =
            (self.router.clone(), *self.header_timeout.borrow(), self.tls.clone());
        async move {
            let Some(identity) = tls else {
                return converse(router, header_timeout, socket, peer, hang_up, stop).await;
            };
            let shaken = tokio::select! {
                shaken = tokio::time::timeout(header_timeout, tls::accept(&identity, socket)) => shaken,
                () = stop.cancelled() => return,
            };
            match shaken {
                Ok(Ok(socket)) => {
                    Box::pin(converse(router, header_timeout, socket, peer, hang_up, stop)).await
                }
                Ok(Err(error)) => tracing::debug!(%error, "a TLS handshake failed"),
                Err(_) => tracing::debug!("a TLS handshake took too long"),
            }
        }
    }
}

/// Answers the requests of one connection until it ends, or politely once `stop` has come.
async fn converse<S>(
    router: Router,
    header_timeout: Duration,
    socket: S,
    peer: SocketAddr,
    hang_up: HangUp,
    stop: CancellationToken,
) where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let service = service_fn(move |mut request: Request<Incoming>| {
        request.extensions_mut().insert(Peer(peer));
        request.extensions_mut().insert(hang_up.clone());
        let answer = router.clone().oneshot(request.map(Body::new));
        async move { Ok::<_, Infallible>(answer.await.unwrap_or_else(|never| match never {})) }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(header_timeout)
        .max_headers(MAX_HEADERS)
        .max_buf_size(MAX_HEAD_BYTES)
        .serve_connection(TokioIo::new(socket), service);
    let mut connection = std::pin::pin!(connection);
    let ended = tokio::select! {
        ended = &mut connection => ended,
        () = stop.cancelled() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "an HTTP connection broke");
    }
}
