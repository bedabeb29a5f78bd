//! SQLite: one file, many readers, one writer.
//!
//! SQLite blocks, so what a method does with a connection runs from its first query to its last on one thread that may block:
//! each change of threads would cost more than most queries.
//!
//! Writers of this process queue for the one writing connection, in order and for at most [`PATIENCE`], instead of fighting
//! for the file's lock; another process (the CLI) is waited for by SQLite's own busy timeout, as long again.
//! The file is looked at before each use: one that was moved away or deleted would still take writes through the open
//! connections, and those would be lost.

use std::error::Error as StdError;
use std::fs::OpenOptions;
use std::io;
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use diesel::RunQueryDsl as _;
use diesel::connection::{AnsiTransactionManager, SimpleConnection as _, TransactionManager as _};
use diesel::dsl::sql;
use diesel::result::Error;
use diesel::sql_types::BigInt;
use diesel::sqlite::Sqlite as Sqlite3;
use diesel::{Connection as _, SqliteConnection};
use diesel_async::pooled_connection::deadpool::{Object, Pool};
use diesel_async::pooled_connection::{AsyncDieselConnectionManager, ManagerConfig, RecyclingMethod};
use diesel_async::sync_connection_wrapper::{SpawnBlocking, SyncConnectionWrapper};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness as _, embed_migrations};
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use parking_lot::Mutex;
use tracing::Span;

use super::migrate::{self, Failure};
use super::{OpenError, StoreError};

const MIGRATIONS: EmbeddedMigrations = embed_migrations!("../../migrations/sqlite");

/// How many queries read at once; more wait.
const READERS: usize = 8;

/// How long a call waits for a connection.
const PATIENCE: Duration = Duration::from_secs(5);

/// Between two tries at a file that another process is just making.
const PAUSE: Duration = Duration::from_millis(10);

/// For every connection, because none of it is kept in the file except the journal's mode. The timeout comes first, so that the
/// other settings wait for a lock too. FULL, so that a commit is on the disk when it is acknowledged.
const SETTINGS: &str = "PRAGMA busy_timeout = 5000;
    PRAGMA journal_mode = WAL;
    PRAGMA synchronous = FULL;
    PRAGMA foreign_keys = ON;";

type Connection = SyncConnectionWrapper<SqliteConnection, AtOnce>;

/// A connection that somebody has for a while.
pub(super) type Lent = Object<Connection>;

/// Queries run where they are asked: whoever has a connection is on a thread that may block.
pub(super) struct AtOnce;

impl SpawnBlocking for AtOnce {
    fn spawn_blocking<'a, R: Send + 'static>(
        &mut self,
        task: impl FnOnce() -> R + Send + 'static,
    ) -> BoxFuture<'a, Result<R, Box<dyn StdError + Send + Sync>>> {
        std::future::ready(Ok(task())).boxed()
    }

    fn get_runtime() -> Self {
        Self
    }
}

#[derive(Clone)]
pub(super) struct Sqlite {
    readers: Pool<Connection>,
    writer: Pool<Connection>,
    file: Arc<DatabaseFile>,
}

impl Sqlite {
    pub(super) async fn open(path: &Path) -> Result<Self, OpenError> {
        let path = path.to_owned();
        prepare(&path).await?;
        let file =
            DatabaseFile::find(&path).map_err(|cause| OpenError::File { path: path.clone(), cause })?;
        let pool = |settings: String, connections| {
            Pool::builder(manager(&path, settings))
                .max_size(connections)
                .build()
                .map_err(|error| OpenError::Database { path: path.clone(), reason: error.to_string() })
        };
        Ok(Self {
            readers: pool(format!("{SETTINGS} PRAGMA query_only = ON;"), READERS)?,
            writer: pool(SETTINGS.into(), 1)?,
            file: Arc::new(file),
        })
    }

