//! One connection of a page: connect, `init`, bind, heartbeat, until it ends.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::{self, BoxFuture, FutureExt as _};
use futures_util::{SinkExt as _, StreamExt as _};
use gatepipe_client::{ClientId, CloseCode};
use rustls::ClientConfig;
use serde::Deserialize;
use serde_json::json;
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep_until, timeout};
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::{self, Message};
use tokio_tungstenite::{Connector, MaybeTlsStream, WebSocketStream};

use crate::api::Api;
use crate::exit::{Exit, Failure};
use crate::output::{self, say};

/// How long connecting, and then the `init` frame, may take.
const OPENING: Duration = Duration::from_secs(10);
const HEARTBEAT: Duration = Duration::from_secs(30);
/// How long a ping may stay without any frame in answer.
const HEARTBEAT_ANSWER: Duration = Duration::from_secs(10);
/// A connection that was ready for this long held.
const HELD: Duration = Duration::from_secs(5);

/// Why a connection ended.
#[derive(Debug)]
pub enum Ended {
    /// As many frames as were asked for have come.
    Enough,
    /// The server closed it.
    Closed(CloseFrame),
    /// It was never made, it broke, or the other side fell silent.
    Lost(String),
}

/// A life of a page, and what it leaves behind.
pub struct Page<'a> {
    url: &'a str,
    api: Option<&'a Api>,
    /// `None`: as the system does it.
    tls: Option<Arc<ClientConfig>>,
    /// How many frames are still to be printed; `None` for no end.
    wanted: &'a mut Option<u64>,
    ready_since: Option<Instant>,
    /// The server's hint of how wide to spread the return.
    pub within: Option<Duration>,
}

#[derive(Deserialize)]
struct Received {
    #[serde(rename = "type")]
    kind: String,
    client_id: Option<String>,
    #[serde(default)]
    data: serde_json::Value,
}

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;
type Bound = Result<serde_json::Value, Failure>;

impl<'a> Page<'a> {
    pub fn new(
        url: &'a str,
        api: Option<&'a Api>,
        tls: Option<Arc<ClientConfig>>,
        wanted: &'a mut Option<u64>,
    ) -> Self {
        Self { url, api, tls, wanted, ready_since: None, within: None }
    }

    /// Whether it was ready long enough to count as a success.
    pub fn held(&self) -> bool {
        self.ready_since.is_some_and(|since| since.elapsed() >= HELD)
    }

    /// Connects and stays until it ends.
    ///
    /// # Errors
    /// Coming back would not help: the token is refused, or stdout is closed.
    pub async fn live(&mut self) -> anyhow::Result<Ended> {
        let tls = self.tls.clone().map(Connector::Rustls);
        let connecting = tokio_tungstenite::connect_async_tls_with_config(self.url, None, false, tls);
        let mut socket = match timeout(OPENING, connecting).await {
            Ok(Ok((socket, _))) => socket,
            Ok(Err(error)) => return Ok(Ended::Lost(format!("cannot connect: {}", handshake_error(error)))),
            Err(_) => return Ok(Ended::Lost(format!("cannot connect within {OPENING:?}"))),
        };
        let ended = self.stay(&mut socket).await;
        // The other side sees a page that leaves; whether it hears so does not matter any more.
        drop(timeout(Duration::from_secs(1), socket.close(None)).await);
        ended
    }

