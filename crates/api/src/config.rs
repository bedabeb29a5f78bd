//! The typed settings of the api; [`PROGRAM`] has each with unit, default, and what a larger value costs.

mod export;
mod given;
mod knobs;
mod tokens;

use std::fmt;
use std::net::SocketAddr;
use std::num::{NonZeroU16, NonZeroU32, NonZeroUsize};
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use chrono_tz::Tz;
use gatepipe_daemon::config::{ConfigError, Noted, Settings};
use gatepipe_daemon::forwarded::Network;
use gatepipe_daemon::telemetry::Log;
use gatepipe_daemon::tls::{self, Files};
use gatepipe_daemon::traces::Traces;
use secrecy::{ExposeSecret as _, SecretString};

use crate::auth::foreign::source::Source;
use crate::http::cors::Origin;
use crate::store;

pub use export::ExportConfig;
pub use given::{Given, Shown};
pub use knobs::PROGRAM;
pub use tokens::{ForeignConfig, KeyError};

/// Everything an api is told at its start. `default()` is what `--help` shows; it lacks the key for tokens, which has no default.
#[derive(Debug, Clone)]
pub struct Config {
    /// The HTTP api.
    pub listen: SocketAddr,
    /// What callers are shown; `None`: no TLS.
    pub tls: Option<Files>,
    /// Health and metrics.
    pub admin_listen: SocketAddr,
    /// `sqlite://PATH`, `postgres://…` or `mysql://…`; a password may be in it.
    pub database_url: SecretString,
    /// At most so many connections to a database server.
    pub database_connections: NonZeroU16,
    /// URLs of all registers.
    pub registers: Vec<String>,
    /// Shared by every internal gRPC link.
    pub secret: Option<SecretString>,
    /// Certificates for every internal gRPC link.
    pub internal_tls: Option<Files>,
    /// For HS256. Exactly one of this, `jwt_public_key` and `jwt_jwks`.
    pub jwt_secret: Option<SecretString>,
    /// A PEM file.
    pub jwt_public_key: Option<PathBuf>,
    /// A JSON Web Key Set.
    pub jwt_jwks: Option<Source>,
    /// How tokens of others are read.
    pub foreign: ForeignConfig,
    /// Of tokens made by a login; counts in whole seconds.
    pub token_lifetime: Duration,
    /// `code` in the envelope of a success.
    pub success_code: i64,
    /// In which times are written.
    pub time_zone: Tz,
    /// Failed logins a minute for one username.
    pub login_tries_per_username: NonZeroU32,
    /// Failed logins a minute from one remote address.
    pub login_tries_per_address: NonZeroU32,
    /// What a bind does to the user's other connections.
    pub bind_policy: BindPolicy,
    /// Whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<Network>,
    /// Pages of which origins may call.
    pub cors_origins: Vec<Origin>,
    /// How long notifications are kept; zero for ever.
    pub notification_retention: Duration,
    /// How long entries of the audit are kept; zero for ever.
    pub audit_retention: Duration,
    /// Whether each push to a user is noted in the audit.
    pub audit_pushes: bool,
    /// How often is deleted what is too old.
    pub sweep_interval: Duration,
    /// How exports are kept and written.
    pub export: ExportConfig,
    /// How long a caller waits for an answer.
    pub request_timeout: Duration,
    /// For a request's headers, and between two requests.
    pub header_timeout: Duration,
    /// HTTP connections at once.
    pub max_connections: NonZeroUsize,
    /// Requests at once.
    pub max_requests: NonZeroUsize,
    /// For one command to the gateways.
    pub command_timeout: Duration,
    /// From the stop signal to the last answer.
    pub drain_timeout: Duration,
    /// Where traces go.
    pub traces: Traces,
    /// What is logged; used by `main` only.
    pub log: Log,
    /// Where all this came from.
    pub given: Given,
}

/// The setting `bind-policy`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum BindPolicy {
    /// A user may have any number of connections.
    #[default]
    KeepAll,
    /// A user has one: those that were bound earlier are closed with 4002.
    NewestWins,
}

impl FromStr for BindPolicy {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "keep_all" => Ok(Self::KeepAll),
            "newest_wins" => Ok(Self::NewestWins),
            _ => Err("must be keep_all or newest_wins"),
        }
    }
}

impl fmt::Display for BindPolicy {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::KeepAll => "keep_all",
            Self::NewestWins => "newest_wins",
        })
    }
}

impl From<BindPolicy> for gatepipe_client::BindPolicy {
    fn from(policy: BindPolicy) -> Self {
        match policy {
            BindPolicy::KeepAll => Self::KeepAll,
            BindPolicy::NewestWins => Self::NewestWins,
        }
    }
}

