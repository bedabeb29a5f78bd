//! Why a database could not be opened, in one line that says what to do.

use std::io;
use std::path::PathBuf;

/// Why the database could not be opened. No password is in it.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Not a URL that this build understands.
    #[error("the database URL cannot be used: {0}")]
    Url(String),
    /// The directory of a SQLite file does not exist and cannot be made.
    #[error("cannot make the directory {} for the database: {cause}; make it, or set --database-url to another place", path.display())]
    Directory {
        /// The directory.
        path: PathBuf,
        /// Why not.
        cause: io::Error,
    },
    /// The SQLite file cannot be made or read.
    #[error("cannot open the database file {}: {cause}; check who owns it and its directory, or set --database-url", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Why not.
        cause: io::Error,
    },
    /// SQLite does not accept the file.
    #[error("cannot use the database file {}: {reason}; it must be a SQLite database that this user may write", path.display())]
    Database {
        /// The file.
        path: PathBuf,
        /// In SQLite's words.
        reason: String,
    },
    /// No server answers.
    #[error(
        "cannot reach the database server of {place}: {reason}; is it running, and are host and port in --database-url right?"
    )]
    Unreachable {
        /// The URL without its password.
        place: String,
        /// In words.
        reason: String,
    },
    /// The server does not know us.
    #[error(
        "the database server of {place} does not let us in: {reason}; check user and password in --database-url, and from where the server lets this user come"
    )]
    Refused {
        /// The URL without its password.
        place: String,
        /// In the server's words.
        reason: String,
    },
    /// The server has no such database.
    #[error("{place}: {reason}; make it first: {advice}")]
    Missing {
        /// The URL without its password.
        place: String,
        /// In the server's words.
        reason: String,
        /// The statement that makes it.
        advice: String,
    },
    /// The connection is not protected as the URL wants it.
    #[error(
        "no protected connection to {place}: {reason}; see the TLS parameters of --database-url in docs/storage.md"
    )]
    Tls {
        /// The URL without its password.
        place: String,
        /// In words.
        reason: String,
    },
    /// The server answers, and not as we need it.
    #[error("cannot use the database {place}: {reason}")]
    Server {
        /// The URL without its password.
        place: String,
        /// In the server's words.
        reason: String,
    },
    /// Another process is at the tables for too long.
    #[error(
        "another process has been changing the tables of {place} for more than 60 seconds; wait for it or end it, then start again"
    )]
    Busy {
        /// The URL without its password.
        place: String,
    },
    /// A migration failed.
    #[error(
        "cannot bring the tables of {place} up to date: {reason}; restore a backup or use a fitting release"
    )]
    Migrate {
        /// The URL without its password.
        place: String,
        /// In the database's words.
        reason: String,
    },
}
