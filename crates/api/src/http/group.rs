//! `/Group/…`

use axum::extract::State;
use gatepipe_client::{Cursor, GroupInfo, Page};
use gatepipe_proto::Group;
use serde::Serialize;
use serde_json::value::RawValue;
use utoipa::{IntoParams, ToSchema};

use super::envelope::{Answer, BodyRefusals, Envelope, Refusal, Refusals};
use super::fields::{Body, Fields, FromFields, Limit, Query};
use super::websocket::BroadcastBody;
use crate::app::App;
use crate::auth::Allowed;
use crate::auth::caller::grants::{Control, Inspect, PushAny};
use crate::error::ApiError;
use crate::service;
use crate::service::push::PushAnswer;
use crate::service::receipt::Failed;

/// Which groups to list.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "read by the OpenAPI document; `GroupListQuery` is what is used")]
pub struct GroupListParams {
    /// How many at most; 20 when absent.
    #[param(minimum = 1, maximum = 100)]
    limit: Option<u32>,
    /// The `next_cursor` of the page before.
    cursor: Option<String>,
}

/// See [`GroupListParams`].
pub struct GroupListQuery(Page);

impl FromFields for GroupListQuery {
    fn read(fields: &mut Fields) -> Option<Self> {
        let limit = fields.optional("limit", Limit::default());
        let after = fields.parsed_or_none::<Cursor>("cursor", "must be the next_cursor of the page before");
        Some(Self(Page { after: after?, limit: limit?.0 }))
    }
}

/// A group that has a member.
#[derive(Serialize, ToSchema)]
pub struct GroupView {
    #[schema(example = "lobby")]
    group: String,
    /// Its members, on all gateways together.
    #[schema(example = 12)]
    clients: u64,
    /// The distinct users they are bound to.
    #[schema(example = 9)]
    uids: u64,
    /// `uids` is what it is; false: an estimate, off by about 1.1 %, as of a group with more than 8,192 users on several gateways.
    #[schema(example = true)]
    uids_exact: bool,
}

impl From<GroupInfo> for GroupView {
    fn from(info: GroupInfo) -> Self {
        Self {
            group: info.group.to_string(),
            clients: info.clients,
            uids: info.uids.count,
            uids_exact: info.uids.exact,
        }
    }
}

/// Some of the groups.
#[derive(Serialize, ToSchema)]
pub struct GroupListAnswer {
    /// In byte order of their names.
    list: Vec<GroupView>,
    /// For `cursor`; null when there are no more.
    #[schema(example = "groups-0123456789abcdef-6c6f626279")]
    next_cursor: Option<String>,
    /// Gateways that could not be asked: their members are missing here. Empty when whole.
    failed: Vec<Failed>,
}

/// Lists the groups that have a member, page by page. Needs `websocket.inspect`.
///
/// The members of one are what `/Client/list` tells with its name as `group`.
#[utoipa::path(
    get,
    path = "/Group/list",
    tag = "Group",
    params(GroupListParams),
    responses(
        (status = 200, description = "Done.", body = Envelope<GroupListAnswer>),
        (status = 403, description = "The caller lacks websocket.inspect.", body = Refusal),
        (status = 422, description = "Some parameters are not valid, or the cursor belongs to another list; data names them.", body = Refusal),
        Refusals,
    ),
)]
pub async fn list_with_members(
    State(app): State<App>,
    caller: Allowed<Inspect>,
    Query(GroupListQuery(page)): Query<GroupListQuery>,
) -> Result<Answer<GroupListAnswer>, ApiError> {
    let (groups, failed) = service::inspect::groups(&app, &caller, &page).await?;
    Ok(Answer(GroupListAnswer {
        list: groups.items.into_iter().map(GroupView::from).collect(),
        next_cursor: groups.next.map(|cursor| cursor.to_string()),
        failed,
    }))
}

/// A frame for the members of a group: `{"type":…,"data":…}`.
#[derive(ToSchema)]
pub struct GroupPushBody {
    /// 1 to 255 bytes.
    #[schema(value_type = String, example = "lobby", min_length = 1, max_length = 255)]
    group: Group,
    /// As in a broadcast.
    #[schema(required = false, min_length = 1, max_length = 64, default = "notification")]
    r#type: String,
    /// Any JSON, carried as it is written; `[]` when absent or null.
    #[schema(required = false, value_type = serde_json::Value)]
    data: Option<Box<RawValue>>,
}

impl FromFields for GroupPushBody {
    fn read(fields: &mut Fields) -> Option<Self> {
        let group = fields.parsed("group", "must be 1 to 255 bytes");
        let BroadcastBody { r#type, data } = BroadcastBody::read(fields)?;
        Some(Self { group: group?, r#type, data })
    }
}

/// Pushes a frame to every member of a group. Needs `websocket.push_any`.
///
/// A group without members is no error: it is reached 0 times.
#[utoipa::path(
    post,
    path = "/Group/push",
    tag = "Group",
    request_body = GroupPushBody,
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
    Body(body): Body<GroupPushBody>,
) -> Result<Answer<PushAnswer>, ApiError> {
    let GroupPushBody { group, r#type, data } = body;
    service::push::to_group(&app, &caller, &group, &r#type, data).await.map(Answer)
}

/// Which group.
#[derive(ToSchema)]
pub struct GroupDissolveBody {
    /// 1 to 255 bytes.
    #[schema(value_type = String, example = "lobby", min_length = 1, max_length = 255)]
    group: Group,
}

impl FromFields for GroupDissolveBody {
    fn read(fields: &mut Fields) -> Option<Self> {
        Some(Self { group: fields.parsed("group", "must be 1 to 255 bytes")? })
    }
}

/// What became of a group.
#[derive(Serialize, ToSchema)]
pub struct GroupDissolveAnswer {
    /// Members that it lost.
    #[schema(example = 12)]
    left: u64,
    /// Gateways that could not be asked: their members are in it still. Empty when whole.
    failed: Vec<Failed>,
}

/// Takes every member out of a group; they stay connected. Needs `websocket.control`.
///
/// A group without members is no error: it loses none.
#[utoipa::path(
    post,
    path = "/Group/dissolve",
    tag = "Group",
    request_body = GroupDissolveBody,
    responses(
        (status = 200, description = "Done.", body = Envelope<GroupDissolveAnswer>),
        (status = 403, description = "The caller lacks websocket.control.", body = Refusal),
        BodyRefusals,
        Refusals,
    ),
)]
pub async fn dissolve(
    State(app): State<App>,
    caller: Allowed<Control>,
    Body(body): Body<GroupDissolveBody>,
) -> Result<Answer<GroupDissolveAnswer>, ApiError> {
    let reached = service::group::dissolve(&app, &caller, &body.group).await?;
    Ok(Answer(GroupDissolveAnswer { left: reached.clients, failed: reached.failed }))
}
