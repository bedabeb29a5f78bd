//! What is done to one client: closed, unbound, put into a group or taken out of it.

use gatepipe_client::{Close, Error};
use gatepipe_proto::{ClientId, CloseCode, Code, Group, Message, ServerFrame, Uid};

use crate::app::App;
use crate::audit::{Action, Target, Verdict};
use crate::auth::Allowed;
use crate::auth::caller::grants::Control;
use crate::error::ApiError;
use crate::live::{Event, Kind};
use crate::reason::Reason;

/// Closes `client` with `code` and `reason`. With 4001 its page is told by a `force_offline` frame before; the tokens of its user
/// stay good. `false` when it is not connected.
///
/// # Errors
/// [`ApiError::Unavailable`] when its gateway cannot be asked.
pub async fn close(
    app: &App,
    by: &Allowed<Control>,
    client: ClientId,
    code: CloseCode,
    reason: &str,
) -> Result<bool, ApiError> {
    let closed = try_close(app, by, client, code, reason).await;
    app.audit.note_outcome(by.caller(), Action::CloseClient, Target::Client(client), &closed, |closed| {
        (Verdict::Done, done_or("it was not connected", *closed, format!("with {code}; reason: {reason}")))
    });
    closed
}

async fn try_close(
    app: &App,
    by: &Allowed<Control>,
    client: ClientId,
    code: CloseCode,
    reason: &str,
) -> Result<bool, ApiError> {
    let frame = || Message::text(ServerFrame::force_offline(reason).to_text()).ok();
    let last_message = (code == CloseCode::FORCED_OFFLINE).then(frame).flatten();
    let close = Close { code, reason: reason.to_owned(), last_message };
    let closed = done(app.gateways.close_client(client, close).await)?;
    app.live.feed.tell(Kind::ClientClosed, || Event {
        code: Some(code.number()),
        by: Some(by.caller().id()),
        text: Some(reason.to_owned()),
        count: Some(closed.into()),
        ..Event::of_client(Kind::ClientClosed, client)
    });
    tracing::info!(client_id = %client, by = %by.caller().id(), code = code.number(), closed, "client closed");
    Ok(closed)
}

/// Unbinds `client` from `uid`; `false` when it is not connected, or not bound to that uid.
///
/// # Errors
/// As in [`close`].
pub async fn unbind(app: &App, by: &Allowed<Control>, client: ClientId, uid: &Uid) -> Result<bool, ApiError> {
    let unbound = try_unbind(app, by, client, uid).await;
    app.audit.note_outcome(by.caller(), Action::UnbindClient, Target::Client(client), &unbound, |unbound| {
        (Verdict::Done, done_or("it was not bound to it", *unbound, format!("from {uid}")))
    });
    unbound
}

async fn try_unbind(app: &App, by: &Allowed<Control>, client: ClientId, uid: &Uid) -> Result<bool, ApiError> {
    let unbound = done(app.gateways.unbind_uid(client, uid).await)?;
    tracing::info!(client_id = %client, by = %by.caller().id(), unbound, "client unbound");
    Ok(unbound)
}

/// Puts `client` into `group`; `false` when it was in it already.
///
/// # Errors
/// [`ApiError::NotFound`] when it is not connected, [`ApiError::Conflict`] when it is in as many groups as it may be,
/// [`ApiError::Unavailable`] when its gateway cannot be asked.
pub async fn join(
    app: &App,
    by: &Allowed<Control>,
    client: ClientId,
    group: &Group,
) -> Result<bool, ApiError> {
    let joined = try_join(app, by, client, group).await;
    app.audit.note_outcome(by.caller(), Action::JoinGroup, Target::Client(client), &joined, |joined| {
        (Verdict::Done, done_or("it was in it", *joined, format!("group {group}")))
    });
    joined
}

async fn try_join(
    app: &App,
    by: &Allowed<Control>,
    client: ClientId,
    group: &Group,
) -> Result<bool, ApiError> {
    let joined = app.gateways.join_group(client, group).await.map_err(|error| match error {
        Error::NoSuchClient(_) | Error::UnknownGateway { register_connected: true, .. } => {
            Reason::ClientGone.into()
        }
        Error::Refused { code: Code::TooMany, text, .. } => ApiError::Conflict(text),
        other => unavailable(&other),
    })?;
    tracing::info!(client_id = %client, %group, by = %by.caller().id(), joined, "client joined a group");
    Ok(joined)
}

/// Takes `client` out of `group`; `false` when it is not connected or was not in it.
///
/// # Errors
/// As in [`close`].
pub async fn leave(
    app: &App,
    by: &Allowed<Control>,
    client: ClientId,
    group: &Group,
) -> Result<bool, ApiError> {
    let left = try_leave(app, by, client, group).await;
    app.audit.note_outcome(by.caller(), Action::LeaveGroup, Target::Client(client), &left, |left| {
        (Verdict::Done, done_or("it was not in it", *left, format!("group {group}")))
    });
    left
}

async fn try_leave(
    app: &App,
    by: &Allowed<Control>,
    client: ClientId,
    group: &Group,
) -> Result<bool, ApiError> {
    let left = done(app.gateways.leave_group(client, group).await)?;
    tracing::info!(client_id = %client, %group, by = %by.caller().id(), left, "client left a group");
    Ok(left)
}

/// What was done, and that nothing changed when it did not.
fn done_or(unchanged: &str, changed: bool, what: String) -> String {
    if changed { what } else { format!("{what}; {unchanged}") }
}

/// A client of a gateway that is gone is not there any more: nothing was left to be done.
pub(super) fn done(outcome: Result<bool, Error>) -> Result<bool, ApiError> {
    match outcome {
        Err(Error::UnknownGateway { register_connected: true, .. }) => Ok(false),
        Err(error) => Err(unavailable(&error)),
        Ok(done) => Ok(done),
    }
}

fn unavailable(error: &Error) -> ApiError {
    match error {
        Error::Deadline(_) | Error::UnknownOutcome(_) => {
            ApiError::Unavailable(format!("it may have been done nevertheless: {error}"))
        }
        other => ApiError::Unavailable(format!("the client's gateway cannot be asked now: {other}")),
    }
}
