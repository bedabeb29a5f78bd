//! What changes about a user.

use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use super::{CANDIDATES, Facts, anything};
use crate::audit::{Action, Actor, Entry, Target, Verdict};
use crate::id::UserId;
use crate::reason::Reason;
use crate::store::accounts::known;
use crate::store::audit_entries::insert_entry;
use crate::store::schema::{
    access_changes, inboxes, role_permissions, roles, user_permissions, user_roles, users,
};
use crate::store::users::{Insert, LONGEST_CHAIN, Row, insert_user, user_id};
use crate::store::{NewUser, Standing, Store, StoreError, UserRow, write};
use crate::user::{Permission, RoleName};

/// What changes about a user.
#[derive(Debug, Clone)]
pub enum UserChange {
    /// Nobody is let in as this user any more, from then on, in milliseconds since 1970; all tokens become useless.
    Disable(i64),
    /// The user may come in again, with a new token.
    Enable,
    /// Whom the user answers to.
    Manager(Option<UserId>),
    /// Another password in PHC form, and since when; all tokens become useless.
    Password(String, i64),
    /// A permission of the user's own.
    Grant(Permission),
    /// Not that permission; a role may still carry it.
    Revoke(Permission),
    /// A role.
    GiveRole(RoleName),
    /// Not that role.
    TakeRole(RoleName),
}

impl UserChange {
    /// What the audit calls it.
    #[must_use]
    pub fn action(&self) -> Action {
        match self {
            Self::Disable(_) => Action::DisableUser,
            Self::Enable => Action::EnableUser,
            Self::Manager(_) => Action::SetManager,
            Self::Password(..) => Action::SetPassword,
            Self::Grant(_) => Action::Grant,
            Self::Revoke(_) => Action::Revoke,
            Self::GiveRole(_) => Action::GiveRole,
            Self::TakeRole(_) => Action::TakeRole,
        }
    }

    /// For the audit; never a password.
    fn detail(&self) -> String {
        match self {
            Self::Disable(_) | Self::Enable | Self::Password(..) => String::new(),
            Self::Manager(None) => "nobody".into(),
            Self::Manager(Some(manager)) => format!("user {manager}"),
            Self::Grant(permission) | Self::Revoke(permission) => permission.to_string(),
            Self::GiveRole(role) | Self::TakeRole(role) => role.to_string(),
        }
    }

    /// Whether somebody may do less afterwards.
    fn takes(&self) -> bool {
        matches!(self, Self::Disable(_) | Self::Revoke(_) | Self::TakeRole(_))
    }
}

impl Store {
    /// Makes a user with roles and permissions, if `rule` allows it.
    ///
    /// # Errors
    /// [`StoreError::Refused`] by the rule, [`StoreError::UsernameTaken`], [`StoreError::NoSuchUsers`] for the manager,
    /// [`StoreError::NoSuchRole`], [`StoreError::Unavailable`]; nothing was written
    pub async fn create_user_with(
        &self,
        new: NewUser,
        permissions: Vec<Permission>,
        roles_given: Vec<RoleName>,
        actor: Actor,
        rule: impl FnOnce(&Facts) -> Result<(), Reason> + Send + 'static,
    ) -> Result<UserId, StoreError> {
        let by = actor.id;
        let (mut permissions, mut roles_given) = (permissions, roles_given);
        permissions.sort_unstable();
        permissions.dedup();
        roles_given.sort_unstable_by(|a, b| a.as_str().cmp(b.as_str()));
        roles_given.dedup();
        write!(self, |conn| {
            take_turn!(conn);
            let mut facts = facts!(conn, by);
            if let Some(manager) = new.manager_id
                && users::table.find(manager.get()).count().get_result::<i64>(conn).await? == 0
            {
                return Err(StoreError::NoSuchUsers(vec![manager]));
            }
            look_at_manager!(conn, facts, by, new.manager_id);
            facts.gives.extend(&permissions);
            for role in &roles_given {
                let carried: Option<Vec<Permission>> = role_permissions_of!(conn, role.to_string());
                facts.gives.extend(carried.ok_or_else(|| StoreError::NoSuchRole(role.to_string()))?);
            }
            rule(&facts).map_err(StoreError::Refused)?;
            let named = users::table.filter(users::username.eq(new.username.to_string()));
            if named.count().get_result::<i64>(conn).await? > 0 {
                return Err(StoreError::UsernameTaken(new.username.to_string()));
            }
            let mut may: Vec<String> = permissions.iter().map(Permission::to_string).collect();
            may.extend(roles_given.iter().map(|role| format!("role {role}")));
            let manager = new.manager_id.map_or("nobody".into(), |manager| format!("user {manager}"));
            let detail = format!("{}, answers to {manager}; may: {}", new.username, may.join(" "));
            let user = insert_user!(conn, Insert::from(&new));
            for permission in permissions {
                let row = (
                    user_permissions::user_id.eq(user.get()),
                    user_permissions::permission.eq(permission.name()),
                );
                diesel::insert_into(user_permissions::table).values(row).execute(conn).await?;
            }
            for role in roles_given {
                let row = (user_roles::user_id.eq(user.get()), user_roles::role.eq(role.to_string()));
                diesel::insert_into(user_roles::table).values(row).execute(conn).await?;
            }
            let target = Target::User(user);
            insert_entry!(conn, Entry::new(actor, Action::CreateUser, target, Verdict::Done, &detail));
            Ok(user)
        })
    }

