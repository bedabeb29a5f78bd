//! `/ExportTask/…`

use std::time::Duration;

use axum::body::{Bytes, HttpBody as _};
use axum::extract::{FromRequest as _, FromRequestParts as _, Request, State};
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, Method, StatusCode};
use axum::response::Response;
use chrono::Utc;
use futures_util::{Stream, StreamExt as _, stream};
use serde::Serialize;
use serde_json::value::RawValue;
use sha2::{Digest as _, Sha256};
use tokio::time::timeout;
use utoipa::{IntoParams, ToSchema};

use super::envelope::{Answer, BodyRefusals, Envelope, Refusal, Refusals};
use super::fields::{Fields, FromFields, Limit, Query, from_json};
use super::file;
use super::idempotency::{IdempotencyParam, KeyedBody, OptionalKey};
use super::token::{address, bearer};
use crate::app::App;
use crate::auth::{Caller, Refused};
use crate::error::ApiError;
use crate::export::column::{Column, Columns};
use crate::export::file_name::Prefix;
use crate::export::rows::MAX_ROW_BYTES;
use crate::export::{Format, Order};
use crate::id::ExportTaskId;
use crate::idempotency::IdempotencyKey;
use crate::notification::Title;
use crate::router::PREFIX;
use crate::service;
use crate::service::export::{ExportTaskView, KeyInPieces, ROUTE, Reader, SignedLink};
use crate::service::idempotency::Answered;

/// The media type of rows that are streamed.
const JSON_LINES: &str = "application/x-ndjson";

/// How much of a refused body is still read, and for how long.
const LINGER_BYTES: usize = 64 << 20;
const LINGER: Duration = Duration::from_secs(5);

/// What to export. As `application/x-ndjson` the first line is this without `data`, and each line after it a row.
#[derive(ToSchema)]
#[expect(dead_code, reason = "read by the OpenAPI document; `CreateBody` is what is used")]
#[schema(as = CreateBody)]
pub struct CreateSchema {
    title: Title,
    /// 1 to 16,384 headers: text, or an object that also says what the column's cells are.
    #[schema(min_items = 1, max_items = 16_384, example = json!(["name", {"title": "born", "type": "date"}]))]
    headers: Vec<HeaderSchema>,
    /// Rows of at most as many cells as there are headers: text, numbers, true, false or null; a cell's text has at most
    /// 32,767 characters. At most 1,048,575 rows in an xlsx.
    #[schema(value_type = Vec<Vec<Object>>, example = json!([["Ana 安娜", "1990-02-28"]]))]
    data: Vec<Vec<serde_json::Value>>,
    /// What the file's name begins with; the title when absent.
    prefix: Option<Prefix>,
    #[schema(required = false)]
    format: Format,
}

/// A header.
#[derive(ToSchema)]
#[serde(untagged)]
#[schema(as = ExportHeader)]
pub enum HeaderSchema {
    /// The JSON of each cell says what it is.
    Title(String),
    /// Text like 2026-11-23 becomes a day in a column of type date, text like 2026-11-23 20:52:00 a time in one of type datetime.
    Typed(Column),
}

/// See [`CreateSchema`].
struct CreateBody {
    order: Order,
    rows: Vec<Box<RawValue>>,
}

/// The first line of rows that are streamed.
struct FirstLine(Order);

fn order(fields: &mut Fields) -> Option<Order> {
    let title = fields.required::<Title>("title");
    let columns = fields.required::<Columns>("headers");
    let prefix = fields.optional("prefix", None::<Prefix>);
    let format = fields.optional("format", Format::default());
    let title = title?;
    let prefix = prefix?.unwrap_or_else(|| Prefix::of(&title.to_string()));
    Some(Order { title, columns: columns?, prefix, format: format? })
}

impl FromFields for CreateBody {
    fn read(fields: &mut Fields) -> Option<Self> {
        let order = order(fields);
        let rows = fields.required::<Vec<Box<RawValue>>>("data");
        Some(Self { order: order?, rows: rows? })
    }
}

impl FromFields for FirstLine {
    fn read(fields: &mut Fields) -> Option<Self> {
        order(fields).map(Self)
    }
}

