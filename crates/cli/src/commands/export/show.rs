//! `gatepipe export show`

use clap::Args;

use super::task::Task;
use crate::api::ApiArgs;
use crate::exit::Exit;
use crate::output::Output;

/// Show one of your exports
#[derive(Debug, Args)]
pub struct Show {
    /// Which one
    #[arg(value_name = "ID")]
    id: u64,
    /// Wait until it has ended, and show how far it is
    #[arg(long)]
    wait: bool,
    #[command(flatten)]
    api: ApiArgs,
}

impl Show {
    pub async fn run(self, output: Output) -> anyhow::Result<Exit> {
        let api = self.api.open()?;
        let task = match self.wait {
            true => Task::ended(&api, self.id).await?,
            false => Task::show(&api, self.id).await?,
        };
        output.one(&task)?;
        Ok(task.exit())
    }
}
