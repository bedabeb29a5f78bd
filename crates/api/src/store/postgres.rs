//! PostgreSQL, and what speaks its wire.

mod encryption;

use std::num::NonZeroU16;
use std::time::{Duration, Instant};

use diesel::connection::SimpleConnection;
use diesel::dsl::sql;
use diesel::pg::Pg;
use diesel::sql_types::Bool;
use diesel::{Connection as _, RunQueryDsl as _};
use diesel_async::async_connection_wrapper::AsyncConnectionWrapper;
use diesel_async::{AsyncPgConnection, SimpleAsyncConnection as _};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness as _, embed_migrations};
use secrecy::ExposeSecret as _;
use tokio_postgres::config::SslMode;
use tokio_postgres::error::SqlState;
use tokio_postgres::{Config, NoTls};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::OpenError;
use super::address::{Address, Words};
use super::migrate::{self, Failure};
use super::server::{Dial, KEEPALIVE, LOCK_SECONDS, STATEMENT_SECONDS, Server, blocking};
pub(super) use super::server::{for_update, insert_all, skip_locked};
use super::tls::Protection;

const MIGRATIONS: EmbeddedMigrations = embed_migrations!("../../migrations/postgres");

/// How long migrations of another process are waited for, and how often they are looked at.
const MIGRATING: Duration = Duration::from_secs(60);
const MIGRATING_LOOK: Duration = Duration::from_millis(200);

/// What the lock around migrations is called in each database: "gatepipe" in ASCII.
const MIGRATIONS_LOCK: i64 = 0x6761_7465_7069_7065;

/// libpq's words.
pub(super) const WORDS: Words = Words {
    scheme: "postgres",
    port: 5432,
    socket: "host",
    mode: "sslmode",
    modes: &[
        ("disable", Protection::None),
        ("prefer", Protection::IfOffered),
        ("require", Protection::Encrypted),
        ("verify-ca", Protection::Authority),
        ("verify-full", Protection::Host),
    ],
    roots: "sslrootcert",
};

pub(super) type Postgres = Server<Dialer>;

type Blocking = AsyncConnectionWrapper<AsyncPgConnection>;

/// Makes connections.
pub(super) struct Dialer {
    config: Config,
    tls: Option<MakeRustlsConnect>,
    address: Address,
}

impl Dialer {
    fn new(address: &Address) -> Result<Self, OpenError> {
        let mut config = Config::new();
        config
            .user(&address.user)
            .dbname(&address.database)
            .port(address.port)
            .application_name("gatepipe")
            .keepalives_idle(KEEPALIVE)
            .keepalives_interval(KEEPALIVE / 3)
            .keepalives_retries(3)
            .tcp_user_timeout(KEEPALIVE)
            .ssl_mode(match address.tls.protection {
                Protection::None => SslMode::Disable,
                Protection::IfOffered => SslMode::Prefer,
                Protection::Encrypted | Protection::Authority | Protection::Host => SslMode::Require,
            });
        match &address.socket {
            Some(socket) => config.host_path(socket),
            None => config.host(&address.host),
        };
        if let Some(password) = &address.password {
            config.password(password.expose_secret());
        }
        let tls = encryption::connector(&address.tls)
            .map_err(|reason| OpenError::Tls { place: address.to_string(), reason })?;
        Ok(Self { config, tls, address: address.clone() })
    }

    fn error(&self, error: &tokio_postgres::Error) -> OpenError {
        let place = self.place();
        let reason = match error.as_db_error() {
            Some(error) => error.message().to_owned(),
            None => with_causes(error),
        };
        let reason = reason.replace('\n', " ");
        match error.code() {
            Some(code) if *code == SqlState::INVALID_CATALOG_NAME => {
                let advice = format!(
                    "CREATE DATABASE \"{}\" OWNER \"{}\" ENCODING 'UTF8' TEMPLATE template0",
                    self.address.database, self.address.user
                );
                OpenError::Missing { place, reason, advice }
            }
            Some(code)
                if *code == SqlState::INVALID_PASSWORD
                    || *code == SqlState::INVALID_AUTHORIZATION_SPECIFICATION =>
            {
                OpenError::Refused { place, reason }
            }
            Some(_) => OpenError::Server { place, reason },
            None if reason.contains("TLS") => OpenError::Tls { place, reason },
            None if reason.contains("password") => OpenError::Refused { place, reason },
            None => OpenError::Unreachable { place, reason },
        }
    }
}

