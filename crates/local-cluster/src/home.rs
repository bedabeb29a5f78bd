//! What a development directory keeps between starts: passwords and the key that signs tokens. Never meant for production.

use std::collections::BTreeMap;
use std::fs::{DirBuilder, OpenOptions};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use anyhow::Context;
use rand::distr::{Alphanumeric, SampleString};
use serde::{Deserialize, Serialize};

/// A directory with `gatepipe.db` and `keys.json`; both readable by their owner only.
#[derive(Debug)]
pub struct Home {
    dir: PathBuf,
    keys: Keys,
}

#[derive(Serialize, Deserialize)]
struct Keys {
    jwt_secret: String,
    passwords: BTreeMap<String, String>,
}

impl std::fmt::Debug for Keys {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("Keys(hidden)")
    }
}

impl Home {
    /// Opens the directory, or makes it with new keys.
    ///
    /// # Errors
    /// It cannot be written, or its keys cannot be read; the text says what to do.
    pub fn open(dir: &Path) -> anyhow::Result<Self> {
        let shown = dir.display();
        DirBuilder::new().recursive(true).mode(0o700).create(dir).with_context(|| {
            format!("cannot make the data directory {shown}; choose another with --data-dir")
        })?;
        let path = dir.join("keys.json");
        let keys = match std::fs::read(&path) {
            Ok(text) => serde_json::from_slice(&text)
                .with_context(|| format!("{} is damaged; remove {shown} to begin anew", path.display()))?,
            Err(error) if error.kind() == ErrorKind::NotFound => Keys::make(&path)?,
            Err(error) => {
                return Err(error).with_context(|| format!("cannot read {}", path.display()));
            }
        };
        Ok(Self { dir: dir.to_owned(), keys })
    }

    /// The database's URL.
    #[must_use]
    pub fn database_url(&self) -> String {
        format!("sqlite://{}", self.dir.join("gatepipe.db").display())
    }

    /// Signs the tokens.
    #[must_use]
    pub fn jwt_secret(&self) -> &str {
        &self.keys.jwt_secret
    }

    /// The password that `username` was given here; `None` for one that was not made here.
    #[must_use]
    pub fn password(&self, username: &str) -> Option<&str> {
        self.keys.passwords.get(username).map(String::as_str)
    }
}

impl Keys {
    fn make(path: &Path) -> anyhow::Result<Self> {
        let random = |length| Alphanumeric.sample_string(&mut rand::rng(), length);
        let keys = Self {
            jwt_secret: random(48),
            passwords: crate::people::NAMES.iter().map(|name| ((*name).to_owned(), random(16))).collect(),
        };
        // Whole or not at all: a start that is killed here leaves no half file.
        let unfinished = path.with_extension("json.new");
        let write = || -> std::io::Result<()> {
            let mut file =
                OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&unfinished)?;
            file.write_all(&serde_json::to_vec_pretty(&keys)?)?;
            file.sync_all()?;
            std::fs::rename(&unfinished, path)
        };
        write().with_context(|| {
            format!("cannot write {}; choose another directory with --data-dir", path.display())
        })?;
        Ok(keys)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_opening_finds_the_same_keys() {
        let dir = tempfile::tempdir().unwrap();
        let first = Home::open(&dir.path().join("new")).unwrap();
        let second = Home::open(&dir.path().join("new")).unwrap();
        assert_eq!(first.jwt_secret(), second.jwt_secret());
        for name in crate::people::NAMES {
            assert_eq!(first.password(name).unwrap().len(), 16);
            assert_eq!(first.password(name), second.password(name));
        }
        assert_ne!(first.password("alice"), first.password("bob"));
    }

    #[test]
    fn damaged_keys_are_told_and_left_alone() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("keys.json"), "{").unwrap();
        let error = format!("{:#}", Home::open(dir.path()).unwrap_err());
        assert!(error.contains("damaged"), "{error}");
    }
}
