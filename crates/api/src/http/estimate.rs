//! `/WebSocket/estimate`

use axum::extract::State;
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};

use super::envelope::{Answer, Envelope, Refusal, Refusals};
use super::fields::{Fields, FromFields, Query};
use crate::app::App;
use crate::auth::Caller;
use crate::error::ApiError;
use crate::service::estimate::{Target, estimate as count};
use crate::service::receipt::Failed;

/// Who a push would go to: at most one of these; none of them is everybody.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "read by the OpenAPI document; `EstimateQuery` is what is used")]
pub struct EstimateParams {
    /// Every connection of this user.
    #[param(example = 1001)]
    uid: Option<u64>,
    /// Every member of this group.
    #[param(example = "lobby", min_length = 1, max_length = 255)]
    group: Option<String>,
    /// This client.
    #[param(pattern = "^[0-9a-f]{40}$")]
    client_id: Option<String>,
}

/// See [`EstimateParams`].
pub struct EstimateQuery(Target);

impl FromFields for EstimateQuery {
    fn read(fields: &mut Fields) -> Option<Self> {
        let user = fields.parsed_or_none("uid", "must be an integer from 1 to 2^53 - 1");
        let group = fields.parsed_or_none("group", "must be 1 to 255 bytes");
        let client = fields.parsed_or_none("client_id", "must be 40 lower-case hex digits");
        let targets = [user?.map(Target::User), group?.map(Target::Group), client?.map(Target::Client)];
        let mut targets = targets.into_iter().flatten();
        match (targets.next(), targets.next()) {
            (one, None) => Some(Self(one.unwrap_or(Target::All))),
            _ => fields.wrong("uid", "give one of uid, group and client_id, or none of them for everybody"),
        }
    }
}

/// How many would hear it now.
#[derive(Serialize, ToSchema)]
pub struct EstimateAnswer {
    /// Connections. People come and go until the push itself, which says how many it reached.
    #[schema(example = 1200)]
    clients: u64,
    /// Gateways that could not be asked: their clients are missing here. Empty when whole.
    failed: Vec<Failed>,
}

/// Counts how many connections a push would reach, before it is sent.
///
/// Needs `websocket.inspect`, or what the push itself needs: `websocket.broadcast` for everybody, `websocket.push_any` for a group or a
/// client, and for a user what `/WebSocket/pushToUser` asks for.
#[utoipa::path(
    get,
    path = "/WebSocket/estimate",
    tag = "WebSocket",
    params(EstimateParams),
    responses(
        (status = 200, description = "Done.", body = Envelope<EstimateAnswer>),
        (status = 403, description = "The caller may neither look nor send.", body = Refusal),
        (status = 422, description = "Some parameters are not valid; data names them.", body = Refusal),
        Refusals,
    ),
)]
pub async fn estimate(
    State(app): State<App>,
    caller: Caller,
    Query(EstimateQuery(target)): Query<EstimateQuery>,
) -> Result<Answer<EstimateAnswer>, ApiError> {
    let found = count(&app, &caller, target).await?;
    Ok(Answer(EstimateAnswer { clients: found.clients, failed: found.failed }))
}
