//! `/Client/push`, `/Client/close` and the like: what is done to one client.

use axum::extract::State;
use gatepipe_proto::{ClientId, CloseCode, Group, Uid};
use serde::Serialize;
use serde_json::value::RawValue;
use utoipa::ToSchema;

use crate::app::App;
use crate::auth::Allowed;
use crate::auth::caller::grants::{Control, PushAny};
use crate::error::ApiError;
use crate::http::envelope::{Answer, BodyRefusals, Envelope, Refusal, Refusals};
use crate::http::fields::{Body, Fields, FromFields};
use crate::http::websocket::BroadcastBody;
use crate::service;
use crate::service::push::PushAnswer;

/// Longest reason in a close frame, in bytes (RFC 6455 section 5.5).
const MAX_REASON_BYTES: usize = 123;

fn client_id(fields: &mut Fields) -> Option<ClientId> {
    fields.parsed("client_id", "must be 40 lower-case hex digits")
}

/// A frame for one client: `{"type":…,"data":…}`.
#[derive(ToSchema)]
pub struct ClientPushBody {
    /// 40 lower-case hex digits.
    #[schema(value_type = String, pattern = "^[0-9a-f]{40}$")]
    client_id: ClientId,
    /// As in a broadcast.
    #[schema(required = false, min_length = 1, max_length = 64, default = "notification")]
    r#type: String,
    /// Any JSON, carried as it is written; `[]` when absent or null.
    #[schema(required = false, value_type = serde_json::Value)]
    data: Option<Box<RawValue>>,
}

impl FromFields for ClientPushBody {
    fn read(fields: &mut Fields) -> Option<Self> {
        let client_id = client_id(fields);
        let BroadcastBody { r#type, data } = BroadcastBody::read(fields)?;
        Some(Self { client_id: client_id?, r#type, data })
    }
}

/// Pushes a frame to one client, bound or not. Needs `websocket.push_any`.
///
/// A client that is not connected is no error: it is reached 0 times.
#[utoipa::path(
    post,
    path = "/Client/push",
    tag = "Client",
    request_body = ClientPushBody,
    responses(
        (status = 200, description = "Done.", body = Envelope<PushAnswer>),
        (status = 403, description = "The caller lacks websocket.push_any.", body = Refusal),
        BodyRefusals,
        Refusals,
    ),
)]
pub async fn push(
    State(app): State<App>,
    caller: Allowed<PushAny>,
    Body(body): Body<ClientPushBody>,
) -> Result<Answer<PushAnswer>, ApiError> {
    let ClientPushBody { client_id, r#type, data } = body;
    service::push::to_client(&app, &caller, client_id, &r#type, data).await.map(Answer)
}

/// Which client is closed, and what its page sees.
#[derive(ToSchema)]
pub struct ClientCloseBody {
    /// 40 lower-case hex digits.
    #[schema(value_type = String, pattern = "^[0-9a-f]{40}$")]
    client_id: ClientId,
    /// 1000, 1001, 1008, 1011 to 1013, or 4000 to 4999. 4000 to 4099 tell a page not to come back, 4200 to 4299 to come back soon;
    /// 4001 also sends it a `force_offline` frame with the reason.
    #[schema(required = false, value_type = u16, default = 4003)]
    code: CloseCode,
    /// At most 123 bytes; "closed by an operator" when absent.
    #[schema(required = false, max_length = 123, default = "closed by an operator")]
    reason: String,
}

impl FromFields for ClientCloseBody {
    fn read(fields: &mut Fields) -> Option<Self> {
        let client_id = client_id(fields);
        let code = fields.optional("code", CloseCode::NOT_ALLOWED.number());
        let code = code.and_then(|code| match CloseCode::new(code).filter(|code| code.may_be_asked_for()) {
            None => fields.wrong("code", "must be 1000, 1001, 1008, 1011 to 1013, or 4000 to 4999"),
            fine => fine,
        });
        let reason = match fields.optional("reason", "closed by an operator".to_owned()) {
            Some(reason) if reason.len() > MAX_REASON_BYTES => {
                fields.wrong("reason", "must be at most 123 bytes")
            }
            fine => fine,
        };
        Some(Self { client_id: client_id?, code: code?, reason: reason? })
    }
}

/// What a close did.
#[derive(Serialize, ToSchema)]
pub struct ClientCloseAnswer {
    /// False when the client was not connected any more.
    #[schema(example = true)]
    closed: bool,
}

/// Closes one client. Needs `websocket.control`.
///
/// Its user's tokens stay good: whoever must not come back is forced offline instead.
#[utoipa::path(
    post,
    path = "/Client/close",
    tag = "Client",
    request_body = ClientCloseBody,
    responses(
        (status = 200, description = "It is not connected any more.", body = Envelope<ClientCloseAnswer>),
        (status = 403, description = "The caller lacks websocket.control.", body = Refusal),
        BodyRefusals,
        Refusals,
    ),
)]
pub async fn close(
    State(app): State<App>,
    caller: Allowed<Control>,
    Body(body): Body<ClientCloseBody>,
) -> Result<Answer<ClientCloseAnswer>, ApiError> {
    let closed = service::client::close(&app, &caller, body.client_id, body.code, &body.reason).await?;
    Ok(Answer(ClientCloseAnswer { closed }))
}

/// Which client is unbound, and from whom.
#[derive(ToSchema)]
pub struct ClientUnbindBody {
    /// 40 lower-case hex digits.
    #[schema(value_type = String, pattern = "^[0-9a-f]{40}$")]
    client_id: ClientId,
    /// What it is bound to, as lists tell it: a number or a text. Bound to anybody else it stays so.
    #[schema(value_type = super::UidView, example = 1001)]
    uid: Uid,
}

impl FromFields for ClientUnbindBody {
    fn read(fields: &mut Fields) -> Option<Self> {
        let client_id = client_id(fields);
        let uid = fields.uid("uid");
        Some(Self { client_id: client_id?, uid: uid? })
    }
}

/// What an unbind did.
#[derive(Serialize, ToSchema)]
pub struct ClientUnbindAnswer {
    /// False when the client is not connected, or not bound to that uid.
    #[schema(example = true)]
    unbound: bool,
}

/// Unbinds one client from its user; it stays connected. Needs `websocket.control`.
#[utoipa::path(
    post,
    path = "/Client/unbind",
    tag = "Client",
    request_body = ClientUnbindBody,
    responses(
        (status = 200, description = "It is not bound to that uid.", body = Envelope<ClientUnbindAnswer>),
        (status = 403, description = "The caller lacks websocket.control.", body = Refusal),
        BodyRefusals,
        Refusals,
    ),
)]
pub async fn unbind(
    State(app): State<App>,
    caller: Allowed<Control>,
    Body(body): Body<ClientUnbindBody>,
) -> Result<Answer<ClientUnbindAnswer>, ApiError> {
    let unbound = service::client::unbind(&app, &caller, body.client_id, &body.uid).await?;
    Ok(Answer(ClientUnbindAnswer { unbound }))
}

