//! TLS as Gatepipe speaks it: rustls with ring, and certificates from PEM files that may change while a process runs.
//!
//! [`Files`] name what an operator wrote; an [`Identity`] is what stands in them, read again when they change; [`connect`] opens a
//! protected socket to another process of the cluster and [`accept`] takes one.
//!
//! Charter: no configuration, no logs, no word about what is said on a socket. Daemons reach it through `gatepipe_daemon::tls`.

#[cfg(feature = "authority")]
pub mod authority;
mod explained;
mod files;
mod identity;
mod link;
mod stamps;

pub use explained::Explained;
pub use files::{Files, Unusable};
pub use identity::{Identity, Use, believing};
pub use link::{accept, connect};
