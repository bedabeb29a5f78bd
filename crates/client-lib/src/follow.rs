//! What becomes of the messages to one uid, on every gateway, for people who look for one.

use std::collections::BTreeMap;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use futures_util::stream::{SelectAll, StreamExt};
use futures_util::{Stream, stream};
use gatepipe_proto::v1::client_step::Fate as WireFate;
use gatepipe_proto::v1::follow_step::Step as WireStep;
use gatepipe_proto::v1::lost::Why;
use gatepipe_proto::{ClientId, Code, GatewayId, Message, v1};
use tokio::sync::watch;
use tonic::{Status, Streaming};

use crate::GatewayClient;
use crate::directory::View;
use crate::receipt::{Answer, FailureReason};

type Steps = Pin<Box<dyn Stream<Item = Followed> + Send>>;

/// A gateway as it is when following it began, and what it tells from then on.
pub(crate) type Opened = (FollowedGateway, Streaming<v1::FollowStep>);

/// Messages to one uid that are followed on every gateway, also on those that join later. Dropping it ends that.
///
/// Made by [`GatewayClient::follow_uid`](crate::GatewayClient::follow_uid).
pub struct Following {
    /// The gateways that are followed from the beginning. Those that could not be are named as failed.
    pub gateways: Answer<BTreeMap<GatewayId, FollowedGateway>>,
    client: GatewayClient,
    view: watch::Receiver<Arc<View>>,
    request: v1::FollowRequest,
    /// Whom we follow, or tried to: once for as long as it is a member.
    known: BTreeMap<GatewayId, Known>,
    steps: SelectAll<Steps>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Known {
    Followed,
    Ended,
}

/// A gateway on which messages to a uid are followed, when that began.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FollowedGateway {
    /// Clients of the uid.
    pub clients: u64,
    /// It lets its clients go.
    pub draining: bool,
}

/// Something that happened to a message on one gateway.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Followed {
    /// On which.
    pub gateway: GatewayId,
    /// Which message: numbers of this gateway, from 1. 0 when it is about none.
    pub message: u64,
    /// Since its command came in; the command may have come together with others.
    pub after: Duration,
    /// Steps that were left out just before, because they were not read in time.
    pub missed: u64,
    /// What happened.
    pub step: FollowStep,
}

/// What happened to a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FollowStep {
    /// A command with it came in that names the uid, or reached a client of it.
    Came {
        /// Whom the command names.
        sent_to: SentTo,
        /// Equal messages have equal marks, on all gateways: see [`Following::mark`].
        mark: u64,
    },
    /// What one client of the uid made of it; the first 64 are told.
    Client {
        /// Which.
        client: ClientId,
        /// What.
        fate: Fate,
    },
    /// Everybody was offered it. What waits is told of once more.
    Offered {
        /// Clients of the uid.
        clients: u64,
        /// Of those: their socket or outbox took it.
        taken: u64,
        /// Of `clients`: not told one by one.
        untold: u64,
    },
    /// The gateway refused the command: nobody was offered it.
    Refused {
        /// The kind of refusal.
        code: Code,
        /// In the gateway's words.
        text: String,
    },
    /// Nothing but that steps were missed, or what a newer gateway tells.
    Nothing,
    /// This gateway has joined, or can be reached at last: what is called from now on is told there, too.
    Joined(FollowedGateway),
    /// This gateway is not followed any more, or could not be when it joined, and tells no more.
    Ended(FailureReason),
}

/// Whom a command names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SentTo {
    /// The uid.
    Uids,
    /// A client of the uid.
    Clients,
    /// A group that a client of the uid is in.
    Groups,
    /// Everybody.
    All,
    /// What a newer gateway tells.
    Unknown,
}

/// What a client made of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// The kernel of the gateway's host has all of it. That it arrived, or that the page has read it, no gateway knows.
    Written,
    /// Its socket is full: it waits in the outbox, and is told of once more.
    Waits {
        /// What waited already.
        behind_bytes: u64,
    },
    /// It will never have it: it reads too slowly, and is closed with 4102.
    TooSlow,
    /// It will never have it: its socket is broken, or was cut.
    Broken,
    /// It will never have it: it was closed with this code before.
    Closed(u16),
    /// The sender left it out.
    Excluded,
}

impl Following {
    pub(crate) fn new(
        client: GatewayClient,
        request: v1::FollowRequest,
        gateways: Answer<BTreeMap<GatewayId, FollowedGateway>>,
        open: Vec<(GatewayId, Streaming<v1::FollowStep>)>,
    ) -> Self {
        let followed = open.iter().map(|(gateway, _)| (*gateway, Known::Followed));
        // Whoever could not be reached is as good as not there, and may come.
        let failed = gateways.failed.iter().filter(|failure| failure.reason != FailureReason::Unreachable);
        let known = followed.chain(failed.map(|failure| (failure.gateway, Known::Ended))).collect();
        let steps = open.into_iter().map(|(gateway, steps)| Box::pin(told(gateway, steps)) as Steps);
        Self { gateways, view: client.views(), client, request, known, steps: steps.collect() }
    }

