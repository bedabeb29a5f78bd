//! Starting all parts, in the order in which they find each other, and stopping them in the other.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use anyhow::Context;
use futures_util::future::{select_all, try_join_all};
use gatepipe_api::Api;
use gatepipe_api::auth::Keys;
use gatepipe_gateway::Gateway;
use gatepipe_register::Register;
use secrecy::SecretString;

use crate::home::Home;
use crate::part::Part;
use crate::people::{self, Person};

/// How long the parts may take to find each other.
const MEETING: Duration = Duration::from_secs(30);
/// How long a token of a person in a cluster is good.
const TOKEN_LIFETIME: Duration = Duration::from_secs(30 * 24 * 3600);

/// Which ports are taken, all on 127.0.0.1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ports {
    /// The first gateway's WebSocket port, the second takes the next, and so on; 0: a free one for each.
    pub ws: u16,
    /// The api's HTTP port; 0: a free one.
    pub http: u16,
    /// Every other listener.
    pub others: Others,
}

/// Ports of listeners that nobody chose.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Others {
    /// As documented; the second gateway takes each port plus one, and so on.
    Documented,
    /// A free one for each.
    Free,
}

impl Ports {
    /// A free one for every listener.
    pub const FREE: Self = Self { ws: 0, http: 0, others: Others::Free };

    fn ws(self, number: u16) -> anyhow::Result<SocketAddr> {
        match self.ws {
            0 => Ok(local(0)),
            first => first.checked_add(number).map(local).context("there is no port above 65535"),
        }
    }

    fn other(self, documented: SocketAddr, number: u16) -> SocketAddr {
        match self.others {
            Others::Documented => local(documented.port().saturating_add(number)),
            Others::Free => local(0),
        }
    }
}

fn local(port: u16) -> SocketAddr {
    SocketAddr::from((Ipv4Addr::LOCALHOST, port))
}

type Tune<C> = Box<dyn Fn(&mut C) + Send>;

/// What to start.
pub struct Plan {
    /// How many gateways.
    pub gateways: u16,
    /// Keeps keys and database; `None`: a temporary directory that goes with the cluster.
    pub data_dir: Option<PathBuf>,
    /// Which ports.
    pub ports: Ports,
    /// On every internal gRPC link.
    pub secret: Option<SecretString>,
    /// Changes each gateway's settings before it starts.
    pub tune_gateway: Tune<gatepipe_gateway::Config>,
    /// Changes the api's settings before it starts.
    pub tune_api: Tune<gatepipe_api::Config>,
}

impl Default for Plan {
    /// Two gateways on free ports, a temporary directory, no secret.
    fn default() -> Self {
        Self {
            gateways: 2,
            data_dir: None,
            ports: Ports::FREE,
            secret: None,
            tune_gateway: Box::new(|_| {}),
            tune_api: Box::new(|_| {}),
        }
    }
}

/// One running gateway.
#[derive(Debug)]
struct RunningGateway {
    part: Part,
    client: SocketAddr,
    rpc: SocketAddr,
    admin: SocketAddr,
    id: String,
}

/// A running cluster. Dropping it stops everything without waiting.
pub struct Cluster {
    register: Option<Part>,
    register_rpc: SocketAddr,
    register_admin: SocketAddr,
    gateways: Vec<Option<RunningGateway>>,
    api: Part,
    api_http: SocketAddr,
    api_admin: SocketAddr,
    client: gatepipe_client::GatewayClient,
    store: gatepipe_api::store::Store,
    people: Vec<Person>,
    secret: Option<SecretString>,
    _temporary: Option<tempfile::TempDir>,
}

impl Cluster {
    /// Two gateways on free ports.
    ///
    /// # Panics
    /// When it cannot start: for tests.
    pub async fn start() -> Self {
        Self::start_with(Plan::default())
            .await
            .unwrap_or_else(|error| panic!("the cluster does not start: {error:#}"))
    }

