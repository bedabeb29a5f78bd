//! `/Notification/…`: sending, and what everybody does with one's own. Below: what operators see of everybody's.

pub mod sent;

use axum::extract::State;
use serde::Serialize;
use serde::de::{Deserialize, Deserializer, Error as _};
use utoipa::{IntoParams, ToSchema};

use super::envelope::{Answer, BodyRefusals, Envelope, Refusal, Refusals};
use super::fields::{Body, Fields, Flag, FromFields, Limit, NoBody, Query};
use super::idempotency::{IdempotencyParam, IdempotencyRefusals, KeyedBody};
use crate::app::App;
use crate::auth::caller::grants::SendNotification;
use crate::auth::{Allowed, Caller};
use crate::error::ApiError;
use crate::id::{NotificationId, UserId};
use crate::notification::{Content, Kind, Level, Link, Notification, Title};
use crate::service;
use crate::service::idempotency::Answered;
use crate::service::notification::{NotificationView, SendAnswer};
use crate::store::{Cursor, ListFilter};

/// Most readers of one notification.
const MAX_READERS: usize = 10_000;
/// Most ids in one `read` or `delete`.
const MAX_IDS: usize = 1_000;

/// A notification and its readers.
#[derive(ToSchema)]
pub struct SendBody {
    /// 1 to 10,000 users; one that stands here twice gets it once.
    #[schema(min_items = 1, max_items = 10_000)]
    user_ids: Vec<UserId>,
    title: Title,
    content: Content,
    #[schema(required = false)]
    level: Level,
    #[schema(required = false)]
    notification_type: Kind,
    #[schema(required = false)]
    link: Link,
}

impl FromFields for SendBody {
    fn read(fields: &mut Fields) -> Option<Self> {
        let user_ids = list(fields, "user_ids", MAX_READERS);
        let title = fields.required("title");
        let content = fields.required("content");
        let level = fields.optional("level", Level::default());
        let notification_type = fields.optional("notification_type", Kind::default());
        let link = fields.optional("link", Link::default());
        Some(Self {
            user_ids: user_ids?,
            title: title?,
            content: content?,
            level: level?,
            notification_type: notification_type?,
            link: link?,
        })
    }
}

fn list<T: serde::de::DeserializeOwned>(
    fields: &mut Fields,
    name: &'static str,
    most: usize,
) -> Option<Vec<T>> {
    let items: Vec<T> = fields.required(name)?;
    match items.len() {
        count if (1..=most).contains(&count) => Some(items),
        count => fields.wrong(name, format!("must have 1 to {most} entries, not {count}")),
    }
}

/// Stores a notification for some users, and pushes it when it is urgent. Needs `notification.send`.
#[utoipa::path(
    post,
    path = "/Notification/send",
    tag = "Notification",
    params(IdempotencyParam),
    request_body = SendBody,
    responses(
        (
            status = 200,
            description = "Done, now or before.",
            body = Envelope<SendAnswer>,
            headers(("Idempotency-Replayed" = bool, description = "true: it was done before, and nothing was stored or pushed now.")),
        ),
        (status = 403, description = "The caller lacks notification.send.", body = Refusal),
        IdempotencyRefusals,
        BodyRefusals,
        Refusals,
    ),
)]
pub async fn send(
    State(app): State<App>,
    caller: Allowed<SendNotification>,
    body: KeyedBody<SendBody>,
) -> Result<Answered<SendAnswer>, ApiError> {
    let (body, claim) = body.claimed(caller.caller(), "/Notification/send");
    let notification = Notification {
        title: body.title,
        content: body.content,
        level: body.level,
        kind: body.notification_type,
        link: body.link,
    };
    service::notification::send_for(&app, &caller, &body.user_ids, notification, claim.as_ref()).await
}

/// Which of the caller's notifications to list.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "read by the OpenAPI document; `ListQuery` is what is used")]
pub struct ListParams {
    /// Only newer ones, oldest first. 0 for all. Not together with `before_id`.
    #[param(minimum = 0)]
    after_id: Option<i64>,
    /// Only older ones, newest first.
    #[param(minimum = 1)]
    before_id: Option<i64>,
    /// How many at most; 20 when absent.
    #[param(minimum = 1, maximum = 100)]
    limit: Option<u32>,
    /// Only read ones, or only unread ones: true, false, 1 or 0.
    is_read: Option<bool>,
    /// Only this level.
    level: Option<Level>,
}

/// See [`ListParams`].
pub struct ListQuery {
    cursor: Cursor,
    limit: u32,
    filter: ListFilter,
}

impl FromFields for ListQuery {
    fn read(fields: &mut Fields) -> Option<Self> {
        let after = fields.optional("after_id", None::<AfterId>);
        let before = fields.optional("before_id", None::<NotificationId>);
        let limit = fields.optional("limit", Limit::default());
        let is_read = fields.optional("is_read", None::<Flag>);
        let level = fields.optional("level", None::<Level>);
        let cursor = match (after?, before?) {
            (None, None) => Some(Cursor::Newest),
            (None, Some(id)) => Some(Cursor::Before(id)),
            (Some(AfterId(None)), None) => Some(Cursor::Oldest),
            (Some(AfterId(Some(id))), None) => Some(Cursor::After(id)),
            (Some(_), Some(_)) => fields.wrong("before_id", "cannot stand together with after_id"),
        };
        Some(Self {
            cursor: cursor?,
            limit: limit?.0,
            filter: ListFilter { is_read: is_read?.map(|flag| flag.0), level: level? },
        })
    }
}

