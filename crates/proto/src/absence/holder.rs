//! What one gateway knows that the programs at its pipes believe.

use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, HashMap, VecDeque};
use std::time::Instant;

use super::fault::{Broken, Fault};
use super::{LEASE, MAX_NOTES, REVOKED_AT_ONCE};
use crate::{Uid, v1};

/// Every belief that programs may have about this gateway, by pipe.
///
/// A bind looks into every pipe that has notes: there are as many as programs that send to uids, and few.
#[derive(Debug, Default)]
pub struct Holder {
    pipes: BTreeMap<PipeId, Pipe>,
    last_pipe: u64,
    most: Option<usize>,
    pub(super) broken: Broken,
}

/// One pipe of this gateway; never reused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PipeId(u64);

/// What came of noting that a pipe believes a uid absent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Noted {
    /// Not noted: there is no lease, no room, or a revocation on its way. Nothing may be told.
    No,
    /// Noted by this. To be taken back if somebody is there after all.
    New,
    /// Noted before, and told perhaps: it stays, whoever is there.
    Before,
}

/// Whom a bind waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Owed {
    /// That one confirms …
    pub pipe: PipeId,
    /// … this revocation; `None`: it has ended and cannot.
    pub revocation: Option<u64>,
    /// Or its lease has run out.
    pub until: Instant,
}

/// A confirmation of what was never told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("revocation {0} was never told")]
pub struct InvalidConfirmation(u64);

#[derive(Debug, Default)]
struct Pipe {
    lease: Option<Instant>,
    notes: HashMap<Uid, Note>,
    /// Notes that were too many, until this revocation is confirmed.
    forgetting: Option<(u64, HashMap<Uid, Note>)>,
    /// Revoked and not yet confirmed, by number of the revocation.
    owed: VecDeque<(u64, Uid)>,
    /// To be told; `None` stands for every uid.
    untold: VecDeque<(u64, Option<Uid>)>,
    last_revocation: u64,
    told: u64,
    /// To be told, behind all revocations.
    granted: u64,
    ended: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Note {
    Held,
    Revoked(u64),
}

impl Holder {
    /// A pipe was opened.
    pub fn open(&mut self) -> PipeId {
        self.last_pipe += 1;
        let pipe = PipeId(self.last_pipe);
        self.pipes.insert(pipe, Pipe::default());
        pipe
    }

    /// A pipe ended. The program at its other end may not know it yet, and believe until its lease runs out.
    pub fn end(&mut self, pipe: PipeId, now: Instant) {
        let Some(state) = self.pipes.get_mut(&pipe) else {
            return;
        };
        state.ended = true;
        if !state.is_leased(now) || self.broken.has(Fault::ForgetsEnded) {
            self.pipes.remove(&pipe);
        }
    }

    /// Takes in what the program says, before the commands that came with it.
    ///
    /// # Errors
    /// A confirmation of what was never told: whoever says that cannot be relied on, and its pipe has to end.
    pub fn hear(
        &mut self,
        pipe: PipeId,
        word: v1::AskerWord,
        now: Instant,
    ) -> Result<(), InvalidConfirmation> {
        let Some(state) = self.pipes.get_mut(&pipe) else {
            return Ok(());
        };
        if word.confirmed > state.told {
            return Err(InvalidConfirmation(word.confirmed));
        }
        state.confirm(word.confirmed);
        if word.renewal > 0 {
            // What it believed under a lease that has lapsed it forgets by itself, before it takes in the grant.
            state.lapse(now);
            state.lease = Some(now + LEASE);
            state.granted = word.renewal;
        }
        Ok(())
    }

    /// Notes that the pipe is about to believe `uid` absent. Look for its clients only after that.
    pub fn note(&mut self, pipe: PipeId, uid: &Uid, now: Instant) -> Noted {
        let most = self.most.unwrap_or(MAX_NOTES);
        let Some(state) = self.pipes.get_mut(&pipe).filter(|state| state.is_leased(now)) else {
            return Noted::No;
        };
        if state.is_forgetting(uid) {
            return Noted::No;
        }
        let is_full = state.notes.len() >= most;
        match state.notes.entry(uid.clone()) {
            Entry::Occupied(note) if *note.get() == Note::Held => Noted::Before,
            Entry::Occupied(_) => Noted::No,
            Entry::Vacant(_) if is_full => {
                if self.broken.has(Fault::ForgetsFull) {
                    state.notes.clear();
                } else {
                    state.forget_all();
                }
                Noted::No
            }
            Entry::Vacant(note) => {
                note.insert(Note::Held);
                Noted::New
            }
        }
    }