/// Which client, and which group.
#[derive(ToSchema)]
pub struct ClientGroupBody {
    /// 40 lower-case hex digits.
    #[schema(value_type = String, pattern = "^[0-9a-f]{40}$")]
    client_id: ClientId,
    /// 1 to 255 bytes.
    #[schema(value_type = String, example = "lobby", min_length = 1, max_length = 255)]
    group: Group,
}

impl FromFields for ClientGroupBody {
    fn read(fields: &mut Fields) -> Option<Self> {
        let client_id = client_id(fields);
        let group = fields.parsed("group", "must be 1 to 255 bytes");
        Some(Self { client_id: client_id?, group: group? })
    }
}

/// What a join did.
#[derive(Serialize, ToSchema)]
pub struct ClientJoinAnswer {
    /// False when it was in the group already.
    #[schema(example = true)]
    joined: bool,
}

/// Puts one client into a group. Needs `websocket.control`.
#[utoipa::path(
    post,
    path = "/Client/joinGroup",
    tag = "Client",
    request_body = ClientGroupBody,
    responses(
        (status = 200, description = "It is in the group.", body = Envelope<ClientJoinAnswer>),
        (status = 403, description = "The caller lacks websocket.control.", body = Refusal),
        (status = 404, description = "The client is not connected.", body = Refusal),
        (status = 409, description = "The client is in 1,000 groups already.", body = Refusal),
        BodyRefusals,
        Refusals,
    ),
)]
pub async fn join_group(
    State(app): State<App>,
    caller: Allowed<Control>,
    Body(body): Body<ClientGroupBody>,
) -> Result<Answer<ClientJoinAnswer>, ApiError> {
    let joined = service::client::join(&app, &caller, body.client_id, &body.group).await?;
    Ok(Answer(ClientJoinAnswer { joined }))
}

/// What a leave did.
#[derive(Serialize, ToSchema)]
pub struct ClientLeaveAnswer {
    /// False when it is not connected, or was not in the group.
    #[schema(example = true)]
    left: bool,
}

/// Takes one client out of a group. Needs `websocket.control`.
#[utoipa::path(
    post,
    path = "/Client/leaveGroup",
    tag = "Client",
    request_body = ClientGroupBody,
    responses(
        (status = 200, description = "It is not in the group.", body = Envelope<ClientLeaveAnswer>),
        (status = 403, description = "The caller lacks websocket.control.", body = Refusal),
        BodyRefusals,
        Refusals,
    ),
)]
pub async fn leave_group(
    State(app): State<App>,
    caller: Allowed<Control>,
    Body(body): Body<ClientGroupBody>,
) -> Result<Answer<ClientLeaveAnswer>, ApiError> {
    let left = service::client::leave(&app, &caller, body.client_id, &body.group).await?;
    Ok(Answer(ClientLeaveAnswer { left }))
}
