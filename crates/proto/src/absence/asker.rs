//! What one program believes about one gateway.

use std::hash::BuildHasher;
use std::time::Instant;

use hashbrown::hash_table::Entry;
use hashbrown::{DefaultHashBuilder, HashTable};

use super::fault::{Broken, Fault};
use super::{ASKERS_LEASE, MAX_NOTES, RENEW_AFTER};
use crate::{Uid, v1};

/// Uses that count: a lease that was used so often is renewed eleven times without another use, for about three seconds.
const USES: u32 = 1_024;
/// How many uids share a doubt: more cost memory, fewer make it forget answers that would have been good.
const DOUBTS: usize = 1_024;

/// The uids that are believed to have no client on one gateway. One for each pipe.
///
/// Commands are numbered by the caller: 1 or more, rising in the order in which they go out.
#[derive(Debug)]
pub struct Asker {
    /// Empty without a lease, as soon as somebody looks.
    absent: HashTable<Uid>,
    lease: Option<Lease>,
    /// On its way; never more than one.
    renewal: Option<Renewal>,
    last_renewal: u64,
    renewed_at: Option<Instant>,
    /// How often beliefs were used, halved by every renewal: whoever uses them a lot keeps the lease for some seconds more, and is not all
    /// ignorance again after a pause; whoever used one lets it go.
    used: u32,
    /// To be confirmed.
    confirm: Option<u64>,
    /// By hash of the uid, the last command that was put in before the uid was doubted; answers up to it are not believed.
    doubts: Box<[u64]>,
    /// The same for every uid.
    doubt_of_all: u64,
    /// Of `absent` and `doubts`: a uid is hashed once for both.
    hasher: DefaultHashBuilder,
    pub(super) broken: Broken,
}

#[derive(Debug)]
struct Lease {
    until: Instant,
    /// The last command before the renewal that it began with.
    begun_after: u64,
}

#[derive(Debug)]
struct Renewal {
    number: u64,
    /// When it was asked for.
    at: Instant,
    /// The last command before it.
    after: u64,
}

impl Default for Asker {
    fn default() -> Self {
        Self {
            absent: HashTable::new(),
            lease: None,
            renewal: None,
            last_renewal: 0,
            renewed_at: None,
            used: 0,
            confirm: None,
            doubts: vec![0; DOUBTS].into(),
            doubt_of_all: 0,
            hasher: DefaultHashBuilder::default(),
            broken: Broken::default(),
        }
    }
}

impl Asker {
    /// Whether a send that was called by `now` may leave the gateway out, as far as this uid goes.
    pub fn may_leave_out(&mut self, uid: &Uid, now: Instant) -> bool {
        if self.absent.is_empty() {
            return false;
        }
        self.lapse(now);
        let hash = self.hasher.hash_one(uid.as_str());
        let is_absent = self.absent.find(hash, |known| known == uid).is_some();
        if is_absent {
            self.used = USES.min(self.used + 1);
        }
        is_absent
    }

    /// Whether there is something to say before the next command.
    #[must_use]
    pub fn has_word(&self, now: Instant) -> bool {
        self.confirm.is_some() || self.used > 0 && self.may_renew(now)
    }

    /// When there will be something to say, unless something happens before.
    #[must_use]
    pub fn next_word(&self) -> Option<Instant> {
        let is_due = self.used > 0 && self.renewal.is_none();
        self.renewed_at.filter(|_| is_due).map(|at| at + RENEW_AFTER)
    }

    /// What to say before the commands after `last_sent`. `asks`: a send to uids is among them, whose answer may be believed.
    pub fn word(&mut self, last_sent: u64, asks: bool, now: Instant) -> Option<v1::AskerWord> {
        let confirmed = self.confirm.take().unwrap_or_default();
        let mut renewal = 0;
        if (self.used > 0 || asks) && self.may_renew(now) {
            self.last_renewal += 1;
            renewal = self.last_renewal;
            self.renewal = Some(Renewal { number: renewal, at: now, after: last_sent });
            self.renewed_at = Some(now);
            self.used /= 2;
        }
        (confirmed > 0 || renewal > 0).then_some(v1::AskerWord { confirmed, renewal })
    }

