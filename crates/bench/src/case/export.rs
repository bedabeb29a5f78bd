//! An export of a million rows through the command line, and one of a tenth of that: how much memory the api takes for it, and
//! that it does not grow with the rows.

use std::io::{BufWriter, Write as _};
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use gatepipe_local_cluster::program;
use rustix::process::Pid;
use serde::Deserialize;
use tokio::process::Command;

use super::people::{JWT_SECRET, People};
use super::{Setup, say};
use crate::cluster::Cluster;
use crate::memory;
use crate::report::Row;
use crate::samples::Samples;

const ROWS: u64 = 1_000_000;
const QUICK_ROWS: u64 = 50_000;
/// Between two looks at the api's memory.
const LOOK: Duration = Duration::from_millis(20);
const HEADERS: &str =
    r#"["订单号", "客户", {"title": "金额", "type": "number"}, {"title": "日期", "type": "date"}]"#;

/// What the command says of an export that has ended.
#[derive(Deserialize)]
struct Ended {
    state: String,
    done: u64,
    file_bytes: u64,
}

pub(super) async fn run(setup: &Setup) -> anyhow::Result<Vec<Row>> {
    let rows = if setup.options.quick { QUICK_ROWS } else { ROWS };
    let mut figures = Figures::default();
    for number in 1..=setup.options.runs {
        say(&format!("export: run {number}"));
        let few = one_export(setup, rows / 10).await?;
        let many = one_export(setup, rows).await?;
        figures.few_mib.push(few.memory_mib);
        figures.growth.push(many.memory_mib / few.memory_mib.max(f64::MIN_POSITIVE));
        figures.many_mib.push(many.memory_mib);
        figures.rate.push(rows as f64 / many.took.as_secs_f64());
        figures.file_mib.push(many.file_mib);
    }
    let row = |name: &str, unit, figures: Vec<f64>| {
        Ok(Row::new(name, unit, &Samples::new(figures).context("nothing was measured")?))
    };
    let many = format!("export of {rows} rows");
    [
        row(&format!("{many}: memory of the api, growth at most"), "MiB", figures.many_mib),
        row(&format!("export of {} rows: the same", rows / 10), "MiB", figures.few_mib),
        row(&format!("{many}: the one to the other"), "x", figures.growth),
        row(&format!("{many}: upload, queue and file"), "rows/s", figures.rate),
        row(&format!("{many}: file"), "MiB", figures.file_mib),
    ]
    .into_iter()
    .collect()
}

#[derive(Default)]
struct Figures {
    few_mib: Vec<f64>,
    many_mib: Vec<f64>,
    growth: Vec<f64>,
    rate: Vec<f64>,
    file_mib: Vec<f64>,
}

struct Measured {
    memory_mib: f64,
    file_mib: f64,
    took: Duration,
}

/// In an api that was just started.
async fn one_export(setup: &Setup, rows: u64) -> anyhow::Result<Measured> {
    let mut cluster = Cluster::start(setup.cores, 1)?;
    let people = People::make(1, &[]).await?;
    cluster.start_api(setup.cores, &people.database(), JWT_SECRET)?;
    let api = cluster.api.as_ref().context("the api")?.pid();
    let file = people.database().with_file_name("rows.ndjson");
    write_rows(&file, rows).context("the rows")?;
    let before = memory::resident_bytes(api)?;
    let begun = Instant::now();
    let order = Command::new(program::path("gatepipe")?)
        .args(["export", "create", "--wait", "--title", "订单明细", "--headers", HEADERS, "--file"])
        .arg(&file)
        .args(["--api", &format!("http://{}", cluster.http()?), "--output", "json"])
        .env("GATEPIPE_TOKEN", &people.tokens[0])
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .kill_on_drop(true)
        .output();
    let (ended, most) = most_memory(order, api).await?;
    let took = begun.elapsed();
    ensure!(ended.status.success(), "the export was not made");
    let ended: Ended = serde_json::from_slice(&ended.stdout).context("what the command said")?;
    ensure!(ended.state == "done" && ended.done == rows, "{}: {} of {rows} rows", ended.state, ended.done);
    Ok(Measured {
        memory_mib: most.saturating_sub(before) as f64 / f64::from(1 << 20),
        file_mib: ended.file_bytes as f64 / f64::from(1 << 20),
        took,
    })
}

/// The outcome of `work`, and the most memory that a process had meanwhile.
async fn most_memory<T>(
    work: impl Future<Output = std::io::Result<T>>,
    process: Pid,
) -> anyhow::Result<(T, u64)> {
    let mut work = std::pin::pin!(work);
    let mut most = 0;
    loop {
        most = most.max(memory::resident_bytes(process)?);
        tokio::select! {
            done = &mut work => return Ok((done?, most)),
            () = tokio::time::sleep(LOOK) => {}
        }
    }
}

fn write_rows(file: &Path, rows: u64) -> std::io::Result<()> {
    let mut file = BufWriter::new(std::fs::File::create(file)?);
    for number in 0..rows {
        let (cents, day) = (number * 37 % 1_000_000, 1 + number % 28);
        writeln!(
            file,
            r#"["SO-{number:08}","客户{} 🎉",{}.{:02},"2026-11-{day:02}"]"#,
            number % 5_000,
            cents / 100,
            cents % 100
        )?;
    }
    file.flush()
}
