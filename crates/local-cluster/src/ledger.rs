//! A business worker that writes down what it is told, for tests.

use std::collections::BTreeSet;
use std::sync::Arc;

use gatepipe_client::{
    Adopted, BoundTo, ClientId, Closed, Dropped, GatewayClient, GatewayId, Handshake, Message, RunningWorker,
    Worker, WorkerBuilder,
};
use parking_lot::Mutex;

use crate::eventually::until;

/// Cheap to clone; all clones are one. The message "panic" makes its hook panic before anything is written down.
#[derive(Debug, Clone, Default)]
pub struct Ledger(Arc<Book>);

#[derive(Debug, Default)]
struct Book {
    lines: Mutex<Vec<(ClientId, Entry)>>,
    dropped: Mutex<Dropped>,
}

/// What happened to a client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Entry {
    /// It connected.
    Connected(Handshake),
    /// It was taken over.
    Adopted(Adopted),
    /// It sent a message.
    Message(Message),
    /// It was bound or unbound.
    Bound(BoundTo),
    /// It is gone.
    Closed(Closed),
}

impl Ledger {
    /// A worker of this name on all gateways of a register, with settings that `change` makes.
    ///
    /// # Panics
    /// When it cannot be started: for tests.
    pub fn start(
        register: &str,
        name: &str,
        change: impl FnOnce(WorkerBuilder) -> WorkerBuilder,
    ) -> (Self, RunningWorker) {
        let ledger = Self::default();
        let gateways = GatewayClient::builder().register(register).build().expect("a client");
        let worker = change(gateways.worker(name)).start(ledger.clone()).expect("a worker");
        (ledger, worker)
    }

    /// The same, and waits until it is told the events of this many gateways.
    ///
    /// # Panics
    /// When it is not in time: for tests.
    pub async fn subscribed(
        register: &str,
        name: &str,
        gateways: usize,
        change: impl FnOnce(WorkerBuilder) -> WorkerBuilder,
    ) -> (Self, RunningWorker) {
        let (ledger, worker) = Self::start(register, name, change);
        until("the gateways tell their events", || async {
            let stats = worker.stats();
            stats.gateways.values().filter(|gateway| gateway.subscribed).count() == gateways
        })
        .await;
        (ledger, worker)
    }

    /// Everything about one client, in order.
    #[must_use]
    pub fn of(&self, client: ClientId) -> Vec<Entry> {
        let lines = self.0.lines.lock();
        lines.iter().filter(|(whose, _)| *whose == client).map(|(_, entry)| entry.clone()).collect()
    }

    /// The texts of a client's messages, in order.
    #[must_use]
    pub fn texts_of(&self, client: ClientId) -> Vec<String> {
        let text = |entry| match entry {
            Entry::Message(message) => Some(String::from_utf8_lossy(message.payload()).into_owned()),
            _ => None,
        };
        self.of(client).into_iter().filter_map(text).collect()
    }

    /// Every close of a client.
    #[must_use]
    pub fn closes_of(&self, client: ClientId) -> Vec<Closed> {
        let close = |entry| match entry {
            Entry::Closed(closed) => Some(closed),
            _ => None,
        };
        self.of(client).into_iter().filter_map(close).collect()
    }

    /// Everybody of whom it was told anything.
    #[must_use]
    pub fn clients(&self) -> BTreeSet<ClientId> {
        self.0.lines.lock().iter().map(|(client, _)| *client).collect()
    }

    /// What was dropped for it so far.
    #[must_use]
    pub fn dropped(&self) -> Dropped {
        *self.0.dropped.lock()
    }

    /// Waits until what is written holds `condition`.
    ///
    /// # Panics
    /// When it does not in time: for tests.
    pub async fn until(&self, what: &str, condition: impl Fn(&Self) -> bool) {
        until(what, || async { condition(self) }).await;
    }

    fn write(&self, client: ClientId, entry: Entry) {
        self.0.lines.lock().push((client, entry));
    }
}

impl Worker for Ledger {
    async fn on_connect(&self, client: ClientId, handshake: Handshake) {
        self.write(client, Entry::Connected(handshake));
    }

    async fn on_adopt(&self, client: ClientId, adopted: Adopted) {
        self.write(client, Entry::Adopted(adopted));
    }

    async fn on_message(&self, client: ClientId, message: Message) {
        assert!(message.payload() != b"panic", "a test asked for it");
        self.write(client, Entry::Message(message));
    }

    async fn on_bound(&self, client: ClientId, bound: BoundTo) {
        self.write(client, Entry::Bound(bound));
    }

    async fn on_close(&self, client: ClientId, closed: Closed) {
        self.write(client, Entry::Closed(closed));
    }

    async fn on_dropped(&self, _: GatewayId, dropped: Dropped) {
        let mut sum = self.0.dropped.lock();
        sum.messages += dropped.messages;
        sum.others += dropped.others;
    }
}
