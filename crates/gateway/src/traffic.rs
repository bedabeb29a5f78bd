//! What went over one client's socket, counted for whoever asks about that client.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// Counters of one client. The same moments move the gateway's own counters in `metrics`.
#[derive(Debug, Default)]
pub(crate) struct Traffic {
    frames_in: AtomicU64,
    bytes_in: AtomicU64,
    frames_out: AtomicU64,
    bytes_out: AtomicU64,
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

impl Traffic {
    /// One frame came in.
    pub(crate) fn read(&self, payload_bytes: usize) {
        self.frames_in.fetch_add(1, Relaxed);
        self.bytes_in.fetch_add(payload_bytes as u64, Relaxed);
    }

    /// One frame was taken.
    pub(crate) fn taken(&self, frame_bytes: usize) {
        self.frames_out.fetch_add(1, Relaxed);
        self.bytes_out.fetch_add(frame_bytes as u64, Relaxed);
    }

    pub(crate) fn carried(&self) -> Carried {
        Carried {
            frames_in: self.frames_in.load(Relaxed),
            bytes_in: self.bytes_in.load(Relaxed),
            frames_out: self.frames_out.load(Relaxed),
            bytes_out: self.bytes_out.load(Relaxed),
        }
    }
}
