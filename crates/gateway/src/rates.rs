//! How fast the counters move: what has been counted over the last ten seconds or so, by the second.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use gatepipe_proto::v1;
use parking_lot::Mutex;
use tokio::time::MissedTickBehavior;

use crate::client::Common;

/// Between two samples.
const STEP: Duration = Duration::from_secs(1);
/// Samples that are kept, the oldest about ten seconds old.
const KEPT: usize = 11;

/// The last samples of the counters. Cheap to ask.
#[derive(Debug)]
pub(crate) struct Rates(Mutex<Window>);

impl Rates {
    /// Rates of counters that stand at zero now.
    pub(crate) fn new(now: u64) -> Arc<Self> {
        let mut window = Window::default();
        window.note(now, v1::Totals::default());
        Arc::new(Self(Mutex::new(window)))
    }

    /// Takes a sample every second until it is dropped.
    pub(crate) async fn sample(self: Arc<Self>, common: Arc<Common>) {
        let mut tick = tokio::time::interval(STEP);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tick.tick().await;
            self.0.lock().note(common.clock().now(), common.metrics.totals());
        }
    }

    /// How much of each a second, and over how many milliseconds. `now` is in the gateway's milliseconds.
    pub(crate) fn since(&self, now: u64, totals: &v1::Totals) -> (v1::Rates, u32) {
        self.0.lock().since(now, totals)
    }
}

#[derive(Debug, Default)]
struct Window(VecDeque<(u64, v1::Totals)>);

impl Window {
    fn note(&mut self, now: u64, totals: v1::Totals) {
        self.0.push_back((now, totals));
        if self.0.len() > KEPT {
            self.0.pop_front();
        }
    }

    fn since(&self, now: u64, totals: &v1::Totals) -> (v1::Rates, u32) {
        let Some((at, before)) = self.0.front().filter(|(at, _)| *at < now) else {
            return (v1::Rates::default(), 0);
        };
        let elapsed_ms = now - at;
        let rate = |now: u64, before: u64| now.saturating_sub(before) as f64 * 1000.0 / elapsed_ms as f64;
        let rates = v1::Rates {
            opened: rate(totals.opened, before.opened),
            closed: rate(totals.closed, before.closed),
            frames_in: rate(totals.frames_in, before.frames_in),
            frames_out: rate(totals.frames_out, before.frames_out),
            bytes_in: rate(totals.bytes_in, before.bytes_in),
            bytes_out: rate(totals.bytes_out, before.bytes_out),
            commands: rate(totals.commands, before.commands),
            events: rate(totals.events, before.events),
            closed_left: rate(totals.closed_left, before.closed_left),
            closed_drained: rate(totals.closed_drained, before.closed_drained),
            closed_ended: rate(totals.closed_ended, before.closed_ended),
            closed_silent: rate(totals.closed_silent, before.closed_silent),
            slow_closes: rate(totals.slow_closes, before.slow_closes),
        };
        (rates, u32::try_from(elapsed_ms).unwrap_or(u32::MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn totals(opened: u64, bytes_out: u64) -> v1::Totals {
        v1::Totals { opened, bytes_out, ..v1::Totals::default() }
    }

    #[test]
    fn what_came_since_the_oldest_sample_is_told_by_the_second() {
        for (samples, now, expected, over_ms) in [
            (vec![], (500, totals(3, 3)), (0.0, 0.0), 0),
            (vec![(1, totals(0, 0))], (1, totals(7, 7)), (0.0, 0.0), 0),
            (vec![(1, totals(0, 0))], (501, totals(3, 100)), (6.0, 200.0), 500),
            (vec![(1, totals(10, 0)), (1001, totals(10, 0))], (2001, totals(30, 0)), (10.0, 0.0), 2000),
            // A counter never goes back; if it did, nothing would be told of it.
            (vec![(1, totals(10, 0))], (1001, totals(5, 0)), (0.0, 0.0), 1000),
        ] {
            let mut window = Window::default();
            for (at, totals) in samples {
                window.note(at, totals);
            }
            let (rates, told_over_ms) = window.since(now.0, &now.1);
            assert_eq!(((rates.opened, rates.bytes_out), told_over_ms), (expected, over_ms));
        }
    }

    #[test]
    fn only_the_last_ten_seconds_count() {
        let mut window = Window::default();
        for second in 0..60 {
            // A hundred a second at first, ten a second for the last twenty seconds.
            let opened = if second < 40 { second * 100 } else { 4000 + (second - 40) * 10 };
            window.note(1 + second * 1000, totals(opened, 0));
        }
        let (rates, over_ms) = window.since(1 + 59_500, &totals(4195, 0));
        assert_eq!((rates.opened, over_ms), (10.0, 10_500));
    }
}
