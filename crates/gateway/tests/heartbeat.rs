//! Silence: pinged before a proxy would give up, closed with 4104 after the limit.

mod common;

use std::time::{Duration, Instant};

use common::{Running, start, within};
use futures_util::StreamExt;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;

/// Long enough that a busy machine is not taken for a silent page.
const INTERVAL: Duration = Duration::from_secs(1);

async fn with(limit: u32, data: &str) -> Running {
    start(|config| {
        config.ping_interval = INTERVAL;
        config.ping_not_response_limit = limit;
        config.ping_data = data.to_owned();
    })
    .await
}

#[tokio::test]
async fn a_page_that_only_answers_pings_lives_on() {
    let gateway = with(1, "").await;
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
async fn one_that_answers_nothing_is_closed_with_4104() {
    let gateway = with(1, "").await;
    let mut worker = gateway.worker().await;
    let mut socket = TcpStream::connect(gateway.clients).await.unwrap();
    let request = "GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
        Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";
    socket.write_all(request.as_bytes()).await.unwrap();
    let begun = Instant::now();
    let mut answer = Vec::new();
    within("the end", socket.read_to_end(&mut answer)).await.unwrap();
    // Not before its time; how long after depends on the machine.
    assert!(begun.elapsed() >= INTERVAL + INTERVAL / 2, "{:?}", begun.elapsed());
    let close = answer.iter().rposition(|byte| *byte == 0x88).unwrap();
    assert_eq!(answer[close + 2..close + 4], 4104_u16.to_be_bytes());
    assert!(answer.windows(2).any(|frame| frame == [0x89, 0]), "it was pinged before");
    worker.until_clients(0).await;
}

#[tokio::test]
async fn ping_data_is_sent_as_text() {
    let gateway = with(0, r#"{"type":"ping"}"#).await;
    let mut page = gateway.page().await;
    // A limit of 0 never closes, although nothing is answered.
    for _ in 0..4 {
        assert_eq!(page.text().await, r#"{"type":"ping"}"#);
    }
}
