//! A host with a register, which is told everything again after it crashed.

use std::sync::Arc;

use gatepipe_register::{Config, Register};

use crate::network;
use crate::world::World;

pub(crate) const NAME: &str = "register";

/// A host's whole life, until it crashes.
pub(crate) async fn live(world: Arc<World>) -> turmoil::Result {
    let config = Config { admin_listen: network::ANYWHERE, ..Config::default() };
    let register = Register::bind_in(network::of_host(world, NAME).await?, config)?;
    Ok(register.run(std::future::pending()).await?)
}
