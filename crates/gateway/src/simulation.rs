//! What a simulation of the whole reaches: a way in for clients that come without a handshake, because their sockets are real ones while
//! everything else is simulated. No part of the crate's interface.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use gatepipe_proto::ClientId;
use http::{HeaderMap, Uri};
use tokio::net::TcpStream;

use crate::Gateway;
use crate::events::Head;
use crate::server::Server;
use crate::wire::Wire;

/// Where clients enter a gateway, the handshake behind them.
#[derive(Debug, Clone)]
pub struct Door(Arc<Server>);

impl Door {
    /// The door of this gateway; it leads nowhere once the gateway has ended.
    #[must_use]
    pub fn of<L>(gateway: &Gateway<L>) -> Self {
        Self(gateway.server.clone())
    }

    /// Seats the client at the other end of `socket`, as the end of a handshake does. `None` when the gateway is full.
    #[must_use]
    pub fn enter(&self, socket: TcpStream) -> Option<ClientId> {
        let remote = IpAddr::V4(Ipv4Addr::LOCALHOST);
        let place = self.0.places.take(remote).ok()?;
        let head = Head { uri: Uri::default(), headers: HeaderMap::default() };
        Some(self.0.seat(Wire::Plain(socket), Box::default(), remote, place, &head))
    }
}
