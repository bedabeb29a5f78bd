//! Where a database is: its URL, taken apart.

use std::fmt;
#[cfg(feature = "sqlite")]
use std::path::PathBuf;

use super::OpenError;
#[cfg(feature = "server")]
use super::address::Address;

/// The URLs that this build understands.
const KNOWN: &[&str] = &[
    #[cfg(feature = "sqlite")]
    "sqlite://PATH",
    #[cfg(feature = "postgres")]
    "postgres://USER:PASSWORD@HOST:PORT/DATABASE",
    #[cfg(feature = "mysql")]
    "mysql://USER:PASSWORD@HOST:PORT/DATABASE",
];

/// A database that this build can use. Shown without its password.
pub(super) enum Location {
    #[cfg(feature = "sqlite")]
    Sqlite(PathBuf),
    #[cfg(feature = "postgres")]
    Postgres(Address),
    #[cfg(feature = "mysql")]
    Mysql(Address),
}

impl Location {
    pub(super) fn parse(url: &str) -> Result<Self, OpenError> {
        match url.split_once("://") {
            #[cfg(feature = "sqlite")]
            Some(("sqlite", "" | ":memory:")) => Err(OpenError::Url(
                "sqlite:// needs a path behind it, such as sqlite://data/gatepipe.db (in memory is not possible: what is stored must last)".into(),
            )),
            #[cfg(feature = "sqlite")]
            Some(("sqlite", path)) => Ok(Self::Sqlite(path.into())),
            #[cfg(feature = "postgres")]
            Some(("postgres" | "postgresql", _)) => {
                Address::parse(url, &super::postgres::WORDS).map(Self::Postgres).map_err(OpenError::Url)
            }
            #[cfg(feature = "mysql")]
            Some(("mysql", _)) => {
                Address::parse(url, &super::mysql::WORDS).map(Self::Mysql).map_err(OpenError::Url)
            }
            // Not the rest, in which a password may stand.
            Some((scheme, _)) => Err(OpenError::Url(format!("{scheme}:// is not {}", KNOWN.join(" or ")))),
            None => Err(OpenError::Url(format!("it must be {}", KNOWN.join(" or ")))),
        }
    }
}

impl fmt::Display for Location {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            #[cfg(feature = "sqlite")]
            Self::Sqlite(path) => write!(out, "sqlite://{}", path.display()),
            #[cfg(feature = "postgres")]
            Self::Postgres(address) => address.fmt(out),
            #[cfg(feature = "mysql")]
            Self::Mysql(address) => address.fmt(out),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(url: &str) -> String {
        Location::parse(url).map_or_else(|error| error.to_string(), |location| location.to_string())
    }

    #[cfg(feature = "sqlite")]
    #[test]
    fn a_sqlite_url_names_a_file() {
        for url in ["", "sqlite://", "sqlite://:memory:", "data/x.db"] {
            assert!(Location::parse(url).is_err(), "{url:?}");
        }
        for (url, file) in [("sqlite://data/x.db", "data/x.db"), ("sqlite:///srv/x.db", "/srv/x.db")] {
            assert!(
                matches!(Location::parse(url), Ok(Location::Sqlite(path)) if path == std::path::Path::new(file))
            );
        }
    }

    #[test]
    fn another_kind_of_database_is_refused_without_saying_its_password() {
        let text = refusal("oracle://scott:tiger@db/x");
        assert!(text.contains("oracle:// is not ") && !text.contains("tiger"), "{text}");
        for known in KNOWN {
            assert!(text.contains(known) && refusal("data/x.db").contains(known), "{text}");
        }
    }
}
