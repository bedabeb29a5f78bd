//! The demo beside the api, and what it and the console have to know of the cluster.

use axum::routing::get;
use axum::{Json, Router};
use serde::Serialize;

use crate::people::Person;

/// `config.json` beside a page. One that was reached at the port of `http` connects to one of `ws`; another was reached through a proxy
/// connects to `/ws` there.
#[derive(Debug, Clone, Serialize)]
struct Config {
    http: String,
    ws: Vec<String>,
    dev: Dev,
}

/// Who may sign in. Passwords stand in the terminal only.
#[derive(Debug, Clone, Serialize)]
struct Dev {
    users: Vec<&'static str>,
}

/// The demo, and `config.json` beside it and beside the console.
pub(crate) fn router(http: String, ws: Vec<String>, people: &[Person]) -> Router {
    let users = people.iter().map(|person| person.name).collect();
    let config = Config { http, ws, dev: Dev { users } };
    let answer = get(async move || ([("cache-control", "no-store")], Json(config)));
    gatepipe_web_assets::demo()
        .route("/demo/config.json", answer.clone())
        .route("/console/config.json", answer)
}
