//! Who may do what, and changing it.
//!
//! Changes come one at a time, whatever process makes them: each takes the one row of `access_changes` before it reads anything. So
//! what a rule is asked about is still so when the change is stored, and two administrators cannot lock each other out at
//! the same moment. The rule is the caller's; here is only looked, and kept that somebody is left who may do everything.
//! Every change stands in the audit in the same transaction.
//!
//! Here is how it is looked; below, what changes about a user and about a role.

use super::Standing;
use crate::id::UserId;
use crate::reason::Reason;
use crate::user::Permission;

pub use role::RoleChange;
pub use user::UserChange;

/// How many users who may manage everybody are looked at for one who may do everything.
const CANDIDATES: usize = 1_000;

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
fn anything(_: &Facts) -> Result<(), Reason> {
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

// Below the macros, which both use.
mod role;
mod user;