    async fn stay(&mut self, socket: &mut Socket) -> anyhow::Result<Ended> {
        let mut binding: BoxFuture<'_, Bound> = future::pending().boxed();
        let mut started = false;
        let mut ping_sent = false;
        let mut deadline = Instant::now() + OPENING;
        loop {
            tokio::select! {
                received = socket.next() => {
                    let message = match received {
                        Some(Ok(message)) => message,
                        Some(Err(error)) => return Ok(Ended::Lost(error.to_string())),
                        None => return Ok(Ended::Lost("the connection was cut".into())),
                    };
                    if started {
                        ping_sent = false;
                        deadline = Instant::now() + HEARTBEAT;
                    }
                    if let Message::Close(frame) = message {
                        return Ok(frame.map_or_else(|| Ended::Lost("closed without a code".into()), Ended::Closed));
                    }
                    let Some(text) = shown(&message) else { continue };
                    let frame = serde_json::from_str::<Received>(&text).ok();
                    let kind = frame.as_ref().map_or("", |frame| frame.kind.as_str());
                    if kind == "pong" {
                        continue;
                    }
                    output::foreign_line(&text)?;
                    if kind == "reconnect" {
                        let within_ms = frame.as_ref().and_then(|frame| frame.data["within_ms"].as_u64());
                        self.within = within_ms.map(Duration::from_millis);
                    } else if kind == "init" && !started {
                        let id = frame.and_then(|frame| frame.client_id).and_then(|id| id.parse().ok());
                        let Some(client_id) = id else {
                            return Ok(Ended::Lost("its init has no client_id".into()));
                        };
                        started = true;
                        deadline = Instant::now() + HEARTBEAT;
                        binding = self.bind(client_id);
                    }
                    if self.seen_enough() {
                        return Ok(Ended::Enough);
                    }
                }
                bound = &mut binding => {
                    binding = future::pending().boxed();
                    match bound {
                        Ok(_) => self.ready_since = Some(Instant::now()),
                        Err(refused) if refused.exit() == Exit::NotAllowed => return Err(refused.into()),
                        Err(failure) => return Ok(Ended::Lost(format!("not bound: {failure}"))),
                    }
                }
                () = sleep_until(deadline) => {
                    if !started {
                        return Ok(Ended::Lost(format!("no init within {OPENING:?}")));
                    }
                    if ping_sent {
                        return Ok(Ended::Lost(format!("no answer to a ping within {HEARTBEAT_ANSWER:?}")));
                    }
                    let ping = socket.send(Message::text(r#"{"type":"ping"}"#));
                    match timeout(HEARTBEAT_ANSWER, ping).await {
                        Ok(Ok(())) => {}
                        Ok(Err(error)) => return Ok(Ended::Lost(error.to_string())),
                        Err(_) => return Ok(Ended::Lost("the connection takes no more".into())),
                    }
                    ping_sent = true;
                    deadline = Instant::now() + HEARTBEAT_ANSWER;
                }
            }
        }
    }

    /// Binds over HTTP; without a token the page is ready with its init.
    fn bind(&mut self, client_id: ClientId) -> BoxFuture<'a, Bound> {
        let Some(api) = self.api else {
            self.ready_since = Some(Instant::now());
            return future::pending().boxed();
        };
        let body = json!({ "client_id": client_id.to_string() });
        async move { api.post("WebSocket/bind", &body).await }.boxed()
    }

    /// Counts one printed frame.
    fn seen_enough(&mut self) -> bool {
        match self.wanted {
            None => false,
            Some(wanted) => {
                *wanted = wanted.saturating_sub(1);
                *wanted == 0
            }
        }
    }
}

/// A text frame as it came, a binary one in hex.
fn shown(message: &Message) -> Option<String> {
    match message {
        Message::Text(text) => Some(text.as_str().to_owned()),
        Message::Binary(bytes) => {
            Some(bytes.iter().fold("0x".to_owned(), |hex, byte| format!("{hex}{byte:02x}")))
        }
        _ => None,
    }
}

fn handshake_error(error: tungstenite::Error) -> String {
    match error {
        tungstenite::Error::Http(answer) => format!("the server answered {}", answer.status()),
        other => other.to_string(),
    }
}

/// What the code of a close means, for people.
pub fn tell_close(frame: &CloseFrame) {
    say(&format!("closed: {} {}", u16::from(frame.code), frame.reason));
}

/// The code of a close, if it is one that we know how to obey.
pub fn code(frame: &CloseFrame) -> Option<CloseCode> {
    CloseCode::new(frame.code.into())
}
