//! `/Event/…`

use std::time::Duration;

use axum::Extension;
use axum::extract::State;
use axum::response::sse::{Event as Sent, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures_util::StreamExt as _;
use futures_util::stream::poll_fn;
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};

use super::client::UidView;
use super::envelope::{Refusal, Refusals};
use super::fields::{Fields, FromFields, Query};
use super::layers::HangUp;
use crate::app::App;
use crate::auth::Allowed;
use crate::auth::caller::grants::Inspect;
use crate::error::ApiError;
use crate::id::UserId;
use crate::live::{Event, Kind, Wanted};
use crate::service;
use crate::service::events::{MOST_PER_SECOND, Told};
use crate::service::receipt::Failed;

/// How long a reader should wait before it comes back, when the stream ended.
const RETRY: Duration = Duration::from_secs(3);
/// Between two comments that show the connection to be alive, while there is nothing to say.
const KEEP_ALIVE: Duration = Duration::from_secs(10);

/// Which events to tell; every condition that is given must hold.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "read by the OpenAPI document; `EventQuery` is what is used")]
pub struct EventParams {
    /// Only these types, with commas between them.
    #[param(example = "connected,bound,closed")]
    r#type: Option<String>,
    /// Only those about clients of this uid and pushes to it. Connecting is about nobody yet.
    #[param(example = "1001", min_length = 1, max_length = 255)]
    uid: Option<String>,
    /// Only those about this client.
    #[param(pattern = "^[0-9a-f]{40}$")]
    client_id: Option<String>,
    /// Only those about this gateway and its clients.
    #[param(example = "3f2a9c01d4e5b687", pattern = "^[0-9a-f]{16}$")]
    gateway_id: Option<String>,
}

/// See [`EventParams`].
pub struct EventQuery(Wanted);

impl FromFields for EventQuery {
    fn read(fields: &mut Fields) -> Option<Self> {
        let names = fields.optional("type", String::new());
        let uid = fields.parsed_or_none("uid", "must be 1 to 255 bytes");
        let client = fields.parsed_or_none("client_id", "must be 40 lower-case hex digits");
        let gateway = fields.parsed_or_none("gateway_id", "must be 16 lower-case hex digits");
        let names = names?;
        let kinds = names.split(',').filter(|name| !name.is_empty()).map(str::parse::<Kind>).collect();
        let kinds = match kinds {
            Ok(kinds) => kinds,
            Err(()) => {
                let known: Vec<&str> = Kind::ALL.iter().map(|kind| kind.name()).collect();
                return fields.wrong("type", format!("must be some of {}", known.join(", ")));
            }
        };
        Some(Self(Wanted { kinds, uid: uid?, client: client?, gateway: gateway? }))
    }
}

/// One thing that happened; what does not belong to its type is left out.
#[derive(Serialize, ToSchema)]
pub struct EventView {
    /// When the api learnt of it, in milliseconds since 1970.
    #[schema(example = 1_795_467_120_999_i64)]
    at_ms: i64,
    /// connected, bound, closed, dropped, pushed, notified, forced_offline, client_closed, drain_ordered, gateway_joined, gateway_left,
    /// gateway_draining, gateway_lost, gateway_back, register_lost, register_back.
    #[schema(example = "bound")]
    r#type: &'static str,
    /// The gateway it is about, or the client's.
    #[serde(skip_serializing_if = "Option::is_none")]
    gateway_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    client_id: Option<String>,
    /// Whose client it is from now on, or was; for whom a push was. Absent in a `bound`: it was unbound.
    #[serde(skip_serializing_if = "Option::is_none")]
    uid: Option<UidView>,
    /// Whose client it was before.
    #[serde(skip_serializing_if = "Option::is_none")]
    previous_uid: Option<UidView>,
    /// The group a push was for. With neither uid, client_id nor group it was for everybody.
    #[serde(skip_serializing_if = "Option::is_none")]
    group: Option<String>,
    /// A client's IP address, a gateway's host:port, or a register's URL.
    #[serde(skip_serializing_if = "Option::is_none")]
    address: Option<String>,
    /// Of a `connected`: what its program calls itself, at most 256 bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    user_agent: Option<String>,
    /// Of a close.
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<u16>,
    /// The gateway did not tell of the close, it was found out.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    inferred: bool,
    /// The user who did it.
    #[serde(skip_serializing_if = "Option::is_none")]
    by: Option<UserId>,
    /// The `type` of a pushed frame, or the reason that was given.
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<String>,
    /// Users that have the notification. Of one alone `uid` says who.
    #[serde(skip_serializing_if = "Option::is_none")]
    readers: Option<usize>,
    /// Clients that took a push, were closed, or have to leave for a drain; events that were dropped.
    #[serde(skip_serializing_if = "Option::is_none")]
    count: Option<u64>,
    /// Gateways that could not be asked.
    #[serde(skip_serializing_if = "<[Failed]>::is_empty")]
    failed: Vec<Failed>,
}

