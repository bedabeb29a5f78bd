//! What went over one client's socket, counted for whoever asks about that client.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use crate::outbox::Taken;

/// What came from one client. What went to it is counted by its outbox. The same moments move the gateway's own counters in
/// `metrics`.
#[derive(Debug, Default)]
pub(crate) struct Heard {
    frames: AtomicU64,
    bytes: AtomicU64,
}

impl Heard {
    /// One frame came in.
    pub(crate) fn note(&self, payload_bytes: usize) {
        self.frames.fetch_add(1, Relaxed);
        self.bytes.fetch_add(payload_bytes as u64, Relaxed);
    }
}

/// The counters as they stood at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Carried {
    /// Messages and control frames read from it.
    pub(crate) frames_in: u64,
    /// Their payload.
    pub(crate) bytes_in: u64,
    /// Frames that its socket or outbox took.
    pub(crate) frames_out: u64,
    /// With their headers.
    pub(crate) bytes_out: u64,
}

impl Carried {
    pub(crate) fn new(heard: &Heard, taken: Taken) -> Self {
        Self {
            frames_in: heard.frames.load(Relaxed),
            bytes_in: heard.bytes.load(Relaxed),
            frames_out: taken.frames,
            bytes_out: taken.bytes,
        }
    }
}
