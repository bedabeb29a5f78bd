//! Every setting of the gateway, with unit, default, and what a larger value costs.

use std::net::SocketAddr;
use std::time::Duration;

use gatepipe_daemon::config::{self, ConfigError, Knob, Noted, Program, Settings};
use gatepipe_daemon::forwarded::Network;
use gatepipe_daemon::telemetry::Log;
use gatepipe_daemon::tls::{self, Files};
use gatepipe_daemon::traces::Traces;
use gatepipe_proto::MAX_MESSAGE_BYTES;
use secrecy::SecretString;

const KNOBS: &[Knob] = &[
    Knob::one("listen", "ADDR", Some("0.0.0.0:7272"), "Where clients connect (WebSocket, paths / and /ws)"),
    tls::CERT,
    tls::KEY,
    Knob::one(
        "rpc-listen",
        "ADDR",
        Some("127.0.0.1:2300"),
        "Where workers command this gateway (gRPC). Another address than loopback needs --secret or --internal-tls-ca",
    ),
    Knob::one(
        "advertise",
        "HOST:PORT",
        None,
        "How workers reach --rpc-listen, as announced to the registers [default: the address of --rpc-listen]",
    )
    .example("edge-1:2300"),
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
    )
    .remark("by the open-file limit"),
    Knob::one(
        "max-connections-per-address",
        "COUNT",
        Some("0"),
        "Clients at most from one remote address (an IPv6 /64 counts as one); more are answered 429. 0: any number. Behind a proxy also set --trusted-proxy; many people may share one address",
    )
    .remark("any number"),
    Knob::list(
        "trusted-proxy",
        "NETWORK",
        None,
        "A proxy of ours, whose X-Forwarded-For is believed: an address or a network such as 10.0.0.0/8; repeatable [default: none]",
    )
    .example("10.0.0.0/8"),
    Knob::list(
        "origin",
        "URL",
        None,
        "Pages that may connect, such as https://admin.example.com; repeatable [default: any]",
    )
    .example("https://admin.example.com"),
    Knob::one(
        "max-message-size",
        "SIZE",
        Some("64KiB"),
        "Longest message from a client, at most 1MiB; a longer one is closed with 1009",
    ),
    Knob::one(
        "max-frames-per-second",
        "COUNT",
        Some("0"),
        "Frames a client may send in a second, and at once after a quiet one; past it the client is closed with 4103. Fragments, pings and pongs count too. 0: any number",
    )
    .remark("any number"),
    Knob::one(
        "bind-timeout",
        "DURATION",
        Some("0s"),
        "A client without a uid for longer than this, since it connected or was last unbound, is closed with 4101; 0s: never",
    )
    .remark("never"),
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
        "worker-queue",
        "SIZE",
        Some("16MiB"),
        "Bytes of events that may wait for one worker; past it messages are dropped, past twice it everything, and the worker is told how much",
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
  gatepipe-gateway --rpc-listen 0.0.0.0:2300 --advertise edge-1:2300 --register http://register:1236 --secret-file /run/secrets/gatepipe
  gatepipe-gateway --tls-cert fullchain.pem --tls-key privkey.pem
  gatepipe-gateway --rpc-listen 0.0.0.0:2300 --advertise edge-1:2300 --register http://register:1236 --internal-tls-ca ca.pem --internal-tls-cert edge-1.pem --internal-tls-key edge-1.key",
    knobs: KNOBS,
};

