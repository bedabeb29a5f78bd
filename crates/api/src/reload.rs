//! What can change while an api runs: origins, proxies, limits, times, and whose tokens are accepted.

use std::sync::Arc;
use std::time::Duration;

use gatepipe_daemon::config::{ConfigError, Settings};
use gatepipe_daemon::reload::{self, Reloads};
use gatepipe_daemon::room::Room;
use tokio::sync::watch;

use crate::app::{App, Rules};
use crate::auth::foreign::Fetches;
use crate::config::Config;
use crate::http::layers::Running;

/// How the settings begin that say whose tokens are accepted. They change together or not at all.
const KEYS: &str = "jwt-";

/// An api's settings as they can change. Cheap to clone.
#[derive(Clone)]
pub struct Live {
    pub(crate) app: App,
    pub(crate) running: Running,
    pub(crate) connections: Arc<Room>,
    pub(crate) header_timeout: watch::Sender<Duration>,
    pub(crate) fetches: Fetches,
    pub(crate) reloads: Reloads,
}

impl reload::Live for Live {
    type Config = Config;

    const SETTINGS: &'static [&'static str] = &[
        "jwt-secret",
        "jwt-public-key",
        "jwt-jwks",
        "jwt-jwks-refresh",
        "jwt-jwks-pause",
        "jwt-issuer",
        "jwt-audience",
        "jwt-user-claim",
        "jwt-user-kind",
        "jwt-username-claim",
        "jwt-permissions-claim",
        "jwt-create-users",
        "token-lifetime",
        "login-tries-per-username",
        "login-tries-per-address",
        "bind-policy",
        "trusted-proxy",
        "cors-origin",
        "notification-retention",
        "audit-retention",
        "audit-pushes",
        "sweep-interval",
        "export-body-limit",
        "export-upload-timeout",
        "export-unfinished",
        "export-keep",
        "export-lease",
        "export-link",
        "request-timeout",
        "header-timeout",
        "max-connections",
        "max-requests",
        "drain-timeout",
    ];

    fn read(settings: &mut Settings) -> Result<Config, ConfigError> {
        Config::load_from(settings)
    }

    fn take(&self, config: Config) -> Vec<&'static str> {
        let app = &self.app;
        app.tries_by_name.set_per_minute(config.login_tries_per_username);
        app.tries_by_address.set_per_minute(config.login_tries_per_address);
        self.connections.set_most(config.max_connections.get());
        self.running.set_most(config.max_requests.get());
        self.header_timeout.send_replace(config.header_timeout);
        app.set_rules(Rules::of(&config));
        app.exports.set_settings(config.export.clone());
        let not_now = match config.tokens(&self.fetches) {
            Ok(tokens) => {
                config.warn_about_tokens();
                app.auth.take(tokens, config.foreign.create_users);
                Vec::new()
            }
            // Its keys were read a moment ago: the file has changed again, and whoever changed it will say so again.
            Err(error) => {
                tracing::error!(%error, "the keys for tokens stay as they are");
                Self::SETTINGS.iter().copied().filter(|name| name.starts_with(KEYS)).collect()
            }
        };
        let taken = |name: &str| Self::SETTINGS.contains(&name) && !not_now.contains(&name);
        app.show_again(config.shown(), taken);
        not_now
    }

    fn reloads(&self) -> &Reloads {
        &self.reloads
    }
}
