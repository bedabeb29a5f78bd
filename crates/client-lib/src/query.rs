//! Questions to one gateway, on a connection of their own, so that a long answer never holds up receipts.

use std::sync::Arc;

use gatepipe_proto::v1::gateway_client::GatewayClient as Commands;
use gatepipe_proto::{Code, GatewayId, v1};
use tokio::sync::Mutex;
use tokio::time::{Instant, timeout_at};
use tonic::{Response, Status, Streaming};

use crate::connection::{Connection, Peer, Secured, Trouble};
use crate::lane::Lane;
use crate::receipt::FailureReason;

/// The connection for questions, opened with the first one; lives as long as the pipe beside it.
pub(crate) struct QueryLine {
    gateway: GatewayId,
    peer: Peer,
    connection: Mutex<Option<Arc<Connection>>>,
}

/// A question, and how it is put.
pub(crate) trait Question: Clone + Send + Sync {
    type Reply: Send;

    fn put(
        self,
        line: Commands<Secured>,
    ) -> impl Future<Output = Result<Response<Self::Reply>, Status>> + Send;
}

/// Asks one gateway one question, by `deadline`. A question changes nothing, so it is asked again, once, when an idle
/// connection turns out to be broken.
pub(crate) async fn ask<Q: Question>(
    lane: &Lane,
    deadline: Instant,
    question: Q,
) -> Result<Q::Reply, FailureReason> {
    // Boxed: tonic's calls are several KiB of state, which every caller's future would carry.
    let answer = Box::pin(async {
        let line = lane.query_line().await?;
        match line.ask_once(question.clone()).await {
            Err(FailureReason::Unreachable) => line.ask_once(question).await,
            answer => answer,
        }
    });
    timeout_at(deadline, answer).await.unwrap_or(Err(FailureReason::Deadline))
}

impl QueryLine {
    pub(crate) fn new(gateway: GatewayId, peer: Peer) -> Self {
        Self { gateway, peer, connection: Mutex::new(None) }
    }

    /// Where the gateway is: the open pipe beside this proves it.
    pub(crate) fn peer(&self) -> &Peer {
        &self.peer
    }

    async fn ask_once<Q: Question>(&self, question: Q) -> Result<Q::Reply, FailureReason> {
        let connection = self.connect().await.map_err(|_| FailureReason::Unreachable)?;
        match question.put(connection.commands()).await {
            Ok(answer) => Ok(answer.into_inner()),
            Err(status) if std::error::Error::source(&status).is_some() => {
                self.forget(&connection).await;
                Err(FailureReason::Unreachable)
            }
            Err(status) => Err(FailureReason::Refused {
                code: Code::from_grpc(status.code()),
                text: status.message().to_owned(),
            }),
        }
    }

    async fn connect(&self) -> Result<Arc<Connection>, Trouble> {
        let mut connection = self.connection.lock().await;
        if let Some(connection) = &*connection {
            return Ok(Arc::clone(connection));
        }
        let fresh = Arc::new(Connection::open(&self.peer).await?);
        fresh.identify(self.gateway).await?;
        *connection = Some(Arc::clone(&fresh));
        Ok(fresh)
    }

    async fn forget(&self, broken: &Arc<Connection>) {
        let mut connection = self.connection.lock().await;
        if connection.as_ref().is_some_and(|current| Arc::ptr_eq(current, broken)) {
            *connection = None;
        }
    }
}

macro_rules! questions {
    ($($method:ident: $request:ident => $reply:ident,)*) => {$(
        impl Question for v1::$request {
            type Reply = v1::$reply;

            async fn put(self, mut line: Commands<Secured>) -> Result<Response<Self::Reply>, Status> {
                line.$method(self).await
            }
        }
    )*};
}

/// Answered by steps that go on; they come by the line's connection, and end with it.
impl Question for v1::FollowRequest {
    type Reply = Streaming<v1::FollowStep>;

    async fn put(self, mut line: Commands<Secured>) -> Result<Response<Self::Reply>, Status> {
        line.follow(self).await
    }
}

questions! {
    is_online: IsOnlineRequest => IsOnlineReply,
    client: ClientRequest => ClientReply,
    clients_of_uids: ClientsOfUidsRequest => ClientsOfUidsReply,
    counts: CountsRequest => CountsReply,
    stats: StatsRequest => StatsReply,
    clients: ClientsRequest => ClientsReply,
    uids: UidsRequest => UidsReply,
    groups: GroupsRequest => GroupsReply,
}
