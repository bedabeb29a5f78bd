//! What was last read about users, for the time the database is away.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use parking_lot::Mutex;

use crate::id::UserId;
use crate::store::Standing;

/// How old a memory may be and still be used.
pub const OLDEST: Duration = Duration::from_secs(300);

/// How many users are remembered in each of the two halves.
const HALF: usize = 5_000;

/// Remembers at least the last 5,000 users that were read, and at most 10,000.
#[derive(Default)]
pub struct LastKnown {
    halves: Mutex<Halves>,
}

/// New memories go into `young`; when it is full it becomes `old`, and what was `old` is forgotten.
#[derive(Default)]
struct Halves {
    young: HashMap<UserId, (Arc<Standing>, Instant)>,
    old: HashMap<UserId, (Arc<Standing>, Instant)>,
}

impl LastKnown {
    /// Remembers what was read at `now`.
    pub fn remember(&self, standing: Arc<Standing>, now: Instant) {
        let mut halves = self.halves.lock();
        let user = standing.user.id;
        if halves.young.len() >= HALF && !halves.young.contains_key(&user) {
            halves.old = std::mem::take(&mut halves.young);
        }
        halves.young.insert(user, (standing, now));
    }

    /// What was read about `user` at most [`OLDEST`] before `now`.
    #[must_use]
    pub fn recall(&self, user: UserId, now: Instant) -> Option<Arc<Standing>> {
        let halves = self.halves.lock();
        let (standing, read_at) = halves.young.get(&user).or_else(|| halves.old.get(&user))?;
        (now.saturating_duration_since(*read_at) <= OLDEST).then(|| Arc::clone(standing))
    }

    /// Forgets `user`: what is known is no longer true.
    pub fn forget(&self, user: UserId) {
        let mut halves = self.halves.lock();
        halves.young.remove(&user);
        halves.old.remove(&user);
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

    #[test]
    fn memories_are_bounded_and_the_newest_stay() {
        let (known, now) = (LastKnown::default(), Instant::now());
        for id in 1..=30_000 {
            known.remember(standing(id), now);
        }
        let halves = known.halves.lock();
        assert!(halves.young.len() + halves.old.len() <= 2 * HALF);
        drop(halves);
        assert!(known.recall(UserId::new(30_000).unwrap(), now).is_some());
        assert!(known.recall(UserId::new(25_001).unwrap(), now).is_some());
        assert!(known.recall(UserId::new(1).unwrap(), now).is_none());
    }
}
