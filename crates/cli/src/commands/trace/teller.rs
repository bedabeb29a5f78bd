//! Tells steps as they come, each with its time.

use std::collections::BTreeMap;
use std::io;

use gatepipe_client::{FollowStep, Followed, GatewayId};
use serde::Serialize;
use tokio::time::Instant;

use super::step::Step;
use crate::output::{Output, Stream, Told};

pub struct Teller {
    stream: Stream,
    began: Option<Instant>,
    /// When the command came in at each gateway, nearly: by our clock, so that those of the gateways need not agree.
    came: BTreeMap<GatewayId, Instant>,
}

/// A step and its time.
#[derive(Debug, Serialize)]
struct Line {
    /// Since the first one.
    ms: f64,
    #[serde(flatten)]
    step: Step,
}

impl Told for Line {
    fn cells(&self) -> Vec<String> {
        let (name, gateway, client) = self.step.about();
        let known = |known: Option<&str>| known.unwrap_or_default().to_owned();
        vec![format!("{:.1}", self.ms), name.to_owned(), known(gateway), known(client), self.step.words()]
    }

    fn for_people(&self) -> String {
        format!("{:>10.1} ms  {}", self.ms, self.step.words())
    }

    fn is_read_to_its_end(&self) -> bool {
        true
    }
}

impl Teller {
    pub fn new(output: Output) -> Self {
        Self { stream: output.stream(), began: None, came: BTreeMap::new() }
    }

    /// Tells what happens now.
    pub fn tell(&mut self, step: Step) -> io::Result<()> {
        self.tell_at(Instant::now(), step)
    }

    /// Tells what a gateway says when it happened.
    pub fn tell_of(&mut self, followed: &Followed, step: Step) -> io::Result<()> {
        let Followed { gateway, after, .. } = *followed;
        let now = Instant::now();
        if matches!(followed.step, FollowStep::Came { .. }) {
            self.came.insert(gateway, now.checked_sub(after).unwrap_or(now));
        }
        let at = self.came.get(&gateway).map_or(now, |came| (*came + after).min(now));
        self.tell_at(at, step)
    }

    fn tell_at(&mut self, at: Instant, step: Step) -> io::Result<()> {
        let began = *self.began.get_or_insert(at);
        // As exact as it is told, in tenths.
        let ms = (at.saturating_duration_since(began).as_secs_f64() * 10_000.0).round() / 10.0;
        self.stream.one(&Line { ms, step })?;
        self.stream.flush()
    }
}