impl Config {
    /// Reads flags, environment and file; every mistake at once.
    ///
    /// # Errors
    /// All mistakes, in words.
    pub fn load() -> Result<Self, ConfigError> {
        Self::load_from(&mut Settings::load(&PROGRAM)?)
    }

    /// The typed configuration from these settings, with a key for tokens that works.
    ///
    /// # Errors
    /// All mistakes, in words.
    pub fn load_from(settings: &mut Settings) -> Result<Self, ConfigError> {
        let config = Self::read(settings);
        settings.check()?;
        config
    }

    /// The typed configuration from these settings. Mistakes are only noted there, a missing key for tokens among them;
    /// [`Config::load_from`] asks for them.
    ///
    /// # Errors
    /// A setting that could not be read.
    pub fn read(settings: &mut Settings) -> Result<Self, ConfigError> {
        let s = settings;
        let listen = s.addr("listen");
        let admin_listen = s.addr("admin-listen");
        let database_url = s.secret("database-url");
        let database_connections = s.number("database-connections");
        let registers = s.internal_urls("register");
        let secret = s.shared_secret();
        let public_tls = tls::read_public(s);
        let internal_tls = tls::read_internal(s);
        let jwt_secret = s.secret("jwt-secret");
        let jwt_public_key = s.optional_text("jwt-public-key").map(|path| path.map(PathBuf::from));
        let jwt_jwks = s.optional_text("jwt-jwks").map(|text| text.map(|text| text.parse()).transpose());
        let jwt_jwks = jwt_jwks.map(|source| source.map_err(|problem| s.mistake("jwt-jwks", problem)));
        let foreign = ForeignConfig::read(s);
        let token_lifetime = s.duration("token-lifetime");
        let success_code = s.number("success-code");
        let time_zone = s.number("time-zone");
        let login_tries_per_username = s.number("login-tries-per-username");
        let login_tries_per_address = s.number("login-tries-per-address");
        let bind_policy = s.number("bind-policy");
        let trusted_proxies = s.parsed_list("trusted-proxy");
        let cors_origins = s.parsed_list("cors-origin");
        let notification_retention = s.duration_or_zero("notification-retention");
        let audit_retention = s.duration_or_zero("audit-retention");
        let audit_pushes = s.number("audit-pushes");
        let sweep_interval = s.duration("sweep-interval");
        let export = ExportConfig::read(s);
        let request_timeout = s.duration("request-timeout");
        let header_timeout = s.duration("header-timeout");
        let max_connections = s.number("max-connections");
        let max_requests = s.number("max-requests");
        let command_timeout = s.duration("command-timeout");
        let drain_timeout = s.duration_or_zero("drain-timeout");
        let traces = Traces::read(s);
        let log = Log::read(s);
        if let Ok(Some(url)) = &database_url
            && let Err(error) = store::check_url(url.expose_secret())
        {
            s.mistake("database-url", error);
        }
        if let (Ok(secret), Ok(public_key), Ok(Ok(jwks))) = (&jwt_secret, &jwt_public_key, &jwt_jwks) {
            let foreign = foreign.as_ref().ok();
            tokens::check(s, secret.as_ref(), public_key.as_deref(), jwks.as_ref(), foreign);
        }
        if token_lifetime.is_ok_and(|lifetime| lifetime < Duration::from_secs(1)) {
            s.mistake("token-lifetime", "must be at least 1s: tokens count in whole seconds");
        }
        let config = Self {
            listen: listen?,
            tls: public_tls?,
            admin_listen: admin_listen?,
            database_url: database_url?.ok_or(Noted)?,
            database_connections: database_connections?,
            registers: registers?,
            secret: secret?,
            internal_tls: internal_tls?,
            jwt_secret: jwt_secret?,
            jwt_public_key: jwt_public_key?,
            jwt_jwks: jwt_jwks?.map_err(|()| Noted)?,
            foreign: foreign?,
            token_lifetime: token_lifetime?,
            success_code: success_code?,
            time_zone: time_zone?,
            login_tries_per_username: login_tries_per_username?,
            login_tries_per_address: login_tries_per_address?,
            bind_policy: bind_policy?,
            trusted_proxies: trusted_proxies?,
            cors_origins: cors_origins?,
            notification_retention: notification_retention?,
            audit_retention: audit_retention?,
            audit_pushes: audit_pushes?,
            sweep_interval: sweep_interval?,
            export: export?,
            request_timeout: request_timeout?,
            header_timeout: header_timeout?,
            max_connections: max_connections?,
            max_requests: max_requests?,
            command_timeout: command_timeout?,
            drain_timeout: drain_timeout?,
            traces: traces?,
            log: log?,
            given: Given::default(),
        };
        Ok(Self { given: Given::of(s, &config), ..config })
    }
}

