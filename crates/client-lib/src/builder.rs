//! How a [`GatewayClient`] is set up.

use std::io;
use std::time::Duration;

use gatepipe_proto::secret::SendSecret;
use gatepipe_tls::{Files, Identity, Unusable, Use};
use gatepipe_traces::Tracer;
use secrecy::SecretString;
use tokio::io::{AsyncRead, AsyncWrite};
use tonic::transport::Endpoint;

use crate::GatewayClient;
use crate::dial::Dial;

/// Settings of a [`GatewayClient`]; only a register is needed.
#[derive(Debug, Clone)]
pub struct Builder {
    registers: Vec<String>,
    secret: Option<SecretString>,
    tls: Option<Files>,
    dial: Dial,
    tracer: Tracer,
    pub(crate) limits: Limits,
}

/// Times and bounds, as the tasks use them.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    pub(crate) deadline: Duration,
    pub(crate) connect_timeout: Duration,
    pub(crate) opening_grace: Duration,
    pub(crate) keepalive_interval: Duration,
    pub(crate) keepalive_timeout: Duration,
    pub(crate) queue_commands: usize,
    pub(crate) queue_bytes: usize,
}

/// Settings that were checked.
pub(crate) struct Settings {
    /// Each URL as it was given, and the way there.
    pub(crate) registers: Vec<(String, Endpoint)>,
    pub(crate) secret: SendSecret,
    pub(crate) dial: Dial,
    pub(crate) tracer: Tracer,
    pub(crate) limits: Limits,
}

