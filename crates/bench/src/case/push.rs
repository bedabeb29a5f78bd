//! A push to one of 10,000 users: CPU of every server on the way, as a multiple of a bare `send` to one random socket.

use std::time::{Duration, Instant};

use anyhow::Context as _;
use futures_util::stream::FuturesUnordered;
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use gatepipe_api::user::Permission;
use gatepipe_client::{Bind, GatewayClient};
use gatepipe_proto::{ClientId, Uid};
use rand::Rng as _;
use rustix::process::Pid;

use super::people::{self, People};
use super::sides::{self, MESSAGE_BYTES, OUTSTANDING, Sends, Yardstick};
use super::{Setup, say};
use crate::cluster::Cluster;
use crate::control::{News, Order};
use crate::cpu;
use crate::helper::Helper;
use crate::report::{Row, Target};
use crate::samples::Samples;
use crate::turns::{self, Side, Turns, Window};

const CONNECTIONS: u32 = 10_000;
const GATEWAYS: usize = 8;
const HTTP_CONNECTIONS: usize = 64;
const IN_FLIGHT: usize = 256;

pub(super) async fn run(setup: &Setup) -> anyhow::Result<Vec<Row>> {
    let mut figures = Figures::default();
    let people = People::make(1, &Permission::ALL).await?;
    for number in 1..=setup.options.runs {
        say(&format!("push: run {number}"));
        let one = one_run(setup, &people, 1, &mut figures).await?;
        let eight = one_run(setup, &people, GATEWAYS, &mut figures).await?;
        figures.eight_to_one.push(eight / one);
    }
    let samples = |figures: Vec<f64>| Samples::new(figures).context("nothing was measured");
    let ratio = |name, turns: &Turns, most| {
        anyhow::Ok(Row::new(name, "x", &turns.ratio()?).target(Target::AtMost(most)))
    };
    Ok(vec![
        ratio("push over HTTP, one gateway", &figures.http[0], 1.85)?,
        ratio("push over HTTP, eight gateways", &figures.http[1], 2.2)?,
        Row::new("push over HTTP, eight to one", "x", &samples(figures.eight_to_one)?)
            .target(Target::AtMost(1.3)),
        Row::new("push over HTTP: servers, one gateway", "us", &samples(figures.http[0].subject_us.clone())?),
        Row::new(
            "push over HTTP: servers, eight gateways",
            "us",
            &samples(figures.http[1].subject_us.clone())?,
        ),
        ratio("push through the library: gateway", &figures.library, 1.4)?,
        Row::new("push through the library: gateway", "us", &samples(figures.library.subject_us.clone())?),
        Row::new("push through the library: driver", "us", &samples(figures.driver_us)?),
        Row::new("push: bare send to a random socket", "us", &samples(figures.library.yardstick_us.clone())?),
    ])
}

#[derive(Default)]
struct Figures {
    /// With one gateway, and with eight.
    http: [Turns; 2],
    library: Turns,
    driver_us: Vec<f64>,
    eight_to_one: Vec<f64>,
}

/// The median ratio over HTTP.
async fn one_run(
    setup: &Setup,
    people: &People,
    gateways: usize,
    figures: &mut Figures,
) -> anyhow::Result<f64> {
    let connections = setup.connections(CONNECTIONS) / GATEWAYS * GATEWAYS;
    let mut cluster = Cluster::start(setup.cores, gateways)?;
    cluster.start_api(setup.cores, &people.database(), people::JWT_SECRET)?;
    let commander = cluster.commander().await?;
    let mut clients = sides::generator(1)?;
    let mut client_ids = Vec::new();
    for gateway in 0..gateways {
        client_ids.extend(clients.open(cluster.ws(gateway)?, connections / gateways, OUTSTANDING).await?.1);
    }
    bind(&commander, &client_ids).await?;
    let mut yardstick = Yardstick::start(setup.cores).await?;
    yardstick.open(connections).await?;
    yardstick.sends = Sends::Random;

    let token = people.tokens.first().context("a token")?;
    std::fs::write(people.requests(), requests(token, connections))?;
    let mut over_http =
        OverHttp { cluster: &cluster, people, clients: &mut clients, servers: cluster.pids() };
    over_http.push_to_everybody_once().await?;
    let turns = turns::take(setup.plan(), &mut over_http, &mut yardstick).await?;
    let ratio = turns.ratio()?.median();
    say(&format!("push over HTTP, {gateways} gateways: {ratio:.3}"));
    figures.http[usize::from(gateways > 1)].add(turns);

    if gateways == 1 {
        let mut through_library = ThroughLibrary {
            commander: &commander,
            clients: &mut clients,
            servers: vec![cluster.gateways[0].pid()],
            uids: connections as u64,
            driver_us: Vec::new(),
        };
        let turns = turns::take(setup.plan(), &mut through_library, &mut yardstick).await?;
        figures.driver_us.extend(through_library.driver_us.iter().skip(1));
        say(&format!("push through the library: {:.3}", turns.ratio()?.median()));
        figures.library.add(turns);
    }
    Ok(ratio)
}

