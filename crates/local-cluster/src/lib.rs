//! Everything in one process: a register, gateways and the api, on real sockets. `gatepipe dev` is this, and so are the
//! end-to-end tests.
//!
//! - [`Plan`]: what to start; [`Cluster`]: starts, stops, and restarts it
//! - [`home`]: what a development directory keeps between starts
//! - [`people`]: who is in the database of a cluster: admin, and alice who manages bob who manages carol
//! - [`actor`]: what tests hold in their hands: a page, a person
//! - [`ledger`]: a business worker that writes down what it is told
//! - [`events`]: a stream of server-sent events, as a page reads it
//! - [`program`]: a built program as a process
//! - [`eventually`]: waiting for a condition with a deadline

pub mod actor;
mod cluster;
pub mod events;
pub mod eventually;
pub mod home;
pub mod ledger;
mod pages;
mod part;
pub mod people;
mod plan;
pub mod program;

pub use cluster::{Cluster, Ending};
pub use plan::{Others, Plan, Ports};
