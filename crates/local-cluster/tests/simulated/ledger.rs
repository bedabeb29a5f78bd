//! What everybody knows to have happened, and what follows from it. The order in which it is written down is the order in which it
//! happened: all hosts run in one thread.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{Shutdown, TcpStream};
use std::time::Duration;

use gatepipe_client::{ClientId, GatewayId, Receipt, Uid};
use rand::rngs::StdRng;
use rand::seq::IteratorRandom;
use tokio_tungstenite::tungstenite::protocol::{Role, WebSocket};

use crate::world::Tally;

/// Most clients that are bound at a time: few, so that most uids are absent from most gateways.
const BOUND: usize = 4;

/// One task of one program, as long as it lives.
pub(crate) type Caller = usize;

#[derive(Default)]
pub(crate) struct Ledger {
    clients: BTreeMap<ClientId, Client>,
    gateways: BTreeMap<String, GatewayId>,
    sends: Vec<Send>,
    callers: Caller,
    bound_last: Option<Uid>,
    tally: Tally,
}

struct Client {
    page: TcpStream,
    state: State,
    /// How often the state changed.
    changes: usize,
    /// Every uid that it may ever have been bound to.
    uids: BTreeSet<Uid>,
}

#[derive(Debug, PartialEq, Eq)]
enum State {
    Free,
    /// Somebody binds or unbinds it.
    Changing,
    /// Acknowledged.
    Bound(Uid),
    /// It went, or its gateway did, or nobody knows.
    Gone,
}

/// A client that has to be reached, unless it changes meanwhile.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Promised {
    client: ClientId,
    changes: usize,
}

/// A send that was called.
pub(crate) struct Sending {
    pub(crate) number: usize,
    pub(crate) promised: Vec<Promised>,
    known: BTreeSet<GatewayId>,
}

struct Send {
    caller: Caller,
    uid: Uid,
    /// `None` while it is under way, or when its program crashed.
    done: Option<Done>,
}

struct Done {
    reached: u64,
    failed: BTreeSet<GatewayId>,
    /// Whom it had to reach.
    owed: Vec<ClientId>,
}

impl Ledger {
    pub(crate) fn caller(&mut self) -> Caller {
        self.callers += 1;
        self.callers
    }

    pub(crate) fn gateway_begins(&mut self, name: &str, id: GatewayId) {
        self.gateways.insert(name.to_owned(), id);
    }

    pub(crate) fn gateway_crashes(&mut self, name: &str) {
        if let Some(id) = self.gateways.remove(name) {
            let here = self.clients.iter_mut().filter(|(client, _)| client.gateway() == id);
            here.for_each(|(_, client)| client.enter(State::Gone));
        }
    }

    pub(crate) fn enters(&mut self, client: ClientId, page: TcpStream) {
        self.clients.insert(client, Client { page, state: State::Free, changes: 0, uids: BTreeSet::new() });
    }

    pub(crate) fn free_on(&self, gateway: GatewayId) -> usize {
        let is_there =
            |(id, client): &(&ClientId, &Client)| id.gateway() == gateway && client.state == State::Free;
        self.clients.iter().filter(is_there).count()
    }

    /// Whoever was bound last, while it may be of interest.
    pub(crate) fn bound_last(&self) -> Option<Uid> {
        self.bound_last.clone()
    }

    /// Picks somebody to bind; `None` when enough are bound.
    pub(crate) fn begin_bind(&mut self, uid: &Uid, rng: &mut StdRng) -> Option<ClientId> {
        if self.clients.values().filter(|client| matches!(client.state, State::Bound(_))).count() >= BOUND {
            return None;
        }
        let free = self.clients.iter_mut().filter(|(_, client)| client.state == State::Free);
        let (id, client) = free.choose(rng)?;
        client.enter(State::Changing);
        client.uids.insert(uid.clone());
        Some(*id)
    }

    /// Gives the promise that follows from an acknowledged bind.
    pub(crate) fn bind_ends(&mut self, id: ClientId, uid: &Uid, acknowledged: bool) -> Option<Promised> {
        let client = self.clients.get_mut(&id)?;
        if !client.changed_to(acknowledged.then(|| State::Bound(uid.clone()))) {
            return None;
        }
        self.tally.binds += 1;
        self.bound_last = Some(uid.clone());
        Some(Promised { client: id, changes: client.changes })
    }

    pub(crate) fn begin_unbind(&mut self, rng: &mut StdRng) -> Option<(ClientId, Uid)> {
        let (id, client, uid) = self.any_bound(rng)?;
        client.enter(State::Changing);
        Some((id, uid))
    }

    pub(crate) fn unbind_ends(&mut self, id: ClientId, acknowledged: bool) {
        if let Some(client) = self.clients.get_mut(&id) {
            client.changed_to(acknowledged.then_some(State::Free));
        }
    }

    pub(crate) fn someone_leaves(&mut self, rng: &mut StdRng) {
        if let Some((_, client, _)) = self.any_bound(rng) {
            client.leave();
        }
    }

