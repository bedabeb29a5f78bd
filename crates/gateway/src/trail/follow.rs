//! Whoever follows a uid: told of every message for it, or that reaches a client of it.
//!
//! While nobody follows, a command costs one look at a number. Followers are few, and what one does not read in time is left out and counted.
//!
//! - here: who follows whom
//! - [`queue`]: the steps on their way to one follower
//! - [`message`]: the steps of one message

mod message;
mod queue;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed};
use std::time::Instant;

use gatepipe_proto::{Uid, v1};
use parking_lot::Mutex;

use super::Witness;
use crate::metrics::Metrics;
use message::Followed;
use queue::Queue;

/// Followers at a time. It is people who follow, and each makes messages to a uid dearer.
pub(crate) const MOST: usize = 16;

/// There are [`MOST`] followers already.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{MOST} calls follow a uid on this gateway already, which is the most; end one of them")]
pub(crate) struct TooManyFollowers;

/// See the head of this file.
#[derive(Debug)]
pub(crate) struct Followers {
    /// As many as are in `all`: the one look.
    count: AtomicUsize,
    all: Mutex<Vec<Arc<Follower>>>,
    metrics: Arc<Metrics>,
}

#[derive(Debug)]
struct Follower {
    uid: Uid,
    /// What marks of messages depend on.
    key: u64,
    /// Messages so far.
    messages: AtomicU64,
    queue: Queue,
}

/// A command that came in.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Coming<'a> {
    pub(crate) began: Instant,
    pub(crate) message: Option<&'a v1::Message>,
    pub(crate) sent_to: SentTo<'a>,
}

/// Whom it names.
#[derive(Debug, Clone, Copy)]
pub(crate) enum SentTo<'a> {
    Uids(&'a [Uid]),
    Clients,
    Groups,
    All,
}

impl Followers {
    pub(crate) fn new(metrics: Arc<Metrics>) -> Arc<Self> {
        Arc::new(Self { count: AtomicUsize::new(0), all: Mutex::default(), metrics })
    }

    /// How many follow now.
    pub(crate) fn count(&self) -> usize {
        self.count.load(Relaxed)
    }

    /// Follows `uid` until the answer is dropped.
    ///
    /// # Errors
    /// [`TooManyFollowers`]
    pub(crate) fn follow(self: &Arc<Self>, uid: Uid, key: u64) -> Result<Following, TooManyFollowers> {
        let mut all = self.all.lock();
        if all.len() >= MOST {
            self.metrics.follows_refused.inc();
            return Err(TooManyFollowers);
        }
        let queue = Queue::new(self.metrics.clone());
        let follower = Arc::new(Follower { uid, key, messages: AtomicU64::new(0), queue });
        all.push(follower.clone());
        self.count.store(all.len(), Relaxed);
        Ok(Following { followers: self.clone(), follower })
    }

    /// Those who want to know what becomes of this command.
    pub(crate) fn witnesses(&self, coming: Coming<'_>) -> Vec<Arc<dyn Witness>> {
        if self.count() == 0 {
            return Vec::new();
        }
        let all = self.all.lock().clone();
        let may_care = |follower: &Arc<Follower>| match coming.sent_to {
            SentTo::Uids(uids) => uids.contains(&follower.uid),
            SentTo::Clients | SentTo::Groups | SentTo::All => true,
        };
        let followed = |follower| Arc::new(Followed::new(follower, coming)) as Arc<dyn Witness>;
        all.into_iter().filter(may_care).map(followed).collect()
    }
}

/// One who follows; dropping it ends that.
#[derive(Debug)]
pub(crate) struct Following {
    followers: Arc<Followers>,
    follower: Arc<Follower>,
}

impl Following {
    pub(crate) fn uid(&self) -> &Uid {
        &self.follower.uid
    }

    /// Says what is no step of a message.
    pub(crate) fn say(&self, following: v1::Following) {
        let step = Some(v1::follow_step::Step::Following(following));
        self.follower.queue.push(v1::FollowStep { step, ..v1::FollowStep::default() });
    }

    /// The next step. Dropping the future loses nothing.
    pub(crate) async fn next(&self) -> v1::FollowStep {
        self.follower.queue.next().await
    }
}

impl Drop for Following {
    fn drop(&mut self) {
        let mut all = self.followers.all.lock();
        all.retain(|follower| !Arc::ptr_eq(follower, &self.follower));
        self.followers.count.store(all.len(), Relaxed);
    }
}
