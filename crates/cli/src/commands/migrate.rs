//! `gatepipe migrate`

use clap::{Args, Subcommand};
use gatepipe_api::store::Store;
use serde::Serialize;

use crate::database::Database;
use crate::exit::Exit;
use crate::output::{Output, Row, say};

/// Bring the database's tables up to date, or look whether they are
#[derive(Debug, Args)]
pub struct Migrate {
    #[command(subcommand)]
    command: MigrateCommand,
}

#[derive(Debug, Subcommand)]
enum MigrateCommand {
    Run(Run),
    Status(Status),
}

/// Run every migration that has not run; the api does the same when it starts
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  gatepipe migrate run
  gatepipe migrate run --database-url sqlite:///srv/gatepipe/gatepipe.db")]
struct Run {
    #[command(flatten)]
    database: Database,
}

/// List the migrations and whether they have run; changes nothing
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  gatepipe migrate status
  gatepipe migrate status -o json | jq 'map(select(.done | not)) | length'")]
struct Status {
    #[command(flatten)]
    database: Database,
}

#[derive(Debug, Serialize)]
struct Migration {
    name: String,
    done: bool,
}

impl Row for Migration {
    const HEAD: &'static [&'static str] = &["migration", "state"];

    fn cells(&self) -> Vec<String> {
        let state = if self.done { "done" } else { "pending" };
        vec![self.name.clone(), state.into()]
    }
}

impl Migrate {
    pub async fn run(self, output: Output) -> anyhow::Result<Exit> {
        let database = match &self.command {
            MigrateCommand::Run(run) => {
                run.database.open().await?;
                say("the database's tables are up to date");
                &run.database
            }
            MigrateCommand::Status(status) => &status.database,
        };
        let migrations = Store::migrations(&database.database_url).await?;
        let rows: Vec<_> = migrations.into_iter().map(|(name, done)| Migration { name, done }).collect();
        output.list(&rows)?;
        Ok(Exit::Done)
    }
}