/// Everything a gateway is told at its start. `default()` is what `--help` shows.
#[derive(Debug, Clone)]
pub struct Config {
    /// Clients' listener.
    pub listen: SocketAddr,
    /// What clients are shown; `None`: no TLS.
    pub tls: Option<Files>,
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
    /// Certificates for every internal gRPC link.
    pub internal_tls: Option<Files>,
    /// Zero: no pings.
    pub ping_interval: Duration,
    /// Zero: silence never closes.
    pub ping_not_response_limit: u32,
    /// Empty: a WebSocket Ping frame.
    pub ping_data: String,
    /// Zero: by the open-file limit.
    pub max_connections: usize,
    /// Of one remote address, an IPv6 network of 64 bits counting as one. Zero: any number.
    pub max_connections_per_address: usize,
    /// Whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<Network>,
    /// Empty: any.
    pub origins: Vec<String>,
    /// In bytes.
    pub max_message_size: usize,
    /// Of one client, with a second's worth at once. Zero: any number.
    pub max_frames_per_second: u32,
    /// Zero: a client may stay without a uid.
    pub bind_timeout: Duration,
    /// Half-sent handshakes are cut after it.
    pub handshake_timeout: Duration,
    /// Of one client, in bytes.
    pub outbox_size: usize,
    /// Of one client's oldest byte.
    pub outbox_age: Duration,
    /// Of all clients together, in bytes.
    pub outbox_total: usize,
    /// Of events for one worker, in bytes.
    pub worker_queue: usize,
    /// SO_SNDBUF of each client, in bytes.
    pub send_buffer: usize,
    /// From SIGTERM to the last close.
    pub drain_timeout: Duration,
    /// Where traces go.
    pub traces: Traces,
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
        let public_tls = tls::read_public(s);
        let internal_tls = tls::read_internal(s);
        let ping_interval = s.duration_or_zero("ping-interval");
        let ping_not_response_limit = count(s, "ping-not-response-limit", "0 never closes");
        let ping_data = s.text("ping-data");
        let max_connections = count(s, "max-connections", "0 is as many as the open-file limit allows");
        let max_connections_per_address = count(s, "max-connections-per-address", "0 is any number");
        let trusted_proxies = s.parsed_list("trusted-proxy");
        let origins = s.list("origin");
        let max_message_size = size(s, "max-message-size");
        if matches!(max_message_size, Ok(bytes) if bytes > MAX_MESSAGE_BYTES) {
            s.mistake("max-message-size", "must be at most 1MiB, the longest message there is");
        }
        let max_frames_per_second = count(s, "max-frames-per-second", "0 is any number");
        let bind_timeout = s.duration_or_zero("bind-timeout");
        let handshake_timeout = s.duration("handshake-timeout");
        let outbox_size = size(s, "outbox-size");
        let outbox_age = s.duration("outbox-age");
        let outbox_total = size(s, "outbox-total");
        let worker_queue = size(s, "worker-queue");
        let send_buffer = size(s, "send-buffer");
        let drain_timeout = s.duration_or_zero("drain-timeout");
        let traces = Traces::read(s);
        let log = Log::read(s);
        if let (Ok(addr), Ok(secret), Ok(tls)) = (&rpc_listen, &secret, &internal_tls) {
            config::check_internal_listener(s, "rpc-listen", *addr, secret.as_ref(), tls.as_ref());
            if addr.ip().is_unspecified() && matches!(&advertise, Ok(None)) {
                s.mistake("advertise", "workers cannot dial an unspecified address: say how they reach --rpc-listen, such as edge-1:2300");
            }
        }
        s.check()?;
        Ok(Self {
            listen: listen?,
            tls: public_tls?,
            rpc_listen: rpc_listen?,
            advertise: advertise?,
            admin_listen: admin_listen?,
            registers: registers?,
            secret: secret?,
            internal_tls: internal_tls?,
            ping_interval: ping_interval?,
            ping_not_response_limit: ping_not_response_limit?,
            ping_data: ping_data?,
            max_connections: max_connections?,
            max_connections_per_address: max_connections_per_address?,
            trusted_proxies: trusted_proxies?,
            origins: origins?,
            max_message_size: max_message_size?,
            max_frames_per_second: max_frames_per_second?,
            bind_timeout: bind_timeout?,
            handshake_timeout: handshake_timeout?,
            outbox_size: outbox_size?,
            outbox_age: outbox_age?,
            outbox_total: outbox_total?,
            worker_queue: worker_queue?,
            send_buffer: send_buffer?,
            drain_timeout: drain_timeout?,
            traces: traces?,
            log: log?,
        })
    }
}

