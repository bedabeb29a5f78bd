//! `gatepipe token`

mod check;
mod create;
mod settings;

use clap::{Args, Subcommand};

use crate::exit::Exit;
use crate::output::Output;

/// Make tokens without a password, and look what one says
#[derive(Debug, Args)]
pub struct Token {
    #[command(subcommand)]
    command: TokenCommand,
}

#[derive(Debug, Subcommand)]
enum TokenCommand {
    Create(create::Create),
    Check(check::Check),
}

impl Token {
    pub async fn run(self, output: Output) -> anyhow::Result<Exit> {
        match self.command {
            TokenCommand::Create(create) => create.run(output).await,
            TokenCommand::Check(check) => check.run(output).await,
        }
    }
}