    /// Somebody is there after all: what [`Holder::note`] noted anew is not told.
    pub fn take_back(&mut self, pipe: PipeId, uid: &Uid) {
        let notes = self.pipes.get_mut(&pipe).map(|state| &mut state.notes);
        if let Some(notes) = notes.filter(|notes| notes.get(uid) == Some(&Note::Held)) {
            notes.remove(uid);
        }
    }

    /// A client of `uid` was listed just now, by a command of pipe `by` if it came through one. Gives whom its receipt has to wait for.
    ///
    /// The pipe that the bind came through is not waited for: its program doubts the uid since before it sent the bind.
    pub fn bound(&mut self, uid: &Uid, by: Option<PipeId>, now: Instant) -> Vec<Owed> {
        let mut owed = Vec::new();
        for (pipe, state) in &mut self.pipes {
            let Some(until) = state.lease.filter(|until| now < *until) else {
                continue;
            };
            let is_own = by == Some(*pipe);
            let revocation = match state.notes.get(uid) {
                Some(Note::Held) if is_own => {
                    state.notes.remove(uid);
                    None
                }
                Some(Note::Held) => Some(state.revoke(uid)),
                Some(Note::Revoked(_)) if self.broken.has(Fault::ForgetsRevoked) => None,
                Some(Note::Revoked(revocation)) => Some(*revocation),
                None => None,
            };
            let forgetting = state.forgetting.as_ref().filter(|(_, notes)| notes.contains_key(uid));
            let revocation = revocation.max(forgetting.map(|(revocation, _)| *revocation));
            if let Some(revocation) = revocation.filter(|_| !is_own) {
                let revocation = (!state.ended).then_some(revocation);
                owed.push(Owed { pipe: *pipe, revocation, until });
            }
        }
        owed
    }

    /// What is to be told to a pipe now. To be asked for again until there is nothing.
    pub fn word(&mut self, pipe: PipeId) -> Option<v1::HolderWord> {
        let state = self.pipes.get_mut(&pipe)?;
        let mut word = v1::HolderWord::default();
        if self.broken.has(Fault::GrantOvertakes) && state.granted > 0 {
            word.granted = std::mem::take(&mut state.granted);
            return Some(word);
        }
        while word.revoked.len() < REVOKED_AT_ONCE
            && let Some((revocation, uid)) = state.untold.pop_front()
        {
            word.revocation = revocation;
            match uid {
                Some(uid) => word.revoked.push(uid.to_string()),
                None => word.revoked_all = true,
            }
        }
        state.told = state.told.max(word.revocation);
        if state.untold.is_empty() {
            word.granted = std::mem::take(&mut state.granted);
        }
        (word.revocation > 0 || word.granted > 0).then_some(word)
    }

    /// Lets go of what no living lease needs. Costs nothing else but memory to do it late.
    pub fn sweep(&mut self, now: Instant) {
        for state in self.pipes.values_mut().filter(|state| !state.is_leased(now)) {
            state.lapse(now);
        }
        self.pipes.retain(|_, state| !state.ended || state.is_leased(now));
    }

    /// Uids noted now, in all pipes.
    #[must_use]
    pub fn notes(&self) -> usize {
        let forgetting = |state: &Pipe| state.forgetting.as_ref().map_or(0, |(_, notes)| notes.len());
        self.pipes.values().map(|state| state.notes.len() + forgetting(state)).sum()
    }

    /// Pipes that have a lease now.
    #[must_use]
    pub fn leases(&self, now: Instant) -> usize {
        self.pipes.values().filter(|state| state.is_leased(now)).count()
    }

    #[cfg(test)]
    pub(super) fn with_most(most: usize) -> Self {
        Self { most: Some(most), ..Self::default() }
    }
}

impl Pipe {
    fn is_leased(&self, now: Instant) -> bool {
        self.lease.is_some_and(|until| now < until)
    }

    fn is_forgetting(&self, uid: &Uid) -> bool {
        self.forgetting.as_ref().is_some_and(|(_, notes)| notes.contains_key(uid))
    }

    /// Without a lease nothing is believed, so nothing needs to be known or told. Numbers go on.
    fn lapse(&mut self, now: Instant) {
        if self.is_leased(now) {
            return;
        }
        self.lease = None;
        self.notes = HashMap::new();
        self.forgetting = None;
        self.owed = VecDeque::new();
        self.untold = VecDeque::new();
    }

    fn next_revocation(&mut self, uid: Option<Uid>) -> u64 {
        self.last_revocation += 1;
        if !self.ended {
            self.untold.push_back((self.last_revocation, uid));
        }
        self.last_revocation
    }

