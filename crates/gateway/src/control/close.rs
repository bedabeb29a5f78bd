//! Ending clients.

use gatepipe_proto::v1;

use super::decode::{self, End, Refusal};
use super::executor::{Done, Executor};
use crate::client::Client;

impl Executor {
    pub(super) fn close_client(&self, close: v1::CloseClient) -> Result<Done, Refusal> {
        let client = self.client(&close.client_id)?;
        let end = decode::end(close.close)?;
        Ok(Done::changed(end_client(&client, &end)))
    }

    pub(super) fn close_uid(&self, close: v1::CloseUid) -> Result<Done, Refusal> {
        let uid = decode::uid(&close.uid)?;
        let end = decode::end(close.close)?;
        let exclude = decode::excluded(&close.exclude_client_ids)?;
        let before = close.bound_before.as_ref().map(decode::stamp).transpose()?;
        let mut done = Done::default();
        for bound in self.hub.binds_of_uid(&uid) {
            if exclude.contains(&bound.client.id) {
                continue;
            }
            if before.is_none_or(|before| bound.stamp < before) {
                done.reached += usize::from(end_client(&bound.client, &end));
            } else {
                done.newer += usize::from(bound.newest_wins);
            }
        }
        Ok(done)
    }
}

fn end_client(client: &Client, end: &End) -> bool {
    match end {
        End::Say(closing) => client.close(closing),
        End::Destroy => {
            client.destroy();
            true
        }
    }
}
