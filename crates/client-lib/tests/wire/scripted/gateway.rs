//! A gateway that follows a script: what it answers to commands is its mood, and questions are about the clients it was given.

use std::collections::BTreeMap;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use gatepipe_client::{ClientId, Code, GatewayId};
use gatepipe_proto::v1::gateway_server::GatewayServer;
use gatepipe_proto::{distinct, v1};
use parking_lot::Mutex;
use tokio::sync::watch;
use tokio_stream::{Stream, StreamExt};
use tonic::service::Routes;
use tonic::{Request, Response, Status, Streaming};

use super::follows::{self, Follows};
use super::subscriptions::{self, Subscription, Subscriptions};
use super::{Frozen, PATIENCE, Process};

/// A gateway that treats commands as the test says.
pub(crate) struct Gateway {
    pub(crate) id: GatewayId,
    pub(super) process: Process,
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
    clients: Mutex<BTreeMap<ClientId, v1::ClientEntry>>,
    /// Entries in a page, whatever was asked for.
    page: Mutex<usize>,
    questions: Mutex<usize>,
    asked_online: AtomicUsize,
    newer: Mutex<u64>,
    bound_at_ms: Mutex<i64>,
    subscriptions: Subscriptions,
    follows: Follows,
}

impl Gateway {
    pub(crate) fn start() -> Self {
        Self::start_at(0)
    }

    /// From now on nobody may follow a uid here.
    pub(crate) fn refuse_follows(&self, refusal: Status) {
        self.script.follows.refuse(refusal);
    }

    /// Tells everybody who follows a uid here.
    pub(crate) fn tell_followers(&self, step: v1::FollowStep) {
        self.script.follows.tell(&step);
    }

    /// Nobody is followed here any more.
    pub(crate) fn end_follows(&self) {
        self.script.follows.end();
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
            page: Mutex::new(1_000),
            questions: Mutex::default(),
            asked_online: AtomicUsize::default(),
            newer: Mutex::default(),
            bound_at_ms: Mutex::default(),
            subscriptions: Subscriptions::new(id),
            follows: Follows::new(id),
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
        self.has(v1::ClientEntry { uid: bound_to.unwrap_or_default().into(), ..v1::ClientEntry::default() })
    }

    /// A client that is connected here and in some groups.
    pub(crate) fn has_member(&self, bound_to: &str, groups: &[&str]) -> ClientId {
        let groups = groups.iter().map(ToString::to_string).collect();
        self.has(v1::ClientEntry { uid: bound_to.into(), groups, ..v1::ClientEntry::default() })
    }

    /// A client that is connected here, as `entry` says, with an id of its own.
    pub(crate) fn has(&self, entry: v1::ClientEntry) -> ClientId {
        let client = ClientId::random(self.id);
        let entry = v1::ClientEntry { client_id: client.to_string(), ..entry };
        self.script.clients.lock().insert(client, entry);
        client
    }

    /// A client left.
    pub(crate) fn lost(&self, client: ClientId) {
        self.script.clients.lock().remove(&client);
    }

    /// Tells in every receipt that it has newer logins of the uid.
    pub(crate) fn has_newer(&self, logins: u64) {
        *self.script.newer.lock() = logins;
    }

    /// Tells in every receipt that the client counts as bound since then.
    pub(crate) fn keeps_bind_of(&self, at_ms: i64) {
        *self.script.bound_at_ms.lock() = at_ms;
    }

    /// Ends its pages after `entries`.
    pub(crate) fn cuts_pages_at(&self, entries: usize) {
        *self.script.page.lock() = entries;
    }

    /// How many pages it was asked for so far.
    pub(crate) fn pages_asked(&self) -> usize {
        *self.script.questions.lock()
    }

