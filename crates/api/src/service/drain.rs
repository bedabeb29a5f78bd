//! A gateway lets its clients go and ends.

use gatepipe_client::Error;
use gatepipe_proto::GatewayId;

use crate::app::App;
use crate::audit::{Action, Target, Verdict};
use crate::auth::Allowed;
use crate::auth::caller::grants::Drain;
use crate::error::ApiError;
use crate::live::{Event, Kind};

/// Tells `gateway` to drain, as SIGTERM would; gives how many clients have to leave. A second time changes nothing.
///
/// # Errors
/// [`ApiError::NotFound`] for a gateway that is no member; [`ApiError::Unavailable`] when it cannot be asked, or nobody knows it
/// because no register is heard.
pub async fn drain(app: &App, by: &Allowed<Drain>, gateway: GatewayId) -> Result<u64, ApiError> {
    let told = try_drain(app, by, gateway).await;
    app.audit.note_outcome(by.caller(), Action::Drain, Target::Gateway(gateway), &told, |clients| {
        (Verdict::Done, format!("{clients} clients have to leave"))
    });
    told
}

async fn try_drain(app: &App, by: &Allowed<Drain>, gateway: GatewayId) -> Result<u64, ApiError> {
    let clients = app.gateways.drain(gateway).await.map_err(|error| match error {
        Error::UnknownGateway { register_connected: true, .. } => {
            ApiError::NotFound("there is no such gateway".into())
        }
        Error::Deadline(_) | Error::UnknownOutcome(_) => {
            ApiError::Unavailable(format!("the gateway may drain nevertheless: {error}"))
        }
        other => ApiError::Unavailable(format!("the gateway cannot be asked now: {other}")),
    })?;
    app.live.feed.tell(Kind::DrainOrdered, || Event {
        gateway: Some(gateway),
        by: Some(by.caller().id()),
        count: Some(clients),
        ..Event::now(Kind::DrainOrdered)
    });
    tracing::info!(%gateway, by = %by.caller().id(), clients, "gateway is told to drain");
    Ok(clients)
}
