//! What must last, in one SQL database.
//!
//! [`Store`] has named methods in our own words; a file per table. Nothing outside this module names a backend: each method
//! writes its query once, and the macros `read` and `write` paste it into one arm per backend.
//!
//! Every method runs its body in a task of its own and waits for it. A caller may therefore be dropped at any time (an HTTP
//! client goes away): the body still ends, and no connection goes back to the pool in the middle of a transaction.

mod external_subjects;
mod idempotency_keys;
mod inboxes;
mod notifications;
mod roles;
mod schema;
mod sqlite;
mod together;
mod users;

use std::sync::Arc;

use futures_util::FutureExt as _;
use prometheus_client::metrics::counter::Counter;
use tracing::Instrument as _;

use crate::id::UserId;
use together::Together;

pub use idempotency_keys::{Recorded, Recording};
pub use notifications::{Cursor, ListFilter, NewNotification, NotificationRow};
pub use sqlite::OpenError;
pub use users::{Credentials, NO_PASSWORD, NewUser, Standing, UserRow};

/// The database. Cheap to clone; all clones share one set of connections.
#[derive(Clone)]
pub struct Store {
    db: Db,
    failures: Counter,
    /// Checks of tokens, one for each request.
    standings: Together<Self, UserId, Option<Arc<Standing>>>,
    /// Whether a user answers to a manager: (user, manager).
    subordinates: Together<Self, (UserId, UserId), bool>,
}

#[derive(Clone)]
enum Db {
    Sqlite(sqlite::Sqlite),
}

/// Why the store did not do what it was asked.
#[derive(Debug, Clone, thiserror::Error)]
pub enum StoreError {
    /// The database is away, locked, full or broken. Nothing was written, unless the commit itself broke. Later may work.
    #[error("the database is not available: {0}")]
    Unavailable(String),
    /// A fault of ours: the query and the tables do not fit together.
    #[error("the database refused a query")]
    Fault(#[source] Arc<diesel::result::Error>),
    /// Another user has this name.
    #[error("the username {0} is taken")]
    UsernameTaken(String),
    /// This name of an issuer's user means another of ours; nothing was written.
    #[error("the subject {0} is already another user")]
    SubjectTaken(String),
    /// These users do not exist; nothing was written.
    #[error("no such users: {0:?}")]
    NoSuchUsers(Vec<UserId>),
    /// The user would stand above itself; nothing was written.
    #[error("user {manager} is below user {user} or the same, and cannot be its manager")]
    ManagerCycle {
        /// Who should get a manager.
        user: UserId,
        /// Who cannot be it.
        manager: UserId,
    },
    /// No role has this name; nothing was written.
    #[error("there is no role {0}")]
    NoSuchRole(String),
    /// A request with this key was done already, or is being done; nothing was written.
    #[error("the idempotency key is taken")]
    KeyTaken,
}

impl From<diesel::result::Error> for StoreError {
    fn from(error: diesel::result::Error) -> Self {
        use diesel::result::{DatabaseErrorKind as Kind, Error};
        match error {
            Error::DatabaseError(
                Kind::UniqueViolation
                | Kind::ForeignKeyViolation
                | Kind::NotNullViolation
                | Kind::CheckViolation,
                _,
            )
            | Error::NotFound
            | Error::QueryBuilderError(_)
            | Error::SerializationError(_)
            | Error::DeserializationError(_) => Self::Fault(Arc::new(error)),
            _ => Self::Unavailable(error.to_string()),
        }
    }
}

impl StoreError {
    /// A fault that no database reported.
    fn fault(text: &'static str) -> Self {
        Self::Fault(Arc::new(diesel::result::Error::QueryBuilderError(text.into())))
    }
}

/// Whether [`Store::open`] understands `url`; looks at no file.
///
/// # Errors
/// [`OpenError::Url`]
pub fn check_url(url: &str) -> Result<(), OpenError> {
    sqlite::path_in(url).map(drop)
}

impl Store {
    /// Opens the database behind `url` (`sqlite://PATH`) and brings its tables up to date.
    ///
    /// A SQLite file that does not exist is made, readable by its owner only; so is its directory, but not the one above.
    ///
    /// # Errors
    /// [`OpenError`], one line that says what is wrong and what to do.
    pub async fn open(url: &str) -> Result<Self, OpenError> {
        Ok(Self {
            db: Db::Sqlite(sqlite::Sqlite::open(url).await?),
            failures: Counter::default(),
            standings: Together::new(|store, users| store.read_standings(users).boxed()),
            subordinates: Together::new(|store, pairs| store.read_subordinates(pairs).boxed()),
        })
    }

    /// Every migration of the database behind `url`, in order, and whether it has run. Changes nothing.
    ///
    /// # Errors
    /// [`OpenError`]; a database that does not exist is one of them.
    pub async fn migrations(url: &str) -> Result<Vec<(String, bool)>, OpenError> {
        sqlite::migrations(url).await
    }

    /// Counts the calls that ended in [`StoreError::Unavailable`] or [`StoreError::Fault`].
    #[must_use]
    pub fn failures(&self) -> &Counter {
        &self.failures
    }

    /// Runs `body` to its end, also when the caller is dropped.
    async fn survive<T: Send + 'static>(
        &self,
        body: impl Future<Output = Result<T, StoreError>> + Send + 'static,
    ) -> Result<T, StoreError> {
        let outcome = match tokio::spawn(body.in_current_span()).await {
            Ok(outcome) => outcome,
            Err(ended) if ended.is_panic() => std::panic::resume_unwind(ended.into_panic()),
            Err(_) => Err(StoreError::Unavailable("the program is stopping".into())),
        };
        if let Err(StoreError::Unavailable(_) | StoreError::Fault(_)) = outcome {
            self.failures.inc();
        }
        outcome
    }
}

/// `read!(store, |conn| body)`: `body` on a connection that cannot write, once per backend.
///
/// `body` evaluates to `Result<T, StoreError>`, may use `?` and `.await`, and owns what it uses.
macro_rules! read {
    ($store:expr, |$conn:ident| $body:expr) => {{
        let db = $store.db.clone();
        $store
            .survive(async move {
                match db {
                    $crate::store::Db::Sqlite(sqlite) => {
                        let work = move |mut lent: $crate::store::sqlite::Lent| {
                            $crate::store::sqlite::outcome(async move {
                                let $conn = &mut *lent;
                                $body
                            })
                        };
                        sqlite.read(work).await
                    }
                }
            })
            .await
    }};
}

/// `write!(store, |conn| body)`: `body` in a transaction that may read first and write later, once per backend.
///
/// Committed when `body` gives `Ok`, else rolled back. Rules for `body` as in [`read`].
macro_rules! write {
    ($store:expr, |$conn:ident| $body:expr) => {{
        let db = $store.db.clone();
        $store
            .survive(async move {
                match db {
                    $crate::store::Db::Sqlite(sqlite) => {
                        let work = move |mut lent: $crate::store::sqlite::Lent| {
                            $crate::store::sqlite::outcome(async move {
                                $crate::store::sqlite::begin(&mut lent).await?;
                                let outcome = async {
                                    let $conn = &mut *lent;
                                    $body
                                }
                                .await;
                                $crate::store::sqlite::end(&mut lent, outcome).await
                            })
                        };
                        sqlite.write(work).await
                    }
                }
            })
            .await
    }};
}

use {read, write};