/// Whether rows are streamed, which have a limit and a deadline of their own.
#[must_use]
pub fn is_upload(request: &Request) -> bool {
    let path = request.uri().path().strip_prefix(PREFIX);
    request.method() == Method::POST && path == Some(ROUTE) && is_json_lines(request.headers())
}

fn is_json_lines(headers: &HeaderMap) -> bool {
    let kind = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    kind.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case(JSON_LINES)
}

/// Orders an export: a worker writes the rows into a file, tells of its progress by frames of the type `export_progress`, and an
/// urgent notification says when it is done.
///
/// Many rows are streamed as `application/x-ndjson`: on the first line the object without `data`, on each line after it one row as
/// a JSON array. They have a limit of their own (`--export-body-limit`) instead of 1 MiB; a row has at most 1 MiB.
///
/// Text never becomes a formula. In a csv a text that begins like one has an apostrophe before it. Whole numbers beyond 2^53 are text
/// in an xlsx, so that no digit is lost.
#[utoipa::path(
    post,
    path = "/ExportTask/create",
    tag = "ExportTask",
    params(IdempotencyParam),
    request_body(content(
        (CreateSchema = "application/json"),
        (String = "application/x-ndjson", example = "{\"title\":\"users\",\"headers\":[\"name\",{\"title\":\"born\",\"type\":\"date\"}]}\n[\"Ana 安娜\",\"1990-02-28\"]\n"),
    )),
    responses(
        (
            status = 202,
            description = "It is in the queue, now or since before.",
            body = Envelope<ExportTaskView>,
            headers(("Idempotency-Replayed" = bool, description = "true: it was ordered before, and this is what was answered then.")),
        ),
        (
            status = 409,
            description = "The caller has too many unfinished exports, or the first request with this Idempotency-Key is being worked on.",
            body = Refusal,
        ),
        BodyRefusals,
        Refusals,
    ),
)]
pub async fn create(
    State(app): State<App>,
    caller: Caller,
    request: Request,
) -> Result<(StatusCode, Answered<ExportTaskView>), ApiError> {
    let task = if is_json_lines(request.headers()) {
        create_from_lines(&app, &caller, request).await?
    } else {
        let body = KeyedBody::<CreateBody>::from_request(request, &app).await?;
        let (CreateBody { order, rows }, claim) = body.claimed(&caller, ROUTE);
        service::export::create(&app, &caller, order, rows, claim.as_ref()).await?
    };
    Ok((StatusCode::ACCEPTED, task))
}

async fn create_from_lines(
    app: &App,
    caller: &Caller,
    request: Request,
) -> Result<Answered<ExportTaskView>, ApiError> {
    let limit = app.exports.settings().body_limit;
    // Whoever announces too much need not send it.
    if request.body().size_hint().lower() > limit {
        return Err(ApiError::TooLarge(format!("rows have at most {limit} bytes")));
    }
    let (mut parts, body) = request.into_parts();
    let OptionalKey(key) = OptionalKey::from_request_parts(&mut parts, app).await?;
    let mut chunks = Box::pin(chunks(app, Request::from_parts(parts, body)));
    let task = create_from_chunks(app, caller, key, &mut chunks).await;
    if task.is_err() {
        // Many callers read no answer before they have sent everything: closing at once would take it away from them.
        let mut left = LINGER_BYTES;
        let rest = chunks.by_ref().take_while(|chunk| {
            left = left.saturating_sub(chunk.as_ref().map_or(usize::MAX, Bytes::len));
            std::future::ready(left > 0)
        });
        let _ = timeout(LINGER, rest.for_each(|_| std::future::ready(()))).await;
    }
    task
}

async fn create_from_chunks(
    app: &App,
    caller: &Caller,
    key: Option<IdempotencyKey>,
    chunks: &mut (impl Stream<Item = Result<Bytes, ApiError>> + Unpin),
) -> Result<Answered<ExportTaskView>, ApiError> {
    let mut first = Vec::new();
    let rest = loop {
        let chunk = chunks.next().await.transpose()?.unwrap_or_default();
        if let Some(end) = chunk.iter().position(|byte| *byte == b'\n') {
            first.extend_from_slice(&chunk[..end]);
            break chunk.slice(end + 1..);
        }
        first.extend_from_slice(&chunk);
        if first.len() > MAX_ROW_BYTES {
            return Err(ApiError::field("data", format!("line 1 is longer than {MAX_ROW_BYTES} bytes")));
        }
        if chunk.is_empty() {
            break Bytes::new();
        }
    };
    let FirstLine(order) = from_json(&first)?;
    let key = key.map(|key| KeyInPieces { key, body: Sha256::new_with_prefix(&first) });
    service::export::create_streamed(app, caller, order, key, rest, chunks).await
}

