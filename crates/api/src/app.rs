//! What every request has at hand.

use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use gatepipe_client::GatewayClient;
use gatepipe_daemon::forwarded::Network;
use gatepipe_traces::Tracer;
use parking_lot::RwLock;
use tokio::sync::watch;

use crate::audit::Audit;
use crate::auth::Auth;
use crate::auth::caller::Tokens;
use crate::auth::password::PasswordCheck;
use crate::auth::throttle::Throttle;
use crate::config::{BindPolicy, Config, Shown};
use crate::http::cors::Origin;
use crate::metrics::Metrics;
use crate::pushed::Outcomes;
use crate::service::audit::AuditExports;
use crate::service::events::Live;
use crate::service::export::Exports;
use crate::service::notification::NotificationService;
use crate::service::stats::Watching;
use crate::service::unsettled::Unsettled;
use crate::store::Store;

/// The parts behind the routes. Cheap to clone; clones are the same app.
#[derive(Clone)]
pub struct App(Arc<Parts>);

/// See [`App`].
pub struct Parts {
    /// What must last.
    pub store: Store,
    /// How gateways are commanded.
    pub gateways: GatewayClient,
    /// Whose token it is.
    pub auth: Auth,
    /// Compares passwords.
    pub passwords: PasswordCheck,
    /// Failed logins by username.
    pub tries_by_name: Throttle,
    /// Failed logins by remote address.
    pub tries_by_address: Throttle,
    /// Stores and pushes notifications.
    pub notifications: NotificationService,
    /// Orders of exports, and their files.
    pub exports: Exports,
    /// Binds whose outcome is not known yet.
    pub unsettled: Unsettled,
    /// How busy the gateways are, and who watches it.
    pub watching: Watching,
    /// Where is noted who did what.
    pub audit: Audit,
    /// Who fetches the audit as a file.
    pub audit_exports: AuditExports,
    /// What happens right now, and who watches it.
    pub live: Live,
    /// What is counted.
    pub metrics: Metrics,
    /// Makes the spans of traces.
    pub tracer: Tracer,
    /// How the api was set up.
    pub settings: Settings,
    rules: watch::Sender<Arc<Rules>>,
    shown: RwLock<Vec<Shown>>,
}

/// The part of the configuration that may change while the api runs.
#[derive(Debug, Clone)]
pub struct Rules {
    /// Whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<Network>,
    /// Pages of which origins may call.
    pub cors_origins: Vec<Origin>,
    /// How long a caller waits for an answer, and a body that is streamed may pause.
    pub request_timeout: Duration,
    /// How long a token of ours is good.
    pub token_lifetime: Duration,
    /// What a bind does to the user's other connections.
    pub bind_policy: BindPolicy,
    /// How long notifications are kept; zero for ever.
    pub notification_retention: Duration,
    /// How long entries of the audit are kept; zero for ever.
    pub audit_retention: Duration,
    /// Whether each push to a user is noted in the audit.
    pub audit_pushes: bool,
    /// How often is deleted what is too old.
    pub sweep_interval: Duration,
    /// From the stop signal to the last answer.
    pub drain_timeout: Duration,
}

impl Rules {
    /// As they stand in `config`.
    #[must_use]
    pub fn of(config: &Config) -> Self {
        Self {
            trusted_proxies: config.trusted_proxies.clone(),
            cors_origins: config.cors_origins.clone(),
            request_timeout: config.request_timeout,
            token_lifetime: config.token_lifetime,
            bind_policy: config.bind_policy,
            notification_retention: config.notification_retention,
            audit_retention: config.audit_retention,
            audit_pushes: config.audit_pushes,
            sweep_interval: config.sweep_interval,
            drain_timeout: config.drain_timeout,
        }
    }
}

/// What operators are told about this process.
#[derive(Debug, Clone)]
pub struct Setup {
    /// Which database, without its password.
    pub database: String,
    /// In milliseconds since 1970.
    pub started_at_ms: i64,
}

/// The part of the configuration that requests need, and that stays as it is.
#[derive(Debug, Clone)]
pub struct Settings {
    /// `code` in the envelope of a success.
    pub success_code: i64,
    /// In which times are written.
    pub time_zone: Tz,
    /// Failed logins a minute for each username, at first.
    pub tries_per_name: NonZeroU32,
    /// Failed logins a minute for each remote address, at first.
    pub tries_per_address: NonZeroU32,
    /// Whether users are made at the first sight of somebody else's token, at first.
    pub create_users: bool,
    /// All of it, for people.
    pub setup: Setup,
}

impl App {
    /// Puts the parts together.
    #[must_use]
    #[expect(clippy::too_many_arguments, reason = "each is a part")]
    pub fn new(
        store: Store,
        gateways: GatewayClient,
        tokens: Tokens,
        passwords: PasswordCheck,
        exports: Exports,
        audit: Audit,
        pushed: Outcomes,
        metrics: Metrics,
        tracer: Tracer,
        settings: Settings,
        rules: Rules,
        shown: Vec<Shown>,
    ) -> Self {
        let started = Instant::now();
        Self(Arc::new(Parts {
            auth: Auth::new(store.clone(), tokens, settings.create_users),
            passwords,
            exports,
            tries_by_name: Throttle::new(settings.tries_per_name, started),
            tries_by_address: Throttle::new(settings.tries_per_address, started),
            notifications: NotificationService::new(
                store.clone(),
                gateways.clone(),
                pushed,
                settings.time_zone,
                metrics.clone(),
            ),
            unsettled: Unsettled::default(),
            watching: Watching::default(),
            audit,
            audit_exports: AuditExports::default(),
            live: Live::default(),
            store,
            gateways,
            metrics,
            tracer,
            settings,
            rules: watch::Sender::new(Arc::new(rules)),
            shown: RwLock::new(shown),
        }))
    }

    /// Those of now.
    #[must_use]
    pub fn rules(&self) -> Arc<Rules> {
        self.rules.borrow().clone()
    }

    /// Those of now and each time they change, for what waits.
    #[must_use]
    pub fn watch_rules(&self) -> watch::Receiver<Arc<Rules>> {
        self.rules.subscribe()
    }

    /// Those from now on.
    pub fn set_rules(&self, rules: Rules) {
        self.rules.send_replace(Arc::new(rules));
    }

    /// Every setting and where it came from, secrets masked, for people.
    #[must_use]
    pub fn shown(&self) -> Vec<Shown> {
        self.shown.read().clone()
    }

    /// Shows those settings as they stand in `again` whose names were `taken`.
    pub fn show_again(&self, again: Vec<Shown>, taken: impl Fn(&str) -> bool) {
        let mut shown = self.shown.write();
        for fresh in again.into_iter().filter(|fresh| taken(fresh.given.name)) {
            if let Some(old) = shown.iter_mut().find(|old| old.given.name == fresh.given.name) {
                *old = fresh;
            }
        }
    }
}

impl std::ops::Deref for App {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.0
    }
}

/// `YYYY-MM-DD HH:MM:SS` in `zone`, of milliseconds since 1970.
#[must_use]
pub fn written_time(ms: i64, zone: Tz) -> String {
    let time = DateTime::<Utc>::from_timestamp_millis(ms).unwrap_or_default();
    time.with_timezone(&zone).format("%Y-%m-%d %H:%M:%S").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_written_in_the_zone() {
        let ms = 1_795_467_120_999;
        assert_eq!(written_time(ms, Tz::UTC), "2026-11-23 20:52:00");
        assert_eq!(written_time(ms, Tz::Asia__Shanghai), "2026-11-24 04:52:00");
    }
}
