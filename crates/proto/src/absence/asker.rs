//! What one program believes about one gateway.

use std::collections::HashSet;
use std::hash::{BuildHasher, BuildHasherDefault, DefaultHasher};
use std::time::Instant;

use super::fault::{Broken, Fault};
use super::{ASKERS_LEASE, MAX_NOTES, RENEW_AFTER};
use crate::{Uid, v1};

/// How many uids share a doubt: more cost memory, fewer make it forget answers that would have been good.
const DOUBTS: usize = 1_024;

/// The uids that are believed to have no client on one gateway. One for each pipe.
///
/// Commands are numbered by the caller: 1 or more, rising in the order in which they go out.
#[derive(Debug)]
pub struct Asker {
    /// Empty without a lease, as soon as somebody looks.
    absent: HashSet<Uid>,
    lease: Option<Lease>,
    /// On its way; never more than one.
    renewal: Option<Renewal>,
    last_renewal: u64,
    renewed_at: Option<Instant>,
    /// A belief was used since the last renewal.
    used: bool,
    /// To be confirmed.
    confirm: Option<u64>,
    /// By hash of the uid, the last command that was put in before the uid was doubted; answers up to it are not believed.
    doubts: Box<[u64]>,
    /// The same for every uid.
    doubt_of_all: u64,
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
            absent: HashSet::new(),
            lease: None,
            renewal: None,
            last_renewal: 0,
            renewed_at: None,
            used: false,
            confirm: None,
            doubts: vec![0; DOUBTS].into(),
            doubt_of_all: 0,
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
        let is_absent = self.absent.contains(uid);
        self.used |= is_absent;
        is_absent
    }

    /// Whether there is something to say before the next command.
    #[must_use]
    pub fn has_word(&self, now: Instant) -> bool {
        self.confirm.is_some() || self.used && self.may_renew(now)
    }

    /// What to say before the commands after `last_sent`. `asks`: a send to uids is among them, whose answer may be believed.
    pub fn word(&mut self, last_sent: u64, asks: bool, now: Instant) -> Option<v1::AskerWord> {
        let confirmed = self.confirm.take().unwrap_or_default();
        let mut renewal = 0;
        if (self.used || asks) && self.may_renew(now) {
            self.last_renewal += 1;
            renewal = self.last_renewal;
            self.renewal = Some(Renewal { number: renewal, at: now, after: last_sent });
            self.renewed_at = Some(now);
            self.used = false;
        }
        (confirmed > 0 || renewal > 0).then_some(v1::AskerWord { confirmed, renewal })
    }

    /// Takes in what the gateway says; before the receipts that came with it. `last_command` is the last that was put in, sent or not.
    pub fn hear(&mut self, word: &v1::HolderWord, last_command: u64, now: Instant) {
        for uid in &word.revoked {
            self.doubt(uid, last_command);
        }
        if word.revoked_all {
            self.absent = HashSet::new();
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
            let is_doubted = command <= self.doubts[Self::position(uid.as_str())];
            // The gateway notes no more either; another that does would make this grow.
            if self.absent.len() < MAX_NOTES && (!is_doubted || self.broken.has(Fault::NoDoubt)) {
                self.absent.insert(uid.clone());
            }
        }
    }

    /// Believes no answer any more about this uid to a command up to `last_command`: it is bound, or about to be.
    pub fn doubt(&mut self, uid: &str, last_command: u64) {
        let position = Self::position(uid);
        self.doubts[position] = last_command;
        self.absent.remove(uid);
    }

    /// The pipe is gone, and with it everything that was said through it.
    pub fn broke(&mut self, last_command: u64) {
        if !self.broken.has(Fault::BreakForgiven) {
            self.absent = HashSet::new();
            self.lease = None;
            self.doubt_of_all = last_command;
        }
        self.renewal = None;
        self.renewed_at = None;
        self.used = false;
        self.confirm = None;
    }

    /// How many uids are believed absent.
    #[must_use]
    pub fn beliefs(&self) -> usize {
        self.absent.len()
    }

    fn position(uid: &str) -> usize {
        // Uids that somebody chose to share a place do no harm. The remainder fits.
        (BuildHasherDefault::<DefaultHasher>::new().hash_one(uid) % DOUBTS as u64) as usize
    }

    fn may_renew(&self, now: Instant) -> bool {
        self.renewal.is_none() && self.renewed_at.is_none_or(|at| now >= at + RENEW_AFTER)
    }

    /// A lease that has run out takes all beliefs along: while there was none, binds did not wait.
    fn lapse(&mut self, now: Instant) {
        if self.lease.as_ref().is_some_and(|lease| now >= lease.until) {
            self.lease = None;
            if !self.broken.has(Fault::LapseForgiven) {
                self.absent = HashSet::new();
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