    /// How many times it was asked whether a client is connected, and has an answer ready.
    pub(crate) fn asked_online(&self) -> usize {
        self.script.asked_online.load(Ordering::Acquire)
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
            SendToGroups(send) => send.message,
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
            newer: *self.0.newer.lock(),
            bound_at_ms: *self.0.bound_at_ms.lock(),
            ..v1::Receipt::default()
        };
        let receipts = batch.commands.iter().map(answer).collect();
        self.0.commands.send_modify(|commands| commands.extend(batch.commands));
        match mood {
            Mood::Obeys | Mood::Refuses(_) => Some(Ok(v1::ReceiptBatch { receipts, absence: None })),
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

impl Script {
    /// The page after `after` of what `entries` holds, and whether there is more.
    fn page<E>(&self, entries: BTreeMap<String, E>, after: &str, limit: u32) -> (Vec<E>, bool) {
        *self.questions.lock() += 1;
        let limit = usize::try_from(limit).unwrap().min(*self.page.lock());
        let mut rest = entries.into_iter().filter(|(name, _)| name.as_str() > after).map(|(_, entry)| entry);
        let page = rest.by_ref().take(limit).collect();
        (page, rest.next().is_some())
    }

    fn found(&self, filter: Option<v1::ClientFilter>) -> Vec<v1::ClientEntry> {
        let filter = filter.unwrap_or_default();
        let clients = self.clients.lock();
        clients.values().filter(|entry| lets_through(&filter, entry)).cloned().collect()
    }
}

fn lets_through(filter: &v1::ClientFilter, entry: &v1::ClientEntry) -> bool {
    let bound = match filter.bound() {
        v1::BoundState::Any => true,
        v1::BoundState::Bound => !entry.uid.is_empty(),
        v1::BoundState::Unbound => entry.uid.is_empty(),
    };
    let in_group = filter.groups.is_empty() || entry.groups.iter().any(|group| filter.groups.contains(group));
    let of_uid = filter.uids.is_empty() || filter.uids.contains(&entry.uid);
    bound && in_group && of_uid && entry.remote_address.starts_with(&filter.remote_address_prefix)
}

fn distinct<'a>(names: impl IntoIterator<Item = &'a String>) -> Option<v1::Distinct> {
    Some(distinct::told(names.into_iter().map(|name| distinct::fingerprint(name))))
}

fn uids_of<'a>(clients: impl IntoIterator<Item = &'a v1::ClientEntry>) -> Option<v1::Distinct> {
    distinct(clients.into_iter().map(|entry| &entry.uid).filter(|uid| !uid.is_empty()))
}

#[tonic::async_trait]
impl v1::gateway_server::Gateway for Scripted {
    type PipeStream = Receipts;
    type SubscribeStream = subscriptions::Events;
    type FollowStream = follows::Steps;

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

    async fn identify(&self, _: Request<v1::IdentifyRequest>) -> Result<Response<v1::IdentifyReply>, Status> {
        Ok(Response::new(v1::IdentifyReply { gateway_id: self.id.to_string(), draining: false }))
    }

    async fn subscribe(
        &self,
        request: Request<Streaming<v1::SubscribeRequest>>,
    ) -> Result<Response<Self::SubscribeStream>, Status> {
        self.subscriptions.open(request.into_inner()).await.map(Response::new)
    }

    async fn follow(
        &self,
        request: Request<v1::FollowRequest>,
    ) -> Result<Response<Self::FollowStream>, Status> {
        let uid = request.into_inner().uid;
        let clients = self.clients.lock().values().filter(|entry| entry.uid == uid).count() as u64;
        self.follows.open(clients).map(Response::new)
    }

    async fn is_online(
        &self,
        request: Request<v1::IsOnlineRequest>,
    ) -> Result<Response<v1::IsOnlineReply>, Status> {
        let asked = request.into_inner().client_id;
        let clients = self.clients.lock();
        let found = clients.values().find(|entry| entry.client_id == asked);
        self.asked_online.fetch_add(1, Ordering::AcqRel);
        Ok(Response::new(v1::IsOnlineReply {
            online: found.is_some(),
            uid: found.map(|entry| entry.uid.clone()).unwrap_or_default(),
        }))
    }

    async fn client(&self, request: Request<v1::ClientRequest>) -> Result<Response<v1::ClientReply>, Status> {
        let v1::ClientRequest { client_id, session, .. } = request.into_inner();
        let clients = self.clients.lock();
        let mut client = clients.values().find(|entry| entry.client_id == client_id).cloned();
        if let Some(entry) = client.as_mut().filter(|_| !session) {
            entry.session.clear();
        }
        Ok(Response::new(v1::ClientReply { client }))
    }

