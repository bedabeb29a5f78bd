//! The gateway: holds WebSockets and is only a pipe. No business rule, no token, no database, nothing that outlives it.
//!
//! *Inbound*: `server` (listener) → `admission` (handshake) → `connection` → `inbound` → an answer through the outbox.
//! *Event*: `seat`, `inbound`, `control` → `events` → `control/subscribe`.
//! *Command*: `control` (gRPC) → `hub` and `delivery` → `client` → `outbox` → `wire`.
//!
//! | room | what it knows |
//! | --- | --- |
//! | `server`, `admission`, `places` | sockets that are not clients yet |
//! | `connection`, `frame_limit`, `seat`, `inbound` | one client's life; how many frames it may send, and what they mean |
//! | `client`, `outbox`, `encode`, `wire`, `traffic` | bytes on their way to one client, and how many they were |
//! | `trail` (`follow`) | what becomes of one message, for whoever wants to know |
//! | `session` | the JSON object kept with a client |
//! | `hub` (`shard`), `delivery` | who is where; one message to many |
//! | `sweep`, `heartbeat` | silence, slow readers, and those that are not bound in time |
//! | `events` (`team`, `worker`, `queue`) | what workers are told, and which worker |
//! | `absence` | who believes that a uid has no client here, and the binds that wait for it |
//! | `control` | commands and questions from workers |
//! | `announce`, `drain` | coming and going |
//! | `live` | what can change while it runs |
//! | `metrics`, `gauges`, `rates` | what is counted, and how fast it grows |

mod absence;
mod admission;
mod announce;
#[cfg(feature = "bench")]
#[doc(hidden)]
pub mod bench;
mod client;
mod clock;
mod closes;
mod config;
mod connection;
mod control;
mod delivery;
mod drain;
mod encode;
mod error;
mod events;
mod frame_limit;
mod frames;
mod gauges;
mod handshake;
mod heartbeat;
mod hub;
mod inbound;
mod live;
mod metrics;
mod outbox;
mod places;

mod rates;
mod reader;
mod seat;
mod server;
mod session;
#[cfg(feature = "simulation")]
#[doc(hidden)]
pub mod simulation;
mod sweep;
mod traffic;
mod trail;
mod wire;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use gatepipe_daemon::admin::{Admin, Readiness};
use gatepipe_daemon::listen::{self, ListenOptions, Listener};
use gatepipe_daemon::network::Network;
use gatepipe_daemon::open_files;
use gatepipe_daemon::reload::Reloads;
use gatepipe_daemon::rpc::{self, RpcOptions};
use gatepipe_daemon::tls::{Certificates, Identity, Use};
use gatepipe_daemon::traces::Sending;
use gatepipe_proto::secret::{RequireSecret, SendSecret};
use gatepipe_proto::v1::gateway_server::GatewayServer;
use gatepipe_proto::{CloseCode, GatewayId};
use parking_lot::RwLock;
use prometheus_client::registry::Registry;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tokio_util::task::{AbortOnDropHandle, TaskTracker};
use tonic::service::Routes;
use tonic::service::interceptor::InterceptedService;
use tonic::transport::Endpoint;

pub use config::{Config, PROGRAM};
pub use error::GatewayError;
pub use live::Live;

use absence::Absence;
use announce::Announcements;
use client::Common;
use clock::Clock;
use control::{Control, Executor, Lane};
use events::Events;
use gauges::Gauges;
use hub::Hub;
use inbound::Inbound;
use metrics::Metrics;
use outbox::{Budget, Rules};
use places::Places;
use rates::Rates;
use server::{DoorRules, Server};
use sweep::{Sweep, SweepRules};
use trail::follow::Followers;

/// Bytes that a client's host has not acknowledged for this long mean that it is gone.
const USER_TIMEOUT: Duration = Duration::from_secs(60);
/// HTTP/2 pings to workers, so that a host that went silent frees its pipe.
const KEEPALIVE: Duration = Duration::from_secs(5);
/// Flow-control window of one stream and of a whole gRPC connection, in bytes: a slow stream must not stall the others.
const STREAM_WINDOW: u32 = 2 << 20;
const CONNECTION_WINDOW: u32 = 16 << 20;
/// Calls and pipes at once on one gRPC connection.
const MAX_STREAMS: u32 = 1024;

/// A gateway whose ports are taken. Nothing is served before [`Gateway::run`]. Workers come in by `L`.
#[derive(Debug)]
pub struct Gateway<L = TcpListener> {
    server: Arc<Server>,
    live: Live,
    sweep: Sweep,
    absence: Arc<Absence>,
    rates: Arc<Rates>,
    control: InterceptedService<GatewayServer<Control>, RequireSecret>,
    listener: TcpListener,
    network: Network<L>,
    admin: Admin,
    readiness: Readiness,
    client_addr: SocketAddr,
    stop_control: CancellationToken,
    internal_tls: Option<Arc<Identity>>,
    certificates: Certificates,
    traces: Sending,
    registers: Vec<Endpoint>,
    send_secret: SendSecret,
    advertise: String,
    drain_timeout: watch::Receiver<Duration>,
}

