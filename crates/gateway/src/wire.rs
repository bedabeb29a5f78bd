//! The bytes' way to one client.

pub(crate) mod protected;

use std::io::{self, IoSlice, Read};
use std::net::Shutdown;
use std::os::fd::AsRawFd;
use std::task::{Context, Poll, ready};

use rustix::io::Errno;
use rustix::net::{SendFlags, send};
use socket2::SockRef;
use tokio::io::Interest;
use tokio::net::TcpStream;

use protected::Protected;

/// One client's socket, read by its connection task only and written through its outbox only.
#[derive(Debug)]
pub(crate) enum Wire {
    /// TCP without TLS; a proxy in front may end TLS.
    Plain(TcpStream),
    /// TLS on TCP.
    Protected(Box<Protected>),
}

// The second arm costs a bare socket nothing.
const _: () = assert!(size_of::<Wire>() == size_of::<TcpStream>());

impl Wire {
    /// The number by which the kernel knows the socket; the lowest free one when it was accepted.
    pub(crate) fn number(&self) -> usize {
        match self {
            // Never negative.
            Self::Plain(socket) => usize::try_from(socket.as_raw_fd()).unwrap_or_default(),
            Self::Protected(socket) => usize::try_from(socket.socket().as_raw_fd()).unwrap_or_default(),
        }
    }

    /// Writes what the socket takes now, without a look at what the runtime believes of it: for whoever has nothing to wait for.
    ///
    /// # Errors
    /// `WouldBlock` when the socket is full, and then the runtime knows it too: [`Wire::writable`] waits. Anything else means that it
    /// is broken.
    pub(crate) fn try_write_now(&self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            // Without the C library, whose `send` can be cancelled and pays for that in every call.
            Self::Plain(socket) => match send(socket, bytes, SendFlags::NOSIGNAL) {
                Err(Errno::AGAIN) => socket.try_write(bytes),
                done => Ok(done?),
            },
            Self::Protected(socket) => socket.try_write(&[IoSlice::new(bytes)]),
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
            Self::Protected(socket) => socket.try_write(slices),
        }
    }

    /// Waits until a write may make progress. Dropping the future loses nothing.
    pub(crate) async fn writable(&self) -> io::Result<()> {
        match self {
            Self::Plain(socket) => socket.writable().await,
            Self::Protected(socket) => socket.socket().writable().await,
        }
    }

    /// Whether a write may make progress now; else the task is woken when one may.
    pub(crate) fn poll_writable(&self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self {
            Self::Plain(socket) => socket.poll_write_ready(context),
            Self::Protected(socket) => socket.socket().poll_write_ready(context),
        }
    }

    /// Reads what is there, or registers the task to be woken.
    pub(crate) fn poll_read(&self, context: &mut Context<'_>, buffer: &mut [u8]) -> Poll<io::Result<usize>> {
        match self {
            Self::Plain(socket) => loop {
                ready!(socket.poll_read_ready(context))?;
                let mut read = 0;
                let done = socket.try_io(Interest::READABLE, || {
                    read = (&*SockRef::from(socket)).read(buffer)?;
                    // Fewer bytes than there is room for are all there were. Said to the runtime, it spares the call that finds
                    // nothing.
                    if (1..buffer.len()).contains(&read) {
                        Err(io::ErrorKind::WouldBlock.into())
                    } else {
                        Ok(())
                    }
                });
                match done {
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock && read == 0 => {}
                    Err(error) if error.kind() != io::ErrorKind::WouldBlock => {
                        return Poll::Ready(Err(error));
                    }
                    _ => return Poll::Ready(Ok(read)),
                }
            },
            Self::Protected(socket) => socket.poll_read(context, buffer),
        }
    }

    /// Says "nothing more comes from here" after everything written, so that a close frame arrives before the end.
    pub(crate) fn finish(&self) {
        match self {
            // Fails only when the socket is gone already.
            Self::Plain(socket) => drop(SockRef::from(socket).shutdown(Shutdown::Write)),
            Self::Protected(socket) => socket.finish(),
        }
    }
}
