//! `/Audit/…`

use axum::Extension;
use axum::body::Body;
use axum::extract::State;
use axum::http::header::{CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse as _, Response};
use chrono::Utc;
use futures_util::StreamExt as _;
use futures_util::stream::poll_fn;
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};

use super::envelope::{Answer, Envelope, Refusal, Refusals};
use super::fields::{Fields, FromFields, Limit, Query};
use super::layers::HangUp;
use crate::app::{App, written_time};
use crate::audit::{Action, MAX_TARGET_CHARACTERS, Target, Verdict};
use crate::auth::Allowed;
use crate::auth::caller::grants::ViewAudit;
use crate::error::ApiError;
use crate::export::Format;
use crate::id::{AuditId, UserId};
use crate::service;
use crate::service::audit::Named;
use crate::store::AuditFilter;

/// Which entries; every condition that is given must hold.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "read by the OpenAPI document; `AuditFilter` is what is used")]
pub struct AuditParams {
    /// Only what this user did.
    #[param(inline)]
    actor_id: Option<UserId>,
    /// Only these, with commas between them: `websocket.push`; or a family of them: `user`.
    #[param(example = "user,websocket.force_offline")]
    action: Option<String>,
    /// Only what was done to things of this kind: everybody, user, users, client, gateway, export, role or permission.
    #[param(example = "user")]
    target_kind: Option<String>,
    /// Only what was done to this one: a user's id, a client_id, a gateway_id, a role.
    #[param(example = "1001", max_length = 255)]
    target: Option<String>,
    /// Only what went so: done, partial, refused or failed.
    #[param(example = "refused")]
    result: Option<String>,
    /// Only what happened then or later, in milliseconds since 1970.
    #[param(minimum = 0)]
    since_ms: Option<i64>,
    /// Only what happened before, in milliseconds since 1970.
    #[param(minimum = 0)]
    until_ms: Option<i64>,
}

impl FromFields for AuditFilter {
    fn read(fields: &mut Fields) -> Option<Self> {
        let actor = fields.optional("actor_id", None::<UserId>);
        let actions = match fields.optional("action", None::<String>) {
            Some(Some(text)) => actions(fields, &text),
            absent => absent.map(|_| Vec::new()),
        };
        let kind = word(fields, "target_kind", &Target::KINDS, |kind| kind);
        let target = match fields.optional("target", None::<String>) {
            Some(Some(text)) if text.chars().count() > MAX_TARGET_CHARACTERS || text.contains('\0') => {
                fields.wrong("target", "must be at most 255 characters, without U+0000")
            }
            fine => fine,
        };
        let result = word(fields, "result", Verdict::ALL, Verdict::name);
        let since_ms = milliseconds(fields, "since_ms");
        let until_ms = milliseconds(fields, "until_ms");
        Some(Self {
            actor: actor?,
            actions: actions?,
            target_kind: kind?,
            target: target?,
            result: result?,
            since_ms: since_ms?,
            until_ms: until_ms?,
        })
    }
}

/// One of some words, by its name.
fn word<T: Copy>(
    fields: &mut Fields,
    field: &'static str,
    all: &[T],
    name: impl Fn(T) -> &'static str,
) -> Option<Option<T>> {
    let Some(text) = fields.optional(field, None::<String>)? else { return Some(None) };
    match all.iter().find(|word| name(**word) == text) {
        Some(word) => Some(Some(*word)),
        None => {
            let names: Vec<_> = all.iter().map(|word| name(*word)).collect();
            fields.wrong(field, format!("must be one of {}", names.join(", ")))
        }
    }
}

/// Each name is an action, or what stands before its dot.
fn actions(fields: &mut Fields, text: &str) -> Option<Vec<Action>> {
    let mut actions = Vec::new();
    for name in text.split(',') {
        let is_meant = |action: &&Action| {
            action.name() == name || action.name().split_once('.').is_some_and(|(family, _)| family == name)
        };
        let before = actions.len();
        actions.extend(Action::ALL.iter().filter(is_meant).copied());
        if actions.len() == before {
            let names: Vec<_> = Action::ALL.iter().map(|action| action.name()).collect();
            return fields
                .wrong("action", format!("must be of {}, with commas between them", names.join(", ")));
        }
    }
    actions.sort_unstable();
    actions.dedup();
    Some(actions)
}

/// A moment, in milliseconds since 1970.
pub(super) fn milliseconds(fields: &mut Fields, name: &'static str) -> Option<Option<i64>> {
    let Some(text) = fields.optional(name, None::<String>)? else { return Some(None) };
    match text.parse::<i64>() {
        Ok(ms) if ms >= 0 => Some(Some(ms)),
        _ => fields.wrong(name, "must be milliseconds since 1970"),
    }
}

/// Which page.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "read by the OpenAPI document; `ListQuery` is what is used")]
pub struct AuditPageParams {
    /// Only older ones.
    #[param(minimum = 1)]
    before_id: Option<i64>,
    /// How many at most; 20 when absent.
    #[param(minimum = 1, maximum = 100)]
    limit: Option<u32>,
}

/// See [`AuditParams`] and [`AuditPageParams`].
pub struct ListQuery {
    filter: AuditFilter,
    before: Option<AuditId>,
    limit: u32,
}