    /// Starts what was planned; returns when every gateway is up and the api has an open pipe to each.
    ///
    /// # Errors
    /// A port, the directory, the database, or parts that do not find each other in time.
    pub async fn start_with(plan: Plan) -> anyhow::Result<Self> {
        let (dir, temporary) = match &plan.data_dir {
            Some(dir) => (dir.clone(), None),
            None => {
                let temporary = tempfile::tempdir().context("cannot make a temporary directory")?;
                (temporary.path().to_owned(), Some(temporary))
            }
        };
        let home = Home::open(&dir)?;
        let (register, register_rpc, register_admin) =
            start_register(plan.ports, plan.secret.clone()).await?;
        let mut gateways = Vec::new();
        for number in 0..plan.gateways {
            gateways.push(Some(start_gateway(&plan, number, register_rpc).await?));
        }

        let defaults = gatepipe_api::Config::default();
        let mut config = gatepipe_api::Config {
            listen: local(plan.ports.http),
            admin_listen: plan.ports.other(defaults.admin_listen, 0),
            registers: vec![url(register_rpc)],
            secret: plan.secret.clone(),
            database_url: home.database_url(),
            jwt_secret: Some(home.jwt_secret().into()),
            ..defaults
        };
        (plan.tune_api)(&mut config);
        let api = Api::bind(config).await?;
        let keys = Keys::from_secret(&home.jwt_secret().into())?;
        let people = people::settle(&api.store(), &home, &keys, TOKEN_LIFETIME).await?;
        let (client, store) = (api.gateways(), api.store());
        let (api_http, api_admin) = (api.http_addr(), api.admin_addr());
        let cluster = Self {
            register: Some(register),
            register_rpc,
            register_admin,
            gateways,
            api: Part::start("the api", |stop| api.run(stop)),
            api_http,
            api_admin,
            client,
            store,
            people,
            secret: plan.secret,
            _temporary: temporary,
        };
        tokio::time::timeout(MEETING, cluster.joined(usize::from(plan.gateways)))
            .await
            .context("the api and the gateways did not find each other in time")?;
        Ok(cluster)
    }

