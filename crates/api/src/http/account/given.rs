//! `/User/…`: what a user is given: permissions of the user's own, and roles.

use axum::extract::State;
use utoipa::ToSchema;

use super::change::{UserChangedAnswer, change};
use super::word;
use crate::app::App;
use crate::auth::Allowed;
use crate::auth::caller::grants::ManageUsers;
use crate::error::ApiError;
use crate::http::envelope::{Answer, BodyRefusals, Envelope, Refusal, Refusals};
use crate::http::fields::{Body, Fields, FromFields};
use crate::id::UserId;
use crate::store::UserChange;
use crate::user::{Permission, RoleName};

/// A permission of a user's own.
#[derive(ToSchema)]
pub struct GrantBody {
    id: UserId,
    /// One of those in /Role/list.
    #[schema(value_type = String, example = "websocket.inspect")]
    permission: Permission,
}

impl FromFields for GrantBody {
    fn read(fields: &mut Fields) -> Option<Self> {
        let id = fields.required("id");
        let permission = word(fields, "permission");
        Some(Self { id: id?, permission: permission? })
    }
}

/// Grants a permission to a user alone. Needs `user.manage`, and that permission.
#[utoipa::path(
    post,
    path = "/User/grant",
    tag = "User",
    request_body = GrantBody,
    responses(
        (status = 200, description = "Done.", body = Envelope<UserChangedAnswer>),
        (status = 403, description = "The caller may not change this user, or lacks the permission; msg says why.", body = Refusal),
        (status = 404, description = "There is no such user.", body = Refusal),
        BodyRefusals,
        Refusals,
    ),
)]
pub async fn grant(
    State(app): State<App>,
    caller: Allowed<ManageUsers>,
    Body(body): Body<GrantBody>,
) -> Result<Answer<UserChangedAnswer>, ApiError> {
    change(&app, &caller, body.id, UserChange::Grant(body.permission)).await
}

/// Takes back what was granted to a user alone; a role may still carry it. Needs `user.manage`, and that permission.
#[utoipa::path(
    post,
    path = "/User/revoke",
    tag = "User",
    request_body = GrantBody,
    responses(
        (status = 200, description = "Done.", body = Envelope<UserChangedAnswer>),
        (status = 403, description = "The caller may not change this user, or lacks the permission; msg says why.", body = Refusal),
        (status = 404, description = "There is no such user.", body = Refusal),
        (status = 409, description = "Nobody would be left who may do everything.", body = Refusal),
        BodyRefusals,
        Refusals,
    ),
)]
pub async fn revoke(
    State(app): State<App>,
    caller: Allowed<ManageUsers>,
    Body(body): Body<GrantBody>,
) -> Result<Answer<UserChangedAnswer>, ApiError> {
    change(&app, &caller, body.id, UserChange::Revoke(body.permission)).await
}

/// A role of a user.
#[derive(ToSchema)]
pub struct UserRoleBody {
    id: UserId,
    /// One of those in /Role/list.
    #[schema(value_type = String, example = "operator")]
    role: RoleName,
}

impl FromFields for UserRoleBody {
    fn read(fields: &mut Fields) -> Option<Self> {
        let id = fields.required("id");
        let role = word(fields, "role");
        Some(Self { id: id?, role: role? })
    }
}

/// Gives a role to a user. Needs `user.manage`, and every permission of the role.
#[utoipa::path(
    post,
    path = "/User/giveRole",
    tag = "User",
    request_body = UserRoleBody,
    responses(
        (status = 200, description = "Done.", body = Envelope<UserChangedAnswer>),
        (status = 403, description = "The caller may not change this user, or lacks a permission of the role; msg says why.", body = Refusal),
        (status = 404, description = "There is no such user.", body = Refusal),
        BodyRefusals,
        Refusals,
    ),
)]
pub async fn give_role(
    State(app): State<App>,
    caller: Allowed<ManageUsers>,
    Body(body): Body<UserRoleBody>,
) -> Result<Answer<UserChangedAnswer>, ApiError> {
    change(&app, &caller, body.id, UserChange::GiveRole(body.role)).await
}

/// Takes a role from a user. Needs `user.manage`, and every permission of the role.
#[utoipa::path(
    post,
    path = "/User/takeRole",
    tag = "User",
    request_body = UserRoleBody,
    responses(
        (status = 200, description = "Done.", body = Envelope<UserChangedAnswer>),
        (status = 403, description = "The caller may not change this user, or lacks a permission of the role; msg says why.", body = Refusal),
        (status = 404, description = "There is no such user.", body = Refusal),
        (status = 409, description = "Nobody would be left who may do everything.", body = Refusal),
        BodyRefusals,
        Refusals,
    ),
)]
pub async fn take_role(
    State(app): State<App>,
    caller: Allowed<ManageUsers>,
    Body(body): Body<UserRoleBody>,
) -> Result<Answer<UserChangedAnswer>, ApiError> {
    change(&app, &caller, body.id, UserChange::TakeRole(body.role)).await
}
