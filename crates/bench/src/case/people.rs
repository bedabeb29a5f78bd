//! The database of an api under test: who is in it, and the tokens of all.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::Context as _;
use chrono::Utc;
use gatepipe_api::auth::{Keys, password};
use gatepipe_api::id::UserId;
use gatepipe_api::store::{NewUser, Store};
use gatepipe_api::user::{Password, Permission};
use secrecy::ExposeSecret as _;
use tempfile::TempDir;

/// It protects nothing: the cluster lives for minutes and listens on loopback.
pub const JWT_SECRET: &str = "a secret of the benchmarks, not of anybody else";
const LIFETIME: Duration = Duration::from_secs(24 * 3600);

/// A database in a directory of its own, gone when it is dropped.
pub struct People {
    dir: TempDir,
    /// The tokens of those who were asked for, in the order of their ids.
    pub tokens: Vec<String>,
}

impl People {
    /// Makes so many users. All have one password: hashing it is slow on purpose, and nobody logs in.
    pub async fn make(many: usize, permissions: &[Permission]) -> anyhow::Result<Self> {
        let dir = TempDir::new()?;
        let keys = Keys::from_secret(&JWT_SECRET.into())?;
        let mut people = Self { dir, tokens: Vec::with_capacity(many) };
        let store = Store::open(&format!("sqlite://{}", people.database().display())).await?;
        let password_hash = password::hash(&Password::new("not used by anybody".into())?)?;
        for number in 0..many {
            let created_at_ms = Utc::now().timestamp_millis();
            let username = format!("user-{number}").parse()?;
            let new =
                NewUser { username, password_hash: password_hash.clone(), manager_id: None, created_at_ms };
            let id: UserId = store.create_user(new).await?;
            for permission in permissions {
                store.grant(id, *permission).await?;
            }
            let token = keys.sign(id, 0, Utc::now(), LIFETIME).context("these keys can sign")?;
            people.tokens.push(token.text.expose_secret().to_owned());
        }
        Ok(people)
    }

    /// The file of the database.
    pub fn database(&self) -> PathBuf {
        self.dir.path().join("gatepipe.db")
    }

    /// A file for requests.
    pub fn requests(&self) -> PathBuf {
        self.dir.path().join("requests")
    }
}

/// A request to the api with a body in JSON.
pub fn post(path: &str, token: &str, body: &str) -> Vec<u8> {
    format!(
        "POST /api/admin{path} HTTP/1.1\r\nhost: 127.0.0.1\r\nauthorization: Bearer {token}\r\n\
         content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}
