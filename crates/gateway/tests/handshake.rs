//! The door: who may enter, and what everyone else is told. Garbage does not stop the others.

mod common;

use std::time::Duration;

use common::{Running, start, within};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const KEY: &str = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n";

fn status(answer: &str) -> &str {
    answer.split(' ').nth(1).unwrap_or("none")
}

#[tokio::test]
async fn only_websocket_handshakes_on_two_paths_enter() {
    let gateway = start(|_| {}).await;
    let upgrade = "Host: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n";
    let cases = [
        (format!("GET /nowhere HTTP/1.1\r\n{upgrade}{KEY}\r\n"), "404"),
        (format!("POST /ws HTTP/1.1\r\n{upgrade}{KEY}\r\n"), "405"),
        ("GET /ws HTTP/1.1\r\nHost: x\r\n\r\n".to_owned(), "426"),
        (format!("GET /ws HTTP/1.1\r\n{upgrade}Sec-WebSocket-Version: 13\r\n\r\n"), "400"),
        ("\x16\x03\x01\x02\x00\x01garbage\r\n\r\n".to_owned(), "400"),
        (format!("GET /ws HTTP/1.1\r\nHost: x\r\nX: {}\r\n\r\n", "a".repeat(20_000)), "431"),
    ];
    for (request, expected) in cases {
        let answer = Running::raw(gateway.clients, &request).await;
        assert_eq!(status(&answer), expected, "{answer}");
    }
    gateway.page().await;
    assert!(
        gateway.metrics().await.contains(r#"gatepipe_gateway_handshakes_refused_total{reason="path"} 1"#)
    );
}

#[tokio::test]
async fn frames_that_come_with_the_handshake_are_not_lost() {
    let gateway = start(|_| {}).await;
    let mut socket = TcpStream::connect(gateway.clients).await.unwrap();
    // A masked `{"type":"ping"}` with the mask 0, right behind the request.
    let mut request =
        format!("GET /ws HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n{KEY}\r\n")
            .into_bytes();
    request.extend_from_slice(&[0x81, 0x80 | 15, 0, 0, 0, 0]);
    request.extend_from_slice(br#"{"type":"ping"}"#);
    socket.write_all(&request).await.unwrap();
    let mut answer = String::new();
    while !answer.contains("pong") {
        let mut bytes = [0; 1024];
        let read = within("the pong", socket.read(&mut bytes)).await.unwrap();
        assert_ne!(read, 0, "{answer}");
        answer.push_str(&String::from_utf8_lossy(&bytes[..read]));
    }
    assert!(answer.find("init") < answer.find("pong"), "{answer}");
}

#[tokio::test]
async fn a_half_sent_handshake_is_cut_and_holds_nobody_up() {
    let gateway = start(|config| config.handshake_timeout = Duration::from_millis(300)).await;
    let mut half = TcpStream::connect(gateway.clients).await.unwrap();
    half.write_all(b"GET /ws HTTP/1.1\r\nHost: x\r\n").await.unwrap();
    let page = gateway.page().await;
    let mut answer = Vec::new();
    within("the cut", half.read_to_end(&mut answer)).await.unwrap();
    assert!(!String::from_utf8_lossy(&answer).contains("101"));
    drop(page);
    within("its count", async {
        let line = r#"gatepipe_gateway_handshakes_refused_total{reason="timeout"} 1"#;
        while !gateway.metrics().await.contains(line) {
            tokio::task::yield_now().await;
        }
    })
    .await;
}

#[tokio::test]
async fn a_full_gateway_says_503_and_goes_on_serving() {
    let gateway = start(|config| config.max_connections = 2).await;
    let mut worker = gateway.worker().await;
    let mut first = gateway.page().await;
    let second = gateway.page().await;
    let request =
        format!("GET /ws HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n{KEY}\r\n");
    let answer = Running::raw(gateway.clients, &request).await;
    assert_eq!(status(&answer), "503", "{answer}");
    assert!(answer.to_ascii_lowercase().contains("retry-after: 5"), "{answer}");
    assert!(
        gateway.metrics().await.contains(r#"gatepipe_gateway_handshakes_refused_total{reason="full"} 1"#)
    );
    assert_eq!(worker.broadcast("still here").await.reached, 2);
    assert_eq!(first.text().await, "still here");
    drop(second);
    worker.until_clients(1).await;
    // The place is free a moment after the client is off the hub.
    within("a place", async {
        while status(&Running::raw_head(gateway.clients, &request).await) != "101" {
            tokio::task::yield_now().await;
        }
    })
    .await;
}

#[tokio::test]
async fn garbage_on_the_command_port_hurts_nobody() {
    let gateway = start(|_| {}).await;
    let mut page = gateway.page().await;
    for garbage in [
        "\0\0\0garbage\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: x\r\n\r\n",
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\0\0",
    ] {
        let mut socket = TcpStream::connect(gateway.rpc).await.unwrap();
        socket.write_all(garbage.as_bytes()).await.unwrap();
    }
    let mut worker = gateway.worker().await;
    assert_eq!(worker.broadcast("fine").await.reached, 1);
    assert_eq!(page.text().await, "fine");
}

#[tokio::test]
async fn without_the_secret_nobody_commands() {
    let gateway = start(|config| config.secret = Some("right".into())).await;
    let mut worker = gateway.worker().await;
    let status = worker.0.counts(gatepipe_proto::v1::CountsRequest::default()).await.unwrap_err();
    assert_eq!(status.code(), tonic::Code::Unauthenticated);
    let status = worker.0.pipe(tokio_stream::empty()).await.unwrap_err();
    assert_eq!(status.code(), tonic::Code::Unauthenticated);
}
