//! The URL of a database server: `scheme://USER:PASSWORD@HOST:PORT/DATABASE?parameters`.

use std::fmt;
use std::path::PathBuf;

use percent_encoding::percent_decode_str;
use secrecy::SecretString;
use url::Url;

use super::tls::{Protection, Tls};

/// What the URLs of one kind of server look like.
pub(super) struct Words {
    /// In front of `://` when it is shown.
    pub(super) scheme: &'static str,
    /// Where such a server listens.
    pub(super) port: u16,
    /// The parameter that names a Unix socket.
    pub(super) socket: &'static str,
    /// The parameter that says how the connection is protected.
    pub(super) mode: &'static str,
    /// Its values.
    pub(super) modes: &'static [(&'static str, Protection)],
    /// The parameter that names a file of certificates to trust.
    pub(super) roots: &'static str,
}

/// A database of a server, and as whom it is used. Shown without the password.
#[derive(Debug, Clone)]
pub(super) struct Address {
    scheme: &'static str,
    pub(super) user: String,
    pub(super) password: Option<SecretString>,
    pub(super) host: String,
    pub(super) port: u16,
    /// Instead of host and port.
    pub(super) socket: Option<PathBuf>,
    pub(super) database: String,
    pub(super) tls: Tls,
}

impl Address {
    /// # Errors
    /// What is wrong, without anything of the URL in which the password may stand.
    pub(super) fn parse(text: &str, words: &Words) -> Result<Self, String> {
        let scheme = words.scheme;
        let form = format!("{scheme}://USER:PASSWORD@HOST:PORT/DATABASE");
        let url = Url::parse(text).map_err(|error| {
            format!("it is not {form}: {error}; in a user or password write characters such as / : @ # ? % as %2F %3A %40 %23 %3F %25")
        })?;
        if url.fragment().is_some() {
            return Err(format!("it has a # in it; in a password write %23 instead ({form})"));
        }
        let missing = |what: &str| format!("it names no {what}: {form}");
        let user = decoded(url.username())?;
        let host = url.host_str().unwrap_or_default().trim_start_matches('[').trim_end_matches(']');
        let database = decoded(url.path().trim_start_matches('/'))?;
        if user.is_empty() {
            return Err(missing("user"));
        }
        if host.is_empty() {
            return Err(missing("host"));
        }
        if database.is_empty() || database.contains('/') {
            return Err(missing("database"));
        }
        let mut socket = None;
        let mut protection = None;
        let mut roots = None;
        for (name, value) in url.query_pairs() {
            if name == words.socket {
                socket = Some(PathBuf::from(&*value));
            } else if name == words.mode {
                let known = words.modes.iter().find(|(mode, _)| value.eq_ignore_ascii_case(mode));
                let modes: Vec<_> = words.modes.iter().map(|(mode, _)| *mode).collect();
                let unknown = || format!("{name} must be one of {}, not {value:?}", modes.join(", "));
                protection = Some(known.ok_or_else(unknown)?.1);
            } else if name == words.roots {
                roots = Some(PathBuf::from(&*value));
            } else {
                let known = [words.mode, words.roots, words.socket].join(", ");
                return Err(format!("it has the parameter {name:?}; those of {scheme}:// are {known}"));
            }
        }
        let by_authority = words.modes.iter().any(|(_, protection)| *protection == Protection::Authority);
        let protection = match (protection.unwrap_or(Protection::None), &roots) {
            // As libpq has it: who names the authority wants it checked.
            (Protection::Encrypted, Some(_)) if by_authority => Protection::Authority,
            (Protection::None | Protection::IfOffered | Protection::Encrypted, Some(_)) => {
                let full = words.modes.last().map_or("", |(mode, _)| *mode);
                return Err(format!("{} has no effect without {}={full}", words.roots, words.mode));
            }
            (protection, _) => protection,
        };
        Ok(Self {
            scheme,
            user,
            password: url.password().map(decoded).transpose()?.map(SecretString::from),
            host: host.to_owned(),
            port: url.port().unwrap_or(words.port),
            socket,
            database,
            tls: Tls { protection, roots },
        })
    }