    /// Runs `work` on a connection that cannot write.
    pub(super) async fn read<T: Send + 'static>(
        &self,
        work: impl FnOnce(Lent) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.run(&self.readers, work).await
    }

    /// Runs `work` on the one connection that writes.
    pub(super) async fn write<T: Send + 'static>(
        &self,
        work: impl FnOnce(Lent) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.run(&self.writer, work).await
    }

    async fn run<T, W>(&self, pool: &Pool<Connection>, mut work: W) -> Result<T, StoreError>
    where
        T: Send + 'static,
        W: FnOnce(Lent) -> Result<T, StoreError> + Send + 'static,
    {
        loop {
            let lent = tokio::time::timeout(PATIENCE, pool.get())
                .await
                .map_err(|_| StoreError::Unavailable(format!("busy for more than {PATIENCE:?}")))?
                .map_err(|error| StoreError::Unavailable(error.to_string()))?;
            let (file, span) = (Arc::clone(&self.file), Span::current());
            let ran = tokio::task::spawn_blocking(move || {
                let _entered = span.entered();
                if Object::metrics(&lent).created >= file.since()? {
                    return work(lent).map(Ran::Done);
                }
                drop(Object::take(lent));
                Ok(Ran::Outdated(work))
            });
            match ran.await {
                Ok(Ok(Ran::Done(value))) => return Ok(value),
                Ok(Ok(Ran::Outdated(again))) => work = again,
                Ok(Err(error)) => return Err(error),
                Err(ended) if ended.is_panic() => std::panic::resume_unwind(ended.into_panic()),
                Err(_) => return Err(StoreError::Unavailable("the program is stopping".into())),
            }
        }
    }
}

/// What became of some work on a connection.
enum Ran<T, W> {
    Done(T),
    /// Not begun: the connection belonged to a file that is no longer there.
    Outdated(W),
}

/// The outcome of a method's body, which never waits: its connection is [`AtOnce`].
pub(super) fn outcome<T>(body: impl Future<Output = Result<T, StoreError>>) -> Result<T, StoreError> {
    body.now_or_never().unwrap_or_else(|| Err(StoreError::fault("a query to SQLite waited for something")))
}

/// Opens a transaction that holds the write lock from its start: one that reads first and asks for the lock later fails
/// when another process wrote in between, whatever the busy timeout.
pub(super) async fn begin(connection: &mut Connection) -> Result<(), StoreError> {
    connection
        .spawn_blocking(|inner| AnsiTransactionManager::begin_transaction_sql(inner, "BEGIN IMMEDIATE"))
        .await?;
    Ok(())
}

/// Commits when `outcome` is good, else rolls back and gives the first error. A connection whose rollback fails is thrown
/// away by the pool.
pub(super) async fn end<T: Send + 'static>(
    connection: &mut Connection,
    outcome: Result<T, StoreError>,
) -> Result<T, StoreError> {
    match outcome {
        Ok(value) => {
            connection.spawn_blocking(AnsiTransactionManager::commit_transaction).await?;
            Ok(value)
        }
        Err(error) => {
            let rolled_back = connection.spawn_blocking(AnsiTransactionManager::rollback_transaction).await;
            if let Err(trouble) = rolled_back {
                tracing::debug!(%trouble, "a rollback failed, the connection is dropped");
            }
            Err(error)
        }
    }
}

/// The path as SQLite's URI, which opens an existing file only: a database that vanished is not replaced by an empty one.
fn uri(path: &Path) -> String {
    let mut uri = String::from("file:");
    for character in path.to_string_lossy().chars() {
        match character {
            '%' => uri.push_str("%25"),
            '?' => uri.push_str("%3f"),
            '#' => uri.push_str("%23"),
            other => uri.push(other),
        }
    }
    uri + "?mode=rw"
}

fn manager(path: &Path, settings: String) -> AsyncDieselConnectionManager<Connection> {
    let settings: Arc<str> = settings.into();
    let mut config = ManagerConfig::default();
    config.recycling_method = RecyclingMethod::Fast;
    config.custom_setup = Box::new(move |uri| {
        let (uri, settings) = (uri.to_owned(), Arc::clone(&settings));
        let connect = move || connect(&uri, &settings);
        async move {
            tokio::task::spawn_blocking(connect)
                .await
                .unwrap_or_else(|ended| Err(diesel::ConnectionError::BadConnection(ended.to_string())))
                .map(Connection::new)
        }
        .boxed()
    });
    AsyncDieselConnectionManager::new_with_config(uri(path), config)
}

fn connect(uri: &str, settings: &str) -> diesel::ConnectionResult<SqliteConnection> {
    let mut connection = SqliteConnection::establish(uri)?;
    connection.batch_execute(settings).map_err(diesel::ConnectionError::CouldntSetupConfiguration)?;
    Ok(connection)
}

