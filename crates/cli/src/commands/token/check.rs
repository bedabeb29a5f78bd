//! `gatepipe token check`

use std::path::Path;

use chrono::{DateTime, Utc};
use clap::Args;
use gatepipe_api::Config;
use gatepipe_api::auth::caller::Tokens;
use gatepipe_api::auth::foreign::Fetches;
use gatepipe_api::auth::{Auth, Refused, Unverified};
use gatepipe_api::error::ApiError;
use gatepipe_api::store::{self, Store};
use gatepipe_daemon::config::{ConfigError, Settings};
use secrecy::{ExposeSecret as _, SecretString};
use serde::Serialize;
use serde_json::{Map, Value};

use super::settings::TokenSettings;
use crate::api::TokenName;
use crate::exit::{Exit, Failure};
use crate::file;
use crate::output::{Output, Row, say};
use crate::secret::Secret;

/// Longest token that is looked at, in bytes; more than any server takes in a header.
const MAX_TOKEN_BYTES: usize = 64 << 10;

/// Tell what a token says, and whether the api would take it
#[derive(Debug, Args)]
#[command(
    after_help = "Judges as the api does that has these settings, by its key and its database, and asks no server but that of a key set.
Changes nothing. Ends with 0 when the token would be taken, with 4 when it would be refused. The claims of a token that is
refused are what somebody wrote there, no more.

Examples:
  gatepipe token check - --jwt-secret-file /run/secrets/jwt < alice.token
  gatepipe token check --token-file alice.token --config /etc/gatepipe/gatepipe.toml
  GATEPIPE_TOKEN=eyJ… gatepipe token check --offline --jwt-jwks https://id.example.com/jwks -o json"
)]
pub struct Check {
    /// The token; - reads stdin. Others on this host can see arguments: prefer stdin or --token-file
    #[arg(value_name = "TOKEN", value_parser = token)]
    text: Option<SecretString>,
    #[command(flatten)]
    given: Secret<TokenName>,
    /// Only the signature, the times and the claims: do not ask the database whether the user is there and still lets it count
    #[arg(long)]
    offline: bool,
    #[command(flatten)]
    settings: TokenSettings,
}

#[derive(Debug, Serialize)]
struct Checked {
    is_taken: bool,
    /// Why not.
    reason: Option<String>,
    /// Null when it is refused, or the database was not asked.
    user_id: Option<i64>,
    username: Option<String>,
    /// What may be done with it.
    permissions: Option<Vec<String>>,
    issued_at_ms: Option<i64>,
    not_before_ms: Option<i64>,
    expires_at_ms: Option<i64>,
    /// `alg` and `kid` of its header.
    algorithm: Option<String>,
    kid: Option<String>,
    /// The setting that holds the key it was checked with, and where that came from.
    key: String,
    claims: Option<Map<String, Value>>,
}

#[derive(Serialize)]
struct Line(String, String);

impl Row for Line {
    const HEAD: &'static [&'static str] = &["what", "value"];

    fn cells(&self) -> Vec<String> {
        vec![self.0.clone(), self.1.clone()]
    }
}

fn token(text: &str) -> Result<SecretString, std::convert::Infallible> {
    Ok(text.into())
}

impl Check {
    pub async fn run(self, output: Output) -> anyhow::Result<Exit> {
        let text = self.given_text()?;
        let mut settings = self.settings.load()?;
        let config = Config::load_from(&mut settings).map_err(|error| match error {
            ConfigError::Mistakes(mistakes) => Failure::new(Exit::Usage, mistakes.join("; ")),
            ConfigError::Flags(error) => Failure::new(Exit::Usage, error.to_string()),
        })?;
        let now = Utc::now();
        let unverified = Unverified::read(text.expose_secret());
        let mut checked = Checked::new(unverified, key(&settings));
        let tokens = config.tokens(&Fetches::default())?;
        if let Tokens::Foreign(foreign) = &tokens {
            foreign.start().await;
        }
        let judged = if self.offline {
            read(&tokens, text.expose_secret(), now).await
        } else {
            let url = config.database_url.expose_secret();
            // One that does not exist is told instead of made.
            Store::migrations(url).await?;
            let store = Store::open_with(url, config.database_connections).await?;
            // Nobody is made only because somebody asks what a token says.
            let auth = Auth::new(store, tokens, false);
            auth.check(text.expose_secret(), now).await.map(|caller| {
                checked.user_id = Some(caller.id().get());
                checked.username = Some(caller.user().username.clone());
                checked.permissions = Some(caller.permissions().iter().map(ToString::to_string).collect());
            })
        };
        match judged {
            Ok(()) => checked.is_taken = true,
            Err(ApiError::Token(Refused::Unknown)) if config.foreign.create_users => {
                checked.is_taken = true;
                say("its user is not here yet, and would be made at the first sight of this token");
            }
            Err(ApiError::Token(refused)) => checked.reason = Some(checked.why(refused, now)),
            Err(ApiError::Unavailable(_)) => {
                let line = format!("nobody can tell: the keys cannot be read from {}", checked.key);
                return Err(Failure::new(Exit::Unreachable, line).into());
            }
            Err(error) => {
                let place = store::shown(config.database_url.expose_secret());
                let cause = error.cause().unwrap_or_else(|| error.to_string());
                return Err(anyhow::anyhow!("{place}: {cause}"));
            }
        }
        checked.tell(self.offline);
        output.rows_of(&checked.lines(), &checked)?;
        Ok(if checked.is_taken { Exit::Done } else { Exit::NotAllowed })
    }

