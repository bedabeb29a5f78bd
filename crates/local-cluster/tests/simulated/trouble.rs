//! What happens to the network and to hosts, at random moments.

use std::net::IpAddr;
use std::ops::Range;
use std::time::Duration;

use rand::Rng;
use rand::rngs::StdRng;
use turmoil::Sim;

use crate::register;
use crate::world::{GATEWAYS, PROGRAMS, World, gateway, program};

/// How late a message is at most, while nothing is wrong.
pub(crate) const LATENCY: Duration = Duration::from_millis(10);

/// What is wrong until it is mended.
enum Wrong {
    /// Nothing gets through, and everything does in the end. Now and then what waits gets through already, often in one direction only.
    Held {
        between: (String, String),
        leaks: Duration,
    },
    /// The gateway has lost the program's connections, and the program does not hear of it yet.
    Reset(String, String),
    /// Everything is late.
    Slow(String, String),
    /// Everything is lost, and with it every connection.
    Cut(String, String),
    Crashed(String),
}

pub(crate) struct Trouble {
    rng: StdRng,
    next: Duration,
    /// Each until when.
    wrong: Vec<(Duration, Wrong)>,
}

impl Trouble {
    pub(crate) fn new(rng: StdRng) -> Self {
        Self { rng, next: Duration::from_millis(300), wrong: Vec::new() }
    }

    /// Lets happen what is due.
    pub(crate) fn go_on(&mut self, sim: &mut Sim<'_>, world: &World) {
        let now = sim.elapsed();
        for (_, wrong) in self.wrong.extract_if(.., |(until, _)| *until <= now) {
            wrong.mend(sim);
        }
        for (_, wrong) in &mut self.wrong {
            if let Wrong::Held { between, leaks } = wrong
                && *leaks <= now
            {
                leak(sim, between, &mut self.rng);
                *leaks = now + ms(&mut self.rng, 1..1_200);
            }
        }
        if self.next > now {
            return;
        }
        self.next = now + ms(&mut self.rng, 1..400);
        let wrong = self.choose(now);
        if self.wrong.iter().any(|(_, other)| other.hosts() == wrong.hosts()) {
            return;
        }
        let until = now + wrong.happen(sim, world, &mut self.rng);
        self.wrong.push((until, wrong));
    }

    fn choose(&mut self, now: Duration) -> Wrong {
        let rng = &mut self.rng;
        let (program, gateway) =
            (program(rng.random_range(0..PROGRAMS)), gateway(rng.random_range(0..GATEWAYS)));
        match rng.random_range(0..100) {
            0..10 => Wrong::Reset(program, gateway),
            10..60 => Wrong::Held { between: (program, gateway), leaks: now + ms(rng, 1..1_200) },
            60..65 => {
                let one = if rng.random() { program } else { gateway };
                Wrong::Held { between: (one, register::NAME.to_owned()), leaks: now + ms(rng, 1..1_200) }
            }
            65..75 => Wrong::Slow(program, gateway),
            75..87 => Wrong::Cut(program, gateway),
            87..92 => Wrong::Crashed(gateway),
            92..94 => Wrong::Crashed(register::NAME.to_owned()),
            _ => Wrong::Crashed(program),
        }
    }
}

fn ms(rng: &mut StdRng, range: Range<u64>) -> Duration {
    Duration::from_millis(rng.random_range(range))
}

impl Wrong {
    fn hosts(&self) -> (&str, Option<&str>) {
        match self {
            Self::Held { between: (one, other), .. }
            | Self::Reset(one, other)
            | Self::Slow(one, other)
            | Self::Cut(one, other) => (one, Some(other)),
            Self::Crashed(host) => (host, None),
        }
    }

    /// Gives for how long it lasts.
    fn happen(&self, sim: &mut Sim<'_>, world: &World, rng: &mut StdRng) -> Duration {
        match self {
            Self::Held { between: (one, other), .. } => {
                sim.hold(one.as_str(), other.as_str());
                let most = if rng.random() { 300 } else { 4_000 };
                ms(rng, 1..most)
            }
            Self::Reset(program, gateway) => {
                sim.hold(program.as_str(), gateway.as_str());
                world.resets.reset(gateway, sim.lookup(program.as_str()));
                ms(rng, 1..1_800)
            }
            Self::Slow(one, other) => {
                sim.set_link_max_message_latency(one.as_str(), other.as_str(), ms(rng, 50..500));
                ms(rng, 1..2_000)
            }
            Self::Cut(one, other) => {
                sim.partition(one.as_str(), other.as_str());
                ms(rng, 1..2_500)
            }
            Self::Crashed(host) => {
                sim.crash(host.as_str());
                world.ledger.lock().gateway_crashes(host);
                ms(rng, 1..500)
            }
        }
    }

    fn mend(self, sim: &mut Sim<'_>) {
        match self {
            Self::Held { between: (one, other), .. } | Self::Reset(one, other) => sim.release(one, other),
            Self::Slow(one, other) => sim.set_link_max_message_latency(one, other, LATENCY),
            Self::Cut(one, other) => sim.repair(one, other),
            Self::Crashed(host) => sim.bounce(host),
        }
    }
}

/// Lets through what waits between two hosts, in one direction or in both.
fn leak(sim: &Sim<'_>, (one, other): &(String, String), rng: &mut StdRng) {
    let (one, other) = (sim.lookup(one.as_str()), sim.lookup(other.as_str()));
    let senders: &[IpAddr] = match rng.random_range(0..3) {
        0 => &[one],
        1 => &[other],
        _ => &[one, other],
    };
    sim.links(|links| {
        for link in links {
            if [(one, other), (other, one)].contains(&link.pair()) {
                let goes_on = link.filter(|message| senders.contains(&message.pair().0.ip()));
                goes_on.for_each(turmoil::SentRef::deliver);
            }
        }
    });
}
