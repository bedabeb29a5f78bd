//! The example programs of the client library, as processes, against a cluster.

mod axum_service;
mod echo;
mod events;
mod program;
