//! Who may change whom: pure, asked with what was read in the transaction that makes the change.
//!
//! - Nobody changes themselves here: a stolen token is not worth more than it was.
//! - Whoever answers to the caller, directly or through others; anybody with `user.manage_any`.
//! - Nobody gives, takes or touches what they do not have: neither a permission, nor a user or a role that may do more.

use crate::audit::Actor;
use crate::auth::Caller;
use crate::id::UserId;
use crate::reason::Reason;
use crate::store::Facts;
use crate::user::Permission;

/// Who makes a change.
#[derive(Debug, Clone)]
pub struct By {
    actor: Actor,
    /// `None` for whoever has the database, and may do everything.
    caller: Option<Known>,
}

/// What is known of the caller before the change.
#[derive(Debug, Clone)]
struct Known {
    user: UserId,
    generation: i64,
    /// What the token may do at most.
    permissions: Vec<Permission>,
}

impl By {
    /// Whoever has the database.
    #[must_use]
    pub fn operator() -> Self {
        Self { actor: Actor::operator(), caller: None }
    }

    /// Somebody with a token.
    #[must_use]
    pub fn caller(caller: &Caller) -> Self {
        let known = Known {
            user: caller.id(),
            generation: caller.user().token_generation,
            permissions: caller.permissions().to_vec(),
        };
        Self { actor: caller.into(), caller: Some(known) }
    }

    /// For the audit.
    #[must_use]
    pub fn actor(&self) -> &Actor {
        &self.actor
    }

    /// Whether a change that needs `permission` is allowed; says why not.
    pub fn rule(
        &self,
        permission: Permission,
    ) -> impl FnOnce(&Facts) -> Result<(), Reason> + Send + 'static + use<> {
        let caller = self.caller.clone();
        move |facts: &Facts| match &caller {
            None => Ok(()),
            Some(caller) => caller.may(permission, facts),
        }
    }
}

impl Known {
    fn may(&self, permission: Permission, facts: &Facts) -> Result<(), Reason> {
        let now = facts
            .by
            .as_ref()
            .filter(|now| now.user.token_generation == self.generation && now.user.disabled_at_ms == 0);
        let Some(now) = now else {
            return Err(Reason::TokenDied);
        };
        // What was taken since the token was checked counts, and what was given does not.
        let has = |wanted: &Permission| self.permissions.contains(wanted) && now.permissions.contains(wanted);
        if !has(&permission) {
            return Err(Reason::NeedsPermission(permission));
        }
        let anybody = has(&Permission::ManageAnyUser);
        if let Some(user) = &facts.user {
            if user.user.id == self.user {
                return Err(Reason::Oneself);
            }
            if !anybody && !facts.is_below {
                return Err(Reason::NotBelow);
            }
            if let Some(more) = user.permissions.iter().find(|permission| !has(permission)) {
                return Err(Reason::UserMayMore(*more));
            }
        }
        if facts.manager.is_some() && !anybody && !facts.manager_is_below {
            return Err(Reason::ManagerNotBelow);
        }
        if let Some(more) = facts.gives.iter().chain(&facts.takes).find(|permission| !has(permission)) {
            return Err(Reason::NotYours(*more));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use Permission::{Broadcast, Drain, ManageAnyUser, ManageUsers};

    use super::*;
    use crate::store::{Standing, UserRow};

    fn standing(id: i64, permissions: &[Permission]) -> Standing {
        let user = UserRow {
            id: UserId::new(id).unwrap(),
            username: "somebody".into(),
            manager_id: None,
            token_generation: 3,
            tokens_cut_at_ms: 0,
            disabled_at_ms: 0,
            created_at_ms: 0,
        };
        Standing { user, permissions: permissions.to_vec() }
    }

    fn known(permissions: &[Permission]) -> Known {
        Known { user: UserId::new(1).unwrap(), generation: 3, permissions: permissions.to_vec() }
    }

    /// Ana, user 1, may do `own` and changes user 2, who may do `theirs`.
    fn facts(own: &[Permission], theirs: &[Permission]) -> Facts {
        Facts { by: Some(standing(1, own)), user: Some(standing(2, theirs)), ..Facts::default() }
    }

    #[test]
    fn whoever_answers_to_somebody_is_changed_and_others_need_more() {
        let may = |own: &[Permission], below| {
            known(own).may(ManageUsers, &Facts { is_below: below, ..facts(own, &[]) }).is_ok()
        };
        assert!(may(&[ManageUsers], true));
        assert!(!may(&[ManageUsers], false));
        assert!(may(&[ManageUsers, ManageAnyUser], false));
        assert!(!may(&[ManageAnyUser], true));
    }

    #[test]
    fn nobody_changes_themselves_or_somebody_who_may_do_more() {
        let own = [ManageUsers, ManageAnyUser, Broadcast];
        let may = |facts: Facts| known(&own).may(ManageUsers, &facts);
        assert_eq!(may(facts(&own, &[Broadcast])), Ok(()));
        assert_eq!(may(facts(&own, &[Broadcast, Drain])), Err(Reason::UserMayMore(Drain)));
        let oneself = Facts { user: Some(standing(1, &own)), ..facts(&own, &[]) };
        assert_eq!(may(oneself), Err(Reason::Oneself));
    }

    #[test]
    fn nobody_gives_or_takes_what_they_do_not_have() {
        let own = [ManageUsers, ManageAnyUser, Broadcast];
        for (gives, takes, fine) in [
            (&[Broadcast][..], &[][..], true),
            (&[], &[Broadcast], true),
            (&[Broadcast, Drain], &[], false),
            (&[], &[Drain], false),
        ] {
            let facts = Facts { gives: gives.to_vec(), takes: takes.to_vec(), ..facts(&own, &[]) };
            assert_eq!(known(&own).may(ManageUsers, &facts).is_ok(), fine, "{gives:?} {takes:?}");
        }
    }

    #[test]
    fn a_new_manager_is_oneself_or_below_unless_one_may_manage_anybody() {
        let may = |own: &[Permission], manager_is_below| {
            let manager = Some(UserId::new(7));
            let facts = Facts { is_below: true, manager, manager_is_below, ..facts(own, &[]) };
            known(own).may(ManageUsers, &facts).is_ok()
        };
        assert!(may(&[ManageUsers], true) && !may(&[ManageUsers], false));
        assert!(may(&[ManageUsers, ManageAnyUser], false));
    }

    #[test]
    fn what_changed_since_the_token_was_checked_counts() {
        let own = [ManageUsers, ManageAnyUser];
        let base = facts(&own, &[]);
        let now = |change: &dyn Fn(&mut Standing)| {
            let mut by = standing(1, &own);
            change(&mut by);
            known(&own).may(ManageUsers, &Facts { by: Some(by), ..base.clone() }).is_ok()
        };
        assert!(now(&|_| {}));
        assert!(!now(&|by| by.user.token_generation = 4));
        assert!(!now(&|by| by.user.disabled_at_ms = 1));
        assert!(!now(&|by| by.permissions.clear()));
        assert!(known(&own).may(ManageUsers, &Facts { by: None, ..base.clone() }).is_err());
        // A token that may do less stays so.
        assert!(known(&[ManageAnyUser]).may(ManageUsers, &base).is_err());
    }
}
