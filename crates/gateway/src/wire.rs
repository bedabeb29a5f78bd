//! The bytes' way to one client. A second arm (TLS) has only to answer the same six questions.

use std::io::{self, IoSlice};
use std::net::Shutdown;
use std::task::{Context, Poll};

use tokio::net::TcpStream;

/// One client's socket, read by its connection task only and written through its outbox only.
#[derive(Debug)]
pub(crate) enum Wire {
    /// TCP without TLS; a proxy in front ends TLS.
    Plain(TcpStream),
}

impl Wire {
    /// Writes what the socket takes now, without a look at what the runtime believes of it: for whoever has nothing to wait for.
    ///
    /// # Errors
    /// `WouldBlock` when the socket is full, and then the runtime knows it too: [`Wire::writable`] waits. Anything else means that it
    /// is broken.
    pub(crate) fn try_write_now(&self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Plain(socket) => match socket2::SockRef::from(socket).send(bytes) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => socket.try_write(bytes),
                done => done,
            },
        }
    }

    /// Writes what the socket takes now, several slices in one call.
    ///
    /// # Errors
    /// `WouldBlock` when the socket is full; anything else means that it is broken.
    pub(crate) fn try_write(&self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        match self {
            Self::Plain(socket) => match slices {
                [one] => socket.try_write(one),
                many => socket.try_write_vectored(many),
            },
        }
    }

    /// Waits until a write may make progress. Dropping the future loses nothing.
    pub(crate) async fn writable(&self) -> io::Result<()> {
        match self {
            Self::Plain(socket) => socket.writable().await,
        }
    }

    /// Reads what is there, or registers the task to be woken.
    pub(crate) fn poll_read(&self, context: &mut Context<'_>, buffer: &mut [u8]) -> Poll<io::Result<usize>> {
        match self {
            Self::Plain(socket) => loop {
                std::task::ready!(socket.poll_read_ready(context))?;
                match socket.try_read(buffer) {
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                    done => return Poll::Ready(done),
                }
            },
        }
    }

    /// Says "nothing more comes from here" after everything written, so that a close frame arrives before the end.
    pub(crate) fn finish(&self) {
        match self {
            // Fails only when the socket is gone already.
            Self::Plain(socket) => drop(socket2::SockRef::from(socket).shutdown(Shutdown::Write)),
        }
    }
}
