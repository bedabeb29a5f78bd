//! Every setting of the gateway, with unit, default, and what a larger value costs.

use std::net::SocketAddr;
use std::time::Duration;

use gatepipe_daemon::config::{self, ConfigError, Knob, Noted, Program, Settings};
use gatepipe_daemon::telemetry::Log;
use secrecy::SecretString;

const KNOBS: &[Knob] = &[
    Knob::one("listen", "ADDR", Some("0.0.0.0:7272"), "Where clients connect (WebSocket, paths / and /ws)"),
    Knob::one(
        "rpc-listen",
        "ADDR",
        Some("127.0.0.1:2300"),
        "Where workers command this gateway (gRPC). Another address than loopback needs --secret",
    ),
    Knob::one(
        "advertise",
        "HOST:PORT",
        None,
        "How workers reach --rpc-listen, as announced to the registers [default: the address of --rpc-listen]",
    ),
    Knob::one(
        "admin-listen",
        "ADDR",
        Some("127.0.0.1:9272"),
        "Where /healthz, /readyz and /metrics are served (HTTP)",
    ),
    Knob::one(
        "ping-interval",
        "DURATION",
        Some("55s"),
        "A client silent for almost this long is pinged, so that proxies do not end it; 0s: never. Keep it under the proxy's read timeout",
    ),
    Knob::one(
        "ping-not-response-limit",
        "COUNT",
        Some("1"),
        "A client silent for this many intervals and a half is closed with 4104; 0: never",
    ),
    Knob::one(
        "ping-data",
        "TEXT",
        Some(""),
        "Sent as a text message instead of a WebSocket Ping frame when not empty",
    ),
    Knob::one(
        "max-connections",
        "COUNT",
        Some("0"),
        "Clients at most; more are answered 503. 0: as many as the open-file limit allows",
    ),
    Knob::list(
        "origin",
        "URL",
        None,
        "Pages that may connect, such as https://admin.example.com; repeatable [default: any]",
    ),
    Knob::one(
        "max-message-size",
        "SIZE",
        Some("64KiB"),
        "Longest message from a client; a longer one is closed with 1009",
    ),
    Knob::one("handshake-timeout", "DURATION", Some("10s"), "How long a handshake may take"),
    Knob::one(
        "outbox-size",
        "SIZE",
        Some("1MiB"),
        "Bytes that may wait for one client; past it the client is closed with 4102",
    ),
    Knob::one(
        "outbox-age",
        "DURATION",
        Some("20s"),
        "How long a byte may wait for one client; past it the client is closed with 4102",
    ),
    Knob::one(
        "outbox-total",
        "SIZE",
        Some("256MiB"),
        "Bytes that may wait for all clients together; past it the largest outbox is closed first",
    ),
    Knob::one(
        "send-buffer",
        "SIZE",
        Some("64KiB"),
        "The kernel's send buffer (SO_SNDBUF) of each client; it counts beside --outbox-size",
    ),
    Knob::one(
        "drain-timeout",
        "DURATION",
        Some("15s"),
        "After SIGTERM every client is told and closed within this time",
    ),
];

/// What `gatepipe-gateway --help` is made of.
pub const PROGRAM: Program = Program {
    name: "gatepipe-gateway",
    section: "gateway",
    about: "Holds the WebSockets of one host and is only a pipe: workers command it over gRPC.",
    examples: "Examples:
  gatepipe-gateway
  gatepipe-gateway --listen 0.0.0.0:7273 --rpc-listen 127.0.0.1:2301 --admin-listen 127.0.0.1:9273
  gatepipe-gateway --rpc-listen 0.0.0.0:2300 --advertise edge-1:2300 --register http://register:1236 --secret-file /run/secrets/gatepipe",
    knobs: KNOBS,
};

/// Everything a gateway is told at its start. `default()` is what `--help` shows.
#[derive(Debug, Clone)]
pub struct Config {
    /// Clients' listener.
    pub listen: SocketAddr,
    /// Command service's listener.
    pub rpc_listen: SocketAddr,
    /// host:port that is announced; `None`: the address that `rpc_listen` got.
    pub advertise: Option<String>,
    /// Health and metrics.
    pub admin_listen: SocketAddr,
    /// URLs of all registers.
    pub registers: Vec<String>,
    /// Shared by every internal gRPC link.
    pub secret: Option<SecretString>,
    /// Zero: no pings.
    pub ping_interval: Duration,
    /// Zero: silence never closes.
    pub ping_not_response_limit: u32,
    /// Empty: a WebSocket Ping frame.
    pub ping_data: String,
    /// Zero: by the open-file limit.
    pub max_connections: usize,
    /// Empty: any.
    pub origins: Vec<String>,
    /// In bytes.
    pub max_message_size: usize,
    /// Half-sent handshakes are cut after it.
    pub handshake_timeout: Duration,
    /// Of one client, in bytes.
    pub outbox_size: usize,
    /// Of one client's oldest byte.
    pub outbox_age: Duration,
    /// Of all clients together, in bytes.
    pub outbox_total: usize,
    /// SO_SNDBUF of each client, in bytes.
    pub send_buffer: usize,
    /// From SIGTERM to the last close.
    pub drain_timeout: Duration,
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
        let rpc_listen = s.addr("rpc-listen");
        let advertise = s.optional_text("advertise");
        let admin_listen = s.addr("admin-listen");
        let registers = s.internal_urls("register");
        let secret = s.shared_secret();
        let ping_interval = s.duration_or_zero("ping-interval");
        let ping_not_response_limit = s.number("ping-not-response-limit");
        let ping_data = s.text("ping-data");
        let max_connections = s.number("max-connections");
        let origins = s.list("origin");
        let max_message_size = size(s, "max-message-size");
        let handshake_timeout = s.duration("handshake-timeout");
        let outbox_size = size(s, "outbox-size");
        let outbox_age = s.duration("outbox-age");
        let outbox_total = size(s, "outbox-total");
        let send_buffer = size(s, "send-buffer");
        let drain_timeout = s.duration_or_zero("drain-timeout");
        let log = Log::read(s);
        if let (Ok(addr), Ok(secret)) = (&rpc_listen, &secret) {
            config::check_internal_listener(s, "rpc-listen", *addr, secret.as_ref());
            if addr.ip().is_unspecified() && matches!(&advertise, Ok(None)) {
                s.mistake("advertise", "workers cannot dial an unspecified address: say how they reach --rpc-listen, such as edge-1:2300");
            }
        }
        s.check()?;
        Ok(Self {
            listen: listen?,
            rpc_listen: rpc_listen?,
            advertise: advertise?,
            admin_listen: admin_listen?,
            registers: registers?,
            secret: secret?,
            ping_interval: ping_interval?,
            ping_not_response_limit: ping_not_response_limit?,
            ping_data: ping_data?,
            max_connections: max_connections?,
            origins: origins?,
            max_message_size: max_message_size?,
            handshake_timeout: handshake_timeout?,
            outbox_size: outbox_size?,
            outbox_age: outbox_age?,
            outbox_total: outbox_total?,
            send_buffer: send_buffer?,
            drain_timeout: drain_timeout?,
            log: log?,
        })
    }
}

fn size(settings: &mut Settings, name: &'static str) -> Result<usize, Noted> {
    settings.size(name).map(|bytes| usize::try_from(bytes).unwrap_or(usize::MAX))
}

impl Default for Config {
    fn default() -> Self {
        Self::read(&mut Settings::defaults(&PROGRAM)).expect("the documented defaults are valid")
    }
}
