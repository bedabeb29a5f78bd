//! How busy every gateway was, second by second, over the last 15 minutes.
//!
//! One task asks all gateways once a second, also while nobody looks: whoever opens the page after an incident still sees it. What
//! comes is kept in a ring of [`KEPT`] samples; one costs about 130 bytes for each gateway that answered and 100 for each that did
//! not, so 15 minutes of 10 gateways are 1.2 MB.

pub mod binds;

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use chrono::Utc;
use futures_util::StreamExt as _;
use futures_util::stream::FuturesOrdered;
use gatepipe_client::{GatewayClient, Rates, Stats};
use gatepipe_proto::GatewayId;
use parking_lot::Mutex;
use serde::ser::{Serialize, SerializeSeq as _, Serializer};
use tokio::sync::broadcast;
use tokio::sync::broadcast::error::RecvError;
use tokio::time::MissedTickBehavior;

use crate::service::receipt::{Failed, failures};
use binds::{BindTimes, Percentiles};

/// Between two samples.
pub const INTERVAL: Duration = Duration::from_secs(1);
/// Samples that are kept: 15 minutes.
pub const KEPT: usize = 900;
/// Samples that somebody who watches may be behind; whoever is further behind goes on with the newest.
const BEHIND: usize = 8;
/// Samples that wait for a gateway at once. A mute one delays them by the command timeout; should that be longer than this many
/// seconds, some are left out.
const WAITING: usize = 8;

macro_rules! numbers {
    ($($(#[$doc:meta])* $name:ident: $type:ty,)*) => {
        /// How busy one gateway was.
        #[derive(Debug, Clone, Copy, PartialEq, serde::Serialize)]
        pub struct Numbers {
            $($(#[$doc])* pub $name: $type,)*
        }

        impl Numbers {
            /// The names of what [`Row`] writes, in its order.
            pub const COLUMNS: &'static [&'static str] = &[$(stringify!($name)),*];
        }

        /// Writes the numbers as an array, in the order of [`Numbers::COLUMNS`].
        impl Serialize for Row<'_> {
            fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
                let mut row = out.serialize_seq(Some(Numbers::COLUMNS.len()))?;
                $(row.serialize_element(&self.0.$name)?;)*
                row.end()
            }
        }
    };
}

/// The numbers of one gateway without their names.
#[derive(Debug, Clone, Copy)]
pub struct Row<'a>(pub &'a Numbers);

numbers! {
    /// It takes no new connections, and its clients are leaving.
    draining: bool,
    /// Connections, bound or not.
    clients: u64,
    /// Connections that are bound to a uid.
    bound_clients: u64,
    /// Distinct uids.
    uids: u64,
    /// Groups with a member.
    groups: u64,
    /// Subscriptions of workers.
    workers: u64,
    /// Bytes that wait in all outboxes together.
    queued_bytes: u64,
    /// Clients closed because they read too slowly, since the gateway's start.
    slow_closes: u64,
    /// Events that a worker's full queue did not take, since the gateway's start.
    events_dropped: u64,
    /// Clients that connected, a second.
    opened_per_s: f32,
    /// Clients that left, a second.
    closed_per_s: f32,
    /// Frames from clients, a second.
    frames_in_per_s: f32,
    /// Frames to clients, a second.
    frames_out_per_s: f32,
    /// Bytes from clients, a second.
    bytes_in_per_s: f32,
    /// Bytes to clients, a second.
    bytes_out_per_s: f32,
    /// Commands taken, a second.
    commands_per_s: f32,
    /// Events told to workers, a second.
    events_per_s: f32,
}