/// The body as it comes. It breaks off when nothing comes for as long as a request may take.
fn chunks(app: &App, request: Request) -> impl Stream<Item = Result<Bytes, ApiError>> + use<> {
    let patience = app.rules().request_timeout;
    stream::unfold(request.into_body().into_data_stream(), move |mut body| async move {
        let chunk = match timeout(patience, body.next()).await {
            Ok(chunk) => chunk?.map_err(|_| ApiError::Malformed("the body could not be read".into())),
            Err(_) => Err(ApiError::Malformed("the body did not arrive in time".into())),
        };
        Some((chunk, body))
    })
    .fuse()
    // A chunk of nothing would look like the end.
    .filter(|chunk| std::future::ready(!chunk.as_ref().is_ok_and(Bytes::is_empty)))
}

/// Which of the caller's exports to list.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "read by the OpenAPI document; `ListQuery` is what is used")]
pub struct ExportListParams {
    /// Only older ones.
    #[param(minimum = 1)]
    before_id: Option<i64>,
    /// How many at most; 20 when absent.
    #[param(minimum = 1, maximum = 100)]
    limit: Option<u32>,
    /// Only those in this state.
    #[param(inline)]
    state: Option<crate::export::State>,
}

/// See [`ExportListParams`].
pub struct ListQuery {
    before: Option<ExportTaskId>,
    limit: u32,
    state: Option<crate::export::State>,
}

impl FromFields for ListQuery {
    fn read(fields: &mut Fields) -> Option<Self> {
        let before = fields.optional("before_id", None);
        let limit = fields.optional("limit", Limit::default());
        let state = fields.optional("state", None);
        Some(Self { before: before?, limit: limit?.0, state: state? })
    }
}

/// Some of the caller's exports.
#[derive(Serialize, ToSchema)]
pub struct ExportListAnswer {
    /// Newest first.
    list: Vec<ExportTaskView>,
    /// The next `before_id`; null when there are no more.
    next_cursor: Option<i64>,
}

/// Lists the caller's exports, newest first.
#[utoipa::path(
    get,
    path = "/ExportTask/list",
    tag = "ExportTask",
    params(ExportListParams),
    responses(
        (status = 200, description = "Done.", body = Envelope<ExportListAnswer>),
        (status = 422, description = "Some parameters are not valid; data names them.", body = Refusal),
        Refusals,
    ),
)]
pub async fn list(
    State(app): State<App>,
    caller: Caller,
    Query(query): Query<ListQuery>,
) -> Result<Answer<ExportListAnswer>, ApiError> {
    // One more than asked for, to know whether there are more.
    let rows = app.store.export_tasks(caller.id(), query.before, query.state, query.limit + 1).await?;
    let more = rows.len() > query.limit as usize;
    let rows = rows.into_iter().take(query.limit as usize);
    let next_cursor = rows.clone().next_back().filter(|_| more).map(|row| row.id);
    let list = rows.map(|row| service::export::view(&app, row)).collect();
    Ok(Answer(ExportListAnswer { list, next_cursor }))
}

/// Which export.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ShowQuery {
    /// Its number.
    #[param(inline)]
    id: ExportTaskId,
}

impl FromFields for ShowQuery {
    fn read(fields: &mut Fields) -> Option<Self> {
        Some(Self { id: fields.required("id")? })
    }
}

/// One export with a link to its file.
#[derive(Serialize, ToSchema)]
pub struct ShowAnswer {
    #[serde(flatten)]
    task: ExportTaskView,
    /// Where the file can be downloaded without a token, for 5 minutes; null while there is none.
    #[schema(example = "/api/admin/ExportTask/download?id=7&expires=1795467420&signature=…")]
    download_url: Option<String>,
}

