//! A page has a client_id and a token: from now on the client is that user's.

use chrono::Utc;
use gatepipe_client::{Bind, BindCondition, Bound, Close, Error, Failure};
use gatepipe_proto::{ClientId, CloseCode, Message, ServerFrame};
use tokio::time::Instant;

use crate::app::App;
use crate::audit::{Action, Entry, Target, Verdict};
use crate::auth::{Caller, Refused};
use crate::error::ApiError;
use crate::metrics::Outcome;
use crate::reason::Reason;

/// Binds `client` to the caller, and queues `bind_success` to it together with the bind. By the `bind-policy` setting the user's
/// older clients stay, or are closed with 4002; a gateway that cannot be told to is logged, and the bind holds all the same.
///
/// Binding a second time to the same user is fine. The token is checked again afterwards: a forced offline may have closed the
/// user's clients just before this one became theirs, and nobody else would close it.
///
/// # Errors
/// [`Reason::ClientTaken`] when it is bound to another user; [`Reason::ClientGone`] when it is gone;
/// [`ApiError::Unavailable`] when nobody can say; [`Refused::Dead`] when the token died meanwhile.
pub async fn bind(app: &App, caller: &Caller, client: ClientId) -> Result<(), ApiError> {
    let began = Instant::now();
    let bound = try_bind(app, caller, client).await;
    if bound.is_ok() {
        app.watching.binds.note(began.elapsed());
    }
    let outcome = *bound.as_ref().unwrap_or(&Outcome::Failed);
    app.metrics.binds.get_or_create(&outcome.into()).inc();
    if let Err(error) = &bound
        && Verdict::from(error) == Verdict::Refused
    {
        let target = Target::Client(client);
        app.audit.note(Entry::new(caller.into(), Action::Bind, target, Verdict::Refused, &error.to_string()));
    }
    bound.map(drop)
}

async fn try_bind(app: &App, caller: &Caller, client: ClientId) -> Result<Outcome, ApiError> {
    let frame = ServerFrame::bind_success(caller.id().get().unsigned_abs()).to_text();
    let request = Bind {
        condition: BindCondition::UnboundOrSame,
        policy: app.rules().bind_policy.into(),
        message: Message::text(frame).ok(),
    };
    let answer = app.gateways.bind_uid(client, &caller.id().into(), request).await;
    if matches!(answer, Err(Error::Deadline(_) | Error::UnknownOutcome(_))) {
        app.unsettled.follow(app, caller, client);
    }
    if may_be_bound(&answer) && !app.auth.is_still_good(caller, Utc::now()).await? {
        cut(app, client).await;
        return Err(Refused::Dead.into());
    }
    let bound = answer.map_err(|error| refusal(&error))?;
    tracing::info!(uid = %caller.id(), client_id = %client, replaced = bound.replaced, superseded = bound.superseded, "user online");
    for Failure { gateway, reason } in &bound.failed {
        tracing::warn!(uid = %caller.id(), %gateway, %reason, "older clients of a user may be left on a gateway");
    }
    Ok(if bound.failed.is_empty() { Outcome::Whole } else { Outcome::Partial })
}

/// A command without an answer may have been carried out.
fn may_be_bound(answer: &Result<Bound, Error>) -> bool {
    matches!(answer, Ok(_) | Err(Error::Deadline(_) | Error::UnknownOutcome(_)))
}

/// Closes a client whose token is dead.
pub(super) async fn cut(app: &App, client: ClientId) {
    let close = Close {
        code: CloseCode::FORCED_OFFLINE,
        reason: "forced offline".into(),
        last_message: Message::text(ServerFrame::force_offline("forced offline").to_text()).ok(),
    };
    if let Err(error) = app.gateways.close_client(client, close).await {
        tracing::warn!(client_id = %client, %error, "a client bound with a dead token could not be closed");
    }
}

fn refusal(error: &Error) -> ApiError {
    match error {
        Error::Conflict(_) => Reason::ClientTaken.into(),
        Error::NoSuchClient(_) | Error::UnknownGateway { register_connected: true, .. } => {
            Reason::ClientGone.into()
        }
        other => ApiError::Unavailable(format!(
            "the client's gateway cannot be asked now, a bind that was sent may still happen: {other}"
        )),
    }
}
