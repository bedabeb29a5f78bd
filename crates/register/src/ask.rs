//! Asking an address who is there, before somebody else gets its id or address.

use std::error::Error;
use std::io;
use std::time::Duration;

use gatepipe_daemon::network::Dial;
use gatepipe_proto::secret::SendSecret;
use gatepipe_proto::v1::IdentifyRequest;
use gatepipe_proto::v1::gateway_client::GatewayClient;
use tonic::Status;
use tonic::transport::Endpoint;

use crate::takeover::Answer;

/// How long the one who is there may take to answer.
const PATIENCE: Duration = Duration::from_secs(1);
/// Longest answer, in bytes: one id.
const MAX_ANSWER_BYTES: usize = 4 << 10;

/// Who answers at `address`, a host:port that was announced before. Takes at most a second.
pub(crate) async fn who_is_at(address: &str, dial: &Dial, secret: &SendSecret) -> Answer {
    tokio::time::timeout(PATIENCE, ask(address, dial, secret)).await.unwrap_or(Answer::Silence)
}

async fn ask(address: &str, dial: &Dial, secret: &SendSecret) -> Answer {
    let Ok(endpoint) = Endpoint::from_shared(format!("http://{address}")) else {
        return Answer::Nobody;
    };
    let channel = match endpoint.connect_with_connector(dial.clone()).await {
        Ok(channel) => channel,
        Err(error) if is_refused(&error) => return Answer::Nobody,
        Err(_) => return Answer::Silence,
    };
    let mut gateway =
        GatewayClient::with_interceptor(channel, secret.clone()).max_decoding_message_size(MAX_ANSWER_BYTES);
    match gateway.identify(IdentifyRequest {}).await.map_err(|status: Status| status.code()) {
        Ok(reply) => match reply.into_inner().gateway_id.parse() {
            Ok(id) => Answer::Gateway(id),
            Err(_) => Answer::Nobody,
        },
        // Somebody serves gRPC there, but is no gateway.
        Err(tonic::Code::Unimplemented) => Answer::Nobody,
        Err(_) => Answer::Silence,
    }
}

/// Whether the host itself said that nobody listens there.
fn is_refused(error: &(dyn Error + 'static)) -> bool {
    let mut cause = Some(error);
    while let Some(error) = cause {
        if let Some(error) = error.downcast_ref::<io::Error>() {
            return error.kind() == io::ErrorKind::ConnectionRefused;
        }
        cause = error.source();
    }
    false
}
