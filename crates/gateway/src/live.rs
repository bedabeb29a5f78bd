//! What can change while a gateway runs: limits, origins, proxies, times.

use std::sync::Arc;
use std::time::Duration;

use gatepipe_daemon::config::{ConfigError, Settings};
use gatepipe_daemon::reload::{self, Reloads};
use tokio::sync::watch;

use crate::config::Config;
use crate::server::{DoorRules, Server};
use crate::sweep::SweepRules;

/// A gateway's settings as they can change. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Live {
    pub(crate) server: Arc<Server>,
    pub(crate) sweep: watch::Sender<SweepRules>,
    pub(crate) drain_timeout: watch::Sender<Duration>,
    pub(crate) reloads: Reloads,
}

impl reload::Live for Live {
    type Config = Config;

    const SETTINGS: &'static [&'static str] = &[
        "ping-interval",
        "ping-not-response-limit",
        "ping-data",
        "max-connections",
        "max-connections-per-address",
        "trusted-proxy",
        "origin",
        "max-message-size",
        "max-frames-per-second",
        "bind-timeout",
        "handshake-timeout",
        "outbox-size",
        "outbox-age",
        "outbox-total",
        "worker-queue",
        "drain-timeout",
    ];

    fn read(settings: &mut Settings) -> Result<Config, ConfigError> {
        Config::read(settings)
    }

    fn take(&self, config: Config) -> Vec<&'static str> {
        let server = &self.server;
        server.common.rules.set_limits(config.outbox_size, config.outbox_total);
        server.places.set_most(config.max_connections);
        server.events.set_queue_bytes(config.worker_queue);
        self.sweep.send_replace(SweepRules::of(&config));
        server.places.set_most_of_address(config.max_connections_per_address);
        let inbound = server.rules().inbound.with(config.max_message_size, config.max_frames_per_second);
        server.set_rules(DoorRules {
            origins: config.origins,
            trusted_proxies: config.trusted_proxies,
            handshake_timeout: config.handshake_timeout,
            inbound,
        });
        self.drain_timeout.send_replace(config.drain_timeout);
        Vec::new()
    }

    fn reloads(&self) -> &Reloads {
        &self.reloads
    }
}
