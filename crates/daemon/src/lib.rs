//! The life of a process, and nothing about what it does: how it is configured, what it logs, which ports it takes, where its
//! callers come from, how it says that it is well, where its traces go, how it serves calls from its own cluster, what it tells the service
//! manager, how it stops.
//!
//! Charter: no word about messages, users or databases; of our crates it knows `gatepipe_tls` and `gatepipe_traces` only. What concerns only one daemon stands
//! in that daemon.

pub mod admin;
pub mod config;
mod exposition;
pub mod forwarded;
pub mod listen;
pub mod network;
pub mod open_files;
mod process;
pub mod reload;
pub mod report;
pub mod room;
pub mod rpc;
pub mod service_manager;
pub mod shutdown;
pub mod telemetry;
pub mod tls;
pub mod traces;
