//! What each command does. Behaviour exists once, behind every door.

use std::sync::Arc;

use gatepipe_proto::v1::command::Command as Kind;
use gatepipe_proto::{Code, v1};

use super::decode::{self, End, Refusal};
use super::lane::{Lane, Running};
use crate::client::Client;
use crate::delivery;
use crate::hub::Hub;
use crate::metrics::Metrics;

/// Carries out commands. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Executor {
    hub: Arc<Hub>,
    lane: Lane,
    metrics: Arc<Metrics>,
}

/// A command that has begun.
pub(super) enum Started {
    /// Done; here is the receipt.
    Done(v1::Receipt),
    /// A broadcast on its lane.
    Broadcast(Broadcast),
}

/// A broadcast whose receipt comes later.
pub(super) struct Broadcast {
    id: u64,
    running: Running,
    metrics: Arc<Metrics>,
}

impl Broadcast {
    pub(super) async fn receipt(self) -> v1::Receipt {
        let ending = Refusal { code: Code::Unavailable, text: "the gateway is ending".to_owned() };
        let done = self.running.reached().await.map(Done::reached).ok_or(ending);
        receipt(&self.metrics, self.id, "send_to_all", done)
    }
}

/// What a command did.
#[derive(Default)]
struct Done {
    reached: usize,
    previous_uid: String,
}

impl Done {
    fn reached(reached: usize) -> Self {
        Self { reached, previous_uid: String::new() }
    }
}

impl Executor {
    pub(crate) fn new(hub: Arc<Hub>, lane: Lane, metrics: Arc<Metrics>) -> Self {
        Self { hub, lane, metrics }
    }

    /// Carries out one command and waits until it is done.
    pub(super) async fn execute(&self, command: v1::Command) -> v1::Receipt {
        match self.start(command).await {
            Started::Done(receipt) => receipt,
            Started::Broadcast(broadcast) => broadcast.receipt().await,
        }
    }

    /// Begins one command; everything but a broadcast is done when this returns. Waits only for room on the broadcast lane.
    pub(super) async fn start(&self, command: v1::Command) -> Started {
        let id = command.id;
        let (kind, done) = match command.command {
            None => ("none", Err(Refusal::invalid("a command is missing or not known to this gateway"))),
            Some(Kind::SendToAll(send)) => match self.broadcast(send).await {
                Ok(running) => {
                    return Started::Broadcast(Broadcast { id, running, metrics: self.metrics.clone() });
                }
                Err(refusal) => ("send_to_all", Err(refusal)),
            },
            Some(Kind::SendToClients(send)) => ("send_to_clients", self.send_to_clients(send)),
            Some(Kind::SendToUids(send)) => ("send_to_uids", self.send_to_uids(send)),
            Some(Kind::BindUid(bind)) => ("bind_uid", self.bind_uid(bind)),
            Some(Kind::UnbindUid(unbind)) => ("unbind_uid", self.unbind_uid(&unbind)),
            Some(Kind::CloseClient(close)) => ("close_client", self.close_client(close)),
            Some(Kind::CloseUid(close)) => ("close_uid", self.close_uid(close)),
            Some(_) => ("none", Err(Refusal::invalid("a command is missing or not known to this gateway"))),
        };
        Started::Done(receipt(&self.metrics, id, kind, done))
    }

    async fn broadcast(&self, send: v1::SendToAll) -> Result<Running, Refusal> {
        let frame = decode::frame(send.message)?;
        let exclude = decode::excluded(&send.exclude_client_ids)?;
        Ok(self.lane.start(frame, exclude).await)
    }

    fn send_to_clients(&self, send: v1::SendToClients) -> Result<Done, Refusal> {
        let frame = decode::frame(send.message)?;
        let ids = decode::client_ids(&send.client_ids)?;
        let exclude = decode::excluded(&send.exclude_client_ids)?;
        Ok(Done::reached(delivery::to_clients(&self.hub, &frame, &ids, &exclude)))
    }

    fn send_to_uids(&self, send: v1::SendToUids) -> Result<Done, Refusal> {
        let uids = decode::uids(&send.uids)?;
        let exclude = decode::excluded(&send.exclude_client_ids)?;
        let frame = decode::frame(send.message)?;
        Ok(Done::reached(delivery::to_uids(&self.hub, &frame, &uids, &exclude)))
    }

    fn bind_uid(&self, bind: v1::BindUid) -> Result<Done, Refusal> {
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

    fn unbind_uid(&self, unbind: &v1::UnbindUid) -> Result<Done, Refusal> {
        let id = decode::client_id(&unbind.client_id)?;
        let uid = decode::uid(&unbind.uid)?;
        let unbound = self.hub.unbind(id, &uid)?;
        Ok(Done {
            reached: usize::from(unbound),
            previous_uid: if unbound { uid.to_string() } else { String::new() },
        })
    }

    fn close_client(&self, close: v1::CloseClient) -> Result<Done, Refusal> {
        let id = decode::client_id(&close.client_id)?;
        let end = decode::end(close.close)?;
        let Some(client) = self.hub.client(id) else {
            return Err(crate::hub::HubError::NoSuchClient(id).into());
        };
        Ok(Done::reached(usize::from(end_client(&client, &end))))
    }

    fn close_uid(&self, close: v1::CloseUid) -> Result<Done, Refusal> {
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

fn receipt(metrics: &Metrics, id: u64, kind: &'static str, done: Result<Done, Refusal>) -> v1::Receipt {
    metrics.command(kind, done.as_ref().err().map(|refusal| refusal.code));
    match done {
        Ok(Done { reached, previous_uid }) => {
            v1::Receipt { id, reached: reached as u64, previous_uid, ..v1::Receipt::default() }
        }
        Err(Refusal { code, text }) => {
            v1::Receipt { id, code: code.number(), error: text, ..v1::Receipt::default() }
        }
    }
}
