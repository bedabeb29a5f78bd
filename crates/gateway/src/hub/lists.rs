//! What the hub tells of its clients: entries, pages and numbers.

use std::sync::Arc;

use gatepipe_proto::{Group, Uid};

use super::SHARDS;
use crate::client::Client;

/// A client as lists tell it, copied at one moment.
#[derive(Debug)]
pub(crate) struct Listed {
    pub(crate) client: Arc<Client>,
    pub(crate) uid: Option<Uid>,
    /// In epoch milliseconds; 0 when unbound.
    pub(crate) bound_at_ms: i64,
    /// In no order.
    pub(crate) groups: Vec<Group>,
}

/// A part of all clients, in order of id.
#[derive(Debug, Default)]
pub(crate) struct Page {
    pub(crate) clients: Vec<Listed>,
    /// More follow, or may.
    pub(crate) more: bool,
}

/// What still fits on a page.
#[derive(Debug)]
pub(super) struct Room {
    pub(super) clients: usize,
    pub(super) bytes: usize,
    /// Nobody is on the page: one client fits in any case.
    pub(super) is_untouched: bool,
}

/// How many there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Counts {
    pub(crate) clients: usize,
    pub(crate) bound_clients: usize,
    pub(crate) uids: usize,
    pub(crate) groups: usize,
}

/// How many a filter lets through in one shard, with the fingerprints of their names when those were asked for. A name may come
/// several times.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    pub(crate) clients: usize,
    pub(crate) bound_clients: usize,
    pub(crate) uids: Vec<u64>,
    pub(crate) groups: Vec<u64>,
}

impl Tally {
    /// Takes in another shard's.
    pub(crate) fn add(&mut self, mut other: Self) {
        self.clients += other.clients;
        self.bound_clients += other.bound_clients;
        self.uids.append(&mut other.uids);
        self.groups.append(&mut other.groups);
    }

    /// The numbers alone.
    pub(crate) fn counts(self) -> Counts {
        Counts {
            clients: self.clients,
            bound_clients: self.bound_clients,
            uids: distinct(self.uids),
            groups: distinct(self.groups),
        }
    }
}

/// The names in all shards at one moment: how often they changed in each.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Names(pub(super) [u64; SHARDS]);

/// How many different names there were, and when.
#[derive(Debug, Default)]
pub(super) struct Known {
    pub(super) names: Option<Names>,
    pub(super) uids: usize,
    pub(super) groups: usize,
}

impl Known {
    /// How many uids and groups these are, when it is known.
    pub(super) fn of(&self, names: &Names) -> Option<(usize, usize)> {
        (self.names.as_ref() == Some(names)).then_some((self.uids, self.groups))
    }
}

fn distinct(mut fingerprints: Vec<u64>) -> usize {
    fingerprints.sort_unstable();
    fingerprints.dedup();
    fingerprints.len()
}
