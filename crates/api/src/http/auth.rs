//! `/Auth/…`

use axum::Extension;
use axum::extract::State;
use axum::http::HeaderMap;
use gatepipe_daemon::forwarded::remote_address;
use secrecy::{ExposeSecret as _, SecretString};
use serde::Serialize;
use utoipa::ToSchema;

use super::envelope::{Answer, BodyRefusals, Envelope, Refusal, Refusals};
use super::fields::{Body, Fields, FromFields};
use super::layers::Peer;
use crate::app::{App, written_time};
use crate::auth::Caller;
use crate::error::ApiError;
use crate::id::UserId;
use crate::service;
use crate::store::UserRow;
use crate::user::{MAX_NAME_CHARACTERS, MAX_PASSWORD_BYTES, Permission};

/// Who logs in.
#[derive(ToSchema)]
pub struct LoginBody {
    /// 1 to 64 characters.
    #[schema(min_length = 1, max_length = 64)]
    username: String,
    /// 1 to 1,024 bytes.
    #[schema(value_type = String, format = Password, min_length = 1, max_length = 1_024)]
    password: SecretString,
}

impl FromFields for LoginBody {
    fn read(fields: &mut Fields) -> Option<Self> {
        let username = fields.required::<String>("username");
        let password = fields.required::<String>("password").map(SecretString::from);
        let username = match username {
            Some(name) if !(1..=MAX_NAME_CHARACTERS).contains(&name.chars().count()) => {
                fields.wrong("username", "must be 1 to 64 characters")
            }
            fine => fine,
        };
        let password = match password {
            Some(text) if !(1..=MAX_PASSWORD_BYTES).contains(&text.expose_secret().len()) => {
                fields.wrong("password", "must be 1 to 1024 bytes")
            }
            fine => fine,
        };
        Some(Self { username: username?, password: password? })
    }
}

/// A user, as users see themselves.
#[derive(Debug, Serialize, ToSchema)]
pub struct UserView {
    /// Also the uid on the gateways.
    id: UserId,
    username: String,
    /// Whoever this user answers to.
    manager_id: Option<UserId>,
    /// What this token may do, by name.
    #[schema(value_type = Vec<String>, example = json!(["notification.send"]))]
    permissions: Vec<Permission>,
}

impl UserView {
    fn new(user: &UserRow, permissions: &[Permission]) -> Self {
        Self {
            id: user.id,
            username: user.username.clone(),
            manager_id: user.manager_id,
            permissions: permissions.to_vec(),
        }
    }
}

/// A new token.
#[derive(Serialize, ToSchema)]
pub struct LoginAnswer {
    /// For `Authorization: Bearer …`.
    token: String,
    /// In the api's time zone.
    #[schema(example = "2026-11-23 20:52:00")]
    expires_at: String,
    /// Milliseconds since 1970.
    expires_at_ms: i64,
    user: UserView,
}

/// Logs in with username and password.
///
/// Failed logins are throttled by username and by remote address.
#[utoipa::path(
    post,
    path = "/Auth/login",
    tag = "Auth",
    request_body = LoginBody,
    security(()),
    responses(
        (status = 200, description = "Done.", body = Envelope<LoginAnswer>),
        (status = 401, description = "Username or password is wrong.", body = Refusal),
        (status = 403, description = "This api only checks tokens that are made elsewhere.", body = Refusal),
        (status = 429, description = "Too many failed logins.", body = Refusal, headers(("Retry-After" = u64, description = "Seconds."))),
        (status = 500, description = "A fault of ours.", body = Refusal),
        (status = 503, description = "The database is away.", body = Refusal),
        BodyRefusals,
    ),
)]
pub async fn login(
    State(app): State<App>,
    Extension(Peer(peer)): Extension<Peer>,
    headers: HeaderMap,
    Body(body): Body<LoginBody>,
) -> Result<Answer<LoginAnswer>, ApiError> {
    let address = remote_address(peer.ip(), &headers, &app.settings.trusted_proxies);
    let done = service::login::login(&app, address, &body.username, body.password).await?;
    let expires_at_ms = done.token.expires_at.timestamp_millis();
    Ok(Answer(LoginAnswer {
        token: done.token.text.expose_secret().into(),
        expires_at: written_time(expires_at_ms, app.settings.time_zone),
        expires_at_ms,
        user: UserView::new(&done.standing.user, &done.standing.permissions),
    }))
}

/// Who is calling.
#[derive(Serialize, ToSchema)]
pub struct MeAnswer {
    /// When this token ends, in the api's time zone.
    #[schema(example = "2026-11-23 20:52:00")]
    expires_at: String,
    /// Milliseconds since 1970.
    expires_at_ms: i64,
    user: UserView,
}

/// Tells whose token it is, and what it may do.
#[utoipa::path(
    get,
    path = "/Auth/me",
    tag = "Auth",
    responses((status = 200, description = "Done.", body = Envelope<MeAnswer>), Refusals),
)]
pub async fn me(State(app): State<App>, caller: Caller) -> Answer<MeAnswer> {
    let expires_at_ms = caller.claims().expires_at * 1_000;
    Answer(MeAnswer {
        expires_at: written_time(expires_at_ms, app.settings.time_zone),
        expires_at_ms,
        user: UserView::new(caller.user(), caller.permissions()),
    })
}
