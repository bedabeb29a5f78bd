//! Binds over HTTP: each client has a user and a token of its own, and every token is checked against the database.

use anyhow::Context as _;

use super::people::{self, People};
use super::sides::{self, OUTSTANDING};
use super::{Setup, say};
use crate::cluster::Cluster;
use crate::control::{News, Order};
use crate::cpu;
use crate::report::{Row, Target};
use crate::samples::Samples;

const CONNECTIONS: u32 = 10_000;
const CONNECTIONS_QUICKLY: u32 = 2_000;
const HTTP_CONNECTIONS: usize = 128;
/// Each binds all clients anew, for which they connect anew.
const ROUNDS: u32 = 4;
const ROUNDS_QUICKLY: u32 = 2;

pub(super) async fn run(setup: &Setup) -> anyhow::Result<Vec<Row>> {
    let connections = setup.connections(if setup.options.quick { CONNECTIONS_QUICKLY } else { CONNECTIONS });
    say(&format!("bind: making {connections} users"));
    let people = People::make(connections, &[]).await?;
    let mut figures = Figures::default();
    for number in 1..=setup.options.runs {
        one_run(setup, &people, &mut figures).await?;
        say(&format!("bind: run {number}: {:.0} a second", figures.rate.last().unwrap_or(&0.0)));
    }
    let samples = |figures| Samples::new(figures).context("nothing was measured");
    Ok(vec![
        Row::new("binds a second over HTTP", "1/s", &samples(figures.rate)?).target(Target::AtLeast(5_000.0)),
        Row::new("bind over HTTP: api and gateway", "us", &samples(figures.servers_us)?),
    ])
}

#[derive(Default)]
struct Figures {
    rate: Vec<f64>,
    servers_us: Vec<f64>,
}

async fn one_run(setup: &Setup, people: &People, figures: &mut Figures) -> anyhow::Result<()> {
    let mut cluster = Cluster::start(setup.cores, 1)?;
    cluster.start_api(setup.cores, &people.database(), people::JWT_SECRET)?;
    // The api has its pipe about when the driver has one; binds wait for it within their deadline.
    let _commander = cluster.commander().await?;
    let servers = cluster.pids();
    let mut clients = sides::generator(1)?;
    let rounds = if setup.options.quick { ROUNDS_QUICKLY } else { ROUNDS };
    for round in 0..rounds {
        let (_, client_ids) = clients.open(cluster.ws(0)?, people.tokens.len(), OUTSTANDING).await?;
        let request = |(token, client_id): (&String, &String)| {
            people::post("/WebSocket/bind", token, &format!(r#"{{"client_id":"{client_id}"}}"#))
        };
        let requests: Vec<_> = people.tokens.iter().zip(&client_ids).map(request).collect();
        std::fs::write(people.requests(), requests.join(&0))?;
        clients.tell(&Order::HttpOpen { to: cluster.http()?, connections: HTTP_CONNECTIONS }).await?;
        clients.wait(|news| matches!(news, News::HttpOpened).then_some(())).await?;
        clients.begin(true).await?;
        let before = cpu::used_ns(&servers)?;
        let expect = r#"{"bound":true}"#.into();
        clients.tell(&Order::HttpRun { requests: people.requests(), expect, for_ms: None }).await?;
        let done = |news| {
            if let News::HttpDone { requests, took_ns } = news { Some((requests, took_ns)) } else { None }
        };
        let (bound, took_ns) = clients.wait(done).await?;
        // Each client has heard of it.
        clients.counted(bound).await?;
        if round > 0 {
            figures.rate.push(bound as f64 * 1e9 / took_ns as f64);
            figures.servers_us.push((cpu::used_ns(&servers)? - before) as f64 / 1e3 / bound as f64);
        }
        clients.begin(false).await?;
        clients.close(true).await?;
        cluster.emptied(0).await?;
    }
    Ok(())
}
