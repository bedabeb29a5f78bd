//! A gateway and its end of the pipes, as `gateway` has them.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::time::Instant;

use super::clock::{Clock, Time};
use super::program::{Batch, Bind, Command, Listing};
use crate::absence::fault::{Broken, Fault};
use crate::absence::{Holder, LEASE, Noted, Owed, PipeId};
use crate::{Uid, v1};

pub(super) struct Gateway {
    pub(super) clock: Clock,
    pub(super) stalled_until: Time,
    /// How many gateways were here before it.
    pub(super) incarnation: usize,
    pub(super) holder: Holder,
    /// Who is listed under which uid, and since which listing.
    pub(super) listed: BTreeMap<usize, (Uid, Listing)>,
    listings: Listing,
    confirmed: HashMap<PipeId, u64>,
    withheld: Vec<Withheld>,
}

/// A bind that is done and not acknowledged.
struct Withheld {
    bind: Arrived,
    owed: Vec<Owed>,
}

#[derive(Clone)]
pub(super) struct Arrived {
    pub(super) bind: Bind,
    /// The command and the pipe that it came through; none when it was a call by itself.
    pub(super) command: Option<(u64, usize)>,
}

/// One pipe.
pub(super) struct Link {
    pub(super) program: usize,
    pub(super) gateway: usize,
    pub(super) incarnation: usize,
    pub(super) pipe: PipeId,
    pub(super) up: VecDeque<Batch>,
    pub(super) down: VecDeque<v1::ReceiptBatch>,
    pub(super) last_up: Time,
    pub(super) last_down: Time,
    /// The way down stalls behind the next word.
    pub(super) stalls: bool,
    /// As each end sees it.
    pub(super) program_open: bool,
    pub(super) gateway_open: bool,
    pub(super) steps: VecDeque<Step>,
    pub(super) done: Vec<v1::Receipt>,
}

/// What a gateway does between two moments at which anything else may happen.
#[derive(Clone)]
pub(super) enum Step {
    Hear(v1::AskerWord),
    Note(u64, Uid),
    /// With what came of noting, when that was before.
    Look(u64, Uid, Option<Noted>),
    /// The fault of looking first: with what was seen.
    NoteLate(u64, Uid, bool),
    List(Arrived),
    Revoke(Arrived),
}

impl Gateway {
    pub(super) fn new(clock: Clock, incarnation: usize, most: usize, broken: Broken) -> Self {
        let mut holder = Holder::with_most(most);
        holder.broken = broken;
        Self {
            clock,
            stalled_until: 0,
            incarnation,
            holder,
            // So that no two gateways have the same.
            listings: Listing::try_from(incarnation).unwrap() << 32,
            listed: BTreeMap::new(),
            confirmed: HashMap::new(),
            withheld: Vec::new(),
        }
    }

    /// The steps that a batch takes.
    pub(super) fn steps(&self, link: usize, batch: Batch) -> impl Iterator<Item = Step> {
        let broken = self.holder.broken;
        let word = batch.word.map(Step::Hear);
        let commands = batch.commands.into_iter().flat_map(move |(id, command)| match command {
            Command::Send(uid) if broken.has(Fault::LooksFirst) => vec![Step::Look(id, uid, None)],
            Command::Send(uid) => vec![Step::Note(id, uid)],
            Command::Bind(bind) => bind_steps(broken, Arrived { bind, command: Some((id, link)) }).to_vec(),
        });
        word.into_iter().chain(commands)
    }

    /// Does one step of a pipe; gives the step that has to follow, and the bind that is acknowledged.
    pub(super) fn step(
        &mut self,
        link: &mut Link,
        step: Step,
        now: Instant,
    ) -> (Option<Step>, Option<Arrived>) {
        let pipe = link.pipe;
        let mut tell = |id: u64, is_absent: bool| {
            let absent = if is_absent { vec![0] } else { Vec::new() };
            link.done.push(v1::Receipt { id, absent, ..v1::Receipt::default() });
        };
        match step {
            Step::Hear(word) => {
                self.holder.hear(pipe, word, now).unwrap();
                let confirmed = self.confirmed.entry(pipe).or_default();
                *confirmed = word.confirmed.max(*confirmed);
            }
            Step::Note(id, uid) => {
                let noted = self.holder.note(pipe, &uid, now);
                return (Some(Step::Look(id, uid, Some(noted))), None);
            }
            Step::Look(id, uid, None) => {
                let is_absent = !self.has(&uid);
                return (Some(Step::NoteLate(id, uid, is_absent)), None);
            }
            Step::Look(id, uid, Some(noted)) => {
                let is_absent = !self.has(&uid);
                let takes_back = noted == Noted::New
                    || noted == Noted::Before && self.holder.broken.has(Fault::TakesBackAll);
                if !is_absent && takes_back {
                    self.holder.take_back(pipe, &uid);
                }
                tell(id, is_absent && noted != Noted::No);
            }
            Step::NoteLate(id, uid, is_absent) => {
                tell(id, is_absent && self.holder.note(pipe, &uid, now) != Noted::No);
            }
            Step::List(arrived) => self.list(&arrived.bind),
            Step::Revoke(bind) => return (None, self.revoke(bind, Some(pipe), now)),
        }
        (None, None)
    }

    pub(super) fn list(&mut self, bind: &Bind) {
        if self.listed.get(&bind.client).is_none_or(|(uid, _)| *uid != bind.uid) {
            self.listings += 1;
            self.listed.insert(bind.client, (bind.uid.clone(), self.listings));
        }
        bind.listing.set(self.listed[&bind.client].1);
    }

    /// Gives the bind back when it is acknowledged at once.
    pub(super) fn revoke(&mut self, bind: Arrived, by: Option<PipeId>, now: Instant) -> Option<Arrived> {
        let owed = self.holder.bound(&bind.bind.uid, by, now);
        assert!(owed.iter().all(|owed| owed.until <= now + LEASE), "a bind waits for longer than a lease");
        if owed.is_empty() {
            return Some(bind);
        }
        self.withheld.push(Withheld { bind, owed });
        None
    }

    /// The binds that nothing is owed to any more.
    pub(super) fn acknowledged(&mut self, now: Instant) -> Vec<Arrived> {
        let confirmed = &self.confirmed;
        let is_owed = |owed: &Owed| {
            let confirmed = confirmed.get(&owed.pipe).copied().unwrap_or_default();
            owed.revocation.is_none_or(|revocation| revocation > confirmed) && now < owed.until
        };
        let still = |withheld: &mut Withheld| !withheld.owed.iter().any(is_owed);
        self.withheld.extract_if(.., still).map(|withheld| withheld.bind).collect()
    }

    /// What is owed to the bind that was withheld last.
    pub(super) fn last_owed(&self) -> &[Owed] {
        self.withheld.last().map(|withheld| withheld.owed.as_slice()).unwrap_or_default()
    }

    fn has(&self, uid: &Uid) -> bool {
        self.listed.values().any(|(listed, _)| listed == uid)
    }
}

/// A bind in two steps.
pub(super) fn bind_steps(broken: Broken, bind: Arrived) -> [Step; 2] {
    let (list, revoke) = (Step::List(bind.clone()), Step::Revoke(bind));
    if broken.has(Fault::RevokesFirst) { [revoke, list] } else { [list, revoke] }
}
