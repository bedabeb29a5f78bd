//! `/User/…`: the accounts of users, and changing them.

use axum::extract::State;
use chrono::Utc;
use secrecy::SecretString;
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};

use super::envelope::{Answer, BodyRefusals, Envelope, Refusal, Refusals};
use super::fields::{Body, Fields, Flag, FromFields, Limit, Query};
use crate::app::{App, written_time};
use crate::auth::Allowed;
use crate::auth::caller::grants::{ManageUsers, ViewUsers};
use crate::error::ApiError;
use crate::id::UserId;
use crate::service;
use crate::service::receipt::{Failed, Reached};
use crate::service::users::Wanted;
use crate::store::{Account, AccountFilter, UserChange};
use crate::user::{InvalidWord, Password, Permission, RoleName, Username};

/// Longest `reason`, in characters.
const MAX_REASON_CHARACTERS: usize = 255;

/// Most permissions or roles in one request.
const MAX_WORDS: usize = 100;

/// Which users to list; every condition that is given must hold.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "read by the OpenAPI document; `ListQuery` is what is used")]
pub struct AccountListParams {
    /// Only those whose name begins so, byte for byte.
    #[param(example = "ali", min_length = 1, max_length = 64)]
    username: Option<String>,
    /// Only those who answer to this user, not through others.
    #[param(inline)]
    manager_id: Option<UserId>,
    /// Only those who have this role.
    #[param(example = "operator")]
    role: Option<String>,
    /// Only those who are not let in, or only those who are: true, false, 1 or 0.
    disabled: Option<bool>,
    /// Only ids above this one.
    #[param(inline)]
    after_id: Option<UserId>,
    /// How many at most; 20 when absent.
    #[param(minimum = 1, maximum = 100)]
    limit: Option<u32>,
}

/// See [`AccountListParams`].
pub struct ListQuery {
    filter: AccountFilter,
    after: Option<UserId>,
    limit: u32,
}

impl FromFields for ListQuery {
    fn read(fields: &mut Fields) -> Option<Self> {
        let username = optional_word::<Username>(fields, "username");
        let manager = fields.optional("manager_id", None::<UserId>);
        let role = optional_word::<RoleName>(fields, "role");
        let disabled = fields.optional("disabled", None::<Flag>);
        let after = fields.optional("after_id", None::<UserId>);
        let limit = fields.optional("limit", Limit::default());
        let filter = AccountFilter {
            id: None,
            username: username?,
            manager: manager?,
            role: role?,
            disabled: disabled?.map(|flag| flag.0),
        };
        Some(Self { filter, after: after?, limit: limit?.0 })
    }
}

/// A word with a rule of its own.
pub(super) fn word<T: std::str::FromStr<Err = InvalidWord>>(
    fields: &mut Fields,
    name: &'static str,
) -> Option<T> {
    let text: String = fields.required(name)?;
    match text.parse() {
        Ok(word) => Some(word),
        Err(rule) => fields.wrong(name, rule.to_string()),
    }
}

fn optional_word<T: std::str::FromStr<Err = InvalidWord>>(
    fields: &mut Fields,
    name: &'static str,
) -> Option<Option<T>> {
    match fields.optional(name, None::<String>)?.map(|text| text.parse::<T>()).transpose() {
        Ok(read) => Some(read),
        Err(rule) => fields.wrong(name, rule.to_string()),
    }
}

/// Some words with a rule of their own; none when absent.
pub(super) fn words<T: std::str::FromStr<Err = InvalidWord>>(
    fields: &mut Fields,
    name: &'static str,
) -> Option<Vec<T>> {
    let texts: Vec<String> = fields.optional(name, Vec::new())?;
    if texts.len() > MAX_WORDS {
        return fields.wrong(name, format!("must have at most {MAX_WORDS} entries, not {}", texts.len()));
    }
    match texts.iter().map(|text| text.parse()).collect::<Result<Vec<T>, _>>() {
        Ok(words) => Some(words),
        Err(rule) => fields.wrong(name, rule.to_string()),
    }
}

