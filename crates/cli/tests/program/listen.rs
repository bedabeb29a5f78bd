//! `gatepipe listen` as a page.

use futures_util::{SinkExt as _, StreamExt as _};
use gatepipe_local_cluster::actor::Caller;
use gatepipe_local_cluster::eventually::within;
use gatepipe_local_cluster::{Cluster, Plan};
use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;

use crate::run::{Running, run};

#[tokio::test(flavor = "multi_thread")]
async fn without_a_token_it_prints_its_init() {
    let cluster = Cluster::start().await;
    let heard = run(&format!("listen {} --count 1", cluster.ws()[0])).await;
    assert_eq!(heard.code, 0, "{heard:?}");
    let init = heard.json();
    assert_eq!(init["type"], "init");
    assert_eq!(init["client_id"].as_str().unwrap().len(), 40);
    assert_eq!(heard.stderr, "");
}

#[tokio::test(flavor = "multi_thread")]
async fn with_a_token_it_is_bound_and_ends_when_forced_offline() {
    let cluster = Cluster::start().await;
    let (admin, alice) = (Caller::of(&cluster, "admin"), Caller::of(&cluster, "alice"));
    let token = &cluster.people()[1].token;
    let line = format!("listen {} --api {} --token {token}", cluster.ws()[0], cluster.http());
    let mut page = Running::start(&line);
    assert_eq!(page.frame().await["type"], "init");
    assert_eq!(page.frame().await, json!({"type": "bind_success", "data": {"uid": alice.id}}));
    let push = json!({"uid": alice.id, "data": "two\nlines"});
    admin.post("/WebSocket/pushToUser", push).await.ok();
    assert_eq!(page.frame().await, json!({"type": "notification", "data": "two\nlines"}));
    admin.post("/WebSocket/forceOffline", json!({"uid": alice.id})).await.ok();
    assert_eq!(page.frame().await["type"], "force_offline");
    let (code, words) = page.ended().await;
    assert_eq!(code, 8, "{words}");
    assert!(words.contains("4001"), "{words}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dead_token_ends_it_and_so_does_ctrl_c() {
    let cluster = Cluster::start().await;
    let line = format!("listen {} --api {} --token nonsense", cluster.ws()[0], cluster.http());
    let refused = run(&line).await;
    assert_eq!(refused.code, 4, "{refused:?}");
    assert!(refused.stderr.contains("401"), "{refused:?}");

    let mut page = Running::start(&format!("listen {}", cluster.ws()[0]));
    page.frame().await;
    page.interrupt();
    assert_eq!(page.ended().await, (0, String::new()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_drained_gateway_sends_it_to_the_next_connection() {
    let plan = Plan { gateways: 1, ..Plan::default() };
    let mut cluster = Cluster::start_with(plan).await.unwrap();
    let mut page = Running::start(&format!("listen {} --attempts 0", cluster.ws()[0]));
    page.frame().await;
    cluster.drain_gateway(0).await.unwrap();
    assert_eq!(page.frame().await["type"], "reconnect");
    let (code, words) = page.ended().await;
    assert_eq!(code, 7, "{words}");
    assert!(words.contains("closed: 1012") && words.contains("gave up"), "{words}");
}

/// A server that we script; its pages connect to it with `listen`.
struct Script(TcpListener);

impl Script {
    async fn new() -> (Self, String) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("ws://{}/ws", listener.local_addr().unwrap());
        (Self(listener), url)
    }

    /// The next page, greeted.
    async fn page(&self) -> WebSocketStream<TcpStream> {
        let (socket, _) = within("a page", self.0.accept()).await.unwrap();
        let config = tokio_tungstenite::tungstenite::protocol::WebSocketConfig::default();
        let mut page = tokio_tungstenite::accept_async_with_config(socket, Some(config)).await.unwrap();
        let client_id = "0".repeat(40);
        let init = json!({"type": "init", "client_id": client_id}).to_string();
        page.send(Message::text(init)).await.unwrap();
        page
    }
}

async fn close(page: &mut WebSocketStream<TcpStream>, code: u16) {
    let frame = CloseFrame { code: code.into(), reason: "scripted".into() };
    page.close(Some(frame)).await.unwrap();
    // Until the page has answered.
    while let Some(Ok(_)) = within("the page's answer", page.next()).await {}
}

#[tokio::test(flavor = "multi_thread")]
async fn close_codes_decide_whether_it_comes_back() {
    let (script, url) = Script::new().await;
    let mut listening = Running::start(&format!("listen {url}"));
    for code in [4201, 4102, 1000] {
        let mut page = script.page().await;
        assert_eq!(listening.frame().await["type"], "init");
        close(&mut page, code).await;
    }
    let (code, words) = listening.ended().await;
    assert_eq!(code, 0, "1000 is a normal end: {words}");
    assert!(words.contains("(1 of 10)") && words.contains("(2 of 10)"), "{words}");
}

#[tokio::test(flavor = "multi_thread")]
async fn any_frame_stays_one_line() {
    let (script, url) = Script::new().await;
    let listening = tokio::spawn(async move { run(&format!("listen {url} --count 3")).await });
    let mut page = script.page().await;
    page.send(Message::text("{\n  \"type\": \"x\"\n}")).await.unwrap();
    page.send(Message::text(r#"{"type":"pong"}"#)).await.unwrap();
    page.send(Message::binary(vec![0xca, 0xfe])).await.unwrap();
    let heard = listening.await.unwrap();
    let lines: Vec<_> = heard.stdout.lines().skip(1).collect();
    assert_eq!(lines, ["{   \"type\": \"x\" }", "0xcafe"], "{heard:?}");
    assert_eq!(serde_json::from_str::<Value>(lines[0]).unwrap()["type"], "x");
}
