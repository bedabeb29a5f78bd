//! wss: pages that come in with TLS are served like all others, and certificates change while they stay.

mod common;

use std::io::ErrorKind;
use std::time::Duration;

use common::certs::Certs;
use common::{Running, start, start_protected, within};
use gatepipe_proto::v1;
use gatepipe_proto::v1::command::Command as Kind;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::pki_types::CertificateDer;

/// Shakes hands as a page does, and says nothing.
async fn shaken(certs: &Certs, gateway: &Running) -> std::io::Result<TlsStream<TcpStream>> {
    let socket = TcpStream::connect(gateway.clients).await?;
    let name = gateway.clients.ip().into();
    within("the TLS handshake", certs.connector().connect(name, socket)).await
}

/// What the gateway shows to newcomers.
async fn shown(certs: &Certs, gateway: &Running) -> CertificateDer<'static> {
    let socket = shaken(certs, gateway).await.unwrap();
    socket.get_ref().1.peer_certificates().unwrap()[0].clone().into_owned()
}

#[tokio::test]
async fn a_page_is_bound_and_pushed_to_and_forced_offline() {
    let certs = Certs::new();
    let gateway = start_protected(&certs, |_| {}).await;
    let mut worker = gateway.worker().await;
    let (mut ana, mut ben) = (gateway.page().await, gateway.page().await);
    assert_eq!(worker.bind(&ana, "ana").await.code, 0);
    assert_eq!(worker.bind(&ben, "ben").await.code, 0);

    ana.send(r#"{"type":"ping"}"#).await;
    assert_eq!(ana.text().await, r#"{"type":"pong"}"#);
    // Longer than one record, and many at once.
    let long = "x".repeat(300_000);
    assert_eq!(worker.send_to_uid("ana", &long).await.reached, 1);
    for number in 0..100 {
        assert_eq!(worker.broadcast(&number.to_string()).await.reached, 2);
    }
    assert_eq!(ana.text().await, long);
    for number in 0..100 {
        assert_eq!(ana.text().await, number.to_string());
        assert_eq!(ben.text().await, number.to_string());
    }

    let close = v1::CloseUid {
        uid: "ana".to_owned(),
        close: Some(v1::Close { code: 4001, reason: "offline".into(), ..Default::default() }),
        ..Default::default()
    };
    assert_eq!(worker.execute(Kind::CloseUid(close)).await.reached, 1);
    assert_eq!(ana.rest().await, (vec![], Some((4001, "offline".into()))));
    assert_eq!(worker.send_to_uid("ben", "still here").await.reached, 1);
    assert_eq!(ben.text().await, "still here");
}

#[tokio::test]
async fn everybody_is_sent_away_with_the_code_of_a_drain() {
    let certs = Certs::new();
    let gateway = start_protected(&certs, |config| config.drain_timeout = Duration::from_secs(2)).await;
    let mut page = gateway.page().await;
    gateway.stop();
    assert!(page.text().await.contains("reconnect"));
    assert_eq!(page.close_code().await, Some(1012));
    drop(page);
    gateway.stopped().await;
}

#[tokio::test]
async fn the_close_is_followed_by_the_end_of_tls() {
    let certs = Certs::new();
    let gateway = start_protected(&certs, |_| {}).await;
    let mut socket = shaken(&certs, &gateway).await.unwrap();
    let request = "GET /ws HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
    // A frame of a kind that there is not, right behind the request.
    let request = [request.as_bytes(), &[0x83, 0x80, 0, 0, 0, 0]].concat();
    socket.write_all(&request).await.unwrap();
    let mut answer = Vec::new();
    // Without the word that ends TLS this is an error.
    within("the end", socket.read_to_end(&mut answer)).await.unwrap();
    let close = answer.windows(4).position(|bytes| bytes[0] == 0x88 && bytes[2..] == 1002_u16.to_be_bytes());
    assert!(close.is_some(), "{}", String::from_utf8_lossy(&answer));
}

#[tokio::test]
async fn a_changed_certificate_is_shown_to_newcomers_while_the_others_stay() {
    let certs = Certs::new();
    let gateway = start_protected(&certs, |_| {}).await;
    let mut worker = gateway.worker().await;
    let mut ana = gateway.page().await;
    assert_eq!(worker.bind(&ana, "ana").await.code, 0);
    let before = shown(&certs, &gateway).await;

    // What cannot be used changes nothing.
    std::fs::write(certs.path("server.pem"), "no certificate").unwrap();
    within("the word of a bad certificate", async {
        // Once, or twice when it was looked at while it was being written.
        let none = "gatepipe_tls_certificate_reloads_total{link=\"clients\",result=\"refused\"} 0\n";
        while gateway.metrics().await.contains(none) {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    })
    .await;
    assert_eq!(shown(&certs, &gateway).await, before);

    certs.renew();
    within("the new certificate", async {
        while shown(&certs, &gateway).await == before {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    })
    .await;
    assert_eq!(worker.send_to_uid("ana", "still here").await.reached, 1);
    assert_eq!(ana.text().await, "still here");
    let metrics = gateway.metrics().await;
    assert!(
        metrics.contains(r#"gatepipe_tls_certificate_expiry_timestamp_seconds{link="clients"} "#),
        "{metrics}"
    );
}

#[tokio::test]
async fn whoever_finds_no_place_is_not_given_a_handshake() {
    let certs = Certs::new();
    let gateway = start_protected(&certs, |config| config.max_connections_per_address = 1).await;
    let mut page = gateway.page().await;
    let refused = shaken(&certs, &gateway).await.unwrap_err();
    // By which of these it shows depends on who is quicker.
    let ended = [ErrorKind::UnexpectedEof, ErrorKind::ConnectionReset, ErrorKind::BrokenPipe];
    assert!(ended.contains(&refused.kind()), "{refused:?}");
    assert!(gateway.metrics().await.contains(r#"handshakes_refused_total{reason="address_full"} 1"#));
    page.send(r#"{"type":"ping"}"#).await;
    assert_eq!(page.text().await, r#"{"type":"pong"}"#);
}

#[tokio::test]
async fn the_time_for_a_handshake_is_that_of_tls_too() {
    let certs = Certs::new();
    let gateway =
        start_protected(&certs, |config| config.handshake_timeout = Duration::from_millis(300)).await;
    let mut mute = TcpStream::connect(gateway.clients).await.unwrap();
    assert_eq!(within("its end", mute.read(&mut [0; 16])).await.unwrap_or(0), 0);
}

#[tokio::test]
async fn whoever_comes_without_tls_is_not_served_and_harms_nobody() {
    let certs = Certs::new();
    let gateway = start_protected(&certs, |_| {}).await;
    let answer = Running::raw(gateway.clients, "GET /ws HTTP/1.1\r\nHost: x\r\n\r\n").await;
    assert!(!answer.contains("HTTP/"), "{answer}");
    gateway.page().await;
    // And the other way round.
    let plain = start(|_| {}).await;
    assert!(shaken(&certs, &plain).await.is_err());
    plain.page().await;
}
