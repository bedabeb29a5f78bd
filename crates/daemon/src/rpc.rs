//! Serving gRPC inside a cluster: HTTP/2 spoken from the first byte, or from the first byte under TLS.
//!
//! Every connection is a task of [`serve`]: bounded in number, given up when its first bytes are not HTTP/2 or its host falls silent,
//! and cut together with its streams when `serve` ends or is dropped. So nothing outlives the daemon that it belongs to, also when
//! several live in one process.

use std::convert::Infallible;
use std::error::Error;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use gatepipe_tls::Identity;
use http_body_util::Empty;
use hyper::body::{Body, Bytes, Incoming};
use hyper::header::{CONTENT_TYPE, HeaderValue};
use hyper::rt::Executor;
use hyper::server::conn::http2;
use hyper::{Request, Response};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, ReadBuf};
use tokio::task::JoinSet;
use tokio_rustls::server::TlsStream;
use tokio_util::sync::CancellationToken;

use crate::listen::Listener;
use crate::shutdown;

/// What every HTTP/2 client says first (RFC 9113 section 3.4).
const PREFACE: &[u8; 24] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
/// How long it may take to say it.
const GREETING: Duration = Duration::from_secs(5);
/// Names and values of one request's headers, in bytes.
const MAX_HEADERS: u32 = 16 << 10;

/// Bounds of one gRPC listener.
#[derive(Debug, Clone)]
pub struct RpcOptions {
    /// Connections at once; more are closed as they come. Each costs a descriptor and some KiB.
    pub max_connections: usize,
    /// Streams (calls) at once on one connection; a client waits with more.
    pub max_streams: u32,
    /// HTTP/2 pings on a connection that is silent for so long.
    pub keepalive: Duration,
    /// One that does not answer a ping within this time has lost its streams.
    pub keepalive_timeout: Duration,
    /// Flow-control window of one stream: bytes that may be on their way to us.
    pub stream_window: u32,
    /// The same for all streams of a connection together; some times `stream_window`, so that one slow stream does not stall the others.
    pub connection_window: u32,
    /// How long open streams may take to end after the stop.
    pub last_streams: Duration,
    /// TLS is spoken, and callers have to be certified by its authorities; `None`: no TLS.
    pub tls: Option<Arc<Identity>>,
}

impl Default for RpcOptions {
    /// 1024 connections of 64 streams, 4 s and 4 s, 1 MiB and 4 MiB, 1 s, no TLS.
    fn default() -> Self {
        Self {
            max_connections: 1024,
            max_streams: 64,
            keepalive: Duration::from_secs(4),
            keepalive_timeout: Duration::from_secs(4),
            stream_window: 1 << 20,
            connection_window: 4 << 20,
            last_streams: Duration::from_secs(1),
            tls: None,
        }
    }
}

/// Serves `service` until `stop` resolves; then takes no more, lets open streams end within `last_streams`, and cuts the rest.
///
/// Never fails. Dropping it cuts everything at once.
pub async fn serve<L, S, B>(
    listener: L,
    service: S,
    options: RpcOptions,
    stop: impl Future<Output = ()> + Send,
) where
    L: Listener,
    S: tower::Service<Request<Incoming>, Response = Response<B>, Error = Infallible>,
    S: Clone + Send + 'static,
    S::Future: Send + 'static,
    B: Body<Data = Bytes> + Send + 'static,
    B::Error: Into<Box<dyn Error + Send + Sync>>,
{
    let stopping = CancellationToken::new();
    let mut connections = JoinSet::new();
    let mut full = false;
    let mut stop = std::pin::pin!(stop);
    loop {
        let socket = tokio::select! {
            socket = listener.next() => socket,
            Some(_) = connections.join_next() => continue,
            () = &mut stop => break,
        };
        if connections.len() >= options.max_connections {
            if !full {
                tracing::warn!(
                    connections = connections.len(),
                    "too many gRPC connections: closing new ones"
                );
            }
            full = true;
            continue;
        }
        full = false;
        connections.spawn(connection(socket, service.clone(), options.clone(), stopping.clone()));
    }
    drop(listener);
    stopping.cancel();
    let ended = async { while connections.join_next().await.is_some() {} };
    shutdown::at_most(options.last_streams, "a gRPC stream", ended).await;
}

/// What somebody who comes without TLS is told; he can read it, because gRPC is what he speaks.
const TLS_ONLY: &str =
    "only TLS is spoken here: give --internal-tls-ca, --internal-tls-cert and --internal-tls-key";
/// Begins a TLS handshake (RFC 8446 section 5.1), and nothing of HTTP.
const HANDSHAKE: &[u8; 1] = b"\x16";

