//! A message from somebody to somebody, now or never.

use gatepipe_proto::{ClientId, Group, Message, ServerFrame};
use serde::Serialize;
use serde_json::value::RawValue;
use utoipa::ToSchema;

use super::idempotency::{Answered, BEFORE, recording, settle};
use super::receipt::{Failed, Reached, verdict};
use crate::app::App;
use crate::audit::{Action, Target, Verdict};
use crate::auth::caller::grants::{Broadcast, PushAny};
use crate::auth::{Allowed, Caller};
use crate::error::ApiError;
use crate::id::UserId;
use crate::idempotency::Claim;
use crate::live::{Event, Kind};
use crate::reason::Reason;
use crate::user::Permission;

/// What a push did.
#[derive(Debug, Serialize, ToSchema)]
pub struct PushAnswer {
    #[schema(example = true)]
    sent: bool,
    /// Connections whose socket or outbox took the frame; 0 for a user that is offline.
    reached: u64,
    /// Gateways that could not be asked; empty when whole.
    failed: Vec<Failed>,
}

impl PushAnswer {
    /// For the audit: never what was pushed.
    fn told(&self, kind: &str) -> (Verdict, String) {
        (verdict(&self.failed), format!("type {kind}, reached {}", self.reached))
    }
}

impl From<Reached> for PushAnswer {
    fn from(reached: Reached) -> Self {
        Self { sent: true, reached: reached.clients, failed: reached.failed }
    }
}

/// Pushes to every client of `user`, who is the caller, answers to the caller, or anybody with `websocket.push_any`.
///
/// `data` is carried as it was written; `[]` when there is none. A user that is offline or does not exist is reached zero times; who
/// may not push to a user does not learn which.
///
/// # Errors
/// [`Reason::PushNotBelow`], [`ApiError::TooLarge`], [`ApiError::Unavailable`] when no gateway is known, the store's.
pub async fn to_user(
    app: &App,
    caller: &Caller,
    user: UserId,
    kind: &str,
    data: Option<Box<RawValue>>,
) -> Result<PushAnswer, ApiError> {
    let pushed = try_to_user(app, caller, user, kind, data).await;
    if app.rules().audit_pushes || pushed.is_err() {
        let told = |answer: &PushAnswer| answer.told(kind);
        app.audit.note_outcome(caller, Action::Push, Target::User(user), &pushed, told);
    }
    pushed
}

async fn try_to_user(
    app: &App,
    caller: &Caller,
    user: UserId,
    kind: &str,
    data: Option<Box<RawValue>>,
) -> Result<PushAnswer, ApiError> {
    if !may_push(app, caller, user).await? {
        return Err(Reason::PushNotBelow.into());
    }
    let receipt = app.gateways.send_to_uid(&user.into(), message(kind, data)?).await;
    let reached = counted(app, receipt.into())?;
    tell(app, caller, kind, &reached, |pushed| Event { uid: Some(user.into()), ..pushed });
    Ok(reached.into())
}

/// Pushes to every connected client, bound or not. `data` as in [`to_user`].
///
/// With a `claim` it is pushed once: its key is stored before the push, so that one that was pushed is never pushed again.
///
/// # Errors
/// [`ApiError::TooLarge`], [`ApiError::Unavailable`] when no gateway is known; those of [`Answered::of`].
pub async fn to_all(
    app: &App,
    by: &Allowed<Broadcast>,
    kind: &str,
    data: Option<Box<RawValue>>,
    claim: Option<&Claim>,
) -> Result<Answered<PushAnswer>, ApiError> {
    let pushed = try_to_all(app, by, kind, data, claim).await;
    app.audit.note_outcome(by.caller(), Action::Broadcast, Target::Everybody, &pushed, |answered| {
        match answered {
            Answered::Now(answer) => answer.told(kind),
            Answered::Before(_) => (Verdict::Done, BEFORE.into()),
        }
    });
    pushed
}

async fn try_to_all(
    app: &App,
    by: &Allowed<Broadcast>,
    kind: &str,
    data: Option<Box<RawValue>>,
    claim: Option<&Claim>,
) -> Result<Answered<PushAnswer>, ApiError> {
    let message = message(kind, data)?;
    let push = async {
        if let Some(claim) = claim {
            // What is refused leaves its key free, and nothing is refused after this.
            if !app.gateways.heard_register() {
                return Err(nobody_is_known());
            }
            app.store.claim(claim, recording(&PushAnswer::from(Reached::default()), false)).await?;
        }
        let receipt = app.gateways.send_to_all(message, &[]).await;
        let reached = counted(app, receipt.into())?;
        tracing::info!(by = %by.caller().id(), reached = reached.clients, "broadcast");
        tell(app, by.caller(), kind, &reached, |pushed| pushed);
        let answer = PushAnswer::from(reached);
        if let Some(claim) = claim {
            settle(app, claim, &answer).await;
        }
        Ok(answer)
    };
    Answered::of(app, claim, push).await
}