    /// Resolves when the api has an open pipe to this many gateways.
    pub async fn joined(&self, gateways: usize) {
        while self.client.gateways().iter().filter(|gateway| gateway.connected).count() < gateways {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        self.client.joined().await;
    }

    /// `http://…` of the api.
    #[must_use]
    pub fn http(&self) -> String {
        url(self.api_http)
    }

    /// `ws://…/ws` of each living gateway.
    #[must_use]
    pub fn ws(&self) -> Vec<String> {
        self.living().map(|gateway| format!("ws://{}/ws", gateway.client)).collect()
    }

    /// `http://…` of the register.
    #[must_use]
    pub fn register(&self) -> String {
        url(self.register_rpc)
    }

    /// `http://…` of each living gateway's command service.
    #[must_use]
    pub fn gateway_rpc(&self) -> Vec<String> {
        self.living().map(|gateway| url(gateway.rpc)).collect()
    }

    /// The ids of the living gateways.
    #[must_use]
    pub fn gateway_ids(&self) -> Vec<String> {
        self.living().map(|gateway| gateway.id.clone()).collect()
    }

    /// `http://…` of the api's admin listener.
    #[must_use]
    pub fn api_admin(&self) -> String {
        url(self.api_admin)
    }

    /// `http://…` of the register's admin listener.
    #[must_use]
    pub fn register_admin(&self) -> String {
        url(self.register_admin)
    }

    /// `http://…` of each living gateway's admin listener.
    #[must_use]
    pub fn gateway_admin(&self) -> Vec<String> {
        self.living().map(|gateway| url(gateway.admin)).collect()
    }

    /// Admin, alice, bob and carol.
    #[must_use]
    pub fn people(&self) -> &[Person] {
        &self.people
    }

    /// The gateway client of the api.
    #[must_use]
    pub fn client(&self) -> &gatepipe_client::GatewayClient {
        &self.client
    }

    /// The api's database.
    #[must_use]
    pub fn store(&self) -> &gatepipe_api::store::Store {
        &self.store
    }

    fn living(&self) -> impl Iterator<Item = &RunningGateway> {
        self.gateways.iter().flatten()
    }

    /// Drains one gateway and waits for its end.
    ///
    /// # Errors
    /// It ended badly, or there is no such gateway any more.
    pub async fn drain_gateway(&mut self, number: usize) -> anyhow::Result<()> {
        self.take_gateway(number)?.part.stop().await
    }

    fn take_gateway(&mut self, number: usize) -> anyhow::Result<RunningGateway> {
        let place = self.gateways.get_mut(number).and_then(Option::take);
        place.with_context(|| format!("gateway {number} is gone already"))
    }

    /// Ends the register.
    ///
    /// # Errors
    /// It ended badly.
    pub async fn stop_register(&mut self) -> anyhow::Result<()> {
        match self.register.take() {
            Some(register) => register.stop().await,
            None => Ok(()),
        }
    }

    /// A register again, on the same port, knowing nobody.
    ///
    /// # Errors
    /// The port cannot be had.
    pub async fn restart_register(&mut self) -> anyhow::Result<()> {
        self.stop_register().await?;
        let config = gatepipe_register::Config {
            listen: self.register_rpc,
            admin_listen: local(0),
            secret: self.secret.clone(),
            ..Default::default()
        };
        let register = Register::bind(config).await?;
        self.register_admin = register.admin_addr();
        self.register = Some(Part::start("the register", |stop| register.run(stop)));
        Ok(())
    }

    /// Resolves when a part has ended without being asked; [`Cluster::stop`] then tells why.
    pub async fn broken(&self) {
        let gateways = self.living().map(|gateway| &gateway.part);
        let parts = gateways.chain(&self.register).chain([&self.api]);
        select_all(parts.map(|part| Box::pin(part.ended()))).await;
    }

    /// Drains the gateways together, then ends the api, then the register.
    ///
    /// # Errors
    /// The first part that ended badly.
    pub async fn stop(mut self) -> anyhow::Result<()> {
        try_join_all(self.gateways.into_iter().flatten().map(|gateway| gateway.part.stop())).await?;
        self.api.stop().await?;
        match self.register.take() {
            Some(register) => register.stop().await,
            None => Ok(()),
        }
    }
}

async fn start_register(
    ports: Ports,
    secret: Option<SecretString>,
) -> anyhow::Result<(Part, SocketAddr, SocketAddr)> {
    let defaults = gatepipe_register::Config::default();
    let config = gatepipe_register::Config {
        listen: ports.other(defaults.listen, 0),
        admin_listen: ports.other(defaults.admin_listen, 0),
        secret,
        ..defaults
    };
    let register = Register::bind(config).await?;
    let (rpc, admin) = (register.rpc_addr(), register.admin_addr());
    Ok((Part::start("the register", |stop| register.run(stop)), rpc, admin))
}

async fn start_gateway(plan: &Plan, number: u16, register: SocketAddr) -> anyhow::Result<RunningGateway> {
    let defaults = gatepipe_gateway::Config::default();
    let mut config = gatepipe_gateway::Config {
        listen: plan.ports.ws(number)?,
        rpc_listen: plan.ports.other(defaults.rpc_listen, number),
        admin_listen: plan.ports.other(defaults.admin_listen, number),
        registers: vec![url(register)],
        secret: plan.secret.clone(),
        ..defaults
    };
    (plan.tune_gateway)(&mut config);
    let gateway = Gateway::bind(config).await?;
    Ok(RunningGateway {
        client: gateway.client_addr(),
        rpc: gateway.rpc_addr(),
        admin: gateway.admin_addr(),
        id: gateway.gateway_id().to_string(),
        part: Part::start("a gateway", |stop| gateway.run(stop)),
    })
}

fn url(addr: SocketAddr) -> String {
    format!("http://{addr}")
}
