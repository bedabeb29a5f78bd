//! A register and gateways that follow a script. Each runs on a thread of its own like a process: it can be killed, which
//! closes its sockets in the middle of anything, and frozen, which leaves them open and mute as SIGSTOP does.

pub(crate) mod subscriptions;

use std::net::{Ipv4Addr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use gatepipe_client::{Builder, ClientId, Code, GatewayClient, GatewayId, Message, Uid};
use gatepipe_proto::secret::RequireSecret;
use gatepipe_proto::v1;
use gatepipe_proto::v1::gateway_server::GatewayServer;
use gatepipe_proto::v1::register_server::RegisterServer;
use gatepipe_proto::v1::watch_event::Event;
use parking_lot::Mutex;
use subscriptions::{Subscription, Subscriptions};
use tokio::net::TcpListener;
use tokio::sync::{mpsc, oneshot, watch};
use tokio_stream::wrappers::{ReceiverStream, TcpListenerStream, UnboundedReceiverStream};
use tokio_stream::{Stream, StreamExt};
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

/// A gateway that treats commands as the test says.
pub(crate) struct Gateway {
    pub(crate) id: GatewayId,
    process: Process,
    script: Arc<Script>,
}

/// What a gateway does with commands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mood {
    /// Every command reaches one client.
    Obeys,
    /// Takes commands and never answers.
    Mute,
    /// Ends the pipe instead of answering.
    Breaks,
    /// Refuses.
    Refuses(Code),
}

struct Script {
    id: GatewayId,
    mood: Mutex<Mood>,
    commands: watch::Sender<Vec<v1::Command>>,
    batches: Mutex<Vec<usize>>,
    pipes: watch::Sender<usize>,
    clients: Mutex<Vec<(ClientId, Option<Uid>)>>,
    subscriptions: Subscriptions,
}

impl Gateway {
    pub(crate) fn start() -> Self {
        Self::start_at(0)
    }

    fn start_at(port: u16) -> Self {
        let id = GatewayId::random();
        let script = Arc::new(Script {
            id,
            mood: Mutex::new(Mood::Obeys),
            commands: watch::Sender::default(),
            batches: Mutex::default(),
            pipes: watch::Sender::default(),
            clients: Mutex::default(),
            subscriptions: Subscriptions::new(id),
        });
        let service = GatewayServer::new(Scripted(Arc::clone(&script))).max_decoding_message_size(8 << 20);
        Self { id, process: Process::start(port, Routes::new(service)), script }
    }

    /// Kills it; another gateway has its address then.
    pub(crate) fn replace(self) -> Self {
        let port = self.process.address.port();
        drop(self);
        Self::start_at(port)
    }

    pub(crate) fn set_mood(&self, mood: Mood) {
        *self.script.mood.lock() = mood;
    }

    pub(crate) fn freeze(&self) -> Frozen {
        self.process.freeze()
    }

    /// A client that is connected here, with the uid it is bound to.
    pub(crate) fn has_client(&self, bound_to: Option<&str>) -> ClientId {
        let client = ClientId::random(self.id);
        let mut clients = self.script.clients.lock();
        clients.push((client, bound_to.map(uid)));
        clients.sort();
        client
    }

    /// The next worker that subscribes.
    pub(crate) async fn subscribed(&self) -> Subscription {
        self.script.subscriptions.next().await
    }

    /// Refuses workers from now on; `None`: no more.
    pub(crate) fn refuse_workers(&self, with: Option<Status>) {
        self.script.subscriptions.refuse(with);
    }

    /// What it was told so far, in order.
    pub(crate) fn commands(&self) -> Vec<v1::command::Command> {
        self.script.commands.borrow().iter().filter_map(|command| command.command.clone()).collect()
    }

    /// Waits until it was told `count` commands.
    pub(crate) async fn was_told(&self, count: usize) {
        let mut commands = self.script.commands.subscribe();
        let told = commands.wait_for(|commands| commands.len() >= count);
        tokio::time::timeout(PATIENCE, told).await.expect("the commands come").unwrap();
    }

    /// The texts of all messages it was told, in order.
    pub(crate) fn texts(&self) -> Vec<String> {
        use v1::command::Command::*;
        let message = |command| match command {
            SendToAll(send) => send.message,
            SendToClients(send) => send.message,
            SendToUids(send) => send.message,
            BindUid(bind) => bind.message,
            _ => None,
        };
        let text = |message: v1::Message| match message.body {
            Some(v1::message::Body::Text(text)) => text,
            _ => String::new(),
        };
        self.commands().into_iter().filter_map(message).map(text).collect()
    }

    /// How many commands each batch held.
    pub(crate) fn batches(&self) -> Vec<usize> {
        self.script.batches.lock().clone()
    }

    /// How many pipes are open now.
    pub(crate) fn pipes(&self) -> usize {
        *self.script.pipes.borrow()
    }
}

/// The service; a pipe outlives the call that opened it.
struct Scripted(Arc<Script>);

impl std::ops::Deref for Scripted {
    type Target = Script;

    fn deref(&self) -> &Script {
        &self.0
    }
}

type Receipts = Pin<Box<dyn Stream<Item = Result<v1::ReceiptBatch, Status>> + Send>>;

/// Counts an open pipe until dropped.
struct OpenPipe(Arc<Script>);

impl OpenPipe {
    fn new(script: &Arc<Script>) -> Self {
        script.pipes.send_modify(|pipes| *pipes += 1);
        Self(Arc::clone(script))
    }

