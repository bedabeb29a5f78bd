//! An issuer: a server with its keys, which may change, break and fall silent.

use std::sync::Arc;

use axum::body::Body;
use axum::http::{Response, StatusCode};
use axum::routing::get;
use gatepipe_api::auth::foreign::source::Source;
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::sync::watch;

type Answer = (StatusCode, Vec<u8>);

/// Serves a set of keys on a free port.
pub struct Issuer {
    url: String,
    answer: watch::Sender<Option<Answer>>,
    asked: watch::Receiver<usize>,
}

impl Issuer {
    pub async fn start(keys: &Value) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/jwks", listener.local_addr().unwrap());
        let (answer, answers) = watch::channel(None);
        let (count, asked) = watch::channel(0);
        let count = Arc::new(count);
        let jwks = get(move || {
            let (mut answers, count) = (answers.clone(), Arc::clone(&count));
            async move {
                count.send_modify(|count| *count += 1);
                // Silent while there is nothing to say.
                let answer = answers.wait_for(Option::is_some).await.unwrap().clone();
                let (status, body) = answer.unwrap();
                let answer = Response::builder().status(status).header("location", "/jwks");
                answer.body(Body::from(body)).unwrap()
            }
        });
        tokio::spawn(async move { axum::serve(listener, axum::Router::new().route("/jwks", jwks)).await });
        let issuer = Self { url, answer, asked };
        issuer.serves(keys);
        issuer
    }

    pub fn source(&self) -> Option<Source> {
        Some(self.url.parse().unwrap())
    }

    pub fn url(&self) -> &str {
        &self.url
    }

    pub fn serves(&self, keys: &Value) {
        self.answers(200, keys.to_string());
    }

    pub fn answers(&self, status: u16, body: impl Into<Vec<u8>>) {
        self.answer.send_replace(Some((StatusCode::from_u16(status).unwrap(), body.into())));
    }

    pub fn falls_silent(&self) {
        self.answer.send_replace(None);
    }

    /// How often it was asked.
    pub fn asked(&self) -> usize {
        *self.asked.borrow()
    }

    /// Waits until it was asked so often.
    pub async fn was_asked(&mut self, times: usize) {
        let asked = self.asked.wait_for(|asked| *asked >= times);
        tokio::time::timeout(std::time::Duration::from_secs(10), asked).await.expect("in time").unwrap();
    }
}
