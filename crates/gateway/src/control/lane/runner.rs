//! The task that goes round.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::mpsc;

use super::Broadcast;
use super::batch::Batch;
use super::ring::Ring;
use crate::client::{Client, Common};
use crate::hub::Hub;

/// How long clients are visited between two pauses: whatever else the worker thread has to do waits so long, and a little more.
const SLICE: Duration = Duration::from_micros(500);
/// Clients between two looks at the clock. Those of the next look are touched beforehand, so that the processor fetches several at
/// once from memory.
const STRIDE: usize = 16;

/// A broadcast that is aboard.
struct Ride {
    broadcast: Arc<Broadcast>,
    /// Clients of this runner that took it so far.
    reached: usize,
}

/// Visits its shards one after the other for as long as anything is aboard.
pub(super) struct Runner {
    hub: Arc<Hub>,
    common: Arc<Common>,
    /// Positions of its shards in the hub.
    shards: Vec<usize>,
    ring: Ring<Ride>,
    batch: Batch,
}

impl Runner {
    /// `shards` are positions in the hub, at least one.
    pub(super) fn new(hub: Arc<Hub>, common: Arc<Common>, shards: Vec<usize>) -> Self {
        let ring = Ring::new(shards.len());
        Self { hub, common, shards, ring, batch: Batch::default() }
    }

    /// Goes round until the lane is closed and nothing is aboard.
    pub(super) async fn run(mut self, mut waiting: mpsc::Receiver<Arc<Broadcast>>) {
        let mut is_changed = false;
        loop {
            if self.ring.is_empty() {
                // What was aboard last is not kept while nothing is sent.
                self.batch = Batch::default();
                match waiting.recv().await {
                    Some(broadcast) => self.board(broadcast),
                    None => return,
                }
                is_changed = true;
            }
            while let Ok(broadcast) = waiting.try_recv() {
                self.board(broadcast);
                is_changed = true;
            }
            if is_changed {
                let posts = self.ring.aboard().map(|ride| &ride.broadcast.post);
                self.batch = Batch::new(posts, self.common.rules.limit);
            }
            self.stop().await;
            is_changed = self.advance();
        }
    }

    fn board(&mut self, broadcast: Arc<Broadcast>) {
        self.ring.board(Ride { broadcast, reached: 0 });
    }

    /// Gives everybody in the shard at hand what is aboard. Whoever enters it meanwhile came after what is aboard.
    async fn stop(&mut self) {
        let clients = self.hub.clients_of_shard(self.shards[self.ring.position()]);
        let mut since = Instant::now();
        let mut next = clients.chunks(STRIDE);
        let mut stride = next.next();
        while let Some(now) = stride {
            stride = next.next();
            stride.into_iter().flatten().for_each(|client| client.touch());
            self.visit(now);
            if stride.is_some() && since.elapsed() >= SLICE {
                tokio::task::yield_now().await;
                since = Instant::now();
            }
        }
        for (ride, reached) in self.ring.aboard_mut().zip(self.batch.take_reached()) {
            ride.reached += reached;
        }
        tokio::task::yield_now().await;
    }

    fn visit(&mut self, clients: &[Arc<Client>]) {
        let (mut frames_taken, mut bytes_taken) = (0, 0);
        for client in clients {
            self.batch.offer_to(client.id, |joined, frames| {
                let taken = client.offer_uncounted(joined, frames);
                if taken {
                    frames_taken += frames.len();
                    bytes_taken += joined.len();
                }
                taken
            });
        }
        self.common.metrics.sent(frames_taken, bytes_taken);
    }

    /// Goes on to the next shard. `true` when anything has come round and is not aboard any more.
    fn advance(&mut self) -> bool {
        let through = self.ring.advance();
        let is_any = !through.is_empty();
        for ride in through {
            ride.broadcast.arrive(ride.reached);
        }
        is_any
    }
}