impl From<&Event> for EventView {
    fn from(event: &Event) -> Self {
        Self {
            at_ms: event.at_ms,
            r#type: event.kind.name(),
            gateway_id: event.gateway.map(|gateway| gateway.to_string()),
            client_id: event.client.map(|client| client.to_string()),
            uid: event.uid.as_ref().map(UidView::from),
            previous_uid: event.previous_uid.as_ref().map(UidView::from),
            group: event.group.as_ref().map(ToString::to_string),
            address: event.address.clone(),
            user_agent: event.user_agent.clone(),
            code: event.code,
            inferred: event.inferred,
            by: event.by,
            text: event.text.clone(),
            readers: event.readers,
            count: event.count,
            failed: event.failed.clone(),
        }
    }
}

/// `event: history`
#[derive(Serialize)]
struct History {
    most_per_second: u32,
    events: Vec<EventView>,
}

/// `event: heard`
#[derive(Serialize)]
struct Heard {
    gateways: Vec<String>,
}

/// `event: sampled`
#[derive(Serialize)]
struct Sampled {
    left_out: u64,
    missed: u64,
}

fn sent(told: Told) -> Result<Sent, axum::Error> {
    match told {
        Told::History(events) => {
            let events = events.iter().map(|event| EventView::from(&**event)).collect();
            let history = History { most_per_second: MOST_PER_SECOND, events };
            Sent::default().retry(RETRY).event("history").json_data(history)
        }
        Told::Heard(gateways) => {
            let gateways = gateways.iter().map(ToString::to_string).collect();
            Sent::default().event("heard").json_data(Heard { gateways })
        }
        Told::Event(event) => Sent::default().event("event").json_data(EventView::from(&*event)),
        Told::Sampled(told) => {
            let sampled = Sampled { left_out: told.left_out, missed: told.missed };
            Sent::default().event("sampled").json_data(sampled)
        }
    }
}

/// Streams what happens right now (server-sent events). Needs `websocket.inspect`.
///
/// First `event: history` with the last 100 changes of the cluster and deeds of operators. Then `event: event` for each thing that
/// happens: clients that connect, are bound and go, on every gateway; pushes and notifications through this api process with what became of
/// them;
/// users forced offline, clients closed and gateways drained through it; gateways and registers that appear and vanish.
///
/// `event: heard` tells of which gateways' clients one hears from now on; it takes a moment after the first viewer has come. At most
/// 200 events are told a second; `event: sampled` tells each second how many more there were (`left_out`), and how many came while
/// the reader took nothing (`missed`). What clients write is not told.
///
/// The gateways are asked once for all viewers, and no longer when nobody has watched for 10 s. The stream ends when the token does,
/// and when the api stops; at most 64 are open at once.
#[utoipa::path(
    get,
    path = "/Event/stream",
    tag = "Event",
    params(EventParams),
    responses(
        (
            status = 200,
            description = "The stream; `data` of `event: event` is an EventView.",
            content_type = "text/event-stream",
            body = EventView,
            example = "retry: 3000\nevent: history\ndata: {\"most_per_second\":200,\"events\":[]}\n\nevent: heard\ndata: {\"gateways\":[\"3f2a9c01d4e5b687\"]}\n\nevent: event\ndata: {\"at_ms\":1795467120999,\"type\":\"bound\",\"gateway_id\":\"3f2a9c01d4e5b687\",\"client_id\":\"3f2a9c01d4e5b6870a1b2c3d4e5f60718293a4b5\",\"uid\":1001}\n\nevent: sampled\ndata: {\"left_out\":812,\"missed\":0}\n\n",
        ),
        (status = 403, description = "The caller lacks websocket.inspect.", body = Refusal),
        (status = 422, description = "Some parameters are not valid; data names them.", body = Refusal),
        Refusals,
    ),
)]
pub async fn stream(
    State(app): State<App>,
    Extension(HangUp(connection)): Extension<HangUp>,
    caller: Allowed<Inspect>,
    Query(EventQuery(wanted)): Query<EventQuery>,
) -> Result<Response, ApiError> {
    let mut told = service::events::watch(&app, &caller, wanted, connection)?;
    let events = poll_fn(move |context| told.poll_recv(context)).map(sent);
    let stream = Sse::new(events).keep_alive(KeepAlive::new().interval(KEEP_ALIVE));
    // nginx would keep it back to fill its buffers.
    Ok(([("x-accel-buffering", "no")], stream).into_response())
}
