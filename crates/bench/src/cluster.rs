//! The servers under test: the built programs beside this one, on free ports, on the core of the servers.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::{Context as _, ensure};
use gatepipe_client::GatewayClient;
use gatepipe_local_cluster::program::Program;
use rustix::process::Pid;

use crate::pin::Cores;
use crate::scrape;

/// How long servers may take to find each other.
const PATIENCE: Duration = Duration::from_secs(30);
/// How long one command of the driver may take: a broadcast to many on a busy machine.
const DEADLINE: Duration = Duration::from_secs(30);

/// A register and gateways, and the api when there is a database.
#[derive(Debug)]
pub struct Cluster {
    pub api: Option<Program>,
    pub gateways: Vec<Program>,
    register: Program,
    stopping: Stopping,
}

/// Set when the servers are being stopped: what they say of each other's end is no news.
type Stopping = Arc<AtomicBool>;

impl Drop for Cluster {
    fn drop(&mut self) {
        self.stopping.store(true, Ordering::Relaxed);
    }
}

impl Cluster {
    /// Starts a register and so many gateways.
    ///
    /// # Errors
    /// When a program was not built or does not come up.
    pub fn start(cores: Cores, gateways: usize) -> anyhow::Result<Self> {
        let stopping = Stopping::default();
        let register = program(cores, &stopping, "gatepipe-register", &["--listen", "127.0.0.1:0"])?;
        let url = register.url("rpc");
        let flags = ["--listen", "127.0.0.1:0", "--rpc-listen", "127.0.0.1:0", "--register", &url];
        let gateways = (0..gateways)
            .map(|_| program(cores, &stopping, "gatepipe-gateway", &flags))
            .collect::<Result<_, _>>()?;
        Ok(Self { api: None, gateways, register, stopping })
    }

    /// Starts the api on a database.
    ///
    /// # Errors
    /// As in [`start`](Self::start).
    pub fn start_api(&mut self, cores: Cores, database: &Path, jwt_secret: &str) -> anyhow::Result<()> {
        let (url, register) = (format!("sqlite://{}", database.display()), self.register.url("rpc"));
        let listen = ["--listen", "127.0.0.1:0", "--database-url", &url, "--jwt-secret", jwt_secret];
        let flags = [&listen[..], &["--register", &register]].concat();
        self.api = Some(program(cores, &self.stopping, "gatepipe-api", &flags)?);
        Ok(())
    }

    /// A client of all gateways, with an open pipe to each.
    ///
    /// # Errors
    /// When they do not find each other.
    pub async fn commander(&self) -> anyhow::Result<GatewayClient> {
        let commander =
            GatewayClient::builder().register(self.register.url("rpc")).deadline(DEADLINE).build()?;
        let begun = tokio::time::Instant::now();
        loop {
            let connected = commander.gateways().iter().filter(|gateway| gateway.connected).count();
            if connected == self.gateways.len() {
                return Ok(commander);
            }
            ensure!(
                begun.elapsed() < PATIENCE,
                "{connected} of {} gateways are connected",
                self.gateways.len()
            );
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Where the clients of a gateway connect.
    ///
    /// # Errors
    /// When its log did not say so.
    pub fn ws(&self, gateway: usize) -> anyhow::Result<SocketAddr> {
        Ok(self.gateways[gateway].addr("clients").parse()?)
    }

    /// Where the api listens.
    ///
    /// # Errors
    /// When there is none.
    pub fn http(&self) -> anyhow::Result<SocketAddr> {
        Ok(self.api.as_ref().context("no api was started")?.addr("http").parse()?)
    }

    /// The processes of the gateways, and of the api.
    #[must_use]
    pub fn pids(&self) -> Vec<Pid> {
        self.gateways.iter().chain(&self.api).map(Program::pid).collect()
    }

    /// Waits until a gateway has no client any more.
    ///
    /// # Errors
    /// When it keeps some.
    pub async fn emptied(&self, gateway: usize) -> anyhow::Result<()> {
        let admin = self.gateways[gateway].addr("admin");
        let begun = tokio::time::Instant::now();
        loop {
            let left = scrape::sum(admin, "gatepipe_gateway_connections ", "").await?;
            if left == 0 {
                return Ok(());
            }
            ensure!(begun.elapsed() < PATIENCE, "the gateway keeps {left} closed connections");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

fn program(cores: Cores, stopping: &Stopping, name: &str, flags: &[&str]) -> anyhow::Result<Program> {
    // What is only told goes nowhere; what somebody should look at does.
    let stopping = Arc::clone(stopping);
    let log = move |line: &str| {
        if !line.contains(r#""level":"INFO""#) && !stopping.load(Ordering::Relaxed) {
            eprintln!("{line}");
        }
    };
    cores.on_servers(|| {
        Program::try_start(name, flags, log)
            .context("build all programs: cargo build --release --workspace --bins")
    })
}