    /// Whether what is said stays on this host.
    pub(super) fn is_local(&self) -> bool {
        let loopback = self.host.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback());
        self.socket.is_some() || loopback || self.host == "localhost"
    }
}

fn decoded(text: &str) -> Result<String, String> {
    let decoded = percent_decode_str(text).decode_utf8();
    Ok(decoded.map_err(|_| "user, password or database are not UTF-8".to_owned())?.into_owned())
}

impl fmt::Display for Address {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { scheme, user, host, port, database, .. } = self;
        match &self.socket {
            Some(socket) => write!(out, "{scheme}://{user}@{}/{database}", socket.display()),
            None if host.contains(':') => write!(out, "{scheme}://{user}@[{host}]:{port}/{database}"),
            None => write!(out, "{scheme}://{user}@{host}:{port}/{database}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret as _;

    use super::*;

    const WORDS: Words = Words {
        scheme: "db",
        port: 1000,
        socket: "socket",
        mode: "mode",
        modes: &[
            ("off", Protection::None),
            ("on", Protection::Encrypted),
            ("ca", Protection::Authority),
            ("full", Protection::Host),
        ],
        roots: "ca",
    };

    fn refusal(url: &str) -> String {
        Address::parse(url, &WORDS).err().unwrap_or_default()
    }

    #[test]
    fn every_part_is_read_and_the_password_is_not_shown() {
        let address =
            Address::parse("db://%E5%BC%A0:h%2Fush%40%23@db.example.com:7/%F0%9F%8E%89", &WORDS).unwrap();
        assert_eq!((address.user.as_str(), address.database.as_str()), ("张", "🎉"));
        assert_eq!(address.password.as_ref().unwrap().expose_secret(), "h/ush@#");
        assert_eq!((address.host.as_str(), address.port), ("db.example.com", 7));
        assert_eq!(address.to_string(), "db://张@db.example.com:7/🎉");
        assert!(!format!("{address:?}").contains("ush"), "{address:?}");
        assert!(!address.is_local());
    }

    #[test]
    fn what_is_left_out_has_a_default() {
        let address = Address::parse("db://u@[::1]/x", &WORDS).unwrap();
        assert!(address.password.is_none() && address.is_local());
        assert_eq!(address.to_string(), "db://u@[::1]:1000/x");
        assert_eq!(address.tls.protection, Protection::None);
        let socket = Address::parse("db://u@localhost/x?socket=/run/db", &WORDS).unwrap();
        assert_eq!(socket.to_string(), "db://u@/run/db/x");
    }

    #[test]
    fn protection_is_what_the_parameters_say() {
        let protection = |query: &str| {
            Address::parse(&format!("db://u@db/x?{query}"), &WORDS).map(|address| address.tls.protection)
        };
        assert_eq!(protection("mode=ON"), Ok(Protection::Encrypted));
        assert_eq!(protection("mode=on&ca=ca.pem"), Ok(Protection::Authority));
        assert_eq!(protection("mode=full&ca=ca.pem"), Ok(Protection::Host));
        assert!(protection("ca=ca.pem").unwrap_err().contains("without mode=full"));
    }

    #[test]
    fn a_mistake_is_told_without_the_password() {
        for (url, says) in [
            ("db://db/x", "no user"),
            ("db://u:hush@db", "no database"),
            ("db://u:hush@db/", "no database"),
            ("db://u:hush@db/x/y", "no database"),
            ("db://u:hu/sh@db/x", "%2F"),
            ("db://u:hu#sh@db/x", "%23"),
            ("db://u:hush@db/x?mode=maybe", "one of off, on, ca, full"),
            ("db://u:hush@db/x?pool=9", "are mode, ca, socket"),
        ] {
            let text = refusal(url);
            assert!(text.contains(says) && !text.contains("sh@"), "{url}: {text}");
        }
    }
}
