//! Where each setting came from, for operators who look at a running api.
//!
//! A program that brings an api along (`gatepipe dev`, tests) changes settings after they were read. What it changed is noticed by
//! comparing what the [`Config`] holds with what it held then.

use std::fmt::Debug;
use std::path::PathBuf;

use gatepipe_daemon::config::effective::MASK;
use gatepipe_daemon::config::{Effective, Settings};
use gatepipe_daemon::tls::Files;
use secrecy::ExposeSecret as _;

use super::Config;

/// What the layers gave, kept beside what was made of it.
#[derive(Clone, Default)]
pub struct Given {
    effective: Vec<Effective>,
    held: Vec<(&'static str, String)>,
}

/// Secrets are in it.
impl Debug for Given {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_list().entries(self.effective.iter().map(|one| one.name)).finish()
    }
}

/// One setting as it counts now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown {
    /// As it was read.
    pub given: Effective,
    /// Set by the program that brought the api along, to this.
    pub changed_to: Option<String>,
}

impl Given {
    /// What `settings` gave, and what `config` made of it.
    pub(super) fn of(settings: &Settings, config: &Config) -> Self {
        Self { effective: settings.effective(), held: held(config) }
    }
}

impl Config {
    /// Every setting as it counts, secrets masked, in the order of the help.
    #[must_use]
    pub fn shown(&self) -> Vec<Shown> {
        let now = held(self);
        let shown = |given: &Effective| {
            let of = |held: &[(&str, String)]| {
                held.iter().find(|(name, _)| *name == given.name).map(|(_, text)| text.clone())
            };
            let changed = of(&now).filter(|text| of(&self.given.held).as_ref() != Some(text));
            let changed_to = changed.map(|text| if given.is_secret { MASK.to_owned() } else { text });
            Shown { given: given.clone(), changed_to }
        };
        self.given.effective.iter().map(shown).collect()
    }
}

fn list<T: ToString>(items: &[T]) -> String {
    items.iter().map(ToString::to_string).collect::<Vec<_>>().join(",")
}

fn file(files: &Option<Files>, which: impl Fn(&Files) -> Option<&PathBuf>) -> String {
    files.as_ref().and_then(which).map(|path| path.display().to_string()).unwrap_or_default()
}

