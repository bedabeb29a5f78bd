//! The inbox in each database, at a hundredth of its rows and at all of them: what grows, and what does not.
//!
//! The store is called in this process, without HTTP around it; one caller, one call after another. Each kind of call takes
//! turns with the reading of one user by its id, the least that a question to that database costs.

mod databases;
mod inbox;

use std::time::{Duration, Instant};

use anyhow::Context as _;

use super::{Setup, say};
use crate::report::Row;
use crate::samples::Samples;
use inbox::{Call, Inbox};

/// Who has an inbox, and how many notifications each gets.
const USERS: usize = 1_000;
const EACH: usize = 1_000;
/// With `--quick`.
const QUICK_EACH: usize = 100;
/// How often each kind of call is made at each size, in turns with the yardstick.
const CALLS: usize = 600;
const QUICK_CALLS: usize = 60;

pub(super) async fn run(setup: &Setup) -> anyhow::Result<Vec<Row>> {
    // The servers' threads and ours go where they like, on both cores.
    setup.cores.share()?;
    let mut rows = Vec::new();
    for database in databases::Database::ALL {
        let Some(database) = database.start().await? else { continue };
        rows.extend(one(setup, &database).await.with_context(|| database.name())?);
    }
    Ok(rows)
}

async fn one(setup: &Setup, database: &databases::Running) -> anyhow::Result<Vec<Row>> {
    let (each, calls) = if setup.options.quick { (QUICK_EACH, QUICK_CALLS) } else { (EACH, CALLS) };
    let name = database.name();
    let users = setup.options.connections.map_or(USERS, |users| users as usize);
    let inbox = Inbox::open(&database.url(), users).await?;
    let first = (each / 100).max(4);
    inbox.fill(first).await?;
    let few = measure(&inbox, calls).await?;
    let begun = Instant::now();
    inbox.fill(each - first).await?;
    let filled = begun.elapsed();
    say(&format!("storage, {name}: {} notifications", users * each));
    let many = measure(&inbox, calls).await?;

    let rate = (users * (each - first)) as f64 / filled.as_secs_f64();
    let mut rows =
        vec![row(&format!("storage, {name}: notifications written to {users} at once"), "1/s", vec![rate])?];
    for (few, many) in few.into_iter().zip(many) {
        let call = many.call.name();
        let growth = many.median() / few.median().max(f64::MIN_POSITIVE);
        rows.push(row(&format!("storage, {name}: {call}"), "us", many.call_us)?);
        rows.push(row(&format!("storage, {name}: {call}: to one row by its key"), "x", many.ratios)?);
        rows.push(row(&format!("storage, {name}: {call}: to a hundredth of the rows"), "x", vec![growth])?);
    }
    Ok(rows)
}

fn row(name: &str, unit: &'static str, figures: Vec<f64>) -> anyhow::Result<Row> {
    Ok(Row::new(name, unit, &Samples::new(figures).context("nothing was measured")?))
}

/// One kind of call at one size.
struct Measured {
    call: Call,
    call_us: Vec<f64>,
    /// Each call to the yardstick's after it.
    ratios: Vec<f64>,
}

impl Measured {
    /// As a multiple of the yardstick.
    fn median(&self) -> f64 {
        Samples::new(self.ratios.clone()).map_or(0.0, |samples| samples.median())
    }
}

async fn measure(inbox: &Inbox, calls: usize) -> anyhow::Result<Vec<Measured>> {
    let mut all = Vec::new();
    for call in Call::ALL {
        let mut measured = Measured { call, call_us: Vec::new(), ratios: Vec::new() };
        // The first tenth warms caches.
        for number in 0..calls + calls / 10 {
            let took = timed(inbox.call(call)).await?;
            let yardstick = timed(inbox.call(Call::OneUser)).await?;
            if number >= calls / 10 {
                measured.call_us.push(took.as_secs_f64() * 1e6);
                measured.ratios.push(took.as_secs_f64() / yardstick.as_secs_f64());
            }
        }
        all.push(measured);
    }
    Ok(all)
}

async fn timed(call: impl Future<Output = anyhow::Result<()>>) -> anyhow::Result<Duration> {
    let begun = Instant::now();
    call.await?;
    Ok(begun.elapsed())
}
