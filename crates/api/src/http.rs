//! The words of HTTP: each handler decodes, asks a rule, and encodes. A file per resource of the URL.

pub mod account;
pub mod audit;
pub mod auth;
pub mod client;
pub mod cors;
pub mod docs;
pub mod envelope;
pub mod estimate;
pub mod event;
pub mod export_task;
pub mod fields;
pub mod file;
pub mod gateway;
pub mod group;
pub mod idempotency;
pub mod layers;
pub mod notification;
pub mod role;
pub mod settings;
pub mod stats;
pub mod to_the_end;
pub mod token;
pub mod traced;
pub mod user;
pub mod websocket;
