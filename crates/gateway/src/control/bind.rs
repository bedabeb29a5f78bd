//! Which uid a client is.

use gatepipe_proto::v1;

use super::decode::{self, Refusal};
use super::executor::{Done, Executor};

impl Executor {
    pub(super) fn bind_uid(&self, bind: v1::BindUid) -> Result<Done, Refusal> {
        let condition = decode::condition(bind.condition());
        let id = decode::client_id(&bind.client_id)?;
        let uid = decode::uid(&bind.uid)?;
        let greeting = bind.message.map(|message| decode::frame(Some(message))).transpose()?;
        let previous = self.hub.bind(id, &uid, condition, greeting.as_ref())?;
        Ok(Done {
            reached: usize::from(previous.as_ref() != Some(&uid)),
            previous_uid: previous.map(|uid| uid.to_string()).unwrap_or_default(),
        })
    }

    pub(super) fn unbind_uid(&self, unbind: &v1::UnbindUid) -> Result<Done, Refusal> {
        let id = decode::client_id(&unbind.client_id)?;
        let uid = decode::uid(&unbind.uid)?;
        let unbound = self.hub.unbind(id, &uid)?;
        Ok(Done {
            reached: usize::from(unbound),
            previous_uid: if unbound { uid.to_string() } else { String::new() },
        })
    }
}
