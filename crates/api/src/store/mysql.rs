//! MySQL and MariaDB.

use std::num::NonZeroU16;

use diesel::RunQueryDsl as _;
use diesel::connection::SimpleConnection;
use diesel::dsl::sql;
use diesel::mysql::Mysql as Dialect;
use diesel::sql_types::{BigInt, Nullable};
use diesel_async::async_connection_wrapper::AsyncConnectionWrapper;
use diesel_async::{AsyncMysqlConnection, SimpleAsyncConnection as _};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness as _, embed_migrations};
use mysql_async::{Conn, DriverError, Error, IoError, Opts, OptsBuilder, SslOpts};
use secrecy::ExposeSecret as _;

use super::OpenError;
use super::address::{Address, Words};
use super::migrate::{self, Failure};
use super::server::{Dial, KEEPALIVE, LOCK_SECONDS, STATEMENT_SECONDS, Server, blocking};
pub(super) use super::server::{for_update, insert_all, skip_locked};
use super::tls::Protection;

const MIGRATIONS: EmbeddedMigrations = embed_migrations!("../../migrations/mysql");

/// How long migrations of another process are waited for.
const MIGRATING_SECONDS: u32 = 60;

/// The lock around migrations, one for each database of a server; at most 64 characters.
const MIGRATIONS_LOCK: &str = "CONCAT('gatepipe ', MD5(DATABASE()))";

/// The words of the `mysql` program. `VERIFY_CA` is not among them: the driver checks the name along with the authority.
pub(super) const WORDS: Words = Words {
    scheme: "mysql",
    port: 3306,
    socket: "socket",
    mode: "ssl-mode",
    modes: &[
        ("DISABLED", Protection::None),
        ("REQUIRED", Protection::Encrypted),
        ("VERIFY_IDENTITY", Protection::Host),
    ],
    roots: "ssl-ca",
};

pub(super) type Mysql = Server<Dialer>;

type Blocking = AsyncConnectionWrapper<AsyncMysqlConnection>;

/// Makes connections.
pub(super) struct Dialer {
    opts: Opts,
    address: Address,
}

impl Dialer {
    fn new(address: &Address) -> Result<Self, OpenError> {
        let password = address.password.as_ref().map(|password| password.expose_secret().to_owned());
        let keepalive = u32::try_from(KEEPALIVE.as_millis()).unwrap_or(u32::MAX);
        let opts = OptsBuilder::default()
            .ip_or_hostname(address.host.as_str())
            .tcp_port(address.port)
            .socket(address.socket.as_ref().map(|socket| socket.to_string_lossy()))
            // Where the URL says, and not to a socket that the server tells of.
            .prefer_socket(false)
            .user(Some(address.user.as_str()))
            .pass(password)
            .db_name(Some(address.database.as_str()))
            .tcp_keepalive(Some(keepalive))
            .ssl_opts(encryption(address)?)
            // diesel keeps its own.
            .stmt_cache_size(0)
            // A row that a statement found counts, whether it changed anything in it or not, as elsewhere.
            .client_found_rows(true);
        Ok(Self { opts: opts.into(), address: address.clone() })
    }

    fn error(&self, error: Error) -> OpenError {
        let place = self.place();
        let encryption = match &error {
            Error::Driver(DriverError::NoClientSslFlagFromServer) | Error::Io(IoError::Tls(_)) => true,
            Error::Io(IoError::Io(error)) => error.get_ref().is_some_and(|inner| inner.is::<rustls::Error>()),
            _ => false,
        };
        let reason = match &error {
            Error::Server(error) => error.message.clone(),
            Error::Driver(error) => error.to_string(),
            Error::Io(IoError::Io(error)) => error.to_string(),
            error => error.to_string(),
        };
        let reason = reason.replace('\n', " ");
        match error {
            _ if encryption => OpenError::Tls { place, reason },
            Error::Server(error) => match error.code {
                // Denied, by name, for this database, from this host, without a password.
                1044 | 1045 | 1130 | 1698 => OpenError::Refused { place, reason },
                1049 => {
                    let advice = format!("CREATE DATABASE `{}` CHARACTER SET utf8mb4", self.address.database);
                    OpenError::Missing { place, reason, advice }
                }
                _ => OpenError::Server { place, reason },
            },
            _ => OpenError::Unreachable { place, reason },
        }
    }
}

