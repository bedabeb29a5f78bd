//! A client's bytes -> its messages. What a connection keeps for it is nothing while it idles between two messages.

use std::io::{self, Read, Write};
use std::ops::ControlFlow::{self, Break, Continue};
use std::task::{Context, Poll, ready};

use gatepipe_proto::CloseCode;
use tokio_tungstenite::tungstenite::error::ProtocolError;
use tokio_tungstenite::tungstenite::protocol::{Role, WebSocketConfig, WebSocketContext};
use tokio_tungstenite::tungstenite::{Error, Message};

use crate::client::{Client, Closing};
use crate::connection::CloseReason;
use crate::frame_limit::Meter;
use crate::frames::Frames;
use crate::inbound::Inbound;
use crate::outbox;

/// Bytes taken from a socket before others have their turn; on the stack of whoever reads.
const PIECE_BYTES: usize = 4096;
/// First size of the buffer in which a message comes together.
const BUFFER_BYTES: usize = 256;

/// Reads one connection.
#[derive(Debug)]
pub(crate) struct Reader {
    inbound: Inbound,
    /// `None`: it may send as many frames as it likes. Boxed, because almost nobody has a limit.
    meter: Option<Box<Meter>>,
    /// A message that has begun, or the peer's goodbye: what has to be remembered until more comes.
    unfinished: Option<Box<Unfinished>>,
}

#[derive(Debug)]
struct Unfinished {
    protocol: WebSocketContext,
    frames: Frames,
    said_goodbye: bool,
}

/// What the protocol's reader takes for a socket: it reads a piece that came, and what it wants to write (pongs, the close echo) goes
/// through the outbox like everything else.
struct Piece<'a> {
    client: &'a Client,
    bytes: &'a [u8],
    is_end: bool,
}

impl Reader {
    pub(crate) fn new(inbound: Inbound, now: u64) -> Self {
        let meter = Meter::new(inbound.max_frames_per_second(), now).map(Box::new);
        Self { inbound, meter, unfinished: None }
    }

    /// Reads what is there; ready when the connection ends. One piece at a time, so that a client that sends much holds up nobody.
    pub(crate) fn poll(&mut self, context: &mut Context<'_>, client: &Client) -> Poll<CloseReason> {
        let mut piece = [0; PIECE_BYTES];
        loop {
            if self.is_over() {
                // The close wakes the task, which finds that it ends. The socket wakes nobody any more.
                return Poll::Pending;
            }
            // A broken socket reads as one that ended.
            let read = ready!(client.wire().poll_read(context, &mut piece)).unwrap_or(0);
            let after = if read == 0 { self.end(client) } else { self.take(client, &piece[..read]) };
            if let Break(reason) = after {
                return Poll::Ready(reason);
            }
            if read == piece.len() {
                context.waker().wake_by_ref();
                return Poll::Pending;
            }
        }
    }

    /// Takes the next bytes of the client.
    pub(crate) fn take(&mut self, client: &Client, mut bytes: &[u8]) -> ControlFlow<CloseReason> {
        if let Some(meter) = &mut self.meter {
            bytes = &bytes[..meter.allow(bytes, client.now())];
        }
        let after = self.read(Piece { client, bytes, is_end: false });
        if after.is_continue() && self.is_over() {
            client.close(&Closing::new(CloseCode::RATE_LIMIT, "too many frames"));
        }
        after
    }

    fn end(&mut self, client: &Client) -> ControlFlow<CloseReason> {
        self.read(Piece { client, bytes: &[], is_end: true })
    }

    fn is_over(&self) -> bool {
        self.meter.as_ref().is_some_and(|meter| meter.is_over())
    }

    fn read(&mut self, mut piece: Piece<'_>) -> ControlFlow<CloseReason> {
        let inbound = &self.inbound;
        let mut state = self.unfinished.take().unwrap_or_else(|| Box::new(Unfinished::new(inbound)));
        state.frames.read_all(piece.bytes);
        state.read(&mut piece, inbound)?;
        if !state.frames.at_rest() || state.said_goodbye {
            self.unfinished = Some(state);
        }
        Continue(())
    }
}

impl Unfinished {
    fn new(inbound: &Inbound) -> Self {
        let limit = inbound.max_message_bytes();
        let config = WebSocketConfig::default()
            .read_buffer_size(BUFFER_BYTES)
            .write_buffer_size(0)
            .max_message_size(Some(limit))
            .max_frame_size(Some(limit));
        let protocol = WebSocketContext::new(Role::Server, Some(config));
        Self { protocol, frames: Frames::default(), said_goodbye: false }
    }

    /// Reads until the piece is used up, or the connection ends.
    fn read(&mut self, piece: &mut Piece<'_>, inbound: &Inbound) -> ControlFlow<CloseReason> {
        let client = piece.client;
        loop {
            match self.protocol.read(piece) {
                Ok(Message::Text(text)) => inbound.text(client, &text),
                Ok(Message::Binary(bytes)) => inbound.binary(client, &bytes),
                Ok(Message::Ping(payload) | Message::Pong(payload)) => inbound.control(client, &payload),
                // The reader gives whole messages only.
                Ok(Message::Frame(_)) => {}
                // Read on: the echo is written while reading, and the stream then ends.
                Ok(Message::Close(_)) => self.said_goodbye = true,
                Err(Error::Io(error)) if error.kind() == io::ErrorKind::WouldBlock => return Continue(()),
                Err(error) => return Break(refuse(client, &error, self.said_goodbye)),
            }
        }
    }
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

impl Read for Piece<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.bytes.is_empty() && !self.is_end {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        self.bytes.read(buffer)
    }
}

impl Write for Piece<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        // A refusal means that the connection is ending; its own task will notice.
        self.client.offer(&outbox::copied(bytes));
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