    /// Takes in what the gateway says; before the receipts that came with it. `last_command` is the last that was put in, sent or not.
    pub fn hear(&mut self, word: &v1::HolderWord, last_command: u64, now: Instant) {
        for uid in &word.revoked {
            self.doubt(uid, last_command);
        }
        if word.revoked_all {
            // It keeps its room: it is about to be filled again.
            self.absent.clear();
            self.doubt_of_all = last_command;
        }
        if word.revocation > 0 {
            self.confirm = self.confirm.max(Some(word.revocation));
        }
        if word.granted > 0 {
            self.grant(word.granted, now);
        }
    }

    /// The answer to a send: these of its uids have no client there.
    pub fn learn<'a>(&mut self, command: u64, absent: impl IntoIterator<Item = &'a Uid>, now: Instant) {
        self.lapse(now);
        let is_from_before = |lease: &Lease| command <= lease.begun_after;
        let too_old =
            self.lease.as_ref().is_none_or(is_from_before) && !self.broken.has(Fault::OlderThanLease);
        if too_old || command <= self.doubt_of_all {
            return;
        }
        for uid in absent {
            let hash = self.hasher.hash_one(uid.as_str());
            let is_doubted = command <= self.doubts[place(hash)];
            // The gateway notes no more either; another that does would make this grow.
            if self.absent.len() < MAX_NOTES && (!is_doubted || self.broken.has(Fault::NoDoubt)) {
                let rehash = |known: &Uid| self.hasher.hash_one(known.as_str());
                if let Entry::Vacant(place) = self.absent.entry(hash, |known| known == uid, rehash) {
                    place.insert(uid.clone());
                }
            }
        }
    }

    /// Believes no answer any more about this uid to a command up to `last_command`: it is bound, or about to be.
    pub fn doubt(&mut self, uid: &str, last_command: u64) {
        let hash = self.hasher.hash_one(uid);
        self.doubts[place(hash)] = last_command;
        if let Ok(known) = self.absent.find_entry(hash, |known| known.as_str() == uid) {
            known.remove();
        }
    }

    /// The pipe is gone, and with it everything that was said through it.
    pub fn broke(&mut self, last_command: u64) {
        if !self.broken.has(Fault::BreakForgiven) {
            self.absent = HashTable::new();
            self.lease = None;
            self.doubt_of_all = last_command;
        }
        self.renewal = None;
        self.renewed_at = None;
        self.used = 0;
        self.confirm = None;
    }

    /// How many uids are believed absent.
    #[must_use]
    pub fn beliefs(&self) -> usize {
        self.absent.len()
    }

    fn may_renew(&self, now: Instant) -> bool {
        self.renewal.is_none() && self.renewed_at.is_none_or(|at| now >= at + RENEW_AFTER)
    }

    /// A lease that has run out takes all beliefs along: while there was none, binds did not wait.
    fn lapse(&mut self, now: Instant) {
        if self.lease.as_ref().is_some_and(|lease| now >= lease.until) {
            self.lease = None;
            if !self.broken.has(Fault::LapseForgiven) {
                self.absent = HashTable::new();
            }
        }
    }

    fn grant(&mut self, number: u64, now: Instant) {
        let Some(renewal) = self.renewal.take_if(|renewal| renewal.number == number) else {
            return;
        };
        self.lapse(now);
        let until =
            if self.broken.has(Fault::NoMargin) { now + super::LEASE } else { renewal.at + ASKERS_LEASE };
        match &mut self.lease {
            Some(lease) => lease.until = until,
            None => self.lease = Some(Lease { until, begun_after: renewal.after }),
        }
    }
}

