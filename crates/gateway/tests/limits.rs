//! What one client may do, and how many clients one address may have. Each limit has its answer; the neighbours feel nothing.

mod common;

use std::time::{Duration, Instant};

use common::{Page, Running, Worker, start, within};
use futures_util::SinkExt;
use gatepipe_proto::v1;
use gatepipe_proto::v1::command::Command as Kind;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::MissedTickBehavior;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::protocol::frame::Frame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::{Data, OpCode};
use tokio_tungstenite::tungstenite::{Error, Message};

const PING: &str = r#"{"type":"ping"}"#;

/// How many pongs came before the end, and the close code.
async fn pongs(page: &mut Page) -> (usize, Option<u16>) {
    let (texts, close) = page.rest().await;
    assert!(texts.iter().all(|text| text == r#"{"type":"pong"}"#), "{texts:?}");
    (texts.len(), close.map(|(code, _)| code))
}

/// Sends without looking whether the gateway still reads.
async fn flood(page: &mut Page, frames: impl IntoIterator<Item = Message>) {
    for frame in frames {
        drop(page.frames.feed(frame).await);
    }
    drop(page.frames.flush().await);
}

#[tokio::test]
async fn too_many_frames_are_closed_with_4103_whatever_they_are() {
    let gateway = start(|config| config.max_frames_per_second = 20).await;
    let mut neighbour = gateway.page().await;
    let fragment = |opcode| Message::Frame(Frame::message("", OpCode::Data(opcode), false));
    let endless =
        std::iter::once(fragment(Data::Text)).chain(std::iter::repeat_with(|| fragment(Data::Continue)));
    let floods: [(&str, Box<dyn Iterator<Item = Message>>); 4] = [
        ("texts", Box::new(std::iter::repeat_with(|| Message::text("x")))),
        ("binary messages", Box::new(std::iter::repeat_with(|| Message::binary("x")))),
        ("pongs", Box::new(std::iter::repeat_with(|| Message::Pong("x".into())))),
        ("fragments of one message", Box::new(endless)),
    ];
    let count = floods.len();
    for (what, frames) in floods {
        let mut page = gateway.page().await;
        flood(&mut page, frames.take(1000)).await;
        assert_eq!(page.close_code().await, Some(4103), "{what}");
    }
    neighbour.send(PING).await;
    assert_eq!(neighbour.text().await, r#"{"type":"pong"}"#);
    let counted = format!(r#"connections_closed_total{{code="4103"}} {count}"#);
    assert!(gateway.metrics().await.contains(&counted));
}

#[tokio::test]
async fn a_second_s_worth_is_answered_before_the_close() {
    let gateway = start(|config| config.max_frames_per_second = 20).await;
    let mut page = gateway.page().await;
    flood(&mut page, std::iter::repeat_with(|| Message::text(PING)).take(1000)).await;
    let (answered, code) = pongs(&mut page).await;
    // A busy machine may take so long to read them that some more have come free.
    assert!((20..1000).contains(&answered), "{answered}");
    assert_eq!(code, Some(4103));
}

#[tokio::test]
async fn frames_that_came_with_the_handshake_count_too() {
    let gateway = start(|config| config.max_frames_per_second = 3).await;
    let mut socket = TcpStream::connect(gateway.clients).await.unwrap();
    let mut request = b"GET /ws HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
        Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
        .to_vec();
    for _ in 0..4 {
        request.extend_from_slice(&[0x81, 0x80 | 15, 0, 0, 0, 0]);
        request.extend_from_slice(PING.as_bytes());
    }
    socket.write_all(&request).await.unwrap();
    let mut answer = Vec::new();
    within("the end", socket.read_to_end(&mut answer)).await.unwrap();
    assert_eq!(String::from_utf8_lossy(&answer).matches("pong").count(), 3);
    let code = 4103_u16.to_be_bytes();
    assert!(answer.windows(2).any(|bytes| bytes == code), "{answer:?}");
}

/// What was sent can still be read after the reset, while the first answer finds the socket broken.
#[tokio::test]
async fn whoever_floods_and_resets_leaves_nothing_behind() {
    let gateway = start(|config| {
        config.max_frames_per_second = 20;
        config.max_connections = 1;
    })
    .await;
    let mut worker = gateway.worker().await;
    let mut pings = Vec::new();
    for _ in 0..400 {
        pings.extend_from_slice(&[0x81, 0x80 | 15, 0, 0, 0, 0]);
        pings.extend_from_slice(PING.as_bytes());
    }
    for _ in 0..3 {
        let page = gateway.page().await;
        worker.until_clients(1).await;
        // No await in between: the gateway, which runs on this thread, finds the pings and the reset together.
        let socket = page.frames.get_ref().tcp();
        assert_eq!(socket.try_write(&pings).unwrap(), pings.len());
        socket2::SockRef::from(socket).set_linger(Some(Duration::ZERO)).unwrap();
        drop(page);
        // The place is free again as well: the next page enters.
        worker.until_clients(0).await;
    }
    assert!(gateway.metrics().await.contains(r#"connections_closed_total{code="1006"} 3"#));
}

#[tokio::test]
async fn whoever_keeps_to_the_pace_stays() {
    let gateway = start(|config| config.max_frames_per_second = 50).await;
    let mut page = gateway.page().await;
    // Each answer is waited for and each step takes its time, so that 150 frames take three seconds.
    let mut pace = tokio::time::interval(Duration::from_millis(20));
    // A machine that was busy must not be caught up with in a burst.
    pace.set_missed_tick_behavior(MissedTickBehavior::Delay);
    for _ in 0..150 {
        pace.tick().await;
        page.send(PING).await;
        assert_eq!(page.text().await, r#"{"type":"pong"}"#);
    }
}

/// A handshake with this `X-Forwarded-For`: the socket, or the refusal's status and `Retry-After`.
async fn enter(gateway: &Running, forwarded: &str) -> Result<WebSocketStream<TcpStream>, (u16, String)> {
    let mut request = format!("ws://{}/ws", gateway.clients).into_client_request().unwrap();
    request.headers_mut().insert("x-forwarded-for", forwarded.parse().unwrap());
    let socket = TcpStream::connect(gateway.clients).await.unwrap();
    match within("an answer", tokio_tungstenite::client_async(request, socket)).await {
        Ok((frames, _)) => Ok(frames),
        Err(Error::Http(refused)) => {
            let retry_after = refused.headers().get("retry-after").map(|value| value.to_str().unwrap());
            Err((refused.status().as_u16(), retry_after.unwrap_or_default().to_owned()))
        }
        Err(error) => panic!("{error}"),
    }
}

#[tokio::test]
async fn one_address_has_so_many_clients_and_others_enter() {
    let gateway = start(|config| {
        config.max_connections_per_address = 2;
        config.trusted_proxies = vec!["127.0.0.1".parse().unwrap()];
    })
    .await;
    let refused = Err((429, "5".to_owned()));
    let as_refusal = |entered: Result<_, _>| entered.map(drop);
    let mut held = Vec::new();
    for address in ["192.0.2.7", "1.1.1.1, 192.0.2.7", "2001:db8:1:2::1", "2001:db8:1:2:ff::2"] {
        held.push(enter(&gateway, address).await.unwrap());
    }
    for address in ["192.0.2.7", "192.0.2.8, 192.0.2.7", "::ffff:192.0.2.7", "2001:db8:1:2::3"] {
        assert_eq!(as_refusal(enter(&gateway, address).await), refused, "{address}");
    }
    held.push(enter(&gateway, "192.0.2.8").await.unwrap());
    held.push(enter(&gateway, "2001:db8:1:3::1").await.unwrap());
    assert!(gateway.metrics().await.contains(r#"handshakes_refused_total{reason="address_full"} 4"#));
    // Whoever leaves makes room.
    drop(held.remove(0));
    within("a place", async {
        while let Err(refusal) = enter(&gateway, "192.0.2.7").await {
            assert_eq!(Err(refusal), refused);
            tokio::task::yield_now().await;
        }
    })
    .await;
}

#[tokio::test]
async fn without_trusted_proxies_nobody_chooses_an_address() {
    let gateway = start(|config| config.max_connections_per_address = 1).await;
    let _held = enter(&gateway, "192.0.2.7").await.unwrap();
    assert_eq!(enter(&gateway, "192.0.2.8").await.map(drop), Err((429, "5".to_owned())));
}

#[tokio::test]
async fn a_client_is_known_by_its_forwarded_address_without_a_port() {
    let gateway = start(|config| config.trusted_proxies = vec!["127.0.0.0/8".parse().unwrap()]).await;
    let mut worker = gateway.worker().await;
    for (forwarded, expected) in [
        ("203.0.113.9, 192.0.2.7", "192.0.2.7"),
        ("192.0.2.7, 127.0.0.1", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:DB8::7", "2001:db8::7"),
        ("nonsense", "127.0.0.1"),
    ] {
        let entered = enter(&gateway, forwarded).await.unwrap();
        worker.until_clients(1).await;
        let page = worker.0.clients(v1::ClientsRequest::default()).await.unwrap().into_inner();
        assert_eq!(page.clients[0].remote_address, expected, "{forwarded}");
        drop(entered);
        worker.until_clients(0).await;
    }
}

const BIND_TIMEOUT: Duration = Duration::from_secs(1);

async fn unbind(worker: &mut Worker, page: &Page, uid: &str) {
    let unbind = v1::UnbindUid { client_id: page.client_id.clone(), uid: uid.to_owned() };
    assert_eq!(worker.execute(Kind::UnbindUid(unbind)).await.reached, 1);
}

/// Closed with 4101, and not before its time.
async fn is_let_go(page: &mut Page, since: Instant) {
    assert_eq!(page.close_code().await, Some(4101));
    assert!(since.elapsed() >= BIND_TIMEOUT, "{:?}", since.elapsed());
}

#[tokio::test]
async fn whoever_is_not_bound_in_time_is_closed_with_4101() {
    let gateway = start(|config| config.bind_timeout = BIND_TIMEOUT).await;
    let mut worker = gateway.worker().await;
    let mut ana = gateway.page().await;
    worker.bind(&ana, "ana").await;
    // Two that are never bound, one after the other: meanwhile ana is bound for two timeouts.
    for _ in 0..2 {
        let since = Instant::now();
        let mut nobody = gateway.page().await;
        // Being alive is not enough.
        nobody.send(PING).await;
        assert_eq!(nobody.text().await, r#"{"type":"pong"}"#);
        is_let_go(&mut nobody, since).await;
    }
    // To be bound to another is to be bound.
    worker.bind(&ana, "anna").await;
    ana.send(PING).await;
    assert_eq!(ana.text().await, r#"{"type":"pong"}"#);
    assert!(gateway.metrics().await.contains(r#"connections_closed_total{code="4101"} 2"#));

    // Somebody else's unbind changes nothing; her own begins a new time.
    let others = v1::UnbindUid { client_id: ana.client_id.clone(), uid: "ana".to_owned() };
    assert_eq!(worker.execute(Kind::UnbindUid(others)).await.reached, 0);
    let since = Instant::now();
    unbind(&mut worker, &ana, "anna").await;
    is_let_go(&mut ana, since).await;
}

#[tokio::test]
async fn by_default_a_client_may_stay_without_a_uid_and_send_what_it_likes() {
    let gateway = start(|config| {
        // The sweep looks often, and still does not mind.
        config.outbox_age = Duration::from_millis(100);
    })
    .await;
    let mut pages = Vec::new();
    for _ in 0..50 {
        pages.push(gateway.page().await);
    }
    let page = &mut pages[0];
    for _ in 0..20_000 {
        page.frames.feed(Message::Pong("x".into())).await.unwrap();
    }
    page.send(PING).await;
    assert_eq!(page.text().await, r#"{"type":"pong"}"#);
}
