//! How many different names there are on several gateways, without moving the names (wire message `Distinct`).
//!
//! A gateway sends the lowest fingerprints of its names (the "k minimum values" sketch). While none had to leave one out the union
//! is counted exactly; beyond that, how dense the lowest ones are tells how many there are, within about 1.1 % (one standard
//! deviation: 1/√8192).

use std::collections::BTreeSet;
use std::hash::Hasher;

use siphasher::sip::SipHasher13;

use crate::v1;

/// Fingerprints that one gateway sends at most: 64 KiB.
pub const KEPT: usize = 8192;

/// A name in 64 bits, the same in every process and version.
#[must_use]
pub fn fingerprint(name: &str) -> u64 {
    let mut hasher = SipHasher13::new();
    hasher.write(name.as_bytes());
    hasher.finish()
}

/// What one gateway tells, from the fingerprints of its names; each may come several times.
#[must_use]
pub fn told(fingerprints: impl IntoIterator<Item = u64>) -> v1::Distinct {
    let mut all: Vec<u64> = fingerprints.into_iter().collect();
    all.sort_unstable();
    all.dedup();
    let count = all.len() as u64;
    all.truncate(KEPT);
    v1::Distinct { count, fingerprints: all }
}

/// How many different names several gateways have together.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct DistinctCount {
    /// The number, or the nearest guess.
    pub count: u64,
    /// `count` is what it is; otherwise it is off by about 1.1 % (one standard deviation).
    pub exact: bool,
}

/// Adds up what gateways tell.
#[derive(Debug, Clone, Default)]
pub struct Sum {
    fingerprints: BTreeSet<u64>,
    /// Below it every fingerprint of every gateway was told; `None`: everything was.
    complete_up_to: Option<u64>,
    highest_count: u64,
    sum: u64,
}

impl Sum {
    /// Takes in one gateway's answer.
    pub fn add(&mut self, told: &v1::Distinct) {
        self.highest_count = self.highest_count.max(told.count);
        self.sum = self.sum.saturating_add(told.count);
        if told.count > told.fingerprints.len() as u64 {
            let last = told.fingerprints.last().copied().unwrap_or(0);
            self.complete_up_to = Some(self.complete_up_to.map_or(last, |known| known.min(last)));
        }
        self.fingerprints.extend(&told.fingerprints);
        if let Some(last) = self.complete_up_to {
            // What lies above says nothing any more.
            drop(self.fingerprints.split_off(&last.saturating_add(1)));
        }
    }

    /// The names together.
    #[must_use]
    pub fn count(&self) -> DistinctCount {
        let seen = self.fingerprints.len() as u64;
        match self.complete_up_to {
            None => DistinctCount { count: seen, exact: true },
            // Only one gateway has any.
            Some(_) if self.highest_count == self.sum => DistinctCount { count: self.sum, exact: true },
            Some(last) => {
                let share = (last as f64 + 1.0) / 2_f64.powi(64);
                let guess = (seen.saturating_sub(1) as f64 / share).round() as u64;
                DistinctCount { count: guess.clamp(self.highest_count, self.sum), exact: false }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(names: std::ops::Range<u64>) -> v1::Distinct {
        told(names.map(|name| fingerprint(&name.to_string())))
    }

    fn together(parts: &[v1::Distinct]) -> DistinctCount {
        let mut sum = Sum::default();
        parts.iter().for_each(|part| sum.add(part));
        sum.count()
    }

    #[test]
    fn a_fingerprint_is_the_same_for_ever() {
        assert_eq!(fingerprint("1001"), 0x4c0c_7535_38a1_a417);
    }

    #[test]
    fn few_names_are_counted_exactly_wherever_they_are() {
        let cases = [
            (vec![], 0),
            (vec![of(0..10)], 10),
            (vec![of(0..10), of(5..20)], 20),
            (vec![of(0..8192), of(0..8192), of(8000..9000)], 9000),
            (vec![of(0..100_000)], 100_000),
            (vec![of(0..100_000), of(0..0)], 100_000),
        ];
        for (parts, count) in cases {
            assert_eq!(together(&parts), DistinctCount { count, exact: true });
        }
    }

    #[test]
    fn many_names_are_guessed_within_a_few_percent_and_never_outside_what_is_possible() {
        for (parts, truth) in [
            (vec![of(0..100_000), of(50_000..150_000)], 150_000_u64),
            (vec![of(0..100_000), of(100_000..200_000), of(0..5)], 200_000),
            (vec![of(0..50_000), of(0..50_000)], 50_000),
        ] {
            let DistinctCount { count, exact } = together(&parts);
            assert!(!exact);
            assert!(count.abs_diff(truth) * 100 <= truth * 5, "{count} instead of {truth}");
        }
    }
}
