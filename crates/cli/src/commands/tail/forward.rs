//! The worker behind `gatepipe tail`: its hooks hand on what was asked for.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use gatepipe_client::{
    Adopted, BoundTo, ClientId, Closed, Dropped, GatewayId, Handshake, Message, Uid, Worker,
};
use parking_lot::Mutex;
use tokio::sync::mpsc;

use super::event::{Event, Kind};
use crate::output::say;

/// Which events are asked for; an empty set means any.
#[derive(Debug, Default)]
pub struct Wanted {
    pub uids: BTreeSet<Uid>,
    pub clients: BTreeSet<ClientId>,
    pub gateways: BTreeSet<GatewayId>,
    pub kinds: BTreeSet<Kind>,
    pub existing: bool,
}

/// Hands on events until nobody takes them any more.
#[derive(Debug)]
pub struct Forward {
    wanted: Wanted,
    /// Who is bound, because messages do not say whose they are. As many as there are bound clients.
    uids: Mutex<HashMap<ClientId, Uid>>,
    drops: Drops,
    /// A hook waits while it is full; then the gateway gets no credit back, and drops what is too much for its own queue.
    tell: mpsc::Sender<Event>,
}

/// What gateways dropped and nobody was told of yet.
#[derive(Debug, Clone, Default)]
pub struct Drops(Arc<Mutex<BTreeMap<GatewayId, Dropped>>>);

impl Wanted {
    pub fn wants_kind(&self, kind: Kind) -> bool {
        self.kinds.is_empty() || self.kinds.contains(&kind)
    }

    /// Whether an event of a client is wanted that is, or was, bound to one of `uids`.
    fn wants(&self, client: ClientId, uids: [Option<&Uid>; 2]) -> bool {
        let any_uid = self.uids.is_empty() || uids.into_iter().flatten().any(|uid| self.uids.contains(uid));
        let client_fits = self.clients.is_empty() || self.clients.contains(&client);
        let gateway_fits = self.gateways.is_empty() || self.gateways.contains(&client.gateway());
        any_uid && client_fits && gateway_fits
    }
}

impl Forward {
    pub fn new(wanted: Wanted, drops: Drops, tell: mpsc::Sender<Event>) -> Self {
        Self { wanted, uids: Mutex::default(), drops, tell }
    }

    async fn tell(&self, event: Event) {
        // Nobody is there any more when enough were printed: we are about to leave.
        let _ = self.tell.send(event).await;
    }

    fn bind(&self, client: ClientId, uid: Option<&Uid>) {
        let mut uids = self.uids.lock();
        match uid {
            Some(uid) => drop(uids.insert(client, uid.clone())),
            None => drop(uids.remove(&client)),
        }
    }
}

impl Worker for Forward {
    async fn on_connect(&self, client: ClientId, handshake: Handshake) {
        if self.wanted.wants_kind(Kind::Connected) && self.wanted.wants(client, [None, None]) {
            self.tell(Event::connected(client, handshake)).await;
        }
    }

    async fn on_adopt(&self, client: ClientId, adopted: Adopted) {
        self.bind(client, adopted.uid.as_ref());
        if self.wanted.existing && self.wanted.wants(client, [adopted.uid.as_ref(), None]) {
            self.tell(Event::adopted(client, adopted)).await;
        }
    }

    async fn on_message(&self, client: ClientId, message: Message) {
        let uid = self.uids.lock().get(&client).cloned();
        if self.wanted.wants_kind(Kind::Message) && self.wanted.wants(client, [uid.as_ref(), None]) {
            self.tell(Event::message(client, uid.as_ref(), &message)).await;
        }
    }

    async fn on_bound(&self, client: ClientId, bound: BoundTo) {
        self.bind(client, bound.uid.as_ref());
        let uids = [bound.uid.as_ref(), bound.previous.as_ref()];
        if self.wanted.wants_kind(Kind::Bound) && self.wanted.wants(client, uids) {
            self.tell(Event::bound(client, &bound)).await;
        }
    }

    async fn on_close(&self, client: ClientId, closed: Closed) {
        self.bind(client, None);
        if self.wanted.wants_kind(Kind::Closed) && self.wanted.wants(client, [closed.uid.as_ref(), None]) {
            self.tell(Event::closed(client, &closed)).await;
        }
    }

    async fn on_dropped(&self, gateway: GatewayId, dropped: Dropped) {
        let mut drops = self.drops.0.lock();
        let sum = drops.entry(gateway).or_default();
        sum.messages += dropped.messages;
        sum.others += dropped.others;
    }
}

impl Drops {
    /// Tells on stderr, a line for each gateway.
    pub fn tell(&self) {
        for (gateway, Dropped { messages, others }) in std::mem::take(&mut *self.0.lock()) {
            say(&format!(
                "gateway {gateway} dropped events that were not taken fast enough (messages: {messages}, others: {others})"
            ));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_that_is_given_must_hold() {
        let gateway = GatewayId::random();
        let (ours, other) = (ClientId::random(gateway), ClientId::random(GatewayId::random()));
        let (ana, bob): (Uid, Uid) = ("ana".parse().unwrap(), "bob".parse().unwrap());
        let any = Wanted::default();
        assert!(any.wants(ours, [None, None]) && any.wants_kind(Kind::Bound));

        let of_ana = Wanted { uids: [ana.clone()].into(), ..Wanted::default() };
        assert!(of_ana.wants(ours, [Some(&ana), None]) && of_ana.wants(ours, [Some(&bob), Some(&ana)]));
        assert!(!of_ana.wants(ours, [Some(&bob), None]) && !of_ana.wants(ours, [None, None]));

        let here = Wanted { gateways: [gateway].into(), ..Wanted::default() };
        assert!(here.wants(ours, [None, None]) && !here.wants(other, [None, None]));

        let one = Wanted { clients: [other].into(), gateways: [gateway].into(), ..Wanted::default() };
        assert!(!one.wants(ours, [None, None]) && !one.wants(other, [None, None]));

        let closes = Wanted { kinds: [Kind::Closed].into(), ..Wanted::default() };
        assert!(closes.wants_kind(Kind::Closed) && !closes.wants_kind(Kind::Message));
    }
}
