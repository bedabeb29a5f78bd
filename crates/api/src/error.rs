//! Why a request is refused. One type from the rules up to the envelope; [`ApiError::code`] puts each into the one error table.

use std::collections::BTreeMap;
use std::time::Duration;

use gatepipe_proto::Code;

use crate::auth::Refused;
use crate::reason::Reason;
use crate::store::StoreError;

/// Why a request is refused, and what the caller is told.
#[derive(Debug, thiserror::Error)]
pub enum ApiError {
    /// The body is not JSON.
    #[error("{0}")]
    Malformed(String),
    /// The token.
    #[error(transparent)]
    Token(#[from] Refused),
    /// Username and password do not belong together; not said which of them is wrong.
    #[error("username or password is wrong")]
    Login,
    /// Known, but not allowed.
    #[error("{0}")]
    Forbidden(String),
    /// For a reason that programs tell apart.
    #[error("{}", known_text(.0))]
    Known(#[from] Reason),
    /// Does not exist (any more).
    #[error("{0}")]
    NotFound(String),
    /// The path exists, the method does not.
    #[error("this path has no such method")]
    MethodNotAllowed,
    /// Does not fit what is there.
    #[error("{0}")]
    Conflict(String),
    /// A body or message over its limit.
    #[error("{0}")]
    TooLarge(String),
    /// A range that a file of so many bytes does not have.
    #[error("the file has {0} bytes and no such range")]
    Range(u64),
    /// A body that does not say it is JSON.
    #[error("the body must be application/json")]
    MediaType,
    /// Fields by name, each with the rule it breaks.
    #[error("some fields are not valid: {}", .0.keys().copied().collect::<Vec<_>>().join(", "))]
    Fields(BTreeMap<&'static str, String>),
    /// Tried too often.
    #[error("{text}; try again in {} s", retry_after_seconds(*retry_after))]
    TooMany {
        /// What was too much.
        text: &'static str,
        /// When an attempt is free again.
        retry_after: Duration,
    },
    /// A part that is needed is away.
    #[error("{0}")]
    Unavailable(String),
    /// It took longer than the request timeout; what happened is unknown.
    #[error("the request took too long; what it did is unknown")]
    Deadline,
    /// The database. The caller is told no more than that.
    #[error("{}", store_text(.0))]
    Store(StoreError),
    /// A fault of ours; the text is for the log.
    #[error("internal error")]
    Internal(String),
}

/// Whole seconds, rounded up, for people and for `Retry-After`.
#[must_use]
pub fn retry_after_seconds(wait: Duration) -> u64 {
    wait.as_secs() + u64::from(wait.subsec_nanos() > 0)
}

fn known_text(reason: &Reason) -> String {
    match reason.field() {
        Some(field) => format!("some fields are not valid: {field}"),
        None => reason.to_string(),
    }
}

fn store_text(error: &StoreError) -> &'static str {
    match error {
        StoreError::Unavailable(_) => "the database is not available; try again later",
        _ => "internal error",
    }
}

impl ApiError {
    /// One field that breaks a rule.
    #[must_use]
    pub fn field(name: &'static str, rule: impl Into<String>) -> Self {
        Self::Fields(BTreeMap::from([(name, rule.into())]))
    }

    /// Its row in the error table.
    #[must_use]
    pub fn code(&self) -> Code {
        match self {
            Self::Malformed(_) => Code::Malformed,
            Self::Token(_) | Self::Login => Code::Unauthenticated,
            Self::Forbidden(_) => Code::Forbidden,
            Self::Known(reason) => reason.code(),
            Self::NotFound(_) => Code::NotFound,
            Self::MethodNotAllowed => Code::MethodNotAllowed,
            Self::Conflict(_) => Code::Conflict,
            Self::TooLarge(_) => Code::TooLarge,
            Self::Range(_) => Code::RangeNotSatisfiable,
            Self::MediaType => Code::UnsupportedMediaType,
            Self::Fields(_) => Code::Invalid,
            Self::TooMany { .. } => Code::TooMany,
            Self::Unavailable(_) | Self::Store(StoreError::Unavailable(_)) => Code::Unavailable,
            Self::Deadline => Code::Deadline,
            Self::Store(_) | Self::Internal(_) => Code::Internal,
        }
    }

    /// What the log says and the caller does not hear.
    #[must_use]
    pub fn cause(&self) -> Option<String> {
        match self {
            Self::Store(StoreError::Fault(error)) => Some(format!("the database refused a query: {error}")),
            Self::Store(error) => Some(error.to_string()),
            Self::Internal(cause) => Some(cause.clone()),
            _ => None,
        }
    }
}

impl From<StoreError> for ApiError {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}
