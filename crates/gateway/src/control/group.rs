//! Which groups a client is in.

use gatepipe_proto::v1;

use super::decode::{self, Refusal};
use super::executor::{Done, Executor};

impl Executor {
    pub(super) fn join_group(&self, join: &v1::JoinGroup) -> Result<Done, Refusal> {
        let id = decode::client_id(&join.client_id)?;
        let group = decode::group(&join.group)?;
        Ok(Done::changed(self.hub.join(id, &group)?))
    }

    pub(super) fn leave_group(&self, leave: &v1::LeaveGroup) -> Result<Done, Refusal> {
        let id = decode::client_id(&leave.client_id)?;
        let group = decode::group(&leave.group)?;
        Ok(Done::changed(self.hub.leave_group(id, &group)))
    }

    pub(super) async fn ungroup(&self, ungroup: &v1::Ungroup) -> Result<Done, Refusal> {
        let group = decode::group(&ungroup.group)?;
        let mut left = 0;
        for of_shard in self.hub.ungroup_by_shard(&group) {
            left += of_shard;
            tokio::task::yield_now().await;
        }
        Ok(Done::reached(left))
    }
}
