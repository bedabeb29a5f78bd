//! A program with a lane to each gateway, as `client-lib` has it.

use std::cell::Cell;
use std::collections::{HashMap, HashSet, VecDeque};
use std::rc::Rc;

use super::clock::{Clock, Time};
use crate::absence::Asker;
use crate::absence::fault::{Broken, Fault};
use crate::{Uid, v1};

pub(super) struct Program {
    pub(super) clock: Clock,
    pub(super) stalled_until: Time,
    pub(super) lanes: Vec<Lane>,
    /// Listings on gateways that this program was told of by an event.
    pub(super) told: HashSet<(usize, Listing)>,
}

/// One client under one uid on a gateway, without a break; never reused. 0: none.
pub(super) type Listing = u64;

#[derive(Clone)]
pub(super) struct Bind {
    pub(super) client: usize,
    pub(super) uid: Uid,
    /// What it led to, once it has.
    pub(super) listing: Rc<Cell<Listing>>,
}

#[derive(Clone)]
pub(super) enum Command {
    Send(Uid),
    Bind(Bind),
}

pub(super) struct Lane {
    pub(super) asker: Asker,
    pub(super) link: Option<usize>,
    last_id: u64,
    last_sent: u64,
    waiting: VecDeque<(u64, Command)>,
    in_flight: HashMap<u64, Command>,
}

/// What a program says at a time.
pub(super) struct Batch {
    pub(super) word: Option<v1::AskerWord>,
    pub(super) commands: Vec<(u64, Command)>,
}

impl Lane {
    pub(super) fn new(broken: Broken) -> Self {
        let mut asker = Asker::default();
        asker.broken = broken;
        Self {
            asker,
            link: None,
            last_id: 0,
            last_sent: 0,
            waiting: VecDeque::new(),
            in_flight: HashMap::new(),
        }
    }

    pub(super) fn submit(&mut self, command: Command) {
        self.last_id += 1;
        if let Command::Bind(bind) = &command
            && !self.asker.broken.has(Fault::OwnBindUndoubted)
        {
            self.asker.doubt(bind.uid.as_str(), self.last_id);
        }
        self.waiting.push_back((self.last_id, command));
    }

    pub(super) fn doubt(&mut self, uid: &Uid) {
        self.asker.doubt(uid.as_str(), self.last_id);
    }

    pub(super) fn has_batch(&self, now: std::time::Instant) -> bool {
        !self.waiting.is_empty() || self.asker.has_word(now)
    }

    /// At most `most` commands.
    pub(super) fn take(&mut self, most: usize, now: std::time::Instant) -> Option<Batch> {
        let sent_before = self.last_sent;
        let commands: Vec<_> = self.waiting.drain(..most.min(self.waiting.len())).collect();
        for (id, command) in &commands {
            self.last_sent = *id;
            self.in_flight.insert(*id, command.clone());
        }
        let asks = commands.iter().any(|(_, command)| matches!(command, Command::Send(_)));
        let word = self.asker.word(sent_before, asks, now);
        (word.is_some() || !commands.is_empty()).then_some(Batch { word, commands })
    }

    /// Gives the listings that are acknowledged.
    pub(super) fn hear(&mut self, batch: v1::ReceiptBatch, now: std::time::Instant) -> Vec<Listing> {
        if let Some(word) = batch.absence {
            self.asker.hear(&word, self.last_id, now);
        }
        let mut bound = Vec::new();
        for receipt in batch.receipts {
            match self.in_flight.remove(&receipt.id) {
                Some(Command::Send(uid)) if !receipt.absent.is_empty() => {
                    self.asker.learn(receipt.id, [&uid], now);
                }
                Some(Command::Bind(bind)) => bound.push(bind.listing.get()),
                Some(Command::Send(_)) | None => {}
            }
        }
        bound
    }

    pub(super) fn broke(&mut self) {
        self.link = None;
        self.in_flight.clear();
        self.asker.broke(self.last_id);
    }
}
