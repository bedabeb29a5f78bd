//! The JSON object kept with a client. The client's own lock decides between two writers; the hub's is not held meanwhile.

use gatepipe_proto::v1;

use super::decode::{self, Refusal};
use super::executor::{Done, Executor};

impl Executor {
    pub(super) fn set_session(&self, set: &v1::SetSession) -> Result<Done, Refusal> {
        let session = decode::session(&set.session)?;
        Ok(Done::changed(self.client(&set.client_id)?.set_session(session)))
    }

    pub(super) fn update_session(&self, update: &v1::UpdateSession) -> Result<Done, Refusal> {
        let patch = decode::session(&update.patch)?;
        Ok(Done::changed(self.client(&update.client_id)?.update_session(&patch)?))
    }
}