/// What `config` holds for each setting, as text that is the same when it is the same.
fn held(config: &Config) -> Vec<(&'static str, String)> {
    let text = |value: &dyn Debug| format!("{value:?}");
    let path = |path: &Option<std::path::PathBuf>| {
        path.as_ref().map(|path| path.display().to_string()).unwrap_or_default()
    };
    let secret = |secret: &Option<secrecy::SecretString>| {
        secret.as_ref().map(|secret| secret.expose_secret().to_owned()).unwrap_or_default()
    };
    let mapping = &config.foreign.mapping;
    let export = &config.export;
    vec![
        ("listen", config.listen.to_string()),
        ("tls-cert", file(&config.tls, |files| Some(&files.cert))),
        ("tls-key", file(&config.tls, |files| Some(&files.key))),
        ("admin-listen", config.admin_listen.to_string()),
        ("database-url", config.database_url.expose_secret().to_owned()),
        ("database-connections", config.database_connections.to_string()),
        ("jwt-secret", secret(&config.jwt_secret)),
        ("jwt-public-key", path(&config.jwt_public_key)),
        ("jwt-jwks", text(&config.jwt_jwks)),
        ("jwt-jwks-refresh", text(&config.foreign.refresh)),
        ("jwt-jwks-pause", text(&config.foreign.pause)),
        ("jwt-issuer", list(&mapping.issuers)),
        ("jwt-audience", list(&mapping.audiences)),
        ("jwt-user-claim", text(&mapping.user)),
        ("jwt-user-kind", text(&mapping.kind)),
        ("jwt-username-claim", text(&mapping.username)),
        ("jwt-permissions-claim", text(&mapping.permissions)),
        ("jwt-create-users", config.foreign.create_users.to_string()),
        ("token-lifetime", text(&config.token_lifetime)),
        ("success-code", config.success_code.to_string()),
        ("time-zone", config.time_zone.to_string()),
        ("login-tries-per-username", config.login_tries_per_username.to_string()),
        ("login-tries-per-address", config.login_tries_per_address.to_string()),
        ("bind-policy", config.bind_policy.to_string()),
        ("trusted-proxy", text(&config.trusted_proxies)),
        ("cors-origin", text(&config.cors_origins)),
        ("notification-retention", text(&config.notification_retention)),
        ("audit-retention", text(&config.audit_retention)),
        ("audit-pushes", config.audit_pushes.to_string()),
        ("sweep-interval", text(&config.sweep_interval)),
        ("export-dir", path(&export.dir)),
        ("export-workers", export.workers.to_string()),
        ("export-body-limit", export.body_limit.to_string()),
        ("export-upload-timeout", text(&export.upload_timeout)),
        ("export-uploads", export.uploads.to_string()),
        ("export-unfinished", export.unfinished.to_string()),
        ("export-keep", text(&export.keep)),
        ("export-lease", text(&export.lease)),
        ("export-link", text(&export.link)),
        ("request-timeout", text(&config.request_timeout)),
        ("header-timeout", text(&config.header_timeout)),
        ("max-connections", config.max_connections.to_string()),
        ("max-requests", config.max_requests.to_string()),
        ("command-timeout", text(&config.command_timeout)),
        ("drain-timeout", text(&config.drain_timeout)),
        ("register", list(&config.registers)),
        ("secret", secret(&config.secret)),
        ("internal-tls-ca", file(&config.internal_tls, |files| files.ca.as_ref())),
        ("internal-tls-cert", file(&config.internal_tls, |files| Some(&files.cert))),
        ("internal-tls-key", file(&config.internal_tls, |files| Some(&files.key))),
        ("log-format", text(&config.log.format)),
        ("log", config.log.filter.clone()),
        ("otlp-endpoint", config.traces.endpoint().to_owned()),
        ("otlp-sample", config.traces.ratio().to_string()),
    ]
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use gatepipe_daemon::config::Layer;

    use super::*;
    use crate::config::PROGRAM;

    const SECRET: &str = "0123456789abcdef0123456789abcdef";

    fn config(flags: &[&str], environment: &[(&str, &str)]) -> Config {
        let flags = std::iter::once("gatepipe-api").chain(flags.iter().copied());
        let environment = environment.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        Config::load_from(&mut Settings::load_from(&PROGRAM, flags, environment).unwrap()).unwrap()
    }

    fn find(config: &Config, name: &str) -> Shown {
        config.shown().into_iter().find(|shown| shown.given.name == name).unwrap()
    }

    #[test]
    fn every_setting_is_shown_and_compared() {
        let config = config(&["--jwt-secret", SECRET], &[]);
        let shown: Vec<&str> = config.shown().iter().map(|shown| shown.given.name).collect();
        let compared: Vec<&str> = held(&config).iter().map(|(name, _)| *name).collect();
        assert_eq!(shown, compared, "a setting is missing in `held`, or stands in another place");
        assert!(config.shown().iter().all(|shown| shown.changed_to.is_none()));
    }

    #[test]
    fn each_tells_where_it_came_from_and_no_secret_is_shown() {
        let url = "postgres://gatepipe:hunter2@db/gatepipe";
        let config = config(
            &["--jwt-secret", SECRET, "--max-requests", "7"],
            &[("GATEPIPE_DATABASE_URL", url), ("GATEPIPE_TIME_ZONE", "Asia/Shanghai")],
        );
        let told = |name| {
            let given = find(&config, name).given;
            (given.values.join(","), given.layer, given.source.unwrap_or_default())
        };
        assert_eq!(told("max-requests"), ("7".into(), Layer::Flag, "--max-requests".into()));
        assert_eq!(
            told("time-zone"),
            ("Asia/Shanghai".into(), Layer::Environment, "GATEPIPE_TIME_ZONE".into())
        );
        assert_eq!(told("sweep-interval"), ("10m".into(), Layer::Default, String::new()));
        assert_eq!(told("jwt-secret").0, MASK);
        assert_eq!(told("database-url").0, MASK);
        assert_eq!(told("secret"), (String::new(), Layer::Default, String::new()));
        let all = format!("{:?} {config:?}", config.shown());
        assert!(!all.contains(SECRET) && !all.contains("hunter2"), "{all}");
    }

    #[test]
    fn what_a_program_changed_later_is_told_as_it_is() {
        let mut config = config(&["--jwt-secret", SECRET], &[]);
        config.request_timeout = Duration::from_secs(5);
        config.jwt_secret = Some("another one".into());
        assert_eq!(find(&config, "request-timeout").changed_to.as_deref(), Some("5s"));
        assert_eq!(find(&config, "jwt-secret").changed_to.as_deref(), Some(MASK));
        assert_eq!(find(&config, "header-timeout").changed_to, None);
    }
}
