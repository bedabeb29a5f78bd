//! The roster behind its one lock, and everyone who watches it. Changes are told in the order they happen, under that lock.

use std::sync::Arc;

use gatepipe_proto::{GatewayId, v1};
use parking_lot::Mutex;
use tokio::sync::{Notify, broadcast};
use tokio::time::Instant;

use crate::metrics::Metrics;
use crate::roster::{Change, Claim, Member, NotTaken, Roster, StreamId, What};

/// Changes that a slow watcher may be behind; past it, it gets a fresh snapshot.
const BEHIND: usize = 256;

/// See the head of this file.
#[derive(Debug)]
pub(crate) struct Shared {
    roster: Mutex<Roster>,
    changes: broadcast::Sender<v1::WatchEvent>,
    /// A lease has begun to run out.
    lost: Notify,
    metrics: Arc<Metrics>,
}

impl Shared {
    pub(crate) fn new(roster: Roster, metrics: Arc<Metrics>) -> Self {
        let (changes, _) = broadcast::channel(BEHIND);
        Self { roster: Mutex::new(roster), changes, lost: Notify::new(), metrics }
    }

    /// The list now, and every change after it.
    pub(crate) fn watch(&self) -> (v1::WatchEvent, broadcast::Receiver<v1::WatchEvent>) {
        let roster = self.roster.lock();
        let gateways = roster.members().map(entry).collect();
        let snapshot = v1::watch_event::Event::Snapshot(v1::Snapshot { gateways });
        let event = v1::WatchEvent { version: roster.version(), event: Some(snapshot) };
        (event, self.changes.subscribe())
    }

    /// Gives the version after it.
    pub(crate) fn announce(&self, member: Member, stream: StreamId) -> Result<u64, NotTaken> {
        let mut roster = self.roster.lock();
        let change = roster.announce(member, stream)?;
        self.tell(&roster, change);
        Ok(roster.version())
    }

    pub(crate) fn evict(&self, claim: &Claim) {
        let mut roster = self.roster.lock();
        let change = roster.evict(claim);
        self.tell(&roster, change);
    }

    /// Gives the version after it.
    pub(crate) fn leave(&self, id: GatewayId, stream: StreamId) -> u64 {
        let mut roster = self.roster.lock();
        let change = roster.leave(id, stream);
        self.tell(&roster, change);
        roster.version()
    }

    pub(crate) fn lose(&self, id: GatewayId, stream: StreamId) {
        if self.roster.lock().lose(id, stream, Instant::now().into_std()) {
            self.metrics.leases_lost.inc();
            self.lost.notify_one();
            tracing::warn!(gateway = %id, "a gateway's announcement broke off: it stays listed for the grace period");
        }
    }

    /// Takes gateways off the list as their leases run out; for ever.
    pub(crate) async fn expire_always(&self) {
        loop {
            let next = self.expire(Instant::now());
            let next_end = async {
                match next {
                    Some(end) => tokio::time::sleep_until(end).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                () = next_end => {}
                () = self.lost.notified() => {}
            }
        }
    }

    /// Tells when to look again.
    fn expire(&self, now: Instant) -> Option<Instant> {
        let now = now.into_std();
        let mut roster = self.roster.lock();
        for change in roster.expire(now) {
            if let What::Removed(gateway) = &change.what {
                self.metrics.leases_expired.inc();
                tracing::warn!(%gateway, "a gateway did not come back: off the list");
            }
            self.tell(&roster, Some(change));
        }
        roster.next_end().map(Into::into)
    }

    fn tell(&self, roster: &Roster, change: Option<Change>) {
        let Some(change) = change else { return };
        let event = match change.what {
            What::Listed(member) => v1::watch_event::Event::Listed(entry(&member)),
            What::Removed(id) => v1::watch_event::Event::Removed(id.to_string()),
        };
        // Fails when nobody watches.
        let _ = self.changes.send(v1::WatchEvent { version: change.version, event: Some(event) });
        self.metrics.gateways.set(i64::try_from(roster.members().count()).unwrap_or(i64::MAX));
        let draining = roster.members().filter(|member| member.draining).count();
        self.metrics.draining.set(i64::try_from(draining).unwrap_or(i64::MAX));
    }
}

fn entry(member: &Member) -> v1::GatewayEntry {
    v1::GatewayEntry {
        gateway_id: member.id.to_string(),
        address: member.address.clone(),
        draining: member.draining,
    }
}
