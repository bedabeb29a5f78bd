//! The demo: the admin shell of a small application, below `/demo/`.

use axum::Router;
use rust_embed::RustEmbed;

use crate::site::site;

/// What `make web` built.
#[derive(RustEmbed)]
#[folder = "dist/demo"]
#[allow_missing = true]
struct Files;

/// The demo's routes. Which gateways there are the page asks at `/demo/config.json`, which is not one of them.
pub fn demo() -> Router {
    site::<Files>("/demo", include_str!("../pages/demo-not-built.html"))
}
