//! The HTTP listener itself: garbage, half-sent requests, too many of them.

mod common;

use std::time::Duration;

use axum::body::Body;
use axum::routing::get;
use axum::{Extension, Router};
use common::{World, eventually};
use diesel::connection::SimpleConnection as _;
use diesel::{Connection as _, SqliteConnection};
use gatepipe_api::http::layers::HangUp;
use gatepipe_api::server::Server;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

/// A login whose body, `{}`, is still to come.
const HALF_A_LOGIN: &[u8] =
    b"POST /api/admin/Auth/login HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n\
content-length: 2\r\n\r\n";

async fn connect(world: &World) -> TcpStream {
    TcpStream::connect(world.http.strip_prefix("http://").unwrap()).await.unwrap()
}

/// Sends `bytes`, and reads until the api closes.
async fn exchange(world: &World, bytes: &[u8]) -> String {
    let mut socket = connect(world).await;
    // It may be closed in the middle of what we say.
    let _ = socket.write_all(bytes).await;
    let mut answer = Vec::new();
    let read = socket.read_to_end(&mut answer);
    let _ = tokio::time::timeout(Duration::from_secs(10), read).await.expect("it is closed");
    String::from_utf8_lossy(&answer).into_owned()
}

#[tokio::test]
async fn half_sent_requests_are_cut_and_do_not_pile_up() {
    let world = World::start_with(|config| config.header_timeout = Duration::from_millis(300)).await;
    let halves = [&b""[..], b"P", b"POST /api/admin/Auth/login HTTP/1.1\r\nhost: x\r\ncontent-le"];
    let cut = halves.map(|half| exchange(&world, half));
    futures_util::future::join_all(cut).await;
    eventually("all connections are gone", async || {
        world.admin_page("/metrics").await.1.contains("gatepipe_api_http_connections 0")
    })
    .await;
    world.login("nobody", "nothing").await.refused(401);
}

