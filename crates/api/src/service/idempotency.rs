//! What a request is answered that comes again.

use std::time::Duration;

use serde::Serialize;
use serde_json::value::RawValue;

use crate::app::App;
use crate::error::ApiError;
use crate::idempotency::Claim;
use crate::store::{Recording, StoreError};

/// Where refusals point to.
pub const HEADER: &str = "Idempotency-Key";

/// What the audit says of a request that came again.
pub const BEFORE: &str = "it was done before, by a request with the same Idempotency-Key";

/// How long a request that has no last word yet is taken to be under way. After it its process must have died.
const UNDER_WAY: Duration = Duration::from_secs(30);

/// The answer to a request that may come again.
#[derive(Debug)]
pub enum Answered<T> {
    /// It was done now.
    Now(T),
    /// It was done before, and this was answered then.
    Before(Box<RawValue>),
}

impl<T> Answered<T> {
    /// Of what `work` did for `claim`: when the key was taken before it, what was answered then.
    ///
    /// # Errors
    /// Those of `work`; [`ApiError::Conflict`] while the first request is under way; [`ApiError::Fields`] when it had another body.
    pub async fn of(
        app: &App,
        claim: Option<&Claim>,
        work: impl Future<Output = Result<T, ApiError>>,
    ) -> Result<Self, ApiError> {
        match (work.await, claim) {
            (Err(ApiError::Store(StoreError::KeyTaken)), Some(claim)) => {
                before(app, claim).await.map(Self::Before)
            }
            (done, _) => done.map(Self::Now),
        }
    }
}

async fn before(app: &App, claim: &Claim) -> Result<Box<RawValue>, ApiError> {
    let under_way = || {
        let text = format!("a request with this {HEADER} is being worked on; send it again in a second");
        Err(ApiError::Conflict(text))
    };
    // It was there a moment ago, so the first request has just failed or its day is over.
    let Some(recorded) = app.store.recorded(claim).await? else {
        return under_way();
    };
    if recorded.body_digest != claim.body_digest.as_str() {
        return Err(ApiError::field(
            HEADER,
            "stood on a request with another body; a new request needs a new key",
        ));
    }
    let age_ms = claim.claimed_at_ms.saturating_sub(recorded.created_at_ms);
    if !recorded.is_final && u128::try_from(age_ms).unwrap_or(0) < UNDER_WAY.as_millis() {
        return under_way();
    }
    RawValue::from_string(recorded.answer)
        .map_err(|error| ApiError::Internal(format!("a recorded answer is not JSON: {error}")))
}

/// What is recorded of an answer.
#[must_use]
pub fn recording(answer: &impl Serialize, is_final: bool) -> Recording {
    let answer = serde_json::to_string(answer).unwrap_or_else(|_| "null".into());
    Recording { answer, is_final }
}

/// Notes the last word about a request. Without it the first one counts, which is as true as it was.
pub async fn settle(app: &App, claim: &Claim, answer: &impl Serialize) {
    let Recording { answer, .. } = recording(answer, true);
    if let Err(error) = app.store.settle(claim, answer).await {
        tracing::warn!(%error, route = claim.route, "what a request with a key did could not be noted");
    }
}
