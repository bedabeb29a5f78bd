//! The api's database, opened beside the api.

use clap::Args;
use gatepipe_api::id::UserId;
use gatepipe_api::store::{self, Store, UserRow};
use secrecy::{ExposeSecret as _, SecretString};

use crate::exit::{Exit, Failure};
use crate::secret::{Name, Secret};

/// Which database.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Database")]
pub struct Database {
    #[command(flatten)]
    url: Secret<DatabaseUrl>,
}

#[derive(Debug, Clone, Copy)]
struct DatabaseUrl;

impl Name for DatabaseUrl {
    const FLAG: &'static str = "database-url";
    const FILE_FLAG: &'static str = "database-url-file";
    const ENV: &'static str = "GATEPIPE_DATABASE_URL";
    const FILE_ENV: &'static str = "GATEPIPE_DATABASE_URL_FILE";
    const HELP: &'static str = "The api's database, as for the api: sqlite://PATH, postgres://USER:PASSWORD@HOST/DATABASE or mysql://USER:PASSWORD@HOST/DATABASE [default: sqlite://data/gatepipe.db]";
    const FILE_HELP: &'static str = "A file that holds the URL";
    const VALUE: &'static str = "URL";
}

impl Database {
    /// Where it is; a password may be in it.
    pub fn url(&self) -> anyhow::Result<SecretString> {
        Ok(self.url.read()?.unwrap_or_else(|| "sqlite://data/gatepipe.db".into()))
    }

    /// Opens it and brings its tables up to date; a SQLite file that does not exist is made.
    pub async fn open(&self) -> anyhow::Result<Store> {
        Ok(Store::open(self.url()?.expose_secret()).await?)
    }

    /// The same for what only reads: one that does not exist is told instead of made.
    pub async fn open_existing(&self) -> anyhow::Result<Store> {
        Store::migrations(self.url()?.expose_secret()).await?;
        self.open().await
    }

    /// The user with this id or name.
    pub async fn user(&self, store: &Store, who: &str) -> anyhow::Result<UserRow> {
        if let Ok(id) = who.parse::<UserId>()
            && let Some(user) = store.user(id).await?
        {
            return Ok(user);
        }
        let place = store::shown(self.url()?.expose_secret());
        let missing = || Failure::new(Exit::NotFound, format!("there is no user {who:?} in {place}"));
        Ok(store.user_by_name(who).await?.ok_or_else(missing)?)
    }
}