/// A password by which somebody will log in.
pub(super) fn password(fields: &mut Fields, name: &'static str) -> Option<Password> {
    let text: String = fields.required(name)?;
    match Password::new(SecretString::from(text)) {
        Ok(password) => Some(password),
        Err(rule) => fields.wrong(name, rule.to_string()),
    }
}

/// A user, as administrators see it.
#[derive(Serialize, ToSchema)]
pub struct AccountView {
    /// Also the uid on the gateways.
    id: UserId,
    #[schema(example = "alice")]
    username: String,
    /// Whoever this user answers to.
    manager_id: Option<UserId>,
    /// Nobody is let in as this user.
    disabled: bool,
    /// Since when, in the api's time zone; null when the user is let in.
    disabled_at: Option<String>,
    /// Milliseconds since 1970.
    disabled_at_ms: Option<i64>,
    /// What the user is.
    #[schema(example = json!(["operator"]))]
    roles: Vec<String>,
    /// What was granted to the user alone.
    #[schema(value_type = Vec<String>, example = json!([]))]
    own_permissions: Vec<Permission>,
    /// What the user may do, by roles and by own grants.
    #[schema(value_type = Vec<String>, example = json!(["websocket.inspect"]))]
    permissions: Vec<Permission>,
    /// In the api's time zone.
    #[schema(example = "2026-11-23 20:52:00")]
    created_at: String,
    /// Milliseconds since 1970.
    created_at_ms: i64,
}

impl AccountView {
    fn new(app: &App, account: Account) -> Self {
        let Account { user, roles, own, permissions } = account;
        let zone = app.settings.time_zone;
        let disabled_at_ms = Some(user.disabled_at_ms).filter(|ms| *ms > 0);
        Self {
            id: user.id,
            username: user.username,
            manager_id: user.manager_id,
            disabled: disabled_at_ms.is_some(),
            disabled_at: disabled_at_ms.map(|ms| written_time(ms, zone)),
            disabled_at_ms,
            roles,
            own_permissions: own,
            permissions,
            created_at: written_time(user.created_at_ms, zone),
            created_at_ms: user.created_at_ms,
        }
    }
}

/// Some users.
#[derive(Serialize, ToSchema)]
pub struct AccountListAnswer {
    /// In order of id.
    list: Vec<AccountView>,
    /// The next `after_id`; null when there are no more.
    next_cursor: Option<UserId>,
}

/// Lists users with their roles and permissions. Needs `user.view`.
#[utoipa::path(
    get,
    path = "/User/list",
    tag = "User",
    params(AccountListParams),
    responses(
        (status = 200, description = "Done.", body = Envelope<AccountListAnswer>),
        (status = 403, description = "The caller lacks user.view.", body = Refusal),
        (status = 422, description = "Some parameters are not valid; data names them.", body = Refusal),
        Refusals,
    ),
)]
pub async fn list(
    State(app): State<App>,
    _: Allowed<ViewUsers>,
    Query(query): Query<ListQuery>,
) -> Result<Answer<AccountListAnswer>, ApiError> {
    // One more than asked for, to know whether there are more.
    let mut found = app.store.accounts(query.filter, query.after, query.limit + 1).await?;
    let more = found.len() > query.limit as usize;
    found.truncate(query.limit as usize);
    let next_cursor = found.last().filter(|_| more).map(|account| account.user.id);
    let list = found.into_iter().map(|account| AccountView::new(&app, account)).collect();
    Ok(Answer(AccountListAnswer { list, next_cursor }))
}

/// Which user.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ShowQuery {
    #[param(inline)]
    id: UserId,
}

impl FromFields for ShowQuery {
    fn read(fields: &mut Fields) -> Option<Self> {
        Some(Self { id: fields.required("id")? })
    }
}

