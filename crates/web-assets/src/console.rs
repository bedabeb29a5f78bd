//! The console: what operators see and do, below `/console/`.

use axum::Router;
use axum::response::Redirect;
use axum::routing::get;
use rust_embed::RustEmbed;

use crate::site::site;

/// What `make web` built.
#[derive(RustEmbed)]
#[folder = "dist/console"]
#[allow_missing = true]
struct Files;

/// The console's routes, and `/`, which leads there. It speaks the public HTTP api only.
pub fn console() -> Router {
    site::<Files>("/console", include_str!("../pages/console-not-built.html"))
        .route("/", get(async || Redirect::temporary("/console/")))
}
