//! Where the inboxes are: SQLite in a directory of its own, and servers of our own where they are installed.

use anyhow::Context as _;
use gatepipe_test_databases::{Kind, Server, Settings};
use tempfile::TempDir;

use super::say;

/// Which database.
#[derive(Debug, Clone, Copy)]
pub(super) enum Database {
    Sqlite,
    Server(Kind),
}

/// One that runs until it is dropped. Its commits reach the disk before they are acknowledged.
pub(super) enum Running {
    Sqlite(TempDir),
    Server(Box<Server>, String),
}

impl Database {
    pub(super) const ALL: [Self; 3] = [Self::Sqlite, Self::Server(Kind::Postgres), Self::Server(Kind::Mysql)];

    /// `None`, and a line that says so, where it is not installed.
    pub(super) async fn start(self) -> anyhow::Result<Option<Running>> {
        match self {
            Self::Sqlite => Ok(Some(Running::Sqlite(TempDir::new().context("a directory")?))),
            Self::Server(kind) => {
                let settings = Settings { durable: true, ..Settings::default() };
                let Some(server) = Server::start(kind, settings).await else { return Ok(None) };
                let url = server.database().await;
                say(&format!("storage: {kind} runs"));
                Ok(Some(Running::Server(Box::new(server), url)))
            }
        }
    }
}

impl Running {
    /// What is installed by Debian's `mariadb-server` is called by its own name.
    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::Sqlite(_) => "SQLite",
            Self::Server(server, _) => match server.kind() {
                Kind::Postgres => "PostgreSQL",
                Kind::Mysql => "MariaDB",
            },
        }
    }

    pub(super) fn url(&self) -> String {
        match self {
            Self::Sqlite(dir) => format!("sqlite://{}", dir.path().join("gatepipe.db").display()),
            Self::Server(_, url) => url.clone(),
        }
    }
}
