//! `/User/…`

use axum::extract::State;
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};

use super::envelope::{Answer, Envelope, Refusal, Refusals};
use super::fields::{Fields, FromFields, Query};
use crate::app::App;
use crate::auth::Allowed;
use crate::auth::caller::grants::Inspect;
use crate::error::ApiError;
use crate::id::UserId;
use crate::service;
use crate::service::inspect::Online;
use crate::service::receipt::Failed;

/// Most users in one question.
const MAX_UIDS: usize = 1_000;

/// Who is asked about.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "read by the OpenAPI document; `OnlineQuery` is what is used")]
pub struct OnlineParams {
    /// 1 to 1,000 uids with commas between them.
    #[param(example = "1001,1002")]
    uids: String,
}

/// See [`OnlineParams`].
pub struct OnlineQuery {
    uids: Vec<UserId>,
}

impl FromFields for OnlineQuery {
    fn read(fields: &mut Fields) -> Option<Self> {
        let text: String = fields.required("uids")?;
        let uids: Result<Vec<UserId>, _> = text.split(',').map(str::parse).collect();
        match uids {
            Ok(uids) if uids.len() <= MAX_UIDS => Some(Self { uids }),
            Ok(uids) => fields.wrong("uids", format!("must be at most {MAX_UIDS}, not {}", uids.len())),
            Err(rule) => fields.wrong("uids", format!("each {rule}, with commas between them")),
        }
    }
}

/// Each user once, in one of three lists, in the order of the question.
#[derive(Serialize, ToSchema)]
pub struct OnlineAnswer {
    /// With a connection that is bound to them.
    #[schema(example = json!([1001]))]
    online: Vec<UserId>,
    /// Every gateway says that there is none.
    #[schema(example = json!([1002]))]
    offline: Vec<UserId>,
    /// Found nowhere, but not every gateway answered.
    #[schema(example = json!([]))]
    unknown: Vec<UserId>,
    /// Gateways that could not be asked; empty when whole.
    failed: Vec<Failed>,
}

impl From<Online> for OnlineAnswer {
    fn from(found: Online) -> Self {
        let Online { online, offline, unknown, failed } = found;
        Self { online, offline, unknown, failed }
    }
}

/// Tells which users are online. Needs `websocket.inspect`.
///
/// Nobody is called offline because a gateway was silent: such users are in `unknown`, until that gateway is off the register's list
/// (15 s).
#[utoipa::path(
    get,
    path = "/User/online",
    tag = "User",
    params(OnlineParams),
    responses(
        (status = 200, description = "Done.", body = Envelope<OnlineAnswer>),
        (status = 403, description = "The caller lacks websocket.inspect.", body = Refusal),
        (status = 422, description = "The uids are missing, too many, or not all uids; data says so.", body = Refusal),
        Refusals,
    ),
)]
pub async fn online(
    State(app): State<App>,
    caller: Allowed<Inspect>,
    Query(query): Query<OnlineQuery>,
) -> Result<Answer<OnlineAnswer>, ApiError> {
    let found = service::inspect::online(&app, &caller, &query.uids).await;
    Ok(Answer(found.into()))
}
