//! A register and gateways that follow a script. Each runs on a thread of its own like a process: it can be killed, which
//! closes its sockets in the middle of anything, and frozen, which leaves them open and mute as SIGSTOP does.

mod follows;
mod gateway;
pub(crate) mod subscriptions;

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use gatepipe_client::{Builder, GatewayClient, GatewayId, Group, Message, Uid};
use gatepipe_proto::secret::RequireSecret;
use gatepipe_proto::v1;
use gatepipe_proto::v1::register_server::RegisterServer;
use gatepipe_proto::v1::watch_event::Event;
pub(crate) use gateway::{Gateway, Mood};
use parking_lot::Mutex;
use tokio::net::TcpListener;
use tokio::sync::{mpsc, oneshot};
use tokio_stream::wrappers::{ReceiverStream, TcpListenerStream, UnboundedReceiverStream};
use tonic::service::Routes;
use tonic::{Request, Response, Status, Streaming};

/// Longer than anything here takes, even on a busy machine.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// Waits until `condition` holds.
pub(crate) async fn eventually(what: &str, mut condition: impl FnMut() -> bool) {
    let holds = async {
        while !condition() {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    };
    tokio::time::timeout(PATIENCE, holds).await.unwrap_or_else(|_| panic!("never: {what}"));
}

pub(crate) fn text(text: &str) -> Message {
    Message::text(text).unwrap()
}

pub(crate) fn uid(name: &str) -> Uid {
    name.parse().unwrap()
}

pub(crate) fn group(name: &str) -> Group {
    name.parse().unwrap()
}

/// A client of `register` that gives up quickly on what is scripted to fail.
pub(crate) fn impatient(register: &Register) -> Builder {
    GatewayClient::builder().register(register.url()).deadline(Duration::from_secs(1))
}

/// A client of `register` that waits long enough for anything that is not scripted to fail.
pub(crate) fn patient(register: &Register) -> Builder {
    GatewayClient::builder().register(register.url()).deadline(PATIENCE)
}

pub(crate) async fn joined(builder: Builder) -> GatewayClient {
    let client = builder.build().unwrap();
    tokio::time::timeout(PATIENCE, client.joined()).await.expect("every pipe opens");
    client
}

/// Something with a port that runs on its own thread.
struct Process {
    address: SocketAddr,
    runtime: tokio::runtime::Handle,
    kill: Option<oneshot::Sender<()>>,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl Process {
    fn start(port: u16, routes: Routes) -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let listener = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, port)).unwrap();
        listener.set_nonblocking(true).unwrap();
        let address = listener.local_addr().unwrap();
        let handle = runtime.handle().clone();
        let (kill, killed) = oneshot::channel::<()>();
        let serve = async move {
            let incoming = TcpListenerStream::new(TcpListener::from_std(listener).unwrap());
            let server = tonic::transport::Server::builder().add_routes(routes);
            tokio::select! {
                served = server.serve_with_incoming(incoming) => served.unwrap(),
                _ = killed => {}
            }
        };
        let thread = std::thread::spawn(move || runtime.block_on(serve));
        Self { address, runtime: handle, kill: Some(kill), thread: Some(thread) }
    }

    /// Stops its only thread until the guard is dropped.
    fn freeze(&self) -> Frozen {
        let (thaw, thawed) = std::sync::mpsc::channel::<()>();
        let (stopped, is_stopped) = std::sync::mpsc::channel();
        self.runtime.spawn(async move {
            stopped.send(()).unwrap();
            let _ = thawed.recv();
        });
        is_stopped.recv().unwrap();
        Frozen(thaw)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        drop(self.kill.take());
        if let Some(thread) = self.thread.take() {
            thread.join().unwrap();
        }
    }
}

/// As long as this lives, a process does nothing.
#[must_use]
pub(crate) struct Frozen(
    #[expect(dead_code, reason = "its drop is what counts")] std::sync::mpsc::Sender<()>,
);