/// Why a [`GatewayClient`] cannot be built.
#[derive(Debug, thiserror::Error)]
pub enum InvalidSettings {
    /// Without a register no gateway can be known.
    #[error("no register is given")]
    NoRegister,
    /// Not `http://HOST:PORT`.
    #[error("register {url:?} is not a URL like http://127.0.0.1:1236")]
    Register {
        /// As it was given.
        url: String,
    },
    /// The secret cannot travel in a header.
    #[error(transparent)]
    Secret(#[from] gatepipe_proto::secret::InvalidSecret),
    /// A certificate or key cannot be used.
    #[error(transparent)]
    Tls(#[from] Unusable),
    /// A time or bound that must be more than nothing.
    #[error("{0} must be more than 0")]
    Zero(&'static str),
    /// `build` was called outside a tokio runtime.
    #[error("a tokio runtime must be running")]
    NoRuntime,
}

impl Default for Builder {
    fn default() -> Self {
        Self {
            registers: Vec::new(),
            secret: None,
            tls: None,
            dial: Dial::default(),
            tracer: Tracer::global(),
            limits: Limits {
                deadline: Duration::from_secs(2),
                connect_timeout: Duration::from_secs(2),
                opening_grace: Duration::from_secs(1),
                keepalive_interval: Duration::from_secs(2),
                keepalive_timeout: Duration::from_secs(5),
                queue_commands: 65_536,
                queue_bytes: 64 << 20,
            },
        }
    }
}

impl Builder {
    /// Adds a register to watch, such as `http://127.0.0.1:1236`. Gateways that any of several registers lists are members.
    #[must_use]
    pub fn register(mut self, url: impl Into<String>) -> Self {
        self.registers.push(url.into());
        self
    }

    /// Adds several registers.
    #[must_use]
    pub fn registers(mut self, urls: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.registers.extend(urls.into_iter().map(Into::into));
        self
    }

    /// The shared secret that registers and gateways require; none by default.
    #[must_use]
    pub fn secret(mut self, secret: Option<SecretString>) -> Self {
        self.secret = secret;
        self
    }

    /// Speaks TLS with registers and gateways, both of which have to be certified by `ca`, for the host by which they are reached; they
    /// are shown `cert`. `ca` must be given. URLs stay `http://`. Files that change are used for new connections. None by default.
    #[must_use]
    pub fn tls(mut self, files: Option<Files>) -> Self {
        self.tls = files;
        self
    }

    /// How long any call takes at most; 2 s by default, at most a day. A longer one waits longer for a gateway that is mute.
    #[must_use]
    pub fn deadline(mut self, deadline: Duration) -> Self {
        self.limits.deadline = deadline;
        self
    }

    /// How long one attempt to open a pipe or to hear a register takes at most; 2 s by default.
    #[must_use]
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.limits.connect_timeout = timeout;
        self
    }

    /// How long commands wait for a pipe that is being opened, after its gateway was listed or the pipe broke; 1 s by default.
    /// After that, or once an attempt has failed, they fail at once as unreachable until the pipe is open. 0 never waits.
    #[must_use]
    pub fn opening_grace(mut self, grace: Duration) -> Self {
        self.limits.opening_grace = grace;
        self
    }

    /// HTTP/2 keepalive towards registers and gateways: a PING after `interval` (2 s by default), and the connection is given
    /// up when it is not answered within `timeout` (5 s by default).
    #[must_use]
    pub fn keepalive(mut self, interval: Duration, timeout: Duration) -> Self {
        self.limits.keepalive_interval = interval;
        self.limits.keepalive_timeout = timeout;
        self
    }

    /// How many commands may wait for one gateway, sent and unanswered ones included; 65,536 by default. Past it they are
    /// refused at once as too busy. A larger one costs memory while a gateway is slow.
    #[must_use]
    pub fn queue_commands(mut self, commands: usize) -> Self {
        self.limits.queue_commands = commands;
        self
    }

    /// How many bytes of commands may wait to be sent to one gateway; 64 MiB by default. An empty queue takes any one command;
    /// past the bound they are refused at once as too busy.
    #[must_use]
    pub fn queue_bytes(mut self, bytes: usize) -> Self {
        self.limits.queue_bytes = bytes;
        self
    }

    /// Opens sockets to registers and gateways by `dial`, which is given host:port, instead of by TCP: through a tunnel, or in a simulated
    /// network. Each socket has to lead to a process of its own choice for as long as it lives; `dial` is dropped when it takes longer
    /// than the connect timeout.
    #[must_use]
    pub fn dial<F, S>(mut self, dial: impl Fn(String) -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = io::Result<S>> + Send + 'static,
        S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
    {
        self.dial = Dial::by(dial);
        self
    }

    /// Makes the spans of commands, with the feature `otlp`. By default it is whatever the process has set up with `opentelemetry::global`.
    ///
    /// A command has a span for each gateway that hears it, if the call is part of a sampled one: of OpenTelemetry's current context, which
    /// `tracing-opentelemetry` sets for the `tracing` span that is entered. Then the gateways are told as well, and go on with theirs.
    #[must_use]
    pub fn tracer(mut self, tracer: Tracer) -> Self {
        self.tracer = tracer;
        self
    }

    /// Starts the client on the current tokio runtime. Never waits: see [`GatewayClient::joined`].
    ///
    /// # Errors
    /// [`InvalidSettings`]; a register that does not answer is none of them.
    pub fn build(self) -> Result<GatewayClient, InvalidSettings> {
        let runtime = tokio::runtime::Handle::try_current().map_err(|_| InvalidSettings::NoRuntime)?;
        Ok(GatewayClient::start(self.check()?, &runtime))
    }

    fn check(self) -> Result<Settings, InvalidSettings> {
        if self.registers.is_empty() {
            return Err(InvalidSettings::NoRegister);
        }
        let limits = self.limits;
        let positive = [
            ("the deadline", !limits.deadline.is_zero()),
            ("the connect timeout", !limits.connect_timeout.is_zero()),
            ("the keepalive interval", !limits.keepalive_interval.is_zero()),
            ("the keepalive timeout", !limits.keepalive_timeout.is_zero()),
            ("the queue's bound in commands", limits.queue_commands > 0),
            ("the queue's bound in bytes", limits.queue_bytes > 0),
        ];
        if let Some((what, _)) = positive.into_iter().find(|(_, holds)| !holds) {
            return Err(InvalidSettings::Zero(what));
        }
        let dial = match self.tls {
            Some(files) => self.dial.protected(Identity::read(files, Use::Grpc)?),
            None => self.dial,
        };
        Ok(Settings {
            registers: self.registers.into_iter().map(endpoint).collect::<Result<_, _>>()?,
            secret: SendSecret::new(self.secret.as_ref())?,
            dial,
            tracer: self.tracer,
            limits,
        })
    }
}

fn endpoint(url: String) -> Result<(String, Endpoint), InvalidSettings> {
    match Endpoint::from_shared(url.clone()) {
        Ok(endpoint) if endpoint.uri().scheme_str() == Some("http") && endpoint.uri().host().is_some() => {
            Ok((url, endpoint))
        }
        _ => Err(InvalidSettings::Register { url }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_register_is_an_http_url() {
        for (url, good) in [
            ("http://127.0.0.1:1236", true),
            ("http://register:1236/", true),
            ("127.0.0.1:1236", false),
            ("https://register:1236", false),
            ("http://", false),
            ("", false),
        ] {
            assert_eq!(Builder::default().register(url).check().is_ok(), good, "{url:?}");
        }
    }

    #[test]
    fn settings_that_cannot_work_are_refused() {
        let builder = || Builder::default().register("http://127.0.0.1:1");
        let no_time = Duration::ZERO;
        let second = Duration::from_secs(1);
        let wrong = [
            Builder::default(),
            builder().secret(Some("two words".into())),
            builder().deadline(no_time),
            builder().connect_timeout(no_time),
            builder().keepalive(no_time, second),
            builder().keepalive(second, no_time),
            builder().queue_commands(0),
            builder().queue_bytes(0),
        ];
        for builder in wrong {
            assert!(builder.clone().check().is_err(), "{builder:?}");
        }
    }

    #[test]
    fn outside_a_runtime_building_is_an_error_and_no_panic() {
        let built = Builder::default().register("http://127.0.0.1:1").build();
        assert!(matches!(built, Err(InvalidSettings::NoRuntime)));
    }
}
