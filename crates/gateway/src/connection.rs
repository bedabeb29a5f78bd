//! One client's whole life after the handshake: read, finish writes, goodbye.
//!
//! One task per connection, and it only reads; writing belongs to the outbox. Whichever branch ends first gives the reason.

use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use futures_util::StreamExt;
use gatepipe_proto::CloseCode;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::error::ProtocolError;
use tokio_tungstenite::tungstenite::protocol::{Role, WebSocketConfig};
use tokio_tungstenite::tungstenite::{Error, Message};

use crate::client::{CLOSED_WITHOUT_A_WORD, Client, Closing};
use crate::frame_limit::Meter;
use crate::inbound::Inbound;
use crate::outbox;
use crate::seat::Seat;

/// How long a client has to take the rest and answer our close frame.
const GOODBYE: Duration = Duration::from_secs(2);
/// The same for one that was closed because it reads slowly: it may still come to read why.
const GOODBYE_SLOW: Duration = Duration::from_secs(15);
/// The reader's buffer. Every idle connection keeps one.
const READ_BUFFER_BYTES: usize = 256;

/// Why a connection ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CloseReason {
    /// We ended it with this code.
    Ours(CloseCode),
    /// The peer said goodbye with a close frame.
    Peer,
    /// The peer went away without a word, or the socket broke, or it was destroyed.
    Gone,
}

impl CloseReason {
    /// For metrics, logs and workers: our code, 1000 for the peer's goodbye, 1006 for none.
    pub(crate) fn number(self) -> u16 {
        match self {
            Self::Ours(code) => code.number(),
            Self::Peer => CloseCode::NORMAL.number(),
            Self::Gone => CLOSED_WITHOUT_A_WORD,
        }
    }
}

/// Serves one client until it ends. `early` are bytes that came together with the handshake.
pub(crate) async fn serve(seat: Seat, mut early: Bytes, inbound: Inbound) {
    let client = seat.client().clone();
    let limit = inbound.max_message_bytes();
    let config = WebSocketConfig::default()
        .read_buffer_size(READ_BUFFER_BYTES)
        .write_buffer_size(0)
        .max_message_size(Some(limit))
        .max_frame_size(Some(limit));
    let mut meter = Meter::new(inbound.max_frames_per_second(), client.now());
    if let Some(meter) = &mut meter {
        early.truncate(meter.allow(&early, client.now()));
    }
    let socket = Socket { client: client.clone(), meter };
    let mut frames =
        WebSocketStream::from_partially_read(socket, early.into(), Role::Server, Some(config)).await;
    let reason = tokio::select! {
        reason = read_loop(&mut frames, &client, &inbound) => reason,
        () = client.finish_writes() => client.closed_with().map_or(CloseReason::Gone, CloseReason::Ours),
    };
    // From here on nobody is told that this client can be reached.
    client.end(reason.number());
    drop(seat);
    drop(frames);
    say_goodbye(&client, reason).await;
}

/// Reads until the connection ends. Dropping the future between two frames loses nothing that matters: the connection is
/// ending then.
async fn read_loop(
    frames: &mut WebSocketStream<Socket>,
    client: &Arc<Client>,
    inbound: &Inbound,
) -> CloseReason {
    let mut said_goodbye = false;
    while let Some(frame) = frames.next().await {
        match frame {
            Ok(Message::Text(text)) => inbound.text(client, &text),
            Ok(Message::Binary(bytes)) => inbound.binary(client, &bytes),
            Ok(Message::Ping(payload) | Message::Pong(payload)) => inbound.control(client, &payload),
            // The reader gives whole messages only.
            Ok(Message::Frame(_)) => {}
            // Read on: the echo is written while reading, and the stream then ends.
            Ok(Message::Close(_)) => said_goodbye = true,
            Err(error) => return refuse(client, &error, said_goodbye),
        }
    }
    if said_goodbye { CloseReason::Peer } else { CloseReason::Gone }
}

/// The reader reports a broken frame without answering it: we do.
fn refuse(client: &Client, error: &Error, said_goodbye: bool) -> CloseReason {
    let (code, reason) = match error {
        Error::Utf8(_) => (CloseCode::NOT_UTF8, "text is not UTF-8".to_owned()),
        Error::Capacity(_) => (CloseCode::TOO_BIG, "message is too big".to_owned()),
        Error::Protocol(ProtocolError::ResetWithoutClosingHandshake) => return CloseReason::Gone,
        Error::Protocol(broken) => (CloseCode::PROTOCOL, broken.to_string()),
        _ if said_goodbye => return CloseReason::Peer,
        _ => return CloseReason::Gone,
    };
    tracing::debug!(client_id = %client.id, %code, reason, "refusing a frame");
    client.close(&Closing::new(code, &reason));
    CloseReason::Ours(code)
}

/// Flushes what is fair to flush, says that nothing more comes, and reads on until the peer has gone too: closing a socket
/// with unread input would make the kernel throw our last bytes away.
async fn say_goodbye(client: &Client, reason: CloseReason) {
    if reason == CloseReason::Gone {
        return;
    }
    let patience = match reason {
        CloseReason::Ours(CloseCode::SLOW_CONSUMER) => GOODBYE_SLOW,
        _ => GOODBYE,
    };
    let goodbye = async {
        if client.flush().await {
            client.wire().finish();
            discard(client).await;
        }
    };
    if tokio::time::timeout(patience, goodbye).await.is_err() {
        tracing::debug!(client_id = %client.id, "cut a client that did not answer the close");
    }
}

async fn discard(client: &Client) {
    let mut scrap = [0; 512];
    while !matches!(poll_fn(|context| client.wire().poll_read(context, &mut scrap)).await, Ok(0) | Err(_)) {}
}

/// What the WebSocket reader takes for a socket: it reads from the wire, and what it wants to write (pongs, the close echo)
/// goes through the outbox like everything else.
struct Socket {
    client: Arc<Client>,
    /// `None`: it may send as many frames as it likes.
    meter: Option<Meter>,
}

impl AsyncRead for Socket {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let Self { client, meter } = self.get_mut();
        let mut read = 0;
        if meter.as_ref().is_none_or(|meter| !meter.is_over()) {
            let bytes = buffer.initialize_unfilled();
            read = std::task::ready!(client.wire().poll_read(context, bytes))?;
            if read == 0 {
                return Poll::Ready(Ok(()));
            }
            if let Some(meter) = meter {
                read = meter.allow(&bytes[..read], client.now());
            }
        }
        if read == 0 {
            // What was allowed has been read. The close wakes this task, also when the connection was ending before or its socket
            // is broken, and the task's other half ends it. The socket wakes nobody any more.
            client.close(&Closing::new(CloseCode::RATE_LIMIT, "too many frames"));
            return Poll::Pending;
        }
        buffer.advance(read);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Socket {
    fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        // A refusal means that the connection is ending; its own task will notice.
        self.client.offer(&outbox::copied(bytes));
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}
