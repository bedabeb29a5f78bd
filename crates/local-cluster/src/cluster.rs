//! Starting all parts, in the order in which they find each other, and stopping them in the other.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::Context;
use futures_util::FutureExt;
use futures_util::future::{join_all, select_all, try_join_all};
use gatepipe_api::Api;
use gatepipe_api::auth::Keys;
use gatepipe_gateway::Gateway;
use gatepipe_register::Register;

use crate::home::Home;
use crate::pages;
use crate::part::Part;
use crate::people::{self, Person};
use crate::plan::{Plan, local};

/// How long the parts may take to find each other.
const MEETING: Duration = Duration::from_secs(30);
/// How long a token of a person in a cluster is good.
const TOKEN_LIFETIME: Duration = Duration::from_secs(30 * 24 * 3600);

/// One register, whose port stays its own while it is away.
#[derive(Debug)]
struct RunningRegister {
    part: Option<Part>,
    rpc: SocketAddr,
    admin: SocketAddr,
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

/// Why a cluster ends that nobody asked to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// Every gateway has drained on command: there is nothing left to serve.
    NoGatewayLeft,
    /// A part ended that should not have; [`Cluster::stop`] tells why.
    PartEnded,
}

/// A running cluster. Dropping it stops everything without waiting.
pub struct Cluster {
    plan: Plan,
    registers: Vec<RunningRegister>,
    gateways: Vec<Option<RunningGateway>>,
    api: Part,
    api_http: SocketAddr,
    api_admin: SocketAddr,
    client: gatepipe_client::GatewayClient,
    store: gatepipe_api::store::Store,
    people: Vec<Person>,
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
        anyhow::ensure!(plan.registers > 0, "a cluster has at least one register");
        let home = Home::open(&dir)?;
        let mut registers = Vec::new();
        for number in 0..plan.registers {
            registers.push(start_register(&plan, number).await?);
        }
        let register_urls: Vec<String> = registers.iter().map(|register| url(register.rpc)).collect();
        let mut gateways = Vec::new();
        for number in 0..plan.gateways {
            let config = gateway_config(&plan, number, &register_urls)?;
            gateways.push(Some(start_gateway(config).await?));
        }

