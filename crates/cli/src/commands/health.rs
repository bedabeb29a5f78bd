//! `gatepipe health`

use std::time::Duration;

use clap::Args;
use futures_util::future::join_all;
use gatepipe_daemon::config::units;
use serde::Serialize;

use crate::exit::Exit;
use crate::output::{Output, Row, say};

/// Ask processes whether they run and can be sent work
#[derive(Debug, Args)]
#[command(
    after_help = "Asks /healthz and /readyz of admin listeners. Ends with 0 only when all are well, else with 1.

Examples:
  gatepipe health http://127.0.0.1:9272
  gatepipe health 127.0.0.1:9236 127.0.0.1:9272 127.0.0.1:9787"
)]
pub struct Health {
    /// Admin listeners, http://HOST:PORT or HOST:PORT
    #[arg(value_name = "URL", required = true, value_parser = url)]
    urls: Vec<reqwest::Url>,
    /// How long an answer may take
    #[arg(long, value_name = "DURATION", default_value = "3s", value_parser = units::duration)]
    timeout: Duration,
}

/// One process.
#[derive(Debug, Serialize)]
struct Process {
    url: String,
    healthy: bool,
    ready: bool,
    /// Why not; null when well.
    trouble: Option<String>,
}

impl Row for Process {
    const HEAD: &'static [&'static str] = &["url", "healthy", "ready", "trouble"];

    fn cells(&self) -> Vec<String> {
        let word = |good: bool| if good { "yes" } else { "no" }.to_owned();
        vec![self.url.clone(), word(self.healthy), word(self.ready), self.trouble.clone().unwrap_or_default()]
    }
}

impl Health {
    pub async fn run(self, output: Output) -> anyhow::Result<Exit> {
        let http = reqwest::Client::builder().timeout(self.timeout).build()?;
        let processes = join_all(self.urls.iter().map(|url| look(&http, url))).await;
        let mut exit = Exit::Done;
        for process in &processes {
            if let Some(trouble) = &process.trouble {
                say(&format!("{} is not well: {trouble}", process.url));
                exit = Exit::Failed;
            }
        }
        output.list(&processes)?;
        Ok(exit)
    }
}

async fn look(http: &reqwest::Client, url: &reqwest::Url) -> Process {
    let base = url.as_str().trim_end_matches('/').to_owned();
    let (healthy, ready) = tokio::join!(get(http, &base, "healthz"), get(http, &base, "readyz"));
    Process { url: base, healthy: healthy.is_ok(), ready: ready.is_ok(), trouble: healthy.and(ready).err() }
}

async fn get(http: &reqwest::Client, base: &str, page: &str) -> Result<(), String> {
    let one_line = |error: reqwest::Error| gatepipe_daemon::report::line(&error.without_url().into());
    let answer = http.get(format!("{base}/{page}")).send().await.map_err(one_line)?;
    let status = answer.status();
    if status.is_success() {
        return Ok(());
    }
    let text = answer.text().await.map_err(one_line)?;
    let first = text.lines().next().unwrap_or_default();
    Err(format!("/{page} answered {}: {first}", status.as_u16()))
}

fn url(text: &str) -> Result<reqwest::Url, String> {
    let whole = if text.contains("://") { text.to_owned() } else { format!("http://{text}") };
    match whole.parse::<reqwest::Url>() {
        Ok(url) if matches!(url.scheme(), "http" | "https") && url.has_host() => Ok(url),
        _ => Err("it is not a URL like http://127.0.0.1:9272".into()),
    }
}
