//! `gatepipe groups` without a further word

use clap::Args;
use gatepipe_client::{Cursor, GroupInfo};
use serde::Serialize;

use crate::exit::Exit;
use crate::fleet::Fleet;
use crate::output::{Output, Row};
use crate::paging::Limit;

#[derive(Debug, Args)]
pub struct List {
    #[command(flatten)]
    limit: Limit,
    /// Start where another list has ended
    #[arg(long, value_name = "CURSOR")]
    after: Option<Cursor>,
    #[command(flatten)]
    fleet: Fleet,
}

#[derive(Debug, Serialize)]
struct Group {
    group: String,
    clients: u64,
    uids: u64,
    uids_exact: bool,
}

impl From<GroupInfo> for Group {
    fn from(group: GroupInfo) -> Self {
        let GroupInfo { group, clients, uids } = group;
        Self { group: group.to_string(), clients, uids: uids.count, uids_exact: uids.exact }
    }
}

impl Row for Group {
    const HEAD: &'static [&'static str] = &["group", "clients", "uids"];

    fn cells(&self) -> Vec<String> {
        let about = if self.uids_exact { "" } else { "~" };
        vec![self.group.clone(), self.clients.to_string(), format!("{about}{}", self.uids)]
    }
}

impl List {
    pub async fn run(self, output: Output) -> anyhow::Result<Exit> {
        let client = self.fleet.join().await?;
        let found = self.limit.read(self.after, async |page| client.groups(&page).await).await?;
        let exit = found.tell(&client);
        let rows: Vec<_> = found.items.into_iter().map(Group::from).collect();
        output.list(&rows)?;
        Ok(exit)
    }
}
