//! Gateways that are really there when the register asks who they are.

use std::pin::Pin;

use gatepipe_proto::v1;
use gatepipe_proto::v1::gateway_server::{Gateway, GatewayServer};
use tokio::net::TcpListener;
use tokio_stream::wrappers::TcpListenerStream;
use tokio_util::sync::{CancellationToken, DropGuard};
use tonic::{Request, Response, Status, Streaming};

use super::gateway;

/// Answers only the question who it is.
struct Somebody(String);

type Nothing = Pin<Box<dyn tokio_stream::Stream<Item = Result<v1::ReceiptBatch, Status>> + Send>>;

type NoEvents = Pin<Box<dyn tokio_stream::Stream<Item = Result<v1::EventBatch, Status>> + Send>>;

type NoSteps = Pin<Box<dyn tokio_stream::Stream<Item = Result<v1::FollowStep, Status>> + Send>>;

#[tonic::async_trait]
impl Gateway for Somebody {
    type PipeStream = Nothing;
    type FollowStream = NoSteps;
    type SubscribeStream = NoEvents;

    async fn identify(&self, _: Request<v1::IdentifyRequest>) -> Result<Response<v1::IdentifyReply>, Status> {
        Ok(Response::new(v1::IdentifyReply { gateway_id: self.0.clone(), draining: false }))
    }

    async fn pipe(&self, _: Request<Streaming<v1::CommandBatch>>) -> Result<Response<Nothing>, Status> {
        Err(Status::unimplemented("only Identify"))
    }

    async fn execute(&self, _: Request<v1::Command>) -> Result<Response<v1::Receipt>, Status> {
        Err(Status::unimplemented("only Identify"))
    }

    async fn is_online(
        &self,
        _: Request<v1::IsOnlineRequest>,
    ) -> Result<Response<v1::IsOnlineReply>, Status> {
        Err(Status::unimplemented("only Identify"))
    }

    async fn clients_of_uids(
        &self,
        _: Request<v1::ClientsOfUidsRequest>,
    ) -> Result<Response<v1::ClientsOfUidsReply>, Status> {
        Err(Status::unimplemented("only Identify"))
    }

    async fn counts(&self, _: Request<v1::CountsRequest>) -> Result<Response<v1::CountsReply>, Status> {
        Err(Status::unimplemented("only Identify"))
    }

    async fn clients(&self, _: Request<v1::ClientsRequest>) -> Result<Response<v1::ClientsReply>, Status> {
        Err(Status::unimplemented("only Identify"))
    }

    async fn subscribe(
        &self,
        _: Request<Streaming<v1::SubscribeRequest>>,
    ) -> Result<Response<NoEvents>, Status> {
        Err(Status::unimplemented("only Identify"))
    }

    async fn follow(&self, _: Request<v1::FollowRequest>) -> Result<Response<NoSteps>, Status> {
        Err(Status::unimplemented("only Identify"))
    }

    async fn client(&self, _: Request<v1::ClientRequest>) -> Result<Response<v1::ClientReply>, Status> {
        Err(Status::unimplemented("only Identify"))
    }

    async fn stats(&self, _: Request<v1::StatsRequest>) -> Result<Response<v1::StatsReply>, Status> {
        Err(Status::unimplemented("only Identify"))
    }

    async fn uids(&self, _: Request<v1::UidsRequest>) -> Result<Response<v1::UidsReply>, Status> {
        Err(Status::unimplemented("only Identify"))
    }

    async fn groups(&self, _: Request<v1::GroupsRequest>) -> Result<Response<v1::GroupsReply>, Status> {
        Err(Status::unimplemented("only Identify"))
    }
}

/// A living gateway: an entry whose address answers with its id, until the guard is dropped.
pub async fn living() -> (v1::GatewayEntry, DropGuard) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let entry = gateway(&listener.local_addr().unwrap().to_string());
    let stop = CancellationToken::new();
    let server = GatewayServer::new(Somebody(entry.gateway_id.clone()));
    let stopped = stop.clone().cancelled_owned();
    tokio::spawn(
        tonic::transport::Server::builder()
            .add_service(server)
            .serve_with_incoming_shutdown(TcpListenerStream::new(listener), stopped),
    );
    (entry, stop.drop_guard())
}
