//! What operators see of everybody's notifications: stored, pushed, read; and pushing one again.

use std::collections::HashMap;

use super::{NotificationView, verdict};
use crate::app::App;
use crate::audit::{Action, Target};
use crate::auth::Allowed;
use crate::auth::caller::grants::{SendNotification, ViewNotifications};
use crate::error::ApiError;
use crate::id::{NotificationId, UserId};
use crate::live::{Event, Kind};
use crate::notification::Level;
use crate::service::receipt::Reached;
use crate::store::{SentFilter, SentPlace, SentRow, StoreError};

/// A notification with its reader's name.
#[derive(Debug)]
pub struct Sent {
    /// What is stored.
    pub row: SentRow,
    /// What the reader is called.
    pub username: String,
}

/// At most `limit` notifications, newest first, only those behind `before`; and where the next page begins when there may be one. A
/// page may be short and have a next one, as in [`Store::sent`](crate::store::Store::sent).
///
/// # Errors
/// The store's.
pub async fn list(
    app: &App,
    _by: &Allowed<ViewNotifications>,
    filter: SentFilter,
    before: Option<SentPlace>,
    limit: u32,
) -> Result<(Vec<Sent>, Option<SentPlace>), StoreError> {
    let (rows, next) = app.store.sent(filter, before, limit).await?;
    Ok((named(app, rows).await?, next))
}

async fn named(app: &App, rows: Vec<SentRow>) -> Result<Vec<Sent>, StoreError> {
    let mut users: Vec<UserId> = rows.iter().filter_map(|row| UserId::new(row.user_id)).collect();
    users.sort_unstable();
    users.dedup();
    let names = match users.as_slice() {
        [] => HashMap::new(),
        users => app.store.usernames(users).await?,
    };
    let name = |row: &SentRow| UserId::new(row.user_id).and_then(|user| names.get(&user).cloned());
    Ok(rows.into_iter().map(|row| Sent { username: name(&row).unwrap_or_default(), row }).collect())
}

/// One notification with all that it says.
///
/// # Errors
/// [`ApiError::NotFound`] when there is none (any more), the store's.
pub async fn show(
    app: &App,
    _by: &Allowed<ViewNotifications>,
    user: UserId,
    id: NotificationId,
) -> Result<(Sent, NotificationView), ApiError> {
    let (row, said) = app.store.sent_one(user, id).await?.ok_or_else(none)?;
    let view = app.notifications.view(said);
    let sent = named(app, vec![row]).await?.pop().ok_or_else(none)?;
    Ok((sent, view))
}

fn none() -> ApiError {
    ApiError::NotFound("there is no such notification".into())
}

/// Pushes an urgent notification to its reader again, as it is stored. Pages that have it already show it once.
///
/// # Errors
/// [`ApiError::NotFound`] when there is none (any more), [`ApiError::Conflict`] for a normal one, the store's.
pub async fn push_again(
    app: &App,
    by: &Allowed<SendNotification>,
    user: UserId,
    id: NotificationId,
) -> Result<Reached, ApiError> {
    let pushed = try_push_again(app, by, user, id).await;
    app.audit.note_outcome(
        by.caller(),
        Action::PushNotification,
        Target::User(user),
        &pushed,
        |reached: &Reached| (verdict(&reached.failed), format!("number {id}, reached {}", reached.clients)),
    );
    pushed
}

async fn try_push_again(
    app: &App,
    by: &Allowed<SendNotification>,
    user: UserId,
    id: NotificationId,
) -> Result<Reached, ApiError> {
    let (_, said) = app.store.sent_one(user, id).await?.ok_or_else(none)?;
    if said.level != Level::Urgent.name() {
        return Err(ApiError::Conflict("a normal notification is stored only, and never pushed".into()));
    }
    let reached = app.notifications.push_one(user, id, app.notifications.view(said)).await;
    app.live.feed.tell(Kind::Notified, || Event {
        uid: Some(user.into()),
        by: Some(by.caller().id()),
        readers: Some(1),
        count: Some(reached.clients),
        failed: reached.failed.clone(),
        ..Event::now(Kind::Notified)
    });
    Ok(reached)
}
