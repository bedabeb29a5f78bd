//! Which uid a client is, and which of two clients of a uid has to go.

use std::sync::Arc;

use gatepipe_proto::{CloseCode, Uid, v1};

use super::decode::{self, Refusal};
use super::executor::{Done, Executor};
use crate::absence::{Asking, Withheld};
use crate::client::{Client, Closing};
use crate::hub::{self, Bind, BoundClient, Hub, Stamp};

/// A bind that is done.
pub(super) struct Bound {
    pub(super) done: Done,
    /// With the policy that the newest wins, when anybody has to go by it.
    pub(super) login: Option<Login>,
    /// Until when its receipt waits.
    pub(super) withheld: Option<Withheld>,
}

/// A bind after which only the newest client of the uid may stay. Those that have to go are let go at last when it is dropped.
pub(super) struct Login {
    hub: Arc<Hub>,
    uid: Uid,
    client: Arc<Client>,
    stamp: Stamp,
    is_settled: bool,
}

impl Login {
    /// Whether anybody has to go now. The client is listed by now: of two that are bound at once at least one sees the other, and
    /// both would close the same one.
    fn closes_any(&self) -> bool {
        self.others().any(|other| self.beats(&other) || other.outlives_older())
    }

    /// Closes the clients of the uid that were bound before, or this one when it is not the newest.
    ///
    /// Gives how many were closed, and how many are newer.
    pub(super) fn settle(&mut self) -> (usize, usize) {
        self.is_settled = true;
        let replaced = Closing::new(CloseCode::REPLACED, "replaced by a newer login");
        let (mut closed, mut newer) = (0, 0);
        for other in self.others() {
            if self.beats(&other) {
                closed += usize::from(other.client.close(&replaced));
            } else {
                newer += usize::from(other.outlives_older());
            }
        }
        // Between the bind and now it may have been bound to another uid.
        if newer > 0
            && self.hub.client_and_uid(self.client.id).is_some_and(|(_, uid)| uid.as_ref() == Some(&self.uid))
        {
            self.client.close(&replaced);
        }
        (closed, newer)
    }

    /// The other clients of the uid that are not being closed already.
    fn others(&self) -> impl Iterator<Item = BoundClient> {
        let own = self.client.id;
        let binds = self.hub.binds_of_uid(&self.uid).into_iter();
        binds.filter(move |bound| bound.client.id != own && !bound.client.is_ending())
    }

    fn beats(&self, other: &BoundClient) -> bool {
        other.stamp < self.stamp
    }
}

impl Drop for Login {
    fn drop(&mut self) {
        if !self.is_settled {
            self.settle();
        }
    }
}

impl Executor {
    /// Binds a client, by a command that came through the pipe of `asking`.
    pub(super) fn bind_uid(&self, bind: v1::BindUid, asking: Option<&Asking>) -> Result<Bound, Refusal> {
        let client = self.client(&bind.client_id)?;
        let uid = decode::uid(&bind.uid)?;
        let condition = decode::condition(bind.condition)?;
        let newest_wins = decode::newest_wins(bind.policy)?;
        let told_ms = match bind.bound_at_ms {
            0 => self.moments.next(),
            told => told,
        };
        let greeting = bind.message.map(|message| decode::frame(Some(message))).transpose()?;
        let bind = Bind { client: client.id, uid: &uid, condition, at_ms: told_ms, newest_wins };
        let binding = self.events.binding(&client);
        let hub::Bound { previous, at_ms } = self.hub.bind(&bind, greeting.as_ref())?;
        binding.is_now(Some(&uid));
        drop(binding);
        // Only now, when everybody who looks finds the client.
        let withheld = self.absence.bound(&uid, asking);
        let mut done = Done::changed(previous.as_ref() != Some(&uid));
        done.previous_uid = previous.map(|uid| uid.to_string()).unwrap_or_default();
        if at_ms != told_ms {
            done.bound_at_ms = at_ms;
        }
        if !newest_wins {
            return Ok(Bound { done, login: None, withheld });
        }
        let stamp = Stamp { at_ms, client: client.id };
        let mut login = Login { hub: self.hub.clone(), uid, client, stamp, is_settled: false };
        login.is_settled = !login.closes_any();
        Ok(Bound { done, login: (!login.is_settled).then_some(login), withheld })
    }

    pub(super) fn unbind_uid(&self, unbind: &v1::UnbindUid) -> Result<Done, Refusal> {
        let id = decode::client_id(&unbind.client_id)?;
        let uid = decode::uid(&unbind.uid)?;
        // Whoever is gone is unbound.
        let Some(client) = self.hub.client(id) else {
            return Ok(Done::default());
        };
        let binding = self.events.binding(&client);
        let unbound = self.hub.unbind(client.id, &uid);
        if unbound {
            binding.is_now(None);
        }
        let previous_uid = if unbound { uid.to_string() } else { String::new() };
        Ok(Done { previous_uid, ..Done::changed(unbound) })
    }
}
