//! `gatepipe export`

mod create;
mod download;
mod list;
mod show;
mod task;

use clap::{Args, Subcommand};

use crate::exit::Exit;
use crate::output::Output;

/// Order exports (rows become an .xlsx or .csv in the background), follow and download them
#[derive(Debug, Args)]
#[command(after_help = "They belong to whoever's token it is.

Examples:
  gatepipe export create --title 'Users' --headers '[\"name\", {\"title\": \"born\", \"type\": \"date\"}]' --file rows.ndjson
  psql -qAtc 'SELECT json_build_array(id, name) FROM users' | gatepipe export create --title 'Users' --headers '[\"id\", \"name\"]' --wait
  gatepipe export list --state running
  gatepipe export download 7")]
pub struct Export {
    #[command(subcommand)]
    command: ExportCommand,
}

#[derive(Debug, Subcommand)]
enum ExportCommand {
    Create(create::Create),
    List(list::List),
    Show(show::Show),
    Download(download::Download),
}

impl Export {
    pub async fn run(self, output: Output) -> anyhow::Result<Exit> {
        match self.command {
            ExportCommand::Create(create) => create.run(output).await,
            ExportCommand::List(list) => list.run(output).await,
            ExportCommand::Show(show) => show.run(output).await,
            ExportCommand::Download(download) => download.run(output).await,
        }
    }
}
