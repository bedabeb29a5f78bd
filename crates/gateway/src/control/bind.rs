//! Which uid a client is.

use gatepipe_proto::v1;

use super::decode::{self, Refusal};
use super::executor::{Done, Executor};

impl Executor {
    pub(super) fn bind_uid(&self, bind: v1::BindUid) -> Result<Done, Refusal> {
        let condition = decode::condition(bind.condition());
        let client = self.client(&bind.client_id)?;
        let uid = decode::uid(&bind.uid)?;
        let greeting = bind.message.map(|message| decode::frame(Some(message))).transpose()?;
        let binding = self.events.binding(&client);
        let previous = self.hub.bind(client.id, &uid, condition, greeting.as_ref())?;
        binding.is_now(Some(&uid));
        Ok(Done {
            reached: usize::from(previous.as_ref() != Some(&uid)),
            previous_uid: previous.map(|uid| uid.to_string()).unwrap_or_default(),
        })
    }

    pub(super) fn unbind_uid(&self, unbind: &v1::UnbindUid) -> Result<Done, Refusal> {
        let client = self.client(&unbind.client_id)?;
        let uid = decode::uid(&unbind.uid)?;
        let binding = self.events.binding(&client);
        let unbound = self.hub.unbind(client.id, &uid)?;
        if unbound {
            binding.is_now(None);
        }
        Ok(Done {
            reached: usize::from(unbound),
            previous_uid: if unbound { uid.to_string() } else { String::new() },
        })
    }
}