impl From<&Stats> for Numbers {
    fn from(stats: &Stats) -> Self {
        // One digit is enough for a chart, and keeps the text short.
        let rate = |rate: f64| ((rate * 10.0).round() / 10.0) as f32;
        Self {
            draining: stats.draining,
            clients: stats.clients,
            bound_clients: stats.bound_clients,
            uids: stats.uids,
            groups: stats.groups,
            workers: stats.workers,
            queued_bytes: stats.queued_bytes,
            slow_closes: stats.totals.slow_closes,
            events_dropped: stats.totals.events_dropped,
            opened_per_s: rate(stats.rates.opened),
            closed_per_s: rate(stats.rates.closed),
            frames_in_per_s: rate(stats.rates.frames_in),
            frames_out_per_s: rate(stats.rates.frames_out),
            bytes_in_per_s: rate(stats.rates.bytes_in),
            bytes_out_per_s: rate(stats.rates.bytes_out),
            commands_per_s: rate(stats.rates.commands),
            events_per_s: rate(stats.rates.events),
        }
    }
}

/// Clients of all gateways that ended, a minute, by why: averages of the last ten seconds or so.
#[derive(Debug, Clone, Copy, Default, PartialEq, serde::Serialize)]
pub struct Closes {
    /// They said goodbye, or their connection broke.
    pub left: f32,
    /// They should come back, to another gateway.
    pub drained: f32,
    /// They should not come back: forced offline, or replaced by a newer login.
    pub ended: f32,
    /// They gave no sign of life.
    pub silent: f32,
    /// They read too slowly.
    pub slow: f32,
    /// Any other reason.
    pub other: f32,
}

impl Closes {
    /// The names of what [`Closes::row`] gives, in its order.
    pub const REASONS: [&'static str; 6] = ["left", "drained", "ended", "silent", "slow", "other"];

    /// The numbers without their names.
    #[must_use]
    pub fn row(&self) -> [f32; 6] {
        [self.left, self.drained, self.ended, self.silent, self.slow, self.other]
    }

    fn of<'a>(all: impl Iterator<Item = &'a Rates>) -> Self {
        let mut sums = [0.0; 6];
        for rates in all {
            let known = [
                rates.closed_left,
                rates.closed_drained,
                rates.closed_ended,
                rates.closed_silent,
                rates.slow_closes,
            ];
            let other = (rates.closed - known.iter().sum::<f64>()).max(0.0);
            for (sum, rate) in sums.iter_mut().zip(known.into_iter().chain([other])) {
                *sum += rate;
            }
        }
        // One digit is enough for a chart, and keeps the text short.
        let [left, drained, ended, silent, slow, other] =
            sums.map(|sum| ((sum * 600.0).round() / 10.0) as f32);
        Self { left, drained, ended, silent, slow, other }
    }
}

/// What all gateways said when they were asked once.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Sample {
    /// When they were asked, in milliseconds since 1970.
    pub at_ms: i64,
    /// Those that answered, in order.
    pub gateways: Vec<(GatewayId, Numbers)>,
    /// Those that did not. They are in no other list: silence is not zero.
    pub failed: Vec<Failed>,
    /// Why clients ended, on those that answered.
    pub closes: Closes,
    /// How long the binds of the last minute took that this process made; `None` when there were none.
    pub binds: Option<Percentiles>,
}

/// The beginning of a drain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DrainBegan {
    /// When it was first seen, in milliseconds since 1970.
    pub at_ms: i64,
    /// Clients that were there.
    pub clients: u64,
}

/// The last 15 minutes, and what comes. Cheap to clone; clones are the same.
#[derive(Clone)]
pub struct Recent(Arc<Shared>);

struct Shared {
    ring: Mutex<VecDeque<Arc<Sample>>>,
    newest: broadcast::Sender<Arc<Sample>>,
}

/// The samples that come, from the moment on at which [`Recent::watch`] was called.
pub struct Coming(broadcast::Receiver<Arc<Sample>>);

impl Default for Recent {
    fn default() -> Self {
        let ring = Mutex::new(VecDeque::with_capacity(KEPT));
        Self(Arc::new(Shared { ring, newest: broadcast::Sender::new(BEHIND) }))
    }
}