/// Pushes to one client, bound or not. One that is not connected is reached zero times. `data` as in [`to_user`].
///
/// # Errors
/// [`ApiError::TooLarge`], [`ApiError::Unavailable`] when no gateway is known.
pub async fn to_client(
    app: &App,
    by: &Allowed<PushAny>,
    client: ClientId,
    kind: &str,
    data: Option<Box<RawValue>>,
) -> Result<PushAnswer, ApiError> {
    let pushed = try_to_client(app, by, client, kind, data).await;
    if app.rules().audit_pushes || pushed.is_err() {
        let told = |answer: &PushAnswer| answer.told(kind);
        app.audit.note_outcome(by.caller(), Action::Push, Target::Client(client), &pushed, told);
    }
    pushed
}

async fn try_to_client(
    app: &App,
    by: &Allowed<PushAny>,
    client: ClientId,
    kind: &str,
    data: Option<Box<RawValue>>,
) -> Result<PushAnswer, ApiError> {
    let receipt = app.gateways.send_to_client(client, message(kind, data)?).await;
    let reached = counted(app, receipt.into())?;
    tracing::debug!(by = %by.caller().id(), client_id = %client, reached = reached.clients, "push to a client");
    let whom = |pushed| Event { client: Some(client), gateway: Some(client.gateway()), ..pushed };
    tell(app, by.caller(), kind, &reached, whom);
    Ok(reached.into())
}

/// Pushes to every member of a group. One without members is reached zero times. `data` as in [`to_user`].
///
/// # Errors
/// As in [`to_client`].
pub async fn to_group(
    app: &App,
    by: &Allowed<PushAny>,
    group: &Group,
    kind: &str,
    data: Option<Box<RawValue>>,
) -> Result<PushAnswer, ApiError> {
    let pushed = try_to_group(app, by, group, kind, data).await;
    if app.rules().audit_pushes || pushed.is_err() {
        let told = |answer: &PushAnswer| answer.told(kind);
        app.audit.note_outcome(by.caller(), Action::Push, Target::Group(group.clone()), &pushed, told);
    }
    pushed
}

async fn try_to_group(
    app: &App,
    by: &Allowed<PushAny>,
    group: &Group,
    kind: &str,
    data: Option<Box<RawValue>>,
) -> Result<PushAnswer, ApiError> {
    let receipt = app.gateways.send_to_group(group, message(kind, data)?, &[]).await;
    let reached = counted(app, receipt.into())?;
    tracing::debug!(by = %by.caller().id(), %group, reached = reached.clients, "push to a group");
    tell(app, by.caller(), kind, &reached, |pushed| Event { group: Some(group.clone()), ..pushed });
    Ok(reached.into())
}

/// Whether `caller` may push to `user`: the rule of [`to_user`].
///
/// # Errors
/// The store's.
pub(super) async fn may_push(app: &App, caller: &Caller, user: UserId) -> Result<bool, ApiError> {
    if caller.id() == user || caller.may(Permission::PushAny) {
        return Ok(true);
    }
    Ok(app.store.is_subordinate(user, caller.id()).await?)
}

fn message(kind: &str, data: Option<Box<RawValue>>) -> Result<Message, ApiError> {
    let frame = match data {
        Some(data) => ServerFrame::push_as_written(kind, data),
        None => ServerFrame::push(kind, serde_json::json!([])),
    };
    Message::text(frame.to_text()).map_err(|error| ApiError::TooLarge(error.to_string()))
}

/// Tells whoever watches what became of a push; `whom` adds for whom it was.
fn tell(app: &App, by: &Caller, kind: &str, reached: &Reached, whom: impl FnOnce(Event) -> Event) {
    app.live.feed.tell(Kind::Pushed, || {
        whom(Event {
            by: Some(by.id()),
            text: Some(kind.to_owned()),
            count: Some(reached.clients),
            failed: reached.failed.clone(),
            ..Event::now(Kind::Pushed)
        })
    });
}

/// A push that nobody could be asked to carry was not sent at all.
fn counted(app: &App, reached: Reached) -> Result<Reached, ApiError> {
    app.metrics.pushes.get_or_create(&reached.outcome().into()).inc();
    if reached.failed.iter().any(|failed| failed.gateway.is_none()) {
        return Err(nobody_is_known());
    }
    Ok(reached)
}

pub(super) fn nobody_is_known() -> ApiError {
    ApiError::Unavailable("no register was heard yet, so no gateway is known; try again later".into())
}
