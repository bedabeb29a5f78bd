//! What workers hear of clients: through real sockets on one side and a real stream on the other.

#[path = "../common/mod.rs"]
mod common;

mod bounds;
mod drain;
mod hello;
mod listener;
mod story;
mod teams;
