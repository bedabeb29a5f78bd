//! Ending clients.

use gatepipe_proto::v1;

use super::decode::{self, End, Refusal};
use super::executor::{Done, Executor};
use crate::client::Client;
use crate::hub::BoundClient;

/// Whom a close of a uid is about.
struct Chosen {
    /// They have to go; some may be going already.
    clients: Vec<BoundClient>,
    /// So many stay because they are newer.
    newer: usize,
}

impl Executor {
    pub(super) fn close_client(&self, close: v1::CloseClient) -> Result<Done, Refusal> {
        let id = decode::client_id(&close.client_id)?;
        let end = decode::end(close.close)?;
        // Whoever is gone is as gone as was asked for.
        Ok(Done::changed(self.hub.client(id).is_some_and(|client| end_client(&client, &end))))
    }

    pub(super) fn close_uid(&self, close: v1::CloseUid) -> Result<Done, Refusal> {
        let Chosen { clients, newer } = self.choose(&close)?;
        let end = decode::end(close.close)?;
        let ended = clients.iter().filter(|bound| end_client(&bound.client, &end)).count();
        Ok(Done { newer, ..Done::reached(ended) })
    }

    /// Whether this close of a uid would close anybody now.
    pub(super) fn closes_any(&self, close: &v1::CloseUid) -> bool {
        let chosen = self.choose(close);
        chosen.is_ok_and(|chosen| chosen.clients.iter().any(|bound| !bound.client.is_ending()))
    }

    fn choose(&self, close: &v1::CloseUid) -> Result<Chosen, Refusal> {
        let uid = decode::uid(&close.uid)?;
        let exclude = decode::excluded(&close.exclude_client_ids)?;
        let before = close.bound_before.as_ref().map(decode::stamp).transpose()?;
        let binds =
            self.hub.binds_of_uid(&uid).into_iter().filter(|bound| !exclude.contains(&bound.client.id));
        let (clients, stay): (Vec<_>, Vec<_>) =
            binds.partition(|bound| before.is_none_or(|before| bound.stamp < before));
        Ok(Chosen { clients, newer: stay.iter().filter(|bound| bound.outlives_older()).count() })
    }
}

/// `true` when it was not ending before.
fn end_client(client: &Client, end: &End) -> bool {
    match end {
        End::Say(closing) => client.close(closing),
        End::Destroy => client.destroy(),
    }
}
