//! The way to the api: HTTP with a token.

use std::time::Duration;

use clap::Args;
use reqwest::{StatusCode, Url};
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use serde_json::Value;

use crate::exit::{Exit, Failure};
use crate::secret::{Name, Secret};

/// How long one request may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// Where the api is, and who calls.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Api")]
pub struct ApiArgs {
    /// Where the api is
    #[arg(long, value_name = "URL", env = "GATEPIPE_API", default_value = "http://127.0.0.1:8787")]
    api: Url,
    #[command(flatten)]
    token: Secret<TokenName>,
}

#[derive(Debug, Clone, Copy)]
struct TokenName;

impl Name for TokenName {
    const FLAG: &'static str = "token";
    const FILE_FLAG: &'static str = "token-file";
    const ENV: &'static str = "GATEPIPE_TOKEN";
    const FILE_ENV: &'static str = "GATEPIPE_TOKEN_FILE";
    const HELP: &'static str = "The caller's token, from /Auth/login or gatepipe token create";
    const FILE_HELP: &'static str = "A file that holds the token";
}

/// The api, called with a token.
#[derive(Debug, Clone)]
pub struct Api {
    /// Without a slash at its end.
    base: String,
    http: reqwest::Client,
    token: SecretString,
}

#[derive(Deserialize)]
struct Envelope {
    msg: String,
    data: Value,
}

impl ApiArgs {
    /// The api, for a command that needs a token.
    pub fn open(&self) -> anyhow::Result<Api> {
        self.with(self.token.required()?)
    }

    /// The api, if there is a token.
    pub fn open_if_token(&self) -> anyhow::Result<Option<Api>> {
        self.token.read()?.map(|token| self.with(token)).transpose()
    }

    fn with(&self, token: SecretString) -> anyhow::Result<Api> {
        Ok(Api {
            base: self.api.as_str().trim_end_matches('/').to_owned(),
            http: reqwest::Client::builder().timeout(PATIENCE).build()?,
            token,
        })
    }
}

impl Api {
    /// Posts to `/api/admin/PATH` and gives the answer's `data`.
    pub async fn post(&self, path: &str, body: &Value) -> Result<Value, Failure> {
        let url = format!("{}/api/admin/{path}", self.base);
        let sending = self.http.post(url).bearer_auth(self.token.expose_secret()).json(body);
        let answer = sending.send().await.map_err(|error| self.unreachable(error))?;
        let status = answer.status();
        let text = answer.text().await.map_err(|error| self.unreachable(error))?;
        match serde_json::from_str::<Envelope>(&text) {
            Ok(envelope) if status.is_success() => Ok(envelope.data),
            Ok(envelope) => Err(refusal(status, &envelope)),
            Err(_) => {
                let line =
                    format!("{} answered {status}, but not as Gatepipe's api: is --api right?", self.base);
                Err(Failure::new(Exit::Unreachable, line))
            }
        }
    }

    fn unreachable(&self, error: reqwest::Error) -> Failure {
        let timed_out = error.is_timeout();
        let why = anyhow::Error::new(error.without_url());
        let line = if timed_out {
            format!(
                "the api at {} did not answer within {PATIENCE:?}; whether it did it is unknown",
                self.base
            )
        } else {
            let why = gatepipe_daemon::report::line(&why);
            format!(
                "the api at {} does not answer: {why}; start it (gatepipe-api, or gatepipe dev), or say where it is with --api",
                self.base
            )
        };
        Failure::new(Exit::Unreachable, line)
    }
}

/// A refusal in one line, with each wrong field.
fn refusal(status: StatusCode, envelope: &Envelope) -> Failure {
    let exit = match status {
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => Exit::NotAllowed,
        StatusCode::NOT_FOUND => Exit::NotFound,
        StatusCode::SERVICE_UNAVAILABLE => Exit::Unreachable,
        _ => Exit::Failed,
    };
    let mut line = format!("the api refused ({}): {}", status.as_u16(), envelope.msg);
    if let Some(fields) = envelope.data.as_object() {
        for (name, rule) in fields {
            let rule = rule.as_str().map_or_else(|| rule.to_string(), str::to_owned);
            line.push_str(&format!("; {name}: {rule}"));
        }
    }
    Failure::new(exit, line)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_names_every_wrong_field() {
        let envelope = Envelope {
            msg: "some fields are wrong".into(),
            data: serde_json::json!({"link": "must be empty", "title": "is required"}),
        };
        let failure = refusal(StatusCode::UNPROCESSABLE_ENTITY, &envelope);
        assert_eq!(
            failure.to_string(),
            "the api refused (422): some fields are wrong; link: must be empty; title: is required"
        );
    }
}
