//! Everything through nginx, as it is deployed: pages, the api, addresses, and time.

mod proxy;

use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, Instant};

use futures_util::StreamExt;
use gatepipe_client::ClientId;
use gatepipe_local_cluster::actor::{Caller, Page};
use gatepipe_local_cluster::eventually::{until, within};
use gatepipe_local_cluster::{Cluster, Plan};
use proxy::Nginx;
use serde_json::{Value, json};
use tokio::net::{TcpSocket, TcpStream};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;

/// As it is deployed.
const TIMEOUT: Duration = Duration::from_secs(120);

/// Everybody believes nginx, which is on 127.0.0.1.
fn plan() -> Plan {
    Plan {
        tune_gateway: Box::new(|config| config.trusted_proxies = vec!["127.0.0.1".parse().unwrap()]),
        tune_api: Box::new(|config| {
            config.trusted_proxies = vec!["127.0.0.1".parse().unwrap()];
            config.login_tries_per_address = 2.try_into().unwrap();
        }),
        ..Plan::default()
    }
}

/// An HTTP client on this address of this host, which may claim to be on another.
fn http(address: &str, claimed: Option<&str>) -> reqwest::Client {
    // It asks for one even where it never meets TLS; whoever came first has installed it.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let mut headers = reqwest::header::HeaderMap::new();
    if let Some(claimed) = claimed {
        headers.insert("x-forwarded-for", claimed.parse().unwrap());
    }
    let address: IpAddr = address.parse().unwrap();
    reqwest::Client::builder().local_address(address).default_headers(headers).build().unwrap()
}