fn encryption(address: &Address) -> Result<Option<SslOpts>, OpenError> {
    let failed = |reason| OpenError::Tls { place: address.to_string(), reason };
    let authorities = || {
        let authorities = address.tls.authorities().map_err(failed)?;
        Ok(authorities.into_iter().map(|certificate| certificate.to_vec().into()).collect())
    };
    Ok(match address.tls.protection {
        Protection::None | Protection::IfOffered => None,
        Protection::Encrypted => Some(SslOpts::default().with_danger_accept_invalid_certs(true)),
        Protection::Authority | Protection::Host => {
            Some(SslOpts::default().with_disable_built_in_roots(true).with_root_certs(authorities()?))
        }
    })
}

impl Dial for Dialer {
    type Connection = AsyncMysqlConnection;

    async fn dial(&self) -> Result<AsyncMysqlConnection, OpenError> {
        let connection = Conn::new(self.opts.clone()).await.map_err(|error| self.error(error))?;
        let unusable = |reason: String| OpenError::Server { place: self.place(), reason };
        let mut connection =
            AsyncMysqlConnection::try_from(connection).await.map_err(|error| unusable(error.to_string()))?;
        // The two databases bound statements by different names, and each takes the other's for a comment.
        let settings = format!(
            "SET NAMES utf8mb4;
             SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED;
             SET SESSION sql_mode = 'STRICT_ALL_TABLES,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION',
                 innodb_lock_wait_timeout = {LOCK_SECONDS},
                 lock_wait_timeout = {STATEMENT_SECONDS}
                 /*M!100101 , max_statement_time = {STATEMENT_SECONDS} */
                 /*!50708 , max_execution_time = {STATEMENT_SECONDS}000 */"
        );
        connection.batch_execute(&settings).await.map_err(|error| unusable(error.to_string()))?;
        Ok(connection)
    }

    fn place(&self) -> String {
        self.address.to_string()
    }
}

/// Brings the tables up to date and opens the pool.
pub(super) async fn open(address: &Address, connections: NonZeroU16) -> Result<Mysql, OpenError> {
    if address.tls.protection == Protection::None && !address.is_local() {
        tracing::warn!(database = %address, "the connection to the database is not encrypted; ssl-mode=VERIFY_IDENTITY in its URL changes that");
    }
    locked(address, |connection| migrate::run(connection, MIGRATIONS)).await?;
    Server::new(Dialer::new(address)?, connections)
}

/// Every migration by name, and whether it has run.
pub(super) async fn migrations(address: &Address) -> Result<Vec<(String, bool)>, OpenError> {
    blocking(Dialer::new(address)?, |connection: &mut Blocking| {
        // The harness would make its table when it is missing.
        let begun = "(SELECT COUNT(*) FROM information_schema.tables
            WHERE table_schema = DATABASE() AND table_name = '__diesel_schema_migrations')";
        let done = match diesel::select(sql::<BigInt>(begun)).get_result::<i64>(connection)? {
            0 => Vec::new(),
            _ => connection.applied_migrations()?,
        };
        migrate::status::<Dialect>(MIGRATIONS, &done)
    })
    .await
}

/// Takes back the last `steps` migrations.
pub(super) async fn revert(address: &Address, steps: usize) -> Result<Vec<String>, OpenError> {
    locked(address, move |connection| migrate::revert(connection, MIGRATIONS, steps)).await
}

/// Runs `work` alone among all processes. Tables are not made in transactions here: what was done before `work` fails stays.
async fn locked<T: Send + 'static>(
    address: &Address,
    work: impl FnOnce(&mut Blocking) -> Result<T, Failure> + Send + 'static,
) -> Result<T, OpenError> {
    let done = blocking(Dialer::new(address)?, |connection: &mut Blocking| {
        let patient = format!(
            "SET SESSION lock_wait_timeout = {MIGRATING_SECONDS}
                 /*M!100101 , max_statement_time = 0 */
                 /*!50708 , max_execution_time = 0 */"
        );
        SimpleConnection::batch_execute(connection, &patient)?;
        let lock = format!("GET_LOCK({MIGRATIONS_LOCK}, {MIGRATING_SECONDS})");
        let lock = diesel::select(sql::<Nullable<BigInt>>(&lock));
        match lock.get_result::<Option<i64>>(connection)? {
            // It ends with this connection.
            Some(1) => work(connection).map(Some),
            _ => Ok(None),
        }
    });
    done.await?.ok_or_else(|| OpenError::Busy { place: address.to_string() })
}
