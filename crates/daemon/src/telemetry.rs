//! What a process says while it runs: one log on stderr, as text for people or JSON for collectors.

use std::io::IsTerminal;

use tracing_subscriber::EnvFilter;

use crate::config::{Noted, Settings};

/// How log lines look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// One object a line.
    Json,
}

impl std::str::FromStr for LogFormat {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "text" => Ok(Self::Text),
            "json" => Ok(Self::Json),
            _ => Err("it is text or json"),
        }
    }
}

/// What is logged, and how.
#[derive(Debug, Clone, Default)]
pub struct Log {
    /// Text or JSON.
    pub format: LogFormat,
    /// As in `info,gatepipe_gateway=debug`; empty: `info`.
    pub filter: String,
    /// Oddities of the configuration, logged first.
    pub warnings: Vec<String>,
}

/// The log could not be set up.
#[derive(Debug, thiserror::Error)]
#[error("a log is set up already in this process")]
pub struct AlreadySetUp;

impl Log {
    /// Reads `--log-format` and `--log`.
    ///
    /// # Errors
    /// [`Noted`]
    pub fn read(settings: &mut Settings) -> Result<Self, Noted> {
        let format = settings.number("log-format");
        let filter = settings.text("log")?;
        if let Err(error) = EnvFilter::try_new(&filter) {
            settings.mistake(
                "log",
                format!("{filter:?} is not a filter like info or info,gatepipe_gateway=debug: {error}"),
            );
            return Err(Noted);
        }
        Ok(Self { format: format?, filter, warnings: settings.warnings().to_vec() })
    }

    /// Sets up the process's log; once a process. What is logged can be changed by what it gives.
    ///
    /// # Errors
    /// [`AlreadySetUp`]
    pub fn init(&self) -> Result<LogFilter, AlreadySetUp> {
        let filter = if self.filter.is_empty() { "info" } else { &self.filter };
        let filter = EnvFilter::try_new(filter).unwrap_or_else(|_| EnvFilter::new("info"));
        let builder = tracing_subscriber::fmt()
            .with_env_filter(filter)
            // It would say so with `eprintln!`, which panics when stderr is closed: a log without a reader must not end its writer.
            .log_internal_errors(false)
            .with_writer(std::io::stderr);
        let filter = match self.format {
            LogFormat::Text => {
                let builder = builder.with_ansi(std::io::stderr().is_terminal()).with_filter_reloading();
                let handle = builder.reload_handle();
                builder.try_init().map_err(|_| AlreadySetUp)?;
                LogFilter(Box::new(move |filter| drop(handle.reload(filter))))
            }
            LogFormat::Json => {
                let builder = builder.json().flatten_event(true).with_filter_reloading();
                let handle = builder.reload_handle();
                builder.try_init().map_err(|_| AlreadySetUp)?;
                LogFilter(Box::new(move |filter| drop(handle.reload(filter))))
            }
        };
        for warning in &self.warnings {
            tracing::warn!("{warning}");
        }
        Ok(filter)
    }
}

/// What the process's log lets through.
pub struct LogFilter(Box<dyn Fn(EnvFilter) + Send + Sync>);

impl LogFilter {
    /// Lets through what `settings` say, which were checked by [`Log::read`].
    pub fn set(&self, settings: &Settings) {
        if let Some(filter) = settings.one("log").and_then(|filter| EnvFilter::try_new(filter).ok()) {
            (self.0)(filter);
        }
    }
}

impl std::fmt::Debug for LogFilter {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("LogFilter").finish_non_exhaustive()
    }
}
