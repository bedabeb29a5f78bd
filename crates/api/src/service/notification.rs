//! Write first, push second: a failed push never fails or loses a stored notification.

use std::collections::HashMap;
use std::time::Duration;

use chrono::Utc;
use chrono_tz::Tz;
use futures_util::stream::{self, StreamExt as _};
use gatepipe_client::GatewayClient;
use gatepipe_proto::{Message, ServerFrame};
use serde::Serialize;
use tokio::time::{Instant, timeout_at};
use utoipa::ToSchema;

use super::receipt::{Failed, Reached};
use crate::app::{App, written_time};
use crate::auth::Allowed;
use crate::auth::caller::grants::SendNotification;
use crate::error::ApiError;
use crate::id::{NotificationId, UserId};
use crate::metrics::Metrics;
use crate::notification::{Level, Notification};
use crate::store::{NewNotification, NotificationRow, Store, StoreError};

/// How many pushes of one notification are on their way at once.
const PUSHES_AT_ONCE: usize = 1_024;

/// How long the pushes of one notification take together, at most; what is left then is named in `failed`.
const PUSH_DEADLINE: Duration = Duration::from_secs(10);

/// Stores notifications, and pushes the urgent ones.
pub struct NotificationService {
    store: Store,
    gateways: GatewayClient,
    time_zone: Tz,
    metrics: Metrics,
}

/// What became of a notification.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sent {
    /// Each reader's number for it, in order of the readers' ids.
    pub ids: Vec<(UserId, NotificationId)>,
    /// What the push did; nothing for a stored one.
    pub reached: Reached,
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
/// A user that stands in `users` twice gets it once. Gives the ids in the order of `users`.
///
/// # Errors
/// [`ApiError::Fields`] for users that do not exist, and the store's; then nothing was written.
pub async fn send_for(
    app: &App,
    by: &Allowed<SendNotification>,
    users: &[UserId],
    notification: Notification,
) -> Result<(Vec<NotificationId>, Reached), ApiError> {
    let sent = match notification.level {
        Level::Normal => app.notifications.send(users, notification).await,
        Level::Urgent => app.notifications.send_urgent(users, notification).await,
    };
    let sent = sent.map_err(|error| match error {
        StoreError::NoSuchUsers(missing) => {
            let some: Vec<String> = missing.iter().take(10).map(UserId::to_string).collect();
            ApiError::field("user_ids", format!("there are no such users: {}", some.join(", ")))
        }
        other => other.into(),
    })?;
    tracing::debug!(by = %by.caller().id(), readers = sent.ids.len(), "notification sent");
    let id_of: HashMap<UserId, NotificationId> = sent.ids.into_iter().collect();
    let ids = users.iter().filter_map(|user| id_of.get(user).copied()).collect();
    Ok((ids, sent.reached))
}

impl NotificationService {
    /// Stores in `store`, pushes through `gateways`, writes times in `time_zone`.
    #[must_use]
    pub fn new(store: Store, gateways: GatewayClient, time_zone: Tz, metrics: Metrics) -> Self {
        Self { store, gateways, time_zone, metrics }
    }

    /// Stores `notification` for each of `users`, all or none, and pushes nothing.
    ///
    /// # Errors
    /// [`StoreError::NoSuchUsers`], [`StoreError::Unavailable`]
    pub async fn send(&self, users: &[UserId], notification: Notification) -> Result<Sent, StoreError> {
        let now_ms = Utc::now().timestamp_millis();
        Ok(Sent { ids: self.write(users, notification, now_ms).await?, reached: Reached::default() })
    }

    /// Stores `notification` for each of `users`, all or none, then pushes to each what was stored. A push that fails is a
    /// warning in the log and stands in `reached.failed`.
    ///
    /// Dropped between the two it is stored and not pushed, so run it in a task that ends (routes do).
    ///
    /// # Errors
    /// [`StoreError::NoSuchUsers`], [`StoreError::Unavailable`]
    pub async fn send_urgent(
        &self,
        users: &[UserId],
        notification: Notification,
    ) -> Result<Sent, StoreError> {
        let now_ms = Utc::now().timestamp_millis();
        let ids = self.write(users, notification.clone(), now_ms).await?;
        let reached = self.push(&ids, &notification, now_ms).await;
        for failed in &reached.failed {
            let gateway = failed.gateway.as_deref().unwrap_or("unknown");
            tracing::warn!(
                gateway,
                reason = failed.reason,
                "an urgent notification is stored, but was not pushed everywhere"
            );
        }
        Ok(Sent { ids, reached })
    }

    async fn write(
        &self,
        users: &[UserId],
        notification: Notification,
        created_at_ms: i64,
    ) -> Result<Vec<(UserId, NotificationId)>, StoreError> {
        let new = NewNotification { notification, created_at_ms };
        let ids = self.store.add_notification(users, new).await?;
        self.metrics.notifications.inc_by(ids.len() as u64);
        Ok(ids)
    }

    /// One push for each reader, because each has a number of its own.
    async fn push(
        &self,
        ids: &[(UserId, NotificationId)],
        notification: &Notification,
        now_ms: i64,
    ) -> Reached {
        let deadline = Instant::now() + PUSH_DEADLINE;
        let mut pushes = stream::iter(ids.to_vec())
            .map(|(user, id)| self.push_one(user, id, notification, now_ms))
            .buffer_unordered(PUSHES_AT_ONCE);
        let mut sum = Reached::default();
        loop {
            match timeout_at(deadline, pushes.next()).await {
                Ok(Some(reached)) => {
                    self.metrics.pushes.get_or_create(&reached.outcome().into()).inc();
                    sum.add(reached);
                }
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

    async fn push_one(
        &self,
        user: UserId,
        id: NotificationId,
        notification: &Notification,
        created_at_ms: i64,
    ) -> Reached {
        let view = NotificationView {
            id: id.get(),
            title: notification.title.to_string(),
            content: notification.content.to_string(),
            level: notification.level.name().into(),
            notification_type: notification.kind.name().into(),
            link: notification.link.to_string(),
            created_at: written_time(created_at_ms, self.time_zone),
            created_at_ms,
        };
        let data = serde_json::to_value(view).unwrap_or_default();
        // Title, content and link together stay far below a message's limit.
        let message = Message::text(ServerFrame::push("notification", data).to_text());
        match message {
            Ok(message) => self.gateways.send_to_uid(&user.into(), message).await.into(),
            Err(error) => {
                tracing::error!(%error, "a notification does not fit into a message");
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
