//! `/WebSocket/…`

use axum::extract::State;
use gatepipe_proto::ClientId;
use gatepipe_proto::frame::RESERVED_TYPES;
use serde::Serialize;
use serde_json::value::RawValue;
use utoipa::ToSchema;

use super::envelope::{Answer, BodyRefusals, Envelope, Refusal, Refusals};
use super::fields::{Body, Fields, FromFields};
use super::idempotency::{IdempotencyParam, IdempotencyRefusals, KeyedBody};
use crate::app::App;
use crate::auth::caller::grants::{Broadcast, ForceOffline};
use crate::auth::{Allowed, Caller};
use crate::error::ApiError;
use crate::id::UserId;
use crate::service;
use crate::service::idempotency::Answered;
use crate::service::push::PushAnswer;
use crate::service::receipt::Failed;

/// Longest `type`, in characters.
const MAX_TYPE_CHARACTERS: usize = 64;
/// Longest `reason`, in characters.
const MAX_REASON_CHARACTERS: usize = 255;

/// Which client becomes the caller's.
#[derive(ToSchema)]
pub struct BindBody {
    /// From the `init` frame: 40 lower-case hex digits.
    #[schema(value_type = String, pattern = "^[0-9a-f]{40}$")]
    client_id: ClientId,
}

impl FromFields for BindBody {
    fn read(fields: &mut Fields) -> Option<Self> {
        let text: String = fields.required("client_id")?;
        match text.parse() {
            Ok(client_id) => Some(Self { client_id }),
            Err(_) => fields.wrong("client_id", "must be 40 lower-case hex digits"),
        }
    }
}

/// The client is the caller's, and a `bind_success` frame is on its way to it.
#[derive(Serialize, ToSchema)]
pub struct BindAnswer {
    #[schema(example = true)]
    bound: bool,
}

/// Binds a WebSocket connection to the user of the token.
#[utoipa::path(
    post,
    path = "/WebSocket/bind",
    tag = "WebSocket",
    request_body = BindBody,
    responses(
        (status = 200, description = "Done.", body = Envelope<BindAnswer>),
        (status = 404, description = "The client is not connected.", body = Refusal),
        (status = 409, description = "The client is bound to another user.", body = Refusal),
        BodyRefusals,
        Refusals,
    ),
)]
pub async fn bind(
    State(app): State<App>,
    caller: Caller,
    Body(body): Body<BindBody>,
) -> Result<Answer<BindAnswer>, ApiError> {
    service::bind::bind(&app, &caller, body.client_id).await?;
    Ok(Answer(BindAnswer { bound: true }))
}

/// A frame for everybody: `{"type":…,"data":…}`.
#[derive(ToSchema)]
pub struct BroadcastBody {
    /// 1 to 64 characters; "notification" when absent. init, ping, pong, bind_success, force_offline and reconnect are reserved.
    #[schema(required = false, min_length = 1, max_length = 64, default = "notification")]
    pub(super) r#type: String,
    /// Any JSON, carried as it is written; `[]` when absent or null.
    #[schema(required = false, value_type = serde_json::Value)]
    pub(super) data: Option<Box<RawValue>>,
}

