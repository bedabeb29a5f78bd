//! The handle, and what it knows; its verbs are in the files of `client/`, each for one family.

mod asking;
mod bind;
mod commands;
mod counts;
mod follow;
mod lists;
mod one;
mod presence;
mod send;
mod streams;

use std::sync::Arc;
use std::time::Duration;

use gatepipe_proto::GatewayId;
use tokio::runtime::Handle;
use tokio::sync::watch;
use tokio::time::Instant;
use tokio_util::task::AbortOnDropHandle;

use crate::builder::Settings;
use crate::directory::{self, GatewayView, View};
use crate::tally::Counts;
use crate::{Builder, GatewayStatus, RegisterStatus, Tally};

/// A deadline of `Duration::MAX` would overflow the clock.
const LONGEST_DEADLINE: Duration = Duration::from_secs(24 * 60 * 60);

/// Commands all gateways that the registers list. Cheap to clone; dropping the last clone ends its tasks and connections.
///
/// Every call ends within the deadline (2 s unless [`Builder::deadline`] says otherwise) and tells which gateways did not do
/// their part. A call is started by polling it, and puts its command last in the queue of every gateway concerned before it
/// first waits: calls that one task awaits in turn, or joins, reach each gateway in that order. Between tasks there is no order.
/// A gateway refuses a command that excludes more than 10,000 of its clients.
/// A call may be dropped at any time; its command is withdrawn if it was not yet sent, and carried out if it was.
#[derive(Clone)]
pub struct GatewayClient {
    shared: Arc<Shared>,
}

struct Shared {
    view: watch::Receiver<Arc<View>>,
    deadline: Duration,
    counts: Arc<Counts>,
    _driver: AbortOnDropHandle<()>,
}

impl std::fmt::Debug for GatewayClient {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("GatewayClient").finish_non_exhaustive()
    }
}

impl GatewayClient {
    /// Starts to say how the client is set up.
    ///
    /// GatewayWorker: the statics `registerAddress`, `secretKey`, `connectTimeout`. Each client has its own, so several clusters are
    /// several clients. `setBusinessWorker` has no counterpart: a [worker](Self::worker) uses the client it was started with.
    #[must_use]
    pub fn builder() -> Builder {
        Builder::default()
    }

    pub(crate) fn start(settings: Settings, runtime: &Handle) -> Self {
        let deadline = settings.limits.deadline;
        let (publish, view) = watch::channel(Arc::new(View::first(&settings)));
        let counts = Arc::<Counts>::default();
        let driving = directory::drive(settings, publish, Arc::clone(&counts));
        let driver = AbortOnDropHandle::new(runtime.spawn(driving));
        Self { shared: Arc::new(Shared { view, deadline, counts, _driver: driver }) }
    }

    /// Waits until a register's first list was heard and a pipe to every gateway on it is open.
    ///
    /// Waits for ever while no register answers, or while a listed gateway is dead: put a deadline on it, and then look at
    /// [`registers`](Self::registers) and [`gateways`](Self::gateways) for the trouble. May be dropped at any time.
    pub async fn joined(&self) {
        let mut view = self.shared.view.clone();
        if view.wait_for(|view| view.joined).await.is_err() {
            // The driver lives as long as this handle, unless the runtime is going away.
            std::future::pending::<()>().await;
        }
    }

    /// Whether any register's list was ever heard.
    #[must_use]
    pub fn heard_register(&self) -> bool {
        self.view().heard
    }

    /// How many registers are being heard now.
    #[must_use]
    pub fn registers_connected(&self) -> usize {
        self.view().registers_connected()
    }

    /// Every register, in the order given to the builder.
    #[must_use]
    pub fn registers(&self) -> Vec<RegisterStatus> {
        self.view().registers.clone()
    }

    /// Every member, in order of its id.
    #[must_use]
    pub fn gateways(&self) -> Vec<GatewayStatus> {
        self.view().gateways.iter().map(status).collect()
    }

    /// What was sent since the client was built and what became of it, all gateways together. Cheap; for metrics.
    #[must_use]
    pub fn tally(&self) -> Tally {
        self.shared.counts.tally()
    }

    fn view(&self) -> Arc<View> {
        Arc::clone(&self.shared.view.borrow())
    }

    /// Everything that is known from now on.
    pub(crate) fn views(&self) -> watch::Receiver<Arc<View>> {
        self.shared.view.clone()
    }

    fn deadline(&self) -> Instant {
        Instant::now() + self.shared.deadline.min(LONGEST_DEADLINE)
    }
}

fn status((gateway_id, gateway): (&GatewayId, &GatewayView)) -> GatewayStatus {
    let lane = gateway.lane.status();
    GatewayStatus {
        gateway_id: *gateway_id,
        address: gateway.address.clone(),
        draining: gateway.draining,
        listed: gateway.listed,
        connected: lane.open,
        waiting: lane.waiting,
        in_flight: lane.in_flight,
        refused: lane.refused,
        left_out: lane.left_out,
        trouble: lane.trouble,
    }
}
