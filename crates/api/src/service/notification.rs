//! Write first, push second: a failed push never fails or loses a stored notification.

pub mod sent;

use std::collections::HashMap;
use std::time::Duration;

use chrono::Utc;
use chrono_tz::Tz;
use futures_util::stream::{self, StreamExt as _};
use gatepipe_client::GatewayClient;
use gatepipe_proto::{Message, ServerFrame};
use serde::Serialize;
use serde_json::{Value, json};
use tokio::time::{Instant, timeout_at};
use utoipa::ToSchema;

use super::idempotency::{Answered, BEFORE, recording, settle};
use super::receipt::{Failed, Reached, verdict};
use crate::app::{App, written_time};
use crate::audit::{Action, Target, Verdict};
use crate::auth::caller::grants::SendNotification;
use crate::auth::{Allowed, Caller};
use crate::error::ApiError;
use crate::id::{NotificationId, UserId};
use crate::idempotency::Claim;
use crate::live::{Event, Kind};
use crate::metrics::Metrics;
use crate::notification::{Level, Notification};
use crate::pushed::Outcomes;
use crate::store::{NewNotification, NotificationRow, Pushed, Store, StoreError};

/// How many pushes of one notification are on their way at once.
const PUSHES_AT_ONCE: usize = 1_024;

/// How long the pushes of one notification take together, at most; what is left then is named in `failed`.
const PUSH_DEADLINE: Duration = Duration::from_secs(10);

/// Stores notifications, and pushes the urgent ones.
pub struct NotificationService {
    store: Store,
    gateways: GatewayClient,
    outcomes: Outcomes,
    time_zone: Tz,
    metrics: Metrics,
}

/// A notification with what each reader calls it.
#[derive(Debug, Clone)]
pub struct Stored {
    /// Each reader's number for it, in order of the readers' ids.
    pub ids: Vec<(UserId, NotificationId)>,
    /// What it says.
    pub notification: Notification,
    /// Milliseconds since 1970.
    pub created_at_ms: i64,
}

/// What became of a notification.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct SendAnswer {
    /// Each reader's number for it, in the order of `user_ids`.
    ids: Vec<NotificationId>,
    /// Connections that took the push; 0 for a normal one, which is stored only.
    reached: u64,
    /// Gateways that could not be asked. The notification is stored all the same.
    failed: Vec<Failed>,
}

impl SendAnswer {
    /// To whoever named the readers in the order of `users`.
    fn new(users: &[UserId], given: &[(UserId, NotificationId)], reached: Reached) -> Self {
        let id_of: HashMap<UserId, NotificationId> = given.iter().copied().collect();
        let ids = users.iter().filter_map(|user| id_of.get(user).copied()).collect();
        Self { ids, reached: reached.clients, failed: reached.failed }
    }
}

/// A notification as pages see it: in the frame's `data`, and in lists with `is_read` beside it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct NotificationView {
    /// Its number in the reader's inbox.
    pub id: i64,
    /// 1 to 255 characters.
    pub title: String,
    /// At most 64 KiB.
    pub content: String,
    /// "normal" or "urgent".
    pub level: String,
    /// "info", "success", "warning" or "error".
    pub notification_type: String,
    /// Empty, a URL or a path.
    pub link: String,
    /// In the api's time zone.
    #[schema(example = "2026-11-23 20:52:00")]
    pub created_at: String,
    /// Milliseconds since 1970.
    pub created_at_ms: i64,
}

/// Sends to `users` for somebody who may: stored only when it is normal, stored and pushed when it is urgent.
///
/// A user that stands in `users` twice gets it once. Gives the ids in the order of `users`. With a `claim` it is done once: the ids
/// are kept with its key, and what the push did is noted after it.
///
/// # Errors
/// [`ApiError::Fields`] for users that do not exist, those of [`Answered::of`], and the store's; then nothing was written.
pub async fn send_for(
    app: &App,
    by: &Allowed<SendNotification>,
    users: &[UserId],
    notification: Notification,
    claim: Option<&Claim>,
) -> Result<Answered<SendAnswer>, ApiError> {
    let level = notification.level;
    let sent = try_send_for(app, by, users, notification, claim).await;
    let target = match users {
        [user] => Target::User(*user),
        several => Target::Users(several.len()),
    };
    app.audit.note_outcome(by.caller(), Action::SendNotification, target, &sent, |answered| {
        let (verdict, reached) = match answered {
            Answered::Before(_) => return (Verdict::Done, BEFORE.into()),
            Answered::Now(answer) => (verdict(&answer.failed), answer.reached),
        };
        // As many as fit.
        let some: Vec<String> = users.iter().take(100).map(UserId::to_string).collect();
        (verdict, format!("level {}, reached {reached}, to {}", level.name(), some.join(" ")))
    });
    sent
}

