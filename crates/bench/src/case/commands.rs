//! Commands for users that never were online, each another: how many a second one gateway accepts and acknowledges. The driver has a
//! core of its own, and what the library costs it counts too.

use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use gatepipe_proto::Uid;

use super::{Setup, say, sides};
use crate::cluster::Cluster;
use crate::report::{Row, Target};
use crate::samples::Samples;
use crate::{cpu, scrape};

const IN_FLIGHT: usize = 1_024;
/// Above every real user, so that nobody ever was online.
const FIRST_UID: u64 = 1 << 40;

pub(super) async fn run(setup: &Setup) -> anyhow::Result<Vec<Row>> {
    let mut figures = Figures::default();
    for number in 1..=setup.options.runs {
        one_run(setup, &mut figures).await?;
        say(&format!("commands: run {number}: {:.0} a second", figures.rate.last().unwrap_or(&0.0)));
    }
    let samples = |figures| Samples::new(figures).context("nothing was measured");
    Ok(vec![
        Row::new("commands a second, users offline", "1/s", &samples(figures.rate)?)
            .target(Target::AtLeast(200_000.0)),
        Row::new("commands: gateway", "us", &samples(figures.gateway_us)?),
        Row::new("commands: driver", "us", &samples(figures.driver_us)?),
    ])
}

#[derive(Default)]
struct Figures {
    rate: Vec<f64>,
    gateway_us: Vec<f64>,
    driver_us: Vec<f64>,
}

async fn one_run(setup: &Setup, figures: &mut Figures) -> anyhow::Result<()> {
    let cluster = Cluster::start(setup.cores, 1)?;
    let commander = cluster.commander().await?;
    let message = sides::message()?;
    let (servers, driver) = (cluster.pids(), [rustix::process::getpid()]);
    let admin = cluster.gateways[0].addr("admin");
    let plan = setup.plan();
    let mut uids = FIRST_UID..;
    let mut sent = 0;
    for window in 0..plan.windows {
        let (before, own_before) = (cpu::used_ns(&servers)?, cpu::used_ns(&driver)?);
        let begun = Instant::now();
        let mut push = || {
            let uid = Uid::from(uids.next().unwrap_or(FIRST_UID));
            let (commander, message) = (&commander, message.clone());
            async move { commander.send_to_uid(&uid, message).await }
        };
        let mut receipts: FuturesUnordered<_> = std::iter::repeat_with(&mut push).take(IN_FLIGHT).collect();
        let mut done = 0_u64;
        while let Some(receipt) = receipts.next().await {
            sides::whole(&receipt)?;
            ensure!(receipt.reached == 0, "somebody is online: {receipt:?}");
            done += 1;
            if begun.elapsed() < plan.length {
                receipts.push(push());
            }
        }
        sent += done;
        let took: Duration = begun.elapsed();
        if window > 0 {
            figures.rate.push(done as f64 / took.as_secs_f64());
            figures.gateway_us.push((cpu::used_ns(&servers)? - before) as f64 / 1e3 / done as f64);
            figures.driver_us.push((cpu::used_ns(&driver)? - own_before) as f64 / 1e3 / done as f64);
        }
    }
    // The gateway's own count: that it carried out what was acknowledged, each once.
    let counted = scrape::sum(admin, "gatepipe_gateway_commands_total", "kind=\"send_to_uids\"").await?;
    ensure!(counted == sent, "{sent} commands were acknowledged, and the gateway counted {counted}");
    Ok(())
}