async fn login(http: &reqwest::Client, nginx: &Nginx, name: &str, password: &str) -> (u16, Value) {
    let request = http.post(format!("{}/api/admin/Auth/login", nginx.http()));
    let body = json!({"username": name, "password": password});
    let answer = within("an answer", request.json(&body).send()).await.unwrap();
    (answer.status().as_u16(), within("the body", answer.json()).await.unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_logs_in_binds_and_is_pushed_to_through_nginx() {
    let cluster = Cluster::start_with(plan()).await.unwrap();
    let Some(nginx) = Nginx::before(&cluster, TIMEOUT).await else { return };
    let password = &cluster.people().iter().find(|person| person.name == "alice").unwrap().password;
    let (status, answer) = login(&http("127.0.0.2", None), &nginx, "alice", password).await;
    assert_eq!((status, &answer["code"]), (200, &json!(0)), "{answer}");
    let (id, token) = (answer["data"]["user"]["id"].as_u64().unwrap(), &answer["data"]["token"]);
    let alice = Caller::new(&nginx.http(), id, token.as_str().unwrap());

    // One on each gateway: nginx gives a page to the one with fewer.
    let mut pages = [Page::bound(&nginx.ws(), &alice).await, Page::bound(&nginx.ws(), &alice).await];
    let gateways = pages.each_ref().map(|page| page.client_id()[..16].to_owned());
    assert_ne!(gateways[0], gateways[1]);
    let sent = alice.post("/WebSocket/pushToUser", json!({"uid": id, "data": "hello"})).await.ok();
    assert_eq!(sent, json!({"sent": true, "reached": 2, "failed": []}));
    for page in &mut pages {
        assert_eq!(page.next().await, json!({"type": "notification", "data": "hello"}));
        page.send(r#"{"type":"ping"}"#).await;
        assert_eq!(page.next().await, json!({"type": "pong"}));
    }
    // The gateway's close codes come through.
    let admin = Caller::of(&cluster, "admin");
    let closed = admin.post("/WebSocket/forceOffline", json!({"uid": id})).await.ok();
    assert_eq!(closed, json!({"closed": 2, "failed": []}));
    for mut page in pages {
        assert_eq!(page.rest().await.1, Some(4001));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gateway_that_left_is_passed_over() {
    let mut cluster = Cluster::start().await;
    let Some(nginx) = Nginx::before(&cluster, TIMEOUT).await else { return };
    let staying = cluster.gateway_ids()[1].clone();
    cluster.drain_gateway(0).await.unwrap();
    for _ in 0..4 {
        let page = Page::open(&nginx.ws()).await;
        assert_eq!(page.client_id()[..16], staying);
    }
    // What is no WebSocket is told so by the gateway.
    let answer = within("an answer", http("127.0.0.2", None).get(format!("{}/ws", nginx.http())).send())
        .await
        .unwrap();
    assert_eq!(answer.status(), 426);
}

/// A page on another address of this host, which claims to be on `claimed`.
async fn page_from(
    nginx: &Nginx,
    address: &str,
    claimed: Option<&str>,
) -> (WebSocketStream<TcpStream>, ClientId) {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind(SocketAddr::new(address.parse().unwrap(), 0)).unwrap();
    let socket = within("the connection", socket.connect(nginx.addr())).await.unwrap();
    let mut request = nginx.ws().into_client_request().unwrap();
    if let Some(claimed) = claimed {
        request.headers_mut().insert("x-forwarded-for", claimed.parse().unwrap());
    }
    let (mut frames, _) =
        within("the handshake", tokio_tungstenite::client_async(request, socket)).await.unwrap();
    let init = within("init", frames.next()).await.unwrap().unwrap();
    let init: Value = serde_json::from_str(init.to_text().unwrap()).unwrap();
    (frames, init["client_id"].as_str().unwrap().parse().unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn gateways_see_where_a_page_is_and_not_where_it_claims_to_be() {
    let cluster = Cluster::start_with(plan()).await.unwrap();
    let Some(nginx) = Nginx::before(&cluster, TIMEOUT).await else { return };
    for claimed in [None, Some("203.0.113.9"), Some("203.0.113.9, 127.0.0.1"), Some("nonsense")] {
        for address in ["127.0.0.2", "127.0.0.3"] {
            let (_page, client) = page_from(&nginx, address, claimed).await;
            let info = cluster.client().client_info(client).await.unwrap().unwrap();
            assert_eq!(info.remote_address, address, "which claims {claimed:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_api_counts_wrong_passwords_by_where_they_come_from() {
    let cluster = Cluster::start_with(plan()).await.unwrap();
    let Some(nginx) = Nginx::before(&cluster, TIMEOUT).await else { return };
    let attempts = [
        (http("127.0.0.2", None), 401),
        (http("127.0.0.2", Some("203.0.113.9")), 401),
        (http("127.0.0.2", Some("203.0.113.10")), 429),
        (http("127.0.0.3", None), 401),
    ];
    for (client, expected) in attempts {
        assert_eq!(login(&client, &nginx, "alice", "wrong").await.0, expected);
    }
}

/// Shorter than what is deployed, and longer than the gateways' pings, as it is there.
const SHORT_TIMEOUT: Duration = Duration::from_secs(3);

async fn behind_short_timeout(ping_interval: Duration) -> (Cluster, Option<Nginx>) {
    let tune_gateway = Box::new(move |config: &mut gatepipe_gateway::Config| {
        config.ping_interval = ping_interval;
    });
    let cluster = Cluster::start_with(Plan { tune_gateway, ..Plan::default() }).await.unwrap();
    let nginx = Nginx::before(&cluster, SHORT_TIMEOUT).await;
    (cluster, nginx)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_that_only_answers_pings_outlives_nginxs_timeout() {
    let (cluster, nginx) = behind_short_timeout(SHORT_TIMEOUT / 3).await;
    let Some(nginx) = nginx else { return };
    let alice = Caller::of(&cluster, "alice");
    let mut page = Page::bound(&nginx.ws(), &alice).await;
    // Reading is what answers a ping; nothing else is sent in either direction.
    let quiet = tokio::time::timeout(SHORT_TIMEOUT * 4, page.next_or_close()).await;
    assert!(quiet.is_err(), "four timeouts without a word: {quiet:?}");
    let sent = alice.post("/WebSocket/pushToUser", json!({"uid": alice.id, "data": 1})).await.ok();
    assert_eq!(sent["reached"], 1);
    assert_eq!(page.next().await["data"], 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn without_pings_nginx_ends_a_quiet_page() {
    let (cluster, nginx) = behind_short_timeout(Duration::ZERO).await;
    let Some(nginx) = nginx else { return };
    let mut page = Page::open(&nginx.ws()).await;
    let begun = Instant::now();
    assert_eq!(page.rest().await, (vec![], None), "nginx says no goodbye");
    // Counted from the last byte through nginx, which was a moment before.
    let quiet = begun.elapsed();
    assert!(quiet + Duration::from_millis(500) > SHORT_TIMEOUT, "ended after {quiet:?}");
    until("the gateway has noticed", || async { cluster.client().counts().await.value.clients == 0 }).await;
}
