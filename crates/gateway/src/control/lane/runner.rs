//! The task that goes round.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::mpsc;

use super::Broadcast;
use super::batch::Batch;
use super::ring::Ring;
use crate::client::{Client, Common};
use crate::delivery;
use crate::hub::Hub;
use crate::trail::Trail;

/// How long clients are visited between two pauses: whatever else the worker thread has to do waits so long, and a little more.
const SLICE: Duration = Duration::from_micros(500);
/// Clients between two looks at the clock.
const STRIDE: usize = 32;

/// A broadcast that is aboard.
struct Ride {
    broadcast: Arc<Broadcast>,
    /// Clients of this runner that took it so far.
    reached: usize,
}

/// Visits its stops one after the other for as long as anything is aboard.
pub(super) struct Runner {
    hub: Arc<Hub>,
    common: Arc<Common>,
    /// Its part of the hub's stops.
    stops: Vec<usize>,
    ring: Ring<Ride>,
    batch: Batch,
    /// When it began to hold its worker thread.
    since: Instant,
}

impl Runner {
    /// `stops` are stops of the hub, at least one.
    pub(super) fn new(hub: Arc<Hub>, common: Arc<Common>, stops: Vec<usize>) -> Self {
        let ring = Ring::new(stops.len());
        Self { hub, common, stops, ring, batch: Batch::default(), since: Instant::now() }
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
                self.since = Instant::now();
            }
            while let Ok(broadcast) = waiting.try_recv() {
                self.board(broadcast);
                is_changed = true;
            }
            if is_changed {
                let posts = self.ring.aboard().map(|ride| &ride.broadcast.post);
                self.batch = Batch::new(posts, self.common.rules.limit());
            }
            self.stop().await;
            is_changed = self.advance();
        }
    }

    fn board(&mut self, broadcast: Arc<Broadcast>) {
        self.ring.board(Ride { broadcast, reached: 0 });
    }

    /// Gives everybody at the stop at hand what is aboard. Whoever enters meanwhile came after what is aboard.
    async fn stop(&mut self) {
        let stop = self.stops[self.ring.position()];
        let mut clients = Vec::with_capacity(STRIDE);
        let mut next = Some(0);
        while let Some(from) = next {
            next = self.hub.clients_at_stop(stop, from, STRIDE, &mut clients);
            self.visit(&clients);
            // Nobody's socket is kept open during a pause.
            clients.clear();
            if self.since.elapsed() >= SLICE {
                tokio::task::yield_now().await;
                self.since = Instant::now();
            }
        }
        for (ride, reached) in self.ring.aboard_mut().zip(self.batch.take_reached()) {
            ride.reached += reached;
        }
    }

    fn visit(&mut self, clients: &[Arc<Client>]) {
        let (mut frames_taken, mut bytes_taken) = (0, 0);
        for client in clients {
            let mark = |trail: &Trail| delivery::mark(&self.hub, trail, client.id);
            self.batch.offer_to(&client.id, mark, |joined, frames, mark| {
                let taken = match mark {
                    None => client.offer_uncounted(joined, frames),
                    // It came by itself.
                    Some(mark) => client.offer_marked_uncounted(joined, mark),
                };
                if taken {
                    frames_taken += frames.len();
                    bytes_taken += joined.len();
                }
                taken
            });
        }
        self.common.metrics.sent(frames_taken, bytes_taken);
    }

    /// Goes on to the next stop. `true` when anything has come round and is not aboard any more.
    fn advance(&mut self) -> bool {
        let through = self.ring.advance();
        let is_any = !through.is_empty();
        for ride in through {
            ride.broadcast.arrive(ride.reached);
        }
        is_any
    }
}
