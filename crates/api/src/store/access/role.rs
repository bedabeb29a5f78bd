//! What changes about a role.

use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use super::{CANDIDATES, Facts, anything};
use crate::audit::{Action, Actor, Entry, Target, Verdict};
use crate::id::UserId;
use crate::reason::Reason;
use crate::store::accounts::known;
use crate::store::audit_entries::insert_entry;
use crate::store::schema::{access_changes, role_permissions, roles, user_permissions, user_roles, users};
use crate::store::users::Row;
use crate::store::{Standing, Store, StoreError, UserRow, unless_taken, write};
use crate::user::{Permission, RoleName};

/// What changes about a role.
#[derive(Debug, Clone)]
pub enum RoleChange {
    /// A new role with these permissions.
    Create(Vec<Permission>),
    /// Other permissions for a role that is there.
    Change(Vec<Permission>),
    /// These permissions, whether the role is there or not.
    Put(Vec<Permission>),
    /// The role goes, from everybody who has it.
    Delete,
}

impl RoleChange {
    /// What the audit calls it.
    #[must_use]
    pub fn action(&self) -> Action {
        match self {
            Self::Create(_) => Action::CreateRole,
            Self::Change(_) | Self::Put(_) => Action::ChangeRole,
            Self::Delete => Action::DeleteRole,
        }
    }

    /// For the audit.
    fn detail(&self) -> String {
        let permissions = match self {
            Self::Create(permissions) | Self::Change(permissions) | Self::Put(permissions) => permissions,
            Self::Delete => return String::new(),
        };
        let names: Vec<String> = permissions.iter().map(Permission::to_string).collect();
        names.join(" ")
    }
}

impl Store {
    /// Changes a role, if `rule` allows it; those who have it notice with their next request. Gives how many users have it, or had it.
    ///
    /// # Errors
    /// [`StoreError::Refused`] by the rule, [`StoreError::LastAdministrator`], [`StoreError::NoSuchRole`],
    /// [`StoreError::RoleTaken`], [`StoreError::Unavailable`]; nothing was written
    pub async fn change_role(
        &self,
        role: &RoleName,
        change: RoleChange,
        actor: Actor,
        rule: impl FnOnce(&Facts) -> Result<(), Reason> + Send + 'static,
    ) -> Result<i64, StoreError> {
        let (role, by) = (role.to_string(), actor.id);
        let target = Target::Role(role.clone());
        let entry = Entry::new(actor, change.action(), target, Verdict::Done, &change.detail());
        write!(self, |conn| {
            take_turn!(conn);
            let mut facts = facts!(conn, by);
            let before: Option<Vec<Permission>> = role_permissions_of!(conn, role.clone());
            match (&before, &change) {
                (Some(_), RoleChange::Create(_)) => return Err(StoreError::RoleTaken(role)),
                (None, RoleChange::Change(_) | RoleChange::Delete) => {
                    return Err(StoreError::NoSuchRole(role));
                }
                _ => {}
            }
            let is_new = before.is_none();
            facts.takes = before.unwrap_or_default();
            let mut after = match change {
                RoleChange::Create(permissions)
                | RoleChange::Change(permissions)
                | RoleChange::Put(permissions) => Some(permissions),
                RoleChange::Delete => None,
            };
            facts.gives = after.clone().unwrap_or_default();
            rule(&facts).map_err(StoreError::Refused)?;
            let guarded = has_administrator!(conn);
            let holders = user_roles::table.filter(user_roles::role.eq(role.clone()));
            let holders: i64 = holders.count().get_result(conn).await?;
            diesel::delete(role_permissions::table.filter(role_permissions::role.eq(role.clone())))
                .execute(conn)
                .await?;
            if let Some(permissions) = &mut after {
                permissions.sort_unstable();
                permissions.dedup();
                if is_new {
                    let row = roles::name.eq(role.clone());
                    let inserted = diesel::insert_into(roles::table).values(row).execute(conn).await;
                    unless_taken(inserted, || StoreError::RoleTaken(role.clone()))?;
                }
                for permission in permissions.iter() {
                    let row = (
                        role_permissions::role.eq(role.clone()),
                        role_permissions::permission.eq(permission.name()),
                    );
                    diesel::insert_into(role_permissions::table).values(row).execute(conn).await?;
                }
            } else {
                diesel::delete(user_roles::table.filter(user_roles::role.eq(role.clone())))
                    .execute(conn)
                    .await?;
                diesel::delete(roles::table.find(role.clone())).execute(conn).await?;
            }
            if guarded && !has_administrator!(conn) {
                return Err(StoreError::LastAdministrator);
            }
            insert_entry!(conn, entry);
            Ok(holders)
        })
    }

    /// [`RoleChange::Put`], for whoever has the database.
    ///
    /// # Errors
    /// As [`Store::change_role`].
    pub async fn put_role(&self, role: &RoleName, permissions: &[Permission]) -> Result<(), StoreError> {
        let change = RoleChange::Put(permissions.to_vec());
        self.change_role(role, change, Actor::operator(), anything).await.map(drop)
    }
}