fn size(settings: &mut Settings, name: &'static str) -> Result<usize, Noted> {
    settings.size(name).map(|bytes| usize::try_from(bytes).unwrap_or(usize::MAX))
}

/// A number where zero has a meaning; a negative one is told what that is.
fn count<T: TryFrom<i64>>(settings: &mut Settings, name: &'static str, zero_means: &str) -> Result<T, Noted> {
    let number: i64 = settings.number(name)?;
    T::try_from(number).map_err(|_| {
        let problem =
            if number < 0 { format!("must be 0 or more: {zero_means}") } else { "is too large".to_owned() };
        settings.mistake(name, format!("{number} {problem}"));
        Noted
    })
}

impl Default for Config {
    fn default() -> Self {
        Self::read(&mut Settings::defaults(&PROGRAM)).expect("the documented defaults are valid")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(flags: &[&str]) -> Result<Config, Vec<String>> {
        let flags = ["gatepipe-gateway"].iter().chain(flags);
        let mut settings = Settings::load_from(&PROGRAM, flags, []).unwrap();
        Config::read(&mut settings).map_err(|error| match error {
            ConfigError::Mistakes(mistakes) => mistakes,
            ConfigError::Flags(error) => panic!("{error}"),
        })
    }

    #[test]
    fn no_client_may_send_more_than_a_message_can_hold() {
        assert!(read(&["--max-message-size", "1MiB"]).is_ok());
        let mistakes = read(&["--max-message-size", "1025KiB"]).unwrap_err();
        assert!(mistakes.len() == 1 && mistakes[0].contains("at most 1MiB"), "{mistakes:?}");
    }

    #[test]
    fn certificates_are_given_whole_and_are_read_at_once() {
        let cases: [(&[&str], &str); 5] = [
            (&["--tls-cert", "a.pem"], "--tls-key: must be given beside --tls-cert"),
            (&["--tls-key", "a.key"], "--tls-cert: must be given beside --tls-key"),
            (&["--tls-cert", "/nowhere/a.pem", "--tls-key", "/nowhere/a.key"], "cannot read /nowhere/a.pem"),
            (&["--internal-tls-ca", "ca.pem"], "--internal-tls-cert: is missing"),
            (
                &["--internal-tls-cert", "a.pem", "--internal-tls-key", "a.key"],
                "--internal-tls-ca: is missing",
            ),
        ];
        for (flags, expected) in cases {
            let mistakes = read(flags).unwrap_err();
            assert!(mistakes.len() == 1 && mistakes[0].contains(expected), "{mistakes:?}");
        }
    }

    #[test]
    fn counts_below_zero_are_told_what_zero_means() {
        let cases = [
            ("--ping-not-response-limit", "must be 0 or more: 0 never closes"),
            ("--max-connections", "must be 0 or more: 0 is as many"),
            ("--max-connections-per-address", "must be 0 or more: 0 is any number"),
            ("--max-frames-per-second", "must be 0 or more: 0 is any number"),
        ];
        for (flag, expected) in cases {
            let mistakes = read(&[flag, "-1"]).unwrap_err();
            assert_eq!(mistakes.len(), 1, "{mistakes:?}");
            assert!(mistakes[0].contains(flag) && mistakes[0].contains(expected), "{mistakes:?}");
            assert!(read(&[flag, "many"]).unwrap_err()[0].contains("COUNT"));
            assert!(read(&[flag, "0"]).is_ok());
        }
        assert!(read(&["--max-frames-per-second", "99999999999"]).unwrap_err()[0].contains("too large"));
    }

    #[test]
    fn every_limit_but_the_message_size_is_off_by_default() {
        let config = Config::default();
        assert_eq!(config.max_message_size, 64 << 10);
        assert_eq!((config.max_connections, config.max_connections_per_address), (0, 0));
        assert_eq!((config.max_frames_per_second, config.bind_timeout), (0, Duration::ZERO));
        assert!(config.trusted_proxies.is_empty());
    }
}