/// Where the doubt of a uid with this hash is kept.
fn place(hash: u64) -> usize {
    // The remainder fits.
    (hash % DOUBTS as u64) as usize
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    /// An asker and its clock, which began at 0 ms.
    struct Scene {
        asker: Asker,
        beginning: Instant,
    }

    fn uid() -> Uid {
        Uid::from(7)
    }

    impl Scene {
        fn new() -> Self {
            Self { asker: Asker::default(), beginning: Instant::now() }
        }

        fn at(&self, ms: u64) -> Instant {
            self.beginning + Duration::from_millis(ms)
        }

        /// Says what there is to say before the commands after `last_sent`, a send among them; gives the renewal in it.
        fn sends(&mut self, last_sent: u64, ms: u64) -> u64 {
            let now = self.at(ms);
            self.asker.word(last_sent, true, now).map_or(0, |word| word.renewal)
        }

        fn granted(&mut self, granted: u64, ms: u64) {
            let (now, word) = (self.at(ms), v1::HolderWord { granted, ..v1::HolderWord::default() });
            self.asker.hear(&word, 0, now);
        }

        fn learns(&mut self, command: u64, ms: u64) {
            let now = self.at(ms);
            self.asker.learn(command, [&uid()], now);
        }

        fn leaves_out(&mut self, ms: u64) -> bool {
            let now = self.at(ms);
            self.asker.may_leave_out(&uid(), now)
        }

        /// With a lease from 0 to 900 ms that began before command 1, and the belief from its answer.
        fn believing() -> Self {
            let mut scene = Self::new();
            assert_eq!(scene.sends(0, 0), 1);
            scene.granted(1, 10);
            scene.learns(1, 10);
            assert!(scene.leaves_out(10));
            scene
        }
    }

    #[test]
    fn a_lease_counts_from_before_it_was_asked_for() {
        for (granted_at, used_at, expected) in [
            (10, 10, true),
            (10, 899, true),
            (10, 900, false),
            (800, 899, true),
            (800, 900, false),
            (900, 900, false),
        ] {
            let mut scene = Scene::new();
            scene.sends(0, 0);
            scene.granted(1, granted_at);
            scene.learns(1, granted_at);
            assert_eq!(scene.leaves_out(used_at), expected, "granted at {granted_at}, used at {used_at}");
        }
    }

    #[test]
    fn without_a_lease_nothing_is_believed() {
        let mut scene = Scene::new();
        scene.sends(0, 0);
        scene.learns(1, 10);
        scene.granted(1, 10);
        assert!(!scene.leaves_out(10), "the answer came before the grant");
    }

    #[test]
    fn a_grant_that_was_not_asked_for_changes_nothing() {
        let mut scene = Scene::believing();
        scene.granted(1, 300);
        scene.granted(9, 300);
        assert!(!scene.leaves_out(900));
    }

    #[test]
    fn a_lease_that_is_renewed_in_time_keeps_what_is_believed() {
        let mut scene = Scene::believing();
        assert_eq!(scene.sends(1, 310), 2);
        scene.granted(2, 890);
        assert!(scene.leaves_out(1_209));
        assert!(!scene.leaves_out(1_210));
    }

    #[test]
    fn a_lease_that_lapsed_takes_everything_along_also_when_the_next_is_granted() {
        let mut scene = Scene::believing();
        assert_eq!(scene.sends(1, 310), 2);
        scene.granted(2, 900);
        assert!(!scene.leaves_out(901), "nobody looked, but it had lapsed");
        // Command 1 is from before the lease, command 2 is not.
        scene.learns(1, 902);
        assert!(!scene.leaves_out(902));
        scene.learns(2, 902);
        assert!(scene.leaves_out(902));
    }

    #[test]
    fn an_answer_is_not_believed_when_the_uid_was_doubted_after_the_question() {
        let doubt = |scene: &mut Scene| scene.asker.doubt("7", 5);
        let revoked = |scene: &mut Scene| {
            let word =
                v1::HolderWord { revoked: vec!["7".into()], revocation: 1, ..v1::HolderWord::default() };
            let now = scene.at(20);
            scene.asker.hear(&word, 5, now);
        };
        let revoked_all = |scene: &mut Scene| {
            let word = v1::HolderWord { revoked_all: true, revocation: 1, ..v1::HolderWord::default() };
            let now = scene.at(20);
            scene.asker.hear(&word, 5, now);
        };
        type Happens = fn(&mut Scene);
        let causes = [
            ("a bind of its own", doubt as Happens),
            ("revoked", revoked),
            ("everything revoked", revoked_all),
        ];
        for (cause, happens) in causes {
            let mut scene = Scene::believing();
            happens(&mut scene);
            assert!(!scene.leaves_out(30), "{cause}");
            scene.learns(5, 30);
            assert!(!scene.leaves_out(30), "{cause}: the question was put in before");
            scene.learns(6, 30);
            assert!(scene.leaves_out(30), "{cause}: the question was put in after");
        }
    }

    #[test]
    fn revocations_are_confirmed_once_and_at_once() {
        let mut scene = Scene::believing();
        for revocation in [1, 2] {
            let word = v1::HolderWord { revoked: vec!["x".into()], revocation, ..v1::HolderWord::default() };
            let now = scene.at(20);
            scene.asker.hear(&word, 5, now);
        }
        let now = scene.at(20);
        assert!(scene.asker.has_word(now));
        assert_eq!(scene.asker.word(5, false, now).map(|word| word.confirmed), Some(2));
        assert_eq!(scene.asker.word(5, false, now), None);
    }

    #[test]
    fn a_renewal_is_asked_for_by_who_uses_or_asks_not_too_often_and_one_at_a_time() {
        let mut scene = Scene::new();
        let beginning = scene.at(0);
        assert_eq!(scene.asker.word(0, false, beginning), None, "idle");
        assert_eq!(scene.sends(0, 0), 1);
        assert_eq!(scene.sends(0, 500), 0, "one is on its way");
        scene.granted(1, 500);
        assert_eq!(scene.sends(0, 500), 2, "the last was asked for 300 ms ago");
        scene.granted(2, 510);
        assert_eq!(scene.sends(0, 799), 0);
        scene.learns(1, 790);
        let due = scene.at(800);
        assert!(!scene.asker.has_word(due), "nothing was used since");
        assert!(scene.leaves_out(790));
        assert!(scene.asker.has_word(due));
        assert_eq!(scene.asker.next_word(), Some(due));
        assert_eq!(scene.asker.word(0, false, due).map(|word| word.renewal), Some(3));
        scene.granted(3, 810);
        assert_eq!(scene.asker.next_word(), None, "one use is worth one renewal");
    }

    #[test]
    fn a_lease_that_was_used_a_lot_is_kept_for_some_seconds_and_then_let_go() {
        let mut scene = Scene::believing();
        for _ in 0..10_000 {
            assert!(scene.leaves_out(20));
        }
        let mut renewals = 0;
        while let Some(due) = scene.asker.next_word() {
            let renewal = scene.asker.word(1, false, due).unwrap().renewal;
            assert_eq!(scene.asker.next_word(), None, "one is on its way");
            let word = v1::HolderWord { granted: renewal, ..v1::HolderWord::default() };
            scene.asker.hear(&word, 1, due);
            renewals += 1;
        }
        assert_eq!(renewals, 11);
        assert!(scene.leaves_out(11 * 300 + 899), "all the while nothing was forgotten");
    }

    #[test]
    fn a_broken_pipe_leaves_nothing_to_the_next() {
        let mut scene = Scene::believing();
        assert_eq!(scene.sends(1, 310), 2);
        scene.asker.broke(4);
        assert!(!scene.leaves_out(320));
        scene.granted(2, 320);
        // On the next pipe; command 4 had waited for it.
        assert_eq!(scene.sends(3, 330), 3);
        scene.granted(3, 340);
        scene.learns(4, 340);
        assert!(!scene.leaves_out(340));
        scene.learns(5, 340);
        assert!(scene.leaves_out(340));
    }

    #[test]
    fn there_is_a_bound_on_what_is_believed() {
        let mut scene = Scene::believing();
        let uids: Vec<_> = (0..2 * MAX_NOTES as u64).map(Uid::from).collect();
        let now = scene.at(20);
        scene.asker.learn(1, &uids, now);
        assert_eq!(scene.asker.beliefs(), MAX_NOTES);
    }
}
