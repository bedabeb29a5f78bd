//! The register: which gateways are alive. It keeps nothing but the list, and nothing on disk: a restarted register is told
//! everything again by the gateways.
//!
//! `service` (gRPC) → `shared` (the one lock, the watchers) → `roster` (leases and versions, pure). Before one gateway gets what
//! another holds, `ask` asks who is there, and `takeover` decides (pure).

mod ask;
mod config;
mod error;
mod metrics;
mod roster;
mod service;
mod shared;
mod takeover;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use gatepipe_daemon::admin::{Admin, Readiness};
use gatepipe_daemon::config::{ConfigError, Settings};
use gatepipe_daemon::listen::{ListenOptions, Listener};
use gatepipe_daemon::network::Network;
use gatepipe_daemon::open_files;
use gatepipe_daemon::reload::{self, Reloads};
use gatepipe_daemon::rpc::{self, RpcOptions};
use gatepipe_daemon::tls::{Certificates, Identity, Use};
use gatepipe_proto::secret::{RequireSecret, SendSecret};
use gatepipe_proto::v1::register_server::RegisterServer;
use prometheus_client::registry::Registry;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tonic::service::Routes;
use tonic::service::interceptor::InterceptedService;

pub use config::{Config, PROGRAM};
pub use error::RegisterError;

use metrics::Metrics;
use roster::Roster;
use service::Service;
use shared::Shared;

/// Gateways and workers connected at once; each needs one connection.
const MAX_CONNECTIONS: usize = 4096;
/// Longest message, in bytes: one announcement.
const MAX_MESSAGE_BYTES: usize = 16 << 10;

/// A register whose ports are taken. Nothing is served before [`Register::run`]. Gateways and workers come in by `L`.
#[derive(Debug)]
pub struct Register<L = TcpListener> {
    service: InterceptedService<RegisterServer<Service>, RequireSecret>,
    shared: Arc<Shared>,
    listener: L,
    rpc_addr: SocketAddr,
    admin: Admin,
    readiness: Readiness,
    keepalive: (Duration, Duration),
    tls: Option<Arc<Identity>>,
    certificates: Certificates,
    reloads: Reloads,
    stop: CancellationToken,
}

impl Register {
    /// Takes the ports.
    ///
    /// # Errors
    /// A port that cannot be had, or a secret that cannot be one.
    pub async fn bind(config: Config) -> Result<Self, RegisterError> {
        let everybody = ListenOptions::new("gateways and workers", "--listen");
        Self::bind_in(Network::bind(config.listen, &everybody)?, config)
    }
}

impl<L: Listener> Register<L> {
    /// Takes the admin port only: gateways and workers come in by `network`, and gateways are asked by it.
    ///
    /// # Errors
    /// A port that cannot be had, a secret that cannot be one, or certificates that cannot be used.
    pub fn bind_in(network: Network<L>, config: Config) -> Result<Self, RegisterError> {
        let Network { listener, addr: rpc_addr, dial } = network;
        let require_secret = RequireSecret::new(config.secret.as_ref())?;
        let send_secret = SendSecret::new(config.secret.as_ref())?;
        let _ = open_files::raise_open_files();
        let mut registry = Registry::default();
        let metrics = Metrics::register(&mut registry);
        let mut certificates = Certificates::new(&mut registry);
        let reloads = Reloads::register(&mut registry);
        let tls = certificates.take("internal", config.internal_tls, Use::Grpc)?;
        let readiness = Readiness::new("starting");
        let admin = Admin::bind(config.admin_listen, registry, readiness.clone(), PROGRAM.name)?;
        let stop = CancellationToken::new();
        let shared = Arc::new(Shared::new(Roster::new(config.grace), metrics.clone()));
        let dial = dial.protected(tls.clone());
        let service = Service::new(shared.clone(), metrics, dial, send_secret, stop.clone());
        let service = RegisterServer::new(service).max_decoding_message_size(MAX_MESSAGE_BYTES);
        Ok(Self {
            service: InterceptedService::new(service, require_secret),
            shared,
            listener,
            rpc_addr,
            admin,
            readiness,
            keepalive: (config.keepalive, config.keepalive_timeout),
            tls,
            certificates,
            reloads,
            stop,
        })
    }

    /// Where gateways and workers connect.
    #[must_use]
    pub fn rpc_addr(&self) -> SocketAddr {
        self.rpc_addr
    }

    /// What can change while it runs.
    #[must_use]
    pub fn live(&self) -> Live {
        Live(self.reloads.clone())
    }

    /// Where health and metrics are.
    #[must_use]
    pub fn admin_addr(&self) -> SocketAddr {
        self.admin.addr()
    }

    /// Serves until `stop` resolves; then every stream is ended. Dropping it ends everything at once.
    ///
    /// # Errors
    /// None so far.
    pub async fn run(self, stop: impl Future<Output = ()> + Send + 'static) -> Result<(), RegisterError> {
        let stop_admin = CancellationToken::new();
        self.readiness.set_ready();
        let stopping = async {
            stop.await;
            self.readiness.set_draining("ending");
            self.stop.cancel();
        };
        let (keepalive, keepalive_timeout) = self.keepalive;
        let options = RpcOptions {
            max_connections: MAX_CONNECTIONS,
            keepalive,
            keepalive_timeout,
            tls: self.tls,
            ..RpcOptions::default()
        };
        let serving = serve(self.service, self.listener, options, self.stop.clone());
        let serving = async {
            tokio::join!(stopping, serving);
            stop_admin.cancel();
        };
        let admin = self.admin.run(stop_admin.clone().cancelled_owned());
        tokio::select! {
            ((), ()) = async { tokio::join!(serving, admin) } => tracing::info!("ended"),
            () = self.shared.expire_always() => {}
            () = self.certificates.watch() => {}
        }
        Ok(())
    }
}

/// What can change while a register runs: what it logs.
#[derive(Debug, Clone)]
pub struct Live(Reloads);

impl reload::Live for Live {
    type Config = Config;

    const SETTINGS: &'static [&'static str] = &[];

    fn read(settings: &mut Settings) -> Result<Config, ConfigError> {
        Config::read(settings)
    }

    fn take(&self, _: Config) -> Vec<&'static str> {
        Vec::new()
    }

    fn reloads(&self) -> &Reloads {
        &self.0
    }
}

async fn serve(
    service: InterceptedService<RegisterServer<Service>, RequireSecret>,
    listener: impl Listener,
    options: RpcOptions,
    stop: CancellationToken,
) {
    let (health, health_service) = tonic_health::server::health_reporter();
    health.set_serving::<RegisterServer<Service>>().await;
    let services = Routes::new(health_service).add_service(service).prepare();
    rpc::serve(listener, services, options, stop.cancelled_owned()).await;
}
