//! Events that wait for one worker: in order, bounded in bytes, and honest about what did not fit.

use std::collections::VecDeque;

use gatepipe_proto::{ClientId, v1};

use super::told::Told;

/// Entries that an empty queue keeps room for; one that had to hold more gives it back.
const ROOM_KEPT: usize = 256;

/// What waits.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Waiting {
    Event(ClientId, Told),
    /// Events that did not fit, at the place where they would stand. Two never stand beside each other.
    Dropped(v1::Dropped),
    /// Whoever was to be adopted at the start has been told of, or stands before this.
    AdoptedAll,
}

/// Messages fit up to the limit, everything else up to twice that: messages are many and large, and a worker that misses the rest
/// no longer knows who is there. An empty queue takes any one event.
#[derive(Debug)]
pub(super) struct Queue {
    waiting: VecDeque<Waiting>,
    bytes: usize,
    limit: usize,
}

impl Queue {
    /// A queue of at most `limit` bytes of messages.
    pub(super) fn new(limit: usize) -> Self {
        Self { waiting: VecDeque::new(), bytes: 0, limit }
    }

    /// Bytes that wait now.
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    pub(super) fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// Whether a message of this cost fits now.
    pub(super) fn has_room_for_message(&self, bytes: usize) -> bool {
        self.has_room(bytes, self.limit)
    }

    /// Whether this event fits now.
    pub(super) fn has_room_for(&self, told: &Told) -> bool {
        match told {
            Told::Message(_) => self.has_room_for_message(told.bytes()),
            _ => self.has_room(told.bytes(), self.limit.saturating_mul(2)),
        }
    }

    fn has_room(&self, bytes: usize, limit: usize) -> bool {
        self.bytes == 0 || self.bytes.saturating_add(bytes) <= limit
    }

    /// Queues an event that fits.
    pub(super) fn push(&mut self, client: ClientId, told: Told) {
        self.bytes += told.bytes();
        self.waiting.push_back(Waiting::Event(client, told));
    }

    /// Notes that these many events did not fit.
    pub(super) fn note_dropped(&mut self, more: v1::Dropped) {
        match self.waiting.back_mut() {
            Some(Waiting::Dropped(dropped)) => {
                dropped.messages += more.messages;
                dropped.others += more.others;
            }
            _ => self.waiting.push_back(Waiting::Dropped(more)),
        }
    }

    /// Marks the end of the adoption that a worker begins with.
    pub(super) fn note_adopted_all(&mut self) {
        self.waiting.push_back(Waiting::AdoptedAll);
    }

    /// Cost of what is next, in bytes.
    pub(super) fn next_bytes(&self) -> Option<usize> {
        self.waiting.front().map(|waiting| match waiting {
            Waiting::Event(_, told) => told.bytes(),
            Waiting::Dropped(_) | Waiting::AdoptedAll => 0,
        })
    }

    pub(super) fn pop(&mut self) -> Option<Waiting> {
        let waiting = self.waiting.pop_front()?;
        if let Waiting::Event(_, told) = &waiting {
            self.bytes -= told.bytes();
        }
        if self.waiting.is_empty() && self.waiting.capacity() > ROOM_KEPT {
            self.waiting = VecDeque::new();
        }
        Some(waiting)
    }

    /// What waits, in order.
    pub(super) fn iter(&self) -> impl Iterator<Item = &Waiting> {
        self.waiting.iter()
    }

    /// Everything that waits, in order.
    pub(super) fn into_waiting(self) -> VecDeque<Waiting> {
        self.waiting
    }
}

#[cfg(test)]
mod tests {
    use gatepipe_proto::{GatewayId, Message};

    use super::*;

    fn message(length: usize) -> Told {
        Told::Message(Message::text("x".repeat(length)).unwrap())
    }

    fn bound() -> Told {
        Told::Bound { uid: None, previous: None }
    }

    #[test]
    fn messages_fit_up_to_the_limit_and_all_else_up_to_twice_that() {
        let client = ClientId::random(GatewayId::random());
        let mut queue = Queue::new(1000);
        assert!(queue.has_room_for(&message(5000)), "empty: any one");
        queue.push(client, message(0));
        let left = 1000 - 2 * queue.bytes();
        assert!(queue.has_room_for(&message(left)) && queue.has_room_for_message(message(left).bytes()));
        assert!(!queue.has_room_for(&message(left + 1)));
        queue.push(client, message(left));
        assert_eq!(queue.bytes(), 1000);
        while queue.has_room_for(&bound()) {
            assert!(!queue.has_room_for(&message(0)));
            queue.push(client, bound());
        }
        assert!((1000 + 5 * bound().bytes()..=2000).contains(&queue.bytes()));
        while queue.pop().is_some() {}
        assert_eq!((queue.bytes(), queue.is_empty()), (0, true));
    }

    #[test]
    fn what_was_dropped_stands_once_and_in_its_place() {
        let client = ClientId::random(GatewayId::random());
        let mut queue = Queue::new(1000);
        queue.push(client, bound());
        for _ in 0..3 {
            queue.note_dropped(v1::Dropped { messages: 1, others: 0 });
        }
        queue.note_dropped(v1::Dropped { messages: 0, others: 2 });
        queue.push(client, bound());
        queue.note_dropped(v1::Dropped { messages: 1, others: 0 });
        let expected = [
            Waiting::Event(client, bound()),
            Waiting::Dropped(v1::Dropped { messages: 3, others: 2 }),
            Waiting::Event(client, bound()),
            Waiting::Dropped(v1::Dropped { messages: 1, others: 0 }),
        ];
        assert_eq!(queue.into_waiting(), expected);
    }
}
