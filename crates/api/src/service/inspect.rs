//! What operators look at: gateways and how full they are.

use gatepipe_client::{GatewayCounts, GatewayStatus};

use super::receipt::{Failed, Reached};
use crate::app::App;
use crate::auth::Allowed;
use crate::auth::caller::grants::Inspect;

/// Every gateway this api knows.
pub struct Gateways {
    /// In order of gateway_id; without numbers when it could not be asked.
    pub list: Vec<(GatewayStatus, Option<GatewayCounts>)>,
    /// Registers that are heard now.
    pub registers_connected: usize,
    /// Gateways that could not be asked for their numbers.
    pub failed: Vec<Failed>,
}

/// Lists the gateways and asks each for its numbers.
pub async fn gateways(app: &App, _by: &Allowed<Inspect>) -> Gateways {
    let mut counts = app.gateways.counts().await;
    let mut silent = Reached::default();
    for failure in counts.failed {
        silent.fail(failure.into());
    }
    let with_numbers = |gateway: GatewayStatus| {
        let numbers = counts.value.gateways.remove(&gateway.gateway_id);
        (gateway, numbers)
    };
    Gateways {
        list: app.gateways.gateways().into_iter().map(with_numbers).collect(),
        registers_connected: app.gateways.registers_connected(),
        failed: silent.failed,
    }
}
