//! `gatepipe users`

mod list;
mod online;

use clap::{Args, Subcommand};

use crate::exit::Exit;
use crate::output::Output;

/// List the users who are online, in order of uid (accounts in the database: gatepipe user)
#[derive(Debug, Args)]
#[command(
    args_conflicts_with_subcommands = true,
    after_help = "These are uids that gateways know, because a client is bound to them. Accounts, which may be offline, stand in the database: \
gatepipe user list.

Examples:
  gatepipe users
  gatepipe users --group lobby --limit 20
  gatepipe users -o json | jq -r '.[] | select(.clients > 1) | .uid'
  gatepipe users online 1001 1002"
)]
pub struct Users {
    #[command(subcommand)]
    command: Option<UsersCommand>,
    #[command(flatten)]
    list: list::List,
}

#[derive(Debug, Subcommand)]
enum UsersCommand {
    Online(online::Online),
}

impl Users {
    pub async fn run(self, output: Output) -> anyhow::Result<Exit> {
        match self.command {
            None => self.list.run(output).await,
            Some(UsersCommand::Online(online)) => online.run(output).await,
        }
    }
}
