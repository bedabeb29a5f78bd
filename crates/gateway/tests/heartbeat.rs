//! Silence: pinged before a proxy would give up, closed with 4104 after the limit.

mod common;

use std::time::{Duration, Instant};

use common::{Running, start, within};
use futures_util::StreamExt;
use futures_util::future::join_all;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;

/// Long enough that a busy machine is not taken for a silent page.
const INTERVAL: Duration = Duration::from_secs(1);
/// The same where times are measured.
const MEASURED: Duration = Duration::from_secs(2);
/// What a busy machine may add to a measured time, in intervals. Nothing may ever come early.
const SLACK: f64 = 0.5;
/// Silent clients of one gateway, so that they meet its sweep at different moments.
const CLIENTS: u32 = 8;
const PING: &str = r#"{"type":"ping"}"#;

async fn with(interval: Duration, limit: u32, data: &str) -> Running {
    start(|config| {
        config.ping_interval = interval;
        config.ping_not_response_limit = limit;
        config.ping_data = data.to_owned();
    })
    .await
}

#[tokio::test]
async fn a_page_that_only_answers_pings_lives_on() {
    let gateway = with(INTERVAL, 1, "").await;
    let mut page = gateway.page().await;
    let start = Instant::now();
    let mut pings = 0;
    // Reading is what answers a ping.
    while start.elapsed() < INTERVAL * 4 {
        match within("a ping", page.frames.next()).await {
            Some(Ok(Message::Ping(_))) => pings += 1,
            other => panic!("expected a ping, got {other:?}"),
        }
    }
    assert!(pings >= 3, "{pings}");
}

