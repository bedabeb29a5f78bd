//! The sides that take turns: gateways that broadcast or push, and the yardstick that does the same with bare sends.

use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use gatepipe_client::{GatewayClient, Receipt};
use gatepipe_proto::Message;
use rustix::process::Pid;

use crate::cluster::Cluster;
use crate::control::{News, Order};
use crate::cpu;
use crate::helper::Helper;
use crate::pin::Cores;
use crate::turns::{self, Plan, Side, Turns, Window};

/// Bytes of every message.
pub const MESSAGE_BYTES: usize = 128;
/// Connections opened at once.
pub const OUTSTANDING: usize = 256;
/// Bare random sends in one go: fewer than would fill anybody's socket.
const SENDS_AT_ONCE: u64 = 5_000;

/// What is sent.
///
/// # Errors
/// Never: it is short.
pub fn message() -> anyhow::Result<Message> {
    Ok(Message::text("x".repeat(MESSAGE_BYTES))?)
}

/// Every gateway took it.
pub fn whole(receipt: &Receipt) -> anyhow::Result<()> {
    ensure!(receipt.failed.is_empty() && !receipt.blind, "a receipt with failures: {receipt:?}");
    Ok(())
}

/// A gateway and the yardstick, each with as many connections.
pub struct Pair {
    pub cluster: Cluster,
    pub commander: GatewayClient,
    pub clients: Helper,
    pub yardstick: Yardstick,
}

impl Pair {
    /// Starts both.
    ///
    /// # Errors
    /// Whatever could not be started or connected.
    pub async fn start(cores: Cores, connections: usize) -> anyhow::Result<Self> {
        let cluster = Cluster::start(cores, 1)?;
        let commander = cluster.commander().await?;
        let mut clients = generator(1)?;
        clients.open(cluster.ws(0)?, connections, OUTSTANDING).await?;
        let mut yardstick = Yardstick::start(cores).await?;
        yardstick.open(connections).await?;
        Ok(Self { cluster, commander, clients, yardstick })
    }

    /// What one delivery of a broadcast costs, turn by turn.
    ///
    /// # Errors
    /// When a message did not arrive.
    pub async fn broadcast(
        &mut self,
        plan: Plan,
        connections: usize,
        outstanding: u32,
    ) -> anyhow::Result<Turns> {
        let Self { cluster, commander, clients, yardstick } = self;
        let servers = cluster.pids();
        let mut gateway = Broadcasting { commander, clients, servers, connections, outstanding };
        turns::take(plan, &mut gateway, yardstick).await
    }
}

/// Gateways that broadcast, with so many broadcasts outstanding. One is over when every client has it.
struct Broadcasting<'case> {
    commander: &'case GatewayClient,
    clients: &'case mut Helper,
    servers: Vec<Pid>,
    connections: usize,
    outstanding: u32,
}

impl Side for Broadcasting<'_> {
    async fn window(&mut self, length: Duration) -> anyhow::Result<Window> {
        let message = message()?;
        self.clients.begin(true).await?;
        let before = cpu::used_ns(&self.servers)?;
        let end = Instant::now() + length;
        let mut receipts = FuturesUnordered::new();
        let (mut begun, mut over) = (0, 0);
        loop {
            while begun - over < self.outstanding && Instant::now() < end {
                receipts.push(self.commander.send_to_all(message.clone(), &[]));
                begun += 1;
            }
            if begun == over && receipts.is_empty() {
                break;
            }
            tokio::select! {
                Some(receipt) = receipts.next() => whole(&receipt)?,
                news = self.clients.next() => if let News::Round { round } = news? { over = round },
            }
        }
        let cpu_ns = cpu::used_ns(&self.servers)? - before;
        self.clients.begin(false).await?;
        Ok(Window { cpu_ns, operations: u64::from(begun) * self.connections as u64 })
    }
}

/// What the yardstick does in a window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sends {
    /// To every socket; the next round when every client has the one before.
    All,
    /// To a random socket.
    Random,
}

/// The yardstick and its clients.
pub struct Yardstick {
    process: Helper,
    pub clients: Helper,
    servers: Vec<Pid>,
    at: std::net::SocketAddr,
    pub sends: Sends,
}

impl Yardstick {
    /// Starts it without connections.
    pub async fn start(cores: Cores) -> anyhow::Result<Self> {
        let mut process = cores.on_servers(|| Helper::start("yardstick", &[]))?;
        let at = process.wait(|news| if let News::Listening { at } = news { Some(at) } else { None }).await?;
        let clients = generator(7_000)?;
        Ok(Self { servers: vec![process.pid()?], process, clients, at, sends: Sends::All })
    }

    /// Opens so many more, and how long that took.
    pub async fn open(&mut self, connections: usize) -> anyhow::Result<Duration> {
        Ok(self.clients.open(self.at, connections, OUTSTANDING).await?.0)
    }

    /// Closes all.
    pub async fn close(&mut self) -> anyhow::Result<()> {
        self.clients.close(true).await?;
        self.process.tell(&Order::Close { reset: false }).await?;
        self.process.wait(|news| matches!(news, News::Closed).then_some(())).await
    }

    /// What it used so far.
    pub fn used_ns(&self) -> anyhow::Result<u64> {
        cpu::used_ns(&self.servers)
    }

    async fn send(&mut self, order: &Order) -> anyhow::Result<u64> {
        self.process.tell(order).await?;
        self.process.wait(|news| if let News::Sent { sends } = news { Some(sends) } else { None }).await
    }
}

impl Side for Yardstick {
    async fn window(&mut self, length: Duration) -> anyhow::Result<Window> {
        self.clients.begin(true).await?;
        let before = self.used_ns()?;
        let end = Instant::now() + length;
        let (mut operations, mut rounds) = (0, 0);
        while Instant::now() < end {
            match self.sends {
                Sends::All => {
                    operations += self.send(&Order::SendAll { bytes: MESSAGE_BYTES }).await?;
                    rounds += 1;
                    self.clients.round(rounds).await?;
                }
                Sends::Random => {
                    let order = Order::SendRandom { bytes: MESSAGE_BYTES, count: SENDS_AT_ONCE };
                    operations += self.send(&order).await?;
                    self.clients.counted(operations).await?;
                }
            }
        }
        let cpu_ns = self.used_ns()? - before;
        self.clients.begin(false).await?;
        Ok(Window { cpu_ns, operations })
    }
}

/// Starts a load generator; the number keeps its addresses apart from those of others.
pub fn generator(number: u32) -> anyhow::Result<Helper> {
    Helper::start("generator", &[&number.to_string()]).context("a load generator")
}
