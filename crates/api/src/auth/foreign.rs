//! Tokens of others: checked with their public keys, which may change while we run.
//!
//! The keys are fetched at the start, on a schedule, and when a token names a key that is not there; between two fetches for
//! that reason lies a pause, because anybody can make such a token. A fetch that fails leaves the keys as they are.

pub mod key_set;
pub mod mapping;
pub mod source;

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use parking_lot::Mutex;
use prometheus_client::metrics::counter::Counter;
use tokio::sync::{Mutex as AsyncMutex, Semaphore};
use tokio::time::{Instant, sleep_until};

use super::token::{Claims, Refused};
use crate::error::ApiError;
use key_set::{KeySet, Unread};
use mapping::Mapping;
use source::{FetchError, Fetcher, Source};

/// How many requests wait for one fetch at most; more are answered 503 at once.
const WAITING: usize = 64;

/// How fetches went. Clones count together.
#[derive(Debug, Clone, Default)]
pub struct Fetches {
    /// The document was read, also when it said nothing new.
    pub done: Counter,
    /// It was not, and the keys stayed as they were.
    pub failed: Counter,
}

/// How often keys are fetched.
#[derive(Debug, Clone, Copy)]
pub struct Schedule {
    /// From one fetch to the next.
    pub refresh: Duration,
    /// At least so long between a fetch and one for an unknown key, and after one that failed.
    pub pause: Duration,
}

/// What tokens of others are checked with.
pub struct Foreign {
    mapping: Mapping,
    keys: Mutex<Arc<KeySet>>,
    /// `None` for keys that never change.
    changing: Option<Changing>,
}

struct Changing {
    source: Source,
    schedule: Schedule,
    /// Held during a fetch, so that there is one at a time.
    fetching: AsyncMutex<Fetching>,
    places: Semaphore,
    fetches: Fetches,
}

struct Fetching {
    fetcher: Fetcher,
    last: Option<Attempt>,
}

#[derive(Clone, Copy)]
struct Attempt {
    began: Instant,
    went_well: bool,
}

impl Schedule {
    fn next(self, last: Attempt) -> Instant {
        let wait = if last.went_well { self.refresh } else { self.pause.min(self.refresh) };
        last.began + wait
    }
}

impl Foreign {
    /// Checks with keys that never change.
    #[must_use]
    pub fn fixed(keys: KeySet, mapping: Mapping) -> Self {
        Self { mapping, keys: Mutex::new(Arc::new(keys)), changing: None }
    }

    /// Checks with the keys that `fetcher` brings. Has none before [`Foreign::start`].
    #[must_use]
    pub fn fetched(fetcher: Fetcher, mapping: Mapping, schedule: Schedule, fetches: Fetches) -> Self {
        let changing = Changing {
            source: fetcher.source().clone(),
            schedule,
            fetching: AsyncMutex::new(Fetching { fetcher, last: None }),
            places: Semaphore::new(WAITING),
            fetches,
        };
        Self { mapping, keys: Mutex::default(), changing: Some(changing) }
    }

    /// Begins with the keys of `before` if they come from the same place: they are good until they are fetched, also when that fails. What
    /// was read of tokens is not taken along, as it may be read in another way now.
    pub fn begin_with_keys_of(&self, before: &Self) {
        if let (Some(changing), Some(others)) = (&self.changing, &before.changing)
            && changing.source == others.source
        {
            *self.keys.lock() = Arc::new(before.keys().without_memory());
        }
    }

    /// Fetches the keys for the first time. Without them every token is answered 503, and they are tried again soon.
    pub async fn start(&self) {
        if let Some(changing) = &self.changing {
            self.fetch(changing, &mut *changing.fetching.lock().await).await;
        }
    }

    /// Fetches the keys on the schedule, for as long as it is polled; at once when they never were.
    pub async fn keep_fresh(&self) {
        let Some(changing) = &self.changing else {
            return;
        };
        let mut due = Instant::now();
        loop {
            sleep_until(due).await;
            let mut fetching = changing.fetching.lock().await;
            // Somebody else may have fetched meanwhile.
            let is_due = |last| changing.schedule.next(last) <= Instant::now();
            if fetching.last.is_none_or(is_due) {
                self.fetch(changing, &mut fetching).await;
            }
            due = fetching.last.map_or_else(Instant::now, |last| changing.schedule.next(last));
        }
    }

    /// Checks key, signature, issuer, audience and times, and reads the claims. Whether the user still accepts it is asked
    /// elsewhere. Waits for a fetch of the keys when the token's is not there.
    ///
    /// # Errors
    /// [`ApiError::Token`]; [`ApiError::Unavailable`] when the token's key is not there and the keys could not be fetched.
    pub async fn read(&self, token: &str, now: DateTime<Utc>) -> Result<Arc<Claims>, ApiError> {
        let keys = self.keys();
        let read = match keys.read(token, &self.mapping) {
            Err(Unread::UnknownKey) => {
                self.fetch_for_unknown_key(&keys).await?;
                self.keys().read(token, &self.mapping)
            }
            read => read,
        };
        let claims = read.map_err(|unread| match unread {
            Unread::Refused(refused) => refused,
            Unread::UnknownKey => Refused::Invalid,
        })?;
        let now = now.timestamp();
        // One that was made in times to come would outlive a forced offline.
        let is_from_the_future =
            claims.issued_at.is_some_and(|date| date > now.saturating_add(claims.leeway));
        if is_from_the_future || !claims.is_in_time(now) {
            return Err(Refused::Expired.into());
        }
        Ok(claims)
    }

    fn keys(&self) -> Arc<KeySet> {
        Arc::clone(&self.keys.lock())
    }

    /// Returns when there may be other keys than `seen`, or when those have been fetched lately.
    async fn fetch_for_unknown_key(&self, seen: &Arc<KeySet>) -> Result<(), ApiError> {
        let Some(changing) = &self.changing else {
            return Ok(());
        };
        let unavailable =
            || ApiError::Unavailable("the keys for tokens cannot be read; try again later".into());
        let _place = changing.places.try_acquire().map_err(|_| unavailable())?;
        let mut fetching = changing.fetching.lock().await;
        if !Arc::ptr_eq(seen, &self.keys()) {
            return Ok(());
        }
        let last = match fetching.last {
            Some(last) if last.began.elapsed() < changing.schedule.pause => last,
            _ => self.fetch(changing, &mut fetching).await,
        };
        // While they cannot be read, nobody knows whether the token is good.
        if last.went_well { Ok(()) } else { Err(unavailable()) }
    }

    async fn fetch(&self, changing: &Changing, fetching: &mut Fetching) -> Attempt {
        // Noted before it begins: one that is given up half-way counts for the pause.
        let mut attempt = Attempt { began: Instant::now(), went_well: false };
        fetching.last = Some(attempt);
        match fetching.fetcher.fetch().await {
            Ok(new) => {
                changing.fetches.done.inc();
                attempt.went_well = true;
                if let Some(new) = new {
                    tracing::info!(keys = new.len(), "the keys for tokens were read");
                    *self.keys.lock() = Arc::new(new);
                }
            }
            Err(error) => {
                changing.fetches.failed.inc();
                tell(&error, self.keys().len());
            }
        }
        fetching.last = Some(attempt);
        attempt
    }
}

fn tell(error: &FetchError, kept: usize) {
    let cause = std::error::Error::source(error).map(ToString::to_string);
    tracing::warn!(%error, cause, kept, "the keys for tokens could not be read, and stay as they are");
}