impl Gateway {
    /// Takes the ports.
    ///
    /// # Errors
    /// A port that cannot be had, a secret or register URL that cannot be one.
    pub async fn bind(config: Config) -> Result<Self, GatewayError> {
        let workers = ListenOptions::new("workers", "--rpc-listen");
        Self::bind_in(Network::bind(config.rpc_listen, &workers)?, config)
    }
}

impl<L: Listener> Gateway<L> {
    /// Takes the ports but that for workers, which is taken already: they come in by `network`, and registers are reached by it.
    ///
    /// # Errors
    /// A port that cannot be had, a secret or register URL that cannot be one, certificates that cannot be used.
    pub fn bind_in(network: Network<L>, config: Config) -> Result<Self, GatewayError> {
        let require_secret = RequireSecret::new(config.secret.as_ref())?;
        let send_secret = SendSecret::new(config.secret.as_ref())?;
        let registers = config.registers.iter().map(|url| endpoint(url)).collect::<Result<Vec<_>, _>>()?;
        let open_files = open_files::raise_open_files();

        let clients = ListenOptions {
            send_buffer: Some(config.send_buffer),
            user_timeout: Some(USER_TIMEOUT),
            ..ListenOptions::new("clients", "--listen")
        };
        let listener = listen::bind(config.listen, &clients)?;
        let client_addr = listener.local_addr().unwrap_or(config.listen);

        let places = Places::new(
            config.max_connections,
            config.max_connections_per_address,
            places::clients_within(open_files.soft),
        );
        let hub = Hub::new(GatewayId::random());
        let budget = Budget::new(config.outbox_total);
        let mut registry = Registry::default();
        let sweep_rules = watch::Sender::new(SweepRules::of(&config));
        let drain_timeout = watch::Sender::new(config.drain_timeout);
        let mut certificates = Certificates::new(&mut registry);
        let reloads = Reloads::register(&mut registry);
        let tls = certificates.take("clients", config.tls, Use::Http)?;
        let internal_tls = certificates.take("internal", config.internal_tls, Use::Grpc)?;
        let traces = config.traces.begin(&mut registry, PROGRAM.name, hub.gateway().to_string());
        let ours = registry.sub_registry_with_prefix("gatepipe_gateway");
        let metrics = Metrics::register(ours);
        let events = Events::new(hub.clone(), metrics.clone(), config.worker_queue);
        let absence = Absence::new(metrics.clone());
        let followers = Followers::new(metrics.clone());
        ours.register_collector(Box::new(Gauges {
            hub: hub.clone(),
            budget: budget.clone(),
            events: events.clone(),
            absence: absence.clone(),
            followers: followers.clone(),
            clients: places.clients(),
        }));
        let common = Arc::new(Common {
            metrics: metrics.clone(),
            rules: Rules {
                clock: Clock::start(),
                budget,
                limit: config.outbox_size.into(),
                slow: encode::close(CloseCode::SLOW_CONSUMER, "reads too slowly"),
            },
        });
        let readiness = Readiness::new("not announced to a register yet");
        let admin = Admin::bind(config.admin_listen, registry, readiness.clone(), PROGRAM.name)?;

        let draining = CancellationToken::new();
        let stop_control = CancellationToken::new();
        let executor = Executor {
            hub: hub.clone(),
            events: events.clone(),
            absence: absence.clone(),
            lane: Lane::open(&hub, &common),
            metrics: metrics.clone(),
            tracer: traces.tracer(),
            moments: Arc::default(),
            followers,
            draining: draining.clone(),
        };
        let rates = Rates::new(common.clock().now());
        let control = Control {
            hub: hub.clone(),
            events: events.clone(),
            common: common.clone(),
            rates: rates.clone(),
            executor,
            draining: draining.clone(),
            stop: stop_control.clone(),
        };
        let control = GatewayServer::new(control)
            .max_decoding_message_size(control::MAX_GRPC_MESSAGE_BYTES)
            .max_encoding_message_size(control::MAX_GRPC_MESSAGE_BYTES);
        let sweep = Sweep { hub: hub.clone(), common: common.clone(), rules: sweep_rules.subscribe() };
        let server = Server {
            hub,
            common,
            rules: RwLock::new(Arc::new(DoorRules {
                inbound: Inbound::new(
                    config.max_message_size,
                    config.max_frames_per_second,
                    events.clone(),
                    metrics,
                ),
                origins: config.origins,
                trusted_proxies: config.trusted_proxies,
                handshake_timeout: config.handshake_timeout,
            })),
            events,
            places,
            tls,
            draining,
            connections: TaskTracker::new(),
        };
        let server = Arc::new(server);
        Ok(Self {
            sweep,
            absence,
            rates,
            control: InterceptedService::new(control, require_secret),
            listener,
            admin,
            readiness,
            client_addr,
            stop_control,
            internal_tls,
            certificates,
            traces,
            registers,
            send_secret,
            advertise: config.advertise.unwrap_or_else(|| network.addr.to_string()),
            network,
            drain_timeout: drain_timeout.subscribe(),
            live: Live { server: server.clone(), sweep: sweep_rules, drain_timeout, reloads },
            server,
        })
    }

