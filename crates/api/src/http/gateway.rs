//! `/Gateway/…`

use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use super::envelope::{Answer, Envelope, Refusal, Refusals};
use crate::app::App;
use crate::auth::Allowed;
use crate::auth::caller::grants::Inspect;
use crate::service;
use crate::service::receipt::Failed;

/// A gateway, as this api sees it.
#[derive(Serialize, ToSchema)]
pub struct GatewayView {
    /// New with every start of a gateway.
    gateway_id: String,
    /// host:port of its command service.
    address: String,
    /// It takes no new connections, and its clients are leaving.
    draining: bool,
    /// This api can command it now.
    connected: bool,
    /// How many registers list it.
    listed: usize,
    /// Connections, bound or not; null when it could not be asked.
    clients: Option<u64>,
    /// Connections that are bound to a user; null when it could not be asked.
    bound_clients: Option<u64>,
    /// Distinct users on it; null when it could not be asked.
    uids: Option<u64>,
}

/// Every gateway.
#[derive(Serialize, ToSchema)]
pub struct GatewayListAnswer {
    /// In order of gateway_id.
    list: Vec<GatewayView>,
    /// Always null: the list is whole.
    next_cursor: Option<String>,
    /// How many registers this api hears now.
    registers_connected: usize,
    /// Gateways that could not be asked for their numbers.
    failed: Vec<Failed>,
}

/// Lists the gateways with their numbers. Needs `websocket.inspect`.
#[utoipa::path(
    get,
    path = "/Gateway/list",
    tag = "Gateway",
    responses(
        (status = 200, description = "Done.", body = Envelope<GatewayListAnswer>),
        (status = 403, description = "The caller lacks websocket.inspect.", body = Refusal),
        Refusals,
    ),
)]
pub async fn list_all(State(app): State<App>, caller: Allowed<Inspect>) -> Answer<GatewayListAnswer> {
    let found = service::inspect::gateways(&app, &caller).await;
    let list = found.list.into_iter().map(|(gateway, numbers)| GatewayView {
        gateway_id: gateway.gateway_id.to_string(),
        address: gateway.address,
        draining: gateway.draining,
        connected: gateway.connected,
        listed: gateway.listed,
        clients: numbers.map(|numbers| numbers.clients),
        bound_clients: numbers.map(|numbers| numbers.bound_clients),
        uids: numbers.map(|numbers| numbers.uids),
    });
    Answer(GatewayListAnswer {
        list: list.collect(),
        next_cursor: None,
        registers_connected: found.registers_connected,
        failed: found.failed,
    })
}
