//! What PostgreSQL and MySQL have in common: a server at the other end of a network, a pool of connections, transactions.
//!
//! A connection is handed out only when it was used a moment ago or has just answered, so a restart of the server costs those
//! calls that were under way, and nobody after them. One in which anything went wrong that is not the query's own
//! fault is thrown away; the pool makes another one when it is asked.
//!
//! Everything ends: waiting for a connection after [`PATIENCE`], a lock and a statement by the server's own count
//! ([`LOCK_SECONDS`], [`STATEMENT_SECONDS`]), what a method does after [`READ`] or [`WRITE`], because a server that
//! is cut off counts nothing.

use std::num::NonZeroU16;
use std::time::Duration;

use deadpool::managed::{Manager, Metrics, Object, Pool, PoolError, RecycleError, RecycleResult};
use diesel_async::async_connection_wrapper::AsyncConnectionWrapper;
use diesel_async::{
    AnsiTransactionManager, AsyncConnection, SimpleAsyncConnection as _, TransactionManager as _,
};
use tokio::time::timeout;

use super::migrate::Failure;
use super::{OpenError, StoreError};

/// How long a call waits for a connection.
const PATIENCE: Duration = Duration::from_secs(5);

/// How long a statement waits for a row that another transaction has locked.
pub(super) const LOCK_SECONDS: u32 = 10;

/// How long a statement may take.
pub(super) const STATEMENT_SECONDS: u32 = 30;

/// How long all statements of a method that reads may take together. Checks of tokens wait for each other's reads, and after it
/// go by what was last read.
pub(super) const READ: Duration = Duration::from_secs(10);

/// How long all statements of a transaction may take together; it may write to thousands of people.
pub(super) const WRITE: Duration = Duration::from_secs(60);

/// A connection that was taken later than this ago must answer before it is used. A server takes longer to come back.
const FRESH: Duration = Duration::from_millis(100);

/// How long it may take for that, and for a rollback.
const ANSWER: Duration = Duration::from_secs(1);

/// For a dead peer that says nothing.
pub(super) const KEEPALIVE: Duration = Duration::from_secs(30);

/// How connections to one kind of server are made.
pub(super) trait Dial: Send + Sync + 'static {
    type Connection: AsyncConnection<TransactionManager = AnsiTransactionManager> + 'static;

    /// A connection with all its settings made.
    fn dial(&self) -> impl Future<Output = Result<Self::Connection, OpenError>> + Send;

    /// The URL without its password.
    fn place(&self) -> String;
}

/// [`Dial::dial`], within [`PATIENCE`].
pub(super) async fn dial<D: Dial>(dialer: &D) -> Result<D::Connection, OpenError> {
    let late = |_| OpenError::Unreachable {
        place: dialer.place(),
        reason: format!("no answer within {PATIENCE:?}"),
    };
    // Boxed: it is large, rarely runs, and would be carried along by everything that may need a connection.
    timeout(PATIENCE, Box::pin(dialer.dial())).await.map_err(late)?
}

/// Runs `work` on a connection of its own and a thread that may block, as diesel's migrations do.
pub(super) async fn blocking<D, T, W>(dialer: D, work: W) -> Result<T, OpenError>
where
    D: Dial,
    T: Send + 'static,
    W: FnOnce(&mut AsyncConnectionWrapper<D::Connection>) -> Result<T, Failure> + Send + 'static,
{
    let connection = dial(&dialer).await?;
    let failed = |failure: Failure| OpenError::Migrate {
        place: dialer.place(),
        reason: failure.to_string().replace('\n', " "),
    };
    tokio::task::spawn_blocking(move || work(&mut AsyncConnectionWrapper::from(connection)))
        .await
        .map_err(|ended| failed(ended.into()))?
        .map_err(failed)
}

/// Makes connections for the pool, and looks whether a used one still serves.
pub(super) struct Connections<D>(D);

impl<D: Dial> Manager for Connections<D> {
    type Type = D::Connection;
    type Error = OpenError;

    async fn create(&self) -> Result<D::Connection, OpenError> {
        dial(&self.0).await
    }

    async fn recycle(&self, connection: &mut D::Connection, metrics: &Metrics) -> RecycleResult<OpenError> {
        if AnsiTransactionManager::is_broken_transaction_manager(connection) {
            return Err(RecycleError::message("it came back in the middle of a transaction"));
        }
        if metrics.last_used() < FRESH {
            return Ok(());
        }
        match timeout(ANSWER, connection.batch_execute("SELECT 1")).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => Err(RecycleError::message(error.to_string())),
            Err(_) => Err(RecycleError::message("it does not answer")),
        }
    }
}

