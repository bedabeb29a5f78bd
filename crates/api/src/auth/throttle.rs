//! How often somebody may try, in bounded memory.
//!
//! A generic cell rate algorithm: a cell remembers one moment, from which it is clear how many attempts are free now. Keys are
//! hashed into a fixed number of cells with a key of this process, so memory does not grow with the names that are tried; two
//! keys that fall into one cell share its attempts. Time is passed in.

use std::hash::{BuildHasher as _, Hash, RandomState};
use std::num::NonZeroU32;
use std::time::{Duration, Instant};

use parking_lot::Mutex;

const CELLS: usize = 16_384;

/// Allows `limit` attempts at once for each key, which come back evenly over a minute.
pub struct Throttle {
    hasher: RandomState,
    cells: Mutex<Cells>,
    start: Instant,
}

struct Cells {
    /// One attempt comes back after this long.
    interval: Duration,
    limit: u32,
    /// When each cell is empty again, counted from `start`.
    empty_at: Vec<Duration>,
}

impl Throttle {
    /// `per_minute` attempts a minute for each key.
    #[must_use]
    pub fn new(per_minute: NonZeroU32, start: Instant) -> Self {
        Self {
            hasher: RandomState::new(),
            cells: Mutex::new(Cells {
                interval: Duration::from_secs(60) / per_minute.get(),
                limit: per_minute.get(),
                empty_at: vec![Duration::ZERO; CELLS],
            }),
            start,
        }
    }

    /// From now on `per_minute` attempts a minute for each key. What was used up is used up.
    pub fn set_per_minute(&self, per_minute: NonZeroU32) {
        let mut cells = self.cells.lock();
        cells.interval = Duration::from_secs(60) / per_minute.get();
        cells.limit = per_minute.get();
    }

    /// Takes an attempt.
    ///
    /// # Errors
    /// How long to wait until one is free, when none is.
    pub fn take(&self, key: &impl Hash, now: Instant) -> Result<(), Duration> {
        let now = now.saturating_duration_since(self.start);
        let Cells { interval, limit, empty_at } = &mut *self.cells.lock();
        let cell = &mut empty_at[self.cell(key)];
        let full_again = (*cell).max(now) + *interval;
        let most = now + *interval * *limit;
        if full_again > most {
            return Err(full_again - most);
        }
        *cell = full_again;
        Ok(())
    }

    /// Gives an attempt back that turned out to be fine.
    pub fn give_back(&self, key: &impl Hash) {
        let Cells { interval, empty_at, .. } = &mut *self.cells.lock();
        let cell = &mut empty_at[self.cell(key)];
        *cell = cell.saturating_sub(*interval);
    }

    fn cell(&self, key: &impl Hash) -> usize {
        // The remainder is below CELLS and fits.
        (self.hasher.hash_one(key) % CELLS as u64) as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attempts_run_out_and_come_back_one_by_one() {
        let start = Instant::now();
        let at = |seconds| start + Duration::from_secs(seconds);
        let throttle = Throttle::new(NonZeroU32::new(6).unwrap(), start);
        for _ in 0..6 {
            assert_eq!(throttle.take(&"ana", at(0)), Ok(()));
        }
        assert_eq!(throttle.take(&"ana", at(0)), Err(Duration::from_secs(10)));
        assert_eq!(throttle.take(&"ana", at(4)), Err(Duration::from_secs(6)));
        assert_eq!(throttle.take(&"ana", at(10)), Ok(()));
        assert!(throttle.take(&"ana", at(10)).is_err());
        throttle.give_back(&"ana");
        assert_eq!(throttle.take(&"ana", at(10)), Ok(()));
    }

    #[test]
    fn others_are_not_held_up_and_memory_does_not_grow() {
        let start = Instant::now();
        let throttle = Throttle::new(NonZeroU32::MIN, start);
        let free = (0..100_000).filter(|name| throttle.take(name, start).is_ok()).count();
        assert_eq!(throttle.cells.lock().empty_at.len(), CELLS);
        assert!(free > CELLS * 9 / 10, "{free}");
    }
}
