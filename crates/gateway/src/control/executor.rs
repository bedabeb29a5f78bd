//! Commands, by whatever door they come: who carries out which, and the receipt. What each does stands in its family's room.

use std::sync::Arc;
use std::time::Instant;

use gatepipe_proto::v1::command::Command as Kind;
use gatepipe_proto::{Code, v1};
use gatepipe_traces::{Span, Tracer};
use tokio_util::sync::CancellationToken;

use super::bind::{Bound, Login};
use super::decode::{self, Refusal};
use super::lane::{Lane, Running};
use super::spans;
use crate::absence::{Absence, Asking, Withheld};
use crate::client::Client;
use crate::clock::{self, Moments};
use crate::events::Events;
use crate::hub::{Hub, HubError};
use crate::metrics::{Metrics, Way};
use crate::trail::Trail;
use crate::trail::follow::{Coming, Followers, SentTo};
use crate::trail::traced::Traced;

/// Carries out commands. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Executor {
    pub(crate) hub: Arc<Hub>,
    pub(crate) events: Arc<Events>,
    pub(crate) absence: Arc<Absence>,
    pub(crate) lane: Lane,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) tracer: Tracer,
    /// When binds happen whose caller does not say it: of two in the same millisecond one is still the later.
    pub(crate) moments: Arc<Moments>,
    /// Those who want to know what becomes of messages.
    pub(crate) followers: Arc<Followers>,
    /// Cancelled by a command to drain: whoever asks hears of it before the receipt.
    pub(crate) draining: CancellationToken,
}

/// A command that has begun, as its receipt, the metrics and its trace know it.
pub(super) struct Begun {
    id: u64,
    kind: &'static str,
    at: Instant,
    span: Span,
}

/// What became of a command so far.
pub(super) enum Started {
    /// Done; here is the receipt.
    Done(v1::Receipt),
    /// A broadcast on its lane.
    Broadcast(Broadcast),
    /// A bind by which others have to go.
    Replacing(Replacing),
    /// A bind that is done, and acknowledged when nobody believes any more that the uid has no client here.
    Withheld(WithheldBind),
}

/// A bind that is done but for this: somebody has to go, and may get something before.
pub(super) struct Replacing {
    command: Begun,
    done: Done,
    login: Login,
    withheld: Option<Withheld>,
    metrics: Arc<Metrics>,
}

impl Replacing {
    /// Lets them go.
    pub(super) fn settle(self) -> Settled {
        let Self { command, mut done, mut login, withheld, metrics } = self;
        (done.replaced, done.newer) = login.settle();
        match withheld {
            None => Settled::Done(command.receipt(&metrics, Ok(done))),
            Some(withheld) => Settled::Withheld(WithheldBind { command, done, withheld, metrics }),
        }
    }
}

/// A bind by which nobody has to go any more.
pub(super) enum Settled {
    Done(v1::Receipt),
    Withheld(WithheldBind),
}

/// A bind whose receipt comes later.
pub(super) struct WithheldBind {
    command: Begun,
    done: Done,
    withheld: Withheld,
    metrics: Arc<Metrics>,
}

impl WithheldBind {
    pub(super) async fn receipt(self) -> v1::Receipt {
        self.withheld.over().await;
        self.command.receipt(&self.metrics, Ok(self.done))
    }
}

/// A broadcast whose receipt comes later.
pub(super) struct Broadcast {
    command: Begun,
    running: Running,
    began: Instant,
    metrics: Arc<Metrics>,
}

impl Broadcast {
    pub(super) async fn receipt(self) -> v1::Receipt {
        let ending = Refusal { code: Code::Unavailable, text: "the gateway is ending".to_owned() };
        let done = self.running.reached().await.map(Done::reached).ok_or(ending);
        self.metrics.written(Way::Broadcast, self.began);
        self.command.receipt(&self.metrics, done)
    }
}

/// What a command did; the fields are those of its receipt.
#[derive(Default)]
pub(super) struct Done {
    pub(super) reached: usize,
    pub(super) previous_uid: String,
    pub(super) replaced: usize,
    pub(super) newer: usize,
    pub(super) bound_at_ms: i64,
    pub(super) absent: Vec<u32>,
}

impl Done {
    pub(super) fn reached(reached: usize) -> Self {
        Self { reached, ..Self::default() }
    }

    /// Of a command that is about one client, and may find that there is nothing to do.
    pub(super) fn changed(changed: bool) -> Self {
        Self::reached(usize::from(changed))
    }
}

impl Executor {
    /// Carries out one command and waits until it is done.
    pub(super) async fn execute(&self, command: v1::Command) -> v1::Receipt {
        let began = clock::instant();
        match self.start(command, None, began).await {
            Started::Done(receipt) => {
                self.metrics.written(Way::Call, began);
                receipt
            }
            Started::Broadcast(broadcast) => broadcast.receipt().await,
            Started::Withheld(bind) => bind.receipt().await,
            Started::Replacing(replacing) => match replacing.settle() {
                Settled::Done(receipt) => receipt,
                Settled::Withheld(bind) => bind.receipt().await,
            },
        }
    }

