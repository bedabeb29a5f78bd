//! Broadcasts, one after the other, so that they keep their order among themselves while sends to one target pass by.

use std::collections::HashSet;
use std::sync::Arc;

use gatepipe_proto::ClientId;
use tokio::sync::{mpsc, oneshot};

use crate::delivery;
use crate::encode::Frame;
use crate::hub::Hub;

/// Broadcasts that may wait; past it the one who asks waits, and with it its pipe.
const WAITING: usize = 64;

struct Broadcast {
    frame: Frame,
    exclude: HashSet<ClientId>,
    done: oneshot::Sender<usize>,
}

/// Where broadcasts queue up. Cheap to clone; the lane ends with the last handle.
#[derive(Debug, Clone)]
pub(crate) struct Lane(mpsc::Sender<Broadcast>);

/// Resolves to how many clients took the broadcast; to `None` only when the gateway is ending.
pub(super) struct Running(oneshot::Receiver<usize>);

impl Running {
    pub(super) async fn reached(self) -> Option<usize> {
        self.0.await.ok()
    }
}

impl Lane {
    /// Opens the lane; its task runs until every handle is dropped.
    pub(crate) fn open(hub: Arc<Hub>) -> Self {
        let (sender, mut waiting) = mpsc::channel::<Broadcast>(WAITING);
        tokio::spawn(async move {
            while let Some(broadcast) = waiting.recv().await {
                let reached = delivery::to_all(&hub, &broadcast.frame, &broadcast.exclude).await;
                // Whoever asked may have gone; the clients have it all the same.
                let _ = broadcast.done.send(reached);
            }
        });
        Self(sender)
    }

    /// Queues one broadcast, waiting for room.
    pub(super) async fn start(&self, frame: Frame, exclude: HashSet<ClientId>) -> Running {
        let (done, reached) = oneshot::channel();
        // Refused only when the lane's task has ended; the dropped `done` then tells.
        drop(self.0.send(Broadcast { frame, exclude, done }).await);
        Running(reached)
    }
}
