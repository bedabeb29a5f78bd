//! The life of a process, and nothing about what it does: how it is configured, what it logs, which ports it takes, how it says
//! that it is well, how it serves calls from its own cluster, how it stops.
//!
//! Charter: no word about messages, users or databases; it knows no other crate of ours. What does not concern *every* daemon
//! stands elsewhere.

pub mod admin;
pub mod config;
pub mod listen;
pub mod open_files;
pub mod report;
pub mod rpc;
pub mod shutdown;
pub mod telemetry;
