//! Tokens of others: their keys, their users, and what forgers try.

#[path = "../common/mod.rs"]
mod common;
mod issuer;
mod keys;
mod reload;
mod signer;
mod tls;
mod tricks;
mod users;

use std::time::Duration;

use common::{Reply, World};
use gatepipe_api::Config;
use gatepipe_api::auth::foreign::mapping::UserKind;
use gatepipe_api::id::UserId;
use issuer::Issuer;

const HOUR: Duration = Duration::from_secs(3_600);

/// An api that believes `issuer`, asks it once and then no more by itself.
async fn world(issuer: &Issuer, change: impl FnOnce(&mut Config)) -> World {
    World::start_with(|config| {
        believe(issuer, config);
        change(config);
    })
    .await
}

fn believe(issuer: &Issuer, config: &mut Config) {
    config.jwt_secret = None;
    config.jwt_jwks = issuer.source();
    (config.foreign.refresh, config.foreign.pause) = (HOUR, HOUR);
}

/// The same, with users that are made at first sight by the issuer's own names.
async fn open_world(issuer: &Issuer, change: impl FnOnce(&mut Config)) -> World {
    let open = |config: &mut Config| {
        make_users(config);
        change(config);
    };
    world(issuer, open).await
}

fn make_users(config: &mut Config) {
    config.foreign.mapping.kind = UserKind::External;
    config.foreign.create_users = true;
}

/// What a holder of this token is told about itself.
async fn me(world: &World, token: &str) -> Reply {
    world.holder(UserId::new(1).unwrap(), "somebody", token).get("/Auth/me").await
}
