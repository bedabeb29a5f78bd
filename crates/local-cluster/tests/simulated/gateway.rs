//! A host with a gateway, and pages that connect to it.

use std::sync::Arc;
use std::time::Duration;

use gatepipe_gateway::simulation::Door;
use gatepipe_gateway::{Config, Gateway};
use rand::Rng;
use tokio::time::sleep;

use crate::network::{self, PORT};
use crate::register;
use crate::world::World;

/// Pages that are connected and bound to nobody; more come when some were bound.
const FREE: usize = 3;

/// A host's whole life, until it crashes.
pub(crate) async fn live(world: Arc<World>, name: String) -> turmoil::Result {
    let config = Config {
        listen: network::ANYWHERE,
        admin_listen: network::ANYWHERE,
        registers: vec![format!("http://{}:{PORT}", register::NAME)],
        ping_interval: Duration::ZERO,
        ..Config::default()
    };
    let gateway = Gateway::bind_in(network::of_host(world.clone(), &name).await?, config)?;
    let (id, door) = (gateway.gateway_id(), Door::of(&gateway));
    tokio::spawn(gateway.run(std::future::pending()));
    world.ledger.lock().gateway_begins(&name, id);
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
