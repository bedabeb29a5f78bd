//! `gatepipe audit`

use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use anyhow::Context as _;
use clap::Args;
use gatepipe_daemon::config::units;
use reqwest::Url;
use serde::{Deserialize, Serialize};

use crate::api::ApiArgs;
use crate::exit::Exit;
use crate::file::save_new;
use crate::output::{Format, Output, Row, say};

/// List who did what, to whom, from where, when, and how it went, newest first
#[derive(Debug, Args)]
#[command(after_help = "Needs the permission audit.view.

Examples:
  gatepipe audit --since 1h --result refused
  gatepipe audit --action user,websocket.force_offline --limit 100
  gatepipe audit --target-kind user --target 1001 --json | jq -r '.[] | [.at, .actor, .action] | @tsv'
  gatepipe audit --since 30d --csv audit.csv")]
pub struct Audit {
    /// Only what this user did
    #[arg(long, value_name = "USER_ID")]
    actor: Option<u64>,
    /// Only these, with commas between them: websocket.push; or a family of them: user
    #[arg(long, value_name = "ACTION")]
    action: Option<String>,
    /// Only what was done to things of this kind: everybody, user, users, client, gateway, export, role, permission
    #[arg(long, value_name = "KIND")]
    target_kind: Option<String>,
    /// Only what was done to this one: a user's id, a client_id, a gateway_id, a role
    #[arg(long, value_name = "TARGET")]
    target: Option<String>,
    /// Only what went so
    #[arg(long, value_parser = ["done", "partial", "refused", "failed"])]
    result: Option<String>,
    /// Only what happened in the last so long, such as 1h or 7d
    #[arg(long, value_name = "DURATION", value_parser = units::duration)]
    since: Option<Duration>,
    /// Only what happened longer ago
    #[arg(long, value_name = "DURATION", value_parser = units::duration)]
    until: Option<Duration>,
    /// Only older entries than this
    #[arg(long, value_name = "ID")]
    before: Option<u64>,
    /// How many at most
    #[arg(long, value_name = "COUNT", default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=100))]
    limit: u32,
    /// Write all of them into this file instead, as comma-separated values. What exists is not overwritten
    #[arg(long, value_name = "FILE", conflicts_with_all = ["before", "limit"])]
    csv: Option<PathBuf>,
    /// Print one line of JSON, as -o json
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    api: ApiArgs,
}

/// An entry, as the api says it.
#[derive(Debug, Serialize, Deserialize)]
struct Entry {
    id: u64,
    at: String,
    at_ms: i64,
    actor_id: Option<u64>,
    actor: String,
    address: Option<String>,
    action: String,
    target_kind: Option<String>,
    target: Option<String>,
    target_name: Option<String>,
    result: String,
    detail: String,
}

impl Row for Entry {
    const HEAD: &'static [&'static str] =
        &["id", "at", "actor", "address", "action", "target", "result", "detail"];

    fn cells(&self) -> Vec<String> {
        let words = [&self.target_kind, &self.target, &self.target_name].into_iter().flatten();
        let target: Vec<&str> = words.map(String::as_str).collect();
        vec![
            self.id.to_string(),
            self.at.clone(),
            self.actor.clone(),
            self.address.clone().unwrap_or_default(),
            self.action.clone(),
            target.join(" "),
            self.result.clone(),
            self.detail.clone(),
        ]
    }
}

#[derive(Deserialize)]
struct Listed {
    list: Vec<Entry>,
    next_cursor: Option<u64>,
}

#[derive(Serialize)]
struct Saved {
    file: PathBuf,
    bytes: u64,
}

impl Audit {
    pub async fn run(self, output: Output) -> anyhow::Result<Exit> {
        let output = if self.json { Output::new(Some(Format::Json)) } else { output };
        let api = self.api.open()?;
        let mut query = self.filter()?;
        if let Some(to) = &self.csv {
            let answer = api.download(&path("Audit/export", &query)?).await?;
            let bytes = save_new(answer, to).await?;
            output.value(&to.display().to_string(), &Saved { file: to.clone(), bytes })?;
            return Ok(Exit::Done);
        }
        query.push(("limit", self.limit.to_string()));
        query.extend(self.before.map(|before| ("before_id", before.to_string())));
        let data = api.get(&path("Audit/list", &query)?).await?;
        let listed: Listed = serde_json::from_value(data).context("the api's answer is not understood")?;
        output.list(&listed.list)?;
        if let Some(next) = listed.next_cursor {
            say(&format!("there are more: --before {next}"));
        }
        Ok(Exit::Done)
    }

    fn filter(&self) -> anyhow::Result<Vec<(&'static str, String)>> {
        let ago = |ago: Duration| -> anyhow::Result<String> {
            let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH)?;
            Ok(now.saturating_sub(ago).as_millis().to_string())
        };
        let given = [
            ("actor_id", self.actor.map(|id| id.to_string())),
            ("action", self.action.clone()),
            ("target_kind", self.target_kind.clone()),
            ("target", self.target.clone()),
            ("result", self.result.clone()),
            ("since_ms", self.since.map(ago).transpose()?),
            ("until_ms", self.until.map(ago).transpose()?),
        ];
        Ok(given.into_iter().filter_map(|(name, value)| Some((name, value?))).collect())
    }
}

/// A route with a query. Only what stands behind the question mark is taken of the URL.
pub(super) fn path(route: &str, query: &[(&'static str, String)]) -> anyhow::Result<String> {
    let url = Url::parse_with_params("http://api", query)?;
    Ok(format!("{route}?{}", url.query().unwrap_or_default()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_asked_for_is_written_as_a_query_takes_it() {
        let query = [("target", "销售&a=b".to_owned()), ("limit", "20".to_owned())];
        assert_eq!(
            path("Audit/list", &query).unwrap(),
            "Audit/list?target=%E9%94%80%E5%94%AE%26a%3Db&limit=20"
        );
        assert_eq!(path("Audit/export", &[]).unwrap(), "Audit/export?");
    }
}
