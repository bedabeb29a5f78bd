//! The whole in a simulated network: a real register, real gateways, and real programs with the client library, whose every message is late by a random
//! time, held up, or lost with its connection, and whose hosts crash. Then the promise of `ARCHITECTURE.md` ("Who holds a uid") is checked
//! against what the clients heard, and so are the receipts and the order of one caller's sends.
//!
//! A run takes ten seconds of simulated time and a fraction of a real one. Everything happens in one thread, by a clock that
//! turmoil moves; only the clients' sockets are real, because a gateway writes to them at once or not at all.
//!
//! `GATEPIPE_SIMULATION_SEEDS=1..5000` runs other seeds than the usual ones. A seed decides what the programs do, what happens to the network
//! and when. Ids and the pauses between attempts stay random, so that a rare failure may need several runs of its seed.

mod accepted;
mod gateway;
mod ledger;
mod network;
mod program;
mod register;
mod trouble;
mod world;

use std::ops::Range;
use std::thread;

use parking_lot::Mutex;
use world::{Tally, World};

/// What everybody runs.
const SEEDS: Range<u64> = 0..12;

#[test]
fn whoever_is_bound_is_reached_or_the_receipt_names_the_gateway() {
    let (seeds, all) = (Mutex::new(seeds()), Mutex::new(Tally::default()));
    let run = || {
        while let Some(seed) = next(&seeds) {
            match World::new(seed).live() {
                Ok(tally) => *all.lock() += tally,
                Err(wrong) => {
                    *seeds.lock() = 0..0;
                    panic!("seed {seed}: {wrong}");
                }
            }
        }
    };
    thread::scope(|scope| {
        for _ in 0..thread::available_parallelism().map_or(1, Into::into) {
            scope.spawn(run);
        }
    });
    let all = all.into_inner();
    println!("{all:#?}");
    assert!(all.was_a_test(), "nothing was put to the test: {all:#?}");
}

fn next(seeds: &Mutex<Range<u64>>) -> Option<u64> {
    seeds.lock().next()
}

#[expect(clippy::disallowed_methods, reason = "a developer's wish, no configuration")]
fn seeds() -> Range<u64> {
    let Ok(wish) = std::env::var("GATEPIPE_SIMULATION_SEEDS") else {
        return SEEDS;
    };
    let bounds = wish.split_once("..").map(|(from, to)| (from.parse(), to.parse()));
    let Some((Ok(from), Ok(to))) = bounds else {
        panic!("GATEPIPE_SIMULATION_SEEDS is a range like 0..1000, not {wish}");
    };
    from..to
}
