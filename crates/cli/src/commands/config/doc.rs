//! `gatepipe config doc`

use clap::Args;
use gatepipe_daemon::config;

use super::daemon::PROGRAMS;
use crate::exit::Exit;
use crate::output;

/// Print what every setting is called, its default and its meaning, in Markdown
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  gatepipe config doc | less
  gatepipe config doc > docs/configuration.md")]
pub struct Doc {}

impl Doc {
    pub fn run(self) -> anyhow::Result<Exit> {
        output::line(config::reference(&PROGRAMS).trim_end())?;
        Ok(Exit::Done)
    }
}
