//! The business side of Gatepipe: who may do what, what must last, and what the gateways are told.
//!
//! A request goes one way: [`router`] → [`http::token`] (whose token, which permission) → `http/<resource>` (decode, encode) →
//! [`service`] (the rule) → [`store`] (SQL) or the gateways' client. `http` names neither SQL nor diesel, `service` neither HTTP
//! nor SQL, `store` neither HTTP nor rules.
//!
//! [`Api::bind`] takes ports and opens the database, [`Api::run`] serves. Users, roles and tokens are made through [`store`],
//! [`service::users`] and [`auth`]; the operators' tool comes in there.

pub mod app;
pub mod audit;
pub mod auth;
pub mod config;
pub mod error;
pub mod export;
pub mod http;
pub mod id;
pub mod idempotency;
pub mod live;
pub mod metrics;
pub mod notification;
pub mod openapi;
pub mod pushed;
pub mod reason;
pub mod reload;
pub mod router;
pub mod server;
pub mod service;
pub mod stats;
pub mod store;
pub mod user;
pub mod write_behind;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use chrono::Utc;
use gatepipe_client::GatewayClient;
use gatepipe_daemon::admin::{Admin, Readiness};
use gatepipe_daemon::listen::{self, BindError, ListenOptions};
use gatepipe_daemon::reload::Reloads;
use gatepipe_daemon::room::Room;
use gatepipe_daemon::tls::{Certificates, Unusable, Use};
use gatepipe_daemon::traces::Sending;
use prometheus_client::registry::Registry;
use secrecy::ExposeSecret as _;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

pub use config::{Config, PROGRAM};

use app::{App, Rules, Settings, Setup};
use audit::Audit;
use auth::caller::Tokens;
use auth::foreign::Fetches;
use auth::password::PasswordCheck;
use export::folder::Folder;
use http::layers::Running;
use metrics::Metrics;
use pushed::Outcomes;
use reload::Live;
use server::Server;
use service::export::Exports;
use store::Store;

/// How often is looked whether a register was heard.
const LOOK: Duration = Duration::from_millis(20);