impl FromFields for ListQuery {
    fn read(fields: &mut Fields) -> Option<Self> {
        let filter = AuditFilter::read(fields);
        let before = fields.optional("before_id", None::<AuditId>);
        let limit = fields.optional("limit", Limit::default());
        Some(Self { filter: filter?, before: before?, limit: limit?.0 })
    }
}

/// Something that somebody did, or tried.
#[derive(Serialize, ToSchema)]
pub struct AuditEntryView {
    id: i64,
    /// In the api's time zone.
    #[schema(example = "2026-11-23 20:52:00")]
    at: String,
    /// Milliseconds since 1970.
    #[schema(example = 1_795_467_120_999_i64)]
    at_ms: i64,
    /// The user who did it; null for nobody that is known.
    #[schema(example = 1)]
    actor_id: Option<i64>,
    /// The user's name at that time; in parentheses what it was when it was no user: (operator) is whoever has the database.
    #[schema(example = "admin")]
    actor: String,
    /// Where it came from; null for what came from no network.
    #[schema(example = "203.0.113.7")]
    address: Option<String>,
    /// What was done.
    #[schema(example = "websocket.force_offline")]
    action: String,
    /// Of which kind it was done to; null for nobody.
    #[schema(example = "user")]
    target_kind: Option<String>,
    /// Which one; null for nobody and everybody.
    #[schema(example = "1001")]
    target: Option<String>,
    /// What the user is called, when it is one.
    #[schema(example = "alice")]
    target_name: Option<String>,
    /// "done", "partial" (not every gateway could be asked), "refused" or "failed".
    #[schema(example = "done")]
    result: String,
    /// In words; empty when there is nothing to say.
    #[schema(example = "2 connections closed; reason: maintenance")]
    detail: String,
}

impl AuditEntryView {
    fn new(app: &App, Named { row, target_name }: Named) -> Self {
        let some = |text: String| Some(text).filter(|text| !text.is_empty());
        Self {
            id: row.id,
            at: written_time(row.at_ms, app.settings.time_zone),
            at_ms: row.at_ms,
            actor_id: Some(row.actor_id).filter(|id| *id != 0),
            actor: row.actor,
            address: some(row.address),
            action: row.action,
            target_kind: some(row.target_kind),
            target: some(row.target),
            target_name,
            result: row.result,
            detail: row.detail,
        }
    }
}

/// Some entries of the audit.
#[derive(Serialize, ToSchema)]
pub struct AuditListAnswer {
    /// Newest first.
    list: Vec<AuditEntryView>,
    /// The next `before_id`; null when there are no more.
    next_cursor: Option<i64>,
}

/// Lists who did what, to whom, from where, when, and how it went, newest first. Needs `audit.view`.
///
/// What goes through the api is there about a tenth of a second after it was answered, changes of users and roles at once. What is older than
/// `--audit-retention` is deleted.
#[utoipa::path(
    get,
    path = "/Audit/list",
    tag = "Audit",
    params(AuditParams, AuditPageParams),
    responses(
        (status = 200, description = "Done.", body = Envelope<AuditListAnswer>),
        (status = 403, description = "The caller lacks audit.view.", body = Refusal),
        (status = 422, description = "Some parameters are not valid; data names them.", body = Refusal),
        Refusals,
    ),
)]
pub async fn list(
    State(app): State<App>,
    caller: Allowed<ViewAudit>,
    Query(query): Query<ListQuery>,
) -> Result<Answer<AuditListAnswer>, ApiError> {
    let ListQuery { filter, before, limit } = query;
    let (entries, next_cursor) = service::audit::list(&app, &caller, filter, before, limit).await?;
    let list = entries.into_iter().map(|entry| AuditEntryView::new(&app, entry)).collect();
    Ok(Answer(AuditListAnswer { list, next_cursor }))
}

/// Downloads the entries as comma-separated values, newest first. Needs `audit.view`.
///
/// UTF-8 with a byte order mark, lines that end with CR LF, no formulas: a text that begins like one has an apostrophe before it. The
/// connection is cut when the file cannot be ended, or its reader takes nothing for 30 s; at most 4 are on their way at once.
#[utoipa::path(
    get,
    path = "/Audit/export",
    tag = "Audit",
    params(AuditParams),
    responses(
        (status = 200, description = "The file.", content_type = "text/csv", body = String),
        (status = 403, description = "The caller lacks audit.view.", body = Refusal),
        (status = 422, description = "Some parameters are not valid; data names them.", body = Refusal),
        Refusals,
    ),
)]
pub async fn export(
    State(app): State<App>,
    Extension(HangUp(connection)): Extension<HangUp>,
    caller: Allowed<ViewAudit>,
    Query(filter): Query<AuditFilter>,
) -> Result<Response, ApiError> {
    let mut pages = service::audit::export(&app, &caller, filter, connection).await?;
    let body = poll_fn(move |context| pages.poll_recv(context)).map(Ok::<_, std::convert::Infallible>);
    let now = Utc::now().with_timezone(&app.settings.time_zone);
    let name = format!("audit_{}.csv", now.format("%Y%m%d_%H%M%S"));
    let headers = [
        (CONTENT_TYPE, Format::Csv.media_type().to_owned()),
        (CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\"")),
        (CACHE_CONTROL, "private, no-store".to_owned()),
    ];
    Ok((headers, Body::from_stream(body)).into_response())
}
