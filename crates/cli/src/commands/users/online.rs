//! `gatepipe users online`

use std::collections::BTreeSet;

use clap::Args;
use gatepipe_client::Uid;
use serde::Serialize;

use crate::exit::Exit;
use crate::fleet::{Failed, Fleet, tell_failed};
use crate::output::{Output, Row};

/// Tell which users are online: online, offline, or unknown because a gateway did not answer
#[derive(Debug, Args)]
#[command(
    after_help = "One object in JSON: the uids under online, offline and unknown, and the gateways that failed.

Examples:
  gatepipe users online 1001 1002
  gatepipe users online 1001 -o json | jq -e '.online == [\"1001\"]'"
)]
pub struct Online {
    /// Who is asked about
    #[arg(value_name = "UID", required = true)]
    uids: Vec<Uid>,
    #[command(flatten)]
    fleet: Fleet,
}

/// With the keys of the HTTP api.
#[derive(Debug, Default, Serialize)]
struct Whole {
    online: Vec<String>,
    offline: Vec<String>,
    unknown: Vec<String>,
    failed: Vec<Failed>,
}

#[derive(Debug, Serialize)]
struct State(String, &'static str);

impl Row for State {
    const HEAD: &'static [&'static str] = &["uid", "state"];

    fn cells(&self) -> Vec<String> {
        vec![self.0.clone(), self.1.to_owned()]
    }
}

impl Online {
    pub async fn run(self, output: Output) -> anyhow::Result<Exit> {
        let client = self.fleet.join().await?;
        let answer = client.are_uids_online(&self.uids).await;
        let (exit, failed) = tell_failed(&client, &answer.failed);
        let mut whole = Whole { failed, ..Whole::default() };
        let mut rows = Vec::new();
        // In the order in which they were asked about, each once.
        let mut told = BTreeSet::new();
        for uid in self.uids.iter().filter(|uid| told.insert(*uid)) {
            let text = uid.to_string();
            let (state, list) = match &answer.value {
                known if known.online.contains(uid) => ("online", &mut whole.online),
                known if known.offline.contains(uid) => ("offline", &mut whole.offline),
                _ => ("unknown", &mut whole.unknown),
            };
            list.push(text.clone());
            rows.push(State(text, state));
        }
        output.rows_of(&rows, &whole)?;
        Ok(exit)
    }
}
