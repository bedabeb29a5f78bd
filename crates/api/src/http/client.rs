//! `/Client/…`: who is connected. What can be done to one client is in `command`.

pub mod command;

use axum::extract::State;
use gatepipe_client::{ClientInfo, Cursor, Filter, Header};
use gatepipe_proto::{ClientId, GatewayId, Group, Uid};
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::{IntoParams, ToSchema};

use super::envelope::{Answer, Envelope, Refusal, Refusals};
use super::fields::{Fields, Flag, FromFields, Limit, Query};
use crate::app::{App, written_time};
use crate::auth::Allowed;
use crate::auth::caller::grants::Inspect;
use crate::error::ApiError;
use crate::id::UserId;
use crate::service;
use crate::service::receipt::Failed;

/// Longest text that is compared with the beginning of an address.
const MAX_ADDRESS_BYTES: usize = 45;

/// Which clients to list; every condition that is given must hold.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "read by the OpenAPI document; `ListQuery` is what is used")]
pub struct ListParams {
    /// Only those bound to this uid.
    #[param(example = "1001", min_length = 1, max_length = 255)]
    uid: Option<String>,
    /// Only members of this group.
    #[param(example = "lobby", min_length = 1, max_length = 255)]
    group: Option<String>,
    /// Only those of this gateway.
    #[param(example = "3f2a9c01d4e5b687", pattern = "^[0-9a-f]{16}$")]
    gateway_id: Option<String>,
    /// Only those whose address, as text, begins so.
    #[param(example = "10.1.", max_length = 45)]
    remote_address: Option<String>,
    /// Only bound ones, or only those that are not: true, false, 1 or 0.
    #[param(example = true)]
    bound: Option<bool>,
    /// How many at most; 20 when absent. A page may be shorter although more follow.
    #[param(minimum = 1, maximum = 100)]
    limit: Option<u32>,
    /// The `next_cursor` of the page before, with the same conditions.
    cursor: Option<String>,
}

/// See [`ListParams`].
pub struct ListQuery {
    filter: Filter,
    limit: u32,
    cursor: Option<Cursor>,
}

impl FromFields for ListQuery {
    fn read(fields: &mut Fields) -> Option<Self> {
        let uid = fields.parsed_or_none::<Uid>("uid", "must be 1 to 255 bytes");
        let group = fields.parsed_or_none::<Group>("group", "must be 1 to 255 bytes");
        let gateway = fields.parsed_or_none::<GatewayId>("gateway_id", "must be 16 lower-case hex digits");
        let remote_address = match fields.optional("remote_address", String::new()) {
            Some(text) if text.len() > MAX_ADDRESS_BYTES => {
                fields.wrong("remote_address", "must be at most 45 bytes")
            }
            fine => fine,
        };
        let bound = fields.optional("bound", None::<Flag>);
        let limit = fields.optional("limit", Limit::default());
        let cursor = fields.parsed_or_none::<Cursor>("cursor", "must be the next_cursor of the page before");
        let filter = Filter {
            uids: uid?.into_iter().collect(),
            groups: group?.into_iter().collect(),
            gateways: gateway?.into_iter().collect(),
            remote_address_prefix: remote_address?,
            bound: bound?.map(|flag| flag.0),
        };
        Some(Self { filter, limit: limit?.0, cursor: cursor? })
    }
}

