//! `/Gateway/…`

use axum::extract::State;
use gatepipe_client::{GatewayStatus, Stats};
use gatepipe_proto::GatewayId;
use serde::Serialize;
use utoipa::ToSchema;

use super::envelope::{Answer, BodyRefusals, Envelope, Refusal, Refusals};
use super::fields::{Body, Fields, FromFields};
use crate::app::App;
use crate::auth::Allowed;
use crate::auth::caller::grants::{Drain, Inspect};
use crate::error::ApiError;
use crate::service;
use crate::service::receipt::Failed;
use crate::stats::{Numbers, Recent};

/// A gateway, as this api sees it.
#[derive(Serialize, ToSchema)]
pub struct GatewayView {
    /// New with every start of a gateway.
    #[schema(example = "3f2a9c01d4e5b687")]
    gateway_id: String,
    /// host:port of its command service.
    #[schema(example = "10.1.0.7:2300")]
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
    /// Groups with a member on it; null when it could not be asked.
    groups: Option<u64>,
    /// Subscriptions of workers; null when it could not be asked.
    workers: Option<u64>,
    /// Bytes that wait in all outboxes together; null when it could not be asked.
    queued_bytes: Option<u64>,
    /// Of its program; null when it could not be asked.
    #[schema(example = "0.1.0")]
    version: Option<String>,
    /// Milliseconds since its start; null when it could not be asked.
    uptime_ms: Option<i64>,
    /// How much goes on; null when it could not be asked.
    rates: Option<RatesView>,
    /// How far its drain has come; null while it does not drain, or when this api did not see it begin.
    drain: Option<DrainView>,
}

/// How far a drain has come. Together with `clients`, which counts down to 0; then the gateway is off the list.
#[derive(Serialize, ToSchema)]
pub struct DrainView {
    /// When this api first saw it, in milliseconds since 1970.
    #[schema(example = 1_795_467_120_999_i64)]
    began_at_ms: i64,
    /// Connections that were there when it began.
    #[schema(example = 1200)]
    clients_at_start: u64,
}

/// How often something happens on a gateway, a second, over the last seconds.
#[derive(Serialize, ToSchema)]
pub struct RatesView {
    /// Clients that connected.
    opened_per_s: f64,
    /// Clients that left.
    closed_per_s: f64,
    /// Frames from clients.
    frames_in_per_s: f64,
    /// Frames to clients.
    frames_out_per_s: f64,
    /// Bytes from clients.
    bytes_in_per_s: f64,
    /// Bytes to clients.
    bytes_out_per_s: f64,
    /// Commands taken.
    commands_per_s: f64,
    /// Events told to workers.
    events_per_s: f64,
}

impl From<&Numbers> for RatesView {
    fn from(numbers: &Numbers) -> Self {
        // They are rounded to tenths already; as wider numbers they would show the noise behind.
        let tenths = |rate: f32| f64::from((rate * 10.0).round()) / 10.0;
        Self {
            opened_per_s: tenths(numbers.opened_per_s),
            closed_per_s: tenths(numbers.closed_per_s),
            frames_in_per_s: tenths(numbers.frames_in_per_s),
            frames_out_per_s: tenths(numbers.frames_out_per_s),
            bytes_in_per_s: tenths(numbers.bytes_in_per_s),
            bytes_out_per_s: tenths(numbers.bytes_out_per_s),
            commands_per_s: tenths(numbers.commands_per_s),
            events_per_s: tenths(numbers.events_per_s),
        }
    }
}

impl GatewayView {
    fn new(recent: &Recent, gateway: GatewayStatus, stats: Option<&Stats>) -> Self {
        let draining = gateway.draining || stats.is_some_and(|stats| stats.draining);
        let began = if draining { recent.drain_of(gateway.gateway_id) } else { None };
        Self {
            gateway_id: gateway.gateway_id.to_string(),
            address: gateway.address,
            draining,
            connected: gateway.connected,
            listed: gateway.listed,
            clients: stats.map(|stats| stats.clients),
            bound_clients: stats.map(|stats| stats.bound_clients),
            uids: stats.map(|stats| stats.uids),
            groups: stats.map(|stats| stats.groups),
            workers: stats.map(|stats| stats.workers),
            queued_bytes: stats.map(|stats| stats.queued_bytes),
            version: stats.map(|stats| stats.version.clone()),
            uptime_ms: stats.map(|stats| stats.uptime_ms),
            rates: stats.map(|stats| RatesView::from(&Numbers::from(stats))),
            drain: began.map(|began| DrainView { began_at_ms: began.at_ms, clients_at_start: began.clients }),
        }
    }
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
    let recent = &app.watching.recent;
    let view = |(gateway, stats): (_, Option<Stats>)| GatewayView::new(recent, gateway, stats.as_ref());
    let list = found.list.into_iter().map(view);
    Answer(GatewayListAnswer {
        list: list.collect(),
        next_cursor: None,
        registers_connected: found.registers_connected,
        failed: found.failed,
    })
}

/// Which gateway is to drain.
#[derive(ToSchema)]
pub struct DrainBody {
    /// 16 lower-case hex digits.
    #[schema(value_type = String, example = "3f2a9c01d4e5b687", pattern = "^[0-9a-f]{16}$")]
    gateway_id: GatewayId,
}

impl FromFields for DrainBody {
    fn read(fields: &mut Fields) -> Option<Self> {
        let text: String = fields.required("gateway_id")?;
        match text.parse() {
            Ok(gateway_id) => Some(Self { gateway_id }),
            Err(_) => fields.wrong("gateway_id", "must be 16 lower-case hex digits"),
        }
    }
}

/// The gateway drains.
#[derive(Serialize, ToSchema)]
pub struct DrainAnswer {
    #[schema(example = true)]
    draining: bool,
    /// Connections that have to leave.
    #[schema(example = 1200)]
    clients: u64,
}

/// Lets a gateway drain: it takes no new connections, tells its clients to come back elsewhere, and ends. Needs `websocket.drain`.
///
/// As after SIGTERM. Answers at once; a second time changes nothing.
#[utoipa::path(
    post,
    path = "/Gateway/drain",
    tag = "Gateway",
    request_body = DrainBody,
    responses(
        (status = 200, description = "It drains.", body = Envelope<DrainAnswer>),
        (status = 403, description = "The caller lacks websocket.drain.", body = Refusal),
        (status = 404, description = "There is no such gateway.", body = Refusal),
        BodyRefusals,
        Refusals,
    ),
)]
pub async fn drain(
    State(app): State<App>,
    caller: Allowed<Drain>,
    Body(body): Body<DrainBody>,
) -> Result<Answer<DrainAnswer>, ApiError> {
    let clients = service::drain::drain(&app, &caller, body.gateway_id).await?;
    Ok(Answer(DrainAnswer { draining: true, clients }))
}