    /// As it is pasted or saved: blanks around it and the word before it in a header do not count.
    fn given_text(&self) -> anyhow::Result<SecretString> {
        let given = match &self.text {
            None => self.given.required()?,
            Some(text) if text.expose_secret() == "-" => {
                let bytes = file::read(Path::new("-"), MAX_TOKEN_BYTES)?;
                String::from_utf8_lossy(&bytes).into_owned().into()
            }
            Some(text) => text.clone(),
        };
        let text = given.expose_secret().trim();
        let text = text.strip_prefix("Bearer ").unwrap_or(text).trim();
        if text.is_empty() {
            return Err(Failure::new(Exit::Usage, "no token is given: it is empty").into());
        }
        Ok(text.into())
    }
}

async fn read(tokens: &Tokens, text: &str, now: DateTime<Utc>) -> Result<(), ApiError> {
    match tokens {
        Tokens::Ours(keys) => keys.read(text, now).map(drop).map_err(ApiError::from),
        Tokens::Foreign(foreign) => foreign.read(text, now).await.map(drop),
    }
}

/// Which setting holds the key.
fn key(settings: &Settings) -> String {
    let effective = settings.effective();
    let keys =
        effective.iter().filter(|one| ["jwt-secret", "jwt-public-key", "jwt-jwks"].contains(&one.name));
    let given = keys.filter_map(|one| Some((one, one.source.as_ref()?)));
    let told = given.map(|(one, source)| match one.is_secret {
        true => format!("--{} (given by {source})", one.name),
        false => format!("--{} {} (given by {source})", one.name, one.values.join(",")),
    });
    told.collect::<Vec<_>>().join(", ")
}

impl Checked {
    fn new(unverified: Option<Unverified>, key: String) -> Self {
        let date = |name: &str| {
            let seconds = unverified.as_ref()?.claims.get(name)?.as_f64()?;
            let date = DateTime::from_timestamp(seconds as i64, 0)?;
            Some(date.timestamp_millis())
        };
        Self {
            is_taken: false,
            reason: None,
            user_id: None,
            username: None,
            permissions: None,
            issued_at_ms: date("iat"),
            not_before_ms: date("nbf"),
            expires_at_ms: date("exp"),
            key,
            algorithm: unverified.as_ref().map(|token| token.algorithm.clone()),
            kid: unverified.as_ref().and_then(|token| token.kid.clone()),
            claims: unverified.map(|token| token.claims),
        }
    }

    /// More than a stranger who calls the api would hear.
    fn why(&self, refused: Refused, now: DateTime<Utc>) -> String {
        let future = |at_ms: Option<i64>| at_ms.is_some_and(|at| at > now.timestamp_millis());
        match refused {
            Refused::Invalid => self.why_invalid(),
            Refused::Expired if future(self.not_before_ms) => "its time has not come: see nbf".to_owned(),
            Refused::Expired if future(self.issued_at_ms) => "it was made in times to come: see iat".to_owned(),
            Refused::Expired => "it has expired: see exp".to_owned(),
            Refused::Dead => "its user does not exist, is disabled, or was forced offline or given another password since it was made".to_owned(),
            Refused::Unknown => "its user is not known here: gatepipe user link says who it is, or --jwt-create-users true makes it".to_owned(),
            Refused::Missing => refused.to_string(),
        }
    }

    fn why_invalid(&self) -> String {
        let Some(algorithm) = &self.algorithm else {
            return "it is no JSON Web Token, or of an algorithm that is never taken".to_owned();
        };
        if self.key.starts_with("--jwt-secret") && algorithm != "HS256" {
            return format!(
                "it is signed with {algorithm}, and a secret checks only HS256: --jwt-public-key or --jwt-jwks take others"
            );
        }
        if !self.key.starts_with("--jwt-secret") && algorithm.starts_with("HS") {
            return format!(
                "it is signed with {algorithm}, that is a secret, and public keys check only RS256, ES256 and EdDSA"
            );
        }
        "it was signed with another key or changed since, or a claim that is needed is missing, of a wrong type, or for somebody else (sub, exp, iss, aud)".to_owned()
    }

    fn tell(&self, offline: bool) {
        let until = self.expires_at_ms.and_then(date).unwrap_or_default();
        match (&self.reason, self.username.as_deref()) {
            (Some(reason), _) => say(&format!("it would be refused: {reason}")),
            (None, Some(username)) => {
                say(&format!("it would be taken, for {username}, until {until}"));
            }
            (None, None) if offline => {
                say(&format!(
                    "signature and times are good until {until}; the database was not asked about its user"
                ));
            }
            (None, None) => say(&format!("it would be taken, until {until}")),
        }
    }

    fn lines(&self) -> Vec<Line> {
        let line = |what: &str, value: String| Line(what.to_owned(), value);
        let known = |what: &str, value: Option<String>| value.map(|value| line(what, value));
        let taken = if self.is_taken { "yes" } else { "no" };
        let user = self.user_id.zip(self.username.as_ref()).map(|(id, name)| format!("{id} ({name})"));
        let rows = [
            Some(line("taken", taken.to_owned())),
            known("reason", self.reason.clone()),
            known("user", user),
            known("permissions", self.permissions.as_ref().map(|names| names.join(","))),
            known("issued at", self.issued_at_ms.and_then(date)),
            known("not before", self.not_before_ms.and_then(date)),
            known("expires at", self.expires_at_ms.and_then(date)),
            known("algorithm", self.algorithm.clone()),
            known("kid", self.kid.clone()),
            Some(line("key", self.key.clone())),
        ];
        let claims = self.claims.iter().flatten();
        let claims = claims.map(|(name, value)| {
            let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            Line(format!("claim {name}"), text)
        });
        rows.into_iter().flatten().chain(claims).collect()
    }
}

fn date(at_ms: i64) -> Option<String> {
    DateTime::from_timestamp_millis(at_ms).map(|date| date.to_rfc3339())
}
