//! One client's life as a worker hears it.

use futures_util::SinkExt;
use gatepipe_proto::v1::command::Command as Kind;
use gatepipe_proto::v1::event::Event;
use gatepipe_proto::v1::{self, message::Body};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;

use crate::common::{Page, Running, Socket, start, within};
use crate::listener::{Listener, hello, message, text};

fn unbind(page: &Page, uid: &str) -> Kind {
    Kind::UnbindUid(v1::UnbindUid { client_id: page.client_id.clone(), uid: uid.into() })
}

fn close(page: &Page, code: u32) -> Kind {
    let close = Some(v1::Close { code, ..Default::default() });
    Kind::CloseClient(v1::CloseClient { client_id: page.client_id.clone(), close })
}

fn bound(uid: &str, previous_uid: &str) -> Event {
    Event::Bound(v1::Bound { uid: uid.into(), previous_uid: previous_uid.into() })
}

fn closed(code: u32, uid: &str, session: &str) -> Event {
    Event::Closed(v1::Closed { code, uid: uid.into(), session: session.into() })
}

#[tokio::test]
async fn from_the_handshake_to_the_close_in_order() {
    let gateway = start(|_| {}).await;
    let mut commands = gateway.worker().await;
    let (mut worker, nobody) = Listener::start(&gateway, "business").await;
    assert!(nobody.is_empty());

    let mut page = gateway.page().await;
    let Event::Connected(connected) = worker.of(&page).await else { panic!("not connected") };
    assert_eq!((connected.path.as_str(), connected.query.as_str()), ("/ws", ""));
    assert_eq!(connected.remote_address, "127.0.0.1");
    assert!(connected.headers.is_empty() && connected.connected_at_ms > 1_700_000_000_000);

    page.send("hello").await;
    page.send(r#"{"type":"ping"}"#).await;
    page.frames.send(Message::Ping(vec![1].into())).await.unwrap();
    page.send("").await;
    page.frames.send(Message::binary(vec![0, 255])).await.unwrap();
    assert_eq!(text(&worker.of(&page).await), "hello");
    // Pings are answered by the gateway and not offered.
    assert_eq!(text(&worker.of(&page).await), "");
    assert_eq!(message(&worker.of(&page).await), Some(&Body::Binary(vec![0, 255].into())));

    assert_eq!(commands.bind(&page, "ana").await.code, 0);
    // Twice changes nothing, and there is nothing to tell.
    assert_eq!(commands.bind(&page, "ana").await.code, 0);
    assert_eq!(commands.bind(&page, "bob").await.code, 0);
    assert_eq!(commands.execute(unbind(&page, "ana")).await.reached, 0);
    assert_eq!(commands.execute(unbind(&page, "bob")).await.reached, 1);
    assert_eq!(commands.bind(&page, "carol").await.code, 0);
    let set = v1::SetSession { client_id: page.client_id.clone(), session: r#"{"cart":[1]}"#.into() };
    assert_eq!(commands.execute(Kind::SetSession(set)).await.code, 0);
    for expected in [bound("ana", ""), bound("bob", "ana"), bound("", "bob"), bound("carol", "")] {
        assert_eq!(worker.of(&page).await, expected);
    }

    assert_eq!(commands.execute(close(&page, 4001)).await.reached, 1);
    assert_eq!(worker.of(&page).await, closed(4001, "carol", r#"{"cart":[1]}"#));
}

#[tokio::test]
async fn a_close_says_why() {
    let gateway = start(|config| config.max_message_size = 100).await;
    let mut commands = gateway.worker().await;
    let (mut worker, _) = Listener::start(&gateway, "business").await;
    for way in ["goodbye", "gone", "destroyed", "too big"] {
        let mut page = gateway.page().await;
        assert!(matches!(worker.of(&page).await, Event::Connected(_)));
        let code = match way {
            "goodbye" => {
                page.frames.close(None).await.unwrap();
                1000
            }
            "gone" => {
                let client_id = page.client_id.clone();
                drop(page.frames);
                assert_eq!(worker.next().await, (client_id, closed(1006, "", "{}")));
                continue;
            }
            "destroyed" => {
                let close = Some(v1::Close { destroy: true, ..Default::default() });
                let client_id = page.client_id.clone();
                commands.execute(Kind::CloseClient(v1::CloseClient { client_id, close })).await;
                1006
            }
            _ => {
                page.send(&"x".repeat(101)).await;
                1009
            }
        };
        assert_eq!(worker.of(&page).await, closed(code, "", "{}"), "{way}");
    }
}

/// A page that came with this handshake; its init is not read.
async fn page_with(gateway: &Running, path: &str, headers: &[(&'static str, &str)]) -> Page {
    let mut request = format!("ws://{}{path}", gateway.clients).into_client_request().unwrap();
    for (name, value) in headers {
        request.headers_mut().append(*name, value.parse().unwrap());
    }
    let socket: Box<dyn Socket> = Box::new(TcpStream::connect(gateway.clients).await.unwrap());
    let handshake = tokio_tungstenite::client_async(request, socket);
    let (frames, _) = within("the handshake", handshake).await.unwrap();
    Page { frames, client_id: String::new() }
}

#[tokio::test]
async fn a_handshake_is_told_with_the_headers_that_somebody_asked_for() {
    let gateway = start(|_| {}).await;
    let asking = v1::Hello { headers: vec!["Cookie".into(), "x-tenant".into()], ..hello("business") };
    let mut asking = Listener::with(&gateway, asking).await;
    asking.adopted_all().await;
    let headers = [("cookie", "a=1"), ("cookie", "b=2"), ("x-other", "secret")];
    let _page = page_with(&gateway, "/?token=abc&x=%20", &headers).await;
    let (_, Event::Connected(connected)) = asking.next().await else { panic!("not connected") };
    assert_eq!((connected.path.as_str(), connected.query.as_str()), ("/", "token=abc&x=%20"));
    let cookie = |value: &str| v1::Header { name: "cookie".into(), value: value.as_bytes().to_vec() };
    assert_eq!(connected.headers, [cookie("a=1"), cookie("b=2")]);

    // Who asked has gone: nobody is told any more.
    drop(asking);
    let (mut other, _) = Listener::start(&gateway, "other").await;
    gateway.until_subscriptions(1).await;
    let _page = page_with(&gateway, "/ws", &headers).await;
    let (_, Event::Connected(connected)) = other.next().await else { panic!("not connected") };
    assert!(connected.headers.is_empty());
}

#[tokio::test]
async fn a_worker_may_leave_messages_out() {
    let gateway = start(|_| {}).await;
    let mut commands = gateway.worker().await;
    let quiet = v1::Hello { without_messages: true, ..hello("audit") };
    let mut quiet = Listener::with(&gateway, quiet).await;
    quiet.adopted_all().await;
    let mut page = gateway.page().await;
    page.send("nobody takes this").await;
    page.send(r#"{"type":"ping"}"#).await;
    page.text().await;
    assert!(gateway.metrics().await.contains("gatepipe_gateway_frames_dropped_total 1\n"));
    assert_eq!(commands.bind(&page, "ana").await.code, 0);
    assert!(matches!(quiet.of(&page).await, Event::Connected(_)));
    assert_eq!(quiet.of(&page).await, bound("ana", ""));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_follows_from_a_bind_is_told_after_it() {
    let gateway = start(|_| {}).await;
    let mut commands = gateway.worker().await;
    let (mut worker, _) = Listener::start(&gateway, "business").await;
    let mut page = gateway.page().await;
    assert!(matches!(worker.of(&page).await, Event::Connected(_)));
    let client_id = page.client_id.clone();
    let echoing = tokio::spawn(async move {
        for _ in 0..300 {
            let told = page.text().await;
            page.send(&told).await;
        }
        page
    });
    for number in 0..300 {
        let bind = v1::BindUid {
            client_id: client_id.clone(),
            uid: format!("user {number}"),
            message: crate::common::text(&format!("you are user {number}")),
            ..Default::default()
        };
        assert_eq!(commands.execute(Kind::BindUid(bind)).await.code, 0);
    }
    let mut uid = String::new();
    for _ in 0..600 {
        match worker.next().await.1 {
            Event::Bound(bound) => {
                assert_eq!(bound.previous_uid, uid);
                uid = bound.uid;
            }
            said => {
                let number = |text: &str| text.rsplit(' ').next().unwrap().parse::<u32>().unwrap();
                assert!(number(text(&said)) <= number(&uid), "{said:?} before its bind, at {uid}");
            }
        }
    }
    drop(echoing.await.unwrap());
}
