//! How long to wait before the next attempt: pure, randomness passed in.

use std::time::Duration;

/// Doubles from 50 ms to 1 s, each wait spread over its upper half, so that many who lost the same peer do not return at once.
#[derive(Debug, Default)]
pub(crate) struct Backoff {
    failures: u32,
}

const FIRST: Duration = Duration::from_millis(50);
/// Promised in the failure table: everything is known again within 2 s of a register's return.
const LONGEST: Duration = Duration::from_secs(1);

impl Backoff {
    /// How long to wait after one more failure. `random` is in 0.0..1.0.
    pub(crate) fn after_failure(&mut self, random: f64) -> Duration {
        let whole = FIRST.saturating_mul(1 << self.failures.min(10)).min(LONGEST);
        self.failures = self.failures.saturating_add(1);
        whole.mul_f64(0.5 + random.clamp(0.0, 1.0) / 2.0)
    }

    /// Tells whether what was reached lasted: then the shortest wait comes next again. What breaks off right away, such as a peer
    /// that dies at the first command, goes on backing off.
    pub(crate) fn lasted(&mut self, lived: Duration) -> bool {
        let lasted = lived >= LONGEST;
        if lasted {
            self.failures = 0;
        }
        lasted
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_a_second_and_never_pass_it() {
        let mut backoff = Backoff::default();
        let longest: Vec<_> = (0..8).map(|_| backoff.after_failure(1.0).as_millis()).collect();
        assert_eq!(longest, [50, 100, 200, 400, 800, 1000, 1000, 1000]);
        for _ in 0..100 {
            assert!(backoff.after_failure(0.999) <= Duration::from_secs(1));
        }
    }

    #[test]
    fn a_wait_is_spread_over_its_upper_half_and_a_lasting_success_starts_anew() {
        let mut backoff = Backoff::default();
        assert_eq!(backoff.after_failure(0.0), Duration::from_millis(25));
        assert_eq!(backoff.after_failure(0.5), Duration::from_millis(75));
        assert!(!backoff.lasted(Duration::from_millis(999)));
        assert_eq!(backoff.after_failure(1.0), Duration::from_millis(200));
        assert!(backoff.lasted(Duration::from_secs(1)));
        assert_eq!(backoff.after_failure(1.0), Duration::from_millis(50));
    }
}