    fn revoke(&mut self, uid: &Uid) -> u64 {
        let revocation = self.next_revocation(Some(uid.clone()));
        self.notes.insert(uid.clone(), Note::Revoked(revocation));
        self.owed.push_back((revocation, uid.clone()));
        revocation
    }

    /// Makes room by a revocation of everything; one at a time, so that there is a bound on all of them together.
    fn forget_all(&mut self) {
        if self.forgetting.is_none() {
            let revocation = self.next_revocation(None);
            self.forgetting = Some((revocation, std::mem::take(&mut self.notes)));
        }
    }

    fn confirm(&mut self, confirmed: u64) {
        while let Some((revocation, uid)) = self.owed.pop_front_if(|(revocation, _)| *revocation <= confirmed)
        {
            if self.notes.get(&uid) == Some(&Note::Revoked(revocation)) {
                self.notes.remove(&uid);
            }
        }
        self.forgetting.take_if(|(revocation, _)| *revocation <= confirmed);
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn uid(number: u64) -> Uid {
        Uid::from(number)
    }

    fn renewal(renewal: u64) -> v1::AskerWord {
        v1::AskerWord { renewal, confirmed: 0 }
    }

    fn confirmed(confirmed: u64) -> v1::AskerWord {
        v1::AskerWord { renewal: 0, confirmed }
    }

    /// A holder, and a pipe that has had a lease since now and believes uid 7 absent.
    fn believed(most: usize) -> (Holder, PipeId, Instant) {
        let (mut holder, now) = (Holder::with_most(most), Instant::now());
        let pipe = leased(&mut holder, now);
        assert_eq!(holder.note(pipe, &uid(7), now), Noted::New);
        (holder, pipe, now)
    }

    fn leased(holder: &mut Holder, now: Instant) -> PipeId {
        let pipe = holder.open();
        holder.hear(pipe, renewal(1), now).unwrap();
        assert_eq!(holder.word(pipe), Some(v1::HolderWord { granted: 1, ..v1::HolderWord::default() }));
        pipe
    }

    #[test]
    fn only_a_pipe_with_a_lease_is_noted() {
        let (mut holder, now) = (Holder::default(), Instant::now());
        let pipe = holder.open();
        assert_eq!(holder.note(pipe, &uid(7), now), Noted::No);
        holder.hear(pipe, renewal(1), now).unwrap();
        assert_eq!(holder.note(pipe, &uid(7), now), Noted::New);
        assert_eq!(holder.note(pipe, &uid(7), now), Noted::Before);
        assert_eq!(holder.note(pipe, &uid(8), now + LEASE), Noted::No);
        assert_eq!((holder.notes(), holder.leases(now), holder.leases(now + LEASE)), (1, 1, 0));
    }

    #[test]
    fn a_bind_waits_for_each_pipe_that_believed_and_tells_it_once() {
        let (mut holder, one, now) = believed(10);
        let two = leased(&mut holder, now + Duration::from_millis(500));
        holder.note(two, &uid(7), now + Duration::from_millis(500));
        let stranger = leased(&mut holder, now);
        let owed = holder.bound(&uid(7), None, now + Duration::from_millis(600));
        let until = now + LEASE;
        let expected = [
            Owed { pipe: one, revocation: Some(1), until },
            Owed { pipe: two, revocation: Some(1), until: until + Duration::from_millis(500) },
        ];
        assert_eq!(owed, expected);
        for pipe in [one, two] {
            assert_eq!(
                holder.word(pipe).map(|word| (word.revoked, word.revocation)),
                Some((vec!["7".into()], 1))
            );
            assert_eq!(holder.word(pipe), None);
        }
        assert_eq!(holder.word(stranger), None);
    }

    #[test]
    fn a_second_bind_waits_for_the_same_revocation_until_it_is_confirmed() {
        let (mut holder, pipe, now) = believed(10);
        let first = holder.bound(&uid(7), None, now);
        assert_eq!(holder.bound(&uid(7), None, now), first);
        assert_eq!(holder.note(pipe, &uid(7), now), Noted::No, "nothing new is told meanwhile");
        holder.take_back(pipe, &uid(7));
        assert_eq!(holder.bound(&uid(7), None, now), first, "a revoked note is not taken back");
        holder.word(pipe);
        holder.hear(pipe, confirmed(1), now).unwrap();
        assert!(holder.bound(&uid(7), None, now).is_empty());
        assert_eq!(holder.note(pipe, &uid(7), now), Noted::New);
    }

    #[test]
    fn a_lease_that_is_granted_later_makes_no_bind_wait_longer_and_leaves_behind_the_revocation() {
        let (mut holder, pipe, now) = believed(10);
        let later = now + Duration::from_millis(300);
        let owed = holder.bound(&uid(7), None, later);
        assert_eq!(owed[0].until, now + LEASE);
        holder.hear(pipe, renewal(2), later).unwrap();
        let word = holder.word(pipe).unwrap();
        assert_eq!((word.revoked, word.granted), (vec!["7".into()], 2), "revoked is taken in first");
        // Of many revocations the grant comes with the last.
        let uids: Vec<_> = (10..11 + REVOKED_AT_ONCE as u64).map(uid).collect();
        let (mut holder, pipe, now) = believed(MAX_NOTES);
        for uid in &uids {
            holder.note(pipe, uid, now);
            holder.bound(uid, None, now);
        }
        holder.hear(pipe, renewal(2), now).unwrap();
        let words: Vec<_> = std::iter::from_fn(|| holder.word(pipe)).collect();
        let parts: Vec<_> = words.iter().map(|word| (word.revoked.len(), word.granted)).collect();
        assert_eq!(parts, [(REVOKED_AT_ONCE, 0), (1, 2)]);
    }

    #[test]
    fn a_bind_does_not_wait_for_its_own_pipe_or_for_a_lease_that_has_run_out() {
        let (mut holder, pipe, now) = believed(10);
        assert!(holder.bound(&uid(7), None, now + LEASE).is_empty());
        assert!(holder.bound(&uid(7), Some(pipe), now).is_empty());
        assert_eq!((holder.word(pipe), holder.notes()), (None, 0));
    }

    #[test]
    fn a_pipe_that_ended_is_waited_for_until_its_lease_has_run_out() {
        let (mut holder, pipe, now) = believed(10);
        holder.end(pipe, now);
        let owed = holder.bound(&uid(7), None, now);
        assert_eq!(owed, [Owed { pipe, revocation: None, until: now + LEASE }]);
        assert_eq!(holder.bound(&uid(7), None, now), owed);
        holder.sweep(now);
        assert_eq!(holder.notes(), 1);
        holder.sweep(now + LEASE);
        assert_eq!(holder.notes(), 0);
    }

    #[test]
    fn a_lease_that_lapsed_leaves_nothing_to_the_next() {
        let (mut holder, pipe, now) = believed(10);
        holder.note(pipe, &uid(8), now);
        holder.bound(&uid(8), None, now);
        holder.hear(pipe, renewal(2), now + LEASE).unwrap();
        assert_eq!(holder.notes(), 0);
        assert!(holder.bound(&uid(7), None, now + LEASE).is_empty());
        assert_eq!(holder.word(pipe), Some(v1::HolderWord { granted: 2, ..v1::HolderWord::default() }));
    }

    #[test]
    fn past_the_bound_everything_is_forgotten_and_waited_for_like_any_revocation() {
        let (mut holder, pipe, now) = believed(2);
        holder.note(pipe, &uid(8), now);
        assert_eq!(holder.note(pipe, &uid(9), now), Noted::No);
        assert_eq!(holder.note(pipe, &uid(7), now), Noted::No, "it is being forgotten");
        assert_eq!(holder.note(pipe, &uid(9), now), Noted::New, "there is room again");
        let owed = holder.bound(&uid(7), None, now);
        assert_eq!(owed, [Owed { pipe, revocation: Some(1), until: now + LEASE }]);
        assert_eq!(holder.word(pipe).map(|word| (word.revoked_all, word.revocation)), Some((true, 1)));
        assert_eq!(holder.note(pipe, &uid(10), now), Noted::New);
        // Full again before that is confirmed: nothing more is noted.
        assert_eq!(holder.note(pipe, &uid(11), now), Noted::No);
        assert_eq!((holder.note(pipe, &uid(11), now), holder.word(pipe)), (Noted::No, None));
        holder.hear(pipe, confirmed(1), now).unwrap();
        assert!(holder.bound(&uid(7), None, now).is_empty());
        assert_eq!(holder.notes(), 2);
    }

    #[test]
    fn what_was_noted_anew_can_be_taken_back() {
        let (mut holder, pipe, now) = believed(10);
        holder.take_back(pipe, &uid(7));
        assert!(holder.bound(&uid(7), None, now).is_empty());
    }

    #[test]
    fn a_confirmation_of_what_was_never_told_is_refused() {
        let (mut holder, pipe, now) = believed(10);
        holder.bound(&uid(7), None, now);
        assert_eq!(holder.hear(pipe, confirmed(1), now), Err(InvalidConfirmation(1)));
        holder.word(pipe);
        assert_eq!(holder.hear(pipe, confirmed(2), now), Err(InvalidConfirmation(2)));
        assert_eq!(holder.hear(pipe, confirmed(1), now), Ok(()));
    }
}
