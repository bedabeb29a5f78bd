//! How many would hear a push, before it is sent.

use gatepipe_client::Filter;
use gatepipe_proto::{ClientId, Group};

use super::push::may_push;
use super::receipt::{Failed, failures};
use crate::app::App;
use crate::auth::Caller;
use crate::error::ApiError;
use crate::id::UserId;
use crate::user::Permission;

/// Who a push would go to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// Every client, bound or not.
    All,
    /// The members of a group.
    Group(Group),
    /// The clients of a user.
    User(UserId),
    /// One client.
    Client(ClientId),
}

/// How many clients a push would reach now.
#[derive(Debug)]
pub struct Estimate {
    /// Connections.
    pub clients: u64,
    /// Gateways that could not be asked: their clients are missing here.
    pub failed: Vec<Failed>,
}

/// Counts who `target` is now, for whoever may look at clients or make that very push. No list is moved.
///
/// # Errors
/// [`ApiError::Forbidden`], [`ApiError::Unavailable`] when no gateway is known or a client's gateway cannot be asked, the store's.
pub async fn estimate(app: &App, caller: &Caller, target: Target) -> Result<Estimate, ApiError> {
    if !may_estimate(app, caller, &target).await? {
        return Err(ApiError::Forbidden(
            "this needs the permission websocket.inspect, or the one that the push itself needs".into(),
        ));
    }
    let filter = match target {
        Target::All => Filter::default(),
        Target::Group(group) => Filter::group(group),
        Target::User(user) => Filter::uid(user.into()),
        Target::Client(client) => {
            let online = super::client::done(app.gateways.is_online(client).await)?;
            return Ok(Estimate { clients: online.into(), failed: Vec::new() });
        }
    };
    let answer = app.gateways.count_clients(&filter).await;
    Ok(Estimate { clients: answer.value, failed: failures(answer.failed, answer.blind) })
}

async fn may_estimate(app: &App, caller: &Caller, target: &Target) -> Result<bool, ApiError> {
    if caller.may(Permission::Inspect) {
        return Ok(true);
    }
    match target {
        Target::All => Ok(caller.may(Permission::Broadcast)),
        Target::Group(_) | Target::Client(_) => Ok(caller.may(Permission::PushAny)),
        Target::User(user) => may_push(app, caller, *user).await,
    }
}
