//! `gatepipe trace`: what became of one message, step by step, and where it died.

mod sending;
mod step;
mod story;
mod teller;
mod verdict;

use std::time::Duration;

use clap::Args;
use futures_util::future::OptionFuture;
use gatepipe_client::{FollowStep, Following, Uid};
use gatepipe_daemon::config::units;
use gatepipe_daemon::shutdown::Signals;
use tokio::time::{Instant, sleep_until};

use crate::api::ApiArgs;
use crate::exit::Exit;
use crate::fleet::Fleet;
use crate::frame::Frame;
use crate::output::Output;
use sending::{Sending, Sent};
use step::Step;
use story::Story;
use teller::Teller;

/// How long a message may take from the first gateway that has it to the last: as long as a program waits for receipts.
const SPREAD: Duration = Duration::from_secs(2);

/// Follow one message to a user, and say where it went or died
#[derive(Debug, Args)]
#[command(
    after_help = "Without a frame it waits for the next message to the user, from whomever, also on gateways that join meanwhile. With one it sends that \
itself: to the gateways, or, with a token (a flag, or GATEPIPE_TOKEN), through the api (WebSocket/pushToUser), so that what the api \
refuses is told, too.

Each step has the milliseconds since the first. What the message says is never shown. \"Written\" means that the kernel of the gateway's \
host has all of it; whether the page has read it only the page knows. The last line is the verdict; Ctrl-C ends with what is known.

Exit codes: 0 every client has it, 1 none of them, 5 there was no client or no message, 6 some clients or gateways are missing; what the \
api or a register refused ends as with every other command.

Examples:
  gatepipe trace --uid 1001
  gatepipe trace --uid 1001 --wait 10m -o json
  gatepipe trace --uid 1001 --data '{\"hello\":1}'
  gatepipe trace --uid 1001 --data '{\"hello\":1}' --api https://example.com --token-file admin.token"
)]
pub struct Trace {
    /// Whose messages
    #[arg(long, value_name = "UID")]
    uid: Uid,
    /// How long to wait for the message, and then for clients that do not read
    #[arg(long, value_name = "DURATION", default_value = "60s", value_parser = units::duration)]
    wait: Duration,
    #[command(flatten)]
    frame: Option<Frame>,
    #[command(flatten)]
    fleet: Fleet,
    #[command(flatten)]
    api: ApiArgs,
}

impl Trace {
    pub async fn run(self, output: Output) -> anyhow::Result<Exit> {
        let stopped = Signals::listen().first();
        let mut teller = Teller::new(output);
        // Before anything is waited for: a frame that cannot be sent is a mistake of whoever typed it.
        let sending =
            self.frame.as_ref().map(|frame| Sending::new(&self.uid, frame, &self.api)).transpose()?;
        let client = self.fleet.join().await?;
        for register in client.registers() {
            teller.tell(Step::register(register))?;
        }
        let members = client.gateways();
        for member in &members {
            teller.tell(Step::gateway(member))?;
        }
        let following = client.follow_uid(&self.uid).await;
        let mut story = Story::new(&self.uid, sending.is_some(), &members, &following.gateways);
        for step in story::beginning(&following.gateways) {
            teller.tell(step)?;
        }

        let told = async {
            let mark = sending.as_ref().map(|sending| following.mark(&sending.message));
            let sending = sending.as_ref().map(|sending| sending.send(&client));
            self.follow(sending, mark, following, &mut story, &mut teller).await
        };
        let is_stopped = tokio::select! {
            told = told => { told?; false }
            () = stopped => true,
        };
        let verdict = story.verdict(is_stopped, self.wait);
        let exit = verdict.exit;
        teller.tell(Step::Verdict { text: verdict.text, exit: exit as u8 })?;
        Ok(exit)
    }

    /// Until everything is known, or the time is over. `mark` is that of the message that is sent; without one the first that comes counts.
    async fn follow(
        &self,
        sending: Option<impl Future<Output = Sent>>,
        mut mark: Option<u64>,
        mut following: Following,
        story: &mut Story,
        teller: &mut Teller,
    ) -> anyhow::Result<()> {
        let mut is_sent = sending.is_none();
        // Nobody tells anything, and nobody did when it began.
        if is_sent && following.gateways.value.is_empty() {
            return Ok(());
        }
        let sending = OptionFuture::from(sending);
        tokio::pin!(sending);
        // When to give up, put off once when the message has come; and when to believe that no other gateway gets it.
        let mut give_up = Instant::now() + self.wait;
        let mut spread_ends = None;
        loop {
            let is_spread = spread_ends.is_some_and(|ends| Instant::now() >= ends);
            // What we send ourselves has a deadline of its own.
            let is_too_late = is_sent && Instant::now() >= give_up;
            if story.is_over(is_spread) || is_too_late {
                return Ok(());
            }
            let look_again = spread_ends.filter(|_| !is_spread).map_or(give_up, |ends| give_up.min(ends));
            tokio::select! {
                sent = &mut sending, if !is_sent => {
                    is_sent = true;
                    give_up = Instant::now() + self.wait.max(SPREAD);
                    spread_ends.get_or_insert(Instant::now() + SPREAD);
                    for step in sent.map(|sent| story.sent(sent)).unwrap_or_default() {
                        teller.tell(step)?;
                    }
                }
                followed = following.next() => {
                    if let FollowStep::Came { mark: came, .. } = followed.step
                        && *mark.get_or_insert(came) == came
                        && !story.has_come()
                    {
                        spread_ends = Some(Instant::now() + SPREAD);
                        give_up = Instant::now() + self.wait.max(SPREAD);
                    }
                    if let Some(step) = story.followed(mark, &followed) {
                        teller.tell_of(&followed, step)?;
                    }
                }
                () = sleep_until(look_again), if is_sent || look_again > Instant::now() => {}
            }
        }
    }
}
