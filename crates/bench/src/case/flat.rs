//! Whether a delivery costs the same however many there are: broadcasts at three numbers of connections, each as a multiple of the
//! yardstick's `send` at the same number.

use anyhow::Context as _;

use super::sides::Pair;
use super::{Setup, say};
use crate::report::{Row, Target};
use crate::samples::Samples;
use crate::turns::Turns;

const CONNECTIONS: [u32; 3] = [1_000, 5_000, 19_000];

pub(super) async fn run(setup: &Setup) -> anyhow::Result<Vec<Row>> {
    let largest = setup.connections(CONNECTIONS[2]);
    let sizes = CONNECTIONS.map(|size| (size as usize * largest / CONNECTIONS[2] as usize).max(1));
    let mut all = [(); CONNECTIONS.len()].map(|()| Turns::default());
    let mut spread = Vec::new();
    for number in 1..=setup.options.runs {
        say(&format!("flat: run {number}"));
        let mut medians = Vec::new();
        for (size, all) in sizes.into_iter().zip(&mut all) {
            let turns = Pair::start(setup.cores, size).await?.broadcast(setup.plan(), size, 1).await?;
            let median = turns.ratio()?.median();
            say(&format!("flat: {median:.3} at {size}"));
            medians.push(median);
            all.add(turns);
        }
        let medians = Samples::new(medians).context("nothing was measured")?;
        spread.push(medians.max() / medians.min());
    }
    let spread = Samples::new(spread).context("nothing was measured")?;
    let mut rows = vec![Row::new("flat: largest to smallest", "x", &spread).target(Target::AtMost(1.15))];
    for (size, turns) in sizes.into_iter().zip(&all) {
        rows.push(Row::new(&format!("flat: broadcast to {size}"), "x", &turns.ratio()?));
    }
    Ok(rows)
}