impl FromFields for BroadcastBody {
    fn read(fields: &mut Fields) -> Option<Self> {
        let kind = fields.optional("type", "notification".to_owned());
        let kind = match kind {
            Some(kind) if !(1..=MAX_TYPE_CHARACTERS).contains(&kind.chars().count()) => {
                fields.wrong("type", "must be 1 to 64 characters")
            }
            Some(kind) if RESERVED_TYPES.contains(&kind.as_str()) => {
                fields.wrong("type", format!("{kind} is reserved"))
            }
            fine => fine,
        };
        let data = fields.as_written("data");
        Some(Self { r#type: kind?, data })
    }
}

/// A frame for one user: `{"type":…,"data":…}`.
#[derive(ToSchema)]
pub struct PushBody {
    uid: UserId,
    /// As in a broadcast.
    #[schema(required = false, min_length = 1, max_length = 64, default = "notification")]
    r#type: String,
    /// Any JSON, carried as it is written; `[]` when absent or null.
    #[schema(required = false, value_type = serde_json::Value)]
    data: Option<Box<RawValue>>,
}

impl FromFields for PushBody {
    fn read(fields: &mut Fields) -> Option<Self> {
        let uid = fields.required("uid");
        let BroadcastBody { r#type, data } = BroadcastBody::read(fields)?;
        Some(Self { uid: uid?, r#type, data })
    }
}

/// Pushes a frame to every connection of a user.
///
/// The user is the caller, answers to the caller directly or through others, or the caller has `websocket.push_any`.
/// A user that is offline is no error.
#[utoipa::path(
    post,
    path = "/WebSocket/pushToUser",
    tag = "WebSocket",
    request_body = PushBody,
    responses(
        (status = 200, description = "Done.", body = Envelope<PushAnswer>),
        (status = 403, description = "The user is neither the caller nor below the caller.", body = Refusal),
        BodyRefusals,
        Refusals,
    ),
)]
pub async fn push_to_user(
    State(app): State<App>,
    caller: Caller,
    Body(body): Body<PushBody>,
) -> Result<Answer<PushAnswer>, ApiError> {
    let answer = service::push::to_user(&app, &caller, body.uid, &body.r#type, body.data).await?;
    Ok(Answer(answer))
}

/// Pushes a frame to every connected client, bound or not. Needs `websocket.broadcast`.
///
/// Nothing of it is stored but its `Idempotency-Key`, and that before the push: with a key it is pushed at most once, also when the
/// api dies in between.
#[utoipa::path(
    post,
    path = "/WebSocket/broadcast",
    tag = "WebSocket",
    params(IdempotencyParam),
    request_body = BroadcastBody,
    responses(
        (
            status = 200,
            description = "Done, now or before.",
            body = Envelope<PushAnswer>,
            headers(("Idempotency-Replayed" = bool, description = "true: it was done before, and nothing was pushed now.")),
        ),
        (status = 403, description = "The caller lacks websocket.broadcast.", body = Refusal),
        IdempotencyRefusals,
        BodyRefusals,
        Refusals,
    ),
)]
pub async fn broadcast(
    State(app): State<App>,
    caller: Allowed<Broadcast>,
    body: KeyedBody<BroadcastBody>,
) -> Result<Answered<PushAnswer>, ApiError> {
    let (body, claim) = body.claimed(caller.caller(), "/WebSocket/broadcast");
    service::push::to_all(&app, &caller, &body.r#type, body.data, claim.as_ref()).await
}

/// Who is cut off, and what the pages are told.
#[derive(ToSchema)]
pub struct ForceOfflineBody {
    uid: UserId,
    /// At most 255 characters, shown to the user; "forced offline" when absent.
    #[schema(required = false, max_length = 255, default = "forced offline")]
    reason: String,
}

impl FromFields for ForceOfflineBody {
    fn read(fields: &mut Fields) -> Option<Self> {
        let uid = fields.required("uid");
        let reason = fields.optional("reason", "forced offline".to_owned());
        let reason = match reason {
            Some(reason) if reason.chars().count() > MAX_REASON_CHARACTERS => {
                fields.wrong("reason", "must be at most 255 characters")
            }
            fine => fine,
        };
        Some(Self { uid: uid?, reason: reason? })
    }
}

/// What a forced offline did. The user's tokens are useless, whatever stands here.
#[derive(Serialize, ToSchema)]
pub struct ForceOfflineAnswer {
    /// Connections that were closed with 4001.
    closed: u64,
    /// Gateways that could not be asked; empty when whole.
    failed: Vec<Failed>,
}

/// Makes every token of a user useless, then closes the user's connections with 4001. Needs `websocket.force_offline`.
#[utoipa::path(
    post,
    path = "/WebSocket/forceOffline",
    tag = "WebSocket",
    request_body = ForceOfflineBody,
    responses(
        (status = 200, description = "Done.", body = Envelope<ForceOfflineAnswer>),
        (status = 403, description = "The caller lacks websocket.force_offline.", body = Refusal),
        (status = 404, description = "There is no such user.", body = Refusal),
        BodyRefusals,
        Refusals,
    ),
)]
pub async fn force_offline(
    State(app): State<App>,
    caller: Allowed<ForceOffline>,
    Body(body): Body<ForceOfflineBody>,
) -> Result<Answer<ForceOfflineAnswer>, ApiError> {
    let reached = service::force_offline::force_offline(&app, &caller, body.uid, &body.reason).await?;
    Ok(Answer(ForceOfflineAnswer { closed: reached.clients, failed: reached.failed }))
}