impl Recent {
    /// Adds a sample, in place of the oldest when there are [`KEPT`].
    pub fn push(&self, sample: Sample) {
        let sample = Arc::new(sample);
        let mut ring = self.0.ring.lock();
        if ring.len() == KEPT {
            ring.pop_front();
        }
        ring.push_back(Arc::clone(&sample));
        // Under the lock, so that whoever begins to watch now has it either in the past or in what comes. Nobody may watch.
        let _ = self.0.newest.send(sample);
    }

    /// When `gateway` began to drain, and with how many clients: as far as the kept samples tell. `None` while it does not drain,
    /// or began before the oldest of them.
    #[must_use]
    pub fn drain_of(&self, gateway: GatewayId) -> Option<DrainBegan> {
        let ring = self.0.ring.lock();
        let numbers = |sample: &Sample| {
            let found = sample.gateways.iter().find(|(id, _)| *id == gateway);
            found.map(|(_, numbers)| *numbers)
        };
        let mut began = None;
        for sample in ring.iter().rev() {
            match numbers(sample) {
                Some(numbers) if numbers.draining => {
                    began = Some(DrainBegan { at_ms: sample.at_ms, clients: numbers.clients });
                }
                // The last look before it knew: nobody had left yet.
                Some(numbers) => {
                    return began
                        .map(|began| DrainBegan { clients: numbers.clients.max(began.clients), ..began });
                }
                // It was silent for a moment.
                None => {}
            }
        }
        began
    }

    /// Everything that is kept, oldest first, and what follows it without a gap.
    #[must_use]
    pub fn watch(&self) -> (Vec<Arc<Sample>>, Coming) {
        let ring = self.0.ring.lock();
        (ring.iter().cloned().collect(), Coming(self.0.newest.subscribe()))
    }
}

impl Coming {
    /// The next sample, or the newest for who fell too far behind, with the number of those that were left out for it. `None` when
    /// no more will come.
    pub async fn next(&mut self) -> Option<(Arc<Sample>, u64)> {
        let mut left_out = 0;
        loop {
            match self.0.recv().await {
                Ok(_) if left_out > 0 && !self.0.is_empty() => left_out += 1,
                Ok(sample) => return Some((sample, left_out)),
                Err(RecvError::Lagged(count)) => left_out += count,
                Err(RecvError::Closed) => return None,
            }
        }
    }
}

/// Asks all gateways once a second, for ever, and puts what they say into `recent` in the order of the questions, with what `binds`
/// has.
pub async fn sample(gateways: GatewayClient, recent: Recent, binds: Arc<BindTimes>) {
    let mut seconds = tokio::time::interval(INTERVAL);
    seconds.set_missed_tick_behavior(MissedTickBehavior::Skip);
    let mut waiting = FuturesOrdered::new();
    loop {
        tokio::select! {
            _ = seconds.tick(), if waiting.len() < WAITING => {
                waiting.push_back(Box::pin(ask(&gateways, binds.end_second())));
            }
            Some(sample) = waiting.next() => recent.push(sample),
        }
    }
}

