//! Database servers that live as long as the tests that use them.
//!
//! - [`Kind`]: which servers there are; [`Kind::chosen`]: the one that `GATEPIPE_TEST_DATABASE` names
//! - [`fresh`], [`fresh_on`]: an empty database for one test, on a server that all tests of the process share
//! - [`Server`]: a server of one's own, to be killed and started again, or with TLS
//! - [`certificate()`], [`authority`]: what a server with TLS shows, and who is believed
//! - [`gap`]: how a test says that it leaves something out
//!
//! Nothing here needs a service of the system: the programs of Debian's `postgresql` and `mariadb-server` are started on 127.0.0.1
//! with a directory of their own under the temporary one, as a user without rights when the tests run as root. However the
//! tests end, a watcher ends the server after them and removes its directory.

mod account;
mod certificate;
mod kind;
mod programs;
mod server;
mod template;
mod watcher;

pub use certificate::{authority, certificate};
pub use kind::Kind;
pub use programs::gap;
pub use server::{Server, Settings};

/// The URL of an empty database of one's own on the server of the chosen kind, which all tests of this process share; `None`
/// when the tests run on SQLite.
///
/// # Panics
/// When the chosen server is not installed, or does not start.
pub async fn fresh() -> Option<String> {
    let kind = Kind::chosen()?;
    let server = Server::shared(kind).await;
    let server =
        server.unwrap_or_else(|| panic!("GATEPIPE_TEST_DATABASE asks for {kind}: {}", kind.remedy()));
    Some(server.database().await)
}

/// The URL of an empty database on the shared server of this `kind`; `None`, and a line that says so, where it is not installed.
///
/// # Panics
/// When it does not start, or is not installed and `GATEPIPE_TEST_ALL` is set.
pub async fn fresh_on(kind: Kind) -> Option<String> {
    let server = Server::shared(kind).await;
    match server {
        Some(server) => Some(server.database().await),
        None => {
            gap(kind.remedy());
            None
        }
    }
}