    /// Begins one command, that came in at `began` through the pipe of `asking`; everything but a broadcast, and the closes that follow from a bind, is
    /// done when this returns. Waits only for room on the broadcast lane, and pauses in what is about many clients.
    pub(super) async fn start(
        &self,
        command: v1::Command,
        asking: Option<&Asking>,
        began: Instant,
    ) -> Started {
        let kind = command.command.as_ref().map_or("none", Kind::name);
        let span = spans::begin(&self.tracer, &command, kind);
        let begun = Begun { id: command.id, kind, at: began, span };
        let done = match command.command {
            None => Err(Refusal::invalid("a command is missing or not known to this gateway")),
            Some(Kind::SendToAll(send)) => match self.broadcast(send, &begun).await {
                Ok(running) => {
                    let metrics = self.metrics.clone();
                    return Started::Broadcast(Broadcast { command: begun, running, began, metrics });
                }
                Err(refusal) => Err(refusal),
            },
            Some(Kind::SendToClients(send)) => self.send_to_clients(send, &begun).await,
            Some(Kind::SendToUids(send)) => self.send_to_uids(send, asking, &begun).await,
            Some(Kind::SendToGroups(send)) => self.send_to_groups(send, &begun).await,
            Some(Kind::BindUid(bind)) => match self.bind_uid(bind, asking) {
                Ok(Bound { done, login: Some(login), withheld }) => {
                    let metrics = self.metrics.clone();
                    return Started::Replacing(Replacing { command: begun, done, login, withheld, metrics });
                }
                Ok(Bound { done, login: None, withheld: Some(withheld) }) => {
                    let metrics = self.metrics.clone();
                    return Started::Withheld(WithheldBind { command: begun, done, withheld, metrics });
                }
                bound => bound.map(|bound| bound.done),
            },
            Some(Kind::UnbindUid(unbind)) => self.unbind_uid(&unbind),
            Some(Kind::CloseClient(close)) => self.close_client(close),
            Some(Kind::CloseUid(close)) => self.close_uid(close),
            Some(Kind::JoinGroup(join)) => self.join_group(&join),
            Some(Kind::LeaveGroup(leave)) => self.leave_group(&leave),
            Some(Kind::Ungroup(ungroup)) => self.ungroup(&ungroup).await,
            Some(Kind::SetSession(set)) => self.set_session(&set),
            Some(Kind::UpdateSession(update)) => self.update_session(&update),
            Some(Kind::Drain(v1::Drain {})) => Ok(self.drain()),
        };
        Started::Done(begun.receipt(&self.metrics, done))
    }

    /// Lets everybody go and the gateway end, as the stop signal does. Gives how many have to leave.
    fn drain(&self) -> Done {
        // Counted first: they begin to leave at once.
        let done = Done::reached(self.hub.client_count());
        self.draining.cancel();
        done
    }

    /// The client that a command names.
    pub(super) fn client(&self, client_id: &str) -> Result<Arc<Client>, Refusal> {
        let id = decode::client_id(client_id)?;
        self.hub.client(id).ok_or_else(|| HubError::NoSuchClient(id).into())
    }

    async fn broadcast(&self, send: v1::SendToAll, command: &Begun) -> Result<Running, Refusal> {
        let trail = self.trail(command, send.message.as_ref(), SentTo::All);
        let frame = decode::frame(send.message)?;
        let exclude = decode::excluded(&send.exclude_client_ids)?;
        Ok(self.lane.start(frame, exclude, trail).await)
    }

    /// The trail of a message that came with `command`; nearly always there is none.
    pub(super) fn trail(
        &self,
        command: &Begun,
        message: Option<&v1::Message>,
        sent_to: SentTo<'_>,
    ) -> Option<Trail> {
        let mut witnesses = self.followers.witnesses(Coming { began: command.at, message, sent_to });
        if !command.span.is_none() {
            witnesses.push(Arc::new(Traced::new(&self.tracer, &command.span)));
        }
        Trail::new(witnesses)
    }
}

impl Begun {
    fn receipt(self, metrics: &Metrics, done: Result<Done, Refusal>) -> v1::Receipt {
        let Self { id, kind, span, .. } = self;
        metrics.command(kind, done.as_ref().err().map(|refusal| refusal.code));
        let receipt = match done {
            Ok(Done { reached, previous_uid, replaced, newer, bound_at_ms, absent }) => v1::Receipt {
                id,
                reached: reached as u64,
                previous_uid,
                replaced: replaced as u64,
                newer: newer as u64,
                bound_at_ms,
                absent,
                ..v1::Receipt::default()
            },
            Err(Refusal { code, text }) => {
                v1::Receipt { id, code: code.number(), error: text, ..v1::Receipt::default() }
            }
        };
        spans::end(&span, &receipt);
        receipt
    }
}
