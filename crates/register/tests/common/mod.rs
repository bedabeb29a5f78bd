//! A register on port 0, gateways that announce themselves by hand, and watchers.
#![allow(dead_code, reason = "each test file uses its part")]

pub mod living;

use std::net::SocketAddr;
use std::time::Duration;

use gatepipe_proto::v1::register_client::RegisterClient;
use gatepipe_proto::v1::watch_event::Event;
use gatepipe_proto::{GatewayId, v1};
use gatepipe_register::{Config, Register};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio_stream::wrappers::ReceiverStream;
use tokio_util::sync::{CancellationToken, DropGuard};
use tonic::{Status, Streaming};

pub const PATIENCE: Duration = Duration::from_secs(20);

pub async fn within<T>(what: &str, future: impl Future<Output = T>) -> T {
    tokio::time::timeout(PATIENCE, future).await.unwrap_or_else(|_| panic!("waited in vain for {what}"))
}

/// Tries until it works.
pub async fn until(what: &str, condition: impl AsyncFn() -> bool) {
    within(what, async {
        while !condition().await {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    })
    .await;
}

pub struct Running {
    pub rpc: SocketAddr,
    pub admin: SocketAddr,
    stop: CancellationToken,
    done: JoinHandle<()>,
    _stopped_at_last: DropGuard,
}

pub async fn start(change: impl FnOnce(&mut Config)) -> Running {
    let any: SocketAddr = "127.0.0.1:0".parse().unwrap();
    let mut config =
        Config { listen: any, admin_listen: any, grace: Duration::from_millis(300), ..Config::default() };
    change(&mut config);
    let register = Register::bind(config).await.unwrap();
    let stop = CancellationToken::new();
    Running {
        rpc: register.rpc_addr(),
        admin: register.admin_addr(),
        done: {
            let stop = stop.clone();
            tokio::spawn(async move { register.run(stop.cancelled_owned()).await.unwrap() })
        },
        _stopped_at_last: stop.clone().drop_guard(),
        stop,
    }
}

impl Running {
    pub async fn client(&self) -> RegisterClient<tonic::transport::Channel> {
        client_at(self.rpc).await
    }

    pub async fn watch(&self) -> Watcher {
        let request = v1::WatchRequest {};
        Watcher(self.client().await.watch(request).await.unwrap().into_inner())
    }

    /// A stream over which `gateway` has just been announced, or the refusal.
    pub async fn announce(&self, gateway: &v1::GatewayEntry) -> Result<Announcer, Status> {
        announce_at(self.rpc, gateway).await
    }

    /// What an announcement without a gateway gets.
    pub async fn announce_nobody(&self) -> Status {
        let nobody = tokio_stream::once(v1::Announcement::default());
        let mut answers = self.client().await.announce(nobody).await.unwrap().into_inner();
        within("an answer", answers.message()).await.unwrap_err()
    }

    /// Everything on `/metrics`.
    pub async fn metrics(&self) -> String {
        let mut socket = TcpStream::connect(self.admin).await.unwrap();
        socket.write_all(b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
        let mut answer = String::new();
        within("metrics", socket.read_to_string(&mut answer)).await.unwrap();
        answer
    }

    pub async fn stopped(self) {
        self.stop.cancel();
        within("the register's end", self.done).await.unwrap();
    }
}

async fn client_at(addr: SocketAddr) -> RegisterClient<tonic::transport::Channel> {
    RegisterClient::connect(format!("http://{addr}")).await.unwrap()
}

pub async fn announce_at(register: SocketAddr, gateway: &v1::GatewayEntry) -> Result<Announcer, Status> {
    let (sender, receiver) = mpsc::channel(4);
    let answers = client_at(register).await.announce(ReceiverStream::new(receiver)).await?.into_inner();
    let mut announcer = Announcer { sender, answers };
    announcer.say(gateway, false).await?;
    Ok(announcer)
}

/// A stream of `grpc.health.v1` that nobody ends by himself.
pub async fn watched_health(addr: SocketAddr) -> Streaming<tonic_health::pb::HealthCheckResponse> {
    let channel =
        tonic::transport::Endpoint::from_shared(format!("http://{addr}")).unwrap().connect().await.unwrap();
    let request = tonic_health::pb::HealthCheckRequest::default();
    let mut watching = tonic_health::pb::health_client::HealthClient::new(channel)
        .watch(request)
        .await
        .unwrap()
        .into_inner();
    let answer = within("health", watching.message()).await.unwrap().unwrap();
    assert_eq!(answer.status, 1);
    watching
}

pub fn gateway(address: &str) -> v1::GatewayEntry {
    v1::GatewayEntry {
        gateway_id: GatewayId::random().to_string(),
        address: address.to_owned(),
        draining: false,
    }
}

pub struct Announcer {
    sender: mpsc::Sender<v1::Announcement>,
    answers: Streaming<v1::Announced>,
}

impl Announcer {
    /// `Ok(None)` when the register ended the stream.
    pub async fn say(&mut self, gateway: &v1::GatewayEntry, leaving: bool) -> Result<Option<u64>, Status> {
        self.sender.send(v1::Announcement { gateway: Some(gateway.clone()), leaving }).await.unwrap();
        Ok(within("an answer", self.answers.message()).await?.map(|answer| answer.version))
    }
}

impl Announcer {
    /// Closes the sending half only; resolves when the register has noticed.
    pub async fn half_closed(mut self) {
        drop(self.sender);
        let end = within("the stream's end", self.answers.message()).await;
        assert_eq!(end.unwrap(), None);
    }
}

pub struct Watcher(Streaming<v1::WatchEvent>);

impl Watcher {
    pub async fn next(&mut self) -> (u64, Event) {
        let event = within("an event", self.0.message()).await.unwrap().expect("the stream goes on");
        (event.version, event.event.unwrap())
    }

    pub async fn snapshot(&mut self) -> Vec<v1::GatewayEntry> {
        match self.next().await.1 {
            Event::Snapshot(snapshot) => snapshot.gateways,
            other => panic!("expected a snapshot, got {other:?}"),
        }
    }

    pub async fn ended(&mut self) -> Option<Status> {
        within("the end", self.0.message()).await.err()
    }
}
