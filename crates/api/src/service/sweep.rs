//! What is too old goes: in the background, a little at a time, so that nobody waits for it. Every api process may do it.

use std::time::Duration;

use chrono::Utc;
use rand::Rng as _;
use tokio::time::{sleep, timeout};

use crate::app::App;
use crate::metrics::Swept;
use crate::store::StoreError;

/// How long an idempotency key is kept.
pub const KEY_LIFETIME: Duration = Duration::from_secs(24 * 3_600);

/// How many notifications go in one transaction; it holds the inboxes of their readers.
const NOTIFICATIONS_AT_ONCE: u32 = 200;

/// How many keys go in one transaction.
const KEYS_AT_ONCE: u32 = 500;

/// How many entries of the audit go in one transaction.
const AUDIT_AT_ONCE: u32 = 500;

/// Between two transactions, for whoever else wants to write.
const PAUSE: Duration = Duration::from_millis(50);

/// Sweeps again and again, for as long as it is polled. The pauses are drawn, so that processes that were started together do not
/// meet each time.
pub async fn keep_swept(app: &App) {
    let mut rules = app.watch_rules();
    loop {
        let interval = rules.borrow_and_update().sweep_interval;
        let pause = interval.mul_f64(rand::rng().random_range(0.75..1.25));
        // Another interval counts at once, not after the one that may be long.
        let other = rules.wait_for(|rules| rules.sweep_interval != interval);
        if timeout(pause, other).await.is_ok_and(|changed| changed.is_ok()) {
            continue;
        }
        if let Err(error) = sweep(app).await {
            tracing::warn!(%error, "what is too old could not be deleted and waits for the next sweep");
        }
    }
}

async fn sweep(app: &App) -> Result<(), StoreError> {
    delete(app, Swept::IdempotencyKeys, KEY_LIFETIME).await?;
    let rules = app.rules();
    // Zero: kept for ever.
    if rules.notification_retention > Duration::ZERO {
        delete(app, Swept::Notifications, rules.notification_retention).await?;
    }
    if rules.audit_retention > Duration::ZERO {
        delete(app, Swept::Audit, rules.audit_retention).await?;
    }
    Ok(())
}

/// Deletes what is older than `age` until little is left, or what another process is deleting.
async fn delete(app: &App, what: Swept, age: Duration) -> Result<(), StoreError> {
    let age_ms = i64::try_from(age.as_millis()).unwrap_or(i64::MAX);
    let before_ms = Utc::now().timestamp_millis().saturating_sub(age_ms);
    loop {
        let (deleted, limit) = match what {
            Swept::IdempotencyKeys => {
                (app.store.delete_old_keys(before_ms, KEYS_AT_ONCE).await?, KEYS_AT_ONCE)
            }
            Swept::Notifications => {
                let deleted = app.store.delete_old_notifications(before_ms, NOTIFICATIONS_AT_ONCE).await?;
                (deleted, NOTIFICATIONS_AT_ONCE)
            }
            Swept::Audit => (app.store.delete_old_audit(before_ms, AUDIT_AT_ONCE).await?, AUDIT_AT_ONCE),
        };
        app.metrics.swept.get_or_create(&what.into()).inc_by(deleted as u64);
        if deleted < limit as usize {
            return Ok(());
        }
        sleep(PAUSE).await;
    }
}
