//! `/User/…`

use axum::extract::State;
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};

use super::client::ClientView;
use super::envelope::{Answer, Envelope, Refusal, Refusals};
use super::fields::{Fields, FromFields, Limit, Query};
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

/// Who is looked for.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "read by the OpenAPI document; `FindQuery` is what is used")]
pub struct FindParams {
    #[param(example = 1001)]
    uid: u64,
    /// How many clients at most; 20 when absent.
    #[param(minimum = 1, maximum = 100)]
    limit: Option<u32>,
}

/// See [`FindParams`].
pub struct FindQuery {
    uid: UserId,
    limit: u32,
}

impl FromFields for FindQuery {
    fn read(fields: &mut Fields) -> Option<Self> {
        let uid = fields.parsed("uid", "must be an integer from 1 to 2^53 - 1");
        let limit = fields.optional("limit", Limit::default());
        Some(Self { uid: uid?, limit: limit?.0 })
    }
}

/// A user, and where the user is now.
#[derive(Serialize, ToSchema)]
pub struct FindAnswer {
    uid: UserId,
    /// Null when the database has no such user; connections may be bound to the number all the same.
    #[schema(example = "alice")]
    username: Option<String>,
    /// Whether a connection is bound to the user; null when none was found, but not every gateway answered.
    #[schema(example = true)]
    online: Option<bool>,
    /// Notifications not read yet; null when the database has no such user.
    #[schema(example = 3)]
    unread: Option<i64>,
    /// The first connections on all gateways, in order of client_id.
    clients: Vec<ClientView>,
    /// For the `cursor` of `/Client/list` with the same `uid`; null when these are all.
    next_cursor: Option<String>,
    /// Gateways that could not be asked; empty when whole.
    failed: Vec<Failed>,
}

/// Finds one user: whether online, every connection on every gateway, and how many notifications are unread. Needs
/// `websocket.inspect`.
#[utoipa::path(
    get,
    path = "/User/find",
    tag = "User",
    params(FindParams),
    responses(
        (status = 200, description = "Done, also for a number that nobody has.", body = Envelope<FindAnswer>),
        (status = 403, description = "The caller lacks websocket.inspect.", body = Refusal),
        (status = 422, description = "Some parameters are not valid; data names them.", body = Refusal),
        Refusals,
    ),
)]
pub async fn find(
    State(app): State<App>,
    caller: Allowed<Inspect>,
    Query(query): Query<FindQuery>,
) -> Result<Answer<FindAnswer>, ApiError> {
    let found = service::inspect::user(&app, &caller, query.uid, query.limit).await?;
    let online = match (found.clients.items.is_empty(), found.failed.is_empty()) {
        (false, _) => Some(true),
        (true, true) => Some(false),
        (true, false) => None,
    };
    Ok(Answer(FindAnswer {
        uid: query.uid,
        username: found.user.map(|user| user.username),
        online,
        unread: found.unread,
        clients: found.clients.items.into_iter().map(|client| ClientView::new(&app, client)).collect(),
        next_cursor: found.clients.next.map(|cursor| cursor.to_string()),
        failed: found.failed,
    }))
}