    fn any_bound(&mut self, rng: &mut StdRng) -> Option<(ClientId, &mut Client, Uid)> {
        let bound = self.clients.iter_mut().filter_map(|(id, client)| match &client.state {
            State::Bound(uid) => Some((*id, uid.clone(), client)),
            _ => None,
        });
        let (id, uid, client) = bound.choose(rng)?;
        Some((id, client, uid))
    }

    /// Notes a send right before it is called. It has to reach whoever is bound by now, on the gateways that its program knows of.
    pub(crate) fn send_begins(&mut self, caller: Caller, uid: &Uid, known: BTreeSet<GatewayId>) -> Sending {
        let number = self.sends.len();
        self.sends.push(Send { caller, uid: uid.clone(), done: None });
        let bound = self.clients.iter().filter(|(_, client)| client.state == State::Bound(uid.clone()));
        let (heard_of, unheard_of): (Vec<_>, Vec<_>) =
            bound.partition(|(client, _)| known.contains(&client.gateway()));
        self.tally.unheard_of += unheard_of.len();
        let promise = |(id, client): (&ClientId, &Client)| Promised { client: *id, changes: client.changes };
        Sending { number, promised: heard_of.into_iter().map(promise).collect(), known }
    }

    pub(crate) fn send_ends(&mut self, sending: Sending, receipt: &Receipt) {
        let failed: BTreeSet<_> = receipt.failed.iter().map(|failure| failure.gateway).collect();
        let is_owed = |promised: &Promised| {
            self.clients[&promised.client].changes == promised.changes
                && !failed.contains(&promised.client.gateway())
        };
        let owed: Vec<_> =
            sending.promised.into_iter().filter(is_owed).map(|promised| promised.client).collect();
        self.tally.sends += 1;
        self.tally.promised += owed.len();
        self.tally.failed += self.gateways.values().filter(|id| failed.contains(id)).count();
        self.tally.asked += self.gateways.values().filter(|id| receipt.asked.contains(id)).count();
        self.tally.left_out += sending.known.iter().filter(|id| !receipt.asked.contains(id)).count();
        self.sends[sending.number].done = Some(Done { reached: receipt.reached, failed, owed });
    }

    /// Looks at what every page heard, after all gateways have ended. Gives what went wrong.
    pub(crate) fn judge(self) -> (Tally, Vec<String>) {
        let mut wrong = Vec::new();
        let mut heard_by = vec![BTreeSet::new(); self.sends.len()];
        for (id, client) in self.clients {
            let mut last_of = BTreeMap::<Caller, usize>::new();
            for number in heard(client.page) {
                let Send { caller, uid, done } = &self.sends[number];
                if !heard_by[number].insert(id) {
                    wrong.push(format!("{id} heard send {number} to uid {uid} twice"));
                }
                if !client.uids.contains(uid) {
                    wrong.push(format!("{id} heard send {number} to uid {uid}, and was never bound to it"));
                }
                // Between an old pipe and its successor there is no order.
                if done.as_ref().is_some_and(|done| !done.failed.contains(&id.gateway())) {
                    let last = last_of.entry(*caller).or_default();
                    if number < *last {
                        wrong.push(format!("{id} heard send {number} after send {last} of the same caller"));
                    }
                    *last = number;
                }
            }
        }
        for (number, (send, heard_by)) in self.sends.iter().zip(&heard_by).enumerate() {
            let Some(Done { reached, failed, owed }) = &send.done else {
                continue;
            };
            for client in owed.iter().filter(|client| !heard_by.contains(client)) {
                wrong.push(format!(
                    "send {number} to uid {} missed {client}, and its receipt does not name the gateway",
                    send.uid
                ));
            }
            let heard = heard_by.len() as u64;
            if heard < *reached || failed.is_empty() && heard > *reached {
                wrong.push(format!(
                    "send {number} reached {reached} by its receipt, and was heard by {heard}; failed: {failed:?}"
                ));
            }
        }
        (self.tally, wrong)
    }
}

impl Client {
    fn enter(&mut self, state: State) {
        self.state = state;
        self.changes += 1;
    }

    /// What was begun has ended; `None`: nobody knows how, so the page goes. `false` when it is gone.
    fn changed_to(&mut self, state: Option<State>) -> bool {
        let is_there = self.state == State::Changing;
        match state {
            Some(state) if is_there => self.enter(state),
            Some(_) => {}
            None => self.leave(),
        }
        is_there && self.state != State::Gone
    }

    fn leave(&mut self) {
        self.enter(State::Gone);
        // It may be gone on the other side already.
        drop(self.page.shutdown(Shutdown::Write));
    }
}

/// The numbers of the sends that came, in order.
fn heard(page: TcpStream) -> Vec<usize> {
    // Its gateway is gone, so it comes to an end; if not, that shows.
    page.set_read_timeout(Some(Duration::from_secs(20))).expect("a positive time");
    let mut socket = WebSocket::from_raw_socket(page, Role::Client, None);
    let messages = std::iter::from_fn(|| socket.read().ok());
    messages.filter_map(|message| message.to_text().ok()?.parse().ok()).collect()
}
