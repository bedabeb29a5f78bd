//! What must last, in one SQL database.
//!
//! [`Store`] has named methods in our own words; a file per table. Nothing outside this module names a backend: each method
//! writes its query once, and the macros `read` and `write` paste it into one arm per backend.
//!
//! Every method runs its body in a task of its own and waits for it. A caller may therefore be dropped at any time (an HTTP
//! client goes away): the body still ends, and no connection goes back to the pool in the middle of a transaction.
//!
//! Other processes write to the same database. On SQLite a transaction has it for itself; on the servers two run side by side,
//! each statement sees what was committed before it began (READ COMMITTED), and reading locks nothing. Hence the rules for the body of a `write`:
//! - *What a decision rests on is locked before it is read*: by an update of the row, or by `backend::for_update!(query)`. Who touches
//!   the notifications of a user locks the user's inbox first.
//! - *Rows are locked in one order*: users, then inboxes, then what hangs on them; several of one table by their ids. Two that
//!   wait for each other all the same are told so by the database, and one of them ends as [`StoreError::Unavailable`].
//! - *What is not there cannot be locked*: two may insert the same key, one of them fails, and `unless_taken` says what that means.

#[cfg(not(any(feature = "sqlite", feature = "postgres", feature = "mysql")))]
compile_error!("the api needs a database: switch on at least one of the features sqlite, postgres and mysql");

mod access;
mod accounts;
#[cfg(feature = "server")]
mod address;
mod audit_entries;
mod calls;
mod export_tasks;
mod external_subjects;
mod idempotency_keys;
mod inboxes;
mod location;
mod migrate;
#[cfg(feature = "mysql")]
mod mysql;
mod notifications;
mod open_error;
#[cfg(feature = "postgres")]
mod postgres;
mod roles;
mod schema;
#[cfg(feature = "server")]
mod server;
#[cfg(feature = "sqlite")]
mod sqlite;
#[cfg(feature = "server")]
mod tls;
mod together;
mod users;

use std::num::NonZeroU16;
use std::sync::Arc;
use std::time::Instant;

use futures_util::FutureExt as _;
use tracing::Instrument as _;

use crate::id::UserId;
use crate::reason::Reason;
use location::Location;
use together::Together;

pub use access::{Facts, RoleChange, UserChange};
pub use accounts::{Account, AccountFilter};
pub use audit_entries::{AuditFilter, AuditRow};
pub use calls::{Call, Calls};
pub use export_tasks::{ExportEnd, ExportFiles, ExportTaskRow, Finished, NewExportTask};
pub use idempotency_keys::{Recorded, Recording};
pub use notifications::{
    Cursor, ListFilter, NewNotification, NotificationRow, Pushed, SentFilter, SentPlace, SentRow,
};
pub use open_error::OpenError;
pub use users::{Credentials, NO_PASSWORD, NewUser, Standing, UserRow};

/// How many connections there are to a server, unless it is said otherwise.
pub const DEFAULT_CONNECTIONS: NonZeroU16 = NonZeroU16::new(10).unwrap();

/// The database. Cheap to clone; all clones share one set of connections.
#[derive(Clone)]
pub struct Store {
    db: Db,
    calls: Calls,
    /// Checks of tokens, one for each request.
    standings: Together<Self, UserId, Option<Arc<Standing>>>,
    /// Whether a user answers to a manager: (user, manager).
    subordinates: Together<Self, (UserId, UserId), bool>,
}

#[derive(Clone)]
enum Db {
    #[cfg(feature = "sqlite")]
    Sqlite(sqlite::Sqlite),
    #[cfg(feature = "postgres")]
    Postgres(postgres::Postgres),
    #[cfg(feature = "mysql")]
    Mysql(mysql::Mysql),
}

/// The connections to a database server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Connections {
    /// How many are open.
    pub open: usize,
    /// How many of them somebody has.
    pub used: usize,
    /// How many calls wait for one.
    pub waited_for: usize,
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
    /// The user has so many unfinished exports already; nothing was written.
    #[error("the user has {0} unfinished exports")]
    TooManyExports(i64),
    /// No role has this name; nothing was written.
    #[error("there is no role {0}")]
    NoSuchRole(String),
    /// There is a role with this name; nothing was written.
    #[error("there is a role {0} already")]
    RoleTaken(String),
    /// A rule does not allow the change, and says why; nothing was written.
    #[error(transparent)]
    Refused(Reason),
    /// Nobody would be left who may do everything; nothing was written.
    #[error("nobody would be left who may do everything: give somebody else every permission first")]
    LastAdministrator,
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

