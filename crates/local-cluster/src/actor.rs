//! What tests hold in their hands: a page with its WebSocket, a person with a token.

use futures_util::{SinkExt, StreamExt};
use gatepipe_proto::ClientId;
use reqwest::header::HeaderName;
use serde_json::{Value, json};
use tokio::net::{TcpSocket, TcpStream};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::handshake::client::Request;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;

use crate::events::Events;
use crate::eventually::within;
use crate::{Cluster, people};

/// A page in a browser: one WebSocket, which has read its `init`.
#[derive(Debug)]
pub struct Page {
    frames: WebSocketStream<TcpStream>,
    client_id: String,
}

impl Page {
    /// Connects and waits for `init`.
    ///
    /// # Panics
    /// When that fails: for tests.
    pub async fn open(ws: &str) -> Self {
        Self::open_with(ws, &[]).await
    }

    /// The same with headers of its own in the handshake.
    ///
    /// # Panics
    /// When that fails: for tests.
    pub async fn open_with(ws: &str, headers: &[(&'static str, &str)]) -> Self {
        let mut request = request(ws);
        for (name, value) in headers {
            request.headers_mut().append(*name, value.parse().expect("the value of a header"));
        }
        Self::on(request, TcpSocket::new_v4()).await
    }

    /// Whether a page may connect now.
    pub async fn try_open(ws: &str) -> bool {
        let connecting = Box::pin(tokio_tungstenite::connect_async(ws));
        within("an answer", connecting).await.is_ok()
    }

    /// A page whose kernel takes little while it does not read.
    ///
    /// # Panics
    /// When that fails: for tests.
    pub async fn open_narrow(ws: &str) -> Self {
        let socket = TcpSocket::new_v4().inspect(|socket| drop(socket.set_recv_buffer_size(8192)));
        Self::on(request(ws), socket).await
    }

    async fn on(request: Request, socket: std::io::Result<TcpSocket>) -> Self {
        let address = request.uri().authority().map(|authority| authority.as_str().parse());
        let address = address.and_then(Result::ok).expect("a ws:// URL with an IP address");
        let socket =
            within("the connection", socket.expect("a socket").connect(address)).await.expect("connected");
        let handshake = within("the handshake", tokio_tungstenite::client_async(request, socket)).await;
        let (frames, _) = handshake.expect("a handshake");
        let mut page = Self { frames, client_id: String::new() };
        let init = page.next().await;
        assert_eq!(init["type"], "init", "the first frame is init");
        page.client_id = init["client_id"].as_str().expect("a client_id").to_owned();
        page
    }

    /// Connects, binds as `person`, and waits for `bind_success`.
    ///
    /// # Panics
    /// When that fails: for tests.
    pub async fn bound(ws: &str, person: &Caller) -> Self {
        let mut page = Self::open(ws).await;
        person.bind(&page).await;
        assert_eq!(page.next().await, json!({"type": "bind_success", "data": {"uid": person.id}}));
        page
    }

    /// From `init`.
    #[must_use]
    pub fn client_id(&self) -> &str {
        &self.client_id
    }

    /// The same, as programs name it.
    ///
    /// # Panics
    /// When it is none.
    #[must_use]
    pub fn id(&self) -> ClientId {
        self.client_id.parse().expect("a client_id")
    }

    /// Sends one text frame.
    ///
    /// # Panics
    /// When the socket is gone.
    pub async fn send(&mut self, text: &str) {
        self.frames.send(Message::text(text)).await.expect("sent");
    }

    /// Sends one binary frame.
    ///
    /// # Panics
    /// When the socket is gone.
    pub async fn send_binary(&mut self, bytes: &[u8]) {
        self.frames.send(Message::binary(bytes.to_vec())).await.expect("sent");
    }

    /// Says goodbye with 1000 and waits for the end. Dropping a page ends it without a word.
    ///
    /// # Panics
    /// When the socket is gone.
    pub async fn close(mut self) {
        let goodbye = CloseFrame { code: 1000.into(), reason: "".into() };
        self.frames.close(Some(goodbye)).await.expect("closed");
        while let Some(Ok(_)) = within("the end", self.frames.next()).await {}
    }

    /// The next JSON frame.
    ///
    /// # Panics
    /// When the socket ends instead.
    pub async fn next(&mut self) -> Value {
        match self.next_or_close().await {
            Ok(frame) => frame,
            Err(code) => panic!("expected a frame, but the socket was closed with {code:?}"),
        }
    }

    /// The next JSON frame, or the code with which the socket was closed; `None`: without a close frame.
    ///
    /// # Errors
    /// The code.
    ///
    /// # Panics
    /// When neither comes in time, or a frame is not JSON.
    pub async fn next_or_close(&mut self) -> Result<Value, Option<u16>> {
        match self.next_message().await {
            Ok(message) => Ok(serde_json::from_slice(message.payload()).expect("a JSON frame")),
            Err(goodbye) => Err(goodbye.map(|goodbye| goodbye.code)),
        }
    }

    /// The next message, text or binary, or how the socket was closed; `None`: without a close frame.
    ///
    /// # Errors
    /// The close frame.
    ///
    /// # Panics
    /// When neither comes in time.
    pub async fn next_message(&mut self) -> Result<gatepipe_proto::Message, Option<Goodbye>> {
        loop {
            let message = match within("a frame", self.frames.next()).await {
                Some(Ok(Message::Text(text))) => gatepipe_proto::Message::text(text.as_str()),
                Some(Ok(Message::Binary(bytes))) => gatepipe_proto::Message::binary(bytes),
                Some(Ok(Message::Close(frame))) => {
                    let goodbye = |frame: CloseFrame| Goodbye {
                        code: frame.code.into(),
                        reason: frame.reason.as_str().to_owned(),
                    };
                    return Err(frame.map(goodbye));
                }
                Some(Ok(_)) => continue,
                Some(Err(_)) | None => return Err(None),
            };
            return Ok(message.expect("a gateway sends no longer messages"));
        }
    }

    /// Reads to the end: all frames, and the code of the close.
    pub async fn rest(&mut self) -> (Vec<Value>, Option<u16>) {
        let mut frames = Vec::new();
        loop {
            match self.next_or_close().await {
                Ok(frame) => frames.push(frame),
                Err(code) => {
                    // The stream answers the close while it is read on.
                    while let Some(Ok(_)) = within("the end", self.frames.next()).await {}
                    return (frames, code);
                }
            }
        }
    }
}

fn request(ws: &str) -> Request {
    ws.into_client_request().expect("a ws:// URL")
}

/// What a close frame says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Goodbye {
    /// The close code.
    pub code: u16,
    /// The reason, in words.
    pub reason: String,
}

/// A person with a token who calls the api.
#[derive(Debug, Clone)]
pub struct Caller {
    /// Their uid.
    pub id: u64,
    http: reqwest::Client,
    api: String,
    token: String,
}

/// An answer of the api.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// `code` of the envelope.
    pub code: i64,
    /// `msg` of the envelope.
    pub msg: String,
    /// `data` of the envelope.
    pub data: Value,
    /// The stable name of a refusal that has one.
    pub refusal: Option<String>,
    /// It is the answer to an earlier request with the same `Idempotency-Key`.
    pub replayed: bool,
}