    /// Changes something about `user`, if `rule` allows it; `false` when it was so already, and then nothing stands in the audit.
    ///
    /// # Errors
    /// [`StoreError::Refused`] by the rule, [`StoreError::LastAdministrator`], [`StoreError::NoSuchUsers`] for the user or the
    /// manager, [`StoreError::ManagerCycle`], [`StoreError::NoSuchRole`], [`StoreError::Unavailable`]; nothing was written
    pub async fn change_user(
        &self,
        user: UserId,
        change: UserChange,
        actor: Actor,
        rule: impl FnOnce(&Facts) -> Result<(), Reason> + Send + 'static,
    ) -> Result<bool, StoreError> {
        let by = actor.id;
        let target = Target::User(user);
        let entry = Entry::new(actor, change.action(), target, Verdict::Done, &change.detail());
        write!(self, |conn| {
            take_turn!(conn);
            let mut facts = facts!(conn, by);
            let standing: Option<Standing> = standing!(conn, user.get());
            let standing = standing.ok_or_else(|| StoreError::NoSuchUsers(vec![user]))?;
            let before = standing.user.clone();
            facts.user = Some(standing);
            if let Some(by) = by {
                facts.is_below = is_below!(conn, user.get(), by.get());
            }
            match &change {
                UserChange::Manager(manager) => {
                    if let Some(manager) = *manager {
                        let there = users::table.find(manager.get()).count();
                        if there.get_result::<i64>(conn).await? == 0 {
                            return Err(StoreError::NoSuchUsers(vec![manager]));
                        }
                        if manager == user || is_below!(conn, manager.get(), user.get()) {
                            return Err(StoreError::ManagerCycle { user, manager });
                        }
                    }
                    look_at_manager!(conn, facts, by, *manager);
                }
                UserChange::Grant(permission) => facts.gives.push(*permission),
                UserChange::Revoke(permission) => facts.takes.push(*permission),
                UserChange::GiveRole(role) | UserChange::TakeRole(role) => {
                    let carried: Option<Vec<Permission>> = role_permissions_of!(conn, role.to_string());
                    let carried = carried.ok_or_else(|| StoreError::NoSuchRole(role.to_string()))?;
                    let side = match change {
                        UserChange::GiveRole(_) => &mut facts.gives,
                        _ => &mut facts.takes,
                    };
                    side.extend(carried);
                }
                UserChange::Disable(_) | UserChange::Enable | UserChange::Password(..) => {}
            }
            rule(&facts).map_err(StoreError::Refused)?;
            let guarded = change.takes() && has_administrator!(conn);
            let changed = match change.clone() {
                UserChange::Disable(_) if before.disabled_at_ms > 0 => 0,
                UserChange::Disable(now_ms) => {
                    diesel::update(users::table.find(user.get()))
                        .set((
                            users::disabled_at_ms.eq(now_ms),
                            users::token_generation.eq(users::token_generation + 1),
                            users::tokens_cut_at_ms.eq(now_ms),
                        ))
                        .execute(conn)
                        .await?
                }
                UserChange::Enable if before.disabled_at_ms == 0 => 0,
                UserChange::Enable => {
                    diesel::update(users::table.find(user.get()))
                        .set(users::disabled_at_ms.eq(0_i64))
                        .execute(conn)
                        .await?
                }
                UserChange::Manager(manager) if manager == before.manager_id => 0,
                UserChange::Manager(manager) => {
                    diesel::update(users::table.find(user.get()))
                        .set(users::manager_id.eq(manager.map(UserId::get)))
                        .execute(conn)
                        .await?
                }
                UserChange::Password(hash, now_ms) => {
                    diesel::update(users::table.find(user.get()))
                        .set((
                            users::password_hash.eq(hash),
                            users::token_generation.eq(users::token_generation + 1),
                            users::tokens_cut_at_ms.eq(now_ms),
                        ))
                        .execute(conn)
                        .await?
                }
                UserChange::Grant(permission) => {
                    let key = (user.get(), permission.name());
                    let there = user_permissions::table.find(key).count();
                    if there.get_result::<i64>(conn).await? > 0 {
                        0
                    } else {
                        let row = (
                            user_permissions::user_id.eq(user.get()),
                            user_permissions::permission.eq(permission.name()),
                        );
                        diesel::insert_into(user_permissions::table).values(row).execute(conn).await?
                    }
                }
                UserChange::Revoke(permission) => {
                    let key = (user.get(), permission.name());
                    diesel::delete(user_permissions::table.find(key)).execute(conn).await?
                }
                UserChange::GiveRole(role) => {
                    let there = user_roles::table.find((user.get(), role.to_string())).count();
                    if there.get_result::<i64>(conn).await? > 0 {
                        0
                    } else {
                        let row = (user_roles::user_id.eq(user.get()), user_roles::role.eq(role.to_string()));
                        diesel::insert_into(user_roles::table).values(row).execute(conn).await?
                    }
                }
                UserChange::TakeRole(role) => {
                    let key = (user.get(), role.to_string());
                    diesel::delete(user_roles::table.find(key)).execute(conn).await?
                }
            };
            if guarded && !has_administrator!(conn) {
                return Err(StoreError::LastAdministrator);
            }
            if changed > 0 {
                insert_entry!(conn, entry);
            }
            Ok(changed > 0)
        })
    }

