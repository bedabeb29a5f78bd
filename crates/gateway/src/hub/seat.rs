//! A connection's place in the hub; dropping it leaves.

use std::sync::Arc;

use super::Hub;
use crate::client::Client;

/// Held by the connection's task, so that every way out of it, a panic included, takes the client off the hub.
#[derive(Debug)]
pub(crate) struct Seat {
    hub: Arc<Hub>,
    client: Arc<Client>,
}

impl Seat {
    pub(super) fn new(hub: Arc<Hub>, client: Arc<Client>) -> Self {
        Self { hub, client }
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
