//! Every counter and gauge of the register, named in one list.

use std::sync::Arc;

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

#[derive(Debug, Default)]
pub(crate) struct Metrics {
    pub(crate) gateways: Gauge,
    pub(crate) draining: Gauge,
    pub(crate) watchers: Gauge,
    pub(crate) accepted: Counter,
    pub(crate) refused: Counter,
    pub(crate) leases_lost: Counter,
    pub(crate) leases_expired: Counter,
}

impl Metrics {
    /// Makes the metrics and registers them as `gatepipe_register_…`.
    pub(crate) fn register(registry: &mut Registry) -> Arc<Self> {
        let metrics = Arc::new(Self::default());
        let registry = registry.sub_registry_with_prefix("gatepipe_register");
        registry.register("gateways", "Gateways on the list now", metrics.gateways.clone());
        registry.register("draining_gateways", "Of them, those that drain", metrics.draining.clone());
        registry.register("watchers", "Watch streams open now", metrics.watchers.clone());
        registry.register("announcements_accepted", "Announcements taken", metrics.accepted.clone());
        registry.register("announcements_refused", "Announcements refused", metrics.refused.clone());
        registry.register(
            "leases_lost",
            "Announcements of gateways that broke off without a goodbye; most come back within the grace period",
            metrics.leases_lost.clone(),
        );
        registry.register(
            "leases_expired",
            "Gateways taken off the list because they did not come back within the grace period",
            metrics.leases_expired.clone(),
        );
        metrics
    }
}