/// Deletes those of `ids` that are the caller's own; gives how many these were.
///
/// # Errors
/// The store's.
pub async fn delete(app: &App, caller: &Caller, ids: &[NotificationId]) -> Result<usize, ApiError> {
    let deleted = app.store.delete_notifications(caller.id(), ids).await.map_err(ApiError::from);
    let told = |deleted: &usize| {
        let some: Vec<String> = ids.iter().take(100).map(NotificationId::to_string).collect();
        (Verdict::Done, format!("{deleted} deleted, of {}", some.join(" ")))
    };
    app.audit.note_outcome(caller, Action::DeleteNotification, Target::User(caller.id()), &deleted, told);
    deleted
}

async fn try_send_for(
    app: &App,
    by: &Allowed<SendNotification>,
    users: &[UserId],
    notification: Notification,
    claim: Option<&Claim>,
) -> Result<Answered<SendAnswer>, ApiError> {
    let level = notification.level;
    let send = async {
        let stored = app.notifications.store(users, notification, claim).await.map_err(refusal)?;
        tracing::debug!(by = %by.caller().id(), readers = stored.ids.len(), "notification stored");
        let reached = match level {
            Level::Normal => Reached::default(),
            Level::Urgent => app.notifications.push(&stored).await,
        };
        app.live.feed.tell(Kind::Notified, || Event {
            uid: if let [(user, _)] = stored.ids[..] { Some(user.into()) } else { None },
            by: Some(by.caller().id()),
            readers: Some(stored.ids.len()),
            count: Some(reached.clients),
            failed: reached.failed.clone(),
            ..Event::now(Kind::Notified)
        });
        let answer = SendAnswer::new(users, &stored.ids, reached);
        if let (Level::Urgent, Some(claim)) = (level, claim) {
            settle(app, claim, &answer).await;
        }
        Ok(answer)
    };
    Answered::of(app, claim, send).await
}

