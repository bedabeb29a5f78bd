//! `Idempotency-Key`: a request that may be sent again.

use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::request::Parts;
use axum::http::{HeaderName, HeaderValue};
use axum::response::{IntoResponse, Response};
use chrono::Utc;
use serde::Serialize;
use utoipa::{IntoParams, IntoResponses};

use super::envelope::{Answer, Refusal};
use super::fields::{FromFields, from_json, json_bytes};
use crate::app::App;
use crate::auth::Caller;
use crate::error::ApiError;
use crate::idempotency::{BodyDigest, Claim, IdempotencyKey};
use crate::service::idempotency::{Answered, HEADER};

/// What a caller calls a request.
pub const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");
/// Stands on an answer that was given before.
pub const IDEMPOTENCY_REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");

/// For the OpenAPI document.
#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
#[expect(dead_code, reason = "read by the OpenAPI document; `OptionalKey` is what is used")]
pub struct IdempotencyParam {
    /// What the caller calls this request: 1 to 255 printable ASCII characters, a new one for each request that is meant anew.
    ///
    /// Sent again with the same key and the same body within 24 hours, it is not done again: the answer is the first one's, with
    /// `Idempotency-Replayed: true`. The same key with another body is 422. Each caller and each route has keys of its own. A request that
    /// was refused leaves its key free.
    #[param(
        rename = "Idempotency-Key",
        min_length = 1,
        max_length = 255,
        example = "8e03978e-40d5-43e8-bc93-6894a57f9324"
    )]
    idempotency_key: Option<String>,
}

/// What a route with a key may answer beside its own.
#[derive(IntoResponses)]
pub enum IdempotencyRefusals {
    /// The first request with this Idempotency-Key is being worked on; sent again a little later, this one gets its answer.
    #[response(status = 409)]
    UnderWay(Refusal),
}

/// The request's key, if it has one.
#[derive(Debug)]
pub struct OptionalKey(pub Option<IdempotencyKey>);

impl FromRequestParts<App> for OptionalKey {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _app: &App) -> Result<Self, ApiError> {
        let mut values = parts.headers.get_all(IDEMPOTENCY_KEY).iter();
        let Some(value) = values.next() else {
            return Ok(Self(None));
        };
        if values.next().is_some() {
            return Err(ApiError::field(HEADER, "must stand on a request once"));
        }
        let key = value.to_str().unwrap_or_default().parse();
        key.map(|key| Self(Some(key))).map_err(|invalid| ApiError::field(HEADER, format!("{invalid}")))
    }
}

/// The claim of `caller` for a request to `route` that has this key and body.
pub fn claim(caller: &Caller, route: &'static str, key: IdempotencyKey, body_digest: BodyDigest) -> Claim {
    Claim { user_id: caller.id(), route, key, body_digest, claimed_at_ms: Utc::now().timestamp_millis() }
}

/// A JSON object in the body of a request that may have a key.
#[derive(Debug)]
pub struct KeyedBody<T> {
    body: T,
    key: Option<(IdempotencyKey, BodyDigest)>,
}

impl<T: FromFields> FromRequest<App> for KeyedBody<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, app: &App) -> Result<Self, ApiError> {
        let (mut parts, body) = request.into_parts();
        let OptionalKey(key) = OptionalKey::from_request_parts(&mut parts, app).await?;
        let bytes = json_bytes(Request::from_parts(parts, body), app).await?;
        let body = from_json(&bytes)?;
        Ok(Self { body, key: key.map(|key| (key, BodyDigest::of(&bytes))) })
    }
}

impl<T> KeyedBody<T> {
    /// What was sent, and the claim of `caller` for this request to `route`; `None` without a key.
    pub fn claimed(self, caller: &Caller, route: &'static str) -> (T, Option<Claim>) {
        let claim = self.key.map(|(key, digest)| claim(caller, route, key, digest));
        (self.body, claim)
    }
}

impl<T: Serialize> IntoResponse for Answered<T> {
    fn into_response(self) -> Response {
        match self {
            Self::Now(data) => Answer(data).into_response(),
            Self::Before(data) => {
                ([(IDEMPOTENCY_REPLAYED, HeaderValue::from_static("true"))], Answer(data)).into_response()
            }
        }
    }
}
