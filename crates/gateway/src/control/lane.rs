//! Broadcasts, as a lift that goes round: every broadcast gets on where the lift is and rides one whole round. At each stop, which
//! is a part of the hub's roll, everybody there gets everything that is aboard in one write. So broadcasts keep their order among
//! themselves, as many as there are cost each client one write, and sends to one target pass by.
//!
//! - here: getting on, and the receipt
//! - [`ring`]: who rides for how long; pure
//! - [`batch`]: what is aboard, joined into as few writes as may be
//! - [`runner`]: the task that goes round. There is one for each of the runtime's workers, with stops of its own; a broadcast is
//!   over when it is through with all of them

mod batch;
mod ring;
mod runner;
#[cfg(test)]
mod tests;

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use gatepipe_proto::ClientId;
use parking_lot::Mutex;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot};

use crate::client::Common;
use crate::encode::Frame;
use crate::hub::{Hub, STOPS};
use crate::trail::Trail;
use batch::Post;
use runner::Runner;

/// Broadcasts that may be under way; past it the one who asks waits, and with it its pipe.
const UNDER_WAY: usize = 64;

/// One message to everybody but the excluded.
#[derive(Debug)]
struct Broadcast {
    post: Post,
    reached: AtomicUsize,
    /// Runners that are not through with it.
    runners: AtomicUsize,
    done: Mutex<Option<oneshot::Sender<usize>>>,
    _permit: OwnedSemaphorePermit,
}

impl Broadcast {
    /// One runner is through with it, and found so many clients that took it.
    fn arrive(&self, reached: usize) {
        self.reached.fetch_add(reached, Ordering::Relaxed);
        if self.runners.fetch_sub(1, Ordering::AcqRel) == 1
            && let Some(done) = self.done.lock().take()
        {
            // Whoever asked may have gone; the clients have it all the same.
            let _ = done.send(self.reached.load(Ordering::Relaxed));
        }
    }
}

/// Where broadcasts get on. Cheap to clone; the lane ends with the last handle.
#[derive(Debug, Clone)]
pub(crate) struct Lane(Arc<Entrance>);

#[derive(Debug)]
struct Entrance {
    room: Arc<Semaphore>,
    /// One way to each runner, each with room for all that may be under way. Locked, so that all runners get all in the same order.
    runners: Mutex<Vec<mpsc::Sender<Arc<Broadcast>>>>,
}

/// Resolves to how many clients took the broadcast; to `None` only when the gateway is ending.
pub(super) struct Running(oneshot::Receiver<usize>);

impl Running {
    pub(super) async fn reached(self) -> Option<usize> {
        self.0.await.ok()
    }
}

impl Lane {
    /// Opens the lane; its tasks run until every handle is dropped.
    pub(crate) fn open(hub: &Arc<Hub>, common: &Arc<Common>) -> Self {
        let workers = tokio::runtime::Handle::current().metrics().num_workers();
        let count = workers.clamp(1, STOPS);
        let runners = (0..count).map(|number| {
            let (sender, waiting) = mpsc::channel(UNDER_WAY);
            let stops = (number..STOPS).step_by(count).collect();
            tokio::spawn(Runner::new(hub.clone(), common.clone(), stops).run(waiting));
            sender
        });
        let runners = Mutex::new(runners.collect());
        Self(Arc::new(Entrance { room: Arc::new(Semaphore::new(UNDER_WAY)), runners }))
    }

    /// Lets one broadcast on, waiting for room.
    pub(super) async fn start(
        &self,
        frame: Frame,
        exclude: HashSet<ClientId>,
        trail: Option<Trail>,
    ) -> Running {
        let (done, reached) = oneshot::channel();
        // The semaphore is never closed. If it were, the dropped `done` would tell.
        if let Ok(permit) = self.0.room.clone().acquire_owned().await {
            let runners = self.0.runners.lock();
            let broadcast = Arc::new(Broadcast {
                post: Post { frame, exclude: Arc::new(exclude), trail: trail.map(Arc::new) },
                reached: AtomicUsize::new(0),
                runners: AtomicUsize::new(runners.len()),
                done: Mutex::new(Some(done)),
                _permit: permit,
            });
            for runner in runners.iter() {
                // Refused only when the runner has ended: there is room for every permit.
                let _ = runner.try_send(broadcast.clone());
            }
        }
        Running(reached)
    }
}