/// Why an api does not start, or does not end well.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is no key for tokens.
    #[error(transparent)]
    Key(#[from] config::KeyError),
    /// The database cannot be opened.
    #[error(transparent)]
    Database(#[from] store::OpenError),
    /// A port cannot be taken.
    #[error(transparent)]
    Listen(#[from] BindError),
    /// There is no randomness or no memory.
    #[error(transparent)]
    Passwords(#[from] auth::password::HashFailed),
    /// Exports have no place.
    #[error("cannot use {} for exports: {cause}; check who owns it, or set --export-dir", path.display())]
    ExportDir {
        /// The directory.
        path: PathBuf,
        /// Why not.
        cause: std::io::Error,
    },
    /// The registers or the secret cannot be used.
    #[error(transparent)]
    Gateways(#[from] gatepipe_client::InvalidSettings),
    /// A certificate or key that cannot be used.
    #[error(transparent)]
    Tls(#[from] Unusable),
}

/// An api whose ports are taken and whose database is up to date.
pub struct Api {
    app: App,
    audit: audit::queue::Writer,
    pushed: pushed::Writer,
    running: Running,
    header_timeout: watch::Sender<Duration>,
    fetches: Fetches,
    server: Server,
    listener: TcpListener,
    http_addr: SocketAddr,
    admin: Admin,
    readiness: Readiness,
    certificates: Certificates,
    traces: Sending,
    reloads: Reloads,
}

impl Api {
    /// Opens the database, takes the ports, and starts to look for gateways. Requests are answered once it runs.
    ///
    /// # Errors
    /// [`Error`], a line that says what is wrong and what to do.
    pub async fn bind(config: Config) -> Result<Self, Error> {
        let fetches = Fetches::default();
        let tokens = config.tokens(&fetches)?;
        config.warn_about_tokens();
        let rules = Rules::of(&config);
        let shown = config.shown();
        let setup = Setup {
            database: store::shown(config.database_url.expose_secret()),
            started_at_ms: Utc::now().timestamp_millis(),
        };
        let store =
            Store::open_with(config.database_url.expose_secret(), config.database_connections).await?;
        let folder = open_folder(config.export_dir()).await?;
        let listener = listen::bind(config.listen, &ListenOptions::new("HTTP", "--listen"))?;
        let http_addr = listener.local_addr().unwrap_or(config.listen);
        let mut registry = Registry::default();
        let metrics = Metrics::register(&mut registry, &store);
        Metrics::count_fetches(&mut registry, &fetches);
        let mut certificates = Certificates::new(&mut registry);
        let reloads = Reloads::register(&mut registry);
        let instance = format!("{:016x}", rand::random::<u64>());
        let traces = config.traces.begin(&mut registry, PROGRAM.name, instance);
        let tls = certificates.take("http", config.tls, Use::Http)?;
        // Watched here, so that its end is told; the client reads it for itself.
        certificates.take("internal", config.internal_tls.clone(), Use::Grpc)?;
        if let Tokens::Foreign(foreign) = &tokens {
            foreign.start().await;
        }
        let readiness = Readiness::new("no register was heard yet");
        let admin = Admin::bind(config.admin_listen, registry, readiness.clone(), PROGRAM.name)?;
        // Only now: it begins to call the registers.
        let gateways = GatewayClient::builder()
            .registers(config.registers)
            .secret(config.secret)
            .tls(config.internal_tls)
            .deadline(config.command_timeout)
            .tracer(traces.tracer())
            .build()?;
        metrics.watch(gateways.clone());
        let exports = Exports::new(folder, config.export);
        let settings = Settings {
            success_code: config.success_code,
            time_zone: config.time_zone,
            tries_per_name: config.login_tries_per_username,
            tries_per_address: config.login_tries_per_address,
            create_users: config.foreign.create_users,
            setup,
        };
        let (audit, writer) = Audit::new(store.clone(), metrics.audit.clone());
        let (outcomes, pushed) = Outcomes::new(store.clone(), metrics.push_outcomes.clone());
        let (open, count) = (metrics.connections.clone(), metrics.running.clone());
        let passwords = PasswordCheck::new()?;
        let app = App::new(
            store,
            gateways,
            tokens,
            passwords,
            exports,
            audit,
            outcomes,
            metrics,
            traces.tracer(),
            settings,
            rules,
            shown,
        );
        let running = Running::new(config.max_requests.get(), count);
        let (router, _) = router::router(&app, running.clone(), Router::new());
        let header_timeout = watch::Sender::new(config.header_timeout);
        let server = Server {
            router,
            tls,
            header_timeout: header_timeout.subscribe(),
            room: Room::new(config.max_connections.get()),
            open,
        };
        Ok(Self {
            app,
            audit: writer,
            pushed,
            running,
            header_timeout,
            fetches,
            server,
            listener,
            http_addr,
            admin,
            readiness,
            certificates,
            traces,
            reloads,
        })
    }

    /// Serves `pages` beside its own routes.
    #[must_use]
    pub fn with_pages(mut self, pages: Router) -> Self {
        (self.server.router, _) = router::router(&self.app, self.running.clone(), pages);
        self
    }

    /// Where HTTP is served.
    #[must_use]
    pub fn http_addr(&self) -> SocketAddr {
        self.http_addr
    }

    /// Where health and metrics are served.
    #[must_use]
    pub fn admin_addr(&self) -> SocketAddr {
        self.admin.addr()
    }

    /// What can change while it runs.
    #[must_use]
    pub fn live(&self) -> Live {
        Live {
            app: self.app.clone(),
            running: self.running.clone(),
            connections: self.server.room.clone(),
            header_timeout: self.header_timeout.clone(),
            fetches: self.fetches.clone(),
            reloads: self.reloads.clone(),
        }
    }

    /// The database, to make users and the like in the same process.
    #[must_use]
    pub fn store(&self) -> Store {
        self.app.store.clone()
    }

    /// How this api commands gateways.
    #[must_use]
    pub fn gateways(&self) -> GatewayClient {
        self.app.gateways.clone()
    }

    /// Turns ready when a register was heard once, red when it drains.
    #[must_use]
    pub fn readiness(&self) -> Readiness {
        self.readiness.clone()
    }

    /// Serves until `stop`; then takes no more requests, lets those that run end within the drain timeout, and returns.
    ///
    /// # Errors
    /// None today; the signature is that of every daemon.
    pub async fn run(self, stop: impl Future<Output = ()> + Send + 'static) -> Result<(), Error> {
        let Self {
            app,
            audit,
            pushed,
            running,
            server,
            listener,
            admin,
            readiness,
            certificates,
            traces,
            ..
        } = self;
        let (draining, ended) = (CancellationToken::new(), CancellationToken::new());
        let admin = tokio::spawn(admin.run(ended.clone().cancelled_owned()));
        let watching = tokio::spawn(watch_readiness(app.clone(), readiness.clone()));
        let fresh = app.clone();
        let refreshing = tokio::spawn(async move { fresh.auth.keep_fresh().await });
        let sampling = tokio::spawn(stats::sample(
            app.gateways.clone(),
            app.watching.recent.clone(),
            Arc::clone(&app.watching.binds),
        ));
        let feed = app.live.feed.clone();
        let listening = tokio::spawn(live::listener::listen(app.gateways.clone(), feed.clone()));
        let looking = tokio::spawn(live::changes::watch(app.gateways.clone(), feed));
        let swept = app.clone();
        let sweeping = tokio::spawn(async move { service::sweep::keep_swept(&swept).await });
        let clearing = tokio::spawn(service::export::sweep::sweep(app.clone()));
        let auditing = tokio::spawn(audit.run(ended.clone()));
        let noting = tokio::spawn(pushed.run(ended.clone()));
        let reading = tokio::spawn(certificates.watch());
        let workers = TaskTracker::new();
        for _ in 0..app.exports.settings().workers {
            workers.spawn(service::export::worker::work(app.clone(), draining.clone()));
        }
        workers.close();
        let mut serving = tokio::spawn(server.run(listener, draining.clone()));
        stop.await;
        let drain_timeout = app.rules().drain_timeout;
        readiness.set_draining("stopping");
        app.watching.end();
        draining.cancel();
        let politely = async {
            drop((&mut serving).await);
            running.ended().await;
            workers.wait().await;
        };
        if timeout(drain_timeout, politely).await.is_err() {
            tracing::warn!(?drain_timeout, "requests or exports did not end in time and are cut");
            serving.abort();
        }
        watching.abort();
        sampling.abort();
        listening.abort();
        looking.abort();
        clearing.abort();
        refreshing.abort();
        sweeping.abort();
        reading.abort();
        ended.cancel();
        drop(auditing.await);
        drop(noting.await);
        drop(admin.await);
        traces.finish().await;
        Ok(())
    }
}

async fn open_folder(path: PathBuf) -> Result<Folder, Error> {
    let opened = path.clone();
    let opening = tokio::task::spawn_blocking(move || Folder::open(&opened));
    let opened = opening.await.unwrap_or_else(|ended| Err(std::io::Error::other(ended)));
    opened.map_err(|cause| Error::ExportDir { path, cause })
}

/// The tables are up to date since `bind`; what is missing is a first word of a register.
async fn watch_readiness(app: App, readiness: Readiness) {
    while !app.gateways.heard_register() {
        tokio::time::sleep(LOOK).await;
    }
    readiness.set_ready();
}