async fn ask(gateways: &GatewayClient, binds: Option<Percentiles>) -> Sample {
    let at_ms = Utc::now().timestamp_millis();
    let answer = gateways.stats().await;
    let numbers = answer.value.iter().map(|(gateway, stats)| (*gateway, Numbers::from(stats)));
    let closes = Closes::of(answer.value.values().map(|stats| &stats.rates));
    let gateways = numbers.collect();
    Sample { at_ms, gateways, failed: failures(answer.failed, answer.blind), closes, binds }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(at_ms: i64) -> Sample {
        Sample { at_ms, ..Sample::default() }
    }

    #[test]
    fn the_ring_keeps_the_last_15_minutes() {
        let recent = Recent::default();
        assert!(recent.watch().0.is_empty());
        for second in 0..1_000 {
            recent.push(at(second));
        }
        let (past, _) = recent.watch();
        assert_eq!((past.len(), past[0].at_ms, past[899].at_ms), (900, 100, 999));
    }

    #[test]
    fn a_drain_is_measured_from_the_last_look_before_it() {
        let (draining, other) = (GatewayId::random(), GatewayId::random());
        let recent = Recent::default();
        let look = |at_ms, is_draining, clients| {
            let numbers = Numbers::from(&Stats { draining: is_draining, clients, ..Stats::default() });
            let still = Numbers::from(&Stats { clients: 7, ..Stats::default() });
            recent.push(Sample { gateways: vec![(draining, numbers), (other, still)], ..at(at_ms) });
        };
        assert_eq!(recent.drain_of(draining), None);
        look(1_000, false, 120);
        assert_eq!(recent.drain_of(draining), None);
        look(2_000, true, 80);
        recent.push(at(3_000));
        look(4_000, true, 20);
        assert_eq!(recent.drain_of(draining), Some(DrainBegan { at_ms: 2_000, clients: 120 }));
        assert_eq!(recent.drain_of(other), None);
        assert_eq!(recent.drain_of(GatewayId::random()), None);
    }

    #[tokio::test]
    async fn past_and_future_meet_without_a_gap() {
        let recent = Recent::default();
        recent.push(at(1));
        let (past, mut coming) = recent.watch();
        recent.push(at(2));
        recent.push(at(3));
        assert_eq!(past.iter().map(|sample| sample.at_ms).collect::<Vec<_>>(), [1]);
        for expected in [2, 3] {
            let (sample, left_out) = coming.next().await.unwrap();
            assert_eq!((sample.at_ms, left_out), (expected, 0));
        }
        drop(recent);
        assert!(coming.next().await.is_none());
    }

    #[tokio::test]
    async fn who_is_far_behind_goes_on_with_the_newest() {
        let recent = Recent::default();
        let (_, mut coming) = recent.watch();
        for second in 1..=8 {
            recent.push(at(second));
        }
        let (sample, left_out) = coming.next().await.unwrap();
        assert_eq!((sample.at_ms, left_out), (1, 0), "eight may wait");
        for second in 9..=30 {
            recent.push(at(second));
        }
        let (sample, left_out) = coming.next().await.unwrap();
        assert_eq!((sample.at_ms, left_out), (30, 28));
        recent.push(at(31));
        assert_eq!(coming.next().await.unwrap().0.at_ms, 31);
    }

    #[test]
    fn closes_of_all_gateways_are_counted_by_the_minute_and_each_once() {
        let one = Rates { closed: 3.0, closed_left: 1.0, slow_closes: 0.5, ..Rates::default() };
        let two = Rates { closed: 0.55, closed_silent: 0.5, closed_ended: 0.05, ..Rates::default() };
        let closes = Closes::of([one, two].iter());
        assert_eq!(closes.row(), [60.0, 0.0, 3.0, 30.0, 30.0, 90.0]);
        let named = serde_json::to_value(closes).unwrap();
        let named = named.as_object().unwrap();
        for (reason, number) in Closes::REASONS.iter().zip(closes.row()) {
            assert_eq!(named[*reason], number);
        }
    }

    #[test]
    fn a_row_has_the_numbers_in_the_order_of_the_columns() {
        let stats = Stats { clients: 7, queued_bytes: 9, ..Stats::default() };
        let stats = Stats { rates: gatepipe_client::Rates { opened: 1.25, ..stats.rates }, ..stats };
        let numbers = Numbers::from(&stats);
        let named = serde_json::to_value(numbers).unwrap();
        let row = serde_json::to_value(Row(&numbers)).unwrap();
        let named: Vec<_> = named.as_object().unwrap().iter().collect();
        assert_eq!(named.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>(), Numbers::COLUMNS);
        assert_eq!(
            &named.iter().map(|(_, value)| (*value).clone()).collect::<Vec<_>>(),
            row.as_array().unwrap()
        );
        let text = serde_json::to_string(&Row(&numbers)).unwrap();
        assert_eq!(text, "[false,7,0,0,0,0,9,0,0,1.3,0.0,0.0,0.0,0.0,0.0,0.0,0.0]");
    }
}