/// An id, or 0 for "from the beginning".
struct AfterId(Option<NotificationId>);

impl<'de> Deserialize<'de> for AfterId {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        match String::deserialize(from)?.as_str() {
            "0" => Ok(Self(None)),
            text => text
                .parse()
                .map(|id| Self(Some(id)))
                .map_err(|_| D::Error::custom("must be an integer from 0 to 2^53 - 1")),
        }
    }
}

/// A row of a list.
#[derive(Serialize, ToSchema)]
pub struct ListRow {
    #[serde(flatten)]
    notification: NotificationView,
    /// The caller has read it.
    is_read: bool,
}

/// Some of the caller's notifications.
#[derive(Serialize, ToSchema)]
pub struct ListAnswer {
    /// Newest first; oldest first with `after_id`.
    list: Vec<ListRow>,
    /// The next `before_id`, or the next `after_id`; null when there are no more.
    next_cursor: Option<i64>,
}

/// Lists the caller's notifications.
#[utoipa::path(
    get,
    path = "/Notification/list",
    tag = "Notification",
    params(ListParams),
    responses(
        (status = 200, description = "Done.", body = Envelope<ListAnswer>),
        (status = 422, description = "Some parameters are not valid; data names them.", body = Refusal),
        Refusals,
    ),
)]
pub async fn list_own(
    State(app): State<App>,
    caller: Caller,
    Query(query): Query<ListQuery>,
) -> Result<Answer<ListAnswer>, ApiError> {
    // One more than asked for, to know whether there are more.
    let rows = app.store.notifications(caller.id(), query.cursor, query.filter, query.limit + 1).await?;
    let more = rows.len() > query.limit as usize;
    let rows = rows.into_iter().take(query.limit as usize);
    let list: Vec<ListRow> =
        rows.map(|row| ListRow { is_read: row.is_read, notification: app.notifications.view(row) }).collect();
    let next_cursor = list.last().filter(|_| more).map(|row| row.notification.id);
    Ok(Answer(ListAnswer { list, next_cursor }))
}

/// How many of the caller's notifications are unread.
#[derive(Serialize, ToSchema)]
pub struct CountAnswer {
    count: i64,
}

/// Counts the caller's unread notifications.
#[utoipa::path(
    get,
    path = "/Notification/unreadCount",
    tag = "Notification",
    responses((status = 200, description = "Done.", body = Envelope<CountAnswer>), Refusals),
)]
pub async fn unread_count(State(app): State<App>, caller: Caller) -> Result<Answer<CountAnswer>, ApiError> {
    let count = app.store.unread_count(caller.id()).await?;
    Ok(Answer(CountAnswer { count }))
}

/// Some of the caller's notifications, by id.
#[derive(ToSchema)]
pub struct IdsBody {
    /// 1 to 1,000 ids; unknown ones change nothing.
    #[schema(min_items = 1, max_items = 1_000)]
    ids: Vec<NotificationId>,
}

impl FromFields for IdsBody {
    fn read(fields: &mut Fields) -> Option<Self> {
        list(fields, "ids", MAX_IDS).map(|ids| Self { ids })
    }
}

/// How many rows changed.
#[derive(Serialize, ToSchema)]
pub struct ChangedAnswer {
    changed: usize,
}

/// Marks some of the caller's notifications as read; `changed` counts those that were unread.
///
/// When some were, every page of the caller gets `{"type":"notification_read","data":{"ids":[…]}}`, also the one that asked.
#[utoipa::path(
    post,
    path = "/Notification/read",
    tag = "Notification",
    request_body = IdsBody,
    responses((status = 200, description = "Done.", body = Envelope<ChangedAnswer>), BodyRefusals, Refusals),
)]
pub async fn read(
    State(app): State<App>,
    caller: Caller,
    Body(body): Body<IdsBody>,
) -> Result<Answer<ChangedAnswer>, ApiError> {
    let changed = app.notifications.mark_read(caller.id(), &body.ids).await?;
    Ok(Answer(ChangedAnswer { changed }))
}

/// Marks all of the caller's notifications as read. No body, or `{}`.
///
/// When some were unread, every page of the caller gets `{"type":"notification_read","data":{"all":true}}`, also the one that asked.
#[utoipa::path(
    post,
    path = "/Notification/readAll",
    tag = "Notification",
    responses((status = 200, description = "Done.", body = Envelope<ChangedAnswer>), BodyRefusals, Refusals),
)]
pub async fn read_all(
    State(app): State<App>,
    caller: Caller,
    _: NoBody,
) -> Result<Answer<ChangedAnswer>, ApiError> {
    let changed = app.notifications.mark_all_read(caller.id()).await?;
    Ok(Answer(ChangedAnswer { changed }))
}

/// Deletes some of the caller's notifications. Their ids are not used again.
#[utoipa::path(
    post,
    path = "/Notification/delete",
    tag = "Notification",
    request_body = IdsBody,
    responses((status = 200, description = "Done.", body = Envelope<ChangedAnswer>), BodyRefusals, Refusals),
)]
pub async fn delete(
    State(app): State<App>,
    caller: Caller,
    Body(body): Body<IdsBody>,
) -> Result<Answer<ChangedAnswer>, ApiError> {
    let changed = service::notification::delete(&app, &caller, &body.ids).await?;
    Ok(Answer(ChangedAnswer { changed }))
}