impl Answer {
    /// The data of a success.
    ///
    /// # Panics
    /// When it is a refusal.
    pub fn ok(self) -> Value {
        assert_eq!((self.status, self.code), (200, 0), "{}: {}", self.msg, self.data);
        self.data
    }
}

impl Caller {
    /// One of [`people::NAMES`] with the token of the cluster's start.
    ///
    /// # Panics
    /// When there is no such person.
    #[must_use]
    pub fn of(cluster: &Cluster, name: &str) -> Self {
        let person = cluster.people().iter().find(|person| person.name == name);
        let person: &people::Person = person.unwrap_or_else(|| panic!("there is no {name}"));
        Self::new(&cluster.http(), person.id, &person.token)
    }

    /// Somebody with this token at this api.
    #[must_use]
    pub fn new(api: &str, id: u64, token: &str) -> Self {
        // The HTTP client asks for one even where it never meets TLS; whoever came first has installed it.
        let _ = rustls::crypto::ring::default_provider().install_default();
        Self { id, http: reqwest::Client::new(), api: api.to_owned(), token: token.to_owned() }
    }

    /// The same person with another token.
    #[must_use]
    pub fn with_token(&self, token: &str) -> Self {
        Self { token: token.to_owned(), ..self.clone() }
    }

    /// The same person, who sends this header with every request.
    ///
    /// # Panics
    /// When it cannot be a header.
    #[must_use]
    pub fn with_header(&self, name: &'static str, value: &str) -> Self {
        let header = [(HeaderName::from_static(name), value.parse().expect("the value of a header"))];
        let http = reqwest::Client::builder().default_headers(header.into_iter().collect());
        Self { http: http.build().expect("an HTTP client"), ..self.clone() }
    }

    /// What it is let in with.
    #[must_use]
    pub fn token(&self) -> &str {
        &self.token
    }