async fn connection<I, S, B>(socket: I, service: S, options: RpcOptions, stopping: CancellationToken)
where
    I: AsyncRead + AsyncWrite + Send + Unpin + 'static,
    S: tower::Service<Request<Incoming>, Response = Response<B>, Error = Infallible>,
    S: Clone + Send + 'static,
    S::Future: Send + 'static,
    B: Body<Data = Bytes> + Send + 'static,
    B::Error: Into<Box<dyn Error + Send + Sync>>,
{
    let Some(identity) = options.tls.clone() else {
        return speak(socket, service, options, stopping).await;
    };
    let shaken = tokio::select! {
        shaken = tokio::time::timeout(GREETING, shake(&identity, socket)) => shaken,
        () = stopping.cancelled() => return,
    };
    match shaken {
        Ok(Ok(Shaken::Protected(socket))) => Box::pin(speak(*socket, service, options, stopping)).await,
        Ok(Ok(Shaken::Plain(socket))) => {
            let refusing = tower::service_fn(|_: Request<Incoming>| async { Ok(tls_only()) });
            Box::pin(speak(socket, refusing, options, stopping)).await;
        }
        Ok(Err(error)) => tracing::debug!(%error, "a TLS handshake inside the cluster failed"),
        Err(_) => tracing::debug!("a TLS handshake inside the cluster took too long"),
    }
}

enum Shaken<I> {
    Protected(Box<TlsStream<Greeted<I>>>),
    /// It begins as HTTP/2 without TLS would.
    Plain(Greeted<I>),
}

async fn shake<I: AsyncRead + AsyncWrite + Unpin>(
    identity: &Identity,
    mut socket: I,
) -> io::Result<Shaken<I>> {
    let first = socket.read_u8().await?;
    if first == PREFACE[0] {
        return Ok(Shaken::Plain(Greeted { unread: &PREFACE[..1], socket }));
    }
    if first != HANDSHAKE[0] {
        return Err(io::ErrorKind::InvalidData.into());
    }
    let socket = Greeted { unread: HANDSHAKE, socket };
    Ok(Shaken::Protected(Box::new(gatepipe_tls::accept(identity, socket).await?)))
}

/// The answer to any call: unauthenticated, with the reason.
fn tls_only() -> Response<Empty<Bytes>> {
    let mut response = Response::new(Empty::new());
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/grpc"));
    headers.insert("grpc-status", HeaderValue::from_static("16"));
    headers.insert("grpc-message", HeaderValue::from_static(TLS_ONLY));
    response
}

async fn speak<I, S, B>(socket: I, service: S, options: RpcOptions, stopping: CancellationToken)
where
    I: AsyncRead + AsyncWrite + Send + Unpin + 'static,
    S: tower::Service<Request<Incoming>, Response = Response<B>, Error = Infallible>,
    S: Clone + Send + 'static,
    S::Future: Send + 'static,
    B: Body<Data = Bytes> + Send + 'static,
    B::Error: Into<Box<dyn Error + Send + Sync>>,
{
    let greeted = tokio::select! {
        greeted = tokio::time::timeout(GREETING, greeted(socket)) => greeted.ok().flatten(),
        () = stopping.cancelled() => None,
    };
    let Some(socket) = greeted else {
        return tracing::debug!("closed a connection that does not speak HTTP/2");
    };
    let open = CancellationToken::new();
    let _cut_with_me = open.clone().drop_guard();
    let serving = http2::Builder::new(WhileOpen(open))
        .timer(TokioTimer::new())
        .keep_alive_interval(options.keepalive)
        .keep_alive_timeout(options.keepalive_timeout)
        .initial_stream_window_size(options.stream_window)
        .initial_connection_window_size(options.connection_window)
        .max_concurrent_streams(options.max_streams)
        .max_header_list_size(MAX_HEADERS)
        .serve_connection(TokioIo::new(socket), TowerToHyperService::new(service));
    let mut serving = std::pin::pin!(serving);
    let ended = tokio::select! {
        ended = &mut serving => ended,
        () = stopping.cancelled() => {
            serving.as_mut().graceful_shutdown();
            serving.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "a gRPC connection broke");
    }
}

/// The socket, to be read from its first byte, if that begins HTTP/2; `None` at the first byte that does not, or at the end.
async fn greeted<I: AsyncRead + Unpin>(mut socket: I) -> Option<Greeted<I>> {
    let mut said = [0; PREFACE.len()];
    let mut length = 0;
    while length < said.len() {
        let read = socket.read(&mut said[length..]).await.ok()?;
        length += read;
        if read == 0 || said[..length] != PREFACE[..length] {
            return None;
        }
    }
    Some(Greeted { unread: PREFACE, socket })
}

/// A socket whose preface was read, and is read once more.
struct Greeted<I> {
    unread: &'static [u8],
    socket: I,
}

impl<I: AsyncRead + Unpin> AsyncRead for Greeted<I> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.unread.is_empty() {
            return Pin::new(&mut self.socket).poll_read(context, buffer);
        }
        let (now, later) = self.unread.split_at(self.unread.len().min(buffer.remaining()));
        buffer.put_slice(now);
        self.unread = later;
        Poll::Ready(Ok(()))
    }
}

impl<I: AsyncWrite + Unpin> AsyncWrite for Greeted<I> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.socket).poll_write(context, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.socket).poll_write_vectored(context, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.socket.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_shutdown(context)
    }
}

/// Runs a connection's streams, but not longer than the connection.
#[derive(Clone)]
struct WhileOpen(CancellationToken);

impl<F> Executor<F> for WhileOpen
where
    F: Future<Output: Send> + Send + 'static,
{
    fn execute(&self, stream: F) {
        tokio::spawn(self.0.clone().run_until_cancelled_owned(stream));
    }
}
