//! One client's whole life after the handshake: read, finish writes, goodbye.
//!
//! One task per connection, and it only reads; writing belongs to the outbox. Whichever branch ends first gives the reason.

use std::future::poll_fn;
use std::mem::take;
use std::ops::ControlFlow::Break;
use std::task::{Context, Poll};
use std::time::Duration;

use gatepipe_proto::CloseCode;

use crate::client::{CLOSED_WITHOUT_A_WORD, Client};
use crate::inbound::Inbound;
use crate::reader::Reader;
use crate::seat::Seat;

/// How long a client has to take the rest and answer our close frame.
const GOODBYE: Duration = Duration::from_secs(2);
/// The same for one that was closed because it reads slowly: it may still come to read why.
const GOODBYE_SLOW: Duration = Duration::from_secs(15);

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
pub(crate) async fn serve(seat: Seat, early: Box<[u8]>, inbound: Inbound) {
    let client = seat.client().clone();
    let reason = read_and_write(&client, early, inbound).await;
    // From here on nobody is told that this client can be reached.
    client.end(reason.number());
    drop(seat);
    if reason != CloseReason::Gone {
        // Boxed: a connection needs no room for its end before it comes.
        Box::pin(say_goodbye(&client, reason)).await;
    }
    client.abandon();
}

/// Reads, and finishes what the socket did not take at once, until either ends the connection. One future with both wakers and
/// nothing else to remember: every idle connection keeps one.
async fn read_and_write(client: &Client, mut early: Box<[u8]>, inbound: Inbound) -> CloseReason {
    let mut reader = Reader::new(inbound, client.now());
    poll_fn(|context| {
        if !early.is_empty()
            && let Break(reason) = reader.take(client, &take(&mut early))
        {
            return Poll::Ready(reason);
        }
        if client.poll_writes(context).is_ready() {
            return Poll::Ready(client.closed_with().map_or(CloseReason::Gone, CloseReason::Ours));
        }
        reader.poll(context, client)
    })
    .await
}

/// Flushes what is fair to flush, says that nothing more comes, and reads on until the peer has gone too: closing a socket
/// with unread input would make the kernel throw our last bytes away.
async fn say_goodbye(client: &Client, reason: CloseReason) {
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
    let read = |context: &mut Context<'_>| client.wire().poll_read(context, &mut [0; 512]);
    while !matches!(poll_fn(read).await, Ok(0) | Err(_)) {}
}
