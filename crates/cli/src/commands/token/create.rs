//! `gatepipe token create`

use std::time::Duration;

use anyhow::Context as _;
use clap::Args;
use gatepipe_api::auth::Keys;
use gatepipe_api::service::users;
use gatepipe_daemon::config::units;
use secrecy::ExposeSecret as _;
use serde::Serialize;

use crate::database::Database;
use crate::exit::{Exit, Failure};
use crate::output::{Output, say};
use crate::secret::{Name, Secret};

/// Print a token for a user, good until it expires or the user is forced offline
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  gatepipe token create alice --jwt-secret-file /run/secrets/jwt
  gatepipe token create 7 --ttl 5m -o json
  gatepipe token create alice > alice.token")]
pub struct Create {
    /// The user's id or name
    #[arg(value_name = "USER")]
    user: String,
    /// How long it is good
    #[arg(long, value_name = "DURATION", default_value = "12h", value_parser = units::duration)]
    ttl: Duration,
    #[command(flatten)]
    jwt_secret: Secret<JwtSecret>,
    #[command(flatten)]
    database: Database,
}

#[derive(Debug, Clone, Copy)]
struct JwtSecret;

impl Name for JwtSecret {
    const FLAG: &'static str = "jwt-secret";
    const FILE_FLAG: &'static str = "jwt-secret-file";
    const ENV: &'static str = "GATEPIPE_JWT_SECRET";
    const FILE_ENV: &'static str = "GATEPIPE_JWT_SECRET_FILE";
    const HELP: &'static str = "The api's secret for tokens (HS256)";
    const FILE_HELP: &'static str = "A file that holds it";
}

#[derive(Debug, Serialize)]
pub struct Created {
    token: String,
    expires_at_ms: i64,
    user_id: i64,
    username: String,
}

impl Create {
    pub async fn run(self, output: Output) -> anyhow::Result<Exit> {
        if self.ttl < Duration::from_secs(1) {
            return Err(Failure::new(Exit::Usage, "--ttl must be at least 1s").into());
        }
        let secret = self.jwt_secret.required()?;
        let keys = Keys::from_secret(&secret)
            .map_err(|wrong| Failure::new(Exit::Usage, format!("--jwt-secret: {wrong}")))?;
        let store = self.database.open_existing().await?;
        let user = self.database.user(&store, &self.user).await?;
        if user.disabled_at_ms > 0 {
            let line = format!(
                "{} is disabled, and a token would be refused; gatepipe user change {0} --enable lets the user in",
                user.username
            );
            return Err(Failure::new(Exit::NotAllowed, line).into());
        }
        let token = users::make_token(&store, &keys, user.id, self.ttl)
            .await?
            .context("the user was deleted meanwhile")?;
        say(&format!(
            "for user {} ({}), good until {}",
            user.id,
            user.username,
            token.expires_at.to_rfc3339()
        ));
        let created = Created {
            token: token.text.expose_secret().to_owned(),
            expires_at_ms: token.expires_at.timestamp_millis(),
            user_id: user.id.get(),
            username: user.username,
        };
        output.value(&created.token, &created)?;
        Ok(Exit::Done)
    }
}
