//! The way to the api: HTTP with a token.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use futures_util::TryStreamExt as _;
use gatepipe_daemon::tls;
use http_body_util::StreamBody;
use hyper::body::Frame;
use reqwest::header::CONTENT_TYPE;
use reqwest::{StatusCode, Url};
use rustls::ClientConfig;
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::io::AsyncRead;
use tokio_util::io::ReaderStream;

use crate::exit::{Exit, Failure};
use crate::output::say;
use crate::secret::{Name, Secret};

/// How long one request may take.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long a file may take, in either direction.
const LONG_PATIENCE: Duration = Duration::from_secs(3_600);
/// How much of a file is in memory at once.
const CHUNK_BYTES: usize = 64 << 10;

/// How long is waited before a request with a key is sent again; after the last one it has failed.
const WAITS: [Duration; 5] = [
    Duration::from_secs(1),
    Duration::from_secs(2),
    Duration::from_secs(4),
    Duration::from_secs(8),
    Duration::from_secs(15),
];

/// Where the api is, and who calls.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Api")]
pub struct ApiArgs {
    /// Where the api is
    #[arg(long, value_name = "URL", env = "GATEPIPE_API", default_value = "http://127.0.0.1:8787")]
    api: Url,
    /// PEM: the authorities that are believed instead of the system's, for https:// and wss://
    #[arg(long, value_name = "FILE", env = "GATEPIPE_CA")]
    ca: Option<PathBuf>,
    #[command(flatten)]
    token: Secret<TokenName>,
}

/// `--token` and what belongs to it.
#[derive(Debug, Clone, Copy)]
pub struct TokenName;

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

    /// TLS as `--ca` wants it; `None`: as the system does.
    pub fn tls(&self) -> Result<Option<Arc<ClientConfig>>, Failure> {
        let believed = self.ca.as_deref().map(tls::believing).transpose();
        believed.map_err(|why| Failure::new(Exit::Usage, format!("--ca: {why}")))
    }

    fn with(&self, token: SecretString) -> anyhow::Result<Api> {
        let mut http = reqwest::Client::builder().timeout(PATIENCE);
        if let Some(tls) = self.tls()? {
            http = http.tls_backend_preconfigured((*tls).clone());
        }
        Ok(Api { base: self.api.as_str().trim_end_matches('/').to_owned(), http: http.build()?, token })
    }
}

/// A request that did not go well.
#[derive(Debug)]
pub struct Trouble {
    /// Why.
    pub failure: Failure,
    /// What was answered; `None`: nothing.
    pub status: Option<u16>,
    kind: Kind,
}

impl Trouble {
    /// It may have been done all the same.
    pub fn may_be_done(&self) -> bool {
        self.kind == Kind::Passing
    }
}

/// What can be done about a request that did not go well.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Nothing: it is refused, or another program answers.
    Refused,
    /// Nobody answers there at all.
    Nobody,
    /// It may go well later; whether it was done already may be unknown.
    Passing,
}

impl Api {
    /// Posts to `/api/admin/PATH` and gives the answer's `data`.
    pub async fn post(&self, path: &str, body: &Value) -> Result<Value, Failure> {
        self.try_post(path, None, body).await.map_err(|trouble| trouble.failure)
    }

    /// [`Api::post`] with an `Idempotency-Key`, so that it is done once; sent again while the outcome is unknown or the api is busy.
    /// An api that has `answered` before is waited for also when it is away.
    pub async fn post_once(
        &self,
        path: &str,
        key: &str,
        body: &Value,
        mut answered: bool,
    ) -> Result<Value, Trouble> {
        let mut waits = WAITS.iter();
        loop {
            let mut trouble = match self.try_post(path, Some(key), body).await {
                Ok(data) => return Ok(data),
                Err(trouble) => trouble,
            };
            if answered && trouble.kind == Kind::Nobody {
                trouble.kind = Kind::Passing;
            }
            let Some(wait) = waits.next().filter(|_| trouble.kind == Kind::Passing) else {
                return Err(trouble);
            };
            answered = true;
            say(&format!("{}; trying again in {} s", trouble.failure, wait.as_secs()));
            tokio::time::sleep(*wait).await;
        }
    }

