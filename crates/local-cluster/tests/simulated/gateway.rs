//! A host with a gateway, and pages that connect to it.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use gatepipe_gateway::simulation::Door;
use gatepipe_gateway::{Config, Gateway};
use gatepipe_proto::v1;
use rand::Rng;
use tokio::time::sleep;

use crate::network::{self, PORT, Port};
use crate::world::World;

/// Pages that are connected and bound to nobody; more come when some were bound.
const FREE: usize = 3;

/// A host's whole life, until it crashes.
pub(crate) async fn live(world: Arc<World>, name: String) -> turmoil::Result {
    let address = SocketAddr::new(turmoil::lookup(name.as_str()), PORT);
    let anywhere = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    let config = Config {
        listen: anywhere,
        admin_listen: anywhere,
        registers: Vec::new(),
        ping_interval: Duration::ZERO,
        ..Config::default()
    };
    let gateway = Gateway::bind_beside(Port::take().await?, address, config)?;
    let (id, door) = (gateway.gateway_id(), Door::of(&gateway));
    tokio::spawn(gateway.run(std::future::pending()));
    world.ledger.lock().gateway_begins(&name, id);
    world.list.send_modify(|list| {
        let address = address.to_string();
        list.retain(|entry| entry.address != address);
        list.push(v1::GatewayEntry { gateway_id: id.to_string(), address, draining: false });
    });
    let mut rng = world.rng(&name);
    loop {
        if world.ledger.lock().free_on(id) < FREE {
            let (socket, page) = network::connection()?;
            let client = door.enter(socket).ok_or("the gateway is full")?;
            world.ledger.lock().enters(client, page);
        }
        sleep(Duration::from_millis(rng.random_range(1..50))).await;
    }
}