/// Gives `error` when a row with the same key was there already, or came at the same time.
fn unless_taken<T>(
    inserted: diesel::QueryResult<T>,
    error: impl FnOnce() -> StoreError,
) -> Result<T, StoreError> {
    use diesel::result::{DatabaseErrorKind::UniqueViolation, Error::DatabaseError};
    inserted.map_err(|failed| match failed {
        DatabaseError(UniqueViolation, _) => error(),
        failed => failed.into(),
    })
}

/// Whether [`Store::open`] understands `url`; looks at no file and asks no server.
///
/// # Errors
/// [`OpenError::Url`], without the password.
pub fn check_url(url: &str) -> Result<(), OpenError> {
    Location::parse(url).map(drop)
}

/// `url` without its password, to be told to people.
#[must_use]
pub fn shown(url: &str) -> String {
    Location::parse(url).map_or_else(|_| "the database".into(), |location| location.to_string())
}

impl Store {
    /// Opens the database behind `url` with [`DEFAULT_CONNECTIONS`] and brings its tables up to date.
    ///
    /// # Errors
    /// As [`Store::open_with`].
    pub async fn open(url: &str) -> Result<Self, OpenError> {
        Self::open_with(url, DEFAULT_CONNECTIONS).await
    }

    /// Opens the database behind `url` (`sqlite://PATH`, `postgres://…`, `mysql://…`) and brings its tables up to date; several
    /// processes may do so at once.
    ///
    /// A SQLite file that does not exist is made, readable by its owner only; so is its directory, but not the one above. It
    /// has as many connections as it needs. A server must have the database; it gets at most `connections`.
    ///
    /// # Errors
    /// [`OpenError`], one line that says what is wrong and what to do, without the password.
    pub async fn open_with(url: &str, connections: NonZeroU16) -> Result<Self, OpenError> {
        let location = Location::parse(url)?;
        let shown = location.to_string();
        let db = match location {
            #[cfg(feature = "sqlite")]
            Location::Sqlite(path) => Db::Sqlite(sqlite::Sqlite::open(&path).await?),
            #[cfg(feature = "postgres")]
            Location::Postgres(address) => {
                Db::Postgres(Box::pin(postgres::open(&address, connections)).await?)
            }
            #[cfg(feature = "mysql")]
            Location::Mysql(address) => Db::Mysql(Box::pin(mysql::open(&address, connections)).await?),
        };
        tracing::debug!(database = shown, connections, "the database is open");
        Ok(Self {
            db,
            calls: Calls::default(),
            standings: Together::new(|store, users| store.read_standings(users).boxed()),
            subordinates: Together::new(|store, pairs| store.read_subordinates(pairs).boxed()),
        })
    }

    /// Every migration of the database behind `url`, in order, and whether it has run. Changes nothing.
    ///
    /// # Errors
    /// [`OpenError`]; a database that does not exist is one of them.
    pub async fn migrations(url: &str) -> Result<Vec<(String, bool)>, OpenError> {
        match Location::parse(url)? {
            #[cfg(feature = "sqlite")]
            Location::Sqlite(path) => sqlite::migrations(&path).await,
            #[cfg(feature = "postgres")]
            Location::Postgres(address) => postgres::migrations(&address).await,
            #[cfg(feature = "mysql")]
            Location::Mysql(address) => mysql::migrations(&address).await,
        }
    }

    /// Takes back the last `steps` migrations of the database behind `url`, newest first, with everything that is stored in
    /// what they made; gives their names. Nobody else may be using the database.
    ///
    /// # Errors
    /// [`OpenError`]. On SQLite and PostgreSQL nothing was changed then; on MySQL what was taken back before stays so.
    pub async fn revert(url: &str, steps: usize) -> Result<Vec<String>, OpenError> {
        match Location::parse(url)? {
            #[cfg(feature = "sqlite")]
            Location::Sqlite(path) => sqlite::revert(&path, steps).await,
            #[cfg(feature = "postgres")]
            Location::Postgres(address) => postgres::revert(&address, steps).await,
            #[cfg(feature = "mysql")]
            Location::Mysql(address) => mysql::revert(&address, steps).await,
        }
    }

    /// How long calls take, and which fail.
    #[must_use]
    pub fn calls(&self) -> &Calls {
        &self.calls
    }

    /// How busy the connections to the server are; `None` for SQLite, which has none to wait for.
    #[must_use]
    pub fn connections(&self) -> Option<Connections> {
        match &self.db {
            #[cfg(feature = "sqlite")]
            Db::Sqlite(_) => None,
            #[cfg(feature = "postgres")]
            Db::Postgres(server) => Some(server.connections()),
            #[cfg(feature = "mysql")]
            Db::Mysql(server) => Some(server.connections()),
        }
    }

