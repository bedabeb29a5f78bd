//! A page as small as it can be: thousands of them fit into one test, and it tells text, bytes and the close apart.

use futures_util::StreamExt;
use gatepipe_client::ClientId;
use gatepipe_local_cluster::eventually::within;
use serde_json::Value;
use tokio::net::TcpStream;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;

/// Enough for an `init`.
const READ_BUFFER_BYTES: usize = 512;

pub(crate) struct Socket {
    frames: WebSocketStream<TcpStream>,
    pub(crate) client_id: ClientId,
}

/// What a page hears.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Heard {
    Text(String),
    Bytes(Vec<u8>),
    /// The code of the close frame; `None`: the socket ended without one.
    Closed(Option<u16>),
}

impl Socket {
    /// Connects to `ws://HOST:PORT/ws` and reads `init`.
    pub(crate) async fn open(ws: &str) -> Self {
        let address = ws.trim_start_matches("ws://").trim_end_matches("/ws");
        let socket = within("the connection", TcpStream::connect(address)).await.unwrap();
        let config = WebSocketConfig::default().read_buffer_size(READ_BUFFER_BYTES).write_buffer_size(0);
        let handshake = tokio_tungstenite::client_async_with_config(ws, socket, Some(config));
        let (mut frames, _) = within("the handshake", handshake).await.unwrap();
        let init = within("init", frames.next()).await.unwrap().unwrap().into_text().unwrap();
        let init: Value = serde_json::from_str(&init).unwrap();
        assert_eq!(init["type"], "init");
        let client_id = init["client_id"].as_str().unwrap().parse().unwrap();
        Self { frames, client_id }
    }

    pub(crate) async fn next(&mut self) -> Heard {
        loop {
            return match within("a frame", self.frames.next()).await {
                Some(Ok(Message::Text(text))) => Heard::Text(text.to_string()),
                Some(Ok(Message::Binary(bytes))) => Heard::Bytes(bytes.to_vec()),
                Some(Ok(Message::Close(close))) => Heard::Closed(close.map(|close| close.code.into())),
                Some(Ok(_)) => continue,
                Some(Err(_)) | None => Heard::Closed(None),
            };
        }
    }

    /// Says goodbye and reads to the end.
    pub(crate) async fn leave(mut self) {
        // Whoever was closed already cannot say it any more.
        drop(self.frames.close(None).await);
        while let Some(Ok(_)) = within("the end", self.frames.next()).await {}
    }
}
