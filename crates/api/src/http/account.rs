//! `/User/…`: the accounts of users. Below: changing one, and what one is given.

pub mod change;
pub mod given;

use axum::extract::State;
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
use crate::service::users::Wanted;
use crate::store::{Account, AccountFilter};
use crate::user::{InvalidWord, Password, Permission, RoleName, Username};

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
