//! A broadcast to 10,000: CPU of the gateway for one delivery, as a multiple of a bare `send` of the same frame.

use super::sides::Pair;
use super::{Setup, say};
use crate::report::{Row, Target};
use crate::samples::Samples;
use crate::turns::Turns;

const CONNECTIONS: u32 = 10_000;
/// How many are outstanding, and what the ratio should be.
const CASES: [(u32, &str, f64); 2] = [(1, "one", 1.03), (4, "four", 0.40)];

pub(super) async fn run(setup: &Setup) -> anyhow::Result<Vec<Row>> {
    let mut turns = [(); CASES.len()].map(|()| Turns::default());
    for number in 1..=setup.options.runs {
        say(&format!("broadcast: run {number}"));
        one_run(setup, &mut turns).await?;
    }
    let mut rows = Vec::new();
    for ((_, many, target), turns) in CASES.into_iter().zip(&turns) {
        let name = format!("broadcast, {many} outstanding");
        rows.push(Row::new(&name, "x", &turns.ratio()?).target(Target::AtMost(target)));
        for (of, times) in [("gateway", &turns.subject_us), ("bare send", &turns.yardstick_us)] {
            rows.extend(
                Samples::new(times.clone()).map(|times| Row::new(&format!("{name}: {of}"), "us", &times)),
            );
        }
    }
    Ok(rows)
}

async fn one_run(setup: &Setup, turns: &mut [Turns]) -> anyhow::Result<()> {
    let connections = setup.connections(CONNECTIONS);
    let mut pair = Pair::start(setup.cores, connections).await?;
    for ((outstanding, many, _), turns) in CASES.into_iter().zip(turns) {
        turns.add(pair.broadcast(setup.plan(), connections, outstanding).await?);
        say(&format!("broadcast, {many} outstanding: {:.3}", turns.ratio()?.median()));
    }
    Ok(())
}