fn refusal(error: StoreError) -> ApiError {
    let StoreError::NoSuchUsers(missing) = error else {
        return error.into();
    };
    let some: Vec<String> = missing.iter().take(10).map(UserId::to_string).collect();
    let more = match missing.len() - some.len() {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    ApiError::field("user_ids", format!("there are no such users: {}{more}", some.join(", ")))
}

impl NotificationService {
    /// Stores in `store`, pushes through `gateways`, notes in `outcomes` what became of it, writes times in `time_zone`.
    #[must_use]
    pub fn new(
        store: Store,
        gateways: GatewayClient,
        outcomes: Outcomes,
        time_zone: Tz,
        metrics: Metrics,
    ) -> Self {
        Self { store, gateways, outcomes, time_zone, metrics }
    }

    /// Stores `notification` for each of `users`, all or none, and pushes nothing. With a `claim` only if its key is free.
    ///
    /// # Errors
    /// [`StoreError::NoSuchUsers`], [`StoreError::KeyTaken`], [`StoreError::Unavailable`]
    pub async fn store(
        &self,
        users: &[UserId],
        notification: Notification,
        claim: Option<&Claim>,
    ) -> Result<Stored, StoreError> {
        let created_at_ms = Utc::now().timestamp_millis();
        let new = NewNotification { notification: notification.clone(), created_at_ms };
        let ids = match claim {
            None => self.store.add_notification(users, new).await?,
            Some(claim) => {
                let (order, is_final) = (users.to_vec(), notification.level == Level::Normal);
                let record = move |given: &[_]| {
                    recording(&SendAnswer::new(&order, given, Reached::default()), is_final)
                };
                self.store.add_notification_once(claim, users, new, record).await?
            }
        };
        self.metrics.notifications.inc_by(ids.len() as u64);
        Ok(Stored { ids, notification, created_at_ms })
    }

    /// Pushes to each reader what was stored. A push that fails is a warning in the log and stands in `failed`; what became of each is
    /// noted with the notification a moment later.
    ///
    /// Whoever stores and pushes does both in a task that ends (routes do).
    pub async fn push(&self, stored: &Stored) -> Reached {
        let reached = self.push_each(stored).await;
        for failed in &reached.failed {
            let gateway = failed.gateway.as_deref().unwrap_or("unknown");
            tracing::warn!(
                gateway,
                reason = failed.reason,
                "an urgent notification is stored, but was not pushed everywhere"
            );
        }
        reached
    }

    /// Marks those of `ids` that `user` has and has not read, and tells every page of the user, also the one that asked. Gives how
    /// many these were.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`]
    pub async fn mark_read(&self, user: UserId, ids: &[NotificationId]) -> Result<usize, StoreError> {
        let changed = self.store.mark_read(user, ids).await?;
        if !changed.is_empty() {
            self.tell_read(user, json!({"ids": changed})).await;
        }
        Ok(changed.len())
    }

    /// Marks all notifications of `user` as read, and tells every page of the user, also the one that asked. Gives how many were
    /// unread.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`]
    pub async fn mark_all_read(&self, user: UserId) -> Result<usize, StoreError> {
        let changed = self.store.mark_all_read(user).await?;
        if changed > 0 {
            self.tell_read(user, json!({"all": true})).await;
        }
        Ok(changed)
    }

    /// A page that does not hear of it sees it in the next list.
    async fn tell_read(&self, user: UserId, data: Value) {
        let reached = self.push_to(user, "notification_read", data).await;
        for failed in &reached.failed {
            let gateway = failed.gateway.as_deref().unwrap_or("unknown");
            tracing::debug!(gateway, reason = failed.reason, "pages may not have heard what was read");
        }
    }

    /// One push for each reader, because each has a number of its own.
    async fn push_each(&self, stored: &Stored) -> Reached {
        let deadline = Instant::now() + PUSH_DEADLINE;
        let mut pushes = stream::iter(stored.ids.clone())
            .map(|(user, id)| {
                self.push_one(user, id, self.view_of(id, &stored.notification, stored.created_at_ms))
            })
            .buffer_unordered(PUSHES_AT_ONCE);
        let mut sum = Reached::default();
        loop {
            match timeout_at(deadline, pushes.next()).await {
                Ok(Some(reached)) => sum.add(reached),
                Ok(None) => return sum,
                Err(_) => {
                    for gateway in self.gateways.gateways() {
                        sum.fail(Failed {
                            gateway: Some(gateway.gateway_id.to_string()),
                            reason: "deadline".into(),
                        });
                    }
                    return sum;
                }
            }
        }
    }

    /// Pushes it to one reader, counts that, and notes what became of it.
    async fn push_one(&self, user: UserId, id: NotificationId, view: NotificationView) -> Reached {
        let data = serde_json::to_value(view).unwrap_or_default();
        let reached = self.push_to(user, "notification", data).await;
        let outcome = reached.outcome();
        self.metrics.pushes.get_or_create(&outcome.into()).inc();
        let at_ms = Utc::now().timestamp_millis();
        self.outcomes.note(Pushed { user, id, at_ms, reached: reached.clients, result: outcome.into() });
        reached
    }

    fn view_of(
        &self,
        id: NotificationId,
        notification: &Notification,
        created_at_ms: i64,
    ) -> NotificationView {
        NotificationView {
            id: id.get(),
            title: notification.title.to_string(),
            content: notification.content.to_string(),
            level: notification.level.name().into(),
            notification_type: notification.kind.name().into(),
            link: notification.link.to_string(),
            created_at: written_time(created_at_ms, self.time_zone),
            created_at_ms,
        }
    }

    /// Title, content and link together, or the ids of one request, stay far below a message's limit.
    async fn push_to(&self, user: UserId, kind: &'static str, data: Value) -> Reached {
        match Message::text(ServerFrame::push(kind, data).to_text()) {
            Ok(message) => self.gateways.send_to_uid(&user.into(), message).await.into(),
            Err(error) => {
                tracing::error!(%error, "what is pushed does not fit into a message");
                Reached::default()
            }
        }
    }

    /// A stored notification as pages see it.
    #[must_use]
    pub fn view(&self, row: NotificationRow) -> NotificationView {
        NotificationView {
            created_at: written_time(row.created_at_ms, self.time_zone),
            id: row.id,
            title: row.title,
            content: row.content,
            level: row.level,
            notification_type: row.notification_type,
            link: row.link,
            created_at_ms: row.created_at_ms,
        }
    }
}