/// A connection, as its gateway knows it.
#[derive(Serialize, ToSchema)]
pub struct ClientView {
    /// 40 lower-case hex digits.
    #[schema(example = "3f2a9c01d4e5b6870a1b2c3d4e5f60718293a4b5")]
    client_id: String,
    /// Its first 16 digits.
    #[schema(example = "3f2a9c01d4e5b687")]
    gateway_id: String,
    /// What it is bound to: a number when it can be the id of a user, otherwise a text; null when it is not bound.
    #[schema(example = 1001)]
    uid: Option<UidView>,
    /// In order, at most 1,000.
    #[schema(example = json!(["lobby"]))]
    groups: Vec<String>,
    /// An IP address without a port; behind trusted proxies the forwarded one.
    #[schema(example = "203.0.113.7")]
    remote_address: String,
    /// In the api's time zone, by the gateway's clock.
    #[schema(example = "2026-11-23 20:52:00")]
    connected_at: String,
    /// Milliseconds since 1970.
    #[schema(example = 1_795_467_120_999_i64)]
    connected_at_ms: i64,
    /// In the api's time zone; null when it is not bound.
    #[schema(example = "2026-11-23 20:52:01")]
    bound_at: Option<String>,
    /// Milliseconds since 1970; null when it is not bound.
    #[schema(example = 1_795_467_121_004_i64)]
    bound_at_ms: Option<i64>,
    /// Messages and control frames that came from it.
    #[schema(example = 12)]
    frames_in: u64,
    /// Their payload.
    #[schema(example = 180)]
    bytes_in: u64,
    /// Frames that its socket or outbox took.
    #[schema(example = 14)]
    frames_out: u64,
    /// Their size, with headers.
    #[schema(example = 2_048)]
    bytes_out: u64,
    /// Bytes that wait in its outbox.
    #[schema(example = 0)]
    queued_bytes: u64,
    /// Milliseconds since 1970 when its last frame of any kind came, an answer to a ping included; by the gateway's clock.
    #[schema(example = 1_795_467_155_120_i64)]
    heard_at_ms: i64,
}

/// A uid on its way out. Users of ours are numbers everywhere; other programs that command the gateways may bind any text.
#[derive(Debug, Serialize, ToSchema)]
#[serde(untagged)]
pub enum UidView {
    /// It can be the id of a user.
    User(UserId),
    /// It cannot.
    Text(String),
}

impl From<&Uid> for UidView {
    fn from(uid: &Uid) -> Self {
        match uid.as_str().parse() {
            Ok(user) => Self::User(user),
            Err(_) => Self::Text(uid.to_string()),
        }
    }
}

impl ClientView {
    /// What operators see of `client`.
    pub(super) fn new(app: &App, client: ClientInfo) -> Self {
        let written = |ms| written_time(ms, app.settings.time_zone);
        Self {
            client_id: client.client_id.to_string(),
            gateway_id: client.client_id.gateway().to_string(),
            uid: client.uid.as_ref().map(UidView::from),
            groups: client.groups.iter().map(ToString::to_string).collect(),
            remote_address: client.remote_address,
            connected_at: written(client.connected_at_ms),
            connected_at_ms: client.connected_at_ms,
            bound_at: client.bound_at_ms.map(written),
            bound_at_ms: client.bound_at_ms,
            frames_in: client.frames_in,
            bytes_in: client.bytes_in,
            frames_out: client.frames_out,
            bytes_out: client.bytes_out,
            queued_bytes: client.queued_bytes,
            heard_at_ms: client.heard_at_ms,
        }
    }
}

/// Some of the clients.
#[derive(Serialize, ToSchema)]
pub struct ClientListAnswer {
    /// In order of client_id.
    list: Vec<ClientView>,
    /// For `cursor`; null when there are no more.
    #[schema(example = "clients-0123456789abcdef-3f2a9c01d4e5b6870a1b2c3d4e5f60718293a4b5")]
    next_cursor: Option<String>,
    /// Gateways that could not be asked: their clients are missing here. Empty when whole.
    failed: Vec<Failed>,
}