    /// [`Api::post`], once, with what is known of why it did not go well.
    pub async fn try_post(
        &self,
        path: &str,
        key: Option<&str>,
        body: &impl Serialize,
    ) -> Result<Value, Trouble> {
        let mut sending = self.http.post(self.url(path)).bearer_auth(self.token.expose_secret()).json(body);
        if let Some(key) = key {
            sending = sending.header("idempotency-key", key);
        }
        self.data(sending).await
    }

    /// Posts JSON lines as they are read to `/api/admin/PATH` and gives the answer's `data`.
    pub async fn post_lines(
        &self,
        path: &str,
        lines: impl AsyncRead + Send + Sync + Unpin + 'static,
    ) -> Result<Value, Failure> {
        let chunks = ReaderStream::with_capacity(lines, CHUNK_BYTES).map_ok(Frame::data);
        let sending = self.http.post(self.url(path)).bearer_auth(self.token.expose_secret());
        let sending = sending.header(CONTENT_TYPE, "application/x-ndjson").timeout(LONG_PATIENCE);
        let sending = sending.body(reqwest::Body::wrap(StreamBody::new(chunks)));
        self.data(sending).await.map_err(|trouble| trouble.failure)
    }

    /// Gets `/api/admin/PATH` and gives the answer's `data`.
    pub async fn get(&self, path: &str) -> Result<Value, Failure> {
        let sending = self.http.get(self.url(path)).bearer_auth(self.token.expose_secret());
        self.data(sending).await.map_err(|trouble| trouble.failure)
    }

    /// Gets a file; its bytes are still to come.
    pub async fn download(&self, path: &str) -> Result<reqwest::Response, Failure> {
        let sending = self.http.get(self.url(path)).bearer_auth(self.token.expose_secret());
        let sent = sending.timeout(LONG_PATIENCE).send().await;
        let answer = sent.map_err(|error| self.unreachable(error).failure)?;
        if answer.status().is_success() {
            return Ok(answer);
        }
        // A refusal: it is read as every other.
        let refused = self.read(answer).await.map_err(|trouble| trouble.failure);
        refused.and(Err(Failure::new(Exit::Failed, "the api sent no file")))
    }

    fn url(&self, path: &str) -> String {
        format!("{}/api/admin/{path}", self.base)
    }

    async fn data(&self, sending: reqwest::RequestBuilder) -> Result<Value, Trouble> {
        let answer = sending.send().await.map_err(|error| self.unreachable(error))?;
        self.read(answer).await
    }

    async fn read(&self, answer: reqwest::Response) -> Result<Value, Trouble> {
        let status = answer.status();
        let text = answer.text().await.map_err(|error| self.unreachable(error))?;
        match serde_json::from_str::<Envelope>(&text) {
            Ok(envelope) if status.is_success() => Ok(envelope.data),
            Ok(envelope) => Err(refusal(status, &envelope)),
            Err(_) => {
                let line =
                    format!("{} answered {status}, but not as Gatepipe's api: is --api right?", self.base);
                Err(Trouble {
                    failure: Failure::new(Exit::Unreachable, line),
                    status: Some(status.as_u16()),
                    kind: Kind::Refused,
                })
            }
        }
    }

    fn unreachable(&self, error: reqwest::Error) -> Trouble {
        let timed_out = error.is_timeout();
        let kind = if error.is_connect() { Kind::Nobody } else { Kind::Passing };
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
        Trouble { failure: Failure::new(Exit::Unreachable, line), status: None, kind }
    }
}

/// A refusal in one line, with each wrong field.
fn refusal(status: StatusCode, envelope: &Envelope) -> Trouble {
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
    let kind = match status {
        // Only with a key: the first request with it is not ready yet.
        StatusCode::CONFLICT | StatusCode::SERVICE_UNAVAILABLE => Kind::Passing,
        _ => Kind::Refused,
    };
    Trouble { failure: Failure::new(exit, line), status: Some(status.as_u16()), kind }
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
        let trouble = refusal(StatusCode::UNPROCESSABLE_ENTITY, &envelope);
        assert_eq!(
            trouble.failure.to_string(),
            "the api refused (422): some fields are wrong; link: must be empty; title: is required"
        );
    }
}
