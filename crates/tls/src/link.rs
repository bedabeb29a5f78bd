//! Protected sockets: taking one, and opening one to a process of the same cluster.

use std::io;
use std::time::Duration;

use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::time::timeout;
use tokio_rustls::server::TlsStream;
use tokio_rustls::{TlsAcceptor, TlsConnector};

use crate::Identity;
use crate::explained::{Explained, explain};

/// How long somebody who was refused may take to read why.
const LINGER: Duration = Duration::from_secs(1);

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
/// authorities, and is shown our own certificate. Reads the files again if they have changed.
///
/// # Errors
/// In words that say what to do; also later, on the socket, when the other end refuses us.
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
    shaken.map(Explained::new).map_err(|error| explain(error, address))
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
