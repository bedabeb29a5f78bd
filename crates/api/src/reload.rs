//! What can change while an api runs: origins, proxies, limits, keys for tokens.

use std::sync::Arc;

use gatepipe_daemon::config::{ConfigError, Settings};
use gatepipe_daemon::reload::{self, Reloads};
use gatepipe_daemon::room::Room;

use crate::app::{App, CallerRules};
use crate::config::Config;
use crate::http::layers::Running;

/// Settings that say whose tokens are accepted. They change together or not at all.
const KEYS: [&str; 9] = [
    "jwt-secret",
    "jwt-public-key",
    "jwt-jwks",
    "jwt-issuer",
    "jwt-audience",
    "jwt-user-claim",
    "jwt-user-kind",
    "jwt-username-claim",
    "jwt-permissions-claim",
];

/// An api's settings as they can change. Cheap to clone.
#[derive(Clone)]
pub struct Live {
    pub(crate) app: App,
    pub(crate) running: Running,
    pub(crate) connections: Arc<Room>,
    pub(crate) reloads: Reloads,
}

impl reload::Live for Live {
    type Config = Config;

    const SETTINGS: &'static [&'static str] = &[
        "jwt-secret",
        "jwt-public-key",
        "jwt-jwks",
        "jwt-issuer",
        "jwt-audience",
        "jwt-user-claim",
        "jwt-user-kind",
        "jwt-username-claim",
        "jwt-permissions-claim",
        "login-tries-per-username",
        "login-tries-per-address",
        "trusted-proxy",
        "cors-origin",
        "max-connections",
        "max-requests",
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
        let not_now = match config.tokens() {
            Ok(tokens) => match app.auth.take(tokens) {
                true => Vec::new(),
                false => KEYS.to_vec(),
            },
            // Its keys were read a moment ago: the file has changed again, and whoever changed it will say so again.
            Err(error) => {
                tracing::error!(%error, "the keys for tokens stay as they are");
                KEYS.to_vec()
            }
        };
        let taken = |name: &str| Self::SETTINGS.contains(&name) && !not_now.contains(&name);
        app.show_again(config.shown(), taken);
        app.set_caller_rules(CallerRules {
            trusted_proxies: config.trusted_proxies,
            cors_origins: config.cors_origins,
        });
        not_now
    }

    fn reloads(&self) -> &Reloads {
        &self.reloads
    }
}