/// A register whose list is what the test says.
pub(crate) struct Register {
    process: Process,
    roster: Arc<Roster>,
}

#[derive(Default)]
struct Roster {
    state: Mutex<RosterState>,
}

#[derive(Default)]
struct RosterState {
    version: u64,
    entries: Vec<v1::GatewayEntry>,
    watchers: Vec<mpsc::UnboundedSender<Result<v1::WatchEvent, Status>>>,
}

impl Register {
    pub(crate) fn start() -> Self {
        Self::start_at(0, None)
    }

    pub(crate) fn start_with_secret(secret: &str) -> Self {
        Self::start_at(0, Some(secret))
    }

    fn start_at(port: u16, secret: Option<&str>) -> Self {
        let roster = Arc::new(Roster::default());
        let secret = RequireSecret::new(secret.map(Into::into).as_ref()).unwrap();
        let service = RegisterServer::from_arc(Arc::clone(&roster));
        let service = tonic::service::interceptor::InterceptedService::new(service, secret);
        Self { process: Process::start(port, Routes::new(service)), roster }
    }

    /// Kills it and starts it again on its port, with an empty list.
    pub(crate) fn restart(self) -> Self {
        let port = self.process.address.port();
        drop(self);
        Self::start_at(port, None)
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.process.address)
    }

    pub(crate) fn list(&self, gateway: &Gateway) {
        self.list_at(gateway.id, gateway.process.address.to_string(), false);
    }

    pub(crate) fn list_draining(&self, gateway: &Gateway) {
        self.list_at(gateway.id, gateway.process.address.to_string(), true);
    }

    pub(crate) fn list_at(&self, gateway: GatewayId, address: String, draining: bool) {
        let entry = v1::GatewayEntry { gateway_id: gateway.to_string(), address, draining };
        let mut state = self.roster.state.lock();
        state.entries.retain(|other| other.gateway_id != entry.gateway_id);
        state.entries.push(entry.clone());
        state.tell(Event::Listed(entry));
    }

    pub(crate) fn remove(&self, gateway: GatewayId) {
        let mut state = self.roster.state.lock();
        state.entries.retain(|entry| entry.gateway_id != gateway.to_string());
        state.tell(Event::Removed(gateway.to_string()));
    }

    /// Leaves out a version, as if a change had been lost.
    pub(crate) fn lose_a_change(&self) {
        self.roster.state.lock().version += 1;
    }

    pub(crate) fn watchers(&self) -> usize {
        let mut state = self.roster.state.lock();
        state.watchers.retain(|watcher| !watcher.is_closed());
        state.watchers.len()
    }
}

impl RosterState {
    fn tell(&mut self, event: Event) {
        self.version += 1;
        let event = v1::WatchEvent { version: self.version, event: Some(event) };
        self.watchers.retain(|watcher| watcher.send(Ok(event.clone())).is_ok());
    }
}

#[tonic::async_trait]
impl v1::register_server::Register for Roster {
    type AnnounceStream = ReceiverStream<Result<v1::Announced, Status>>;
    type WatchStream = UnboundedReceiverStream<Result<v1::WatchEvent, Status>>;

    async fn announce(
        &self,
        _: Request<Streaming<v1::Announcement>>,
    ) -> Result<Response<Self::AnnounceStream>, Status> {
        Err(Status::unimplemented("this one lists what the test says"))
    }

    async fn watch(&self, _: Request<v1::WatchRequest>) -> Result<Response<Self::WatchStream>, Status> {
        let (watcher, events) = mpsc::unbounded_channel();
        let mut state = self.state.lock();
        let snapshot = v1::Snapshot { gateways: state.entries.clone() };
        let _ = watcher
            .send(Ok(v1::WatchEvent { version: state.version, event: Some(Event::Snapshot(snapshot)) }));
        state.watchers.push(watcher);
        Ok(Response::new(UnboundedReceiverStream::new(events)))
    }
}
