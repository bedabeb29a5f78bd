//! `gatepipe notifications`

use std::time::{Duration, SystemTime};

use anyhow::Context as _;
use clap::Args;
use gatepipe_daemon::config::units;
use serde::{Deserialize, Serialize};

use super::audit::path;
use crate::api::ApiArgs;
use crate::exit::Exit;
use crate::output::{Format, Output, Row, say};

/// List everybody's notifications, newest first: stored, pushed, read
#[derive(Debug, Args)]
#[command(
    after_help = "Needs the permission notification.view. For one call at most 10,000 notifications are looked at.

Examples:
  gatepipe notifications --since 1h --push failed
  gatepipe notifications --user 1001 --unread
  gatepipe notifications --title payroll --limit 100 --json | jq -r '.[] | [.username, .push, .is_read] | @tsv'"
)]
pub struct Notifications {
    /// Only what this user got
    #[arg(long, value_name = "USER_ID")]
    user: Option<u64>,
    /// Only this level
    #[arg(long, value_parser = ["normal", "urgent"])]
    level: Option<String>,
    /// Only of this kind
    #[arg(long, value_parser = ["info", "success", "warning", "error"])]
    notification_type: Option<String>,
    /// Only those whose push went so; none: stored only
    #[arg(long, value_parser = ["none", "unknown", "whole", "partial", "failed"])]
    push: Option<String>,
    /// Only those whose title has this in it, whatever the case
    #[arg(long, value_name = "TEXT")]
    title: Option<String>,
    /// Only unread ones
    #[arg(long)]
    unread: bool,
    /// Only what was stored in the last so long, such as 1h or 7d
    #[arg(long, value_name = "DURATION", value_parser = units::duration)]
    since: Option<Duration>,
    /// Only what was stored longer ago
    #[arg(long, value_name = "DURATION", value_parser = units::duration)]
    until: Option<Duration>,
    /// Go on where a list ended
    #[arg(long, value_name = "CURSOR")]
    cursor: Option<String>,
    /// How many at most
    #[arg(long, value_name = "COUNT", default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=100))]
    limit: u32,
    /// Print one line of JSON, as -o json
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    api: ApiArgs,
}

/// A notification, as the api says it.
#[derive(Debug, Serialize, Deserialize)]
struct Sent {
    user_id: u64,
    username: String,
    id: u64,
    title: String,
    level: String,
    notification_type: String,
    created_at: String,
    created_at_ms: i64,
    push: String,
    pushed_at: Option<String>,
    pushed_at_ms: Option<i64>,
    reached: u64,
    is_read: bool,
}

impl Row for Sent {
    const HEAD: &'static [&'static str] =
        &["user", "username", "id", "stored", "level", "push", "reached", "read", "title"];

    fn cells(&self) -> Vec<String> {
        vec![
            self.user_id.to_string(),
            self.username.clone(),
            self.id.to_string(),
            self.created_at.clone(),
            self.level.clone(),
            self.push.clone(),
            self.reached.to_string(),
            if self.is_read { "yes".into() } else { "no".into() },
            self.title.clone(),
        ]
    }
}

#[derive(Deserialize)]
struct Listed {
    list: Vec<Sent>,
    next_cursor: Option<String>,
}

impl Notifications {
    pub async fn run(self, output: Output) -> anyhow::Result<Exit> {
        let output = if self.json { Output::new(Some(Format::Json)) } else { output };
        let api = self.api.open()?;
        let data = api.get(&path("Notification/listAll", &self.query()?)?).await?;
        let listed: Listed = serde_json::from_value(data).context("the api's answer is not understood")?;
        output.list(&listed.list)?;
        if let Some(next) = listed.next_cursor {
            say(&format!("there may be more: --cursor {next}"));
        }
        Ok(Exit::Done)
    }

    fn query(&self) -> anyhow::Result<Vec<(&'static str, String)>> {
        let ago = |ago: Duration| -> anyhow::Result<String> {
            let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH)?;
            Ok(now.saturating_sub(ago).as_millis().to_string())
        };
        let given = [
            ("user_id", self.user.map(|id| id.to_string())),
            ("level", self.level.clone()),
            ("notification_type", self.notification_type.clone()),
            ("push", self.push.clone()),
            ("title", self.title.clone()),
            ("is_read", self.unread.then(|| "false".to_owned())),
            ("since_ms", self.since.map(ago).transpose()?),
            ("until_ms", self.until.map(ago).transpose()?),
            ("cursor", self.cursor.clone()),
            ("limit", Some(self.limit.to_string())),
        ];
        Ok(given.into_iter().filter_map(|(name, value)| Some((name, value?))).collect())
    }
}
