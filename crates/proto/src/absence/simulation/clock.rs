//! Time: counted in microseconds for everybody, and as each one's own clock shows it.

use std::sync::OnceLock;
use std::time::{Duration, Instant};

/// Microseconds since the start of the world.
pub(super) type Time = u64;

pub(super) const MILLI: Time = 1_000;
pub(super) const SECOND: Time = 1_000 * MILLI;

/// A clock that began somewhen and goes a little too fast or too slow.
#[derive(Debug, Clone, Copy)]
pub(super) struct Clock {
    pub(super) ahead: Duration,
    /// Thousandths of a true second that it counts in one: 960 to 1,040, so that two differ by less than a tenth.
    pub(super) speed: u64,
}

impl Clock {
    pub(super) fn shows(self, now: Time) -> Instant {
        beginning() + self.ahead + Duration::from_nanos(now * self.speed)
    }

    /// When it shows `instant`, or has just done so.
    pub(super) fn when(self, instant: Instant) -> Time {
        let counted = instant.saturating_duration_since(beginning() + self.ahead).as_nanos();
        Time::try_from(counted).unwrap().div_ceil(self.speed)
    }
}

fn beginning() -> Instant {
    static BEGINNING: OnceLock<Instant> = OnceLock::new();
    *BEGINNING.get_or_init(Instant::now)
}
