//! The echo worker: every frame comes back unchanged, and when one of two dies the other goes on.

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use futures_util::stream::{SplitSink, SplitStream};
use futures_util::{SinkExt, StreamExt};
use gatepipe_daemon::tls::Files;
use gatepipe_local_cluster::eventually::{until, within};
use gatepipe_local_cluster::{Cluster, Plan};
use gatepipe_tls::authority::Authority;
use rand::rngs::StdRng;
use rand::{Rng, RngCore, SeedableRng};
use tokio::net::TcpStream;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, watch};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;

use crate::program::Example;

const FRAMES: usize = 100_000;
const CONNECTIONS: usize = 20;
/// The longest message that a gateway takes by default.
const LONGEST: usize = 64 << 10;
/// What one connection has on its way at most; its outbox holds 1 MiB.
const BYTES_ON_THEIR_WAY: u32 = 256 << 10;
/// Counts for every frame beside its bytes.
const FRAME_COST: u32 = 2 << 10;

type Socket = WebSocketStream<TcpStream>;

async fn connect(ws: &str) -> Socket {
    let address = ws.trim_start_matches("ws://").trim_end_matches("/ws");
    let socket = TcpStream::connect(address).await.unwrap();
    socket.set_nodelay(true).unwrap();
    let (mut frames, _) = within("a handshake", tokio_tungstenite::client_async(ws, socket)).await.unwrap();
    let init = within("init", frames.next()).await.unwrap().unwrap();
    assert!(init.to_text().unwrap().contains("init"));
    frames
}

/// Where frames are cut from.
struct Cloth {
    text: String,
    bytes: Bytes,
}

impl Cloth {
    fn weave(rng: &mut StdRng) -> Self {
        let letters = ['a', 'Z', '0', ' ', '"', '\\', '\n', '\0', 'é', 'ß', '中', '€', '🦀'];
        let mut text = String::new();
        while text.len() < 2 * LONGEST {
            text.push(letters[rng.random_range(0..letters.len())]);
        }
        let mut bytes = vec![0; 2 * LONGEST];
        rng.fill_bytes(&mut bytes);
        Self { text, bytes: bytes.into() }
    }

    /// Mostly small, but every size may come, and both ends often.
    fn length(rng: &mut StdRng) -> usize {
        match rng.random_range(0..200) {
            0..10 => 0,
            10 => LONGEST,
            11 | 12 => rng.random_range(0..=LONGEST),
            13..60 => rng.random_range(0..2_048),
            _ => rng.random_range(0..256),
        }
    }

    fn cut(&self, rng: &mut StdRng) -> Message {
        let (start, length) = (rng.random_range(0..LONGEST), Self::length(rng));
        if rng.random() {
            return Message::Binary(self.bytes.slice(start..start + length));
        }
        let start = self.text.floor_char_boundary(start);
        let mut text = self.text[start..self.text.floor_char_boundary(start + length)].to_owned();
        // Cut before a letter of several bytes it would be a little too short.
        text.push_str(&".".repeat(length - text.len()));
        Message::text(text)
    }
}

type Expected = (Message, OwnedSemaphorePermit);

async fn send(
    mut sink: SplitSink<Socket, Message>,
    expected: mpsc::UnboundedSender<Expected>,
    seed: u64,
    frames: usize,
) -> SplitSink<Socket, Message> {
    let mut rng = StdRng::seed_from_u64(seed);
    let cloth = Cloth::weave(&mut rng);
    let on_their_way = Arc::new(Semaphore::new(BYTES_ON_THEIR_WAY as usize));
    for _ in 0..frames {
        let frame = cloth.cut(&mut rng);
        let cost = FRAME_COST + u32::try_from(frame.len()).unwrap();
        let permit = within("room", Arc::clone(&on_their_way).acquire_many_owned(cost)).await.unwrap();
        expected.send((frame.clone(), permit)).unwrap();
        within("the socket to take it", sink.send(frame)).await.unwrap();
    }
    sink
}

/// Returns how many bytes came back.
async fn receive(mut frames: SplitStream<Socket>, mut expected: mpsc::UnboundedReceiver<Expected>) -> usize {
    let (mut bytes, mut number) = (0, 0);
    while let Some((expected, _room)) = expected.recv().await {
        let frame = loop {
            match within("an echo", frames.next()).await.unwrap().unwrap() {
                Message::Ping(_) | Message::Pong(_) => {}
                frame => break frame,
            }
        };
        assert_eq!(frame.is_text(), expected.is_text(), "frame {number}");
        assert!(
            frame == expected,
            "frame {number}: {} bytes came back, not the {} that were sent",
            frame.len(),
            expected.len()
        );
        bytes += frame.len();
        number += 1;
    }
    bytes
}

