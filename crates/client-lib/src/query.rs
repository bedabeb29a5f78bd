//! Questions to one gateway, on a connection of their own, so that a long answer never holds up receipts.

use std::sync::Arc;

use gatepipe_proto::v1::gateway_client::GatewayClient as Commands;
use gatepipe_proto::{Code, GatewayId};
use tokio::sync::Mutex;
use tokio::time::{Instant, timeout_at};
use tonic::{Response, Status};

use crate::connection::{Connection, Peer, Secured, Trouble};
use crate::lane::Lane;
use crate::receipt::FailureReason;

/// The connection for questions, opened with the first one; lives as long as the pipe beside it.
pub(crate) struct QueryLine {
    gateway: GatewayId,
    peer: Peer,
    connection: Mutex<Option<Arc<Connection>>>,
}

/// Asks one gateway one question, by `deadline`. A question changes nothing, so it is asked again, once, when an idle
/// connection turns out to be broken.
pub(crate) async fn ask<T, F: Future<Output = Result<Response<T>, Status>> + Send>(
    lane: &Lane,
    deadline: Instant,
    question: impl Fn(Commands<Secured>) -> F + Send + Sync,
) -> Result<T, FailureReason> {
    let answer = async {
        let line = lane.query_line().await?;
        match line.ask_once(&question).await {
            Err(FailureReason::Unreachable) => line.ask_once(&question).await,
            answer => answer,
        }
    };
    timeout_at(deadline, answer)
        .await
        .unwrap_or(Err(FailureReason::Deadline))
}

impl QueryLine {
    pub(crate) fn new(gateway: GatewayId, peer: Peer) -> Self {
        Self {
            gateway,
            peer,
            connection: Mutex::new(None),
        }
    }

    async fn ask_once<T, F: Future<Output = Result<Response<T>, Status>> + Send>(
        &self,
        question: &(impl Fn(Commands<Secured>) -> F + Send + Sync),
    ) -> Result<T, FailureReason> {
        let connection = self.connect().await.map_err(|_| FailureReason::Unreachable)?;
        match question(connection.commands()).await {
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
        if connection
            .as_ref()
            .is_some_and(|current| Arc::ptr_eq(current, broken))
        {
            *connection = None;
        }
    }
}
