//! SIGHUP: the settings are read again, and what can change while the process runs is changed.
//!
//! All layers are read anew; flags and environment are those of the start, so what changes is the file and the files of secrets. One
//! mistake, and nothing changes at all.

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::registry::Registry;
use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::config::{ConfigError, Settings};
use crate::report::line;
use crate::service_manager;
use crate::telemetry::LogFilter;

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Outcome {
    result: &'static str,
}

/// How often the settings were read again. Cheap to clone; clones are one.
#[derive(Debug, Clone, Default)]
pub struct Reloads(Family<Outcome, Counter>);

impl Reloads {
    /// Registers them.
    #[must_use]
    pub fn register(registry: &mut Registry) -> Self {
        let reloads = Self::default();
        // There from the start, so that the first is a change.
        for result in ["used", "refused"] {
            drop(reloads.0.get_or_create(&Outcome { result }));
        }
        let help = "Settings read again by SIGHUP, by whether they could be used";
        registry.register("gatepipe_settings_reloads", help, reloads.0.clone());
        reloads
    }

    fn count(&self, result: &'static str) {
        self.0.get_or_create(&Outcome { result }).inc();
    }
}

/// A running daemon whose settings can change.
pub trait Live {
    /// Its typed configuration.
    type Config;

    /// The settings that can change while it runs, beside `log`.
    const SETTINGS: &'static [&'static str];

    /// The typed configuration from these settings, without a mistake.
    ///
    /// # Errors
    /// All mistakes, in words.
    fn read(settings: &mut Settings) -> Result<Self::Config, ConfigError>;

    /// Takes over what can change. Gives those of [`Live::SETTINGS`] that could not change this time.
    fn take(&self, config: Self::Config) -> Vec<&'static str>;

    /// Where it is counted.
    fn reloads(&self) -> &Reloads;
}

/// SIGHUPs, heard from the moment this is made: one that comes while a daemon is still starting does not end it.
#[derive(Debug)]
pub struct Hangups {
    signal: Option<Signal>,
    settings: Settings,
    filter: LogFilter,
}

impl Hangups {
    /// Begins to hear. `settings` are those that the daemon starts with. Must be called within a tokio runtime.
    #[must_use]
    pub fn listen(settings: Settings, filter: LogFilter) -> Self {
        // Fails only where the system has no signals left to give; then a SIGHUP ends the process, as it would without us.
        Self { signal: signal(SignalKind::hangup()).ok(), settings, filter }
    }

    /// Reads the settings again at each SIGHUP, for as long as it is polled, and tells the service manager.
    pub async fn obey<L: Live>(mut self, live: L) {
        let Some(mut signal) = self.signal.take() else {
            return std::future::pending().await;
        };
        while signal.recv().await.is_some() {
            if let Err(error) = service_manager::while_reloading(|| self.reload(&live)) {
                live.reloads().count("refused");
                let error = line(&error.into());
                tracing::error!(
                    error,
                    "the settings were read again and cannot be used: nothing was changed"
                );
            }
        }
    }

    fn reload<L: Live>(&mut self, live: &L) -> Result<(), ConfigError> {
        let mut fresh = self.settings.load_again()?;
        let config = L::read(&mut fresh)?;
        let changed = self.settings.differences(&fresh);
        let not_now = live.take(config);
        let (taken, fixed): (Vec<_>, Vec<_>) = changed
            .into_iter()
            .partition(|name| *name == "log" || (L::SETTINGS.contains(name) && !not_now.contains(name)));
        if taken.contains(&"log") {
            self.filter.set(&fresh);
        }
        self.settings.adopt(&fresh, &taken);
        // Before it is said: whoever hears it finds it counted.
        live.reloads().count("used");
        tracing::info!(changed = taken.join(", "), "the settings were read again");
        if !fixed.is_empty() {
            tracing::warn!("needs a restart: {}", fixed.join(", "));
        }
        Ok(())
    }
}