/// A server, by its connections. Cheap to clone.
pub(super) struct Server<D: Dial>(Pool<Connections<D>>);

impl<D: Dial> Clone for Server<D> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<D: Dial> Server<D> {
    pub(super) fn new(dialer: D, connections: NonZeroU16) -> Result<Self, OpenError> {
        let place = dialer.place();
        let built = Pool::builder(Connections(dialer)).max_size(connections.get().into()).build();
        Ok(Self(built.map_err(|error| OpenError::Server { place, reason: error.to_string() })?))
    }

    pub(super) fn connections(&self) -> super::Connections {
        let status = self.0.status();
        super::Connections {
            open: status.size,
            used: status.size.saturating_sub(status.available),
            waited_for: status.waiting,
        }
    }

    /// A connection that works.
    pub(super) async fn lend(&self) -> Result<Lent<D>, StoreError> {
        let busy = |_| StoreError::Unavailable(format!("no connection within {PATIENCE:?}"));
        match timeout(PATIENCE, self.0.get()).await.map_err(busy)? {
            Ok(connection) => Ok(Lent(connection)),
            Err(PoolError::Backend(error)) => Err(StoreError::Unavailable(error.to_string())),
            Err(error) => Err(StoreError::Unavailable(error.to_string())),
        }
    }
}

/// The outcome of `work`, if it ends in time. The connection of one that does not is not to be used again.
pub(super) async fn within<T>(
    time: Duration,
    work: impl Future<Output = Result<T, StoreError>>,
) -> Result<T, StoreError> {
    let late = |_| StoreError::Unavailable(format!("the database took more than {time:?}"));
    timeout(time, work).await.map_err(late)?
}

/// A connection that somebody has for a while.
pub(super) struct Lent<D: Dial>(Object<Connections<D>>);

impl<D: Dial> Lent<D> {
    pub(super) fn connection(&mut self) -> &mut D::Connection {
        &mut self.0
    }

    pub(super) async fn begin(&mut self) -> Result<(), StoreError> {
        within(READ, async { Ok(AnsiTransactionManager::begin_transaction(self.connection()).await?) }).await
    }

    /// Commits when `outcome` is good, else rolls back and gives the first error.
    ///
    /// # Errors
    /// Also when the commit's answer did not come: it may have been made, and is not acknowledged.
    pub(super) async fn end<T>(mut self, outcome: Result<T, StoreError>) -> Result<T, StoreError> {
        match outcome {
            Ok(value) => {
                let commit = AnsiTransactionManager::commit_transaction(self.connection());
                let committed = within(WRITE, async { Ok(commit.await?) }).await;
                self.give_back(committed.map(|()| value))
            }
            Err(error) => {
                let rollback = AnsiTransactionManager::rollback_transaction(self.connection());
                if !matches!(timeout(ANSWER, rollback).await, Ok(Ok(()))) {
                    tracing::debug!("a rollback failed, the connection is dropped");
                    drop(Object::take(self.0));
                    return Err(error);
                }
                self.give_back(Err(error))
            }
        }
    }

    /// Gives the connection back, unless `outcome` says that it may be broken.
    pub(super) fn give_back<T>(self, outcome: Result<T, StoreError>) -> Result<T, StoreError> {
        if let Err(StoreError::Unavailable(_)) = outcome {
            drop(Object::take(self.0));
        }
        outcome
    }
}

/// Locks the rows that a query finds until the transaction ends, and waits for whoever has locked them.
macro_rules! for_update {
    ($query:expr) => {
        diesel::QueryDsl::for_update($query)
    };
}

/// The same, without those that somebody else has locked.
macro_rules! skip_locked {
    ($query:expr) => {
        diesel::QueryDsl::skip_locked(diesel::QueryDsl::for_update($query))
    };
}

/// Adds these rows. In one statement, which is one way to the server.
macro_rules! insert_all {
    ($conn:expr, $table:expr, $rows:expr) => {{
        diesel::insert_into($table).values($rows).execute($conn).await?;
    }};
}

pub(super) use for_update;
pub(super) use insert_all;
pub(super) use skip_locked;