/// The driver says where it stopped, and only the causes say why.
fn with_causes(error: &tokio_postgres::Error) -> String {
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(inner) = cause {
        text = format!("{text}: {inner}");
        cause = inner.source();
    }
    text
}

impl Dial for Dialer {
    type Connection = AsyncPgConnection;

    async fn dial(&self) -> Result<AsyncPgConnection, OpenError> {
        let connected = match &self.tls {
            None => {
                let (client, connection) =
                    self.config.connect(NoTls).await.map_err(|error| self.error(&error))?;
                AsyncPgConnection::try_from_client_and_connection(client, connection).await
            }
            Some(tls) => {
                let (client, connection) =
                    self.config.connect(tls.clone()).await.map_err(|error| self.error(&error))?;
                AsyncPgConnection::try_from_client_and_connection(client, connection).await
            }
        };
        let unusable = |reason: String| OpenError::Server { place: self.place(), reason };
        let mut connection = connected.map_err(|error| unusable(error.to_string()))?;
        let settings = format!(
            "SET default_transaction_isolation = 'read committed';
             SET statement_timeout = '{STATEMENT_SECONDS}s';
             SET lock_timeout = '{LOCK_SECONDS}s';
             SET idle_in_transaction_session_timeout = '120s';"
        );
        connection.batch_execute(&settings).await.map_err(|error| unusable(error.to_string()))?;
        Ok(connection)
    }

    fn place(&self) -> String {
        self.address.to_string()
    }
}

/// Brings the tables up to date and opens the pool.
pub(super) async fn open(address: &Address, connections: NonZeroU16) -> Result<Postgres, OpenError> {
    if address.tls.protection == Protection::None && !address.is_local() {
        tracing::warn!(database = %address, "the connection to the database is not encrypted; sslmode=verify-full in its URL changes that");
    }
    locked(address, |connection| migrate::run(connection, MIGRATIONS)).await?;
    Server::new(Dialer::new(address)?, connections)
}

/// Every migration by name, and whether it has run.
pub(super) async fn migrations(address: &Address) -> Result<Vec<(String, bool)>, OpenError> {
    blocking(Dialer::new(address)?, |connection: &mut Blocking| {
        // The harness would make its table when it is missing.
        let begun = sql::<Bool>("to_regclass('__diesel_schema_migrations') IS NOT NULL");
        let done = match diesel::select(begun).get_result::<bool>(connection)? {
            true => connection.applied_migrations()?,
            false => Vec::new(),
        };
        migrate::status::<Pg>(MIGRATIONS, &done)
    })
    .await
}

/// Takes back the last `steps` migrations, all of them or none.
pub(super) async fn revert(address: &Address, steps: usize) -> Result<Vec<String>, OpenError> {
    locked(address, move |connection| migrate::revert(connection, MIGRATIONS, steps)).await
}

/// Runs `work` in one transaction, alone among all processes: all or nothing is done.
async fn locked<T: Send + 'static>(
    address: &Address,
    work: impl FnOnce(&mut Blocking) -> Result<T, Failure> + Send + 'static,
) -> Result<T, OpenError> {
    let done = blocking(Dialer::new(address)?, |connection: &mut Blocking| {
        let outcome: Result<_, Undone> = connection.transaction(|connection| {
            SimpleConnection::batch_execute(connection, "SET LOCAL statement_timeout = 0")?;
            let begun = Instant::now();
            let lock = format!("pg_try_advisory_xact_lock({MIGRATIONS_LOCK})");
            while !diesel::select(sql::<Bool>(&lock)).get_result::<bool>(connection)? {
                if begun.elapsed() > MIGRATING {
                    return Err(Undone::Busy);
                }
                #[expect(clippy::disallowed_methods, reason = "this thread may block")]
                std::thread::sleep(MIGRATING_LOOK);
            }
            work(connection).map_err(Undone::Failed)
        });
        match outcome {
            Ok(value) => Ok(Some(value)),
            Err(Undone::Busy) => Ok(None),
            Err(Undone::Failed(failure)) => Err(failure),
        }
    });
    done.await?.ok_or_else(|| OpenError::Busy { place: address.to_string() })
}

enum Undone {
    Busy,
    Failed(Failure),
}

impl From<diesel::result::Error> for Undone {
    fn from(error: diesel::result::Error) -> Self {
        Self::Failed(error.into())
    }
}
