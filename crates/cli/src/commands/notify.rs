//! `gatepipe notify`

mod readers;

use anyhow::Context as _;
use clap::{Args, ValueEnum};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::api::ApiArgs;
use crate::exit::{Exit, Failure};
use crate::output::{Output, Progress, Row, say};

use readers::Readers;

/// Most readers in one call, as the api says.
const MOST_READERS: u16 = 10_000;

/// Store a notification for some users, and push it when it is urgent
///
/// More than 10,000 users are several calls. A call whose outcome is unknown is made again, and nobody gets it twice.
#[derive(Debug, Args)]
#[command(after_help = "Needs the permission notification.send.

Examples:
  gatepipe notify 1001 --title 'Payroll' --content 'Approved' --level urgent
  gatepipe notify 2,3 --title 'Report' --content 'Ready' --notification-type success --link /reports/7
  gatepipe notify --users-file everyone.txt --title 'Maintenance' --content 'At six'
  gatepipe user list -o tsv | cut -f1 | gatepipe notify --users-file - --title 'Maintenance' --content 'At six'")]
pub struct Notify {
    #[command(flatten)]
    readers: Readers,
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
    /// Most users in one call
    #[arg(long, value_name = "COUNT", default_value_t = MOST_READERS, value_parser = clap::value_parser!(u16).range(1..=10_000))]
    per_call: u16,
    /// What this run is called, up to 200 characters; a run with the same name goes on where one ended [default: a new name]
    #[arg(long, value_name = "NAME", value_parser = run_name)]
    run: Option<String>,
    #[command(flatten)]
    api: ApiArgs,
}

/// It becomes a part of each call's `Idempotency-Key`.
fn run_name(text: &str) -> Result<String, &'static str> {
    let plain = text.bytes().all(|byte| byte.is_ascii_graphic());
    if (1..=200).contains(&text.len()) && plain {
        Ok(text.to_owned())
    } else {
        Err("must be 1 to 200 printable ASCII characters without spaces")
    }
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
#[derive(Debug, Default, Serialize, Deserialize)]
struct Notified {
    ids: Vec<u64>,
    reached: u64,
    failed: Vec<Failed>,
}

/// A gateway that could not be asked, as the api says.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
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

impl Notified {
    /// Adds what another call did.
    fn add(&mut self, other: Self) {
        self.ids.extend(other.ids);
        self.reached += other.reached;
        for failed in other.failed {
            if !self.failed.contains(&failed) {
                self.failed.push(failed);
            }
        }
    }
}

impl Notify {
    pub async fn run(self, output: Output) -> anyhow::Result<Exit> {
        let named = self.readers.read()?;
        let readers = readers::each_once(&named);
        let api = self.api.open()?;
        let run = self.run.clone().unwrap_or_else(|| format!("{:032x}", rand::random::<u128>()));
        let calls: Vec<&[u64]> = readers.chunks(self.per_call.into()).collect();
        let mut progress = Progress::new();
        let (mut sum, mut told) = (Notified::default(), 0);
        for (number, some) in calls.iter().enumerate() {
            let key = format!("{run}:{number}");
            let sent = api.post_once("Notification/send", &key, &self.body(some), number > 0).await;
            match sent {
                Ok(data) => {
                    sum.add(serde_json::from_value(data).context("the api's answer is not understood")?);
                }
                Err(trouble) if number == 0 && !trouble.may_be_done() => return Err(trouble.failure.into()),
                Err(trouble) => {
                    drop(progress);
                    let exit = if number == 0 { trouble.failure.exit() } else { Exit::Partly };
                    let line = format!(
                        "{}; done: {number} of {} calls, {} users; the same command with --run {run} goes on there",
                        trouble.failure,
                        calls.len(),
                        thousands(told),
                    );
                    return Err(Failure::new(exit, line).into());
                }
            }
            told += some.len();
            if calls.len() > 1 {
                progress.say(&format!("{} of {} calls, {} users", number + 1, calls.len(), thousands(told)));
            }
        }
        drop(progress);
        sum.ids = readers::for_each_named(&named, &readers, &sum.ids);
        let exit = Failed::tell(&sum.failed);
        output.one(&sum)?;
        Ok(exit)
    }

    fn body(&self, readers: &[u64]) -> Value {
        json!({
            "user_ids": readers,
            "title": self.title,
            "content": self.content,
            "level": self.level,
            "notification_type": self.notification_type,
            "link": self.link,
        })
    }
}

/// As people write numbers: 30,000.
fn thousands(number: usize) -> String {
    let digits = number.to_string();
    let mut written = String::new();
    for (place, digit) in digits.char_indices() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            written.push(',');
        }
        written.push(digit);
    }
    written
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_grouped_by_thousands() {
        for (number, written) in [(0, "0"), (999, "999"), (1_000, "1,000"), (30_000, "30,000")] {
            assert_eq!(thousands(number), written);
        }
        assert_eq!(thousands(12_345_678), "12,345,678");
    }

    #[test]
    fn a_run_is_named_by_a_word() {
        assert!(run_name("payroll-2026-11").is_ok() && run_name(&"x".repeat(200)).is_ok());
        for bad in ["", "a b", "工资", &"x".repeat(201)] {
            assert!(run_name(bad).is_err(), "{bad}");
        }
    }
}
