//! How a daemon is configured: defaults < TOML file < environment (`GATEPIPE_…`) < flags.
//!
//! One table of [`Knob`]s per daemon is the source of its flags, keys, variables, defaults and help. [`Settings`] reads all layers
//! once and collects every mistake, so that a person sees them together and no port is taken before.

pub mod effective;
mod example;
mod knob;
mod layers;
mod reference;
pub mod units;

use std::fmt::Display;
use std::net::SocketAddr;
use std::str::FromStr;
use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};

use crate::tls::Files;

pub use effective::{Effective, Layer};
pub use example::example;
pub use knob::{COMMON, Kind, Knob, Program};
use layers::Layers;
pub use layers::flags;
pub use reference::{Described, reference};

/// Why a daemon does not start: help that was asked for, or every mistake at once.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// `--help`, `--version`, or flags that cannot be read; clap prints it.
    #[error(transparent)]
    Flags(#[from] clap::Error),
    /// Everything that is wrong, a line each.
    #[error("{}", .0.join("\n"))]
    Mistakes(Vec<String>),
}

/// A setting that could not be read; the mistake is noted in [`Settings`], whose `check` fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Noted;

impl From<Noted> for ConfigError {
    fn from(_: Noted) -> Self {
        Self::Mistakes(vec!["a setting could not be read".to_owned()])
    }
}

/// All layers of one daemon's configuration, and the mistakes found so far.
#[derive(Debug)]
pub struct Settings {
    layers: Layers,
    mistakes: Vec<String>,
}

impl Settings {
    /// Reads the process's own flags and environment, and the file they name.
    ///
    /// # Errors
    /// `--help` and the like, or flags that are not known. Other mistakes wait for [`Settings::check`].
    pub fn load(program: &'static Program) -> Result<Self, ConfigError> {
        Self::load_from(program, std::env::args_os(), environment())
    }

    /// The same with flags (the program's name first) and environment passed in.
    ///
    /// # Errors
    /// As [`Settings::load`].
    pub fn load_from<A: Into<std::ffi::OsString> + Clone>(
        program: &'static Program,
        flags: impl IntoIterator<Item = A>,
        environment: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Self, ConfigError> {
        let mut mistakes = Vec::new();
        let layers = Layers::read(program, flags, environment, &mut mistakes)?;
        Ok(Self { layers, mistakes })
    }

    /// Nothing but the defaults.
    #[must_use]
    pub fn defaults(program: &'static Program) -> Self {
        Self { layers: Layers::defaults(program), mistakes: Vec::new() }
    }

    /// The same sources read once more: flags and environment as they are now, and the files they name.
    ///
    /// # Errors
    /// As [`Settings::load`].
    pub fn load_again(&self) -> Result<Self, ConfigError> {
        Self::load(self.layers.program())
    }

    /// The settings that have other values in `other`.
    #[must_use]
    pub fn differences(&self, other: &Self) -> Vec<&'static str> {
        self.layers.differences(&other.layers)
    }

