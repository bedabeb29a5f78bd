//! One look at every client now and then: silence, slow reading, and all outboxes together. No timer per connection.

use std::sync::Arc;
use std::time::Duration;

use gatepipe_proto::CloseCode;
use tokio::time::MissedTickBehavior;

use crate::client::{Client, Closing, Common};
use crate::encode::Frame;
use crate::heartbeat::{Heartbeat, Verdict};
use crate::hub::Hub;

/// Clients between two pauses.
const CHUNK: usize = 256;

/// What the sweep looks for.
#[derive(Debug)]
pub(crate) struct Sweep {
    pub(crate) hub: Arc<Hub>,
    pub(crate) common: Arc<Common>,
    pub(crate) heartbeat: Heartbeat,
    pub(crate) ping: Frame,
    /// How long the oldest byte of an outbox may wait.
    pub(crate) outbox_age: Duration,
}

impl Sweep {
    /// Sweeps until it is dropped.
    pub(crate) async fn run(self) {
        let period = self.heartbeat.period().min((self.outbox_age / 20).max(Duration::from_millis(5)));
        let mut tick = tokio::time::interval(period);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                _ = tick.tick() => self.look().await,
                () = self.common.budget.passed() => self.make_room(),
            }
        }
    }

    async fn look(&self) {
        let now = self.common.clock.now();
        let max_waiting_ms = u64::try_from(self.outbox_age.as_millis()).unwrap_or(u64::MAX);
        let due = self.hub.select(|client| {
            client.waiting_ms(now) > max_waiting_ms || client.judge(self.heartbeat, now) != Verdict::Fine
        });
        for chunk in due.chunks(CHUNK) {
            for client in chunk {
                if client.waiting_ms(now) > max_waiting_ms {
                    tracing::debug!(client_id = %client.id, queued_bytes = client.queued(), "closing a slow reader by age");
                    client.close_slow();
                } else {
                    self.attend(client, now);
                }
            }
            tokio::task::yield_now().await;
        }
    }

    fn attend(&self, client: &Client, now: u64) {
        match client.judge(self.heartbeat, now) {
            Verdict::Fine => {}
            Verdict::Ping => {
                self.common.metrics.pings.inc();
                client.ping(&self.ping);
            }
            Verdict::Lost => {
                tracing::debug!(client_id = %client.id, "closing a silent client");
                client.close(&Closing::new(CloseCode::HEARTBEAT_LOST, "no sign of life"));
            }
        }
    }

    /// Closes the clients with the largest outboxes until all outboxes together fit again.
    fn make_room(&self) {
        let budget = &self.common.budget;
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
            client.close_slow();
        }
    }
}