/// Lists the connected clients, page by page. Needs `websocket.inspect`.
///
/// Clients may come and go between two pages: those that stay are neither missed nor repeated.
#[utoipa::path(
    get,
    path = "/Client/list",
    tag = "Client",
    params(ListParams),
    responses(
        (status = 200, description = "Done.", body = Envelope<ClientListAnswer>),
        (status = 403, description = "The caller lacks websocket.inspect.", body = Refusal),
        (status = 422, description = "Some parameters are not valid, or the cursor belongs to another list; data names them.", body = Refusal),
        Refusals,
    ),
)]
pub async fn list_connected(
    State(app): State<App>,
    caller: Allowed<Inspect>,
    Query(query): Query<ListQuery>,
) -> Result<Answer<ClientListAnswer>, ApiError> {
    let (page, failed) =
        service::inspect::clients(&app, &caller, &query.filter, query.cursor, query.limit).await?;
    Ok(Answer(ClientListAnswer {
        list: page.items.into_iter().map(|client| ClientView::new(&app, client)).collect(),
        next_cursor: page.next.map(|cursor| cursor.to_string()),
        failed,
    }))
}

/// Which client to show.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "read by the OpenAPI document; `ShowQuery` is what is used")]
pub struct ShowParams {
    #[param(example = "3f2a9c01d4e5b6870a1b2c3d4e5f60718293a4b5", pattern = "^[0-9a-f]{40}$")]
    client_id: String,
}

/// See [`ShowParams`].
pub struct ShowQuery {
    client_id: ClientId,
}

impl FromFields for ShowQuery {
    fn read(fields: &mut Fields) -> Option<Self> {
        let client_id = fields.parsed("client_id", "must be 40 lower-case hex digits")?;
        Some(Self { client_id })
    }
}

/// A header of a handshake.
#[derive(Serialize, ToSchema)]
pub struct HeaderView {
    #[schema(example = "user-agent")]
    name: String,
    /// At most 256 bytes of it.
    #[schema(example = "Mozilla/5.0")]
    value: String,
}

impl From<Header> for HeaderView {
    fn from(header: Header) -> Self {
        Self { name: header.name, value: String::from_utf8_lossy(&header.value).into_owned() }
    }
}

/// A connection with its session.
#[derive(Serialize, ToSchema)]
pub struct ClientShowAnswer {
    #[serde(flatten)]
    client: ClientView,
    /// What programs keep with it; `{}` when nothing.
    #[schema(example = json!({"page": "orders"}))]
    session: Map<String, Value>,
    /// `origin` and `user-agent`, as far as it sent them. Nothing else of a handshake is kept: cookies, tokens and the query never leave
    /// the gateway.
    handshake: Vec<HeaderView>,
}

/// Shows everything about one client. Needs `websocket.inspect`.
#[utoipa::path(
    get,
    path = "/Client/show",
    tag = "Client",
    params(ShowParams),
    responses(
        (status = 200, description = "Done.", body = Envelope<ClientShowAnswer>),
        (status = 403, description = "The caller lacks websocket.inspect.", body = Refusal),
        (status = 404, description = "The client is not connected.", body = Refusal),
        (status = 422, description = "The client_id is missing or none; data says so.", body = Refusal),
        Refusals,
    ),
)]
pub async fn show(
    State(app): State<App>,
    caller: Allowed<Inspect>,
    Query(query): Query<ShowQuery>,
) -> Result<Answer<ClientShowAnswer>, ApiError> {
    let found = service::inspect::client(&app, &caller, query.client_id).await?;
    Ok(Answer(ClientShowAnswer {
        client: ClientView::new(&app, found.info),
        session: found.session.to_object(),
        handshake: found.handshake.into_iter().map(HeaderView::from).collect(),
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_uid_that_can_be_a_users_id_is_a_number() {
        let cases = [
            ("1001", "1001"),
            ("9007199254740991", "9007199254740991"),
            ("9007199254740992", "\"9007199254740992\""),
            ("0", "\"0\""),
            ("007", "\"007\""),
            ("alice", "\"alice\""),
        ];
        for (uid, json) in cases {
            let view = UidView::from(&uid.parse::<Uid>().unwrap());
            assert_eq!(serde_json::to_string(&view).unwrap(), json);
        }
    }
}