    /// `POST /api/admin` + `path`.
    ///
    /// # Panics
    /// When the answer is not an envelope.
    pub async fn post(&self, path: &str, body: Value) -> Answer {
        let request =
            self.http.post(format!("{}/api/admin{path}", self.api)).bearer_auth(&self.token).json(&body);
        read(within("an answer", request.send()).await.expect("an answer")).await
    }

    /// [`Caller::post`] with an `Idempotency-Key`.
    ///
    /// # Panics
    /// When the answer is not an envelope.
    pub async fn post_with_key(&self, path: &str, key: &str, body: Value) -> Answer {
        let request = self.http.post(format!("{}/api/admin{path}", self.api)).bearer_auth(&self.token);
        let request = request.header("idempotency-key", key).json(&body);
        read(within("an answer", request.send()).await.expect("an answer")).await
    }

    /// [`Caller::post`], with the body's JSON to the letter.
    ///
    /// # Panics
    /// When the answer is not an envelope.
    pub async fn post_as_written(&self, path: &str, body: &str) -> Answer {
        let request = self.http.post(format!("{}/api/admin{path}", self.api)).bearer_auth(&self.token);
        let request = request.header("content-type", "application/json").body(body.to_owned());
        read(within("an answer", request.send()).await.expect("an answer")).await
    }

    /// [`Caller::post`], with a body of JSON lines.
    ///
    /// # Panics
    /// When the answer is not an envelope.
    pub async fn post_lines(&self, path: &str, lines: String) -> Answer {
        let request = self.http.post(format!("{}/api/admin{path}", self.api)).bearer_auth(&self.token);
        let request = request.header("content-type", "application/x-ndjson").body(lines);
        read(within("an answer", request.send()).await.expect("an answer")).await
    }

    /// [`Caller::post`], `None` when the api does not answer.
    pub async fn try_post(&self, path: &str, body: Value) -> Option<Answer> {
        let request =
            self.http.post(format!("{}/api/admin{path}", self.api)).bearer_auth(&self.token).json(&body);
        let response = within("an answer or an error", request.send()).await.ok()?;
        try_read(response).await
    }

    /// `GET /api/admin` + `path`, which may end with a query.
    ///
    /// # Panics
    /// When the answer is not an envelope.
    pub async fn get(&self, path: &str) -> Answer {
        let request = self.http.get(format!("{}/api/admin{path}", self.api)).bearer_auth(&self.token);
        read(within("an answer", request.send()).await.expect("an answer")).await
    }

    /// [`Caller::get`], `None` when the api does not answer.
    pub async fn try_get(&self, path: &str) -> Option<Answer> {
        let request = self.http.get(format!("{}/api/admin{path}", self.api)).bearer_auth(&self.token);
        let response = within("an answer or an error", request.send()).await.ok()?;
        try_read(response).await
    }

    /// A stream of events from `GET /api/admin` + `path`.
    ///
    /// # Panics
    /// When it is none.
    pub async fn events(&self, path: &str) -> Events {
        let request = self.http.get(format!("{}/api/admin{path}", self.api)).bearer_auth(&self.token);
        Events::of(within("an answer", request.send()).await.expect("an answer"))
    }

    /// Binds a page to this person.
    ///
    /// # Panics
    /// When it is refused.
    pub async fn bind(&self, page: &Page) {
        let answer = self.post("/WebSocket/bind", json!({"client_id": page.client_id()})).await;
        assert_eq!(answer.ok(), json!({"bound": true}));
    }
}

async fn read(response: reqwest::Response) -> Answer {
    try_read(response).await.expect("a body")
}

/// `None` when it breaks off.
async fn try_read(response: reqwest::Response) -> Option<Answer> {
    let status = response.status().as_u16();
    let replayed = response.headers().get("idempotency-replayed").is_some_and(|value| value == "true");
    let refusal = response.headers().get("x-refusal").map(|name| name.to_str().expect("ASCII").to_owned());
    let text = within("the body", response.text()).await.ok()?;
    let envelope: Value = serde_json::from_str(&text).unwrap_or_else(|_| panic!("not an envelope: {text}"));
    let keys: Vec<_> = envelope.as_object().expect("an object").keys().map(String::as_str).collect();
    assert_eq!(keys.len(), 3, "exactly code, msg, data: {keys:?}");
    Some(Answer {
        status,
        code: envelope["code"].as_i64().expect("code"),
        msg: envelope["msg"].as_str().expect("msg").to_owned(),
        data: envelope["data"].clone(),
        refusal,
        replayed,
    })
}
