//! Who may be announced: nobody takes another living gateway's id or address, and nobody without the secret.

mod common;

use common::{gateway, start};
use gatepipe_proto::v1::gateway_server::{Gateway, GatewayServer};
use gatepipe_proto::v1::{self};
use std::pin::Pin;
use tokio::net::TcpListener;
use tokio_stream::wrappers::TcpListenerStream;
use tokio_util::sync::{CancellationToken, DropGuard};
use tonic::{Request, Response, Status, Streaming};

/// Answers only the question who it is.
struct Somebody(String);

type Nothing = Pin<Box<dyn tokio_stream::Stream<Item = Result<v1::ReceiptBatch, Status>> + Send>>;

#[tonic::async_trait]
impl Gateway for Somebody {
    type PipeStream = Nothing;

    async fn identify(&self, _: Request<v1::IdentifyRequest>) -> Result<Response<v1::IdentifyReply>, Status> {
        Ok(Response::new(v1::IdentifyReply {
            gateway_id: self.0.clone(),
            draining: false,
        }))
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
}

/// A living gateway: an entry whose address answers with its id, until the guard is dropped.
async fn living() -> (v1::GatewayEntry, DropGuard) {
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

#[tokio::test]
async fn a_living_gateways_id_and_address_cannot_be_taken() {
    let register = start(|_| {}).await;
    let (edge, _alive) = living().await;
    let _announcer = register.announce(&edge).await.unwrap();
    let same_id = v1::GatewayEntry {
        address: "127.0.0.1:9".into(),
        ..edge.clone()
    };
    let same_address = gateway(&edge.address);
    for rival in [same_id, same_address] {
        let refused = register.announce(&rival).await.err().expect("refused");
        assert_eq!(refused.code(), tonic::Code::FailedPrecondition, "{refused:?}");
    }
    assert_eq!(register.watch().await.snapshot().await, [edge]);
}

#[tokio::test]
async fn a_gateway_that_restarted_on_its_address_is_taken_at_once() {
    let register = start(|config| config.grace = common::PATIENCE * 10).await;
    let (new, _alive) = living().await;
    let old = gateway(&new.address);
    let _lost = register.announce(&old).await.unwrap();
    let _announcer = register.announce(&new).await.unwrap();
    assert_eq!(register.watch().await.snapshot().await, [new]);
}

#[tokio::test]
async fn announcements_that_cannot_be_are_refused() {
    let register = start(|_| {}).await;
    let edge = gateway("edge-1:2300");
    let wrong = [
        v1::GatewayEntry {
            gateway_id: "edge".into(),
            ..edge.clone()
        },
        v1::GatewayEntry {
            address: String::new(),
            ..edge.clone()
        },
        v1::GatewayEntry {
            address: "edge-1".into(),
            ..edge.clone()
        },
        v1::GatewayEntry {
            address: format!("{}:1", "e".repeat(300)),
            ..edge.clone()
        },
    ];
    for entry in wrong {
        let refused = register.announce(&entry).await.err().expect("refused");
        assert_eq!(refused.code(), tonic::Code::InvalidArgument, "{refused:?}");
    }
    let mut announcer = register.announce(&edge).await.unwrap();
    let refused = announcer.say(&gateway("edge-2:2300"), false).await.unwrap_err();
    assert_eq!(refused.code(), tonic::Code::InvalidArgument);
}

#[tokio::test]
async fn without_the_secret_nobody_announces_or_watches_but_health_is_open() {
    let register = start(|config| config.secret = Some("right".into())).await;
    let refused = register
        .announce(&gateway("edge-1:2300"))
        .await
        .err()
        .expect("refused");
    assert_eq!(refused.code(), tonic::Code::Unauthenticated);
    let refused = register
        .client()
        .await
        .watch(v1::WatchRequest {})
        .await
        .unwrap_err();
    assert_eq!(refused.code(), tonic::Code::Unauthenticated);

    let channel = tonic::transport::Endpoint::from_shared(format!("http://{}", register.rpc))
        .unwrap()
        .connect()
        .await
        .unwrap();
    let mut health = tonic_health::pb::health_client::HealthClient::new(channel);
    let service = "gatepipe.v1.Register".to_owned();
    let answer = health
        .check(tonic_health::pb::HealthCheckRequest { service })
        .await
        .unwrap()
        .into_inner();
    assert_eq!(answer.status, 1);
}
