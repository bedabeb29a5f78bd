//! `gatepipe groups`

mod list;
mod membership;
mod ungroup;

use clap::{Args, Subcommand};

use crate::exit::Exit;
use crate::output::Output;

/// List the groups that have a member; let clients join and leave, dissolve a group
#[derive(Debug, Args)]
#[command(
    args_conflicts_with_subcommands = true,
    after_help = "A group is there as long as it has a member. A number of users with ~ is an estimate, off by about 1 %: beyond 8,192 \
users on several gateways the names are not moved to be compared.

Examples:
  gatepipe groups
  gatepipe groups --limit 20
  gatepipe groups -o json | jq -r 'max_by(.clients).group'
  gatepipe groups join lobby 00112233445566778899aabbccddeeff00112233"
)]
pub struct Groups {
    #[command(subcommand)]
    command: Option<GroupsCommand>,
    #[command(flatten)]
    list: list::List,
}

#[derive(Debug, Subcommand)]
enum GroupsCommand {
    Join(membership::Join),
    Leave(membership::Leave),
    Ungroup(ungroup::Ungroup),
}

impl Groups {
    pub async fn run(self, output: Output) -> anyhow::Result<Exit> {
        match self.command {
            None => self.list.run(output).await,
            Some(GroupsCommand::Join(join)) => join.run(output).await,
            Some(GroupsCommand::Leave(leave)) => leave.run(output).await,
            Some(GroupsCommand::Ungroup(ungroup)) => ungroup.run(output).await,
        }
    }
}
