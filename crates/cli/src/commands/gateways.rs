//! `gatepipe gateways`

mod drain;
mod list;

use clap::{Args, Subcommand};

use crate::exit::Exit;
use crate::output::Output;

/// List the gateways with their numbers; drain one
#[derive(Debug, Args)]
#[command(
    args_conflicts_with_subcommands = true,
    after_help = "Frames in and out are a second, over the last seconds. JSON has all rates and totals.

Examples:
  gatepipe gateways
  gatepipe gateways --register http://10.0.0.1:1236 --secret-file /run/secrets/gatepipe
  gatepipe gateways -o json | jq '[.[].clients] | add'
  gatepipe gateways drain 6f1c0d2e"
)]
pub struct Gateways {
    #[command(subcommand)]
    command: Option<GatewaysCommand>,
    #[command(flatten)]
    list: list::List,
}

#[derive(Debug, Subcommand)]
enum GatewaysCommand {
    Drain(drain::Drain),
}

impl Gateways {
    pub async fn run(self, output: Output) -> anyhow::Result<Exit> {
        match self.command {
            None => self.list.run(output).await,
            Some(GatewaysCommand::Drain(drain)) => drain.run(output).await,
        }
    }
}
