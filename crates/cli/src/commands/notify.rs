//! `gatepipe notify`

use anyhow::Context as _;
use clap::{Args, ValueEnum};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::api::ApiArgs;
use crate::exit::Exit;
use crate::output::{Output, Row, say};

/// Store a notification for some users, and push it when it is urgent
#[derive(Debug, Args)]
#[command(after_help = "Needs the permission notification.send.

Examples:
  gatepipe notify 1001 --title 'Payroll' --content 'Approved' --level urgent
  gatepipe notify 2 3 --title 'Report' --content 'Ready' --notification-type success --link /reports/7")]
pub struct Notify {
    /// Who gets it
    #[arg(value_name = "USER_ID", required = true)]
    user_ids: Vec<u64>,
    /// 1 to 255 characters
    #[arg(long)]
    title: String,
    /// At most 64 KiB
    #[arg(long)]
    content: String,
    /// normal is stored only; urgent is stored, then pushed
    #[arg(long, value_enum, default_value_t = Level::Normal)]
    level: Level,
    /// How it looks
    #[arg(long, value_enum, default_value_t = Kind::Info)]
    notification_type: Kind,
    /// Where it leads: http(s)://… or a path that begins with one /
    #[arg(long, value_name = "URL", default_value = "")]
    link: String,
    #[command(flatten)]
    api: ApiArgs,
}

#[derive(Debug, Clone, Copy, ValueEnum, Serialize)]
#[serde(rename_all = "lowercase")]
enum Level {
    Normal,
    Urgent,
}

#[derive(Debug, Clone, Copy, ValueEnum, Serialize)]
#[serde(rename_all = "lowercase")]
enum Kind {
    Info,
    Success,
    Warning,
    Error,
}

/// The api's answer.
#[derive(Debug, Serialize, Deserialize)]
struct Notified {
    ids: Vec<u64>,
    reached: u64,
    failed: Vec<Failed>,
}

/// A gateway that could not be asked, as the api says.
#[derive(Debug, Serialize, Deserialize)]
pub struct Failed {
    gateway: Option<String>,
    reason: String,
}

impl Failed {
    /// Names them on stderr; the exit code says whether there were any.
    pub fn tell(failed: &[Self]) -> Exit {
        for Self { gateway, reason } in failed {
            let gateway = gateway.as_deref().unwrap_or("(none is known)");
            say(&format!("gateway {gateway} failed: {reason}"));
        }
        if failed.is_empty() { Exit::Done } else { Exit::Partly }
    }
}

impl Row for Notified {
    const HEAD: &'static [&'static str] = &["ids", "reached", "failed"];

    fn cells(&self) -> Vec<String> {
        let ids: Vec<_> = self.ids.iter().map(u64::to_string).collect();
        vec![ids.join(","), self.reached.to_string(), self.failed.len().to_string()]
    }
}

impl Notify {
    pub async fn run(self, output: Output) -> anyhow::Result<Exit> {
        let body = json!({
            "user_ids": self.user_ids,
            "title": self.title,
            "content": self.content,
            "level": self.level,
            "notification_type": self.notification_type,
            "link": self.link,
        });
        let data = self.api.open()?.post("Notification/send", &body).await?;
        let notified: Notified =
            serde_json::from_value(data).context("the api's answer is not understood")?;
        let exit = Failed::tell(&notified.failed);
        output.one(&notified)?;
        Ok(exit)
    }
}
