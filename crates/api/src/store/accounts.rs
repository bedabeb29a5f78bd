//! Users with what they are and may do, a page at a time.

use std::collections::HashMap;

use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use super::schema::{role_permissions, user_permissions, user_roles, users};
use super::users::Row;
use super::{Store, StoreError, UserRow, read};
use crate::id::UserId;
use crate::user::{Permission, RoleName, Username};

/// A user with everything that decides what the user may do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// The user.
    pub user: UserRow,
    /// What the user is, in order.
    pub roles: Vec<String>,
    /// What was granted to the user alone, in order.
    pub own: Vec<Permission>,
    /// What the user may do, by roles and by own grants, each once, in order.
    pub permissions: Vec<Permission>,
}

/// Which users are asked for; every condition that is given must hold.
#[derive(Debug, Clone, Default)]
pub struct AccountFilter {
    /// Only this one.
    pub id: Option<UserId>,
    /// Only those whose name begins so.
    pub username: Option<Username>,
    /// Only those who answer to this user, not through others.
    pub manager: Option<UserId>,
    /// Only those who have this role.
    pub role: Option<RoleName>,
    /// Only those who are not let in, or only those who are.
    pub disabled: Option<bool>,
}

impl Store {
    /// At most `limit` users after the id `after`, in order of their ids, at most some hundreds.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`]
    pub async fn accounts(
        &self,
        filter: AccountFilter,
        after: Option<UserId>,
        limit: u32,
    ) -> Result<Vec<Account>, StoreError> {
        read!(self, |conn| {
            let mut query = users::table
                .select(Row::as_select())
                .filter(users::id.gt(after.map_or(0, UserId::get)))
                .order(users::id)
                .limit(limit.into())
                .into_boxed();
            if let Some(id) = filter.id {
                query = query.filter(users::id.eq(id.get()));
            }
            if let Some(start) = filter.username {
                // A range of the index. LIKE would mean another thing in each database.
                let start = start.to_string();
                let end = format!("{start}\u{10ffff}");
                query = query.filter(users::username.ge(start)).filter(users::username.lt(end));
            }
            if let Some(manager) = filter.manager {
                query = query.filter(users::manager_id.eq(manager.get()));
            }
            if let Some(role) = filter.role {
                let holders = user_roles::table
                    .filter(user_roles::role.eq(role.to_string()))
                    .select(user_roles::user_id);
                query = query.filter(users::id.eq_any(holders));
            }
            query = match filter.disabled {
                None => query,
                Some(true) => query.filter(users::disabled_at_ms.gt(0_i64)),
                Some(false) => query.filter(users::disabled_at_ms.eq(0_i64)),
            };
            let rows: Vec<UserRow> = query
                .load::<Row>(conn)
                .await?
                .into_iter()
                .map(UserRow::try_from)
                .collect::<Result<_, _>>()?;
            let ids: Vec<i64> = rows.iter().map(|user| user.id.get()).collect();
            let own: Vec<(i64, String)> = user_permissions::table
                .filter(user_permissions::user_id.eq_any(ids.clone()))
                .select((user_permissions::user_id, user_permissions::permission))
                .load(conn)
                .await?;
            let roles: Vec<(i64, String)> = user_roles::table
                .filter(user_roles::user_id.eq_any(ids.clone()))
                .order((user_roles::user_id, user_roles::role))
                .select((user_roles::user_id, user_roles::role))
                .load(conn)
                .await?;
            let by_role: Vec<(i64, String)> = user_roles::table
                .inner_join(role_permissions::table.on(role_permissions::role.eq(user_roles::role)))
                .filter(user_roles::user_id.eq_any(ids))
                .select((user_roles::user_id, role_permissions::permission))
                .load(conn)
                .await?;
            let (mut own, mut roles, by_role) = (by_user(own), by_user(roles), by_user(by_role));
            let account = |user: UserRow| {
                let id = user.id.get();
                let own = known(own.remove(&id).unwrap_or_default().iter());
                let by_role = by_role.get(&id).into_iter().flatten();
                let mut permissions = known(by_role);
                permissions.extend(&own);
                permissions.sort_unstable();
                permissions.dedup();
                Account { user, roles: roles.remove(&id).unwrap_or_default(), own, permissions }
            };
            Ok(rows.into_iter().map(account).collect())
        })
    }
}

fn by_user(rows: Vec<(i64, String)>) -> HashMap<i64, Vec<String>> {
    let mut of = HashMap::<i64, Vec<String>>::new();
    for (user, word) in rows {
        of.entry(user).or_default().push(word);
    }
    of
}

/// Those of these names that this release knows, each once, in order.
pub(super) fn known<'a>(names: impl Iterator<Item = &'a String>) -> Vec<Permission> {
    let mut permissions: Vec<Permission> = names.filter_map(|name| name.parse().ok()).collect();
    permissions.sort_unstable();
    permissions.dedup();
    permissions
}