    /// Runs `body` to its end, also when the caller is dropped, and counts it as `call`.
    async fn survive<T: Send + 'static>(
        &self,
        call: &'static str,
        body: impl Future<Output = Result<T, StoreError>> + Send + 'static,
    ) -> Result<T, StoreError> {
        let calls = self.calls.clone();
        let counted = async move {
            let began = Instant::now();
            let outcome = body.await;
            calls.count(call, began.elapsed(), &outcome);
            outcome
        };
        match tokio::spawn(counted.in_current_span()).await {
            Ok(outcome) => outcome,
            Err(ended) if ended.is_panic() => std::panic::resume_unwind(ended.into_panic()),
            Err(_) => Err(StoreError::Unavailable("the program is stopping".into())),
        }
    }
}

/// `read!(store, |conn| body)`: `body` on a connection that does not write, once per backend.
///
/// `body` evaluates to `Result<T, StoreError>`, may use `?` and `.await`, and owns what it uses. Several queries in it may see
/// different moments. `backend` is the module of the arm it stands in.
macro_rules! read {
    ($store:expr, |$conn:ident| $body:expr) => {{
        let db = $store.db.clone();
        $store
            .survive($crate::store::calls::call!(), async move {
                match db {
                    #[cfg(feature = "sqlite")]
                    $crate::store::Db::Sqlite(sqlite) => {
                        let work = move |mut lent: $crate::store::sqlite::Lent| {
                            $crate::store::sqlite::outcome(async move {
                                let $conn = &mut *lent;
                                $body
                            })
                        };
                        sqlite.read(work).await
                    }
                    #[cfg(feature = "postgres")]
                    $crate::store::Db::Postgres(server) => {
                        $crate::store::read_from_server!(server, |$conn| $body)
                    }
                    #[cfg(feature = "mysql")]
                    $crate::store::Db::Mysql(server) => {
                        $crate::store::read_from_server!(server, |$conn| $body)
                    }
                }
            })
            .await
    }};
}

/// `write!(store, |conn| body)`: `body` in a transaction that may read first and write later, once per backend.
///
/// Committed when `body` gives `Ok`, else rolled back. Rules for `body` as in [`read`], and those at the top of this file.
/// `backend` is the module of the arm it stands in: `backend::for_update!(query)` locks what the query finds,
/// `backend::skip_locked!(query)` leaves out what somebody else has locked, `backend::insert_all!(conn, table, rows)` adds many rows.
macro_rules! write {
    ($store:expr, |$conn:ident| $body:expr) => {{
        let db = $store.db.clone();
        $store
            .survive($crate::store::calls::call!(), async move {
                match db {
                    #[cfg(feature = "sqlite")]
                    $crate::store::Db::Sqlite(sqlite) => {
                        #[allow(
                            unused_imports,
                            reason = "not every body has a word of its own for a backend"
                        )]
                        use $crate::store::sqlite as backend;
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
                    #[cfg(feature = "postgres")]
                    $crate::store::Db::Postgres(server) => {
                        #[allow(
                            unused_imports,
                            reason = "not every body has a word of its own for a backend"
                        )]
                        use $crate::store::postgres as backend;
                        $crate::store::write_to_server!(server, |$conn| $body)
                    }
                    #[cfg(feature = "mysql")]
                    $crate::store::Db::Mysql(server) => {
                        #[allow(
                            unused_imports,
                            reason = "not every body has a word of its own for a backend"
                        )]
                        use $crate::store::mysql as backend;
                        $crate::store::write_to_server!(server, |$conn| $body)
                    }
                }
            })
            .await
    }};
}

/// Boxed as a whole, so that an api with SQLite does not carry it along.
#[cfg(feature = "server")]
macro_rules! read_from_server {
    ($server:ident, |$conn:ident| $body:expr) => {
        Box::pin(async move {
            let mut lent = $server.lend().await?;
            let body = async {
                let $conn = lent.connection();
                $body
            };
            let outcome = $crate::store::server::within($crate::store::server::READ, body).await;
            lent.give_back(outcome)
        })
        .await
    };
}

#[cfg(feature = "server")]
macro_rules! write_to_server {
    ($server:ident, |$conn:ident| $body:expr) => {
        Box::pin(async move {
            let mut lent = $server.lend().await?;
            if let Err(error) = lent.begin().await {
                return lent.give_back(Err(error));
            }
            let body = async {
                let $conn = lent.connection();
                $body
            };
            let outcome = $crate::store::server::within($crate::store::server::WRITE, body).await;
            lent.end(outcome).await
        })
        .await
    };
}

use {read, write};
#[cfg(feature = "server")]
use {read_from_server, write_to_server};
