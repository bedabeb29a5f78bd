//! How long binds took over the last minute, as far as this process made them.
//!
//! A histogram of fixed size for each of the last 60 seconds: 64 steps, each a quarter longer than the one before, from 0.1 ms to
//! more than two minutes. Noting is one addition; what is told is off by an eighth at most.

use std::collections::VecDeque;
use std::time::Duration;

use parking_lot::Mutex;

/// Seconds that are looked back.
const SECONDS: usize = 60;

const STEPS: usize = 64;
/// The end of the first step, in milliseconds.
const FIRST_MS: f64 = 0.1;
/// How much longer the end of a step is than that of the one before.
const GROWTH: f64 = 1.25;

type Counts = [u32; STEPS];

/// The binds of the last minute.
#[derive(Debug)]
pub struct BindTimes(Mutex<Window>);

#[derive(Debug)]
struct Window {
    /// This second.
    now: Counts,
    /// Those before, the oldest first.
    past: VecDeque<Counts>,
    /// All of `past`.
    sum: Counts,
}

/// What most of the binds took.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize)]
pub struct Percentiles {
    /// Half of them took no longer, in milliseconds.
    pub p50: f32,
    /// 19 of 20 took no longer, in milliseconds.
    pub p95: f32,
}

impl Default for BindTimes {
    fn default() -> Self {
        let past = VecDeque::with_capacity(SECONDS);
        Self(Mutex::new(Window { now: [0; STEPS], past, sum: [0; STEPS] }))
    }
}

impl BindTimes {
    /// Notes a bind.
    pub fn note(&self, took: Duration) {
        let count = &mut self.0.lock().now[step(took)];
        *count = count.saturating_add(1);
    }

    /// Ends a second; tells what the binds of the last 60 took, `None` when there were none.
    #[must_use]
    pub fn end_second(&self) -> Option<Percentiles> {
        self.0.lock().end_second()
    }
}

impl Window {
    fn end_second(&mut self) -> Option<Percentiles> {
        let ended = std::mem::replace(&mut self.now, [0; STEPS]);
        let oldest = match self.past.len() {
            SECONDS => self.past.pop_front(),
            _ => None,
        };
        for (step, sum) in self.sum.iter_mut().enumerate() {
            let gone = oldest.map_or(0, |oldest| oldest[step]);
            *sum = sum.saturating_sub(gone).saturating_add(ended[step]);
        }
        self.past.push_back(ended);
        let all: u64 = self.sum.iter().map(|count| u64::from(*count)).sum();
        let at = |share: f64| self.at((all as f64 * share).ceil().max(1.0));
        (all > 0).then(|| Percentiles { p50: at(0.5), p95: at(0.95) })
    }

    /// How long the bind took that is the `rank`th of all, the quickest being the first. One digit is enough for a chart.
    fn at(&self, rank: f64) -> f32 {
        let mut below = 0.0;
        for (step, count) in self.sum.iter().enumerate() {
            let count = f64::from(*count);
            if count > 0.0 && below + count >= rank {
                let (low, high) = (start_ms(step), start_ms(step + 1));
                let ms = low + (high - low) * (rank - below) / count;
                return ((ms * 10.0).round() / 10.0) as f32;
            }
            below += count;
        }
        start_ms(STEPS) as f32
    }
}

/// Where a step begins.
fn start_ms(step: usize) -> f64 {
    match step {
        0 => 0.0,
        step => FIRST_MS * GROWTH.powi(step as i32 - 1),
    }
}

fn step(took: Duration) -> usize {
    let ms = took.as_secs_f64() * 1_000.0;
    let steps = (ms / FIRST_MS).max(f64::MIN_POSITIVE).log(GROWTH).ceil();
    // Negative for what is shorter than the first; what is longer than the last is in it.
    (steps.max(0.0) as usize).min(STEPS - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_holds_what_is_no_longer_than_its_end() {
        for step_number in 0..STEPS - 1 {
            let end = Duration::from_secs_f64(start_ms(step_number + 1) * 0.999 / 1_000.0);
            assert_eq!(step(end), step_number);
        }
        assert_eq!(step(Duration::ZERO), 0);
        assert_eq!(step(Duration::MAX), STEPS - 1);
    }

    #[test]
    fn percentiles_are_off_by_little() {
        let times = BindTimes::default();
        for ms in 1..=100 {
            times.note(Duration::from_millis(ms));
        }
        let Percentiles { p50, p95 } = times.end_second().unwrap();
        assert!((44.0..56.0).contains(&p50), "{p50}");
        assert!((84.0..107.0).contains(&p95), "{p95}");
    }

    #[test]
    fn a_minute_is_remembered_and_no_more() {
        let times = BindTimes::default();
        assert_eq!(times.end_second(), None);
        times.note(Duration::from_millis(10));
        for _ in 0..SECONDS {
            assert!(times.end_second().is_some());
            assert!(times.0.lock().past.len() <= SECONDS);
        }
        assert_eq!(times.end_second(), None);
    }
}
