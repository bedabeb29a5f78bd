//! `gatepipe users` without a further word

use clap::Args;
use gatepipe_client::{Cursor, UidInfo};
use serde::Serialize;

use crate::exit::Exit;
use crate::fleet::Fleet;
use crate::output::{Output, Row};
use crate::paging::Limit;
use crate::which::Which;

#[derive(Debug, Args)]
pub struct List {
    #[command(flatten)]
    limit: Limit,
    /// Start where another list with the same filters has ended
    #[arg(long, value_name = "CURSOR")]
    after: Option<Cursor>,
    #[command(flatten)]
    which: Which,
    #[command(flatten)]
    fleet: Fleet,
}

#[derive(Debug, Serialize)]
struct User {
    uid: String,
    /// Those that the filters let through.
    clients: u64,
}

impl From<UidInfo> for User {
    fn from(user: UidInfo) -> Self {
        Self { uid: user.uid.to_string(), clients: user.clients }
    }
}

impl Row for User {
    const HEAD: &'static [&'static str] = &["uid", "clients"];

    fn cells(&self) -> Vec<String> {
        vec![self.uid.clone(), self.clients.to_string()]
    }
}

impl List {
    pub async fn run(self, output: Output) -> anyhow::Result<Exit> {
        let client = self.fleet.join().await?;
        let filter = self.which.filter(&client)?;
        let found = self.limit.read(self.after, async |page| client.uids(&filter, &page).await).await?;
        let exit = found.tell(&client);
        let rows: Vec<_> = found.items.into_iter().map(User::from).collect();
        output.list(&rows)?;
        Ok(exit)
    }
}
