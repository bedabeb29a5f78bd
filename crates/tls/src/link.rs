//! Protected sockets: taking one, and opening one to a process of the same cluster.

use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::task::Poll;
use std::time::Duration;

use rustls::ProtocolVersion;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncBufRead as _, AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::time::timeout;
use tokio_rustls::server::TlsStream;
use tokio_rustls::{TlsAcceptor, TlsConnector, client};

use crate::Identity;
use crate::explained::{Explained, explain, explain_refusal};

/// How long somebody who was refused may take to read why.
const LINGER: Duration = Duration::from_secs(1);
/// How long the other end may take to show that it lets us in. Ours shows it at once; one that never does is spoken to after this time.
const WELCOME: Duration = Duration::from_secs(5);

/// Shakes hands with whoever opened `socket`. May be dropped at any time; whoever calls it sets the deadline.
///
/// # Errors
/// The other end does not speak TLS, is not certified as is asked for, or went away.
pub async fn accept<S>(identity: &Identity, socket: S) -> io::Result<TlsStream<S>>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    match TlsAcceptor::from(identity.server()).accept(socket).into_fallible().await {
        Ok(socket) => Ok(socket),
        Err((error, socket)) => {
            // What tells the other end why has just been written.
            drop(timeout(LINGER, hear_out(socket)).await);
            Err(error)
        }
    }
}

/// Reads until the other end has gone: closing a socket with unread input would make the kernel throw away what was written last.
async fn hear_out<S: AsyncRead + AsyncWrite + Unpin>(mut socket: S) {
    let mut unread = [0; 1024];
    if socket.shutdown().await.is_ok() {
        while matches!(socket.read(&mut unread).await, Ok(read) if read > 0) {}
    }
}

/// Shakes hands over `socket`, which was opened to `address` (host:port): the other end has to be certified for that host by one of our
/// authorities, and has to be content with our own certificate. Reads the files again if they have changed. May be dropped at any
/// time; whoever calls it sets the deadline.
///
/// # Errors
/// In words that say what to do.
pub async fn connect<S>(
    identity: &Identity,
    address: &str,
    socket: S,
) -> io::Result<Explained<tokio_rustls::client::TlsStream<S>>>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    // What cannot be used changes nothing: what was good is tried.
    let _ = identity.refresh();
    let Some(config) = identity.client() else {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "TLS needs authorities to believe"));
    };
    let name = ServerName::try_from(host(address).to_owned())
        .map_err(|_| io::Error::new(io::ErrorKind::InvalidInput, format!("{address} names no host")))?;
    let shaken = TlsConnector::from(config).connect(name, socket).await;
    let mut socket = shaken.map_err(|error| explain(error, address))?;
    if let Ok(Err(error)) = timeout(WELCOME, welcomed(&mut socket)).await {
        return Err(explain_refusal(error, address));
    }
    Ok(Explained::new(socket))
}

/// Waits until the other end has looked at our certificate. In TLS 1.3 our part of the handshake is over before that, and whoever writes
/// at once may hear only that the socket is closed. A session ticket comes after it (RFC 8446 section 4.6.1), as does whatever
/// else the other end says; that stays unread. Older versions end with a word of the other end.
async fn welcomed<S: AsyncRead + AsyncWrite + Unpin>(socket: &mut client::TlsStream<S>) -> io::Result<()> {
    if socket.get_ref().1.protocol_version() != Some(ProtocolVersion::TLSv1_3) {
        return Ok(());
    }
    poll_fn(|context| {
        let said = Pin::new(&mut *socket).poll_fill_buf(context).map_ok(<[u8]>::is_empty);
        match said {
            Poll::Ready(Ok(true)) => Poll::Ready(Err(io::ErrorKind::UnexpectedEof.into())),
            Poll::Pending if socket.get_ref().1.tls13_tickets_received() == 0 => Poll::Pending,
            Poll::Ready(Err(error)) => Poll::Ready(Err(error)),
            Poll::Ready(Ok(false)) | Poll::Pending => Poll::Ready(Ok(())),
        }
    })
    .await
}

/// The host in host:port, without the brackets of an IPv6 address.
pub(crate) fn host(address: &str) -> &str {
    let host = address.rsplit_once(':').map_or(address, |(host, _)| host);
    host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_host_is_what_stands_before_the_port() {
        for (address, expected) in
            [("edge-1:2300", "edge-1"), ("10.0.0.1:2300", "10.0.0.1"), ("[::1]:2300", "::1")]
        {
            assert_eq!(host(address), expected);
        }
    }
}
