//! What all streams of events have in common: places that are counted, a token that may die meanwhile, and how they end.

use std::time::Duration;

use chrono::Utc;
use prometheus_client::metrics::gauge::Gauge;
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use crate::app::App;
use crate::auth::{Caller, Grant};

/// Between two looks at the token of somebody who watches.
const LOOK: Duration = Duration::from_secs(2);
/// How long a reader may take nothing before its connection is cut.
pub(super) const PATIENCE: Duration = Duration::from_secs(30);
/// How long a reader may take for what was said when the api stops.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// Why somebody watches no longer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ended {
    Left,
    Stalled,
    NotAllowed,
    Stopping,
}

impl Ended {
    /// Cuts the reader's connection where it would not end by itself.
    pub(super) async fn hang_up(self, connection: &CancellationToken) {
        match self {
            Self::Left | Self::NotAllowed => {}
            Self::Stalled => connection.cancel(),
            Self::Stopping => {
                sleep(LAST_WORDS).await;
                connection.cancel();
            }
        }
    }
}

/// A place that is taken, and counted until this is dropped.
pub(super) struct Place {
    _permit: OwnedSemaphorePermit,
    count: Gauge,
}

impl Place {
    pub(super) fn new(permit: OwnedSemaphorePermit, count: &Gauge) -> Self {
        count.inc();
        Self { _permit: permit, count: count.clone() }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.count.dec();
    }
}

/// Resolves when the caller has the permission `G` no longer, or nobody can say whether.
pub(super) async fn not_allowed<G: Grant>(app: &App, caller: Caller) {
    loop {
        sleep(LOOK).await;
        let now = app.auth.check_again(&caller, Utc::now()).await;
        if let Err(refused) = now.and_then(Caller::allowed::<G>) {
            tracing::debug!(uid = %caller.id(), %refused, "somebody may watch no longer");
            return;
        }
    }
}
