//! The gateway's own time: milliseconds since a little before it started, so that 0 can mean "never".

use std::sync::atomic::{AtomicI64, Ordering::Relaxed};
use std::time::{SystemTime, UNIX_EPOCH};

use tokio::time::Instant;

/// A cheap, copyable clock.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Clock(Instant);

impl Clock {
    pub(crate) fn start() -> Self {
        Self(Instant::now())
    }

    /// Milliseconds since the start, at least 1; never goes back.
    pub(crate) fn now(self) -> u64 {
        u64::try_from(self.0.elapsed().as_millis()).unwrap_or(u64::MAX).saturating_add(1)
    }
}

/// Moments in epoch milliseconds, each later than the one before, whatever the system's clock does.
#[derive(Debug, Default)]
pub(crate) struct Moments(AtomicI64);

impl Moments {
    pub(crate) fn next(&self) -> i64 {
        let now = epoch_ms();
        let later = |last: i64| now.max(last.saturating_add(1));
        let last = self.0.fetch_update(Relaxed, Relaxed, |last| Some(later(last)));
        later(last.unwrap_or_default())
    }
}

/// Now, by the runtime's clock: the one that its sleeps go by, also where a simulation sets it.
pub(crate) fn instant() -> std::time::Instant {
    Instant::now().into_std()
}

/// Milliseconds since 1970, for people.
pub(crate) fn epoch_ms() -> i64 {
    let elapsed = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(elapsed.as_millis()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_moments_are_never_the_same() {
        let moments = Moments::default();
        let before = epoch_ms();
        let taken: Vec<i64> = (0..1000).map(|_| moments.next()).collect();
        assert!(taken[0] >= before && taken.is_sorted_by(|one, next| one < next));
    }
}
