//! Single pushes while broadcasts to 15,000 run all the time: from the call to the arrival at a client in a process of its own.
//! After each run a lone loop on each of the same cores shows for as long how long the machine itself stops a process.

use std::time::{Duration, Instant};

use anyhow::Context as _;
use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use gatepipe_client::{ClientId, GatewayClient};
use gatepipe_proto::Message;

use super::sides::{self, OUTSTANDING};
use super::{Setup, say};
use crate::cluster::Cluster;
use crate::control::News;
use crate::helper::Helper;
use crate::probe;
use crate::report::{Row, Target};
use crate::samples::Samples;

const CONNECTIONS: u32 = 15_000;
/// So that a broadcast is always running, also while the driver hears of the end of one.
const BROADCASTS: usize = 2;
/// How many broadcasts the clients may be behind, which read only when nobody else wants their core. Far from filling a socket.
const BEHIND: u32 = 16;
/// Longer than a broadcast takes on a busy machine.
const WATCHED: Duration = Duration::from_secs(10);
const WATCHED_QUICKLY: Duration = Duration::from_secs(3);
/// Between the arrival of one push and the next. It is no divisor of a broadcast's time, so pushes meet all parts of one.
const PAUSE: Duration = Duration::from_micros(3_700);

pub(super) async fn run(setup: &Setup) -> anyhow::Result<Vec<Row>> {
    let (mut worst, mut p99, mut middle, mut stops) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for number in 1..=setup.options.runs {
        let arrivals = one_run(setup).await?;
        let stop = longest_stop(setup).await?;
        say(&format!(
            "push during broadcast: run {number}: p99 {:.2} ms, max {:.2} ms; a lone loop: {stop:.2} ms",
            arrivals.quantile(0.99),
            arrivals.max()
        ));
        worst.push(arrivals.max());
        p99.push(arrivals.quantile(0.99));
        middle.push(arrivals.median());
        stops.push(stop);
    }
    let samples = |figures| Samples::new(figures).context("nothing was measured");
    Ok(vec![
        Row::new("push during broadcast: longest", "ms", &samples(worst)?).target(Target::AtMost(5.0)),
        Row::new("push during broadcast: p99", "ms", &samples(p99)?),
        Row::new("push during broadcast: median", "ms", &samples(middle)?),
        Row::new("push during broadcast: longest stop of a lone loop", "ms", &samples(stops)?),
    ])
}

/// In milliseconds.
async fn one_run(setup: &Setup) -> anyhow::Result<Samples> {
    let cluster = Cluster::start(setup.cores, 1)?;
    let commander = cluster.commander().await?;
    let mut clients = sides::generator(1)?;
    clients.open(cluster.ws(0)?, setup.connections(CONNECTIONS), OUTSTANDING).await?;
    // They stand behind the probe and the driver on their core: not their time is measured.
    let generator = Some(clients.pid()?);
    rustix::process::setpriority_process(generator, 19).context("a lower priority for the generator")?;
    let mut probe = Helper::start("probe", &[&cluster.ws(0)?.to_string()])?;
    let named =
        |news| if let News::Opened { client_ids, .. } = news { client_ids.into_iter().next() } else { None };
    let client: ClientId = probe.wait(named).await?.parse()?;

    clients.begin(false).await?;
    let end = Instant::now() + watched(setup);
    let broadcasting = broadcast_until(&commander, &mut clients, end);
    let (broadcasts, arrivals) = tokio::join!(broadcasting, push_until(&commander, &mut probe, client, end));
    say(&format!(
        "push during broadcast: {} broadcasts, {} pushes",
        broadcasts?,
        arrivals.as_ref().map_or(0, Vec::len)
    ));
    Samples::new(arrivals?).context("no push arrived")
}

fn watched(setup: &Setup) -> Duration {
    if setup.options.quick { WATCHED_QUICKLY } else { WATCHED }
}

/// The longest time that the machine stopped a process of ours with nothing else to do, on the worse of the two cores, in
/// milliseconds.
async fn longest_stop(setup: &Setup) -> anyhow::Result<f64> {
    let length = watched(setup).as_millis().to_string();
    let start = || Helper::start("lone-loop", &[&length]);
    let (mut servers, mut clients) = (setup.cores.on_servers(start)?, start()?);
    let stopped = |news| if let News::Stopped { longest_ns } = news { Some(longest_ns) } else { None };
    let (one, other) = tokio::join!(servers.wait(stopped), clients.wait(stopped));
    Ok(one?.max(other?) as f64 / 1e6)
}

/// How many broadcasts every client has received.
async fn broadcast_until(
    commander: &GatewayClient,
    clients: &mut Helper,
    end: Instant,
) -> anyhow::Result<u32> {
    let message = sides::message()?;
    let mut receipts = FuturesUnordered::new();
    let (mut begun, mut over) = (0, 0);
    loop {
        while receipts.len() < BROADCASTS && begun - over < BEHIND && Instant::now() < end {
            receipts.push(commander.send_to_all(message.clone(), &[]));
            begun += 1;
        }
        if begun == over && receipts.is_empty() {
            return Ok(over);
        }
        tokio::select! {
            Some(receipt) = receipts.next() => sides::whole(&receipt)?,
            news = clients.next() => if let News::Round { round } = news? { over = round },
        }
    }
}

/// One push at a time, each carrying when it was made. How long each took, in milliseconds.
async fn push_until(
    commander: &GatewayClient,
    probe: &mut Helper,
    client: ClientId,
    end: Instant,
) -> anyhow::Result<Vec<f64>> {
    let mut arrivals = Vec::new();
    while Instant::now() < end {
        let message = Message::text(format!("{:>width$}", probe::now_ns(), width = sides::MESSAGE_BYTES))?;
        let arrived =
            probe.wait(|news| if let News::Arrived { after_ns } = news { Some(after_ns) } else { None });
        let (receipt, after_ns) = tokio::join!(commander.send_to_client(client, message), arrived);
        sides::whole(&receipt)?;
        arrivals.push(after_ns? as f64 / 1e6);
        tokio::time::sleep(PAUSE).await;
    }
    Ok(arrivals)
}
