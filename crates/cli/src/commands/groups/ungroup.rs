//! `gatepipe groups ungroup`

use clap::Args;
use gatepipe_client::Group;
use serde::Serialize;

use crate::confirm::Confirm;
use crate::exit::Exit;
use crate::fleet::{Failed, Fleet, tell_failed};
use crate::output::{Output, Row, say};

/// Dissolve a group: every member leaves it and stays connected
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  gatepipe groups ungroup lobby
  gatepipe groups ungroup lobby --yes -o json")]
pub struct Ungroup {
    /// Which group
    #[arg(value_name = "GROUP")]
    group: Group,
    #[command(flatten)]
    confirm: Confirm,
    #[command(flatten)]
    fleet: Fleet,
}

#[derive(Debug, Serialize)]
struct Ungrouped {
    /// Clients that were members.
    left: u64,
    failed: Vec<Failed>,
}

impl Row for Ungrouped {
    const HEAD: &'static [&'static str] = &["left", "failed"];

    fn cells(&self) -> Vec<String> {
        vec![self.left.to_string(), self.failed.len().to_string()]
    }
}

impl Ungroup {
    pub async fn run(self, output: Output) -> anyhow::Result<Exit> {
        self.confirm.possible()?;
        let client = self.fleet.join().await?;
        if self.confirm.asks() {
            let counts = client.count_by_group(std::slice::from_ref(&self.group)).await;
            tell_failed(&client, &counts.failed);
            let clients = counts.value.get(&self.group).map_or(0, |group| group.clients);
            let question = format!("Let every member leave group {} (clients: {clients})?", self.group);
            self.confirm.ask(&question).await?;
        }
        let receipt = client.ungroup(&self.group).await;
        let (exit, failed) = tell_failed(&client, &receipt.failed);
        if receipt.reached == 0 && receipt.is_whole() {
            say("the group has no members");
        }
        output.one(&Ungrouped { left: receipt.reached, failed })?;
        Ok(exit)
    }
}
