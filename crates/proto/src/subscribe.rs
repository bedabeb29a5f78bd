//! The bounds of a worker's hello, which a gateway refuses past them and client-lib before it says it.

/// Longest name of a worker, in bytes; no name is empty.
pub const MAX_WORKER_BYTES: usize = crate::id::MAX_NAME_BYTES;
/// Most names of handshake headers that a worker may ask for. A gateway keeps their values for every client whose connect waits.
pub const MAX_HEADERS: usize = 32;
/// Most credit to begin with, in events; the least is 1.
pub const MAX_FIRST_CREDIT: u32 = 65_536;
