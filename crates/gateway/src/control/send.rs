//! Messages to named clients, uids and groups. Those to everybody go through [`super::lane`].

use gatepipe_proto::absence::Noted;
use gatepipe_proto::{Uid, v1};

use super::decode::{self, Refusal};
use super::executor::{Begun, Done, Executor};
use crate::absence::Asking;
use crate::delivery;
use crate::trail::follow::SentTo;

impl Executor {
    pub(super) async fn send_to_clients(
        &self,
        send: v1::SendToClients,
        command: &Begun,
    ) -> Result<Done, Refusal> {
        let trail = self.trail(command, send.message.as_ref(), SentTo::Clients);
        let frame = decode::frame(send.message)?;
        let ids = decode::client_ids(&send.client_ids)?;
        let exclude = decode::excluded(&send.exclude_client_ids)?;
        Ok(Done::reached(delivery::to_clients(&self.hub, &frame, &ids, &exclude, trail.as_ref()).await))
    }

    /// `asking`: who learns which uids have no client here.
    pub(super) async fn send_to_uids(
        &self,
        send: v1::SendToUids,
        asking: Option<&Asking>,
        command: &Begun,
    ) -> Result<Done, Refusal> {
        let uids = decode::uids(&send.uids)?;
        let trail = self.trail(command, send.message.as_ref(), SentTo::Uids(&uids));
        let refused = |refusal: &Refusal| {
            if let Some(trail) = &trail {
                trail.refused(refusal.code, &refusal.text);
            }
        };
        let exclude = decode::excluded(&send.exclude_client_ids).inspect_err(refused)?;
        let frame = decode::frame(send.message).inspect_err(refused)?;
        let (reached, absent) = delivery::to_uids(&self.hub, &frame, &uids, &exclude, trail.as_ref()).await;
        let told = |asking| self.told_absent(asking, &uids, absent);
        Ok(Done { absent: asking.map(told).unwrap_or_default(), ..Done::reached(reached) })
    }

    pub(super) async fn send_to_groups(
        &self,
        send: v1::SendToGroups,
        command: &Begun,
    ) -> Result<Done, Refusal> {
        let trail = self.trail(command, send.message.as_ref(), SentTo::Groups);
        let groups = decode::groups(&send.groups)?;
        let exclude = decode::excluded(&send.exclude_client_ids)?;
        let frame = decode::frame(send.message)?;
        Ok(Done::reached(delivery::to_groups(&self.hub, &frame, &groups, &exclude, trail.as_ref()).await))
    }

    /// Of the uids that a send found without a client, those that the pipe may believe absent: whoever is bound to one from now on
    /// tells the pipe, or was seen here.
    fn told_absent(&self, asking: &Asking, uids: &[Uid], absent: Vec<usize>) -> Vec<u32> {
        let mut told = Vec::new();
        let mut present = Vec::new();
        let noted = asking.note(absent.iter().map(|position| &uids[*position]));
        // That the send found nobody says nothing: it looked before this was noted.
        for (position, noted) in absent.into_iter().zip(noted).filter(|(_, noted)| *noted != Noted::No) {
            let uid = &uids[position];
            if !self.hub.has_uid(uid) {
                // At most as many as names in a command.
                told.push(position as u32);
            } else if noted == Noted::New {
                present.push(uid);
            }
        }
        if !present.is_empty() {
            asking.take_back(present);
        }
        told
    }
}
