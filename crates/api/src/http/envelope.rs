//! `{"code":…,"msg":…,"data":…}` around every answer. [`seal`] is the only place that writes it.
//!
//! A handler gives [`Answer`] or [`ApiError`]; what axum or hyper answers by themselves (an unknown path, a wrong method) has
//! neither, and gets the envelope of its status.

use std::collections::BTreeMap;

use axum::Json;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use gatepipe_proto::Code;
use serde::Serialize;
use serde_json::value::{RawValue, to_raw_value};
use utoipa::{IntoResponses, ToSchema};

use crate::error::{ApiError, retry_after_seconds};

/// The stable name of a refusal, where it has one: see [`Reason`](crate::reason::Reason).
pub const REFUSAL: HeaderName = HeaderName::from_static("x-refusal");

/// What every answer looks like.
#[derive(Debug, Serialize, ToSchema)]
pub struct Envelope<T> {
    /// The `success_code` setting (0 unless it was changed), or a stable number of the error table.
    #[schema(example = 0)]
    pub code: i64,
    /// "success", or why not, for people.
    #[schema(example = "success")]
    pub msg: String,
    /// What was asked for.
    pub data: T,
}

/// The envelope of a refusal. The HTTP status says the same as `code`. What a page would explain or act upon (about users, roles, passwords,
/// logins, binds, pushes and exports) has a stable name besides, in the header `X-Refusal`, such as `username_taken; about=bob`.
#[derive(Debug, Serialize, ToSchema)]
pub struct Refusal {
    /// A stable number of the error table: the HTTP status and two more digits.
    #[schema(example = 42_200)]
    pub code: i64,
    /// Why, for people.
    pub msg: String,
    /// Null; with 422 an object that has each wrong field's name and rule.
    pub data: Option<BTreeMap<String, String>>,
}

/// A success with its `data`.
#[derive(Debug)]
pub struct Answer<T>(pub T);

/// `data`, on its way to [`seal`].
#[derive(Clone)]
struct Success(Box<RawValue>);

/// A refusal, on its way to [`seal`].
#[derive(Clone)]
struct Failure {
    code: Code,
    msg: String,
    fields: Option<BTreeMap<&'static str, String>>,
}

impl<T: Serialize> IntoResponse for Answer<T> {
    fn into_response(self) -> Response {
        match to_raw_value(&self.0) {
            Ok(data) => {
                let mut response = Response::default();
                response.extensions_mut().insert(Success(data));
                response
            }
            Err(error) => {
                ApiError::Internal(format!("an answer could not be encoded: {error}")).into_response()
            }
        }
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let code = self.code();
        if let Some(cause) = self.cause() {
            match code {
                Code::Internal => tracing::error!(cause, "a request failed"),
                _ => tracing::warn!(cause, "a request was refused"),
            }
        }
        let mut response = code.http().into_response();
        if let Self::TooMany { retry_after, .. } = &self {
            let seconds = HeaderValue::from(retry_after_seconds(*retry_after).max(1));
            response.headers_mut().insert(header::RETRY_AFTER, seconds);
        }
        if let Self::Token(_) = &self {
            let bearer = HeaderValue::from_static("Bearer");
            response.headers_mut().insert(header::WWW_AUTHENTICATE, bearer);
        }
        if let Self::Known(reason) = &self
            && let Ok(value) = HeaderValue::from_str(&reason.header())
        {
            response.headers_mut().insert(REFUSAL, value);
        }
        let msg = self.to_string();
        let fields = match self {
            Self::Fields(fields) => Some(fields),
            Self::Known(reason) => reason.field().map(|field| BTreeMap::from([(field, reason.to_string())])),
            _ => None,
        };
        response.extensions_mut().insert(Failure { code, msg, fields });
        response
    }
}

/// Writes the envelope around what came out of the routes.
pub fn seal(success_code: i64, response: Response) -> Response {
    let (mut head, body) = response.into_parts();
    let sealed = if let Some(Success(data)) = head.extensions.remove() {
        let msg = "success".into();
        Json(Envelope { code: success_code, msg, data }).into_response()
    } else if let Some(failure) = head.extensions.remove().or_else(|| bare(head.status)) {
        Json(Envelope { code: failure.code.number().into(), msg: failure.msg, data: failure.fields })
            .into_response()
    } else {
        return Response::from_parts(head, body);
    };
    let (own, body) = sealed.into_parts();
    head.headers.remove(header::CONTENT_LENGTH);
    head.headers.extend(own.headers);
    Response::from_parts(head, body)
}

/// What a status means that came without a refusal of ours; `None` for one that is no error.
fn bare(status: StatusCode) -> Option<Failure> {
    let error = match status {
        StatusCode::NOT_FOUND => ApiError::NotFound("there is no such path".into()),
        StatusCode::METHOD_NOT_ALLOWED => ApiError::MethodNotAllowed,
        StatusCode::PAYLOAD_TOO_LARGE => ApiError::TooLarge("the body is too large".into()),
        status if status.is_client_error() => ApiError::Malformed("the request is not valid".into()),
        status if status.is_server_error() => ApiError::Internal(status.to_string()),
        _ => return None,
    };
    Some(Failure { code: error.code(), msg: error.to_string(), fields: None })
}

/// What any route with a token may answer instead.
#[derive(IntoResponses)]
pub enum Refusals {
    /// No token, a bad one, or one that is no longer valid.
    #[response(status = 401)]
    Token(Refusal),
    /// The database or the gateways are away, or the api is overloaded; later may work.
    #[response(status = 503)]
    Unavailable(Refusal),
    /// A fault of ours.
    #[response(status = 500)]
    Internal(Refusal),
}

/// What any route with a JSON body may answer instead.
#[derive(IntoResponses)]
pub enum BodyRefusals {
    /// The body is not JSON.
    #[response(status = 400)]
    Malformed(Refusal),
    /// The body is over 1 MiB.
    #[response(status = 413)]
    TooLarge(Refusal),
    /// The body does not say it is JSON.
    #[response(status = 415)]
    MediaType(Refusal),
    /// Some fields are missing, of a wrong type, too long or of a wrong value; `data` names them.
    #[response(status = 422)]
    Fields(Refusal),
}
