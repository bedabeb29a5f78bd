//! `gatepipe config check`

use std::path::PathBuf;

use clap::Args;
use gatepipe_daemon::config::ConfigError;
use serde::Serialize;

use super::daemon::{ALL, Daemon};
use crate::exit::Exit;
use crate::output::{Output, Row, say};

/// Tell every mistake in a configuration, as the daemons would at their start
#[derive(Debug, Args)]
#[command(
    after_help = "The environment counts as it would for the daemons: check where they run, with what they are given. Ends with 0 when
all is right, else with 1.

Examples:
  gatepipe config check gatepipe.toml
  gatepipe config check /etc/gatepipe/gatepipe.toml --for gateway
  GATEPIPE_PING_INTERVAL=20s gatepipe config check --for gateway"
)]
pub struct Check {
    /// A TOML file [default: none but the environment]
    #[arg(value_name = "FILE", env = "GATEPIPE_CONFIG")]
    file: Option<PathBuf>,
    /// Only for this daemon; repeatable [default: all]
    #[arg(long = "for", value_name = "DAEMON", value_enum)]
    daemons: Vec<Daemon>,
}

/// What one daemon would say.
#[derive(Debug, Serialize)]
struct Checked {
    daemon: &'static str,
    is_right: bool,
    /// Why it would not start.
    mistakes: Vec<String>,
    /// What it would start with nevertheless.
    warnings: Vec<String>,
}

impl Row for Checked {
    const HEAD: &'static [&'static str] = &["daemon", "right", "mistakes"];

    fn cells(&self) -> Vec<String> {
        let right = if self.is_right { "yes" } else { "no" };
        vec![self.daemon.to_owned(), right.to_owned(), self.mistakes.len().to_string()]
    }
}

impl Check {
    pub fn run(self, output: Output) -> anyhow::Result<Exit> {
        let daemons = if self.daemons.is_empty() { ALL.to_vec() } else { self.daemons.clone() };
        let checked: Vec<_> =
            daemons.into_iter().map(|daemon| self.check(daemon)).collect::<anyhow::Result<_>>()?;
        tell(&checked, |one| &one.mistakes, "");
        tell(&checked, |one| &one.warnings, "warning: ");
        output.list(&checked)?;
        let all_right = checked.iter().all(|one| one.is_right);
        Ok(if all_right { Exit::Done } else { Exit::Failed })
    }

    fn check(&self, daemon: Daemon) -> anyhow::Result<Checked> {
        let mut settings = daemon.settings(self.file.as_deref(), &[])?;
        let mistakes = match daemon.read(&mut settings) {
            Ok(()) => Vec::new(),
            Err(ConfigError::Mistakes(mistakes)) => mistakes,
            Err(ConfigError::Flags(error)) => vec![error.to_string()],
        };
        let warnings = settings.warnings().to_vec();
        Ok(Checked { daemon: daemon.section(), is_right: mistakes.is_empty(), mistakes, warnings })
    }
}

/// A line for each, which names all daemons that say so: a key beside the tables concerns several.
fn tell(checked: &[Checked], of: impl Fn(&Checked) -> &Vec<String>, kind: &str) {
    let mut told: Vec<&String> = Vec::new();
    for line in checked.iter().flat_map(&of) {
        if told.contains(&line) {
            continue;
        }
        told.push(line);
        let by: Vec<_> = checked.iter().filter(|one| of(one).contains(line)).map(|one| one.daemon).collect();
        say(&format!("{kind}{}: {line}", by.join(", ")));
    }
}
