//! The api's database, opened beside the api.

use clap::Args;
use gatepipe_api::id::UserId;
use gatepipe_api::store::{Store, UserRow};

use crate::exit::{Exit, Failure};

/// Which database.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Database")]
pub struct Database {
    /// The api's database
    #[arg(
        long,
        value_name = "URL",
        env = "GATEPIPE_DATABASE_URL",
        default_value = "sqlite://data/gatepipe.db"
    )]
    pub database_url: String,
}

impl Database {
    /// Opens it and brings its tables up to date; a SQLite file that does not exist is made.
    pub async fn open(&self) -> anyhow::Result<Store> {
        Ok(Store::open(&self.database_url).await?)
    }

    /// The same for what only reads: one that does not exist is told instead of made.
    pub async fn open_existing(&self) -> anyhow::Result<Store> {
        Store::migrations(&self.database_url).await?;
        self.open().await
    }

    /// The user with this id or name.
    pub async fn user(&self, store: &Store, who: &str) -> anyhow::Result<UserRow> {
        if let Ok(id) = who.parse::<UserId>()
            && let Some(user) = store.user(id).await?
        {
            return Ok(user);
        }
        let missing = || {
            let line = format!("there is no user {who:?} in {}", self.database_url);
            Failure::new(Exit::NotFound, line)
        };
        Ok(store.user_by_name(who).await?.ok_or_else(missing)?)
    }
}
