//! All hosts, and what they share behind the network's back.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::ops::AddAssign;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use rand::SeedableRng;
use rand::rngs::StdRng;

use crate::accepted::Resets;
use crate::ledger::Ledger;
use crate::trouble::{LATENCY, Trouble};
use crate::{gateway, program, register};

pub(crate) const GATEWAYS: usize = 3;
pub(crate) const PROGRAMS: usize = 3;
/// Simulated.
const LENGTH: Duration = Duration::from_secs(10);
/// Each host goes on by this before the next one does.
const TICK: Duration = Duration::from_millis(2);
/// Most of what went wrong that is told.
const TOLD: usize = 20;

pub(crate) fn gateway(number: usize) -> String {
    format!("gateway-{number}")
}

pub(crate) fn program(number: usize) -> String {
    format!("program-{number}")
}

pub(crate) struct World {
    seed: u64,
    pub(crate) ledger: Mutex<Ledger>,
    pub(crate) resets: Resets,
}

/// How much was put to the test.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct Tally {
    pub(crate) sends: usize,
    pub(crate) binds: usize,
    /// Clients that had to be reached.
    pub(crate) promised: usize,
    /// Gateways that were left out of sends.
    pub(crate) left_out: usize,
    /// Living gateways that sends asked.
    pub(crate) asked: usize,
    /// Those that their receipts name as failed.
    pub(crate) failed: usize,
    /// Clients on a gateway that the sending program had not heard of yet.
    pub(crate) unheard_of: usize,
}

impl Tally {
    /// Whether all that matters happened.
    pub(crate) fn was_a_test(&self) -> bool {
        [self.binds, self.promised, self.left_out, self.failed].iter().all(|count| *count > 0)
    }
}

impl AddAssign for Tally {
    fn add_assign(&mut self, other: Self) {
        self.sends += other.sends;
        self.binds += other.binds;
        self.promised += other.promised;
        self.left_out += other.left_out;
        self.asked += other.asked;
        self.failed += other.failed;
        self.unheard_of += other.unheard_of;
    }
}

impl World {
    pub(crate) fn new(seed: u64) -> Arc<Self> {
        Arc::new(Self { seed, ledger: Mutex::default(), resets: Resets::default() })
    }

    /// What decides what `who` does.
    pub(crate) fn rng(&self, who: &str) -> StdRng {
        let mut hasher = DefaultHasher::new();
        (self.seed, who).hash(&mut hasher);
        StdRng::seed_from_u64(hasher.finish())
    }

    /// Lets everything happen, and looks whether it was right.
    pub(crate) fn live(self: Arc<Self>) -> Result<Tally, String> {
        let mut sim = turmoil::Builder::new()
            .rng_seed(self.seed)
            .tick_duration(TICK)
            .min_message_latency(Duration::ZERO)
            .max_message_latency(LATENCY)
            .tcp_capacity(4_096)
            .enable_tokio_io()
            .build();
        let world = self.clone();
        sim.host(register::NAME, move || register::live(world.clone()));
        for name in (0..GATEWAYS).map(gateway) {
            let world = self.clone();
            sim.host(name.clone(), move || gateway::live(world.clone(), name.clone()));
        }
        for number in 0..PROGRAMS {
            let world = self.clone();
            sim.host(program(number), move || program::live(world.clone(), number));
        }
        let mut trouble = Trouble::new(self.rng("trouble"));
        while sim.elapsed() < LENGTH {
            sim.step().map_err(|error| error.to_string())?;
            trouble.go_on(&mut sim, &self);
        }
        // Every socket is closed with it.
        drop(sim);
        let (tally, wrong) = std::mem::take(&mut *self.ledger.lock()).judge();
        if wrong.is_empty() { Ok(tally) } else { Err(wrong[..wrong.len().min(TOLD)].join("\n")) }
    }
}
