//! What the micro-benches measure: the hub with real clients, and the codec. No part of the crate's interface.

use std::collections::HashSet;
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::sync::Arc;

use gatepipe_proto::{ClientId, CloseCode, GatewayId, Group, Uid};
use prometheus_client::registry::Registry;
use tokio::runtime::Runtime;

use crate::client::{Client, Common};
use crate::clock::Clock;
use crate::encode;
use crate::events::Events;
use crate::handshake::Kept;
use crate::hub::{Bind, BindCondition, Hub};
use crate::inbound::Inbound;
use crate::metrics::Metrics;
use crate::outbox::{Budget, Rules};
use crate::reader::Reader;
use crate::wire::Wire;

/// A hub with clients in one group, each with a uid of its own and a socket whose other end nobody reads.
#[derive(Debug)]
pub struct Place {
    hub: Arc<Hub>,
    clients: Vec<Arc<Client>>,
    group: HashSet<Group>,
    inbound: Inbound,
    _peers: Vec<TcpStream>,
    _runtime: Runtime,
}

impl Place {
    /// With so many clients; each costs two descriptors.
    ///
    /// # Errors
    /// When the system has no more sockets.
    pub fn with_clients(count: usize) -> anyhow::Result<Self> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let _entered = runtime.enter();
        let metrics = Metrics::register(&mut Registry::default());
        let rules = Rules {
            clock: Clock::start(),
            budget: Budget::new(1 << 20),
            limit: (1 << 20).into(),
            slow: encode::close(CloseCode::SLOW_CONSUMER, "slow"),
        };
        let common = Arc::new(Common { metrics: metrics.clone(), rules });
        let hub = Hub::new(GatewayId::random());
        let group = "everybody".parse::<Group>()?;
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let (mut clients, mut peers) = (Vec::new(), Vec::new());
        for number in 0..count {
            peers.push(TcpStream::connect(listener.local_addr()?)?);
            let (socket, address) = listener.accept()?;
            socket.set_nonblocking(true)?;
            let wire = Wire::Plain(tokio::net::TcpStream::from_std(socket)?);
            let client = Client::new(
                ClientId::random(hub.gateway()),
                address.ip(),
                wire,
                Kept::default(),
                common.clone(),
            );
            hub.enter(client.clone());
            hub.bind(&bind(&client, &uid(number)?), None)?;
            hub.join(client.id, &group)?;
            clients.push(client);
        }
        let events = Events::new(hub.clone(), metrics.clone(), 1 << 20);
        let inbound = Inbound::new(64 << 10, 0, events, metrics);
        Ok(Self { hub, clients, group: HashSet::from([group]), inbound, _peers: peers, _runtime: runtime })
    }

    /// Binds a client to a uid in place of the one it has. `true` when it had one.
    pub fn bind(&self, client: usize, uid: &Uid) -> bool {
        let bound = self.hub.bind(&bind(&self.clients[client % self.clients.len()], uid), None);
        bound.is_ok_and(|bound| bound.previous.is_some())
    }

    /// Looks a uid up. Gives how many clients it has.
    pub fn look_up(&self, uid: &Uid) -> usize {
        self.hub.clients_of_uid(uid).len()
    }

    /// Lists whom a send to the group goes to. Gives how many they are.
    pub fn fan_out(&self) -> usize {
        self.hub.members_by_shard(&self.group).map(|members| members.len()).sum()
    }

    /// Reads what a client sent while it idled. `true` when the connection lives on.
    pub fn read(&self, bytes: &[u8]) -> bool {
        let client = &self.clients[0];
        Reader::new(self.inbound.clone(), client.now()).take(client, bytes).is_continue()
    }
}

/// The uid of the client with this number.
///
/// # Errors
/// Never: a number is a uid.
pub fn uid(number: usize) -> anyhow::Result<Uid> {
    Ok(number.to_string().parse()?)
}

/// Encodes a text frame. Gives its length.
pub fn encode_text(text: &str) -> usize {
    encode::text(text).len()
}

fn bind<'a>(client: &Client, uid: &'a Uid) -> Bind<'a> {
    Bind { client: client.id, uid, condition: BindCondition::Any, at_ms: i64::MAX, newest_wins: false }
}
