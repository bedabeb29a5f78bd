//! Every setting of the register.

use std::net::SocketAddr;
use std::time::Duration;

use gatepipe_daemon::config::{self, ConfigError, Knob, Program, Settings};
use gatepipe_daemon::telemetry::Log;
use gatepipe_daemon::tls::{self, Files};
use secrecy::SecretString;

const KNOBS: &[Knob] = &[
    Knob::one(
        "listen",
        "ADDR",
        Some("127.0.0.1:1236"),
        "Where gateways announce themselves and workers watch (gRPC). Another address than loopback needs --secret or --internal-tls-ca",
    ),
    Knob::one(
        "admin-listen",
        "ADDR",
        Some("127.0.0.1:9236"),
        "Where /healthz, /readyz and /metrics are served (HTTP)",
    ),
];

/// What `gatepipe-register --help` is made of.
pub const PROGRAM: Program = Program {
    name: "gatepipe-register",
    section: "register",
    about: "Tells everyone which gateways exist. Several independent ones may run.",
    examples: "Examples:
  gatepipe-register
  gatepipe-register --listen 0.0.0.0:1236 --secret-file /run/secrets/gatepipe
  gatepipe-register --listen 0.0.0.0:1236 --internal-tls-ca ca.pem --internal-tls-cert register.pem --internal-tls-key register.key",
    knobs: KNOBS,
};

/// Everything a register is told at its start. `default()` is what `--help` shows.
#[derive(Debug, Clone)]
pub struct Config {
    /// Gateways and workers.
    pub listen: SocketAddr,
    /// Health and metrics.
    pub admin_listen: SocketAddr,
    /// Shared by every internal gRPC link.
    pub secret: Option<SecretString>,
    /// Certificates for every internal gRPC link.
    pub internal_tls: Option<Files>,
    /// How long a gateway stays listed after its stream broke off.
    pub grace: Duration,
    /// HTTP/2 pings on a connection that is silent for so long.
    pub keepalive: Duration,
    /// A host that does not answer a ping within this time has lost its streams.
    pub keepalive_timeout: Duration,
    /// What is logged; used by `main` only.
    pub log: Log,
}

impl Config {
    /// Reads flags, environment and file; every mistake at once.
    ///
    /// # Errors
    /// All mistakes, in words.
    pub fn load() -> Result<Self, ConfigError> {
        Self::read(&mut Settings::load(&PROGRAM)?)
    }

    /// The typed configuration from these settings.
    ///
    /// # Errors
    /// All mistakes, in words.
    pub fn read(settings: &mut Settings) -> Result<Self, ConfigError> {
        let s = settings;
        let listen = s.addr("listen");
        let admin_listen = s.addr("admin-listen");
        let secret = s.shared_secret();
        let internal_tls = tls::read_internal(s);
        let log = Log::read(s);
        if let (Ok(addr), Ok(secret), Ok(tls)) = (&listen, &secret, &internal_tls) {
            config::check_internal_listener(s, "listen", *addr, secret.as_ref(), tls.as_ref());
        }
        s.check()?;
        Ok(Self {
            listen: listen?,
            admin_listen: admin_listen?,
            secret: secret?,
            internal_tls: internal_tls?,
            // Together between 14 and 15 s until a silent host is off the list.
            grace: Duration::from_secs(5),
            keepalive: Duration::from_secs(1),
            keepalive_timeout: Duration::from_secs(9),
            log: log?,
        })
    }
}

impl Default for Config {
    fn default() -> Self {
        Self::read(&mut Settings::defaults(&PROGRAM)).expect("the documented defaults are valid")
    }
}
