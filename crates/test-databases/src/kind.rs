//! What differs between the servers: programs, flags, words.

use std::fmt;
use std::path::Path;

use crate::programs::{Programs, variable};

/// A database server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// PostgreSQL.
    Postgres,
    /// MariaDB, for everything that speaks MySQL's wire.
    Mysql,
}

/// Enough for all tests that one process runs at the same time.
const CONNECTIONS: u16 = 300;

impl Kind {
    /// Every one.
    pub const ALL: [Self; 2] = [Self::Postgres, Self::Mysql];

    /// The one that `GATEPIPE_TEST_DATABASE` names: `postgres` or `mysql`; `None`: SQLite, or nothing is said.
    ///
    /// # Panics
    /// When it names something else.
    #[must_use]
    pub fn chosen() -> Option<Self> {
        let chosen = variable("GATEPIPE_TEST_DATABASE")?;
        match chosen.to_str() {
            Some("" | "sqlite") => None,
            Some("postgres") => Some(Self::Postgres),
            Some("mysql") => Some(Self::Mysql),
            _ => panic!("GATEPIPE_TEST_DATABASE is {chosen:?}; it can be sqlite, postgres or mysql"),
        }
    }

    /// What a URL begins with.
    #[must_use]
    pub fn scheme(self) -> &'static str {
        match self {
            Self::Postgres => "postgres",
            Self::Mysql => "mysql",
        }
    }

    /// What is missing and how to get it.
    #[must_use]
    pub fn remedy(self) -> &'static str {
        match self {
            Self::Postgres => "PostgreSQL is not installed (apt-get install postgresql)",
            Self::Mysql => "MariaDB is not installed (apt-get install mariadb-server)",
        }
    }

    /// The log line that says that the port is its own and that it serves.
    pub(crate) fn ready(self) -> &'static str {
        match self {
            Self::Postgres => "database system is ready to accept connections",
            Self::Mysql => "ready for connections.",
        }
    }

    /// The signal that ends it at once: PostgreSQL keeps shared memory of the system, which only it can give back.
    pub(crate) fn end_signal(self) -> &'static str {
        match self {
            Self::Postgres => "QUIT",
            Self::Mysql => "KILL",
        }
    }

    /// The commands that fill an empty `dir`, in order, each with what it reads. `dir/data` holds the database afterwards, with a
    /// user that may do everything and one that owns nothing yet.
    pub(crate) fn initialise(self, programs: &Programs, dir: &Path) -> Vec<Step> {
        let path = |name: &str| dir.join(name).display().to_string();
        match self {
            Self::Postgres => vec![
                Step {
                    program: programs.initialiser.clone(),
                    arguments: vec![
                        format!("--pgdata={}", path("data")),
                        format!("--pwfile={}", path("password")),
                        "--username=postgres".into(),
                        "--auth=scram-sha-256".into(),
                        "--encoding=UTF8".into(),
                        "--locale=C".into(),
                        "--no-sync".into(),
                    ],
                    reads: String::new(),
                },
                Step {
                    program: programs.server.clone(),
                    arguments: vec!["--single".into(), "-D".into(), path("data"), "postgres".into()],
                    reads: format!("CREATE ROLE gatepipe LOGIN PASSWORD '{}'\n", crate::server::PASSWORD),
                },
            ],
            Self::Mysql => vec![
                Step {
                    program: programs.initialiser.clone(),
                    arguments: vec![
                        "--no-defaults".into(),
                        format!("--datadir={}", path("data")),
                        "--auth-root-authentication-method=normal".into(),
                        "--skip-name-resolve".into(),
                        "--skip-test-db".into(),
                        "--innodb-log-file-size=32M".into(),
                    ],
                    reads: String::new(),
                },
                Step {
                    program: programs.server.clone(),
                    arguments: vec![
                        "--no-defaults".into(),
                        "--bootstrap".into(),
                        format!("--datadir={}", path("data")),
                        "--innodb-log-file-size=32M".into(),
                    ],
                    // Without the first line a bootstrapping server knows no users.
                    reads: format!(
                        "FLUSH PRIVILEGES;\n\
                         CREATE USER 'root'@'%' IDENTIFIED BY '{0}';\n\
                         GRANT ALL ON *.* TO 'root'@'%' WITH GRANT OPTION;\n\
                         DROP USER 'root'@'127.0.0.1';\n\
                         CREATE USER 'gatepipe'@'%' IDENTIFIED BY '{0}';\n\
                         GRANT ALL ON `test\\_%`.* TO 'gatepipe'@'%';\n",
                        crate::server::PASSWORD
                    ),
                },
            ],
        }
    }

    /// The flags of a server on `dir/data` and `port`. `durable`: what is committed survives a kill of the machine, as in production.
    pub(crate) fn flags(self, dir: &Path, port: u16, durable: bool, tls: bool) -> Vec<String> {
        let path = |name: &str| dir.join(name).display().to_string();
        match self {
            Self::Postgres => {
                let mut settings = vec![
                    "listen_addresses=127.0.0.1".to_owned(),
                    format!("port={port}"),
                    "unix_socket_directories=".into(),
                    format!("max_connections={CONNECTIONS}"),
                    "shared_buffers=16MB".into(),
                    "jit=off".into(),
                    "autovacuum=off".into(),
                    "logging_collector=off".into(),
                ];
                if !durable {
                    settings.extend(
                        ["fsync", "synchronous_commit", "full_page_writes"].map(|name| format!("{name}=off")),
                    );
                }
                if tls {
                    settings.push("ssl=on".into());
                    settings.push(format!("ssl_cert_file={}", path("server.pem")));
                    settings.push(format!("ssl_key_file={}", path("server.key")));
                }
                let settings = settings.into_iter().flat_map(|setting| ["-c".to_owned(), setting]);
                ["-D".to_owned(), path("data")].into_iter().chain(settings).collect()
            }
            Self::Mysql => {
                let mut flags = vec![
                    "--no-defaults".to_owned(),
                    format!("--datadir={}", path("data")),
                    "--bind-address=127.0.0.1".into(),
                    format!("--port={port}"),
                    format!("--socket={}", path("socket")),
                    format!("--pid-file={}", path("pid")),
                    format!("--tmpdir={}", dir.display()),
                    "--skip-log-bin".into(),
                    "--skip-name-resolve".into(),
                    "--performance-schema=OFF".into(),
                    format!("--max-connections={CONNECTIONS}"),
                    "--innodb-buffer-pool-size=16M".into(),
                    "--innodb-log-file-size=32M".into(),
                    // The kernel's asynchronous I/O counts against a limit of the user, which many servers at once would pass.
                    "--innodb-use-native-aio=OFF".into(),
                    "--key-buffer-size=1M".into(),
                    "--aria-pagecache-buffer-size=2M".into(),
                    // What a server without a configuration has: tables must not rely on anything better.
                    "--character-set-server=latin1".into(),
                    "--collation-server=latin1_swedish_ci".into(),
                ];
                if durable {
                    flags.push("--innodb-flush-log-at-trx-commit=1".into());
                } else {
                    flags.push("--innodb-flush-log-at-trx-commit=0".into());
                    flags.push("--innodb-flush-method=nosync".into());
                    flags.push("--innodb-doublewrite=OFF".into());
                }
                if tls {
                    flags.push(format!("--ssl-cert={}", path("server.pem")));
                    flags.push(format!("--ssl-key={}", path("server.key")));
                    flags.push(format!("--ssl-ca={}", path("ca.pem")));
                } else {
                    // Later releases make a certificate for themselves.
                    flags.push("--skip-ssl".into());
                }
                flags
            }
        }
    }
}

/// A program that is run to its end.
pub(crate) struct Step {
    pub(crate) program: std::path::PathBuf,
    pub(crate) arguments: Vec<String>,
    pub(crate) reads: String,
}

impl fmt::Display for Kind {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.scheme())
    }
}
