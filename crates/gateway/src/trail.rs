//! What becomes of one message: whom it was offered to, and what each socket made of it.
//!
//! Nearly no message has a trail. One is made for a command when somebody wants to know ([`Witness`]), and goes with the message to every
//! client of theirs. A frame that has to wait leaves a [`Mark`] behind in the outbox, which tells the rest when it has left, or never will.
//!
//! "Written" means that the gateway's kernel has every byte of the frame. Under TLS it is the same: the last byte of a frame stays in the
//! outbox until its record is off (`wire/protected`). It does not mean that the bytes arrived, or that the page has read them.
//!
//! - here: the trail, and who is told
//! - [`follow`]: whoever follows a uid, the first reason for a trail
//! - [`traced`]: the trace that a command belongs to, the other one

pub(crate) mod follow;
pub(crate) mod traced;

use std::fmt::Debug;
use std::sync::Arc;

use gatepipe_proto::{ClientId, Code, Uid};

/// Whoever wants to know what becomes of one message. Nothing here may wait or offer anything.
pub(crate) trait Witness: Debug + Send + Sync {
    /// Whether it wants to know what clients of `uid` make of it; `None`: those without one.
    fn cares_for(&self, uid: Option<&Uid>) -> bool;

    /// Whether it has heard of as many clients as it wants to hear of. Asked first, and never again once it is so.
    fn is_sated(&self) -> bool {
        false
    }

    /// The message was offered to a client, or kept from it.
    fn offered(&self, client: ClientId, fate: Fate);

    /// What became of it after [`Fate::Waits`]: written, or lost. Called under the lock of the client's outbox.
    fn settled(&self, client: ClientId, fate: Fate);

    /// The command is refused: nobody is offered anything.
    fn refused(&self, code: Code, text: &str);

    /// Everybody was offered it, or nobody will be any more. What waits is told afterwards.
    fn ended(&self);
}

/// What one client made of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fate {
    /// Its socket took all of it.
    Written,
    /// It waits in the outbox, and so many bytes before it.
    Waits { behind: usize },
    /// It will never have it.
    Lost(Lost),
    /// The sender left it out.
    Excluded,
}

/// Why a client will never have a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Lost {
    /// It reads too slowly, and is being closed because of it.
    TooSlow,
    /// Its socket is broken, or was cut.
    Broken,
    /// It was closed with this code before it took the message.
    Closed(u16),
}

/// The way of one message through this gateway; dropped when everybody was offered it.
#[derive(Debug)]
pub(crate) struct Trail(Vec<Arc<dyn Witness>>);

impl Trail {
    /// The trail that these are told of; none when there is nobody.
    pub(crate) fn new(witnesses: Vec<Arc<dyn Witness>>) -> Option<Self> {
        (!witnesses.is_empty()).then_some(Self(witnesses))
    }

    /// Whether everybody has heard of as many clients as they want to hear of.
    pub(crate) fn is_over(&self) -> bool {
        self.0.iter().all(|witness| witness.is_sated())
    }

    /// The way to clients of `uid`; none when nobody wants to know of them.
    pub(crate) fn path(&self, uid: Option<&Uid>) -> Option<Path> {
        let caring: Arc<[_]> = self.0.iter().filter(|witness| witness.cares_for(uid)).cloned().collect();
        (!caring.is_empty()).then_some(Path(caring))
    }

    /// The command is refused.
    pub(crate) fn refused(&self, code: Code, text: &str) {
        self.0.iter().for_each(|witness| witness.refused(code, text));
    }
}

impl Drop for Trail {
    fn drop(&mut self) {
        self.0.iter().for_each(|witness| witness.ended());
    }
}

/// The way of a message to the clients of one uid.
#[derive(Debug)]
pub(crate) struct Path(Arc<[Arc<dyn Witness>]>);

impl Path {
    /// The last stretch of it, to one client.
    pub(crate) fn to(&self, client: ClientId) -> Mark {
        Mark { client, witnesses: self.0.clone() }
    }
}

/// Tells what one client makes of one message.
#[derive(Debug, Clone)]
pub(crate) struct Mark {
    client: ClientId,
    witnesses: Arc<[Arc<dyn Witness>]>,
}

impl Mark {
    /// See [`Witness::offered`].
    pub(crate) fn offered(&self, fate: Fate) {
        self.witnesses.iter().for_each(|witness| witness.offered(self.client, fate));
    }

    /// See [`Witness::settled`].
    pub(crate) fn settled(&self, fate: Fate) {
        self.witnesses.iter().for_each(|witness| witness.settled(self.client, fate));
    }
}
