//! Who believes that a uid has no client here, and which binds wait for them. The rules are `gatepipe_proto::absence`; here are the one
//! lock around them, the clock, and the wake-ups.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use gatepipe_proto::absence::{Holder, InvalidConfirmation, Noted, Owed, PipeId};
use gatepipe_proto::{Uid, v1};
use parking_lot::Mutex;
use tokio::sync::{Notify, watch};
use tokio::time::{MissedTickBehavior, sleep_until, timeout_at};

use crate::clock;
use crate::metrics::Metrics;

/// How often notes that no lease needs any more are let go.
const SWEEP: Duration = Duration::from_millis(500);

/// Every belief about this gateway.
#[derive(Debug)]
pub(crate) struct Absence {
    state: Mutex<State>,
    metrics: Arc<Metrics>,
}

#[derive(Debug, Default)]
struct State {
    holder: Holder,
    /// The pipes that are open.
    links: HashMap<PipeId, Link>,
}

#[derive(Debug)]
struct Link {
    /// There is something to tell.
    wake: Arc<Notify>,
    /// The last revocation that was confirmed.
    confirmed: watch::Sender<u64>,
}

/// One pipe's beliefs, for as long as it is open.
#[derive(Debug)]
pub(crate) struct Asking {
    absence: Arc<Absence>,
    pipe: PipeId,
    wake: Arc<Notify>,
}

/// What a bind waits for before it is acknowledged.
#[derive(Debug)]
pub(crate) struct Withheld {
    owing: Vec<Owing>,
    since: Instant,
    metrics: Arc<Metrics>,
}

#[derive(Debug)]
struct Owing {
    /// The revocation, and where its confirmation shows; `None` when the pipe has ended.
    confirmation: Option<(u64, watch::Receiver<u64>)>,
    until: Instant,
}

impl Absence {
    pub(crate) fn new(metrics: Arc<Metrics>) -> Arc<Self> {
        Arc::new(Self { state: Mutex::default(), metrics })
    }

    /// A pipe was opened; it ends when the returned value is dropped.
    pub(crate) fn open(self: &Arc<Self>) -> Asking {
        let wake = Arc::new(Notify::new());
        let mut state = self.state.lock();
        let pipe = state.holder.open();
        state.links.insert(pipe, Link { wake: wake.clone(), confirmed: watch::Sender::default() });
        Asking { absence: self.clone(), pipe, wake }
    }

    /// A client of `uid` was listed just now, by a command through `by`. Gives what its receipt has to wait for, if anything.
    pub(crate) fn bound(&self, uid: &Uid, by: Option<&Asking>) -> Option<Withheld> {
        let mut state = self.state.lock();
        let State { holder, links } = &mut *state;
        let since = clock::instant();
        let owed = holder.bound(uid, by.map(|asking| asking.pipe), since);
        if owed.is_empty() {
            return None;
        }
        let owing = |Owed { pipe, revocation, until }| {
            let link = links.get(&pipe).inspect(|link| link.wake.notify_one());
            let confirmation = revocation.zip(link.map(|link| link.confirmed.subscribe()));
            Owing { confirmation, until }
        };
        let owing: Vec<_> = owed.into_iter().map(owing).collect();
        Some(Withheld { owing, since, metrics: self.metrics.clone() })
    }

    /// Lets go of notes that no lease needs any more, until dropped.
    pub(crate) async fn sweep(self: Arc<Self>) {
        let mut tick = tokio::time::interval(SWEEP);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tick.tick().await;
            let mut state = self.state.lock();
            state.holder.sweep(clock::instant());
        }
    }

    /// Uids noted, and leases, now.
    pub(crate) fn counts(&self) -> (usize, usize) {
        let state = self.state.lock();
        (state.holder.notes(), state.holder.leases(clock::instant()))
    }
}

impl Asking {
    /// Takes in what the program says before the commands of a batch.
    ///
    /// # Errors
    /// A confirmation of what was never told: the pipe has to end.
    pub(crate) fn hear(&self, word: v1::AskerWord) -> Result<(), InvalidConfirmation> {
        let mut state = self.absence.state.lock();
        state.holder.hear(self.pipe, word, clock::instant())?;
        if let Some(link) = state.links.get(&self.pipe).filter(|_| word.confirmed > 0) {
            link.confirmed.send_if_modified(|confirmed| {
                let is_newer = word.confirmed > *confirmed;
                *confirmed = word.confirmed.max(*confirmed);
                is_newer
            });
        }
        Ok(())
    }