/// Shows one user. Needs `user.view`.
#[utoipa::path(
    get,
    path = "/User/show",
    tag = "User",
    params(ShowQuery),
    responses(
        (status = 200, description = "Done.", body = Envelope<AccountView>),
        (status = 403, description = "The caller lacks user.view.", body = Refusal),
        (status = 404, description = "There is no such user.", body = Refusal),
        (status = 422, description = "The id is missing or none; data says so.", body = Refusal),
        Refusals,
    ),
)]
pub async fn show(
    State(app): State<App>,
    _: Allowed<ViewUsers>,
    Query(query): Query<ShowQuery>,
) -> Result<Answer<AccountView>, ApiError> {
    one(&app, query.id).await.map(Answer)
}

async fn one(app: &App, user: UserId) -> Result<AccountView, ApiError> {
    let filter = AccountFilter { id: Some(user), ..AccountFilter::default() };
    let found = app.store.accounts(filter, None, 1).await?.pop();
    let found = found.ok_or_else(|| ApiError::NotFound("there is no such user".into()))?;
    Ok(AccountView::new(app, found))
}

/// A user to be made.
#[derive(ToSchema)]
#[expect(dead_code, reason = "read by the OpenAPI document; `CreateBody` is what is used")]
#[schema(as = CreateUserBody)]
pub struct CreateSchema {
    /// 1 to 64 letters, digits or . _ - @ +. Never changes.
    #[schema(min_length = 1, max_length = 64, example = "alice")]
    username: String,
    /// At least 8 characters and at most 1,024 bytes. Absent: nobody logs in with a password, because the user's tokens are made
    /// elsewhere.
    #[schema(format = Password, min_length = 8, max_length = 1_024)]
    password: Option<String>,
    /// Whom the user answers to; the caller when absent. Null, for nobody, needs `user.manage_any`.
    manager_id: Option<UserId>,
    /// What the user is.
    #[schema(required = false, max_items = 100, example = json!(["operator"]))]
    roles: Vec<String>,
    /// What the user alone may do.
    #[schema(required = false, max_items = 100, example = json!(["websocket.inspect"]))]
    permissions: Vec<String>,
}

/// See [`CreateSchema`].
pub struct CreateBody {
    username: Username,
    password: Option<Password>,
    /// `None`: the caller.
    manager_id: Option<Option<UserId>>,
    roles: Vec<RoleName>,
    permissions: Vec<Permission>,
}

impl FromFields for CreateBody {
    fn read(fields: &mut Fields) -> Option<Self> {
        let username = word(fields, "username");
        let password = match fields.has("password") {
            true => password(fields, "password").map(Some),
            false => Some(None),
        };
        let manager_id = match fields.is_there("manager_id") {
            true => fields.optional("manager_id", None::<UserId>).map(Some),
            false => Some(None),
        };
        let roles = words(fields, "roles");
        let permissions = words(fields, "permissions");
        Some(Self {
            username: username?,
            password: password?,
            manager_id: manager_id?,
            roles: roles?,
            permissions: permissions?,
        })
    }
}

/// Makes a user. Needs `user.manage`, and every permission that the user gets.
///
/// The user answers to the caller or to somebody who does; to others with `user.manage_any`.
#[utoipa::path(
    post,
    path = "/User/create",
    tag = "User",
    request_body = CreateSchema,
    responses(
        (status = 200, description = "Done.", body = Envelope<AccountView>),
        (status = 403, description = "The caller lacks user.manage, or a permission that the user would get, or may not choose this manager.", body = Refusal),
        (status = 409, description = "The username is taken.", body = Refusal),
        BodyRefusals,
        Refusals,
    ),
)]
pub async fn create(
    State(app): State<App>,
    caller: Allowed<ManageUsers>,
    Body(body): Body<CreateBody>,
) -> Result<Answer<AccountView>, ApiError> {
    let CreateBody { username, password, manager_id, roles, permissions } = body;
    let manager_id = manager_id.unwrap_or(Some(caller.caller().id()));
    let wanted = Wanted { username, password, manager_id, permissions, roles };
    let user = service::users::create_for(&app, &caller, wanted).await?;
    one(&app, user).await.map(Answer)
}

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

async fn change(
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
