//! The gRPC side: how workers command this gateway. Decode, one hub call, encode; no locks and no maps here.
//!
//! - [`decode`]: wire messages into our types, with every bound
//! - [`executor`]: commands, behind `Pipe` and `Execute` alike; what each does stands in [`send`], [`bind`], [`group`], [`close`],
//!   [`session`]
//! - [`lane`]: broadcasts, one after the other, beside everything else
//! - [`pipe`]: the ordered stream of command batches
//! - [`query`], [`names`], [`counts`], [`stats`]: the questions about clients, uids and groups, numbers
//! - [`spans`]: what traces are told
//! - [`subscribe`]: the stream of events to one worker
//! - [`follow`]: the stream of steps to whoever follows a uid

mod bind;
mod close;
mod counts;
mod decode;
mod executor;
mod follow;
mod group;
mod lane;
mod names;
mod pipe;
mod query;
mod send;
mod session;
mod spans;
mod stats;
mod subscribe;

use std::pin::Pin;
use std::sync::Arc;

use futures_util::Stream;
use gatepipe_proto::v1;
use tokio_util::sync::CancellationToken;
use tonic::{Request, Response, Status, Streaming};

pub(crate) use executor::Executor;
pub(crate) use lane::Lane;

use crate::client::Common;
use crate::events::Events;
use crate::hub::Hub;
use crate::rates::Rates;
use decode::Refusal;

/// Largest message on a command stream, in bytes: a batch of 1 MiB plus one command, with room.
pub(crate) const MAX_GRPC_MESSAGE_BYTES: usize = 8 << 20;

/// The service; one for the process.
#[derive(Debug)]
pub(crate) struct Control {
    pub(crate) hub: Arc<Hub>,
    pub(crate) events: Arc<Events>,
    pub(crate) common: Arc<Common>,
    pub(crate) rates: Arc<Rates>,
    pub(crate) executor: Executor,
    pub(crate) draining: CancellationToken,
    /// Ends every pipe, subscription and whoever follows.
    pub(crate) stop: CancellationToken,
}

#[tonic::async_trait]
impl v1::gateway_server::Gateway for Control {
    type PipeStream = Pin<Box<dyn Stream<Item = Result<v1::ReceiptBatch, Status>> + Send>>;

    async fn pipe(
        &self,
        request: Request<Streaming<v1::CommandBatch>>,
    ) -> Result<Response<Self::PipeStream>, Status> {
        let receipts = pipe::open(request.into_inner(), self.executor.clone(), self.stop.clone());
        Ok(Response::new(Box::pin(receipts)))
    }

    type SubscribeStream = Pin<Box<dyn Stream<Item = Result<v1::EventBatch, Status>> + Send>>;

    async fn subscribe(
        &self,
        request: Request<Streaming<v1::SubscribeRequest>>,
    ) -> Result<Response<Self::SubscribeStream>, Status> {
        let batches = subscribe::open(request.into_inner(), self.events.clone(), self.stop.clone());
        Ok(Response::new(Box::pin(batches)))
    }

    type FollowStream = Pin<Box<dyn Stream<Item = Result<v1::FollowStep, Status>> + Send>>;

    async fn follow(
        &self,
        request: Request<v1::FollowRequest>,
    ) -> Result<Response<Self::FollowStream>, Status> {
        let (followers, draining) = (&self.executor.followers, self.draining.is_cancelled());
        let steps = follow::open(request.get_ref(), &self.hub, followers, draining, self.stop.clone())?;
        Ok(Response::new(Box::pin(steps)))
    }

    async fn stats(&self, _: Request<v1::StatsRequest>) -> Result<Response<v1::StatsReply>, Status> {
        Ok(Response::new(stats::stats(self).await))
    }

    async fn execute(&self, request: Request<v1::Command>) -> Result<Response<v1::Receipt>, Status> {
        let command = spans::with_metadata(&self.executor.tracer, request);
        Ok(Response::new(self.executor.execute(command).await))
    }

    async fn identify(&self, _: Request<v1::IdentifyRequest>) -> Result<Response<v1::IdentifyReply>, Status> {
        let gateway_id = self.hub.gateway().to_string();
        Ok(Response::new(v1::IdentifyReply { gateway_id, draining: self.draining.is_cancelled() }))
    }

    async fn is_online(
        &self,
        request: Request<v1::IsOnlineRequest>,
    ) -> Result<Response<v1::IsOnlineReply>, Status> {
        answer(query::is_online(&self.hub, request.get_ref()))
    }

    async fn client(&self, request: Request<v1::ClientRequest>) -> Result<Response<v1::ClientReply>, Status> {
        answer(query::client(&self.hub, request.get_ref()))
    }

    async fn clients_of_uids(
        &self,
        request: Request<v1::ClientsOfUidsRequest>,
    ) -> Result<Response<v1::ClientsOfUidsReply>, Status> {
        answer(query::clients_of_uids(&self.hub, request.get_ref()).await)
    }

    async fn clients(
        &self,
        request: Request<v1::ClientsRequest>,
    ) -> Result<Response<v1::ClientsReply>, Status> {
        answer(query::clients(&self.hub, request.into_inner()).await)
    }

    async fn uids(&self, request: Request<v1::UidsRequest>) -> Result<Response<v1::UidsReply>, Status> {
        answer(names::uids(&self.hub, request.into_inner()).await)
    }

    async fn groups(&self, request: Request<v1::GroupsRequest>) -> Result<Response<v1::GroupsReply>, Status> {
        answer(names::groups(&self.hub, request.into_inner()).await)
    }

    async fn counts(&self, request: Request<v1::CountsRequest>) -> Result<Response<v1::CountsReply>, Status> {
        answer(counts::counts(&self.hub, request.into_inner()).await)
    }
}

fn answer<T>(answer: Result<T, Refusal>) -> Result<Response<T>, Status> {
    answer.map(Response::new).map_err(Status::from)
}
