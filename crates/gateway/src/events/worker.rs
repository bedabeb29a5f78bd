//! One worker of a team: what it is told next, and how much of that may wait.
//!
//! Who belongs to it without having been told of stands in `untold` and costs no room in the queue, however many there are.
//! Whatever is told of such a client is told after its `adopted`. So a worker never hears of a client without having been told who
//! it is, and never twice who it is.

use std::collections::BTreeSet;
use std::sync::Arc;

use gatepipe_proto::v1::event::Event;
use gatepipe_proto::{ClientId, GatewayId, v1};
use tokio::sync::Notify;

use super::queue::{Queue, Waiting};
use super::told::{ONE_MESSAGE, Told, Who};
use crate::metrics::Metrics;

/// Bytes of a batch; more only when its one event has more.
const BATCH_BYTES: usize = 1 << 20;

/// How far its greeting has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Greeting {
    Welcome,
    Adopting,
    Done,
}

#[derive(Debug)]
pub(super) struct Worker {
    pub(super) wants_messages: bool,
    /// How many clients are its own.
    pub(super) clients: usize,
    /// Those of them that it was not told of, and whose `connected` or `adopted` does not wait either.
    pub(super) untold: BTreeSet<ClientId>,
    pub(super) queue: Queue,
    /// Which of both is next when both wait.
    adopts_next: bool,
    greeting: Greeting,
    wake: Arc<Notify>,
    pub(super) metrics: Arc<Metrics>,
}

impl Worker {
    /// `queue_bytes` is the bound of its queue. `wake` is told whenever there may be something to tell.
    pub(super) fn new(
        wants_messages: bool,
        queue_bytes: usize,
        wake: Arc<Notify>,
        metrics: Arc<Metrics>,
    ) -> Self {
        Self {
            wants_messages,
            clients: 0,
            untold: BTreeSet::new(),
            queue: Queue::new(queue_bytes),
            adopts_next: true,
            greeting: Greeting::Welcome,
            wake,
            metrics,
        }
    }

    /// A client that is its own from now on and that it has not heard of: told by `adopted`, when there is room.
    pub(super) fn adopt(&mut self, client: ClientId) {
        self.untold.insert(client);
        self.wake.notify_one();
    }

    /// Queues the first event of a client that is its own, `connected` or `adopted`. `false` when there is no room: it is adopted
    /// later, then.
    pub(super) fn introduce(&mut self, client: ClientId, told: Told) -> bool {
        let has_room = self.queue.has_room_for(&told);
        if has_room {
            self.push(client, told);
        } else {
            if matches!(told, Told::Connected(_)) {
                self.miss(told.as_dropped());
            }
            self.adopt(client);
        }
        has_room
    }

    /// Queues any other event, after the client's `adopted` when it was not told of. `false` when it was dropped.
    pub(super) fn tell(&mut self, client: ClientId, who: &Who, told: Told) -> bool {
        if self.can_introduce(client, who) && self.queue.has_room_for(&told) {
            self.push(client, told);
            return true;
        }
        self.miss(told.as_dropped());
        false
    }

    /// Queues a message that is only copied when it fits. `false` when it was dropped.
    pub(super) fn tell_message(
        &mut self,
        client: ClientId,
        who: &Who,
        bytes: usize,
        message: impl FnOnce() -> Option<Told>,
    ) -> bool {
        if self.queue.has_room_for_message(bytes)
            && let Some(told) = message()
        {
            return self.tell(client, who, told);
        }
        self.miss(ONE_MESSAGE);
        false
    }

    /// Makes sure that what is queued next comes after the client's `connected` or `adopted`; `false` when there is no room.
    fn can_introduce(&mut self, client: ClientId, who: &Who) -> bool {
        !self.untold.remove(&client) || self.introduce(client, Told::Adopted(who.clone()))
    }

    fn push(&mut self, client: ClientId, told: Told) {
        self.queue.push(client, told);
        self.wake.notify_one();
    }

    fn miss(&mut self, dropped: v1::Dropped) {
        self.metrics.events_dropped(dropped);
        self.note_dropped(dropped);
    }

    /// Tells the worker, at this place among its events, that some were dropped. They are counted already.
    pub(super) fn note_dropped(&mut self, dropped: v1::Dropped) {
        self.queue.note_dropped(dropped);
        self.wake.notify_one();
    }

    /// Counts what waits as dropped: nobody is left to be told.
    pub(super) fn count_queue_as_dropped(&self) {
        for waiting in self.queue.iter() {
            if let Waiting::Event(_, told) = waiting {
                self.metrics.events_dropped(told.as_dropped());
            }
        }
    }

    /// Lets its stream look again.
    pub(super) fn wake(&self) {
        self.wake.notify_one();
    }

    /// Whether there is anything to tell now.
    pub(super) fn has_news(&self) -> bool {
        self.greeting != Greeting::Done || !self.untold.is_empty() || !self.queue.is_empty()
    }

    /// At most `most` of what is to be told next, and at most about a batch's bytes. `who` knows its untold clients.
    ///
    /// Untold clients and the queue take turns: however many clients come, neither waits for the other to be empty.
    pub(super) fn next<'a>(
        &mut self,
        gateway: GatewayId,
        most: usize,
        who: impl Fn(ClientId) -> Option<&'a Who>,
    ) -> Vec<v1::Event> {
        let mut events = Vec::new();
        let mut bytes = 0;
        if self.greeting == Greeting::Welcome && most > 0 {
            self.greeting = Greeting::Adopting;
            events.push(of_none(Event::Welcome(v1::Welcome { gateway_id: gateway.to_string() })));
        }
        while events.len() < most && bytes < BATCH_BYTES {
            if self.greeting == Greeting::Adopting && self.untold.is_empty() {
                self.greeting = Greeting::Done;
                self.queue.note_adopted_all();
            }
            let next = self.queue.next_bytes();
            if (self.adopts_next || next.is_none())
                && let Some(client) = self.untold.pop_first()
            {
                self.adopts_next = false;
                if let Some(who) = who(client) {
                    let adopted = Told::Adopted(who.clone());
                    bytes += adopted.bytes();
                    events.push(adopted.event(client));
                }
                continue;
            }
            self.adopts_next = true;
            let Some(next) = next.filter(|next| events.is_empty() || bytes + next <= BATCH_BYTES) else {
                break;
            };
            bytes += next;
            events.extend(self.queue.pop().map(|waiting| match waiting {
                Waiting::Event(client, told) => told.event(client),
                Waiting::Dropped(dropped) => of_none(Event::Dropped(dropped)),
                Waiting::AdoptedAll => of_none(Event::AdoptedAll(v1::AdoptedAll {})),
            }));
        }
        events
    }
}

/// An event that is about no client.
fn of_none(event: Event) -> v1::Event {
    v1::Event { client_id: String::new(), event: Some(event) }
}
