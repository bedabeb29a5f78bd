//! What the hub, the outboxes and the workers' queues hold now, counted only when somebody asks for the metrics.

use std::sync::Arc;

use gatepipe_daemon::room::Room;
use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::gauge::ConstGauge;

use crate::absence::Absence;
use crate::events::Events;
use crate::hub::Hub;
use crate::outbox::Budget;
use crate::trail::follow::{self, Followers};

#[derive(Debug)]
pub(crate) struct Gauges {
    pub(crate) hub: Arc<Hub>,
    pub(crate) budget: Arc<Budget>,
    pub(crate) events: Arc<Events>,
    pub(crate) absence: Arc<Absence>,
    pub(crate) followers: Arc<Followers>,
    /// Clients that there may be.
    pub(crate) clients: Arc<Room>,
}

impl Collector for Gauges {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), std::fmt::Error> {
        let counts = self.hub.counts();
        let (notes, leases) = self.absence.counts();
        let gauges = [
            ("connections", "Clients connected now", counts.clients),
            ("connections_limit", "Clients that may be connected at a time", self.clients.most()),
            ("bound_clients", "Clients bound to a uid now", counts.bound_clients),
            ("uids", "Different uids bound now", counts.uids),
            ("groups", "Groups that have a member now", counts.groups),
            ("outbox_bytes", "Bytes that wait in all outboxes now", self.budget.queued()),
            ("outbox_limit_bytes", "Bytes that may wait in all outboxes", self.budget.limit()),
            ("subscriptions", "Subscriptions of workers now", self.events.subscriptions()),
            ("event_bytes", "Bytes of events that wait for all workers now", self.events.queued_bytes()),
            ("absence_notes", "Uids that pipes believe to have no client here, for each pipe, now", notes),
            ("followers", "Calls that follow a uid now", self.followers.count()),
            ("followers_limit", "Calls that may follow a uid at a time", follow::MOST),
            ("absence_leases", "Pipes whose sends may leave this gateway out now", leases),
        ];
        for (name, help, value) in gauges {
            let gauge = ConstGauge::new(i64::try_from(value).unwrap_or(i64::MAX));
            let encoder = encoder.encode_descriptor(name, help, None, gauge.metric_type())?;
            gauge.encode(encoder)?;
        }
        Ok(())
    }
}
