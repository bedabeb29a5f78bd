//! Programs and gateways joined by slow, stalled and broken pipes, without real time; after every acknowledged bind no send may miss it.
//!
//! The machines are the real ones. What stands between them is played here as programs and gateways do it, in steps between which
//! anything else may happen: `client-lib/src/lane.rs` on one side, `gateway/src/control` on the other.
//!
//! - [`world`]: who there is, and what happens when
//! - [`program`], [`gateway`]: the two sides
//! - [`clock`]: time, as each of them sees it

mod clock;
mod gateway;
mod program;
mod world;

use super::fault::Fault;
use world::World;

/// Every rule that can be left out.
const FAULTS: [Fault; 13] = [
    Fault::NoMargin,
    Fault::NoDoubt,
    Fault::OlderThanLease,
    Fault::LapseForgiven,
    Fault::BreakForgiven,
    Fault::LooksFirst,
    Fault::RevokesFirst,
    Fault::TakesBackAll,
    Fault::ForgetsRevoked,
    Fault::ForgetsEnded,
    Fault::GrantOvertakes,
    Fault::ForgetsFull,
    Fault::OwnBindUndoubted,
];

/// Worlds in which nothing may be missed. `cargo test` runs them in seconds; a larger number is for a change of the rules.
const SEEDS: u64 = 5_000;

#[test]
fn no_send_misses_a_client_whose_bind_was_acknowledged() {
    let (mut sends, mut narrowed, mut withheld) = (0, 0, 0);
    for seed in 0..SEEDS {
        let world = World::run(seed, None);
        assert_eq!(world.missed, None, "seed {seed}");
        sends += world.sends;
        narrowed += world.narrowed;
        withheld += world.withheld;
    }
    println!("{sends} sends, {narrowed} left a gateway out, {withheld} binds waited");
    // Else it would show nothing.
    assert!(narrowed > sends / 10, "{narrowed} of {sends} sends left a gateway out");
    assert!(withheld as u64 > SEEDS, "{withheld} binds waited");
}

#[test]
fn each_rule_is_needed() {
    for fault in FAULTS {
        let found = (0..4 * SEEDS).find(|seed| World::run(*seed, Some(fault)).missed.is_some());
        println!("{fault:?}: found with seed {found:?}");
        assert!(found.is_some(), "without {fault:?} nothing was missed");
    }
}
