//! Six gateways of 19,000 on this machine at once: all clients are bound, one broadcast reaches every one of them, and pushes reach
//! users on all gateways.

use std::time::Instant;

use anyhow::{Context as _, ensure};
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use gatepipe_client::GatewayClient;
use gatepipe_proto::Uid;
use rand::seq::index;

use super::sides::{self, OUTSTANDING};
use super::{Setup, push, say};
use crate::cluster::Cluster;
use crate::helper::Helper;
use crate::memory;
use crate::report::{Row, Target};
use crate::samples::Samples;

const GATEWAYS: usize = 6;
const CONNECTIONS: u32 = 19_000;
const PUSHES: usize = 10_000;
const IN_FLIGHT: usize = 256;

pub(super) async fn run(setup: &Setup) -> anyhow::Result<Vec<Row>> {
    let mut figures = Figures::default();
    for number in 1..=setup.options.runs {
        say(&format!("fleet: run {number}"));
        one_run(setup, &mut figures).await?;
    }
    let all = (GATEWAYS * setup.connections(CONNECTIONS)) as f64;
    let samples = |figures| Samples::new(figures).context("nothing was measured");
    Ok(vec![
        Row::new("fleet: clients bound", "clients", &samples(figures.bound)?).target(Target::AtLeast(all)),
        Row::new("fleet: clients that got the broadcast", "clients", &samples(figures.received)?)
            .target(Target::AtLeast(all)),
        Row::new("fleet: pushes to random users that arrived", "%", &samples(figures.pushed_percent)?)
            .target(Target::AtLeast(100.0)),
        Row::new("fleet: time to connect", "s", &samples(figures.connect_s)?),
        Row::new("fleet: time to bind", "s", &samples(figures.bind_s)?),
        Row::new("fleet: time of the broadcast", "s", &samples(figures.broadcast_s)?),
        Row::new("fleet: time of the pushes", "s", &samples(figures.push_s)?),
        Row::new("fleet: memory of a bound connection", "bytes", &samples(figures.memory)?),
    ])
}

#[derive(Default)]
struct Figures {
    bound: Vec<f64>,
    received: Vec<f64>,
    pushed_percent: Vec<f64>,
    connect_s: Vec<f64>,
    bind_s: Vec<f64>,
    broadcast_s: Vec<f64>,
    push_s: Vec<f64>,
    memory: Vec<f64>,
}

async fn one_run(setup: &Setup, figures: &mut Figures) -> anyhow::Result<()> {
    let each = setup.connections(CONNECTIONS);
    let all = GATEWAYS * each;
    let cluster = Cluster::start(setup.cores, GATEWAYS)?;
    let commander = cluster.commander().await?;
    let start = resident(&cluster)?;

    let begun = Instant::now();
    let mut generators = Vec::new();
    let mut client_ids = Vec::with_capacity(all);
    for gateway in 0..GATEWAYS {
        let mut clients = sides::generator(u32::try_from(gateway)? + 1)?;
        client_ids.extend(clients.open(cluster.ws(gateway)?, each, OUTSTANDING).await?.1);
        generators.push(clients);
    }
    figures.connect_s.push(begun.elapsed().as_secs_f64());
    say(&format!("fleet: {} connected", client_ids.len()));

    let begun = Instant::now();
    push::bind(&commander, &client_ids).await?;
    figures.bind_s.push(begun.elapsed().as_secs_f64());
    // What the gateways say, not what the driver believes.
    let counts = commander.counts().await;
    ensure!(counts.failed.is_empty(), "a gateway did not tell its counts: {:?}", counts.failed);
    figures.bound.push(counts.value.bound_clients as f64);
    figures.memory.push((resident(&cluster)? as f64 - start as f64) / all as f64);

    begin_all(&mut generators).await?;
    let begun = Instant::now();
    let receipt = commander.send_to_all(sides::message()?, &[]).await;
    sides::whole(&receipt)?;
    for clients in &mut generators {
        // Fails when a client does not get it.
        clients.round(1).await?;
    }
    figures.broadcast_s.push(begun.elapsed().as_secs_f64());
    figures.received.push(receipt.reached as f64);

    begin_all(&mut generators).await?;
    let begun = Instant::now();
    let pushes = PUSHES.min(all);
    let on_each = push_random(&commander, each, pushes).await?;
    for (clients, expected) in generators.iter_mut().zip(&on_each) {
        clients.counted(*expected).await?;
    }
    figures.push_s.push(begun.elapsed().as_secs_f64());
    figures.pushed_percent.push(100.0 * on_each.iter().sum::<u64>() as f64 / pushes as f64);
    Ok(())
}

async fn begin_all(generators: &mut [Helper]) -> anyhow::Result<()> {
    for clients in generators {
        clients.begin(false).await?;
    }
    Ok(())
}

/// Pushes to that many different users; how many of them are on each gateway. Uids were given gateway by gateway, from 1.
async fn push_random(
    commander: &GatewayClient,
    each: usize,
    pushes: usize,
) -> anyhow::Result<[u64; GATEWAYS]> {
    let message = sides::message()?;
    let users = index::sample(&mut rand::rng(), GATEWAYS * each, pushes).into_vec();
    let mut on_each = [0; GATEWAYS];
    for user in &users {
        on_each[user / each] += 1;
    }
    let sending = users.into_iter().map(|user| {
        let message = message.clone();
        async move {
            let receipt = commander.send_to_uid(&Uid::from(user as u64 + 1), message).await;
            sides::whole(&receipt)?;
            ensure!(receipt.reached == 1, "user {} was reached {} times", user + 1, receipt.reached);
            Ok(())
        }
    });
    stream::iter(sending).buffer_unordered(IN_FLIGHT).try_collect::<()>().await?;
    Ok(on_each)
}

/// Of all gateways together.
fn resident(cluster: &Cluster) -> anyhow::Result<u64> {
    cluster.gateways.iter().map(|gateway| memory::resident_bytes(gateway.pid())).sum()
}