    /// [`UserChange::Manager`], for whoever has the database.
    ///
    /// # Errors
    /// As [`Store::change_user`].
    pub async fn set_manager(&self, user: UserId, manager: Option<UserId>) -> Result<(), StoreError> {
        self.change_user(user, UserChange::Manager(manager), Actor::operator(), anything).await.map(drop)
    }

    /// [`UserChange::Grant`], for whoever has the database.
    ///
    /// # Errors
    /// As [`Store::change_user`].
    pub async fn grant(&self, user: UserId, permission: Permission) -> Result<(), StoreError> {
        self.change_user(user, UserChange::Grant(permission), Actor::operator(), anything).await.map(drop)
    }

    /// [`UserChange::Revoke`], for whoever has the database; `false` when it was not granted.
    ///
    /// # Errors
    /// As [`Store::change_user`].
    pub async fn revoke(&self, user: UserId, permission: Permission) -> Result<bool, StoreError> {
        self.change_user(user, UserChange::Revoke(permission), Actor::operator(), anything).await
    }

    /// [`UserChange::GiveRole`], for whoever has the database.
    ///
    /// # Errors
    /// As [`Store::change_user`].
    pub async fn give_role(&self, user: UserId, role: &RoleName) -> Result<(), StoreError> {
        let change = UserChange::GiveRole(role.clone());
        self.change_user(user, change, Actor::operator(), anything).await.map(drop)
    }

    /// [`UserChange::TakeRole`], for whoever has the database; `false` when the user did not have it.
    ///
    /// # Errors
    /// As [`Store::change_user`].
    pub async fn take_role(&self, user: UserId, role: &RoleName) -> Result<bool, StoreError> {
        self.change_user(user, UserChange::TakeRole(role.clone()), Actor::operator(), anything).await
    }
}
