//! The rules: what is allowed, and what happens together. No HTTP and no SQL here.

pub mod audit;
pub mod bind;
pub mod client;
pub mod drain;
pub mod estimate;
pub mod events;
pub mod export;
pub mod force_offline;
pub mod group;
pub mod idempotency;
pub mod inspect;
pub mod login;
pub mod notification;
pub mod push;
pub mod receipt;
pub mod stats;
pub mod sweep;
pub mod unsettled;
pub mod users;
mod viewing;
