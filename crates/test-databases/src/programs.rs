//! Where the servers' programs lie, and what a test says when they do not.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use crate::Kind;

/// The programs of one server.
#[derive(Debug)]
pub(crate) struct Programs {
    /// Runs for as long as it serves.
    pub(crate) server: PathBuf,
    /// Makes an empty data directory.
    pub(crate) initialiser: PathBuf,
}

/// Says that a test leaves something out because of `reason`, in one line, unless no gaps are allowed.
///
/// # Panics
/// When `GATEPIPE_TEST_ALL` is set.
pub fn gap(reason: &str) {
    assert!(variable("GATEPIPE_TEST_ALL").is_none(), "{reason}, and GATEPIPE_TEST_ALL allows no gaps");
    eprintln!("skipped: {reason}");
}

impl Programs {
    /// Those on the path, or where Debian puts them; `None` when there are none.
    pub(crate) fn find(kind: Kind) -> Option<Self> {
        match kind {
            Kind::Postgres => {
                // What is on the path may be a link to one program of many that belong together.
                let linked = dirs_of_path().filter_map(|dir| dir.join("postgres").canonicalize().ok());
                let linked = linked.filter_map(|server| server.parent().map(Path::to_owned));
                linked.chain(debians_postgres()).find_map(|dir| both(&dir, "postgres", &dir, "initdb"))
            }
            Kind::Mysql => {
                let dirs: Vec<_> =
                    dirs_of_path().chain(["/usr/sbin", "/usr/bin"].map(PathBuf::from)).collect();
                let holding = |name: &str| dirs.iter().find(|dir| dir.join(name).is_file());
                both(holding("mariadbd")?, "mariadbd", holding("mariadb-install-db")?, "mariadb-install-db")
            }
        }
    }
}

fn both(dir: &Path, server: &str, beside: &Path, initialiser: &str) -> Option<Programs> {
    let found = Programs { server: dir.join(server), initialiser: beside.join(initialiser) };
    (found.server.is_file() && found.initialiser.is_file()).then_some(found)
}

/// `/usr/lib/postgresql/15/bin` and the like, the newest first.
fn debians_postgres() -> impl Iterator<Item = PathBuf> {
    let entries = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let mut versions: Vec<(u32, PathBuf)> = entries
        .filter_map(|entry| Some((entry.file_name().to_str()?.parse().ok()?, entry.path().join("bin"))))
        .collect();
    versions.sort_unstable();
    versions.into_iter().rev().map(|(_, dir)| dir)
}

fn dirs_of_path() -> impl Iterator<Item = PathBuf> {
    let path = variable("PATH").unwrap_or_default();
    std::env::split_paths(&path).collect::<Vec<_>>().into_iter()
}

#[expect(clippy::disallowed_methods, reason = "which programs there are, and what a test may leave out")]
pub(crate) fn variable(name: &str) -> Option<OsString> {
    std::env::var_os(name)
}
