//! A connection's place among the clients; dropping it leaves.

use std::sync::Arc;

use crate::client::Client;
use crate::hub::Hub;

/// Held by the connection's task, so that every way out of it, a panic included, takes the client off the hub.
#[derive(Debug)]
pub(crate) struct Seat {
    hub: Arc<Hub>,
    client: Arc<Client>,
}

impl Seat {
    /// Takes a client in, unbound, for as long as the seat lives.
    pub(crate) fn take(hub: &Arc<Hub>, client: Arc<Client>) -> Self {
        hub.enter(client.clone());
        Self { hub: hub.clone(), client }
    }

    pub(crate) fn client(&self) -> &Arc<Client> {
        &self.client
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.hub.leave(self.client.id);
    }
}
