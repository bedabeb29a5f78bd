//! What was last read about users, for the time the database is away.

use std::sync::Arc;
use std::time::{Duration, Instant};

use parking_lot::Mutex;

use super::recent::Recent;
use crate::id::UserId;
use crate::store::Standing;

/// How old a memory may be and still be used.
pub const OLDEST: Duration = Duration::from_secs(300);

/// How many users are remembered at least.
const USERS: usize = 5_000;

/// Remembers at least the last 5,000 users that were read, and at most 10,000.
pub struct LastKnown {
    users: Mutex<Recent<UserId, (Arc<Standing>, Instant)>>,
}

impl Default for LastKnown {
    fn default() -> Self {
        Self { users: Mutex::new(Recent::new(USERS)) }
    }
}

impl LastKnown {
    /// Remembers what was read at `now`.
    pub fn remember(&self, standing: Arc<Standing>, now: Instant) {
        self.users.lock().put(standing.user.id, (standing, now));
    }

    /// What was read about `user` at most [`OLDEST`] before `now`.
    #[must_use]
    pub fn recall(&self, user: UserId, now: Instant) -> Option<Arc<Standing>> {
        let users = self.users.lock();
        let (standing, read_at) = users.get(&user)?;
        (now.saturating_duration_since(*read_at) <= OLDEST).then(|| Arc::clone(standing))
    }

    /// Forgets `user`: what is known is no longer true.
    pub fn forget(&self, user: UserId) {
        self.users.lock().forget(&user);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::UserRow;

    fn standing(id: i64) -> Arc<Standing> {
        Arc::new(Standing {
            user: UserRow {
                id: UserId::new(id).unwrap(),
                username: "ana".into(),
                manager_id: None,
                token_generation: 0,
                tokens_cut_at_ms: 0,
                disabled_at_ms: 0,
                created_at_ms: 0,
            },
            permissions: Vec::new(),
        })
    }

    #[test]
    fn a_memory_is_used_for_five_minutes() {
        let (known, start) = (LastKnown::default(), Instant::now());
        let ana = UserId::new(1).unwrap();
        known.remember(standing(1), start);
        assert!(known.recall(ana, start + OLDEST).is_some());
        assert!(known.recall(ana, start + OLDEST + Duration::from_millis(1)).is_none());
        assert!(known.recall(UserId::new(2).unwrap(), start).is_none());
        known.forget(ana);
        assert!(known.recall(ana, start).is_none());
    }
}