/// Binds each client to a uid of its own: 1, 2, 3 ...
pub(super) async fn bind(commander: &GatewayClient, client_ids: &[String]) -> anyhow::Result<()> {
    let binding = client_ids.iter().zip(1..).map(|(client_id, uid)| async move {
        let client: ClientId = client_id.parse()?;
        commander.bind_uid(client, &Uid::from(uid), Bind::default()).await?;
        anyhow::Ok(())
    });
    stream::iter(binding).buffer_unordered(IN_FLIGHT).try_collect().await
}

/// One request for each uid. The frame a client receives has [`MESSAGE_BYTES`] of payload.
fn requests(token: &str, uids: usize) -> Vec<u8> {
    let frame = r#"{"type":"bench","data":""}"#;
    let data = "x".repeat(MESSAGE_BYTES - frame.len());
    let request = |uid| {
        let body = format!(r#"{{"uid":{uid},"type":"bench","data":"{data}"}}"#);
        people::post("/WebSocket/pushToUser", token, &body)
    };
    (1..=uids).map(request).collect::<Vec<_>>().join(&0)
}

struct OverHttp<'case> {
    cluster: &'case Cluster,
    people: &'case People,
    clients: &'case mut Helper,
    servers: Vec<Pid>,
}

impl OverHttp<'_> {
    /// The api learns which gateways hold nobody of a uid when it sends to it first: what is measured is how it goes on.
    async fn push_to_everybody_once(&mut self) -> anyhow::Result<()> {
        self.push(None).await.map(drop)
    }

    /// Pushes to users at random for so long, or to each once.
    async fn push(&mut self, length: Option<Duration>) -> anyhow::Result<Window> {
        let open = Order::HttpOpen { to: self.cluster.http()?, connections: HTTP_CONNECTIONS };
        self.clients.tell(&open).await?;
        self.clients.wait(|news| matches!(news, News::HttpOpened).then_some(())).await?;
        self.clients.begin(true).await?;
        let before = cpu::used_ns(&self.servers)?;
        let run = Order::HttpRun {
            requests: self.people.requests(),
            expect: r#""reached":1,"#.into(),
            for_ms: length.map(|length| u64::try_from(length.as_millis())).transpose()?,
        };
        self.clients.tell(&run).await?;
        let done = |news| if let News::HttpDone { requests, .. } = news { Some(requests) } else { None };
        let operations = self.clients.wait(done).await?;
        self.clients.counted(operations).await?;
        let cpu_ns = cpu::used_ns(&self.servers)? - before;
        self.clients.begin(false).await?;
        Ok(Window { cpu_ns, operations })
    }
}

impl Side for OverHttp<'_> {
    async fn window(&mut self, length: Duration) -> anyhow::Result<Window> {
        self.push(Some(length)).await
    }
}

struct ThroughLibrary<'case> {
    commander: &'case GatewayClient,
    clients: &'case mut Helper,
    servers: Vec<Pid>,
    uids: u64,
    driver_us: Vec<f64>,
}

impl Side for ThroughLibrary<'_> {
    async fn window(&mut self, length: Duration) -> anyhow::Result<Window> {
        let message = sides::message()?;
        let driver = [rustix::process::getpid()];
        self.clients.begin(true).await?;
        let (before, own_before) = (cpu::used_ns(&self.servers)?, cpu::used_ns(&driver)?);
        let end = Instant::now() + length;
        let (commander, uids) = (self.commander, self.uids);
        let push = || {
            let uid = Uid::from(rand::rng().random_range(1..=uids));
            let message = message.clone();
            async move { commander.send_to_uid(&uid, message).await }
        };
        let mut receipts: FuturesUnordered<_> = (0..IN_FLIGHT).map(|_| push()).collect();
        let mut operations = 0;
        while let Some(receipt) = receipts.next().await {
            sides::whole(&receipt)?;
            operations += receipt.reached;
            if Instant::now() < end {
                receipts.push(push());
            }
        }
        self.clients.counted(operations).await?;
        let cpu_ns = cpu::used_ns(&self.servers)? - before;
        self.driver_us.push((cpu::used_ns(&driver)? - own_before) as f64 / 1e3 / operations as f64);
        self.clients.begin(false).await?;
        Ok(Window { cpu_ns, operations })
    }
}
