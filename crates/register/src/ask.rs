//! Asking an address who is there, before somebody else gets its id or address.

use std::time::Duration;

use gatepipe_proto::GatewayId;
use gatepipe_proto::secret::SendSecret;
use gatepipe_proto::v1::IdentifyRequest;
use gatepipe_proto::v1::gateway_client::GatewayClient;
use tonic::transport::Endpoint;

/// How long the one who is there may take to answer.
const PATIENCE: Duration = Duration::from_secs(2);

/// The gateway that answers at `address`; `None` when nobody does in time.
pub(crate) async fn who_is_at(address: &str, secret: &SendSecret) -> Option<GatewayId> {
    let asking = async {
        let channel = Endpoint::from_shared(format!("http://{address}"))
            .ok()?
            .connect()
            .await
            .ok()?;
        let mut gateway = GatewayClient::with_interceptor(channel, secret.clone());
        gateway
            .identify(IdentifyRequest {})
            .await
            .ok()?
            .into_inner()
            .gateway_id
            .parse()
            .ok()
    };
    tokio::time::timeout(PATIENCE, asking).await.ok().flatten()
}