    /// Takes over the settings of these names.
    pub fn adopt(&mut self, other: &Self, names: &[&'static str]) {
        self.layers.adopt(&other.layers, names);
    }

    /// What is odd but no mistake; to be logged once telemetry is up.
    #[must_use]
    pub fn warnings(&self) -> &[String] {
        self.layers.warnings()
    }

    /// Every setting with its value and where it came from, secrets masked, in the order of the help.
    #[must_use]
    pub fn effective(&self) -> Vec<Effective> {
        self.layers.given()
    }

    /// Notes a mistake in the setting `name`.
    pub fn mistake(&mut self, name: &str, text: impl Display) {
        self.mistakes.push(format!("{}: {text}", self.layers.source(name)));
    }

    /// Succeeds when there is no mistake so far.
    ///
    /// # Errors
    /// All of them.
    pub fn check(&mut self) -> Result<(), ConfigError> {
        if self.mistakes.is_empty() {
            Ok(())
        } else {
            Err(ConfigError::Mistakes(std::mem::take(&mut self.mistakes)))
        }
    }

    /// The text of a setting, as it was given last.
    pub(crate) fn one(&self, name: &str) -> Option<&str> {
        self.layers.one(name)
    }

    fn read<T>(
        &mut self,
        name: &'static str,
        read: impl FnOnce(&str) -> Result<T, String>,
    ) -> Result<T, Noted> {
        match self.optional(name, read)? {
            Some(value) => Ok(value),
            None => {
                self.mistake(name, "is missing");
                Err(Noted)
            }
        }
    }

    fn optional<T>(
        &mut self,
        name: &'static str,
        read: impl FnOnce(&str) -> Result<T, String>,
    ) -> Result<Option<T>, Noted> {
        let Some(text) = self.layers.one(name) else {
            return Ok(None);
        };
        match read(text) {
            Ok(value) => Ok(Some(value)),
            Err(problem) => {
                let given = if self.layers.is_secret(name) { String::new() } else { format!("{text:?} ") };
                self.mistake(name, format!("{given}{problem}"));
                Err(Noted)
            }
        }
    }

    /// IP:PORT.
    ///
    /// # Errors
    /// [`Noted`] when it is missing or cannot be read; so do all that follow.
    pub fn addr(&mut self, name: &'static str) -> Result<SocketAddr, Noted> {
        self.read(name, |text| text.parse().map_err(|_| "is not an address like 127.0.0.1:7272".to_owned()))
    }

    /// A length of time above zero, such as `55s`, `500ms`, `2m`; at most [`units::LONGEST`].
    pub fn duration(&mut self, name: &'static str) -> Result<Duration, Noted> {
        self.read(name, |text| above_zero(units::duration(text)?))
    }

    /// The same where zero has a meaning, which the setting's help tells.
    pub fn duration_or_zero(&mut self, name: &'static str) -> Result<Duration, Noted> {
        self.read(name, units::duration)
    }

    /// A number of bytes above zero, such as `64KiB`.
    pub fn size(&mut self, name: &'static str) -> Result<u64, Noted> {
        self.read(name, |text| above_zero(units::size(text)?))
    }

    /// The same where zero has a meaning, which the setting's help tells.
    pub fn size_or_zero(&mut self, name: &'static str) -> Result<u64, Noted> {
        self.read(name, units::size)
    }

    /// A number (of a type that has the right bounds), `true` or `false`, or anything else that reads itself from text.
    pub fn number<T: FromStr>(&mut self, name: &'static str) -> Result<T, Noted>
    where
        T::Err: Display,
    {
        let what = self.layers.placeholder(name);
        self.read(name, |text| {
            text.parse().map_err(|error: T::Err| format!("is not a {what} that fits here: {error}"))
        })
    }

    /// Any text.
    pub fn text(&mut self, name: &'static str) -> Result<String, Noted> {
        self.read(name, |text| Ok(text.to_owned()))
    }

    /// Any text; `None` when it is not set.
    pub fn optional_text(&mut self, name: &'static str) -> Result<Option<String>, Noted> {
        self.optional(name, |text| Ok(text.to_owned()))
    }

    /// A secret, from the setting itself or from the file named by `…_FILE`; `None` when neither is set.
    pub fn secret(&mut self, name: &'static str) -> Result<Option<SecretString>, Noted> {
        self.optional(name, |text| match text {
            "" => Err("is empty".to_owned()),
            text => Ok(text.into()),
        })
    }

    /// `--secret`, which travels in a header: visible ASCII; `None` when it is not set.
    pub fn shared_secret(&mut self) -> Result<Option<SecretString>, Noted> {
        let secret = self.secret("secret")?;
        let is_header =
            |secret: &SecretString| secret.expose_secret().bytes().all(|byte| byte.is_ascii_graphic());
        if secret.as_ref().is_none_or(is_header) {
            return Ok(secret);
        }
        self.mistake("secret", "may hold only visible ASCII characters; openssl rand -hex 32 makes one");
        Err(Noted)
    }

    /// Everything that was given for a repeatable setting.
    pub fn list(&mut self, name: &'static str) -> Result<Vec<String>, Noted> {
        Ok(self.layers.list(name).to_vec())
    }

    /// The same, each value read from its text; `T`'s error stands behind the value it is about.
    pub fn parsed_list<T: FromStr>(&mut self, name: &'static str) -> Result<Vec<T>, Noted>
    where
        T::Err: Display,
    {
        let mut values = Vec::new();
        let mut wrong = Vec::new();
        for text in self.layers.list(name) {
            match text.parse() {
                Ok(value) => values.push(value),
                Err(problem) => wrong.push(format!("{text:?} {problem}")),
            }
        }
        let all_right = wrong.is_empty();
        for problem in wrong {
            self.mistake(name, problem);
        }
        if all_right { Ok(values) } else { Err(Noted) }
    }

    /// A repeatable setting whose values are the URLs of internal gRPC listeners: `http://HOST:PORT`, at least one.
    pub fn internal_urls(&mut self, name: &'static str) -> Result<Vec<String>, Noted> {
        let urls = self.layers.list(name).to_vec();
        if urls.is_empty() {
            self.mistake(name, "names nobody: give at least one URL like http://127.0.0.1:1236");
            return Err(Noted);
        }
        let wrong: Vec<&String> = urls.iter().filter(|url| !is_internal_url(url)).collect();
        for url in &wrong {
            let tls =
                if url.starts_with("https:") { ": it stays http:// with --internal-tls-ca too" } else { "" };
            self.mistake(name, format!("{url:?} is not a URL like http://127.0.0.1:1236{tls}"));
        }
        if wrong.is_empty() { Ok(urls) } else { Err(Noted) }
    }
}

/// The process's own environment, as far as its names can be read.
pub fn environment() -> impl Iterator<Item = (String, String)> {
    std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.to_string_lossy().into_owned())))
}

fn is_internal_url(text: &str) -> bool {
    let Ok(url) = text.parse::<hyper::Uri>() else {
        return false;
    };
    let port = url.authority().map(|authority| authority.port_u16());
    url.scheme_str() == Some("http")
        && url.host().is_some_and(|host| !host.is_empty())
        && port.is_some_and(|port| port != Some(0))
        && url.authority().is_some_and(|authority| !authority.as_str().contains('@'))
        && url.path() == "/"
        && url.query().is_none()
}

fn above_zero<T: Default + PartialEq>(value: T) -> Result<T, String> {
    if value == T::default() {
        return Err("must be above zero".to_owned());
    }
    Ok(value)
}

/// Notes a mistake when an internal gRPC listener could be reached from elsewhere by anyone: with neither a secret nor certificates.
pub fn check_internal_listener(
    settings: &mut Settings,
    name: &'static str,
    addr: SocketAddr,
    secret: Option<&SecretString>,
    tls: Option<&Files>,
) {
    if !addr.ip().is_loopback() && secret.is_none() && tls.is_none() {
        settings.mistake(
            name,
            format!("{addr} can be reached from other hosts: set --secret (or GATEPIPE_SECRET_FILE), or --internal-tls-ca, --internal-tls-cert and --internal-tls-key, or listen on 127.0.0.1"),
        );
    }
}

#[cfg(test)]
mod tests;