/// Makes the file when there is none, and brings its tables up to date.
///
/// Turning a new file's journal to WAL needs the file for itself, and the busy timeout does not help there: SQLite gives up at
/// once when another process is about to do the same. That one is soon done, so it is tried again.
async fn prepare(path: &Path) -> Result<(), OpenError> {
    let since = Instant::now();
    loop {
        let file = path.to_owned();
        let prepared = tokio::task::spawn_blocking(move || prepare_once(&file))
            .await
            .map_err(|ended| OpenError::Database { path: path.into(), reason: ended.to_string() })?;
        match prepared {
            Err(Unprepared::Locked) if since.elapsed() < PATIENCE => tokio::time::sleep(PAUSE).await,
            Err(Unprepared::Locked) => {
                let reason = format!("another process has locked it for more than {PATIENCE:?}");
                return Err(OpenError::Database { path: path.into(), reason });
            }
            Err(Unprepared::Failed(error)) => return Err(error),
            Ok(()) => return Ok(()),
        }
    }
}

/// Why a file cannot be used yet, or at all.
enum Unprepared {
    Locked,
    Failed(OpenError),
}

fn prepare_once(path: &Path) -> Result<(), Unprepared> {
    make_file(path).map_err(Unprepared::Failed)?;
    let unusable = |error: diesel::ConnectionError| match error {
        diesel::ConnectionError::CouldntSetupConfiguration(Error::DatabaseError(_, told))
            if told.message() == "database is locked" =>
        {
            Unprepared::Locked
        }
        error => Unprepared::Failed(OpenError::Database { path: path.into(), reason: error.to_string() }),
    };
    let mut connection = connect(&uri(path), SETTINGS).map_err(unusable)?;
    // One transaction around all of them: several processes may start at once, and all or nothing is done.
    connection
        .immediate_transaction(|connection| migrate::run(connection, MIGRATIONS).map_err(Undone::Migration))
        .map_err(|undone| Unprepared::Failed(undone.told(path)))
}

/// Every migration by name, and whether it has run.
pub(super) async fn migrations(path: &Path) -> Result<Vec<(String, bool)>, OpenError> {
    let file = path.to_owned();
    let look = move || -> Result<_, Failure> {
        let mut connection = connect(&uri(&file), "PRAGMA busy_timeout = 5000; PRAGMA query_only = ON;")?;
        // The harness would make its table when it is missing.
        let begun = "(SELECT count(*) FROM sqlite_master WHERE name = '__diesel_schema_migrations')";
        let begun: i64 = diesel::select(sql::<BigInt>(begun)).get_result(&mut connection)?;
        let done = match begun {
            0 => Vec::new(),
            _ => connection.applied_migrations()?,
        };
        migrate::status::<Sqlite3>(MIGRATIONS, &done)
    };
    let unusable = |reason: String| OpenError::Database { path: path.into(), reason };
    match tokio::task::spawn_blocking(look).await {
        Ok(looked) => looked.map_err(|error| unusable(error.to_string())),
        Err(ended) => Err(unusable(ended.to_string())),
    }
}

/// Takes back the last `steps` migrations, all of them or none.
pub(super) async fn revert(path: &Path, steps: usize) -> Result<Vec<String>, OpenError> {
    let file = path.to_owned();
    let work = move || {
        let unusable = |error: diesel::ConnectionError| Undone::Begin(error.to_string());
        let mut connection = connect(&uri(&file), SETTINGS).map_err(unusable)?;
        connection.immediate_transaction(|connection| {
            migrate::revert(connection, MIGRATIONS, steps).map_err(Undone::Migration)
        })
    };
    match tokio::task::spawn_blocking(work).await {
        Ok(reverted) => reverted.map_err(|undone| undone.told(path)),
        Err(ended) => Err(OpenError::Database { path: path.into(), reason: ended.to_string() }),
    }
}

/// Why migrations were not run or taken back.
enum Undone {
    Begin(String),
    Migration(Failure),
}

impl Undone {
    fn told(self, path: &Path) -> OpenError {
        match self {
            Self::Begin(reason) => OpenError::Database { path: path.into(), reason },
            Self::Migration(reason) => {
                OpenError::Migrate { place: path.display().to_string(), reason: reason.to_string() }
            }
        }
    }
}

impl From<Error> for Undone {
    fn from(error: Error) -> Self {
        Self::Begin(error.to_string())
    }
}

/// The query itself: a transaction has the whole file for itself from its start.
macro_rules! for_update {
    ($query:expr) => {
        $query
    };
}

/// The query itself: nobody else is in a transaction.
macro_rules! skip_locked {
    ($query:expr) => {
        $query
    };
}

