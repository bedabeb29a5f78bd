//! The client against a register and gateways that do exactly what a test tells them, on real sockets.

mod closes;
mod commands;
mod failures;
mod follow;
mod groups;
mod lists;
mod membership;
mod newest;
mod notebook;
mod order;
mod queries;
mod scripted;
mod worker;
