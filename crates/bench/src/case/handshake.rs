//! Opening 19,000 connections as fast as it goes: CPU of the gateway until `init` is received, and how many a second.

use anyhow::Context as _;

use super::sides::{self, OUTSTANDING, Yardstick};
use super::{Setup, say};
use crate::cluster::Cluster;
use crate::cpu;
use crate::report::{Row, Target};
use crate::samples::Samples;

const CONNECTIONS: u32 = 19_000;

pub(super) async fn run(setup: &Setup) -> anyhow::Result<Vec<Row>> {
    let mut figures = Figures::default();
    for number in 1..=setup.options.runs {
        say(&format!("handshake: run {number}"));
        one_run(setup, &mut figures).await?;
    }
    let samples = |figures: Vec<f64>| Samples::new(figures).context("no round was measured");
    let (gateway, rate) = (samples(figures.gateway_us)?, samples(figures.rate)?);
    let (bare, ratio) = (samples(figures.bare_us)?, samples(figures.ratio)?);
    Ok(vec![
        Row::new("handshake: CPU of the gateway", "us", &gateway).target(Target::AtMost(45.0)),
        Row::new("handshakes a second", "1/s", &rate).target(Target::AtLeast(10_000.0)),
        Row::new("handshake: bare accept and answer", "us", &bare),
        Row::new("handshake: gateway to bare", "x", &ratio),
    ])
}

#[derive(Default)]
struct Figures {
    gateway_us: Vec<f64>,
    bare_us: Vec<f64>,
    ratio: Vec<f64>,
    rate: Vec<f64>,
}

async fn one_run(setup: &Setup, figures: &mut Figures) -> anyhow::Result<()> {
    let connections = setup.connections(CONNECTIONS);
    let cluster = Cluster::start(setup.cores, 1)?;
    let servers = cluster.pids();
    let mut clients = sides::generator(1)?;
    let mut yardstick = Yardstick::start(setup.cores).await?;
    // The first of each is thrown away, as in windows.
    let rounds = if setup.options.quick { 3 } else { 6 };
    for round in 0..rounds {
        clients.begin(true).await?;
        let before = cpu::used_ns(&servers)?;
        let (took, _) = clients.open(cluster.ws(0)?, connections, OUTSTANDING).await?;
        let gateway_us = micros_each(cpu::used_ns(&servers)? - before, connections);
        clients.begin(false).await?;
        clients.close(true).await?;
        cluster.emptied(0).await?;

        yardstick.clients.begin(true).await?;
        let before = yardstick.used_ns()?;
        yardstick.open(connections).await?;
        let bare_us = micros_each(yardstick.used_ns()? - before, connections);
        yardstick.clients.begin(false).await?;
        yardstick.close().await?;

        if round > 0 {
            figures.gateway_us.push(gateway_us);
            figures.bare_us.push(bare_us);
            figures.ratio.push(gateway_us / bare_us);
            figures.rate.push(connections as f64 / took.as_secs_f64());
            say(&format!("handshake: {gateway_us:.1} us, bare {bare_us:.1} us"));
        }
    }
    Ok(())
}

fn micros_each(ns: u64, of: usize) -> f64 {
    ns as f64 / 1e3 / of as f64
}
