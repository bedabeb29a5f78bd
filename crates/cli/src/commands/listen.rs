//! `gatepipe listen`: behaves like a page.

mod backoff;
mod page;

use anyhow::Context as _;
use clap::Args;
use gatepipe_daemon::shutdown::Signals;
use gatepipe_proto::CloseCode;
use gatepipe_proto::close::Next;
use reqwest::Url;

use crate::api::{Api, ApiArgs};
use crate::exit::{Exit, Failure};
use crate::output::say;
use backoff::{Attempts, When};
use page::{Ended, Page};

/// Behave like a page: connect, bind, and print every frame as one line
#[derive(Debug, Args)]
#[command(
    after_help = "Without a token it is not bound and hears broadcasts only. It pings every 30 s; the pongs are not printed.
It comes back by the rules of the close codes: after 1 s, doubling to 30 s. Ctrl-C ends it with 0.

Examples:
  gatepipe listen ws://127.0.0.1:7272/ws
  gatepipe listen ws://127.0.0.1:7272/ws --token-file alice.token
  gatepipe listen wss://example.com/ws --api https://example.com --count 1 | jq .client_id
  gatepipe listen wss://127.0.0.1:7272/ws --ca ca.pem"
)]
pub struct Listen {
    /// Where pages connect
    #[arg(value_name = "URL", value_parser = websocket_url)]
    url: Url,
    /// End with 0 after this many printed frames
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    count: Option<u64>,
    /// How often to come back before giving up; starts anew after a connection that held 5 s
    #[arg(long, value_name = "N", default_value_t = 10)]
    attempts: u32,
    #[command(flatten)]
    api: ApiArgs,
}

impl Listen {
    pub async fn run(self) -> anyhow::Result<Exit> {
        let stopped = Signals::listen().first();
        let api = self.api.open_if_token()?;
        tokio::select! {
            ended = self.listen(api.as_ref()) => ended,
            () = stopped => Ok(Exit::Done),
        }
    }

    async fn listen(&self, api: Option<&Api>) -> anyhow::Result<Exit> {
        let mut attempts = Attempts::new(self.attempts);
        let mut wanted = self.count;
        let tls = self.api.tls()?;
        loop {
            let mut page = Page::new(self.url.as_str(), api, tls.clone(), &mut wanted);
            let ended = page.live().await?;
            let when = match &ended {
                Ended::Enough => return Ok(Exit::Done),
                Ended::Closed(frame) => {
                    page::tell_close(frame);
                    match page::code(frame).map_or(Next::Backoff, CloseCode::next) {
                        Next::Done => return Ok(Exit::Done),
                        Next::Stay => {
                            let line = "the server closed the connection for good";
                            return Err(Failure::new(Exit::ClosedForGood, line).into());
                        }
                        Next::Spread => page.within.map_or(When::Backoff, When::Within),
                        Next::Soon => When::Soon,
                        Next::Protocol | Next::Backoff => When::Backoff,
                    }
                }
                Ended::Lost(why) => {
                    say(&format!("not connected: {why}"));
                    page.within.map_or(When::Backoff, When::Within)
                }
            };
            if page.held() {
                attempts.reset();
            }
            let Some(wait) = attempts.next(when, rand::random()) else {
                let line = format!(
                    "gave up on {} (attempts: {}); is the gateway running, and is this its address?",
                    self.url,
                    attempts.made() + 1
                );
                return Err(Failure::new(Exit::Unreachable, line).into());
            };
            let next = attempts.made();
            say(&format!("coming back in {:.1} s ({next} of {})", wait.as_secs_f64(), self.attempts));
            tokio::time::sleep(wait).await;
        }
    }
}

fn websocket_url(text: &str) -> anyhow::Result<Url> {
    let url: Url = text.parse().context("it is not a URL like ws://127.0.0.1:7272/ws")?;
    let fits = matches!(url.scheme(), "ws" | "wss") && url.has_host();
    anyhow::ensure!(fits, "it is not a URL like ws://127.0.0.1:7272/ws");
    Ok(url)
}