        let defaults = gatepipe_api::Config::default();
        let mut config = gatepipe_api::Config {
            listen: local(plan.ports.http),
            admin_listen: plan.ports.other(defaults.admin_listen, 0),
            registers: register_urls,
            secret: plan.secret.clone(),
            internal_tls: plan.internal_tls.clone(),
            database_url: plan.database_url.clone().unwrap_or_else(|| home.database_url()).into(),
            jwt_secret: Some(home.jwt_secret().into()),
            ..defaults
        };
        config.export.dir = Some(dir.join("exports"));
        (plan.tune_api)(&mut config);
        let api = Api::bind(config).await?;
        let keys = Keys::from_secret(&home.jwt_secret().into())?;
        let people = people::settle(&api.store(), &home, &keys, TOKEN_LIFETIME).await?;
        let (client, store) = (api.gateways(), api.store());
        let (api_http, api_admin) = (api.http_addr(), api.admin_addr());
        let api = match plan.pages {
            true => {
                let ws = gateways.iter().flatten().map(|gateway| ws_url(gateway.client)).collect();
                api.with_pages(pages::router(url(api_http), ws, &people))
            }
            false => api,
        };
        let cluster = Self {
            registers,
            gateways,
            api: Part::start("the api", |stop| api.run(stop)),
            api_http,
            api_admin,
            client,
            store,
            people,
            _temporary: temporary,
            plan,
        };
        tokio::time::timeout(MEETING, cluster.joined(usize::from(cluster.plan.gateways)))
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
        self.living().map(|gateway| ws_url(gateway.client)).collect()
    }

    /// `http://…` of the first register.
    #[must_use]
    pub fn register(&self) -> String {
        self.registers().swap_remove(0)
    }

    /// `http://…` of each register, also of those that are away.
    #[must_use]
    pub fn registers(&self) -> Vec<String> {
        self.registers.iter().map(|register| url(register.rpc)).collect()
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

    /// `http://…` of the first register's admin listener.
    #[must_use]
    pub fn register_admin(&self) -> String {
        url(self.registers[0].admin)
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
        self.gateways.iter().flatten().filter(|gateway| !gateway.part.has_ended())
    }

    /// Starts one gateway more, planned like the others and then as `change` says; gives its number. It is the last of
    /// [`Cluster::ws`] and the like.
    ///
    /// # Errors
    /// A port.
    pub async fn start_gateway(
        &mut self,
        change: impl FnOnce(&mut gatepipe_gateway::Config),
    ) -> anyhow::Result<usize> {
        let number = self.gateways.len();
        let mut config = gateway_config(&self.plan, u16::try_from(number)?, &self.registers())?;
        change(&mut config);
        self.gateways.push(Some(start_gateway(config).await?));
        Ok(number)
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

    /// Ends one register.
    ///
    /// # Errors
    /// It ended badly, or there is no such register.
    pub async fn stop_register(&mut self, number: usize) -> anyhow::Result<()> {
        match self.running_register(number)?.part.take() {
            Some(register) => register.stop().await,
            None => Ok(()),
        }
    }

    /// A register again, on the same port, knowing nobody.
    ///
    /// # Errors
    /// The port cannot be had, or there is no such register.
    pub async fn restart_register(&mut self, number: usize) -> anyhow::Result<()> {
        self.stop_register(number).await?;
        let config = gatepipe_register::Config {
            listen: self.running_register(number)?.rpc,
            admin_listen: local(0),
            secret: self.plan.secret.clone(),
            internal_tls: self.plan.internal_tls.clone(),
            ..Default::default()
        };
        *self.running_register(number)? = run_register(config).await?;
        Ok(())
    }

    fn running_register(&mut self, number: usize) -> anyhow::Result<&mut RunningRegister> {
        self.registers.get_mut(number).with_context(|| format!("there is no register {number}"))
    }

    /// Resolves when the cluster has to end although nobody asked: a gateway ended badly, the api or a register ended at all,
    /// or the last gateway has drained on command. One that drained while others serve on is no reason.
    pub async fn ended(&self) -> Ending {
        let gateways: Vec<&Part> = self.gateways.iter().flatten().map(|gateway| &gateway.part).collect();
        let registers = self.registers.iter().filter_map(|register| register.part.as_ref());
        let others = registers.chain([&self.api]).map(|part| part.ended().map(|_| ()).boxed());
        let gateways_badly = gateways.iter().map(|part| part.ended_badly().boxed());
        let all_drained = async {
            if gateways.is_empty() {
                return std::future::pending().await;
            }
            join_all(gateways.iter().map(|part| part.ended())).await
        };
        tokio::select! {
            // A bad end is an end too: the worse news wins.
            biased;
            _ = select_all(others.chain(gateways_badly)) => Ending::PartEnded,
            _ = all_drained => Ending::NoGatewayLeft,
        }
    }

    /// Drains the gateways together, then ends the api, then the registers.
    ///
    /// # Errors
    /// The first part that ended badly.
    pub async fn stop(self) -> anyhow::Result<()> {
        try_join_all(self.gateways.into_iter().flatten().map(|gateway| gateway.part.stop())).await?;
        self.api.stop().await?;
        let registers = self.registers.into_iter().filter_map(|register| register.part);
        try_join_all(registers.map(Part::stop)).await?;
        Ok(())
    }
}

async fn start_register(plan: &Plan, number: u16) -> anyhow::Result<RunningRegister> {
    let defaults = gatepipe_register::Config::default();
    let config = gatepipe_register::Config {
        listen: plan.ports.other(defaults.listen, number),
        admin_listen: plan.ports.other(defaults.admin_listen, number),
        secret: plan.secret.clone(),
        internal_tls: plan.internal_tls.clone(),
        ..defaults
    };
    run_register(config).await
}

async fn run_register(config: gatepipe_register::Config) -> anyhow::Result<RunningRegister> {
    let register = Register::bind(config).await?;
    Ok(RunningRegister {
        rpc: register.rpc_addr(),
        admin: register.admin_addr(),
        part: Some(Part::start("a register", |stop| register.run(stop))),
    })
}

fn gateway_config(
    plan: &Plan,
    number: u16,
    registers: &[String],
) -> anyhow::Result<gatepipe_gateway::Config> {
    let defaults = gatepipe_gateway::Config::default();
    let mut config = gatepipe_gateway::Config {
        listen: plan.ports.ws(number)?,
        rpc_listen: plan.ports.other(defaults.rpc_listen, number),
        admin_listen: plan.ports.other(defaults.admin_listen, number),
        registers: registers.to_vec(),
        secret: plan.secret.clone(),
        internal_tls: plan.internal_tls.clone(),
        ..defaults
    };
    (plan.tune_gateway)(&mut config);
    Ok(config)
}

async fn start_gateway(config: gatepipe_gateway::Config) -> anyhow::Result<RunningGateway> {
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

fn ws_url(addr: SocketAddr) -> String {
    format!("ws://{addr}/ws")
}