#[tokio::test]
async fn one_that_answers_text_pings_with_text_lives_on() {
    let gateway = with(INTERVAL, 1, PING).await;
    let mut page = gateway.page().await;
    for _ in 0..4 {
        assert_eq!(page.text().await, PING);
        page.send(r#"{"type":"pong"}"#).await;
    }
}

/// A frame of the gateway as it stands on the wire.
#[derive(Debug, PartialEq)]
struct Frame {
    opcode: u8,
    payload: Vec<u8>,
}

/// A socket after its handshake that answers nothing by itself.
struct Silent(TcpStream);

impl Silent {
    async fn on(gateway: &Running) -> Self {
        let mut socket = TcpStream::connect(gateway.clients).await.unwrap();
        let request = "GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
            Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";
        socket.write_all(request.as_bytes()).await.unwrap();
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(within("the handshake", socket.read_u8()).await.unwrap());
        }
        let mut silent = Self(socket);
        assert_eq!(silent.next().await.unwrap().opcode, 1, "init");
        silent
    }

    /// Sends its last frame; gives the moment before, so that a time measured from it is never too short.
    async fn says_its_last_word(&mut self) -> Instant {
        let before = Instant::now();
        let mut frame = vec![0x81, 0x80 | u8::try_from(PING.len()).unwrap(), 0, 0, 0, 0];
        frame.extend_from_slice(PING.as_bytes());
        self.0.write_all(&frame).await.unwrap();
        let pong = Frame { opcode: 1, payload: br#"{"type":"pong"}"#.to_vec() };
        // A ping may have been under way.
        while self.next().await.unwrap() != pong {}
        before
    }

    /// The next frame; `None` at the end of the connection.
    async fn next(&mut self) -> Option<Frame> {
        let first = within("a frame or the end", self.0.read_u8()).await.ok()?;
        let length = self.0.read_u8().await.unwrap();
        assert!(length < 126, "short and without a mask");
        let mut payload = vec![0; usize::from(length)];
        self.0.read_exact(&mut payload).await.unwrap();
        Some(Frame { opcode: first & 0x0f, payload })
    }
}

/// What one silent client saw, in intervals after its last frame.
#[derive(Debug)]
struct Seen {
    pings: Vec<f64>,
    closed: Option<f64>,
}

async fn silence(gateway: &Running, limit: u32, expected: &Frame) -> Seen {
    let mut silent = Silent::on(gateway).await;
    let last_word = silent.says_its_last_word().await;
    let mut seen = Seen { pings: Vec::new(), closed: None };
    while let Some(frame) = silent.next().await {
        let after = last_word.elapsed().as_secs_f64() / MEASURED.as_secs_f64();
        if frame.opcode == 8 {
            assert_eq!(frame.payload[..2], 4104_u16.to_be_bytes());
            seen.closed = Some(after);
        } else {
            assert_eq!(frame, *expected);
            seen.pings.push(after);
        }
        // With a limit of 0 nothing else ever comes, and it is still heard.
        if limit == 0 && seen.pings.len() == 3 {
            silent.says_its_last_word().await;
            break;
        }
    }
    seen
}

/// The same of some clients of one gateway, at different moments of a twentieth of the interval.
async fn silences(limit: u32, data: &str) -> Vec<Seen> {
    let gateway = with(MEASURED, limit, data).await;
    let expected = match data {
        "" => Frame { opcode: 9, payload: Vec::new() },
        data => Frame { opcode: 1, payload: data.as_bytes().to_vec() },
    };
    let clients = (0..CLIENTS).map(|number| {
        let (gateway, expected) = (&gateway, &expected);
        async move {
            tokio::time::sleep(MEASURED / 20 / CLIENTS * number).await;
            silence(gateway, limit, expected).await
        }
    });
    join_all(clients).await
}

/// From the earliest to the latest.
fn range(times: impl Iterator<Item = f64>) -> String {
    let (first, last) =
        times.fold((f64::MAX, f64::MIN), |(first, last), time| (first.min(time), last.max(time)));
    if first > last { "never".to_owned() } else { format!("{first:.2} to {last:.2}") }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_silent_client_is_pinged_and_closed_in_its_windows() {
    let cases = [(0, ""), (0, PING), (1, ""), (1, PING), (2, ""), (2, PING)];
    let measured = join_all(cases.map(|(limit, data)| silences(limit, data))).await;
    println!(
        "{CLIENTS} clients that answer nothing, in intervals (of {MEASURED:?}) after the last frame of each:"
    );
    println!("| limit | pinged with | first ping | second | third | closed with 4104 |");
    println!("| --- | --- | --- | --- | --- | --- |");
    for ((limit, data), clients) in cases.iter().zip(&measured) {
        let with = if data.is_empty() { "Ping frame" } else { "text" };
        let [first, second, third] =
            [0, 1, 2].map(|ping| range(clients.iter().filter_map(|seen| seen.pings.get(ping).copied())));
        let closed = range(clients.iter().filter_map(|seen| seen.closed));
        println!("| {limit} | {with} | {first} | {second} | {third} | {closed} |");
    }
    for ((limit, _), clients) in cases.iter().zip(&measured) {
        for seen in clients {
            for (number, after) in (0_u32..).zip(&seen.pings) {
                let window = f64::from(number) + 0.9..=f64::from(number) + 1.0 + SLACK;
                assert!(window.contains(after), "ping {number} outside {window:?} with {limit}: {seen:?}");
            }
            if *limit == 0 {
                assert_eq!(seen.closed, None);
                continue;
            }
            let window = f64::from(*limit) + 0.5..=f64::from(*limit) + 1.0 + SLACK;
            let closed = seen.closed.is_some_and(|after| window.contains(&after));
            assert!(closed, "closed outside {window:?} with {limit}: {seen:?}");
            assert_eq!(seen.pings.len(), *limit as usize, "{seen:?}");
        }
    }
}

#[tokio::test]
async fn whoever_is_closed_for_silence_is_off_the_hub_and_counted() {
    let gateway = with(INTERVAL, 1, "").await;
    let mut worker = gateway.worker().await;
    let mut silent = Silent::on(&gateway).await;
    while silent.next().await.is_some() {}
    worker.until_clients(0).await;
    assert!(gateway.metrics().await.contains(r#"connections_closed_total{code="4104"} 1"#));
}
