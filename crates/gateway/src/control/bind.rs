//! Which uid a client is, and which of two clients of a uid has to go.

use gatepipe_proto::{CloseCode, Uid, v1};

use super::decode::{self, Refusal};
use super::executor::{Done, Executor};
use crate::client::{Client, Closing};
use crate::hub::{Bind, Bound, Stamp};

impl Executor {
    pub(super) fn bind_uid(&self, bind: v1::BindUid) -> Result<Done, Refusal> {
        let client = self.client(&bind.client_id)?;
        let uid = decode::uid(&bind.uid)?;
        let condition = decode::condition(bind.condition)?;
        let newest_wins = decode::newest_wins(bind.policy)?;
        let at_ms = match bind.bound_at_ms {
            0 => self.moments.next(),
            told => told,
        };
        let greeting = bind.message.map(|message| decode::frame(Some(message))).transpose()?;
        let bind = Bind { client: client.id, uid: &uid, condition, at_ms, newest_wins };
        let binding = self.events.binding(&client);
        let Bound { previous, at_ms } = self.hub.bind(&bind, greeting.as_ref())?;
        binding.is_now(Some(&uid));
        drop(binding);
        let mut done = Done::changed(previous.as_ref() != Some(&uid));
        done.previous_uid = previous.map(|uid| uid.to_string()).unwrap_or_default();
        if newest_wins {
            (done.replaced, done.newer) = self.let_the_newest_win(&uid, &client, at_ms);
        }
        Ok(done)
    }

    /// Closes the clients of `uid` that were bound before, or this one when it is not the newest. The client is listed by now: of
    /// two that are bound at once at least one sees the other, and both would close the same one.
    ///
    /// Gives how many were closed, and how many are newer.
    fn let_the_newest_win(&self, uid: &Uid, client: &Client, at_ms: i64) -> (usize, usize) {
        let stamp = Stamp { at_ms, client: client.id };
        let replaced = Closing::new(CloseCode::REPLACED, "replaced by a newer login");
        let (mut closed, mut newer) = (0, 0);
        for other in self.hub.binds_of_uid(uid) {
            if other.client.id == client.id {
                continue;
            }
            if other.stamp < stamp {
                closed += usize::from(other.client.close(&replaced));
            } else {
                newer += usize::from(other.newest_wins);
            }
        }
        if newer > 0 {
            client.close(&replaced);
        }
        (closed, newer)
    }

    pub(super) fn unbind_uid(&self, unbind: &v1::UnbindUid) -> Result<Done, Refusal> {
        let client = self.client(&unbind.client_id)?;
        let uid = decode::uid(&unbind.uid)?;
        let binding = self.events.binding(&client);
        let unbound = self.hub.unbind(client.id, &uid)?;
        if unbound {
            binding.is_now(None);
        }
        let previous_uid = if unbound { uid.to_string() } else { String::new() };
        Ok(Done { previous_uid, ..Done::changed(unbound) })
    }
}
