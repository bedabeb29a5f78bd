//! A gateway that is listed, and whose port is closed.

use futures_util::{StreamExt as _, future, stream};
use gatepipe_local_cluster::Cluster;
use gatepipe_proto::v1::register_client::RegisterClient;
use gatepipe_proto::{GatewayId, v1};
use tokio::net::TcpSocket;
use tonic::Streaming;

/// Listed until it is dropped.
pub struct Ghost {
    pub id: String,
    /// Bound, so that nobody else gets its port.
    _socket: TcpSocket,
    _lease: Streaming<v1::Announced>,
}

impl Ghost {
    pub async fn haunt(cluster: &Cluster) -> Self {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let id = GatewayId::random().to_string();
        let entry = v1::GatewayEntry {
            gateway_id: id.clone(),
            address: socket.local_addr().unwrap().to_string(),
            ..v1::GatewayEntry::default()
        };
        let announcement = v1::Announcement { gateway: Some(entry), ..v1::Announcement::default() };
        let mut register = RegisterClient::connect(cluster.register()).await.unwrap();
        let lease = stream::once(future::ready(announcement)).chain(stream::pending());
        let mut lease = register.announce(lease).await.unwrap().into_inner();
        lease.message().await.unwrap().expect("it is listed");
        Self { id, _socket: socket, _lease: lease }
    }
}
