//! The task of a worker: a subscription to every gateway that is a member, for as long as it is one.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::Worker;
use super::builder::Settings;
use super::lanes::{Lanes, OneMore, survives};
use super::running::Shared;
use super::subscription::Subscription;
use crate::GatewayClient;

/// Runs `worker` until `leaving`, and then until its last hook has ended.
pub(crate) async fn drive<W: Worker>(
    gateways: GatewayClient,
    worker: Arc<W>,
    settings: Arc<Settings>,
    shared: Arc<Shared>,
    leaving: CancellationToken,
) {
    start(&gateways, &*worker, &shared).await;
    let (lanes, mut hooks) = Lanes::start(&worker, settings.lanes, &shared.hooks);
    let lanes = Arc::new(lanes);
    let mut view = gateways.views();
    let mut subscriptions = JoinSet::new();
    while !leaving.is_cancelled() {
        let members: Vec<_> = view.borrow_and_update().gateways.keys().copied().collect();
        for gateway in members {
            // Not while an earlier one of the same gateway still tells its closes.
            let Some((seen, listed)) = shared.list(gateway) else {
                continue;
            };
            let subscription = Subscription::new(
                gateway,
                gateways.clone(),
                Arc::clone(&settings),
                Arc::clone(&lanes),
                leaving.clone(),
                seen,
            );
            subscriptions.spawn(async move {
                let _listed = listed;
                subscription.keep().await;
            });
        }
        tokio::select! {
            () = leaving.cancelled() => {}
            Some(_) = subscriptions.join_next() => {}
            // The driver lives as long as the handle, unless the runtime is going away.
            Ok(()) = view.changed() => {}
            else => break,
        }
    }
    while subscriptions.join_next().await.is_some() {}
    drop(lanes);
    while hooks.join_next().await.is_some() {}
}

async fn start<W: Worker>(gateways: &GatewayClient, worker: &W, shared: &Shared) {
    let _running = OneMore::of(&shared.hooks.running);
    if survives(async { worker.on_worker_start(gateways).await }).await.is_err() {
        shared.hooks.panics.fetch_add(1, Ordering::Relaxed);
        tracing::error!(hook = "on_worker_start", "a worker's hook panicked; the worker goes on");
    }
}
