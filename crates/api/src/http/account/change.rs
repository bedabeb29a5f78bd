//! `/User/…`: changing an account.

use axum::extract::State;
use chrono::Utc;
use serde::Serialize;
use utoipa::ToSchema;

use super::password;
use crate::app::App;
use crate::auth::Allowed;
use crate::auth::caller::grants::ManageUsers;
use crate::error::ApiError;
use crate::http::envelope::{Answer, BodyRefusals, Envelope, Refusal, Refusals};
use crate::http::fields::{Body, Fields, FromFields};
use crate::id::UserId;
use crate::service;
use crate::service::receipt::{Failed, Reached};
use crate::store::UserChange;
use crate::user::Password;

/// Longest `reason`, in characters.
const MAX_REASON_CHARACTERS: usize = 255;

/// Whether anything changed.
#[derive(Serialize, ToSchema)]
pub struct UserChangedAnswer {
    /// false: it was so already.
    #[schema(example = true)]
    changed: bool,
}

/// What was done to a user who is not let in with an older token any more.
#[derive(Serialize, ToSchema)]
pub struct CutOffAnswer {
    /// false: it was so already.
    #[schema(example = true)]
    changed: bool,
    /// Connections that were closed with 4001.
    #[schema(example = 2)]
    closed: u64,
    /// Gateways that could not be asked; empty when whole.
    failed: Vec<Failed>,
}

impl CutOffAnswer {
    fn new(changed: bool, reached: Reached) -> Self {
        Self { changed, closed: reached.clients, failed: reached.failed }
    }
}

/// Who is not let in any more, and what the pages are told.
#[derive(ToSchema)]
pub struct DisableBody {
    id: UserId,
    /// At most 255 characters, shown to the user; "this account is disabled" when absent.
    #[schema(required = false, max_length = 255, default = "this account is disabled")]
    reason: String,
}

impl FromFields for DisableBody {
    fn read(fields: &mut Fields) -> Option<Self> {
        let id = fields.required("id");
        let reason = match fields.optional("reason", "this account is disabled".to_owned()) {
            Some(reason) if reason.chars().count() > MAX_REASON_CHARACTERS => {
                fields.wrong("reason", "must be at most 255 characters")
            }
            fine => fine,
        };
        Some(Self { id: id?, reason: reason? })
    }
}

/// Lets nobody in as this user any more: ends all tokens, then closes all connections with 4001. Needs `user.manage`.
///
/// The last one who may do everything is not disabled. A second time closes what the first one did not reach.
#[utoipa::path(
    post,
    path = "/User/disable",
    tag = "User",
    request_body = DisableBody,
    responses(
        (status = 200, description = "Done.", body = Envelope<CutOffAnswer>),
        (status = 403, description = "The caller may not change this user; msg says why.", body = Refusal),
        (status = 404, description = "There is no such user.", body = Refusal),
        (status = 409, description = "Nobody would be left who may do everything.", body = Refusal),
        BodyRefusals,
        Refusals,
    ),
)]
pub async fn disable(
    State(app): State<App>,
    caller: Allowed<ManageUsers>,
    Body(body): Body<DisableBody>,
) -> Result<Answer<CutOffAnswer>, ApiError> {
    let to = UserChange::Disable(Utc::now().timestamp_millis());
    let (changed, reached) = service::users::change_for(&app, &caller, body.id, to, &body.reason).await?;
    Ok(Answer(CutOffAnswer::new(changed, reached)))
}

/// Which user.
#[derive(ToSchema)]
pub struct UserBody {
    id: UserId,
}

impl FromFields for UserBody {
    fn read(fields: &mut Fields) -> Option<Self> {
        Some(Self { id: fields.required("id")? })
    }
}

/// Lets a user in again, who needs a new token. Needs `user.manage`.
#[utoipa::path(
    post,
    path = "/User/enable",
    tag = "User",
    request_body = UserBody,
    responses(
        (status = 200, description = "Done.", body = Envelope<UserChangedAnswer>),
        (status = 403, description = "The caller may not change this user; msg says why.", body = Refusal),
        (status = 404, description = "There is no such user.", body = Refusal),
        BodyRefusals,
        Refusals,
    ),
)]
pub async fn enable(
    State(app): State<App>,
    caller: Allowed<ManageUsers>,
    Body(body): Body<UserBody>,
) -> Result<Answer<UserChangedAnswer>, ApiError> {
    change(&app, &caller, body.id, UserChange::Enable).await
}

/// Changes something about a user that cuts nobody off.
pub(super) async fn change(
    app: &App,
    caller: &Allowed<ManageUsers>,
    user: UserId,
    to: UserChange,
) -> Result<Answer<UserChangedAnswer>, ApiError> {
    let (changed, _) = service::users::change_for(app, caller, user, to, "").await?;
    Ok(Answer(UserChangedAnswer { changed }))
}

/// Whom a user answers to.
#[derive(ToSchema)]
pub struct SetManagerBody {
    id: UserId,
    /// Null for nobody, which needs `user.manage_any`.
    #[schema(required = true)]
    manager_id: Option<UserId>,
}

impl FromFields for SetManagerBody {
    fn read(fields: &mut Fields) -> Option<Self> {
        let id = fields.required("id");
        let manager_id = fields.required::<Option<UserId>>("manager_id");
        Some(Self { id: id?, manager_id: manager_id? })
    }
}

/// Says whom a user answers to. Needs `user.manage`.
#[utoipa::path(
    post,
    path = "/User/setManager",
    tag = "User",
    request_body = SetManagerBody,
    responses(
        (status = 200, description = "Done.", body = Envelope<UserChangedAnswer>),
        (status = 403, description = "The caller may not change this user, or not choose this manager; msg says why.", body = Refusal),
        (status = 404, description = "There is no such user.", body = Refusal),
        (status = 409, description = "The manager is the user or answers to the user.", body = Refusal),
        BodyRefusals,
        Refusals,
    ),
)]
pub async fn set_manager(
    State(app): State<App>,
    caller: Allowed<ManageUsers>,
    Body(body): Body<SetManagerBody>,
) -> Result<Answer<UserChangedAnswer>, ApiError> {
    change(&app, &caller, body.id, UserChange::Manager(body.manager_id)).await
}

/// Another password for a user.
#[derive(ToSchema)]
pub struct SetPasswordBody {
    id: UserId,
    /// At least 8 characters and at most 1,024 bytes.
    #[schema(value_type = String, format = Password, min_length = 8, max_length = 1_024)]
    password: Password,
}

impl FromFields for SetPasswordBody {
    fn read(fields: &mut Fields) -> Option<Self> {
        let id = fields.required("id");
        let password = password(fields, "password");
        Some(Self { id: id?, password: password? })
    }
}

/// Gives a user another password: ends all tokens, then closes all connections with 4001. Needs `user.manage`.
#[utoipa::path(
    post,
    path = "/User/setPassword",
    tag = "User",
    request_body = SetPasswordBody,
    responses(
        (status = 200, description = "Done.", body = Envelope<CutOffAnswer>),
        (status = 403, description = "The caller may not change this user; msg says why.", body = Refusal),
        (status = 404, description = "There is no such user.", body = Refusal),
        BodyRefusals,
        Refusals,
    ),
)]
pub async fn set_password(
    State(app): State<App>,
    caller: Allowed<ManageUsers>,
    Body(body): Body<SetPasswordBody>,
) -> Result<Answer<CutOffAnswer>, ApiError> {
    let reached = service::users::set_password_for(&app, &caller, body.id, body.password).await?;
    Ok(Answer(CutOffAnswer::new(true, reached)))
}