/// Shows one of the caller's exports, with a link to its file when it is done.
#[utoipa::path(
    get,
    path = "/ExportTask/show",
    tag = "ExportTask",
    params(ShowQuery),
    responses(
        (status = 200, description = "Done.", body = Envelope<ShowAnswer>),
        (status = 404, description = "The caller has no such export.", body = Refusal),
        (status = 422, description = "Some parameters are not valid; data names them.", body = Refusal),
        Refusals,
    ),
)]
pub async fn show(
    State(app): State<App>,
    caller: Caller,
    Query(query): Query<ShowQuery>,
) -> Result<Answer<ShowAnswer>, ApiError> {
    let (task, link) = service::export::show(&app, &caller, query.id).await?;
    let download_url = link.map(|SignedLink { expires, signature }| {
        format!("{PREFIX}/ExportTask/download?id={}&expires={expires}&signature={signature}", query.id)
    });
    Ok(Answer(ShowAnswer { task, download_url }))
}

/// Which file, and why the caller may have it.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "read by the OpenAPI document; `DownloadQuery` is what is used")]
pub struct DownloadParams {
    /// The export.
    #[param(inline)]
    id: ExportTaskId,
    /// Until when the link is good, in seconds since 1970. With `signature`, instead of a token.
    expires: Option<i64>,
    /// What makes the link good; /ExportTask/show gives it.
    signature: Option<String>,
}

/// See [`DownloadParams`].
pub struct DownloadQuery {
    id: ExportTaskId,
    link: Option<SignedLink>,
}

impl FromFields for DownloadQuery {
    fn read(fields: &mut Fields) -> Option<Self> {
        let id = fields.required("id");
        let expires = fields.optional("expires", None::<String>);
        let signature = fields.optional("signature", None::<String>);
        let expires = match expires?.map(|text| text.parse().ok()) {
            None => Some(None),
            Some(Some(second)) => Some(Some(second)),
            Some(None) => fields.wrong("expires", "must be seconds since 1970"),
        };
        let link = match (expires?, signature?) {
            (None, None) => Some(None),
            (Some(expires), Some(signature)) => Some(Some(SignedLink { expires, signature })),
            (Some(_), None) => fields.wrong("signature", "is required with expires"),
            (None, Some(_)) => fields.wrong("expires", "is required with signature"),
        };
        Some(Self { id: id?, link: link? })
    }
}

/// Downloads the file of an export, whole or a range of it. Needs the owner's token, or `expires` and `signature` of a link from
/// /ExportTask/show.
#[utoipa::path(
    get,
    path = "/ExportTask/download",
    tag = "ExportTask",
    params(DownloadParams),
    security((), ("token" = [])),
    responses(
        (status = 200, description = "The file.", content(
            (String = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
            (String = "text/csv"),
        )),
        (status = 206, description = "The range of the file that was asked for.", content(
            (String = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
            (String = "text/csv"),
        )),
        (status = 403, description = "The link is not valid, or its time is over.", body = Refusal),
        (status = 404, description = "There is no such file (any more), or it is somebody else's.", body = Refusal),
        (status = 409, description = "The export is not finished, or failed.", body = Refusal),
        (status = 416, description = "The file has no such range.", body = Refusal),
        (status = 422, description = "Some parameters are not valid; data names them.", body = Refusal),
        Refusals,
    ),
)]
pub async fn download(State(app): State<App>, request: Request) -> Result<Response, ApiError> {
    let (mut parts, _) = request.into_parts();
    let now = Utc::now();
    let from = address(&app, &parts.extensions, &parts.headers);
    // Without a link the token comes before everything else.
    let query = Query::<DownloadQuery>::from_request_parts(&mut parts, &app).await;
    let reader = match &query {
        Ok(Query(DownloadQuery { link: Some(SignedLink { expires, signature }), .. })) => {
            let link = SignedLink { expires: *expires, signature: signature.clone() };
            Reader::Link(link, from)
        }
        _ => {
            let token = bearer(&parts.headers).ok_or(Refused::Missing)?;
            let caller = app.auth.check(token, now).await?;
            Reader::Owner(match from {
                Some(address) => caller.at(address),
                None => caller,
            })
        }
    };
    let found = service::export::download(&app, &reader, query?.0.id, now).await?;
    file::answer(&parts.headers, found).await
}