    /// Notes each uid as believed absent by this pipe. Look for their clients only after that.
    pub(crate) fn note<'a>(&self, uids: impl IntoIterator<Item = &'a Uid>) -> Vec<Noted> {
        let mut state = self.absence.state.lock();
        let now = clock::instant();
        uids.into_iter().map(|uid| state.holder.note(self.pipe, uid, now)).collect()
    }

    /// Somebody was there after all: what was noted anew is not told.
    pub(crate) fn take_back<'a>(&self, uids: impl IntoIterator<Item = &'a Uid>) {
        let mut state = self.absence.state.lock();
        for uid in uids {
            state.holder.take_back(self.pipe, uid);
        }
    }

    /// What is to be told now; to be sent before anything that is taken later. `None` when there is nothing more.
    pub(crate) fn word(&self) -> Option<v1::HolderWord> {
        let word = self.absence.state.lock().holder.word(self.pipe)?;
        let revoked = word.revoked.len() + usize::from(word.revoked_all);
        self.absence.metrics.revocations.inc_by(revoked as u64);
        Some(word)
    }

    /// Waits until there is something to tell. May be dropped at any time.
    pub(crate) async fn woken(&self) {
        self.wake.notified().await;
    }
}

impl Drop for Asking {
    fn drop(&mut self) {
        let mut state = self.absence.state.lock();
        state.links.remove(&self.pipe);
        state.holder.end(self.pipe, clock::instant());
    }
}

impl Withheld {
    /// Waits until nobody believes the uid absent any more: for a second at most.
    pub(crate) async fn over(self) {
        for Owing { confirmation, until } in self.owing {
            let until = until.into();
            let confirmed = match confirmation {
                Some((revocation, mut confirmed)) => {
                    let reached = confirmed.wait_for(|confirmed| *confirmed >= revocation);
                    matches!(timeout_at(until, reached).await, Ok(Ok(_)))
                }
                None => false,
            };
            if !confirmed {
                // Also when the pipe ended: its program may not know it yet.
                sleep_until(until).await;
            }
        }
        self.metrics.bind_waited(clock::instant() - self.since);
    }
}

#[cfg(test)]
mod tests {
    use gatepipe_proto::absence::LEASE;
    use prometheus_client::registry::Registry;

    use super::*;

    fn uid() -> Uid {
        Uid::from(7)
    }

    fn absence() -> Arc<Absence> {
        Absence::new(Metrics::register(&mut Registry::default()))
    }

    /// A pipe that believes the uid absent.
    fn believer(absence: &Arc<Absence>) -> Asking {
        let asking = absence.open();
        asking.hear(v1::AskerWord { renewal: 1, ..v1::AskerWord::default() }).unwrap();
        assert_eq!(asking.word().map(|word| word.granted), Some(1));
        assert_eq!(asking.note(&[uid()]), [Noted::New]);
        asking
    }

    #[tokio::test]
    async fn a_bind_waits_for_the_confirmation_of_every_pipe_that_believed() {
        let (absence, begun) = (absence(), Instant::now());
        let (one, two) = (believer(&absence), believer(&absence));
        let withheld = absence.bound(&uid(), None).unwrap();
        let over = tokio::spawn(withheld.over());
        for asking in [&one, &two] {
            tokio::task::yield_now().await;
            assert!(!over.is_finished() || begun.elapsed() >= LEASE, "one has not confirmed");
            asking.woken().await;
            let word = asking.word().unwrap();
            assert_eq!(word.revoked, ["7"]);
            asking.hear(v1::AskerWord { confirmed: word.revocation, renewal: 0 }).unwrap();
        }
        over.await.unwrap();
        assert!(absence.bound(&uid(), None).is_none(), "nobody believes it any more");
    }

    #[tokio::test]
    async fn a_pipe_that_ends_or_is_stuck_is_waited_for_until_its_lease_has_run_out() {
        let (absence, begun) = (absence(), Instant::now());
        let (ends, _stuck) = (believer(&absence), believer(&absence));
        let over = tokio::spawn(absence.bound(&uid(), None).unwrap().over());
        drop(ends);
        over.await.unwrap();
        assert!(begun.elapsed() >= LEASE);
    }

    #[tokio::test]
    async fn a_bind_does_not_wait_for_its_own_pipe_or_for_those_who_never_asked() {
        let absence = absence();
        let (own, _other) = (believer(&absence), absence.open());
        assert!(absence.bound(&uid(), Some(&own)).is_none());
        assert_eq!(absence.counts(), (0, 1));
    }

    #[tokio::test]
    async fn a_confirmation_of_what_was_never_told_is_refused() {
        let absence = absence();
        let asking = believer(&absence);
        let _withheld = absence.bound(&uid(), None).unwrap();
        let word = v1::AskerWord { confirmed: 1, renewal: 0 };
        assert!(asking.hear(word).is_err(), "it was not told yet");
    }
}