    /// Where clients connect.
    #[must_use]
    pub fn client_addr(&self) -> SocketAddr {
        self.client_addr
    }

    /// Where workers command it.
    #[must_use]
    pub fn rpc_addr(&self) -> SocketAddr {
        self.network.addr
    }

    /// Where health and metrics are.
    #[must_use]
    pub fn admin_addr(&self) -> SocketAddr {
        self.admin.addr()
    }

    /// What can change while it runs.
    #[must_use]
    pub fn live(&self) -> Live {
        self.live.clone()
    }

    /// New for every process: the first 16 digits of its clients' ids.
    #[must_use]
    pub fn gateway_id(&self) -> GatewayId {
        self.server.hub.gateway()
    }

    /// Serves until `stop` resolves or a command tells it to drain, then drains: readiness red, no new sockets, clients leave paced,
    /// workers hear of it, and last the lease, the command service and the admin listener.
    ///
    /// # Errors
    /// None so far.
    pub async fn run(self, stop: impl Future<Output = ()> + Send + 'static) -> Result<(), GatewayError> {
        let gateway_id = self.gateway_id().to_string();
        // None of them outlives this future.
        let accepting = spawn(self.server.clone().run(self.listener));
        let sweeping = spawn(self.sweep.run());
        let forgetting = spawn(self.absence.sweep());
        let sampling = spawn(self.rates.sample(self.server.common.clone()));
        let stop_admin = CancellationToken::new();
        let admin = spawn(self.admin.run(stop_admin.clone().cancelled_owned()));
        let watching = spawn(self.certificates.watch());
        let Network { listener, dial, .. } = self.network;
        let dial = dial.protected(self.internal_tls.clone());
        let control =
            spawn(serve_control(self.control, listener, self.internal_tls, self.stop_control.clone()));
        let announcements =
            Announcements::begin(self.registers, &dial, &self.send_secret, &gateway_id, &self.advertise);
        let readiness = self.readiness.clone();
        let announced = announcements.accepted_once();
        let getting_ready = spawn(async move {
            announced.await;
            readiness.set_ready();
        });

        tokio::select! {
            () = stop => {}
            () = self.server.draining.cancelled() => tracing::info!("a worker tells this gateway to drain"),
        }
        getting_ready.abort();
        self.readiness.set_draining("draining");
        self.server.draining.cancel();
        announcements.drain();
        tracing::info!(clients = self.server.hub.client_count(), "draining: no new clients");
        let drain_timeout = *self.drain_timeout.borrow();
        let cut = drain::drain(&self.server.hub, &self.server.connections, drain_timeout).await;
        if cut > 0 {
            tracing::warn!(clients = cut, "clients did not leave in time and were cut");
        }
        // Workers hear of every close before the gateway is off the list.
        self.server.events.finish().await;
        announcements.leave().await;
        accepting.abort();
        sweeping.abort();
        forgetting.abort();
        sampling.abort();
        watching.abort();
        self.stop_control.cancel();
        stop_admin.cancel();
        // Both end by themselves now; a task that panicked has said so in the log.
        drop(tokio::join!(control, admin));
        self.traces.finish().await;
        tracing::info!("drained");
        Ok(())
    }
}

fn spawn<T: Send + 'static>(task: impl Future<Output = T> + Send + 'static) -> AbortOnDropHandle<T> {
    AbortOnDropHandle::new(tokio::spawn(task))
}

fn endpoint(url: &str) -> Result<Endpoint, GatewayError> {
    let bad = || GatewayError::Register { url: url.to_owned() };
    let endpoint = Endpoint::from_shared(url.to_owned()).map_err(|_| bad())?;
    let has_host = endpoint.uri().host().is_some() && endpoint.uri().scheme_str() == Some("http");
    if has_host { Ok(endpoint) } else { Err(bad()) }
}

async fn serve_control(
    control: InterceptedService<GatewayServer<Control>, RequireSecret>,
    listener: impl Listener,
    tls: Option<Arc<Identity>>,
    stop: CancellationToken,
) {
    let (health, health_service) = tonic_health::server::health_reporter();
    health.set_serving::<GatewayServer<Control>>().await;
    let services = Routes::new(health_service).add_service(control).prepare();
    let options = RpcOptions {
        max_streams: MAX_STREAMS,
        keepalive: KEEPALIVE,
        keepalive_timeout: KEEPALIVE,
        stream_window: STREAM_WINDOW,
        connection_window: CONNECTION_WINDOW,
        tls,
        ..RpcOptions::default()
    };
    rpc::serve(listener, services, options, stop.cancelled_owned()).await;
}
