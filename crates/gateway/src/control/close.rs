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
        let clients = self.hub.clients_of_uid(&uid);
        Ok(Done::reached(clients.iter().filter(|client| end_client(client, &end)).count()))
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
