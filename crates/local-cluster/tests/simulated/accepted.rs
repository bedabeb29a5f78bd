//! The accepting end of a simulated connection, which may be reset before the other end hears of it.

use std::collections::BTreeMap;
use std::io;
use std::net::IpAddr;
use std::pin::Pin;
use std::task::{Context, Poll};

use parking_lot::Mutex;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_util::sync::{CancellationToken, WaitForCancellationFutureOwned};
use turmoil::net::TcpStream;

/// The connections of every host, by who opened them.
#[derive(Default)]
pub(crate) struct Resets(Mutex<BTreeMap<(String, IpAddr), CancellationToken>>);

impl Resets {
    /// Resets what `peer` has opened to `host` so far, as `host` sees it.
    pub(crate) fn reset(&self, host: &str, peer: IpAddr) {
        if let Some(open) = self.0.lock().remove(&(host.to_owned(), peer)) {
            open.cancel();
        }
    }

    /// A connection that `peer` has opened to `host`.
    pub(crate) fn accept(&self, host: &str, socket: TcpStream, peer: IpAddr) -> Accepted {
        let open = self.0.lock().entry((host.to_owned(), peer)).or_default().clone();
        Accepted { socket, reset: Box::pin(open.cancelled_owned()) }
    }
}

pub(crate) struct Accepted {
    socket: TcpStream,
    reset: Pin<Box<WaitForCancellationFutureOwned>>,
}

impl AsyncRead for Accepted {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.reset.as_mut().poll(context).is_ready() {
            return Poll::Ready(Err(io::ErrorKind::ConnectionReset.into()));
        }
        Pin::new(&mut self.socket).poll_read(context, buffer)
    }
}

impl AsyncWrite for Accepted {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.socket).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_shutdown(context)
    }
}
