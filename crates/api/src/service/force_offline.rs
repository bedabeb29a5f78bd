//! A user's tokens become useless, then the user's clients are closed.

use chrono::Utc;
use gatepipe_client::Close;
use gatepipe_proto::{CloseCode, Message, ServerFrame};

use super::receipt::Reached;
use crate::app::App;
use crate::audit::{Action, Target};
use crate::auth::caller::grants::ForceOffline;
use crate::auth::{Allowed, Caller};
use crate::error::ApiError;
use crate::id::UserId;
use crate::live::{Event, Kind, cut};

/// Longest reason in a close frame, in bytes (RFC 6455 section 5.5).
const MAX_CLOSE_REASON_BYTES: usize = 123;

/// Forces `user` offline: the database first, so that no page comes back with its old token, then the sockets.
///
/// # Errors
/// [`ApiError::NotFound`] for a user that does not exist; the store's, and then nothing happened.
pub async fn force_offline(
    app: &App,
    by: &Allowed<ForceOffline>,
    user: UserId,
    reason: &str,
) -> Result<Reached, ApiError> {
    let forced = try_force_offline(app, by, user, reason).await;
    app.audit.note_outcome(by.caller(), Action::ForceOffline, Target::User(user), &forced, |reached| {
        (reached.verdict(), format!("{} connections closed; reason: {reason}", reached.clients))
    });
    forced
}

async fn try_force_offline(
    app: &App,
    by: &Allowed<ForceOffline>,
    user: UserId,
    reason: &str,
) -> Result<Reached, ApiError> {
    if !app.store.cut_tokens(user, Utc::now().timestamp_millis()).await? {
        return Err(ApiError::NotFound("there is no such user".into()));
    }
    let reached = cut_off(app, by.caller(), user, reason).await;
    tracing::info!(uid = %user, by = %by.caller().id(), closed = reached.clients, "user forced offline");
    Ok(reached)
}

/// Closes the connections of a user whose tokens are useless already, with 4001.
pub(super) async fn cut_off(app: &App, by: &Caller, user: UserId, reason: &str) -> Reached {
    app.auth.forget(user);
    let close = Close {
        code: CloseCode::FORCED_OFFLINE,
        reason: shortened(reason).into(),
        last_message: Message::text(ServerFrame::force_offline(reason).to_text()).ok(),
    };
    let reached = Reached::from(app.gateways.close_uid(&user.into(), close).await);
    app.live.feed.tell(Kind::ForcedOffline, || Event {
        uid: Some(user.into()),
        by: Some(by.id()),
        text: Some(cut(reason)),
        count: Some(reached.clients),
        failed: reached.failed.clone(),
        ..Event::now(Kind::ForcedOffline)
    });
    reached
}

fn shortened(reason: &str) -> &str {
    &reason[..reason.floor_char_boundary(MAX_CLOSE_REASON_BYTES)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_close_reason_fits_its_frame_and_stays_text() {
        assert_eq!(shortened("bye"), "bye");
        assert_eq!(shortened(&"x".repeat(200)).len(), 123);
        assert_eq!(shortened(&"错".repeat(60)), "错".repeat(41));
    }
}
