//! `gatepipe migrate`

use clap::{Args, Subcommand};
use gatepipe_api::store::{self, Store};
use secrecy::ExposeSecret as _;
use serde::Serialize;

use crate::confirm::Confirm;
use crate::database::Database;
use crate::exit::Exit;
use crate::output::{Output, Row, say};

/// Bring the database's tables up to date, look whether they are, or take migrations back
#[derive(Debug, Args)]
pub struct Migrate {
    #[command(subcommand)]
    command: MigrateCommand,
}

#[derive(Debug, Subcommand)]
enum MigrateCommand {
    Run(Run),
    Status(Status),
    Revert(Revert),
}

/// Run every migration that has not run; the api does the same when it starts
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  gatepipe migrate run
  gatepipe migrate run --database-url sqlite:///srv/gatepipe/gatepipe.db
  GATEPIPE_DATABASE_URL_FILE=/run/secrets/database-url gatepipe migrate run")]
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

/// Take back the last migrations, with everything that is stored in what they made; stop every api first
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  gatepipe migrate revert
  gatepipe migrate revert --steps 2 --yes
  gatepipe migrate revert --all --database-url postgres://gatepipe@localhost/gatepipe")]
struct Revert {
    /// How many
    #[arg(long, value_name = "COUNT", default_value = "1", value_parser = clap::value_parser!(u32).range(1..))]
    steps: u32,
    /// All of them: nothing is left
    #[arg(long, conflicts_with = "steps")]
    all: bool,
    #[command(flatten)]
    confirm: Confirm,
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
            MigrateCommand::Revert(revert) => {
                revert.run().await?;
                &revert.database
            }
        };
        let migrations = Store::migrations(database.url()?.expose_secret()).await?;
        let rows: Vec<_> = migrations.into_iter().map(|(name, done)| Migration { name, done }).collect();
        output.list(&rows)?;
        Ok(Exit::Done)
    }
}

impl Revert {
    async fn run(&self) -> anyhow::Result<()> {
        self.confirm.possible()?;
        let url = self.database.url()?;
        let url = url.expose_secret();
        let done = Store::migrations(url).await?.into_iter().filter(|(_, done)| *done);
        let mut names: Vec<_> = done.map(|(name, _)| name).collect();
        let kept = names.len().saturating_sub(if self.all { names.len() } else { self.steps.try_into()? });
        let last = names.split_off(kept);
        if last.is_empty() {
            say("nothing has been migrated");
            return Ok(());
        }
        let question =
            format!("Take back {} in {}, with all that is stored there?", last.join(", "), store::shown(url));
        self.confirm.ask(&question).await?;
        for name in Store::revert(url, last.len()).await? {
            say(&format!("taken back: {name}"));
        }
        Ok(())
    }
}
