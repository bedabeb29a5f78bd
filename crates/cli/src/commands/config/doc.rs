//! `gatepipe config doc`

use clap::Args;
use gatepipe_daemon::config::{self, Described};

use crate::exit::Exit;
use crate::output;

/// Print what every setting is called, its default and its meaning, in Markdown
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  gatepipe config doc | less
  gatepipe config doc > docs/configuration.md")]
pub struct Doc {}

const DAEMONS: [Described; 3] = [
    Described::of::<gatepipe_register::Live>(&gatepipe_register::PROGRAM),
    Described::of::<gatepipe_gateway::Live>(&gatepipe_gateway::PROGRAM),
    Described::of::<gatepipe_api::reload::Live>(&gatepipe_api::PROGRAM),
];

impl Doc {
    pub fn run(self) -> anyhow::Result<Exit> {
        output::line(config::reference(&DAEMONS).trim_end())?;
        Ok(Exit::Done)
    }
}
