//! `/Auth/…`

use axum::Extension;
use axum::extract::State;
use axum::http::HeaderMap;
use gatepipe_daemon::forwarded::remote_address;
use secrecy::{ExposeSecret as _, SecretString};
use serde::Serialize;
use utoipa::ToSchema;

use super::account::password;
use super::envelope::{Answer, BodyRefusals, Envelope, Refusal, Refusals};
use super::fields::{Body, Fields, FromFields};
use super::layers::Peer;
use crate::app::{App, written_time};
use crate::auth::Caller;
use crate::error::ApiError;
use crate::id::UserId;
use crate::service;
use crate::service::login::LoggedIn;
use crate::store::UserRow;
use crate::user::{MAX_NAME_CHARACTERS, MAX_PASSWORD_BYTES, Password, Permission};

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

impl LoginAnswer {
    fn new(app: &App, done: &LoggedIn) -> Self {
        let expires_at_ms = done.token.expires_at.timestamp_millis();
        Self {
            token: done.token.text.expose_secret().into(),
            expires_at: written_time(expires_at_ms, app.settings.time_zone),
            expires_at_ms,
            user: UserView::new(&done.standing.user, &done.standing.permissions),
        }
    }
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
        (status = 403, description = "The account is disabled, or this api only checks tokens that are made elsewhere.", body = Refusal),
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
    let address = remote_address(peer.ip(), &headers, &app.rules().trusted_proxies);
    let done = service::login::login(&app, address, &body.username, body.password).await?;
    Ok(Answer(LoginAnswer::new(&app, &done)))
}

/// Another password for the caller.
#[derive(ToSchema)]
pub struct ChangePasswordBody {
    /// The one that is good now.
    #[schema(value_type = String, format = Password, min_length = 1, max_length = 1_024)]
    old_password: SecretString,
    /// At least 8 characters and at most 1,024 bytes.
    #[schema(value_type = String, format = Password, min_length = 8, max_length = 1_024)]
    new_password: Password,
}

impl FromFields for ChangePasswordBody {
    fn read(fields: &mut Fields) -> Option<Self> {
        let old_password = fields.required::<String>("old_password").map(SecretString::from);
        let old_password = match old_password {
            Some(text) if !(1..=MAX_PASSWORD_BYTES).contains(&text.expose_secret().len()) => {
                fields.wrong("old_password", "must be 1 to 1024 bytes")
            }
            fine => fine,
        };
        let new_password = password(fields, "new_password");
        Some(Self { old_password: old_password?, new_password: new_password? })
    }
}

/// Gives the caller another password, and a new token: all that were made before become useless. Connections that are open stay.
///
/// A wrong old password counts as a failed login.
#[utoipa::path(
    post,
    path = "/Auth/changePassword",
    tag = "Auth",
    request_body = ChangePasswordBody,
    responses(
        (status = 200, description = "Done; this is the token from now on.", body = Envelope<LoginAnswer>),
        (status = 403, description = "The caller has no password here, or the tokens of this api are made elsewhere.", body = Refusal),
        (status = 429, description = "Too many wrong passwords.", body = Refusal, headers(("Retry-After" = u64, description = "Seconds."))),
        BodyRefusals,
        Refusals,
    ),
)]
pub async fn change_password(
    State(app): State<App>,
    caller: Caller,
    Body(body): Body<ChangePasswordBody>,
) -> Result<Answer<LoginAnswer>, ApiError> {
    let ChangePasswordBody { old_password, new_password } = body;
    let done = service::users::change_own_password(&app, &caller, old_password, new_password).await?;
    Ok(Answer(LoginAnswer::new(&app, &done)))
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
