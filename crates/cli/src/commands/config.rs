//! `gatepipe config`

mod check;
mod daemon;
mod doc;
mod init;
mod show;

use clap::{Args, Subcommand};

use crate::exit::Exit;
use crate::output::Output;

/// Write, check, show and explain the settings of register, gateway and api
#[derive(Debug, Args)]
pub struct Config {
    #[command(subcommand)]
    command: ConfigCommand,
}

#[derive(Debug, Subcommand)]
enum ConfigCommand {
    Init(init::Init),
    Check(check::Check),
    Show(show::Show),
    Doc(doc::Doc),
}

impl Config {
    pub fn run(self, output: Output) -> anyhow::Result<Exit> {
        match self.command {
            ConfigCommand::Init(init) => init.run(),
            ConfigCommand::Check(check) => check.run(output),
            ConfigCommand::Show(show) => show.run(output),
            ConfigCommand::Doc(doc) => doc.run(),
        }
    }
}