impl Default for Config {
    fn default() -> Self {
        Self::read(&mut Settings::defaults(&PROGRAM)).expect("the documented defaults are valid")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load(flags: &[&str]) -> Result<Config, ConfigError> {
        let flags = std::iter::once("gatepipe-api").chain(flags.iter().copied());
        Config::load_from(&mut Settings::load_from(&PROGRAM, flags, [])?)
    }

    fn mistakes(flags: &[&str]) -> String {
        load(flags).map_or_else(|error| error.to_string(), |_| String::new())
    }

    const SECRET: &str = "0123456789abcdef0123456789abcdef";

    #[test]
    fn a_secret_is_enough() {
        let config = load(&["--jwt-secret", SECRET]).unwrap();
        assert_eq!(config.listen, "127.0.0.1:8787".parse().unwrap());
        assert_eq!(config.admin_listen, "127.0.0.1:9787".parse().unwrap());
        assert_eq!(config.database_url.expose_secret(), "sqlite://data/gatepipe.db");
        assert_eq!(config.database_connections, store::DEFAULT_CONNECTIONS);
        assert_eq!((config.success_code, config.time_zone), (0, Tz::UTC));
        assert!(!format!("{config:?}").contains(SECRET));
    }

    #[test]
    fn a_database_s_password_is_never_shown() {
        let url = "postgres://gatepipe:hunter2@db/gatepipe";
        let config = load(&["--jwt-secret", SECRET, "--database-url", url]).unwrap();
        assert!(!format!("{config:?}").contains("hunter2"));
        for wrong in [
            "postgres://gatepipe:hunter2@db",
            "postgre://gatepipe:hunter2@db/x",
            "mysql://u:hunter2@db/x?y=z",
        ] {
            let text = mistakes(&["--jwt-secret", SECRET, "--database-url", wrong]);
            assert!(text.starts_with("--database-url: ") && !text.contains("hunter2"), "{text}");
        }
        assert!(
            mistakes(&["--jwt-secret", SECRET, "--database-connections", "0"])
                .contains("--database-connections")
        );
    }

    #[test]
    fn without_a_key_it_says_what_to_do() {
        assert!(mistakes(&[]).contains("openssl rand -hex 32"));
        assert!(mistakes(&["--jwt-secret", "short"]).contains("at least 32 bytes"));
        assert!(!mistakes(&["--jwt-secret", "hunter2hunter2"]).contains("hunter2"));
        assert!(mistakes(&["--jwt-secret", SECRET, "--jwt-public-key", "x.pem"]).contains("exclude"));
        assert!(mistakes(&["--jwt-public-key", "/nowhere/x.pem"]).contains("/nowhere/x.pem"));
    }

    #[test]
    fn settings_for_tokens_of_others_fit_together() {
        let url = ["--jwt-jwks", "https://id.example.com/jwks"];
        let with = |flags: &[&'static str]| mistakes(&[&url, flags].concat());
        assert_eq!(with(&[]), "");
        assert_eq!(with(&["--jwt-user-kind", "external", "--jwt-create-users", "true"]), "");
        assert!(with(&["--jwt-create-users", "true"]).contains("--jwt-user-kind username or external"));
        assert!(with(&["--jwt-user-kind", "email"]).contains("must be id, username or external"));
        assert!(with(&["--jwt-username-claim", ""]).contains("1 to 255 bytes"));
        assert!(with(&["--jwt-secret", SECRET]).contains("exclude"));
        assert!(mistakes(&["--jwt-jwks", "http://id.example.com/jwks"]).contains("must be https://"));
        assert!(mistakes(&["--jwt-jwks", "/nowhere/jwks.json"]).contains("/nowhere/jwks.json"));
        let ours = mistakes(&[
            "--jwt-secret",
            SECRET,
            "--jwt-issuer",
            "https://id.example.com",
            "--jwt-audience",
            "push",
            "--jwt-username-claim",
            "nick",
        ]);
        for name in ["--jwt-issuer", "--jwt-audience", "--jwt-username-claim"] {
            assert!(ours.contains(&format!("{name}: is for tokens of others")), "{ours}");
        }
    }

    #[test]
    fn every_mistake_is_told_at_once() {
        let text = mistakes(&[
            "--listen",
            "nowhere",
            "--time-zone",
            "Mars/Olympus",
            "--success-code",
            "ok",
            "--max-requests",
            "0",
            "--trusted-proxy",
            "nginx",
            "--bind-policy",
            "oldest_wins",
            "--cors-origin",
            "*",
            "--token-lifetime",
            "5ms",
        ]);
        for name in [
            "listen",
            "time-zone",
            "success-code",
            "trusted-proxy",
            "is not a POLICY that fits here: must be keep_all or newest_wins",
            "max-requests",
            "token-lifetime",
            "name the origins one by one",
        ] {
            assert!(text.contains(name), "{name}: {text}");
        }
    }
}
