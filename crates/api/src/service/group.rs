//! What is done to a whole group.

use gatepipe_proto::Group;

use super::receipt::Reached;
use crate::app::App;
use crate::audit::{Action, Target};
use crate::auth::Allowed;
use crate::auth::caller::grants::Control;
use crate::error::ApiError;

/// Takes every member out of `group`; they stay connected. How many it lost, and the gateways that could not be asked.
///
/// # Errors
/// [`ApiError::Unavailable`] when no gateway is known.
pub async fn dissolve(app: &App, by: &Allowed<Control>, group: &Group) -> Result<Reached, ApiError> {
    let dissolved = try_dissolve(app, by, group).await;
    let target = Target::Group(group.clone());
    app.audit.note_outcome(by.caller(), Action::DissolveGroup, target, &dissolved, |reached| {
        (reached.verdict(), format!("members {}", reached.clients))
    });
    dissolved
}

async fn try_dissolve(app: &App, by: &Allowed<Control>, group: &Group) -> Result<Reached, ApiError> {
    let reached = Reached::from(app.gateways.ungroup(group).await);
    if reached.failed.iter().any(|failed| failed.gateway.is_none()) {
        return Err(super::push::nobody_is_known());
    }
    tracing::info!(%group, by = %by.caller().id(), members = reached.clients, "group dissolved");
    Ok(reached)
}
