//! Which uids have no client on a gateway: the rules by which a sender may leave that gateway out and still misses nobody.
//!
//! Two machines without I/O, time passed in: an [`Asker`] in the program that sends, one for each pipe, and one [`Holder`] in each
//! gateway, for all its pipes. The words between them travel in `CommandBatch` and `ReceiptBatch`, in order.
//!
//! - The receipt of a send tells which of its uids have no client there, and the holder *notes* that this pipe *believes* them absent.
//!   It notes first and looks second; a bind lists the client first and takes the notes second. So at least one of the two sees the other.
//! - A bind *revokes* the belief of every pipe with a note, and is acknowledged when each has *confirmed*, or when the *lease* has run out that
//!   the pipe had at that moment.
//! - A belief may be used only under a lease. The asker counts it from before it asks for the *renewal*, and for less long than the
//!   holder, which counts it from when the renewal has arrived. The grant comes behind all revocations before it, so a later lease
//!   never prolongs a belief that was revoked earlier.
//!
//! `ARCHITECTURE.md` goes through every case. The simulation beside the tests joins both machines through slow, stalled and broken pipes, and
//! shows that it finds the fault when any one of the rules is left out.

mod asker;
mod fault;
mod holder;
#[cfg(test)]
mod simulation;

use std::time::Duration;

pub use asker::Asker;
pub use holder::{Holder, InvalidConfirmation, Noted, Owed, PipeId};

/// How long a lease lasts for the gateway that grants it: the longest that a bind waits for a program that is stuck.
pub const LEASE: Duration = Duration::from_secs(1);
/// How long it lasts for the program that asked for it: shorter, so that the two clocks may differ in speed by a tenth.
pub const ASKERS_LEASE: Duration = Duration::from_millis(900);
/// A program that uses its beliefs, or did so a lot lately, asks for the next lease this long after the last time.
pub const RENEW_AFTER: Duration = Duration::from_millis(300);
/// Most uids that are noted for one pipe at a time. Past it the pipe is told to forget them all.
pub const MAX_NOTES: usize = 65_536;
/// Most uids that one word revokes; with the longest uids about half a MiB.
pub const REVOKED_AT_ONCE: usize = 2_000;
