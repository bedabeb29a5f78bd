//! Binds without an answer: a gateway that was silent may carry one out when it is heard again, long after its caller was told
//! 503. Then the token is checked as after any other bind, so that no client stays bound with a dead one.

use std::sync::Arc;
use std::time::Duration;

use chrono::Utc;
use gatepipe_client::Error;
use gatepipe_proto::ClientId;
use tokio::sync::Semaphore;

use super::bind;
use crate::app::App;
use crate::auth::Caller;

/// How many are followed at once; more are only logged.
const AT_ONCE: usize = 1024;
/// Between two questions to a silent gateway; also how long a gateway that is heard again has for what still lay before it.
const PAUSE: Duration = Duration::from_secs(1);
/// A gateway that is silent for longer has lost its clients by then.
const LONGEST: Duration = Duration::from_secs(600);

/// The binds that are being followed. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Unsettled(Arc<Semaphore>);

impl Default for Unsettled {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(AT_ONCE)))
    }
}

impl Unsettled {
    /// Follows one bind in the background until its gateway has answered or is given up.
    pub fn follow(&self, app: &App, caller: &Caller, client: ClientId) {
        let Ok(place) = Arc::clone(&self.0).try_acquire_owned() else {
            tracing::warn!(client_id = %client, "too many binds without an answer: this one is not followed");
            return;
        };
        let (app, caller) = (app.clone(), caller.clone());
        tokio::spawn(async move {
            if tokio::time::timeout(LONGEST, settle(&app, &caller, client)).await.is_err() {
                tracing::warn!(client_id = %client, "the outcome of a bind stays unknown");
            }
            drop(place);
        });
    }
}

async fn settle(app: &App, caller: &Caller, client: ClientId) {
    let mut heard = false;
    loop {
        tokio::time::sleep(PAUSE).await;
        match app.gateways.uid_of_client(client).await {
            // What was sent before the silence may be read after this question: ask once more.
            Ok(_) if !heard => heard = true,
            Ok(Some(uid)) if uid == caller.id().into() => {
                match app.auth.is_still_good(caller, Utc::now()).await {
                    Ok(true) => return,
                    Ok(false) => return bind::cut(app, client).await,
                    Err(error) => tracing::debug!(%error, "a bind cannot be checked yet"),
                }
            }
            Ok(_) | Err(Error::NoSuchClient(_)) => return,
            Err(_) => heard = false,
        }
    }
}
