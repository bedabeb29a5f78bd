//! The gateway in numbers, for whoever asks every second.

use gatepipe_proto::v1;

use super::{Control, counts};

pub(super) async fn stats(control: &Control) -> v1::StatsReply {
    let now = counts::all(&control.hub).await;
    let common = &control.common;
    let totals = common.metrics.totals();
    let uptime_ms = common.clock().now();
    let (rates, rates_over_ms) = control.rates.since(uptime_ms, &totals);
    v1::StatsReply {
        uptime_ms: i64::try_from(uptime_ms).unwrap_or(i64::MAX),
        draining: control.draining.is_cancelled(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        clients: now.clients as u64,
        bound_clients: now.bound_clients as u64,
        uids: now.uids as u64,
        groups: now.groups as u64,
        queued_bytes: common.rules.budget.queued() as u64,
        workers: control.events.subscriptions() as u64,
        totals: Some(totals),
        rates: Some(rates),
        rates_over_ms,
    }
}
