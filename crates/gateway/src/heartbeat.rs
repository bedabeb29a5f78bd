//! When to ping, and when silence is death. Pure: time is passed in.
//!
//! Any inbound frame is a sign of life. With an interval of I and a limit of L a silent client is pinged after 0.9 to 1 I (and
//! again each I), and lost between (L + 0.5) and (L + 1) I after its last frame. The sweep looks at least 20 times an
//! interval, so the thresholds stand a little inside those bounds.

use std::time::Duration;

/// How often a client is pinged and how long it may be silent.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Heartbeat {
    interval_ms: u64,
    limit: u32,
}

/// What a client's silence calls for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    Fine,
    Ping,
    Lost,
}

impl Heartbeat {
    /// An `interval` of zero never pings nor loses anyone; a `limit` of 0 never loses anyone.
    pub(crate) fn new(interval: Duration, limit: u32) -> Self {
        Self { interval_ms: u64::try_from(interval.as_millis()).unwrap_or(u64::MAX), limit }
    }

    /// How often to look: a twentieth of the interval, between 5 ms and 1 s.
    pub(crate) fn period(self) -> Duration {
        match self.interval_ms {
            0 => Duration::from_secs(1),
            interval => Duration::from_millis((interval / 20).clamp(5, 1000)),
        }
    }

    /// Judges a client that sent its last frame `silent_ms` ago and was pinged `pings` times since.
    pub(crate) fn judge(self, silent_ms: u64, pings: u32) -> Verdict {
        if self.interval_ms == 0 {
            return Verdict::Fine;
        }
        // In thousandths of an interval.
        let silence = u128::from(silent_ms) * 1000 / u128::from(self.interval_ms);
        if self.limit > 0 && silence >= u128::from(self.limit) * 1000 + 600 {
            Verdict::Lost
        } else if silence >= u128::from(pings) * 1000 + 910 {
            Verdict::Ping
        } else {
            Verdict::Fine
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Plays one silent client from its last frame on; gives the times of its pings and of its loss, in milliseconds.
    fn silence(interval_ms: u64, limit: u32, until_ms: u64, offset_ms: u64) -> (Vec<u64>, Option<u64>) {
        let heartbeat = Heartbeat::new(Duration::from_millis(interval_ms), limit);
        let period = u64::try_from(heartbeat.period().as_millis()).unwrap();
        let mut pings = Vec::new();
        let mut now = offset_ms;
        while now < until_ms {
            match heartbeat.judge(now, u32::try_from(pings.len()).unwrap()) {
                Verdict::Fine => {}
                Verdict::Ping => pings.push(now),
                Verdict::Lost => return (pings, Some(now)),
            }
            now += period;
        }
        (pings, None)
    }

    #[test]
    fn the_first_ping_and_the_loss_fall_into_their_windows() {
        for interval in [200, 1000, 5000, 55_000] {
            for limit in [1, 2, 3] {
                for offset in 0..Heartbeat::new(Duration::from_millis(interval), limit).period().as_millis() {
                    let (pings, lost) =
                        silence(interval, limit, interval * 5, u64::try_from(offset).unwrap());
                    let first = pings[0];
                    assert!(
                        first * 10 >= interval * 9 && first <= interval,
                        "ping after {first} of {interval}"
                    );
                    assert_eq!(pings.len(), limit as usize);
                    let lost = lost.expect("silent for five intervals");
                    let (earliest, latest) =
                        (interval * u64::from(limit) + interval / 2, interval * u64::from(limit + 1));
                    assert!((earliest..=latest).contains(&lost), "lost after {lost} of {interval} x {limit}");
                }
            }
        }
    }

    #[test]
    fn a_limit_of_zero_pings_for_ever_and_an_interval_of_zero_never() {
        let (pings, lost) = silence(1000, 0, 10_000, 0);
        assert_eq!((pings.len(), lost), (10, None));
        assert_eq!(Heartbeat::new(Duration::ZERO, 1).judge(u64::MAX, 0), Verdict::Fine);
    }
}
