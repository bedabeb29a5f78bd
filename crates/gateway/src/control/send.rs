//! Messages to named clients, uids and groups. Those to everybody go through [`super::lane`].

use gatepipe_proto::v1;

use super::decode::{self, Refusal};
use super::executor::{Done, Executor};
use crate::delivery;

impl Executor {
    pub(super) async fn send_to_clients(&self, send: v1::SendToClients) -> Result<Done, Refusal> {
        let frame = decode::frame(send.message)?;
        let ids = decode::client_ids(&send.client_ids)?;
        let exclude = decode::excluded(&send.exclude_client_ids)?;
        Ok(Done::reached(delivery::to_clients(&self.hub, &frame, &ids, &exclude).await))
    }

    pub(super) async fn send_to_uids(&self, send: v1::SendToUids) -> Result<Done, Refusal> {
        let uids = decode::uids(&send.uids)?;
        let exclude = decode::excluded(&send.exclude_client_ids)?;
        let frame = decode::frame(send.message)?;
        Ok(Done::reached(delivery::to_uids(&self.hub, &frame, &uids, &exclude).await))
    }

    pub(super) async fn send_to_groups(&self, send: v1::SendToGroups) -> Result<Done, Refusal> {
        let groups = decode::groups(&send.groups)?;
        let exclude = decode::excluded(&send.exclude_client_ids)?;
        let frame = decode::frame(send.message)?;
        Ok(Done::reached(delivery::to_groups(&self.hub, &frame, &groups, &exclude).await))
    }
}
