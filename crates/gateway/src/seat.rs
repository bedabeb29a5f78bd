//! A connection's place among the clients; dropping it leaves.

use std::sync::Arc;

use crate::client::Client;
use crate::events::{Events, Head};

/// Held by the connection's task, so that every way out of it, a panic included, takes the client off the hub and tells workers.
#[derive(Debug)]
pub(crate) struct Seat {
    events: Arc<Events>,
    client: Arc<Client>,
}

impl Seat {
    /// Takes a client in, unbound, for as long as the seat lives. `head` is the handshake it came with.
    pub(crate) fn take(events: &Arc<Events>, client: Arc<Client>, head: &Head) -> Self {
        events.enter(&client, head);
        Self { events: events.clone(), client }
    }

    pub(crate) fn client(&self) -> &Arc<Client> {
        &self.client
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.events.leave(&self.client);
    }
}
