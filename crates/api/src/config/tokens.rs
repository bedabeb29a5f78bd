//! The settings that say whose tokens are accepted: our own, or those of somebody else.

use std::path::{Path, PathBuf};
use std::time::Duration;

use gatepipe_daemon::config::{Noted, Settings};
use secrecy::SecretString;

use super::Config;
use crate::auth::caller::Tokens;
use crate::auth::foreign::key_set::{InvalidKeys, KeySet};
use crate::auth::foreign::mapping::{Mapping, UserKind};
use crate::auth::foreign::source::{Fetcher, Source};
use crate::auth::foreign::{Fetches, Foreign, Schedule};
use crate::auth::{Keys, ShortSecret};

/// How tokens of somebody else are read.
#[derive(Debug, Clone)]
pub struct ForeignConfig {
    /// From one fetch of the keys to the next.
    pub refresh: Duration,
    /// At least so long between fetches for keys that are not known.
    pub pause: Duration,
    /// Which tokens are for us, and what they say.
    pub mapping: Mapping,
    /// Whether users are made at first sight.
    pub create_users: bool,
}

/// Settings that only concern tokens of others. Those with a default are the same as not set while they have it.
const ONLY_FOREIGN: [&str; 4] = ["jwt-issuer", "jwt-audience", "jwt-username-claim", "jwt-create-users"];

impl ForeignConfig {
    /// Reads the settings; mistakes that lie between them are noted.
    ///
    /// # Errors
    /// [`Noted`]
    pub(super) fn read(s: &mut Settings) -> Result<Self, Noted> {
        let refresh = s.duration("jwt-jwks-refresh");
        let pause = s.duration("jwt-jwks-pause");
        let issuers = s.list("jwt-issuer");
        let audiences = s.list("jwt-audience");
        let user = s.number("jwt-user-claim");
        let kind = s.number("jwt-user-kind");
        let username = s.optional_text("jwt-username-claim");
        let username = match username.map(|path| path.map(|path| path.parse()).transpose()) {
            Ok(Ok(path)) => Ok(path),
            Ok(Err(problem)) => {
                s.mistake("jwt-username-claim", problem);
                Err(Noted)
            }
            Err(noted) => Err(noted),
        };
        let permissions = s.number("jwt-permissions-claim");
        let create_users = s.number("jwt-create-users");
        if let (Ok(true), Ok(UserKind::Id)) = (&create_users, &kind) {
            s.mistake(
                "jwt-create-users",
                "needs --jwt-user-kind username or external: ids of users are given here, not elsewhere",
            );
        }
        Ok(Self {
            refresh: refresh?,
            pause: pause?,
            mapping: Mapping {
                issuers: issuers?,
                audiences: audiences?,
                user: user?,
                kind: kind?,
                username: username?,
                permissions: permissions?,
            },
            create_users: create_users?,
        })
    }

    /// Settings that say something while the keys are our own, where they would have no effect.
    fn idle(&self) -> impl Iterator<Item = &'static str> {
        let mapping = &self.mapping;
        let set = [
            !mapping.issuers.is_empty(),
            !mapping.audiences.is_empty(),
            mapping.username.is_some(),
            self.create_users,
        ];
        ONLY_FOREIGN.into_iter().zip(set).filter(|(_, is_set)| *is_set).map(|(name, _)| name)
    }
}

/// Why there is no key for tokens.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// None was given.
    #[error(
        "a key for tokens is needed: set --jwt-secret-file or GATEPIPE_JWT_SECRET to at least 32 bytes (openssl rand -hex 32 makes some), or --jwt-public-key or --jwt-jwks"
    )]
    Missing,
    /// Two were given.
    #[error("--jwt-secret, --jwt-public-key and --jwt-jwks exclude each other; keep one")]
    Several,
    /// The secret is too short.
    #[error("the secret for tokens: {0}")]
    Secret(#[source] ShortSecret),
    /// A file cannot be read.
    #[error("cannot read the keys in {}: {source}", path.display())]
    File {
        /// As configured.
        path: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
    /// A file does not hold keys.
    #[error("{}: {source}", path.display())]
    Keys {
        /// As configured.
        path: PathBuf,
        /// Why not.
        source: InvalidKeys,
    },
    /// There is no way to speak TLS.
    #[error("keys cannot be fetched by HTTPS: {0}")]
    Https(#[source] reqwest::Error),
}

impl Config {
    /// Whose tokens are accepted, and their keys. Keys behind a URL, or in a file of many, are not yet fetched; `fetches` counts how that goes.
    ///
    /// # Errors
    /// [`KeyError`]
    pub fn tokens(&self, fetches: &Fetches) -> Result<Tokens, KeyError> {
        match (&self.jwt_secret, &self.jwt_public_key, &self.jwt_jwks) {
            (None, None, None) => Err(KeyError::Missing),
            (Some(secret), None, None) => {
                Keys::from_secret(secret).map(Tokens::Ours).map_err(KeyError::Secret)
            }
            (None, Some(path), None) => {
                let keys = read_keys(path, KeySet::from_pem)?;
                Ok(Tokens::Foreign(Foreign::fixed(keys, self.foreign.mapping.clone())))
            }
            (None, None, Some(source)) => {
                let schedule = Schedule { refresh: self.foreign.refresh, pause: self.foreign.pause };
                let fetcher = Fetcher::new(source.clone()).map_err(KeyError::Https)?;
                let mapping = self.foreign.mapping.clone();
                Ok(Tokens::Foreign(Foreign::fetched(fetcher, mapping, schedule, fetches.clone())))
            }
            _ => Err(KeyError::Several),
        }
    }

    /// Says what is allowed and seldom meant.
    pub fn warn_about_tokens(&self) {
        if self.jwt_secret.is_none() && self.foreign.mapping.audiences.is_empty() {
            tracing::warn!(
                "tokens that were made for other programs are good here too; --jwt-audience refuses them"
            );
        }
    }
}

/// Notes what is wrong with the keys themselves, and between them and the settings beside them.
pub(super) fn check(
    s: &mut Settings,
    secret: Option<&SecretString>,
    public_key: Option<&Path>,
    jwks: Option<&Source>,
    foreign: Option<&ForeignConfig>,
) {
    let wrong = match (secret, public_key, jwks) {
        (None, None, None) => Some(("jwt-secret", KeyError::Missing)),
        (Some(secret), None, None) => {
            for name in foreign.into_iter().flat_map(ForeignConfig::idle) {
                s.mistake(name, "is for tokens of others: it needs --jwt-public-key or --jwt-jwks instead of --jwt-secret");
            }
            Keys::from_secret(secret).err().map(|error| ("jwt-secret", KeyError::Secret(error)))
        }
        (None, Some(path), None) => {
            read_keys(path, KeySet::from_pem).err().map(|error| ("jwt-public-key", error))
        }
        (None, None, Some(Source::File(path))) => {
            read_keys(path, KeySet::from_json).err().map(|error| ("jwt-jwks", error))
        }
        (None, None, Some(Source::Url(_))) => None,
        _ => Some(("jwt-secret", KeyError::Several)),
    };
    if let Some((name, error)) = wrong {
        s.mistake(name, error);
    }
}

fn read_keys(
    path: &Path,
    read: impl FnOnce(&[u8]) -> Result<KeySet, InvalidKeys>,
) -> Result<KeySet, KeyError> {
    let path = path.to_path_buf();
    match std::fs::read(&path) {
        Ok(text) => read(&text).map_err(|source| KeyError::Keys { path, source }),
        Err(source) => Err(KeyError::File { path, source }),
    }
}
