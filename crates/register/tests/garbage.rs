//! What makes no sense is refused, and everyone else goes on.

mod common;

use common::{gateway, start, within};
use gatepipe_proto::v1;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

#[tokio::test]
async fn announcements_that_cannot_be_are_refused() {
    let register = start(|_| {}).await;
    let edge = gateway("edge-1:2300");
    let wrong = [
        v1::GatewayEntry { gateway_id: "edge".into(), ..edge.clone() },
        v1::GatewayEntry { address: String::new(), ..edge.clone() },
        v1::GatewayEntry { address: "edge-1".into(), ..edge.clone() },
        v1::GatewayEntry { address: format!("{}:1", "e".repeat(300)), ..edge.clone() },
    ];
    for entry in wrong {
        let refused = register.announce(&entry).await.err().expect("refused");
        assert_eq!(refused.code(), tonic::Code::InvalidArgument, "{refused:?}");
    }
    let mut announcer = register.announce(&edge).await.unwrap();
    let refused = announcer.say(&gateway("edge-2:2300"), false).await.unwrap_err();
    assert_eq!(refused.code(), tonic::Code::InvalidArgument);
}

#[tokio::test]
async fn bytes_that_are_not_grpc_close_the_connection_and_nothing_else() {
    let register = start(|_| {}).await;
    let mut watcher = register.watch().await;
    watcher.snapshot().await;
    let hello = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0";
    let noise: Vec<u8> = (0..100_000_u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
    let garbage = [
        b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n".to_vec(),
        b"\x16\x03\x01\x02\0\x01".to_vec(),
        vec![0; 100_000],
        noise.clone(),
        [&hello[..], &noise].concat(),
        [&hello[..], &[0xff; 9]].concat(),
    ];
    for port in [register.rpc, register.admin] {
        for bytes in &garbage {
            let mut socket = TcpStream::connect(port).await.unwrap();
            // It may be closed before everything is written.
            let _ = socket.write_all(bytes).await;
            let mut answer = [0; 4096];
            let end = async { while socket.read(&mut answer).await.is_ok_and(|read| read > 0) {} };
            within("the connection's end", end).await;
        }
    }
    let edge = gateway("edge-1:2300");
    let _announcer = register.announce(&edge).await.unwrap();
    assert_eq!(watcher.next().await.0, 1);
}

#[tokio::test]
async fn messages_that_cannot_be_are_refused() {
    let register = start(|_| {}).await;
    let huge = v1::GatewayEntry { address: format!("{}:1", "e".repeat(100_000)), ..gateway("") };
    let refused = register.announce(&huge).await.err().expect("refused");
    assert_eq!(refused.code(), tonic::Code::OutOfRange, "{refused:?}");
    let refused = register.announce_nobody().await;
    assert_eq!(refused.code(), tonic::Code::InvalidArgument, "{refused:?}");
    let metrics = register.metrics().await;
    assert!(metrics.contains("gatepipe_register_announcements_refused_total 1\n"), "{metrics}");
}