#[tokio::test]
async fn garbage_is_refused_and_the_api_stays() {
    let world = World::start().await;
    let long = format!("GET /{} HTTP/1.1\r\nhost: x\r\n\r\n", "x".repeat(200_000));
    let many: String = (0..200).map(|number| format!("x-{number}: 1\r\n")).collect();
    let many = format!("GET / HTTP/1.1\r\nhost: x\r\n{many}\r\n");
    for (bytes, status) in [
        (&b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"[..], "400"),
        (b"nonsense\r\n\r\n", "400"),
        (b"GET / HTTP/9.9\r\n\r\n", "400"),
        (b"GET / HTTP/1.1\r\nhost: x\r\ncontent-length: nine\r\n\r\n", "400"),
        (long.as_bytes(), "4"),
        (many.as_bytes(), "431"),
    ] {
        let answer = exchange(&world, bytes).await;
        let start = format!("HTTP/1.1 {status}");
        assert!(answer.starts_with(&start), "{status}: {answer}");
    }
    world.login("nobody", "nothing").await.refused(401);
}

#[tokio::test]
async fn too_many_requests_at_once_are_told_to_come_back() {
    let world = World::start_with(|config| config.max_requests = 1.try_into().unwrap()).await;
    let mut slow = connect(&world).await;
    slow.write_all(HALF_A_LOGIN).await.unwrap();
    eventually("the slow one is being worked on", async || {
        world.admin_page("/metrics").await.1.contains("gatepipe_api_http_requests_running 1")
    })
    .await;
    world.login("nobody", "nothing").await.refused(503);
    slow.write_all(b"{}").await.unwrap();
    let mut start = [0; 12];
    slow.read_exact(&mut start).await.unwrap();
    assert_eq!(&start, b"HTTP/1.1 422");
    world.login("nobody", "nothing").await.refused(401);
}

#[tokio::test]
async fn a_request_that_takes_too_long_is_answered_in_time() {
    let world = World::start_with(|config| config.request_timeout = Duration::from_millis(200)).await;
    let mut slow = connect(&world).await;
    slow.write_all(HALF_A_LOGIN).await.unwrap();
    let mut answer = String::new();
    while !answer.contains("50400") {
        let mut some = [0; 1_024];
        let read = tokio::time::timeout(Duration::from_secs(5), slow.read(&mut some));
        let bytes = read.await.expect("in time").unwrap();
        assert_ne!(bytes, 0, "{answer}");
        answer.push_str(std::str::from_utf8(&some[..bytes]).unwrap());
    }
    assert!(answer.starts_with("HTTP/1.1 503"), "{answer}");
}

#[tokio::test]
async fn what_a_caller_asked_for_happens_also_when_the_caller_has_gone() {
    let world = World::start_on_sqlite().await;
    let (admin, bob) = (world.admin().await, world.person("bob", &[]).await);
    // The writer is busy: bob's notification waits in the middle of its request.
    let mut other = SqliteConnection::establish(world.database().to_str().unwrap()).unwrap();
    other.batch_execute("BEGIN IMMEDIATE").unwrap();
    let body = format!(r#"{{"user_ids":[{}],"title":"x","content":""}}"#, bob.id);
    let request = format!(
        "POST /api/admin/Notification/send HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {}\r\n\
         content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        admin.token,
        body.len()
    );
    let mut gone = connect(&world).await;
    gone.write_all(request.as_bytes()).await.unwrap();
    let running = async |count: u8| {
        let line = format!("gatepipe_api_http_requests_running {count}\n");
        world.admin_page("/metrics").await.1.contains(&line)
    };
    eventually("it is being worked on", async || running(1).await).await;
    drop(gone);
    eventually("the connection is gone", async || {
        world.admin_page("/metrics").await.1.contains("gatepipe_api_http_connections 0\n")
    })
    .await;
    assert!(running(1).await, "it keeps its place");
    other.batch_execute("ROLLBACK").unwrap();
    eventually("it has ended", async || running(0).await).await;
    assert_eq!(bob.unread().await, 1);
}

#[tokio::test]
async fn a_request_in_flight_ends_before_the_api_does() {
    let world = World::start().await;
    let mut slow = connect(&world).await;
    slow.write_all(HALF_A_LOGIN).await.unwrap();
    eventually("it is being worked on", async || {
        world.admin_page("/metrics").await.1.contains("gatepipe_api_http_requests_running 1")
    })
    .await;
    let admin = world.admin.clone();
    let stopping = tokio::spawn(world.stop());
    eventually("it drains", async || {
        let answer = reqwest::get(format!("{admin}/readyz")).await;
        answer.is_ok_and(|answer| answer.status() == 503)
    })
    .await;
    slow.write_all(b"{}").await.unwrap();
    let mut answer = String::new();
    slow.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 422"), "{answer}");
    stopping.await.unwrap();
}

#[tokio::test]
async fn an_answer_that_lasts_can_be_cut_while_its_reader_takes_nothing() {
    let (tell, mut told) = mpsc::channel(1);
    let endless = async move |Extension(hang_up): Extension<HangUp>| {
        tell.send(hang_up).await.unwrap();
        Body::from_stream(futures_util::stream::repeat_with(|| Ok::<_, std::io::Error>(vec![0; 64 << 10])))
    };
    let server = Server {
        router: Router::new().route("/", get(endless)),
        header_timeout: tokio::sync::watch::channel(Duration::from_secs(5)).1,
        tls: None,
        room: gatepipe_daemon::room::Room::new(10),
        open: Default::default(),
    };
    let open = server.open.clone();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let stop = CancellationToken::new();
    let serving = tokio::spawn(server.run(listener, stop.clone()));
    let mut mute = TcpStream::connect(address).await.unwrap();
    mute.write_all(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
    let HangUp(hang_up) = told.recv().await.unwrap();
    assert_eq!(open.get(), 1);
    // Stopping alone waits for the reader.
    stop.cancel();
    hang_up.cancel();
    tokio::time::timeout(Duration::from_secs(5), serving).await.expect("it is cut").unwrap();
    assert_eq!(open.get(), 0);
}
