//! Room for so many at once: a number that may change while some are inside.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

use tokio::sync::Notify;

/// See the head of this file.
#[derive(Debug)]
pub struct Room {
    most: AtomicUsize,
    inside: AtomicUsize,
    freed: Notify,
}

/// One who is inside; dropping it makes room for another.
#[derive(Debug)]
pub struct Inside(Arc<Room>);

impl Room {
    /// Room for `most` at once.
    #[must_use]
    pub fn new(most: usize) -> Arc<Self> {
        Arc::new(Self { most: AtomicUsize::new(most), inside: AtomicUsize::new(0), freed: Notify::new() })
    }

    /// For how many there is room.
    #[must_use]
    pub fn most(&self) -> usize {
        self.most.load(SeqCst)
    }

    /// From now on there is room for `most`. Nobody who is inside has to leave.
    pub fn set_most(&self, most: usize) {
        self.most.store(most, SeqCst);
        self.freed.notify_one();
    }

    /// Enters, if there is room.
    #[must_use]
    pub fn try_enter(self: &Arc<Self>) -> Option<Inside> {
        let one_more = |inside| (inside < self.most.load(SeqCst)).then_some(inside + 1);
        self.inside.fetch_update(SeqCst, SeqCst, one_more).ok().map(|_| Inside(self.clone()))
    }

    /// Enters as soon as there is room. Dropping the future leaves nothing behind.
    pub async fn enter(self: &Arc<Self>) -> Inside {
        loop {
            if let Some(inside) = self.try_enter() {
                // Whoever was woken wakes the next, because more may have become free than one.
                self.freed.notify_one();
                return inside;
            }
            self.freed.notified().await;
        }
    }
}

impl Drop for Inside {
    fn drop(&mut self) {
        self.0.inside.fetch_sub(1, SeqCst);
        self.0.freed.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;

    use super::*;

    #[test]
    fn one_leaves_and_one_enters() {
        let room = Room::new(1);
        let first = room.try_enter().unwrap();
        assert!(room.try_enter().is_none());
        let mut waiting = Box::pin(room.enter());
        assert!(waiting.as_mut().now_or_never().is_none());
        drop(first);
        assert!(waiting.now_or_never().is_some());
    }

    #[test]
    fn when_it_grows_all_who_wait_enter_and_when_it_shrinks_nobody_leaves() {
        let room = Room::new(1);
        let first = room.try_enter().unwrap();
        let mut waiting: Vec<_> = (0..2).map(|_| Box::pin(room.enter())).collect();
        assert!(waiting.iter_mut().all(|one| one.as_mut().now_or_never().is_none()));
        room.set_most(3);
        let entered: Vec<_> = waiting.into_iter().filter_map(|one| one.now_or_never()).collect();
        assert_eq!(entered.len(), 2);
        room.set_most(1);
        drop(first);
        assert!(room.try_enter().is_none(), "two are inside, and there is room for one");
        drop(entered);
        assert!(room.try_enter().is_some());
    }
}
