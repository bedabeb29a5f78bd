//! `/Role/…`

use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use super::account::{word, words};
use super::envelope::{Answer, BodyRefusals, Envelope, Refusal, Refusals};
use super::fields::{Body, Fields, FromFields};
use crate::app::App;
use crate::auth::Allowed;
use crate::auth::caller::grants::{ManageRoles, ViewUsers};
use crate::error::ApiError;
use crate::service;
use crate::store::RoleChange;
use crate::user::{Permission, RoleName};

/// A role.
#[derive(Serialize, ToSchema)]
pub struct RoleView {
    #[schema(example = "operator")]
    name: String,
    /// What whoever has it may do.
    #[schema(example = json!(["websocket.inspect"]))]
    permissions: Vec<String>,
}

/// A permission that there is.
#[derive(Serialize, ToSchema)]
pub struct PermissionView {
    #[schema(value_type = String, example = "websocket.inspect")]
    name: Permission,
    /// What it allows, for people.
    #[schema(example = "see gateways and clients")]
    about: &'static str,
}

/// Every role, and every permission that one can have.
#[derive(Serialize, ToSchema)]
pub struct RoleListAnswer {
    /// By name.
    list: Vec<RoleView>,
    /// Always null: the list is whole.
    next_cursor: Option<String>,
    /// Every permission there is.
    permissions: Vec<PermissionView>,
}

/// Lists the roles, and the permissions there are. Needs `user.view`.
#[utoipa::path(
    get,
    path = "/Role/list",
    tag = "Role",
    responses(
        (status = 200, description = "Done.", body = Envelope<RoleListAnswer>),
        (status = 403, description = "The caller lacks user.view.", body = Refusal),
        Refusals,
    ),
)]
pub async fn list(State(app): State<App>, _: Allowed<ViewUsers>) -> Result<Answer<RoleListAnswer>, ApiError> {
    let roles = app.store.roles().await?;
    let list = roles.into_iter().map(|(name, permissions)| RoleView { name, permissions }).collect();
    let about = |name: Permission| PermissionView { name, about: name.about() };
    let permissions = Permission::ALL.into_iter().map(about).collect();
    Ok(Answer(RoleListAnswer { list, next_cursor: None, permissions }))
}

/// A role with what it may do from now on.
#[derive(ToSchema)]
pub struct RoleBody {
    /// 1 to 64 letters, digits or . _ - @ +
    #[schema(value_type = String, min_length = 1, max_length = 64, example = "operator")]
    name: RoleName,
    /// All of them: what is not here the role does not have.
    #[schema(value_type = Vec<String>, max_items = 100, example = json!(["websocket.inspect"]))]
    permissions: Vec<Permission>,
}

impl FromFields for RoleBody {
    fn read(fields: &mut Fields) -> Option<Self> {
        let name = word(fields, "name");
        let permissions = match fields.has("permissions") {
            true => words(fields, "permissions"),
            false => fields.wrong("permissions", "is required"),
        };
        Some(Self { name: name?, permissions: permissions? })
    }
}

/// What was done to a role.
#[derive(Serialize, ToSchema)]
pub struct RoleChangedAnswer {
    #[schema(example = "operator")]
    name: String,
    /// How many users have it, or had it.
    #[schema(example = 12)]
    users: i64,
}

/// Makes a role. Needs `role.manage`, and every permission of the role.
#[utoipa::path(
    post,
    path = "/Role/create",
    tag = "Role",
    request_body = RoleBody,
    responses(
        (status = 200, description = "Done.", body = Envelope<RoleChangedAnswer>),
        (status = 403, description = "The caller lacks role.manage, or a permission of the role; msg says which.", body = Refusal),
        (status = 409, description = "There is a role with this name.", body = Refusal),
        BodyRefusals,
        Refusals,
    ),
)]
pub async fn create(
    State(app): State<App>,
    caller: Allowed<ManageRoles>,
    Body(body): Body<RoleBody>,
) -> Result<Answer<RoleChangedAnswer>, ApiError> {
    change_to(&app, &caller, &body.name, RoleChange::Create(body.permissions)).await
}

/// Changes what a role may do; those who have it notice with their next request. Needs `role.manage`, and every permission that the role
/// had or gets.
#[utoipa::path(
    post,
    path = "/Role/change",
    tag = "Role",
    request_body = RoleBody,
    responses(
        (status = 200, description = "Done.", body = Envelope<RoleChangedAnswer>),
        (status = 403, description = "The caller lacks role.manage, or a permission that the role had or gets; msg says which.", body = Refusal),
        (status = 404, description = "There is no such role.", body = Refusal),
        (status = 409, description = "Nobody would be left who may do everything.", body = Refusal),
        BodyRefusals,
        Refusals,
    ),
)]
pub async fn change(
    State(app): State<App>,
    caller: Allowed<ManageRoles>,
    Body(body): Body<RoleBody>,
) -> Result<Answer<RoleChangedAnswer>, ApiError> {
    change_to(&app, &caller, &body.name, RoleChange::Change(body.permissions)).await
}

/// Which role goes.
#[derive(ToSchema)]
pub struct RoleNameBody {
    #[schema(value_type = String, example = "operator")]
    name: RoleName,
}

impl FromFields for RoleNameBody {
    fn read(fields: &mut Fields) -> Option<Self> {
        Some(Self { name: word(fields, "name")? })
    }
}

/// Deletes a role, and takes it from everybody who has it. Needs `role.manage`, and every permission of the role.
#[utoipa::path(
    post,
    path = "/Role/delete",
    tag = "Role",
    request_body = RoleNameBody,
    responses(
        (status = 200, description = "Done.", body = Envelope<RoleChangedAnswer>),
        (status = 403, description = "The caller lacks role.manage, or a permission of the role; msg says which.", body = Refusal),
        (status = 404, description = "There is no such role.", body = Refusal),
        (status = 409, description = "Nobody would be left who may do everything.", body = Refusal),
        BodyRefusals,
        Refusals,
    ),
)]
pub async fn delete(
    State(app): State<App>,
    caller: Allowed<ManageRoles>,
    Body(body): Body<RoleNameBody>,
) -> Result<Answer<RoleChangedAnswer>, ApiError> {
    change_to(&app, &caller, &body.name, RoleChange::Delete).await
}

async fn change_to(
    app: &App,
    caller: &Allowed<ManageRoles>,
    role: &RoleName,
    to: RoleChange,
) -> Result<Answer<RoleChangedAnswer>, ApiError> {
    let users = service::users::change_role_for(app, caller, role, to).await?;
    Ok(Answer(RoleChangedAnswer { name: role.to_string(), users }))
}