    async fn clients_of_uids(
        &self,
        request: Request<v1::ClientsOfUidsRequest>,
    ) -> Result<Response<v1::ClientsOfUidsReply>, Status> {
        let clients = self.clients.lock();
        let clients_of = |uid: String| v1::UidClients {
            // In no order that anybody could count on.
            client_ids: clients
                .values()
                .rev()
                .filter(|entry| entry.uid == uid)
                .map(|entry| entry.client_id.clone())
                .collect(),
            uid,
        };
        let uids =
            request.into_inner().uids.into_iter().map(clients_of).filter(|uid| !uid.client_ids.is_empty());
        Ok(Response::new(v1::ClientsOfUidsReply { uids: uids.collect() }))
    }

    async fn counts(&self, request: Request<v1::CountsRequest>) -> Result<Response<v1::CountsReply>, Status> {
        let v1::CountsRequest { filter, distinct: names } = request.into_inner();
        let clients = self.found(filter);
        let bound = clients.iter().filter(|entry| !entry.uid.is_empty());
        Ok(Response::new(v1::CountsReply {
            clients: clients.len() as u64,
            bound_clients: bound.count() as u64,
            uids: uids_of(&clients).filter(|_| names),
            groups: distinct(clients.iter().flat_map(|entry| &entry.groups)).filter(|_| names),
        }))
    }

    async fn stats(&self, _: Request<v1::StatsRequest>) -> Result<Response<v1::StatsReply>, Status> {
        let clients = self.clients.lock().len() as u64;
        let totals = Some(v1::Totals { opened: 7, ..v1::Totals::default() });
        let rates = Some(v1::Rates { frames_out: 1.5, ..v1::Rates::default() });
        Ok(Response::new(v1::StatsReply { clients, totals, rates, ..v1::StatsReply::default() }))
    }

    async fn clients(
        &self,
        request: Request<v1::ClientsRequest>,
    ) -> Result<Response<v1::ClientsReply>, Status> {
        let v1::ClientsRequest { after_client_id, limit, filter, sessions } = request.into_inner();
        let entry = |mut entry: v1::ClientEntry| {
            if !sessions {
                entry.session.clear();
            }
            (entry.client_id.clone(), entry)
        };
        let entries = self.found(filter).into_iter().map(entry).collect();
        let (clients, more) = self.page(entries, &after_client_id, limit);
        Ok(Response::new(v1::ClientsReply { clients, more }))
    }

    async fn uids(&self, request: Request<v1::UidsRequest>) -> Result<Response<v1::UidsReply>, Status> {
        let v1::UidsRequest { after_uid, limit, filter } = request.into_inner();
        let mut uids = BTreeMap::<String, v1::UidEntry>::new();
        for client in self.found(filter).into_iter().filter(|entry| !entry.uid.is_empty()) {
            let entry = uids.entry(client.uid.clone()).or_default();
            entry.uid = client.uid;
            entry.clients += 1;
        }
        let (uids, more) = self.page(uids, &after_uid, limit);
        Ok(Response::new(v1::UidsReply { uids, more }))
    }

    async fn groups(&self, request: Request<v1::GroupsRequest>) -> Result<Response<v1::GroupsReply>, Status> {
        let v1::GroupsRequest { after_group, limit, groups: wanted, uids } = request.into_inner();
        let clients = self.found(None);
        let mut members = BTreeMap::<String, Vec<&v1::ClientEntry>>::new();
        for client in &clients {
            for group in client.groups.iter().filter(|group| wanted.is_empty() || wanted.contains(group)) {
                members.entry(group.clone()).or_default().push(client);
            }
        }
        let entry = |(group, members): (String, Vec<&v1::ClientEntry>)| {
            let clients = members.len() as u64;
            let uids = uids_of(members).filter(|_| uids);
            (group.clone(), v1::GroupEntry { group, clients, uids })
        };
        let (groups, more) = self.page(members.into_iter().map(entry).collect(), &after_group, limit);
        Ok(Response::new(v1::GroupsReply { groups, more }))
    }
}