/// Waits until the echo worker hears this gateway.
async fn answers(ws: &str) {
    let mut page = connect(ws).await;
    within("a first echo", async {
        loop {
            page.send(Message::text("is anybody there")).await.unwrap();
            let answer = tokio::time::timeout(Duration::from_millis(100), page.next());
            if answer.await.is_ok() {
                return;
            }
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_thousand_frames_come_back_unchanged() {
    let cluster = Cluster::start().await;
    let echo = Example::start("echo", &["--register", &cluster.register()]);
    for ws in cluster.ws() {
        answers(&ws).await;
    }
    let begun = Instant::now();
    let mut connections = Vec::new();
    for (number, ws) in (0..CONNECTIONS).zip(cluster.ws().iter().cycle()) {
        let (sink, frames) = connect(ws).await.split();
        let (expect, expected) = mpsc::unbounded_channel();
        let sending = tokio::spawn(send(sink, expect, number as u64, FRAMES / CONNECTIONS));
        connections.push((sending, tokio::spawn(receive(frames, expected))));
    }
    let mut bytes = 0;
    for (sending, receiving) in connections {
        bytes += receiving.await.unwrap();
        drop(sending.await.unwrap());
    }
    println!("{FRAMES} frames, {} MiB, echoed in {:?}", bytes >> 20, begun.elapsed());
    assert!(echo.interrupt().await.success());
}

#[tokio::test(flavor = "multi_thread")]
async fn when_one_of_two_echo_processes_is_killed_the_other_answers_everybody() {
    const PAGES: usize = 16;
    let cluster = Cluster::start().await;
    let flags = ["--register", &cluster.register()];
    let dying = Example::start("echo", &flags);
    for ws in cluster.ws() {
        answers(&ws).await;
    }
    let heir = Example::start("echo", &flags);
    let heard_by = |gateway: usize| {
        let client = cluster.client().clone();
        let id = cluster.gateway_ids()[gateway].parse().unwrap();
        async move { client.stats().await.value[&id].workers }
    };
    for gateway in 0..2 {
        until("both hear it", || async { heard_by(gateway).await == 2 }).await;
    }
    let (killed, is_killed) = watch::channel(false);
    let mut talking = Vec::new();
    let (busy, mut is_busy) = mpsc::channel(PAGES);
    for (_, ws) in (0..PAGES).zip(cluster.ws().iter().cycle()) {
        let mut page = connect(ws).await;
        let (mut is_killed, busy) = (is_killed.clone(), busy.clone());
        talking.push(tokio::spawn(async move {
            let mut answers = 0;
            let mut last = None;
            let mut killed_at = None;
            for number in 0_u64.. {
                within("the socket", page.send(Message::text(number.to_string()))).await.unwrap();
                // What was on its way to the killed worker is lost, so nobody waits for every answer.
                let answer = tokio::time::timeout(Duration::from_millis(20), page.next());
                if let Ok(Some(Ok(Message::Text(text)))) = answer.await {
                    let echoed: u64 = text.parse().unwrap();
                    assert!(Some(echoed) > last, "{echoed} after {last:?}");
                    last = Some(echoed);
                    answers += 1;
                    if answers == 20 {
                        busy.send(()).await.unwrap();
                    }
                }
                if killed_at.is_none() && *is_killed.borrow_and_update() {
                    killed_at = Some(number);
                }
                if killed_at.is_some_and(|at| last > Some(at + 20)) {
                    return;
                }
            }
        }));
    }
    for _ in 0..PAGES {
        within("everybody to be answered", is_busy.recv()).await.unwrap();
    }
    dying.kill();
    killed.send_replace(true);
    for page in talking {
        within("answers by the other", page).await.unwrap();
    }
    assert!(heir.interrupt().await.success());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_with_the_secret_and_a_certificate_of_the_cluster_is_let_in() {
    let dir = tempfile::tempdir().unwrap();
    let authority = Authority::new(Duration::from_secs(3600)).unwrap();
    let path = |name: &str| dir.path().join(name);
    let files = |name: &str, host: &str| {
        let pair = authority.certify(&[host.to_owned()]).unwrap();
        std::fs::write(path(&format!("{name}.pem")), pair.cert).unwrap();
        std::fs::write(path(&format!("{name}.key")), pair.key).unwrap();
        Files {
            cert: path(&format!("{name}.pem")),
            key: path(&format!("{name}.key")),
            ca: Some(path("ca.pem")),
        }
    };
    std::fs::write(path("ca.pem"), authority.pem()).unwrap();
    std::fs::write(path("secret"), "of-the-cluster\n").unwrap();
    let plan = Plan {
        internal_tls: Some(files("cluster", "127.0.0.1")),
        secret: Some("of-the-cluster".into()),
        ..Plan::default()
    };
    let cluster = Cluster::start_with(plan).await.unwrap();
    let worker = files("worker", "worker.example.com");
    let (secret, ca) = (path("secret"), path("ca.pem"));
    let named = [
        ("--secret-file", &secret),
        ("--internal-tls-ca", &ca),
        ("--internal-tls-cert", &worker.cert),
        ("--internal-tls-key", &worker.key),
    ];
    let register = cluster.register();
    let mut flags = vec!["--register", register.as_str()];
    for (flag, file) in named {
        flags.extend([flag, file.to_str().unwrap()]);
    }
    let echo = Example::start("echo", &flags);
    for ws in cluster.ws() {
        answers(&ws).await;
    }
    assert!(echo.interrupt().await.success());
}
