//! 19,000 connections that do nothing: memory of the gateway for each, its CPU, and what it gives back when all close at once.

use std::time::{Duration, Instant};

use anyhow::Context as _;
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use gatepipe_client::{Bind, ClientId, GatewayClient};
use gatepipe_proto::{Group, Uid};

use super::sides::{self, OUTSTANDING};
use super::{Setup, say};
use crate::cluster::Cluster;
use crate::report::{Row, Target};
use crate::samples::Samples;
use crate::{cpu, memory};

const CONNECTIONS: u32 = 19_000;
const GROUP_MEMBERS: usize = 100;
/// Long enough for every client to be pinged twice at the default of 55 s.
const WATCHED: Duration = Duration::from_secs(120);
const WATCHED_QUICKLY: Duration = Duration::from_secs(10);
/// After a storm of closes.
const REST: Duration = Duration::from_secs(5);
/// The last handshakes and binds end before memory is read.
const SETTLE: Duration = Duration::from_secs(1);
const BINDS_AT_ONCE: usize = 256;

pub(super) async fn run(setup: &Setup) -> anyhow::Result<Vec<Row>> {
    let mut figures = Figures::default();
    for number in 1..=setup.options.runs {
        say(&format!("idle: run {number}"));
        one_run(setup, &mut figures).await?;
    }
    let samples = |figures: Vec<f64>| Samples::new(figures).context("nothing was measured");
    Ok(vec![
        Row::new("idle: memory after init", "bytes", &samples(figures.after_init)?)
            .target(Target::AtMost(1_741.0)),
        Row::new("idle: memory bound and in a group", "bytes", &samples(figures.bound)?)
            .target(Target::AtMost(2_150.0)),
        Row::new("idle: CPU of a core", "%", &samples(figures.cpu_percent)?).target(Target::AtMost(1.0)),
        Row::new("idle: kept after all closed", "KiB", &samples(figures.kept_kib)?),
        Row::new("idle: given back", "%", &samples(figures.given_back_percent)?),
    ])
}

#[derive(Default)]
struct Figures {
    after_init: Vec<f64>,
    bound: Vec<f64>,
    cpu_percent: Vec<f64>,
    kept_kib: Vec<f64>,
    given_back_percent: Vec<f64>,
}

async fn one_run(setup: &Setup, figures: &mut Figures) -> anyhow::Result<()> {
    let connections = setup.connections(CONNECTIONS);
    let cluster = Cluster::start(setup.cores, 1)?;
    let commander = cluster.commander().await?;
    let servers = cluster.pids();
    let resident = || memory::resident_bytes(servers[0]);
    let mut clients = sides::generator(1)?;

    let start = resident()?;
    let grown = |now: u64| now as f64 - start as f64;
    let (_, client_ids) = clients.open(cluster.ws(0)?, connections, OUTSTANDING).await?;
    tokio::time::sleep(SETTLE).await;
    let after_init = grown(resident()?) / connections as f64;
    bind_all(&commander, &client_ids).await?;
    tokio::time::sleep(SETTLE).await;
    let full = grown(resident()?);
    let bound = full / connections as f64;
    say(&format!("idle: {after_init:.0} bytes, bound {bound:.0} bytes"));

    let (before, begun) = (cpu::used_ns(&servers)?, Instant::now());
    tokio::time::sleep(if setup.options.quick { WATCHED_QUICKLY } else { WATCHED }).await;
    let used = cpu::used_ns(&servers)? - before;
    let cpu_percent = 100.0 * used as f64 / begun.elapsed().as_nanos() as f64;

    clients.close(false).await?;
    cluster.emptied(0).await?;
    tokio::time::sleep(REST).await;
    let kept = grown(resident()?);
    figures.after_init.push(after_init);
    figures.bound.push(bound);
    figures.cpu_percent.push(cpu_percent);
    figures.kept_kib.push(kept / 1024.0);
    figures.given_back_percent.push(100.0 * (full - kept) / full);
    Ok(())
}

/// Binds each client to a uid of its own, and puts it into one group of a hundred.
async fn bind_all(commander: &GatewayClient, client_ids: &[String]) -> anyhow::Result<()> {
    let binding = client_ids.iter().enumerate().map(|(number, client_id)| async move {
        let client: ClientId = client_id.parse()?;
        commander.bind_uid(client, &Uid::from(number as u64 + 1), Bind::default()).await?;
        let group: Group = format!("group-{}", number / GROUP_MEMBERS).parse()?;
        commander.join_group(client, &group).await?;
        anyhow::Ok(())
    });
    stream::iter(binding).buffer_unordered(BINDS_AT_ONCE).try_collect().await
}
