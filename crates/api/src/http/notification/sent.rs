//! `/Notification/…`: everybody's notifications, for operators.

use std::fmt;
use std::str::FromStr;

use axum::extract::State;
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};

use crate::app::{App, written_time};
use crate::auth::Allowed;
use crate::auth::caller::grants::{SendNotification, ViewNotifications};
use crate::error::ApiError;
use crate::http::audit::milliseconds;
use crate::http::envelope::{Answer, BodyRefusals, Envelope, Refusal, Refusals};
use crate::http::fields::{Body, Fields, Flag, FromFields, Limit, Query};
use crate::id::{NotificationId, UserId};
use crate::notification::{Kind, Level, MAX_TITLE_CHARACTERS, PushState};
use crate::service;
use crate::service::notification::sent::Sent;
use crate::service::receipt::Failed;
use crate::store::{SentFilter, SentPlace};

/// Which notifications; every condition that is given must hold.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "read by the OpenAPI document; `SentQuery` is what is used")]
pub struct SentParams {
    /// Only what this user got; then in order of the user's numbers.
    #[param(inline)]
    user_id: Option<UserId>,
    /// Only this level.
    level: Option<Level>,
    /// Only of this kind.
    notification_type: Option<Kind>,
    /// Only read ones, or only unread ones: true, false, 1 or 0.
    is_read: Option<bool>,
    /// Only those whose push went so: none, unknown, whole, partial or failed.
    #[param(inline)]
    push: Option<PushState>,
    /// Only those whose title has this in it, whatever the case.
    #[param(min_length = 1, max_length = 255)]
    title: Option<String>,
    /// Only what was made then or later, in milliseconds since 1970.
    #[param(minimum = 0)]
    since_ms: Option<i64>,
    /// Only what was made before, in milliseconds since 1970.
    #[param(minimum = 0)]
    until_ms: Option<i64>,
    /// The `next_cursor` of the page before, with the same conditions.
    cursor: Option<String>,
    /// How many at most; 20 when absent.
    #[param(minimum = 1, maximum = 100)]
    limit: Option<u32>,
}

/// See [`SentParams`].
pub struct SentQuery {
    filter: SentFilter,
    before: Option<SentPlace>,
    limit: u32,
}

impl FromFields for SentQuery {
    fn read(fields: &mut Fields) -> Option<Self> {
        let user = fields.optional("user_id", None::<UserId>);
        let level = fields.optional("level", None::<Level>);
        let kind = fields.optional("notification_type", None::<Kind>);
        let is_read = fields.optional("is_read", None::<Flag>);
        let push = fields.optional("push", None::<PushState>);
        let title = match fields.optional("title", None::<String>) {
            Some(Some(title)) if !(1..=MAX_TITLE_CHARACTERS).contains(&title.chars().count()) => {
                fields.wrong("title", format!("must have 1 to {MAX_TITLE_CHARACTERS} characters"))
            }
            fine => fine,
        };
        let since_ms = milliseconds(fields, "since_ms");
        let until_ms = milliseconds(fields, "until_ms");
        let cursor =
            fields.parsed_or_none::<SentCursor>("cursor", "must be the next_cursor of the page before");
        let limit = fields.optional("limit", Limit::default());
        let filter = SentFilter {
            user: user?,
            level: level?,
            kind: kind?,
            is_read: is_read?.map(|flag| flag.0),
            push: push?,
            title: title?,
            since_ms: since_ms?,
            until_ms: until_ms?,
        };
        Some(Self { filter, before: cursor?.map(|cursor| cursor.0), limit: limit?.0 })
    }
}

/// A [`SentPlace`] as it is written: its three numbers with points between them.
struct SentCursor(SentPlace);

impl FromStr for SentCursor {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let numbers: Vec<i64> = text.split('.').map(str::parse).collect::<Result<_, _>>().map_err(drop)?;
        match numbers[..] {
            [created_at_ms, user, id] => Ok(Self(SentPlace { created_at_ms, user, id })),
            _ => Err(()),
        }
    }
}

impl fmt::Display for SentCursor {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let SentPlace { created_at_ms, user, id } = self.0;
        write!(out, "{created_at_ms}.{user}.{id}")
    }
}

/// A notification and what became of it.
#[derive(Serialize, ToSchema)]
pub struct SentView {
    /// Whose it is.
    #[schema(example = 1_001)]
    user_id: i64,
    #[schema(example = "alice")]
    username: String,
    /// Its number in that user's inbox.
    #[schema(example = 7)]
    id: i64,
    #[schema(example = "Backup done")]
    title: String,
    /// "normal" or "urgent".
    #[schema(example = "urgent")]
    level: String,
    /// "info", "success", "warning" or "error".
    #[schema(example = "success")]
    notification_type: String,
    /// When it was stored, in the api's time zone.
    #[schema(example = "2026-11-23 20:52:00")]
    created_at: String,
    /// Milliseconds since 1970.
    created_at_ms: i64,
    /// "none": stored only. "whole": every gateway was asked, "partial": not every one, "failed": none could be. "unknown": it is urgent
    /// and nothing is noted, because the push is under way, was cut, or is older than this knowledge.
    #[schema(example = "whole")]
    push: &'static str,
    /// When the last push ended, in the api's time zone; null when nothing is noted.
    #[schema(example = "2026-11-23 20:52:00")]
    pushed_at: Option<String>,
    /// Milliseconds since 1970.
    pushed_at_ms: Option<i64>,
    /// Connections that took the last push; 0 for a user that was offline.
    #[schema(example = 2)]
    reached: i64,
    /// The user has read it.
    is_read: bool,
}

