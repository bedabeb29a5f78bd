//! The gRPC listener through its socket: who does not speak HTTP/2, falls silent or comes too many is closed, and nothing outlives it.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::time::Duration;

use gatepipe_daemon::listen::{self, ListenOptions};
use gatepipe_daemon::rpc::{self, RpcOptions};
use http_body_util::Empty;
use hyper::body::{Bytes, Incoming};
use hyper::{Request, Response};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinHandle;
use tokio_util::sync::{CancellationToken, DropGuard};

const PATIENCE: Duration = Duration::from_secs(20);
/// The preface and empty SETTINGS.
const HELLO: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0";
/// HEADERS of stream 1, complete: `:method GET`, `:scheme http`, `:path /`.
const GET: &[u8] = b"\0\0\x03\x01\x05\0\0\0\x01\x82\x86\x84";

/// Never answers, and tells by closing its end of the channel when a call was given up.
#[derive(Clone)]
struct Mute(tokio::sync::mpsc::Sender<()>);

impl tower::Service<Request<Incoming>> for Mute {
    type Response = Response<Empty<Bytes>>;
    type Error = Infallible;
    type Future = std::pin::Pin<Box<dyn Future<Output = Result<Self::Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut std::task::Context<'_>) -> std::task::Poll<Result<(), Infallible>> {
        std::task::Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Request<Incoming>) -> Self::Future {
        let calls = self.0.clone();
        Box::pin(async move {
            calls.send(()).await.unwrap();
            std::future::pending().await
        })
    }
}

struct Running {
    addr: SocketAddr,
    /// Told of every call; ends when the service and all its calls are gone.
    calls: tokio::sync::mpsc::Receiver<()>,
    done: JoinHandle<()>,
    stop: DropGuard,
}

async fn start(options: RpcOptions) -> Running {
    let listener =
        listen::bind("127.0.0.1:0".parse().unwrap(), &ListenOptions::new("tests", "--listen")).unwrap();
    let addr = listener.local_addr().unwrap();
    let stop = CancellationToken::new();
    let (mute, calls) = tokio::sync::mpsc::channel(16);
    let done = tokio::spawn(rpc::serve(listener, Mute(mute), options, stop.clone().cancelled_owned()));
    Running { addr, calls, done, stop: stop.drop_guard() }
}

async fn within<T>(what: &str, future: impl Future<Output = T>) -> T {
    tokio::time::timeout(PATIENCE, future).await.unwrap_or_else(|_| panic!("waited in vain for {what}"))
}

impl Running {
    async fn says(&self, bytes: &[u8]) -> TcpStream {
        let mut socket = TcpStream::connect(self.addr).await.unwrap();
        socket.write_all(bytes).await.unwrap();
        socket
    }

    async fn greeted(&self) -> TcpStream {
        let mut socket = self.says(HELLO).await;
        within("SETTINGS", socket.read_exact(&mut [0; 9])).await.unwrap();
        socket
    }
}

/// Reads on until the other side closes.
async fn closed(mut socket: TcpStream) {
    let mut buffer = [0; 1024];
    let end = async { while socket.read(&mut buffer).await.is_ok_and(|read| read > 0) {} };
    within("the connection's end", end).await;
}

#[tokio::test]
async fn what_does_not_begin_http2_is_closed_at_its_first_wrong_byte() {
    let running = start(RpcOptions::default()).await;
    for bytes in [&b"GET / HTTP/1.1\r\n\r\n"[..], b"\x16\x03\x01", b"\0", b"PRI * HTTP/1.1\r\n\r\n", b"PRX"] {
        closed(running.says(bytes).await).await;
    }
    running.greeted().await;
}

#[tokio::test]
async fn garbage_behind_the_preface_is_closed() {
    let running = start(RpcOptions::default()).await;
    let mut socket = running.greeted().await;
    socket.write_all(&[0xff; 64]).await.unwrap();
    closed(socket).await;
}

#[tokio::test]
async fn half_a_preface_is_closed_in_time_and_holds_nobody_up() {
    let running = start(RpcOptions::default()).await;
    let half = running.says(b"PRI * HT").await;
    running.greeted().await;
    closed(half).await;
}

#[tokio::test]
async fn whoever_does_not_answer_pings_loses_its_streams() {
    let mut running = start(RpcOptions {
        keepalive: Duration::from_millis(100),
        keepalive_timeout: Duration::from_millis(100),
        ..RpcOptions::default()
    })
    .await;
    let mut socket = running.greeted().await;
    socket.write_all(GET).await.unwrap();
    within("the call", running.calls.recv()).await.unwrap();
    closed(socket).await;
}

#[tokio::test]
async fn one_too_many_is_closed_until_there_is_room() {
    let running = start(RpcOptions { max_connections: 2, ..RpcOptions::default() }).await;
    let (first, _second) = (running.greeted().await, running.greeted().await);
    closed(running.says(b"").await).await;
    drop(first);
    let again = async {
        loop {
            let mut socket = running.says(HELLO).await;
            if socket.read_exact(&mut [0; 9]).await.is_ok() {
                return;
            }
        }
    };
    within("room", again).await;
}

#[tokio::test]
async fn a_stop_waits_for_open_streams_no_longer_than_it_may() {
    let mut running =
        start(RpcOptions { last_streams: Duration::from_millis(50), ..RpcOptions::default() }).await;
    let mut socket = running.greeted().await;
    let half = running.says(b"PRI").await;
    socket.write_all(GET).await.unwrap();
    within("the call", running.calls.recv()).await.unwrap();
    drop(running.stop);
    within("the end", running.done).await.unwrap();
    assert_eq!(within("the call's end", running.calls.recv()).await, None);
    closed(socket).await;
    closed(half).await;
    TcpStream::connect(running.addr).await.expect_err("the port is free again");
}

#[tokio::test]
async fn dropping_it_cuts_everything_at_once() {
    let mut running = start(RpcOptions::default()).await;
    let mut socket = running.greeted().await;
    socket.write_all(GET).await.unwrap();
    within("the call", running.calls.recv()).await.unwrap();
    running.done.abort();
    assert_eq!(within("the call's end", running.calls.recv()).await, None);
    closed(socket).await;
}
