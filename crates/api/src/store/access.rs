//! Who may do what, and changing it.
//!
//! Changes come one at a time, whatever process makes them: each takes the one row of `access_changes` before it reads anything. So
//! what a rule is asked about is still so when the change is stored, and two administrators cannot lock each other out at
//! the same moment. The rule is the caller's; here is only looked, and kept that somebody is left who may do everything.
//! Every change stands in the audit in the same transaction.

use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use super::accounts::known;
use super::audit_entries::insert_entry;
use super::schema::{access_changes, inboxes, role_permissions, roles, user_permissions, user_roles, users};
use super::users::{Insert, LONGEST_CHAIN, Row, insert_user, user_id};
use super::{NewUser, Standing, Store, StoreError, UserRow, unless_taken, write};
use crate::audit::{Action, Actor, Entry, Target, Verdict};
use crate::id::UserId;
use crate::user::{Permission, RoleName};

/// How many users who may manage everybody are looked at for one who may do everything.
const CANDIDATES: usize = 1_000;

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

/// What a rule is asked about, as it is when the change is stored.
#[derive(Debug, Clone, Default)]
pub struct Facts {
    /// Who makes the change; `None` for whoever has the database.
    pub by: Option<Standing>,
    /// Whom it is about; `None` for a role or a user that is made.
    pub user: Option<Standing>,
    /// The user answers to whoever makes the change.
    pub is_below: bool,
    /// The user would answer to this one, if that changes.
    pub manager: Option<Option<UserId>>,
    /// That one makes the change, or answers to whoever does.
    pub manager_is_below: bool,
    /// What somebody may do afterwards, by this change.
    pub gives: Vec<Permission>,
    /// What somebody may do no longer.
    pub takes: Vec<Permission>,
}

/// The rule of whoever has the database.
fn anything(_: &Facts) -> Result<(), String> {
    Ok(())
}

/// In a `write!` body: waits for its turn to change who may do what.
macro_rules! take_turn {
    ($conn:expr) => {
        diesel::update(access_changes::table.find(1_i64))
            .set(access_changes::changes.eq(access_changes::changes + 1))
            .execute($conn)
            .await?;
    };
}

/// The [`Standing`] of a user, `None` when there is none.
macro_rules! standing {
    ($conn:expr, $user:expr) => {{
        let user: i64 = $user;
        match users::table.find(user).select(Row::as_select()).first::<Row>($conn).await.optional()? {
            None => None,
            Some(row) => {
                let own = user_permissions::table
                    .filter(user_permissions::user_id.eq(user))
                    .select(user_permissions::permission);
                let by_role = user_roles::table
                    .inner_join(role_permissions::table.on(role_permissions::role.eq(user_roles::role)))
                    .filter(user_roles::user_id.eq(user))
                    .select(role_permissions::permission);
                let names: Vec<String> = own.union_all(by_role).load($conn).await?;
                Some(Standing { user: UserRow::try_from(row)?, permissions: known(names.iter()) })
            }
        }
    }};
}

/// Whether `user` answers to `manager`.
macro_rules! is_below {
    ($conn:expr, $user:expr, $manager:expr) => {{
        let (mut below, manager): (i64, i64) = ($user, $manager);
        let mut found = false;
        for _ in 0..LONGEST_CHAIN {
            let above = users::table.find(below).select(users::manager_id);
            match above.first::<Option<i64>>($conn).await.optional()?.flatten() {
                Some(above) if above == manager => {
                    found = true;
                    break;
                }
                Some(above) => below = above,
                None => break,
            }
        }
        found
    }};
}

/// What a role may do; `None` when there is no such role.
macro_rules! role_permissions_of {
    ($conn:expr, $role:expr) => {{
        let role: String = $role;
        match roles::table.find(role.clone()).select(roles::name).first::<String>($conn).await.optional()? {
            None => None,
            Some(_) => {
                let names = role_permissions::table
                    .filter(role_permissions::role.eq(role))
                    .select(role_permissions::permission);
                Some(known(names.load::<String>($conn).await?.iter()))
            }
        }
    }};
}

/// Whether some user that is let in may do everything.
macro_rules! has_administrator {
    ($conn:expr) => {{
        let rarest = Permission::ManageAnyUser.name();
        let own = user_permissions::table
            .filter(user_permissions::permission.eq(rarest))
            .select(user_permissions::user_id);
        let by_role = user_roles::table
            .inner_join(role_permissions::table.on(role_permissions::role.eq(user_roles::role)))
            .filter(role_permissions::permission.eq(rarest))
            .select(user_roles::user_id);
        let mut candidates: Vec<i64> = own.union_all(by_role).load($conn).await?;
        candidates.sort_unstable();
        candidates.dedup();
        let mut found = false;
        for candidate in candidates.into_iter().take(CANDIDATES) {
            let standing: Option<Standing> = standing!($conn, candidate);
            found = standing.is_some_and(|standing| standing.is_administrator());
            if found {
                break;
            }
        }
        found
    }};
}

/// Who makes the change, as far as a rule asks.
macro_rules! facts {
    ($conn:expr, $by:expr) => {{
        let by: Option<UserId> = $by;
        let by = match by {
            None => None,
            Some(by) => standing!($conn, by.get()),
        };
        Facts { by, ..Facts::default() }
    }};
}

/// What a new manager is to whoever makes the change.
macro_rules! look_at_manager {
    ($conn:expr, $facts:expr, $by:expr, $manager:expr) => {{
        let (by, manager): (Option<UserId>, Option<UserId>) = ($by, $manager);
        $facts.manager = Some(manager);
        if let (Some(by), Some(manager)) = (by, manager) {
            $facts.manager_is_below = by == manager || is_below!($conn, manager.get(), by.get());
        }
    }};
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
        rule: impl FnOnce(&Facts) -> Result<(), String> + Send + 'static,
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
        rule: impl FnOnce(&Facts) -> Result<(), String> + Send + 'static,
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
        rule: impl FnOnce(&Facts) -> Result<(), String> + Send + 'static,
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

    /// [`RoleChange::Put`], for whoever has the database.
    ///
    /// # Errors
    /// As [`Store::change_role`].
    pub async fn put_role(&self, role: &RoleName, permissions: &[Permission]) -> Result<(), StoreError> {
        let change = RoleChange::Put(permissions.to_vec());
        self.change_role(role, change, Actor::operator(), anything).await.map(drop)
    }
}