impl SentView {
    fn new(app: &App, Sent { row, username }: Sent) -> Self {
        let zone = app.settings.time_zone;
        let pushed_at_ms = Some(row.pushed_at_ms).filter(|ms| *ms > 0);
        Self {
            push: row.push().name(),
            user_id: row.user_id,
            username,
            id: row.id,
            title: row.title,
            level: row.level,
            notification_type: row.notification_type,
            created_at: written_time(row.created_at_ms, zone),
            created_at_ms: row.created_at_ms,
            pushed_at: pushed_at_ms.map(|ms| written_time(ms, zone)),
            pushed_at_ms,
            reached: row.push_reached,
            is_read: row.is_read,
        }
    }
}

/// Some of everybody's notifications.
#[derive(Serialize, ToSchema)]
pub struct SentListAnswer {
    /// Newest first.
    list: Vec<SentView>,
    /// For `cursor`; null when there are no more.
    next_cursor: Option<String>,
}

/// Lists everybody's notifications without their contents, newest first: stored, pushed, read. Needs `notification.view`.
///
/// For one page at most 10,000 notifications are looked at. When the conditions hold for few of them, a page may be short or empty and
/// still have a `next_cursor`, which goes on from there. What became of a push is noted a moment after it.
#[utoipa::path(
    get,
    path = "/Notification/listAll",
    tag = "Notification",
    params(SentParams),
    responses(
        (status = 200, description = "Done.", body = Envelope<SentListAnswer>),
        (status = 403, description = "The caller lacks notification.view.", body = Refusal),
        (status = 422, description = "Some parameters are not valid; data names them.", body = Refusal),
        Refusals,
    ),
)]
pub async fn list_all(
    State(app): State<App>,
    caller: Allowed<ViewNotifications>,
    Query(query): Query<SentQuery>,
) -> Result<Answer<SentListAnswer>, ApiError> {
    let SentQuery { filter, before, limit } = query;
    let (sent, next) = service::notification::sent::list(&app, &caller, filter, before, limit).await?;
    let list = sent.into_iter().map(|sent| SentView::new(&app, sent)).collect();
    Ok(Answer(SentListAnswer { list, next_cursor: next.map(|place| SentCursor(place).to_string()) }))
}

/// Which notification.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ShowQuery {
    /// Whose it is.
    #[param(inline)]
    user_id: UserId,
    /// Its number in that user's inbox.
    #[param(inline)]
    id: NotificationId,
}

impl FromFields for ShowQuery {
    fn read(fields: &mut Fields) -> Option<Self> {
        let user_id = fields.required("user_id");
        let id = fields.required("id");
        Some(Self { user_id: user_id?, id: id? })
    }
}

/// A notification with all that it says.
#[derive(Serialize, ToSchema)]
pub struct SentShowAnswer {
    #[serde(flatten)]
    sent: SentView,
    /// At most 64 KiB.
    content: String,
    /// Empty, a URL or a path.
    link: String,
}

/// Shows one notification of anybody. Needs `notification.view`.
#[utoipa::path(
    get,
    path = "/Notification/show",
    tag = "Notification",
    params(ShowQuery),
    responses(
        (status = 200, description = "Done.", body = Envelope<SentShowAnswer>),
        (status = 403, description = "The caller lacks notification.view.", body = Refusal),
        (status = 404, description = "There is no such notification, or it was deleted.", body = Refusal),
        (status = 422, description = "Some parameters are not valid; data names them.", body = Refusal),
        Refusals,
    ),
)]
pub async fn show(
    State(app): State<App>,
    caller: Allowed<ViewNotifications>,
    Query(query): Query<ShowQuery>,
) -> Result<Answer<SentShowAnswer>, ApiError> {
    let (sent, said) = service::notification::sent::show(&app, &caller, query.user_id, query.id).await?;
    Ok(Answer(SentShowAnswer { sent: SentView::new(&app, sent), content: said.content, link: said.link }))
}

/// A stored notification.
#[derive(ToSchema)]
pub struct PushAgainBody {
    /// Whose it is.
    user_id: UserId,
    /// Its number in that user's inbox.
    id: NotificationId,
}

impl FromFields for PushAgainBody {
    fn read(fields: &mut Fields) -> Option<Self> {
        let user_id = fields.required("user_id");
        let id = fields.required("id");
        Some(Self { user_id: user_id?, id: id? })
    }
}

/// What pushing it again did.
#[derive(Serialize, ToSchema)]
pub struct PushAgainAnswer {
    /// Connections that took it; 0 for a user that is offline.
    #[schema(example = 1)]
    reached: u64,
    /// Gateways that could not be asked; empty when whole.
    failed: Vec<Failed>,
}

/// Pushes an urgent notification to its reader again, as it is stored. Needs `notification.send`.
///
/// It keeps its number: a page that has it already shows nothing new.
#[utoipa::path(
    post,
    path = "/Notification/pushAgain",
    tag = "Notification",
    request_body = PushAgainBody,
    responses(
        (status = 200, description = "Done.", body = Envelope<PushAgainAnswer>),
        (status = 403, description = "The caller lacks notification.send.", body = Refusal),
        (status = 404, description = "There is no such notification, or it was deleted.", body = Refusal),
        (status = 409, description = "It is a normal one, which is stored only.", body = Refusal),
        BodyRefusals,
        Refusals,
    ),
)]
pub async fn push_again(
    State(app): State<App>,
    caller: Allowed<SendNotification>,
    Body(body): Body<PushAgainBody>,
) -> Result<Answer<PushAgainAnswer>, ApiError> {
    let reached = service::notification::sent::push_again(&app, &caller, body.user_id, body.id).await?;
    Ok(Answer(PushAgainAnswer { reached: reached.clients, failed: reached.failed }))
}