    fn take(&self, batch: v1::CommandBatch) -> Option<Result<v1::ReceiptBatch, Status>> {
        let mood = *self.0.mood.lock();
        self.0.batches.lock().push(batch.commands.len());
        let answer = |command: &v1::Command| v1::Receipt {
            id: command.id,
            reached: u64::from(mood == Mood::Obeys),
            code: if let Mood::Refuses(code) = mood { code.number() } else { 0 },
            error: if let Mood::Refuses(_) = mood { "as scripted".into() } else { String::new() },
            ..v1::Receipt::default()
        };
        let receipts = batch.commands.iter().map(answer).collect();
        self.0.commands.send_modify(|commands| commands.extend(batch.commands));
        match mood {
            Mood::Obeys | Mood::Refuses(_) => Some(Ok(v1::ReceiptBatch { receipts })),
            Mood::Mute => None,
            Mood::Breaks => Some(Err(Status::aborted("as scripted"))),
        }
    }
}

impl Drop for OpenPipe {
    fn drop(&mut self) {
        self.0.pipes.send_modify(|pipes| *pipes -= 1);
    }
}

#[tonic::async_trait]
impl v1::gateway_server::Gateway for Scripted {
    type PipeStream = Receipts;
    type SubscribeStream = subscriptions::Events;

    async fn pipe(
        &self,
        request: Request<Streaming<v1::CommandBatch>>,
    ) -> Result<Response<Receipts>, Status> {
        let pipe = OpenPipe::new(&self.0);
        let receipts = request.into_inner().filter_map(move |batch| pipe.take(batch.ok()?));
        Ok(Response::new(Box::pin(receipts)))
    }

    async fn execute(&self, _: Request<v1::Command>) -> Result<Response<v1::Receipt>, Status> {
        Err(Status::unimplemented("the client uses the pipe"))
    }

    async fn subscribe(
        &self,
        request: Request<Streaming<v1::SubscribeRequest>>,
    ) -> Result<Response<Self::SubscribeStream>, Status> {
        self.subscriptions.open(request.into_inner()).await.map(Response::new)
    }

    async fn client(&self, _: Request<v1::ClientRequest>) -> Result<Response<v1::ClientReply>, Status> {
        Err(Status::unimplemented("not scripted"))
    }

    async fn stats(&self, _: Request<v1::StatsRequest>) -> Result<Response<v1::StatsReply>, Status> {
        Err(Status::unimplemented("not scripted"))
    }

    async fn uids(&self, _: Request<v1::UidsRequest>) -> Result<Response<v1::UidsReply>, Status> {
        Err(Status::unimplemented("not scripted"))
    }

    async fn groups(&self, _: Request<v1::GroupsRequest>) -> Result<Response<v1::GroupsReply>, Status> {
        Err(Status::unimplemented("not scripted"))
    }

    async fn identify(&self, _: Request<v1::IdentifyRequest>) -> Result<Response<v1::IdentifyReply>, Status> {
        Ok(Response::new(v1::IdentifyReply { gateway_id: self.id.to_string(), draining: false }))
    }

    async fn is_online(
        &self,
        request: Request<v1::IsOnlineRequest>,
    ) -> Result<Response<v1::IsOnlineReply>, Status> {
        let asked = request.into_inner().client_id;
        let clients = self.clients.lock();
        let found = clients.iter().find(|(client, _)| client.to_string() == asked);
        Ok(Response::new(v1::IsOnlineReply {
            online: found.is_some(),
            uid: found.and_then(|(_, uid)| uid.clone()).map(|uid| uid.to_string()).unwrap_or_default(),
        }))
    }

    async fn clients_of_uids(
        &self,
        request: Request<v1::ClientsOfUidsRequest>,
    ) -> Result<Response<v1::ClientsOfUidsReply>, Status> {
        let clients = self.clients.lock();
        let clients_of = |uid: String| v1::UidClients {
            client_ids: clients
                .iter()
                .filter(|(_, bound)| bound.as_ref().is_some_and(|bound| bound.as_str() == uid))
                .map(|(client, _)| client.to_string())
                .collect(),
            uid,
        };
        let uids =
            request.into_inner().uids.into_iter().map(clients_of).filter(|uid| !uid.client_ids.is_empty());
        Ok(Response::new(v1::ClientsOfUidsReply { uids: uids.collect() }))
    }

    async fn counts(&self, _: Request<v1::CountsRequest>) -> Result<Response<v1::CountsReply>, Status> {
        let clients = self.clients.lock();
        let bound: Vec<_> = clients.iter().filter_map(|(_, uid)| uid.clone()).collect();
        Ok(Response::new(v1::CountsReply {
            clients: clients.len() as u64,
            bound_clients: bound.len() as u64,
            uids: Some(gatepipe_proto::distinct::told(
                bound.iter().map(|uid| gatepipe_proto::distinct::fingerprint(uid.as_str())),
            )),
            groups: None,
        }))
    }

    async fn clients(
        &self,
        request: Request<v1::ClientsRequest>,
    ) -> Result<Response<v1::ClientsReply>, Status> {
        let request = request.into_inner();
        let clients = self.clients.lock();
        let entry = |(client, uid): &(ClientId, Option<Uid>)| v1::ClientEntry {
            client_id: client.to_string(),
            uid: uid.as_ref().map(ToString::to_string).unwrap_or_default(),
            ..v1::ClientEntry::default()
        };
        let limit = request.limit as usize;
        let mut page: Vec<_> = clients
            .iter()
            .map(entry)
            .filter(|entry| entry.client_id > request.after_client_id)
            .take(limit + 1)
            .collect();
        let more = page.len() > limit;
        page.truncate(limit);
        Ok(Response::new(v1::ClientsReply { clients: page, more }))
    }
}