    /// The mark that `message` has in [`FollowStep::Came`].
    #[must_use]
    pub fn mark(&self, message: &Message) -> u64 {
        gatepipe_proto::mark(self.request.key, message.body())
    }

    /// The next step of any gateway, each gateway's in order. Waits also while none is followed: one may join. May be dropped at any time.
    pub async fn next(&mut self) -> Followed {
        loop {
            self.follow_joined();
            tokio::select! {
                Some(followed) = self.steps.next() => {
                    if let FollowStep::Ended(_) = followed.step {
                        self.known.insert(followed.gateway, Known::Ended);
                    }
                    return followed;
                }
                Ok(()) = self.view.changed() => {}
                // The driver lives as long as our handle, unless the runtime is going away.
                else => std::future::pending().await,
            }
        }
    }

    /// Begins with the members that are not known. Their answer comes with their steps, so that dropping a call loses nothing.
    fn follow_joined(&mut self) {
        let view = Arc::clone(&self.view.borrow_and_update());
        // One that left and comes back is another, but not before its last step was told.
        self.known.retain(|gateway, known| *known == Known::Followed || view.gateways.contains_key(gateway));
        for (gateway, seen) in &view.gateways {
            if seen.lane.is_open() && !self.known.contains_key(gateway) {
                self.known.insert(*gateway, Known::Followed);
                let (gateway, client, request) = (*gateway, self.client.clone(), self.request.clone());
                let opening = async move { client.follow_on(gateway, request).await };
                self.steps.push(Box::pin(joined(gateway, opening)));
            }
        }
    }
}

impl std::fmt::Debug for Following {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Following").field("gateways", &self.gateways).finish_non_exhaustive()
    }
}

/// The steps of a gateway that has joined: how that went, and then what it tells.
fn joined(
    gateway: GatewayId,
    opening: impl Future<Output = Result<Opened, FailureReason>> + Send,
) -> impl Stream<Item = Followed> + Send {
    let step = move |step| Followed { gateway, message: 0, after: Duration::ZERO, missed: 0, step };
    stream::once(opening).flat_map(move |opened| match opened {
        Ok((followed, steps)) => {
            let joined = stream::iter([step(FollowStep::Joined(followed))]);
            joined.chain(told(gateway, steps)).left_stream()
        }
        Err(reason) => stream::iter([step(FollowStep::Ended(reason))]).right_stream(),
    })
}

/// The steps of one gateway; the last one is that it has ended.
fn told(gateway: GatewayId, steps: Streaming<v1::FollowStep>) -> impl Stream<Item = Followed> + Send {
    stream::unfold(Some(steps), move |steps| async move {
        let mut steps = steps?;
        match steps.message().await {
            Ok(Some(step)) => Some((read(gateway, step), Some(steps))),
            ended => Some((end(gateway, ended.err()), None)),
        }
    })
}

fn end(gateway: GatewayId, status: Option<Status>) -> Followed {
    let reason = match status {
        Some(status) if std::error::Error::source(&status).is_none() => {
            FailureReason::Refused { code: Code::from_grpc(status.code()), text: status.message().to_owned() }
        }
        _ => FailureReason::Unreachable,
    };
    Followed { gateway, message: 0, after: Duration::ZERO, missed: 0, step: FollowStep::Ended(reason) }
}

fn read(gateway: GatewayId, step: v1::FollowStep) -> Followed {
    let v1::FollowStep { message, after_us, missed, step } = step;
    let step = match step {
        Some(WireStep::Came(came)) => FollowStep::Came { sent_to: sent_to(came.sent_to()), mark: came.mark },
        Some(WireStep::Client(step)) => client_step(&step).unwrap_or(FollowStep::Nothing),
        Some(WireStep::Offered(v1::Offered { clients, taken, untold })) => {
            FollowStep::Offered { clients, taken, untold }
        }
        Some(WireStep::Refused(v1::Refused { code, error })) => {
            FollowStep::Refused { code: Code::from_number(code).unwrap_or(Code::Internal), text: error }
        }
        Some(WireStep::Following(_)) | None => FollowStep::Nothing,
    };
    Followed { gateway, message, after: Duration::from_micros(after_us), missed, step }
}

fn client_step(step: &v1::ClientStep) -> Option<FollowStep> {
    let fate = match step.fate.as_ref()? {
        WireFate::Written(_) => Fate::Written,
        WireFate::Waits(waits) => Fate::Waits { behind_bytes: waits.behind_bytes },
        WireFate::Excluded(_) => Fate::Excluded,
        WireFate::Lost(lost) => match lost.why() {
            Why::TooSlow => Fate::TooSlow,
            Why::Broken => Fate::Broken,
            Why::Closed | Why::Unspecified => Fate::Closed(u16::try_from(lost.code).unwrap_or_default()),
        },
    };
    Some(FollowStep::Client { client: step.client_id.parse().ok()?, fate })
}

fn sent_to(sent_to: v1::SentTo) -> SentTo {
    match sent_to {
        v1::SentTo::Uids => SentTo::Uids,
        v1::SentTo::Clients => SentTo::Clients,
        v1::SentTo::Groups => SentTo::Groups,
        v1::SentTo::All => SentTo::All,
        v1::SentTo::Unspecified => SentTo::Unknown,
    }
}