/// How many rows one statement adds. Always the same number, so that the statement is prepared once and kept; what is left over is
/// added row by row.
pub(super) const ROWS: usize = 25;

/// Adds these rows, on the connection itself: through its wrapper each statement would be written out anew to be found among the
/// prepared ones.
macro_rules! insert_all {
    ($conn:expr, $table:expr, $rows:expr) => {{
        let mut rows = $rows.into_iter();
        let insert = move |inner: &mut diesel::SqliteConnection| -> diesel::QueryResult<()> {
            loop {
                let some: Vec<_> = rows.by_ref().take($crate::store::sqlite::ROWS).collect();
                match <[_; $crate::store::sqlite::ROWS]>::try_from(some) {
                    Ok(some) => {
                        let statement = diesel::insert_into($table).values(some);
                        diesel::RunQueryDsl::execute(statement, inner)?;
                    }
                    Err(rest) => {
                        for row in rest {
                            diesel::RunQueryDsl::execute(diesel::insert_into($table).values(row), inner)?;
                        }
                        return Ok(());
                    }
                }
            }
        };
        $conn.spawn_blocking(insert).await?;
    }};
}

pub(super) use for_update;
pub(super) use insert_all;
pub(super) use skip_locked;

fn make_file(path: &Path) -> Result<(), OpenError> {
    let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty());
    if let Some(directory) = directory
        && !directory.is_dir()
    {
        std::fs::create_dir(directory)
            .map_err(|cause| OpenError::Directory { path: directory.into(), cause })?;
    }
    // Only when it is new: closing a second descriptor of a file would drop the locks that SQLite holds on it.
    let made = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
    match made {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        Err(cause) => Err(OpenError::File { path: path.into(), cause }),
    }
}

/// The file behind the path, and since when it is that one.
struct DatabaseFile {
    path: PathBuf,
    seen: Mutex<(FileName, Instant)>,
}

/// Device and inode.
type FileName = (u64, u64);

impl DatabaseFile {
    fn find(path: &Path) -> io::Result<Self> {
        Ok(Self { path: path.into(), seen: Mutex::new((Self::look(path)?, Instant::now())) })
    }

    fn look(path: &Path) -> io::Result<FileName> {
        let metadata = std::fs::metadata(path)?;
        Ok((metadata.dev(), metadata.ino()))
    }

    /// Connections made before this moment belong to a file that is no longer there.
    fn since(&self) -> Result<Instant, StoreError> {
        let now = Self::look(&self.path)
            .map_err(|error| StoreError::Unavailable(format!("{}: {error}", self.path.display())))?;
        let mut seen = self.seen.lock();
        if seen.0 != now {
            *seen = (now, Instant::now());
        }
        Ok(seen.1)
    }
}

#[cfg(test)]
mod tests {
    use diesel_async::RunQueryDsl;

    use super::*;

    #[tokio::test]
    async fn every_pooled_connection_commits_to_the_disk() {
        let dir = tempfile::tempdir().unwrap();
        let sqlite = Sqlite::open(&dir.path().join("x.db")).await.unwrap();
        let mut lent = vec![sqlite.writer.get().await.unwrap()];
        for _ in 0..READERS {
            lent.push(sqlite.readers.get().await.unwrap());
        }
        for connection in &mut lent {
            let pragma = async |connection: &mut Connection, name: &str| {
                let query =
                    diesel::sql_query(format!("SELECT CAST({name} AS TEXT) AS value FROM pragma_{name}"));
                let row: Pragma = RunQueryDsl::get_result(query, connection).await.unwrap();
                row.value
            };
            // 2 is FULL.
            assert_eq!(pragma(connection, "synchronous").await, "2");
            assert_eq!(pragma(connection, "journal_mode").await, "wal");
            assert_eq!(pragma(connection, "foreign_keys").await, "1");
        }
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_new_file_is_opened_by_many_at_once() {
        let dir = tempfile::tempdir().unwrap();
        for number in 0..50 {
            let path = dir.path().join(format!("{number}.db"));
            for opened in futures_util::future::join_all((0..6).map(|_| Sqlite::open(&path))).await {
                opened.unwrap();
            }
        }
    }

    #[derive(diesel::QueryableByName)]
    struct Pragma {
        #[diesel(sql_type = diesel::sql_types::Text)]
        value: String,
    }

    #[test]
    fn odd_names_stay_one_path() {
        assert_eq!(uri(Path::new("/a b/100%?#.db")), "file:/a b/100%25%3f%23.db?mode=rw");
    }
}
