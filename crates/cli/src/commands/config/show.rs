//! `gatepipe config show`

use std::ffi::OsString;
use std::path::PathBuf;

use clap::Args;
use gatepipe_daemon::config::{ConfigError, Effective, Layer};
use serde::Serialize;

use super::daemon::{ALL, Daemon};
use crate::exit::{Exit, Failure};
use crate::output::{Output, Row, say};

/// Print every setting as it counts in the end, and where it came from; secrets are masked
#[derive(Debug, Args)]
#[command(
    after_help = "What is printed is what a daemon would be told here and now, by this environment and this file; whether it could be
used is told by gatepipe config check. A running api tells its own settings in the console.

Examples:
  gatepipe config show gateway --config gatepipe.toml
  gatepipe config show api -o json | jq '.[] | select(.source != \"default\")'
  gatepipe config show gateway -- --ping-interval 20s"
)]
pub struct Show {
    /// Whose settings [default: of all daemons]
    #[arg(value_name = "DAEMON", value_enum)]
    daemon: Option<Daemon>,
    /// A TOML file
    #[arg(long, value_name = "FILE", env = "GATEPIPE_CONFIG")]
    config: Option<PathBuf>,
    /// Only what is not a default
    #[arg(long)]
    changed: bool,
    /// Flags that the daemon would be started with
    #[arg(last = true, value_name = "FLAG", requires = "daemon")]
    flags: Vec<OsString>,
}

/// One setting of one daemon; the names are those of the api's /Settings/list.
#[derive(Debug, Serialize)]
struct Shown {
    daemon: &'static str,
    name: &'static str,
    /// As they were typed.
    values: Vec<String>,
    default: Option<&'static str>,
    source: &'static str,
    given_by: Option<String>,
    is_secret: bool,
}

impl Shown {
    fn new(daemon: Daemon, one: Effective) -> Self {
        let is_default = one.layer == Layer::Default;
        Self {
            daemon: daemon.section(),
            name: one.name,
            // What everybody can read in the help is no secret.
            values: if is_default {
                one.default.iter().map(ToString::to_string).collect()
            } else {
                one.values
            },
            default: one.default,
            source: one.layer.name(),
            given_by: one.source,
            is_secret: one.is_secret,
        }
    }
}

impl Row for Shown {
    const HEAD: &'static [&'static str] = &["daemon", "setting", "value", "source", "given by"];

    fn cells(&self) -> Vec<String> {
        let texts = [self.daemon, self.name, &self.values.join(","), self.source];
        let given_by = self.given_by.clone().unwrap_or_default();
        texts.into_iter().map(str::to_owned).chain([given_by]).collect()
    }
}

impl Show {
    pub fn run(self, output: Output) -> anyhow::Result<Exit> {
        let daemons = self.daemon.map_or_else(|| ALL.to_vec(), |one| vec![one]);
        let mut shown = Vec::new();
        let mut mistakes: Vec<String> = Vec::new();
        for daemon in daemons {
            let mut settings = daemon.settings(self.config.as_deref(), &self.flags)?;
            // Only what hides a value: a file that is no file, a key that is none.
            if let Err(ConfigError::Mistakes(found)) = settings.check() {
                mistakes.extend(
                    found.into_iter().filter(|mistake| !mistakes.contains(mistake)).collect::<Vec<_>>(),
                );
            }
            for warning in settings.warnings() {
                say(&format!("warning: {warning}"));
            }
            shown.extend(settings.effective().into_iter().map(|one| Shown::new(daemon, one)));
        }
        if !mistakes.is_empty() {
            return Err(Failure::new(Exit::Failed, mistakes.join("; ")).into());
        }
        shown.retain(|one| !self.changed || one.source != Layer::Default.name());
        output.list(&shown)?;
        Ok(Exit::Done)
    }
}
