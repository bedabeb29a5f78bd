//! Everything in one process: a register, gateways and the api, on real sockets. `gatepipe dev` is this, and so are the
//! end-to-end tests.
//!
//! - [`Cluster`]: starts, stops, and restarts parts
//! - [`home`]: what a development directory keeps between starts
//! - [`people`]: who is in the database of a cluster: admin, and alice who manages bob who manages carol
//! - [`actor`]: what tests hold in their hands: a page, a person
//! - [`eventually`]: waiting for a condition with a deadline

pub mod actor;
mod cluster;
pub mod eventually;
pub mod home;
mod part;
pub mod people;

pub use cluster::{Cluster, Others, Plan, Ports};
