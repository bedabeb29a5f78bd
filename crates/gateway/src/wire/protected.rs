//! A socket with TLS on it. Costs some KiB more than a bare one, which is why it stands behind a pointer.
//!
//! What is encrypted must reach the other end, in this order and whole. So a write that the socket does not take to its end reports one
//! byte less than was encrypted: that byte keeps its frame in the outbox as one that is partly on the wire, which is finished whatever
//! happens, and the outbox waits and counts time as for a bare socket. It is skipped once everything before it has left. At most one
//! record waits here beside the outbox. The lock is taken after the outbox's, for as long as it takes to encrypt a record.

use std::io::{self, IoSlice, Read, Write};
use std::mem::take;
use std::net::Shutdown;
use std::task::{Context, Poll, ready};

use parking_lot::Mutex;
use socket2::SockRef;
use tokio::net::TcpStream;
use tokio_rustls::rustls::ServerConnection;

/// Most bytes that are encrypted before the socket has taken those before: one record (RFC 8446 section 5.1).
const RECORD_BYTES: usize = 16 << 10;

/// See the head of this file.
#[derive(Debug)]
pub(crate) struct Protected {
    socket: TcpStream,
    session: Mutex<Session>,
}

#[derive(Debug)]
struct Session {
    tls: ServerConnection,
    /// The next byte to be written is encrypted already.
    owes: bool,
}

impl Protected {
    /// A socket whose handshake is done.
    pub(crate) fn new(socket: TcpStream, mut tls: ServerConnection) -> Self {
        tls.set_buffer_limit(Some(RECORD_BYTES));
        Self { socket, session: Mutex::new(Session { tls, owes: false }) }
    }

    pub(crate) fn socket(&self) -> &TcpStream {
        &self.socket
    }

    /// Writes what the socket takes now, records of several slices together.
    ///
    /// # Errors
    /// `WouldBlock` when the socket is full; anything else means that it is broken.
    pub(crate) fn try_write(&self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        let mut session = self.session.lock();
        session.flush(&self.socket)?;
        let mut slices = slices.to_vec();
        let mut rest = &mut slices[..];
        let mut taken = usize::from(take(&mut session.owes));
        IoSlice::advance_slices(&mut rest, taken);
        while !rest.is_empty() {
            let encrypted = session.tls.writer().write_vectored(rest)?;
            IoSlice::advance_slices(&mut rest, encrypted);
            taken += encrypted;
            match session.flush(&self.socket) {
                Ok(()) => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    session.owes = true;
                    return if taken > 1 { Ok(taken - 1) } else { Err(error) };
                }
                Err(error) => return Err(error),
            }
        }
        Ok(taken)
    }

    /// Reads what is there, or registers the task to be woken. 0: the other end has ended, with a word or without.
    pub(crate) fn poll_read(&self, context: &mut Context<'_>, buffer: &mut [u8]) -> Poll<io::Result<usize>> {
        loop {
            match self.session.lock().read(&self.socket, buffer) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                done => return Poll::Ready(done),
            }
            ready!(self.socket.poll_read_ready(context))?;
        }
    }

    /// Says "nothing more comes from here", in TLS and then in TCP.
    pub(crate) fn finish(&self) {
        let mut session = self.session.lock();
        session.tls.send_close_notify();
        // What the other end does not take is as good as not said: everything that counts was written before.
        drop(session.flush(&self.socket));
        drop(SockRef::from(&self.socket).shutdown(Shutdown::Write));
    }
}

impl Session {
    /// Writes what is encrypted, until nothing is left.
    fn flush(&mut self, socket: &TcpStream) -> io::Result<()> {
        while self.tls.wants_write() {
            if self.tls.write_tls(&mut Bare(socket))? == 0 {
                return Err(io::ErrorKind::WriteZero.into());
            }
        }
        Ok(())
    }

    fn read(&mut self, socket: &TcpStream, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            match self.tls.reader().read(buffer) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                // It ended without a word of TLS, which no WebSocket needs: the close frame is the word.
                Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(0),
                done => return done,
            }
            self.tls.read_tls(&mut Bare(socket))?;
            let processed = self.tls.process_new_packets();
            // An answer of TLS's own, an alert among them. If the socket is full it goes before the next bytes.
            drop(self.flush(socket));
            processed.map_err(io::Error::other)?;
        }
    }
}

/// The socket as TLS sees it: it takes and gives what it can now.
struct Bare<'a>(&'a TcpStream);

impl Read for Bare<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.try_read(buffer)
    }
}

impl Write for Bare<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.try_write(bytes)
    }

    fn write_vectored(&mut self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        self.0.try_write_vectored(slices)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
