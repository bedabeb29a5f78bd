//! How long a page waits before it comes back: pure, randomness passed in.

use std::time::Duration;

const FIRST: Duration = Duration::from_secs(1);
const CEILING: Duration = Duration::from_secs(30);
/// Added to each wait and kept inside the ceiling, so that pages that were closed together do not return together.
const JITTER: Duration = Duration::from_secs(1);
/// No hint of a server spreads a return further than this.
const WIDEST_SPREAD: Duration = Duration::from_secs(300);

/// The attempts since the last connection that held.
#[derive(Debug)]
pub struct Attempts {
    made: u32,
    limit: u32,
}

/// When to come back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum When {
    /// With backoff.
    Backoff,
    /// Soon.
    Soon,
    /// At any time within the server's hint.
    Within(Duration),
}

impl Attempts {
    pub fn new(limit: u32) -> Self {
        Self { made: 0, limit }
    }

    /// A connection held: the next series starts anew.
    pub fn reset(&mut self) {
        self.made = 0;
    }

    /// How long to wait before the next attempt; `None` after the last. `random` is in 0.0..1.0.
    pub fn next(&mut self, when: When, random: f64) -> Option<Duration> {
        if self.made >= self.limit {
            return None;
        }
        let random = random.clamp(0.0, 1.0);
        let wait = match when {
            When::Backoff => {
                let whole = FIRST.saturating_mul(1 << self.made.min(10));
                whole.min(CEILING - JITTER) + JITTER.mul_f64(random)
            }
            When::Soon => JITTER.mul_f64(random),
            When::Within(hint) => hint.min(WIDEST_SPREAD).mul_f64(random),
        };
        self.made += 1;
        Some(wait)
    }

    /// Attempts made since the last connection that held.
    pub fn made(&self) -> u32 {
        self.made
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_inside_the_ceiling_and_end_after_the_limit() {
        let series = |random| {
            let mut attempts = Attempts::new(7);
            let mut waits = Vec::new();
            while let Some(wait) = attempts.next(When::Backoff, random) {
                waits.push(wait.as_secs());
            }
            waits
        };
        assert_eq!(series(0.0), [1, 2, 4, 8, 16, 29, 29]);
        assert_eq!(series(1.0), [2, 3, 5, 9, 17, 30, 30]);
    }

    #[test]
    fn a_connection_that_held_starts_the_series_anew() {
        let mut attempts = Attempts::new(1);
        assert!(attempts.next(When::Soon, 0.5).is_some());
        assert_eq!(attempts.next(When::Soon, 0.5), None);
        attempts.reset();
        assert!(attempts.next(When::Soon, 0.5).is_some());
    }

    #[test]
    fn a_hint_spreads_the_return_but_not_without_end() {
        let mut attempts = Attempts::new(10);
        let hint = When::Within(Duration::from_millis(2_500));
        assert_eq!(attempts.next(hint, 0.0), Some(Duration::ZERO));
        assert_eq!(attempts.next(hint, 1.0), Some(Duration::from_millis(2_500)));
        let absurd = When::Within(Duration::MAX);
        assert_eq!(attempts.next(absurd, 1.0), Some(Duration::from_secs(300)));
    }
}
