//! Business workers on real gateways: what they are told, how they share clients, and what they cannot do to others.

mod harm;
mod life;
mod sharing;

use gatepipe_client::ClientId;
use gatepipe_local_cluster::actor::Page;

fn id(page: &Page) -> ClientId {
    page.client_id().parse().unwrap()
}
