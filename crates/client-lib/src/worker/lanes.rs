//! Hooks on their way: every client has a lane, and a lane runs one hook after the other.
//!
//! A lane's queue is never full, because nothing comes into it without [`Room`]: a gateway's events that wait or run, in all lanes
//! together, are at most the worker's credit. So a slow hook holds up its own lane, and in the end its gateways' streams, but no
//! other lane.

use std::hash::{BuildHasher, RandomState};
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use futures_util::FutureExt;
use gatepipe_proto::{ClientId, GatewayId};
use tokio::sync::{OwnedSemaphorePermit, mpsc};
use tokio::task::JoinSet;

use super::event::ClientEvent;
use super::stream::Credit;
use super::{Dropped, Worker};

/// Which hook to call, with what.
pub(crate) enum Hook {
    Client(ClientId, ClientEvent),
    Dropped(GatewayId, Dropped),
}

/// A hook's place among those of its gateway; dropping it returns the credit.
pub(crate) struct Room {
    _place: OwnedSemaphorePermit,
    credit: Option<Arc<Credit>>,
}

impl Room {
    /// `credit`: of the stream that told the event; `None` for what no gateway told.
    pub(crate) fn new(place: OwnedSemaphorePermit, credit: Option<Arc<Credit>>) -> Self {
        Self { _place: place, credit }
    }
}

impl Drop for Room {
    fn drop(&mut self) {
        if let Some(credit) = &self.credit {
            credit.return_one();
        }
    }
}

/// How it goes with the hooks.
#[derive(Debug, Default)]
pub(crate) struct HookNumbers {
    pub(crate) waiting: AtomicU64,
    pub(crate) running: AtomicU64,
    pub(crate) panics: AtomicU64,
}

/// One more in a number, until dropped.
pub(crate) struct OneMore<'a>(&'a AtomicU64);

impl<'a> OneMore<'a> {
    pub(crate) fn of(number: &'a AtomicU64) -> Self {
        number.fetch_add(1, Ordering::Relaxed);
        Self(number)
    }
}

impl Drop for OneMore<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// The way into the lanes; the lanes end when it is dropped and their queues are empty.
pub(crate) struct Lanes {
    lanes: Vec<mpsc::UnboundedSender<(Hook, Room)>>,
    spread: RandomState,
    numbers: Arc<HookNumbers>,
}

impl Lanes {
    /// Starts `count` lanes, each a task in the set.
    pub(crate) fn start<W: Worker>(
        worker: &Arc<W>,
        count: usize,
        numbers: &Arc<HookNumbers>,
    ) -> (Self, JoinSet<()>) {
        let mut tasks = JoinSet::new();
        let mut lane = || {
            let (hooks, waiting) = mpsc::unbounded_channel();
            tasks.spawn(run(Arc::clone(worker), waiting, Arc::clone(numbers)));
            hooks
        };
        let lanes = std::iter::repeat_with(&mut lane).take(count.max(1)).collect();
        (Self { lanes, spread: RandomState::new(), numbers: Arc::clone(numbers) }, tasks)
    }

    /// Puts a hook last in its client's lane. Never waits.
    pub(crate) fn put(&self, hook: Hook, room: Room) {
        let hash = match &hook {
            Hook::Client(client, _) => self.spread.hash_one(client),
            Hook::Dropped(gateway, _) => self.spread.hash_one(gateway),
        };
        let number = usize::try_from(hash % self.lanes.len() as u64).unwrap_or(0);
        self.numbers.waiting.fetch_add(1, Ordering::Relaxed);
        // A lane ends before this only when the whole worker is dropped.
        drop(self.lanes[number].send((hook, room)));
    }
}

async fn run<W: Worker>(
    worker: Arc<W>,
    mut waiting: mpsc::UnboundedReceiver<(Hook, Room)>,
    numbers: Arc<HookNumbers>,
) {
    while let Some((hook, _room)) = waiting.recv().await {
        let _running = OneMore::of(&numbers.running);
        numbers.waiting.fetch_sub(1, Ordering::Relaxed);
        let (name, whose) = (hook.name(), hook.whose());
        if survives(hook.call(&*worker)).await.is_err() {
            numbers.panics.fetch_add(1, Ordering::Relaxed);
            // The panic's own text has been told by the process's panic hook, and may quote a client.
            match whose {
                Whose::Client(client_id) => {
                    tracing::error!(hook = name, %client_id, "a worker's hook panicked; the next event goes on");
                }
                Whose::Gateway(gateway) => {
                    tracing::error!(hook = name, %gateway, "a worker's hook panicked; the next event goes on");
                }
            }
        }
    }
}

/// Runs a hook to its end, or to its panic.
pub(crate) async fn survives(hook: impl Future<Output = ()>) -> std::thread::Result<()> {
    // Whatever a panic leaves half done inside the worker is the worker's, as it is with any task that panics.
    AssertUnwindSafe(hook).catch_unwind().await
}

enum Whose {
    Client(ClientId),
    Gateway(GatewayId),
}

impl Hook {
    /// As in [`Worker`].
    fn name(&self) -> &'static str {
        match self {
            Self::Client(_, ClientEvent::Connected(_)) => "on_connect",
            Self::Client(_, ClientEvent::Adopted(_)) => "on_adopt",
            Self::Client(_, ClientEvent::Message(_)) => "on_message",
            Self::Client(_, ClientEvent::Bound(_)) => "on_bound",
            Self::Client(_, ClientEvent::Closed(_)) => "on_close",
            Self::Dropped(..) => "on_dropped",
        }
    }

    fn whose(&self) -> Whose {
        match self {
            Self::Client(client, _) => Whose::Client(*client),
            Self::Dropped(gateway, _) => Whose::Gateway(*gateway),
        }
    }

    async fn call<W: Worker>(self, worker: &W) {
        match self {
            Self::Client(client, ClientEvent::Connected(handshake)) => {
                worker.on_connect(client, handshake).await
            }
            Self::Client(client, ClientEvent::Adopted(adopted)) => worker.on_adopt(client, adopted).await,
            Self::Client(client, ClientEvent::Message(message)) => worker.on_message(client, message).await,
            Self::Client(client, ClientEvent::Bound(bound)) => worker.on_bound(client, bound).await,
            Self::Client(client, ClientEvent::Closed(closed)) => worker.on_close(client, closed).await,
            Self::Dropped(gateway, dropped) => worker.on_dropped(gateway, dropped).await,
        }
    }
}
