//! One look at every client now and then: silence, slow reading, no uid, and all outboxes together. No timer per connection.

use std::sync::Arc;
use std::time::Duration;

use gatepipe_proto::CloseCode;
use tokio::sync::watch;
use tokio::time::{Interval, MissedTickBehavior};

use crate::client::{Client, Closing, Common};
use crate::config::Config;
use crate::encode::{self, Frame};
use crate::heartbeat::{Heartbeat, Verdict};
use crate::hub::Hub;
use crate::metrics::Slow;

/// Clients between two pauses.
const CHUNK: usize = 256;

/// What the sweep looks for.
#[derive(Debug)]
pub(crate) struct Sweep {
    pub(crate) hub: Arc<Hub>,
    pub(crate) common: Arc<Common>,
    pub(crate) rules: watch::Receiver<SweepRules>,
}

/// For what it looks; may change while it runs.
#[derive(Debug, Clone)]
pub(crate) struct SweepRules {
    pub(crate) heartbeat: Heartbeat,
    pub(crate) ping: Frame,
    /// How long the oldest byte of an outbox may wait.
    pub(crate) outbox_age: Duration,
    /// How long a client may be without a uid; zero: for ever.
    pub(crate) bind_timeout: Duration,
}

/// What a look at a client calls for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Due {
    Nothing,
    Ping,
    /// Silent for too long.
    Lost,
    /// Without a uid for too long.
    NotBound,
    /// Its oldest byte has waited for too long.
    TooSlow,
}

/// How often to look for something that may last this long: 20 times, but not more often than the clock is worth.
fn period_of(longest: Duration) -> Duration {
    (longest / 20).max(Duration::from_millis(5))
}

impl SweepRules {
    pub(crate) fn of(config: &Config) -> Self {
        Self {
            heartbeat: Heartbeat::new(config.ping_interval, config.ping_not_response_limit),
            ping: if config.ping_data.is_empty() { encode::ping() } else { encode::text(&config.ping_data) },
            outbox_age: config.outbox_age,
            bind_timeout: config.bind_timeout,
        }
    }

    fn tick(&self) -> Interval {
        let mut period = self.heartbeat.period().min(period_of(self.outbox_age));
        if !self.bind_timeout.is_zero() {
            period = period.min(period_of(self.bind_timeout));
        }
        let mut tick = tokio::time::interval(period);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        tick
    }

    fn due(&self, client: &Client, now: u64) -> Due {
        if client.waiting_ms(now) > millis(self.outbox_age) {
            return Due::TooSlow;
        }
        if !self.bind_timeout.is_zero() && client.unbound_ms(now) > millis(self.bind_timeout) {
            return Due::NotBound;
        }
        match client.judge(self.heartbeat, now) {
            Verdict::Fine => Due::Nothing,
            Verdict::Ping => Due::Ping,
            Verdict::Lost => Due::Lost,
        }
    }
}

impl Sweep {
    /// Sweeps until it is dropped.
    pub(crate) async fn run(mut self) {
        let mut rules = self.rules.borrow_and_update().clone();
        let mut tick = rules.tick();
        loop {
            tokio::select! {
                _ = tick.tick() => self.look(&rules).await,
                () = self.common.rules.budget.passed() => self.make_room(),
                Ok(()) = self.rules.changed() => {
                    rules = self.rules.borrow_and_update().clone();
                    tick = rules.tick();
                }
            }
        }
    }

    async fn look(&self, rules: &SweepRules) {
        let now = self.common.clock().now();
        let due = self.hub.select(|client| rules.due(client, now) != Due::Nothing);
        for chunk in due.chunks(CHUNK) {
            for client in chunk {
                self.attend(rules, client, now);
            }
            tokio::task::yield_now().await;
        }
    }

    /// Judged once more: a bind or a sign of life may have come since the look.
    fn attend(&self, rules: &SweepRules, client: &Client, now: u64) {
        match rules.due(client, now) {
            Due::Nothing => {}
            Due::Ping => {
                self.common.metrics.pings.inc();
                client.ping(&rules.ping);
            }
            Due::Lost => {
                tracing::debug!(client_id = %client.id, "closing a silent client");
                client.close(&Closing::new(CloseCode::HEARTBEAT_LOST, "no sign of life"));
            }
            Due::NotBound => {
                tracing::debug!(client_id = %client.id, "closing a client that was not bound in time");
                client.close(&Closing::new(CloseCode::NOT_BOUND, "not bound in time"));
            }
            Due::TooSlow => {
                tracing::debug!(client_id = %client.id, queued_bytes = client.queued(), "closing a slow reader by age");
                client.close_slow(Slow::Age);
            }
        }
    }

    /// Closes the clients with the largest outboxes until all outboxes together fit again.
    fn make_room(&self) {
        let budget = &self.common.rules.budget;
        if !budget.is_over() {
            return;
        }
        let mut waiting: Vec<_> = self.hub.select(|client| client.waiting_ms(u64::MAX) > 0);
        waiting.sort_by_cached_key(|client| std::cmp::Reverse(client.queued()));
        for client in waiting {
            if !budget.is_over() {
                return;
            }
            tracing::warn!(client_id = %client.id, queued_bytes = client.queued(), "outboxes are full: closing the largest");
            client.close_slow(Slow::Total);
        }
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
