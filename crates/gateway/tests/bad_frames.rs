//! Frames that the RFC forbids, and those over our limits: each gets its close code, the neighbours feel nothing.

mod common;

use common::{Running, start, within};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// A socket after its handshake and init.
async fn raw_page(gateway: &Running) -> TcpStream {
    let mut socket = TcpStream::connect(gateway.clients).await.unwrap();
    let request = "GET /ws HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
        Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";
    socket.write_all(request.as_bytes()).await.unwrap();
    let mut seen = Vec::new();
    while !seen.ends_with(b"\"}") {
        let mut bytes = [0; 512];
        let read = within("the init", socket.read(&mut bytes)).await.unwrap();
        assert_ne!(read, 0);
        seen.extend_from_slice(&bytes[..read]);
    }
    socket
}

/// The code of the close frame that answers these bytes.
async fn code_for(gateway: &Running, bytes: &[u8]) -> u16 {
    let mut socket = raw_page(gateway).await;
    socket.write_all(bytes).await.unwrap();
    let mut answer = Vec::new();
    within("the end", socket.read_to_end(&mut answer)).await.unwrap();
    assert_eq!(answer[0], 0x88, "a close frame: {answer:?}");
    u16::from_be_bytes([answer[2], answer[3]])
}

fn masked(first: u8, payload: &[u8]) -> Vec<u8> {
    let mut frame = vec![first, 0x80 | u8::try_from(payload.len()).unwrap(), 0, 0, 0, 0];
    frame.extend_from_slice(payload);
    frame
}

#[tokio::test]
async fn each_broken_frame_is_answered_with_its_code() {
    let gateway = start(|_| {}).await;
    let mut neighbour = gateway.page().await;
    let oversize = {
        let mut frame = vec![0x81, 0x80 | 127];
        frame.extend_from_slice(&(64 * 1024_u64 + 1).to_be_bytes());
        frame.extend_from_slice(&[0, 0, 0, 0]);
        frame
    };
    let cases: [(&str, Vec<u8>, u16); 7] = [
        ("text that is not UTF-8", masked(0x81, &[0xff, 0xfe]), 1007),
        ("an unmasked frame", vec![0x81, 2, b'h', b'i'], 1002),
        ("a reserved bit", masked(0x81 | 0x40, b"hi"), 1002),
        ("a reserved opcode", masked(0x83, b"hi"), 1002),
        ("a fragmented ping", masked(0x09, b""), 1002),
        ("a continuation of nothing", masked(0x80, b"hi"), 1002),
        ("an oversize message, by its header alone", oversize, 1009),
    ];
    for (what, bytes, code) in cases {
        assert_eq!(code_for(&gateway, &bytes).await, code, "{what}");
    }
    neighbour.send(r#"{"type":"ping"}"#).await;
    assert_eq!(neighbour.text().await, r#"{"type":"pong"}"#);
}

#[tokio::test]
async fn many_fragments_that_grow_too_large_are_refused() {
    let gateway = start(|config| config.max_message_size = 1000).await;
    let mut socket = raw_page(&gateway).await;
    socket.write_all(&masked(0x01, &[b'a'; 100])).await.unwrap();
    for _ in 0..10 {
        socket.write_all(&masked(0x00, &[b'a'; 100])).await.unwrap();
    }
    let mut answer = Vec::new();
    within("the end", socket.read_to_end(&mut answer)).await.unwrap();
    assert_eq!((answer[0], u16::from_be_bytes([answer[2], answer[3]])), (0x88, 1009));
}

#[tokio::test]
async fn a_message_at_the_limit_is_read() {
    let gateway = start(|_| {}).await;
    let mut page = gateway.page().await;
    page.send(&"x".repeat(64 * 1024)).await;
    page.send(r#"{"type":"ping"}"#).await;
    assert_eq!(page.text().await, r#"{"type":"pong"}"#);
    page.send(&"x".repeat(64 * 1024 + 1)).await;
    assert_eq!(page.close_code().await, Some(1009));
    assert!(gateway.metrics().await.contains(r#"gatepipe_gateway_connections_closed_total{code="1009"} 1"#));
}

#[tokio::test]
async fn a_goodbye_is_answered() {
    let gateway = start(|_| {}).await;
    let mut socket = raw_page(&gateway).await;
    socket.write_all(&masked(0x88, &1000_u16.to_be_bytes())).await.unwrap();
    let mut answer = Vec::new();
    within("the end", socket.read_to_end(&mut answer)).await.unwrap();
    assert_eq!(answer, [0x88, 2, 0x03, 0xe8]);
}
