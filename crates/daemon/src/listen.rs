//! Taking ports, and accepting from them also when descriptors run out.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use socket2::{Domain, Protocol, Socket, Type};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};

/// Connections that the kernel keeps for us while we are busy.
const BACKLOG: i32 = 4096;
/// Pause after a failed accept: long enough not to burn a core, short enough that nobody notices.
const PAUSE: Duration = Duration::from_millis(50);

/// Where connections come from: a port of this host, or of a simulated network.
pub trait Listener: Send + 'static {
    /// One connection.
    type Socket: AsyncRead + AsyncWrite + Send + Unpin + 'static;

    /// The next connection. Never fails; may be dropped at any time.
    fn next(&self) -> impl Future<Output = Self::Socket> + Send;
}

impl Listener for TcpListener {
    type Socket = TcpStream;

    async fn next(&self) -> TcpStream {
        let (socket, _) = accept(self).await;
        // Small messages must not wait for each other. A socket that refuses is gone, which shows when it is read.
        let _ = socket.set_nodelay(true);
        socket
    }
}

/// What a listener is for.
#[derive(Debug, Clone, Copy)]
pub struct ListenOptions {
    /// Who connects here, for messages: "clients".
    pub what: &'static str,
    /// The flag that chooses the address.
    pub flag: &'static str,
    /// SO_SNDBUF of every accepted socket, in bytes; `None`: the system's choice.
    pub send_buffer: Option<usize>,
    /// How long sent bytes may stay unacknowledged before the socket is given up (TCP_USER_TIMEOUT); `None`: the system's.
    pub user_timeout: Option<Duration>,
}

impl ListenOptions {
    /// With the system's buffers and timeouts.
    #[must_use]
    pub const fn new(what: &'static str, flag: &'static str) -> Self {
        Self { what, flag, send_buffer: None, user_timeout: None }
    }
}

/// A port that cannot be had.
#[derive(Debug, thiserror::Error)]
#[error("cannot listen on {addr} for {what}: {advice}")]
pub struct BindError {
    addr: SocketAddr,
    what: &'static str,
    advice: String,
    #[source]
    cause: Option<io::Error>,
}

impl BindError {
    fn new(addr: SocketAddr, options: &ListenOptions, cause: io::Error) -> Self {
        let flag = options.flag;
        let advice = match cause.kind() {
            io::ErrorKind::AddrInUse => {
                format!("the port is in use; stop the other process or choose another with {flag}")
            }
            io::ErrorKind::PermissionDenied => {
                format!("not permitted; choose a port above 1023 with {flag}, or grant CAP_NET_BIND_SERVICE")
            }
            io::ErrorKind::AddrNotAvailable => {
                format!("this host does not have that address; choose another with {flag}")
            }
            _ => {
                return Self {
                    addr,
                    what: options.what,
                    advice: format!("choose another address with {flag}"),
                    cause: Some(cause),
                };
            }
        };
        Self { addr, what: options.what, advice, cause: None }
    }
}

/// Takes a port; port 0 takes a free one. Must be called within a tokio runtime.
///
/// # Errors
/// What is wrong and which flag to change.
pub fn bind(addr: SocketAddr, options: &ListenOptions) -> Result<TcpListener, BindError> {
    let listen = || {
        let socket = Socket::new(Domain::for_address(addr), Type::STREAM, Some(Protocol::TCP))?;
        // A port whose last sockets still linger may be taken again at once.
        socket.set_reuse_address(true)?;
        socket.set_nonblocking(true)?;
        // Accepted sockets inherit both.
        if let Some(bytes) = options.send_buffer {
            socket.set_send_buffer_size(bytes)?;
        }
        if options.user_timeout.is_some() {
            socket.set_tcp_user_timeout(options.user_timeout)?;
        }
        socket.bind(&addr.into())?;
        socket.listen(BACKLOG)?;
        TcpListener::from_std(socket.into())
    };
    listen().map_err(|error| BindError::new(addr, options, error))
}

/// The next connection. Never fails: without descriptors it waits until there are some again, and says so once in a while.
pub async fn accept(listener: &TcpListener) -> (TcpStream, SocketAddr) {
    let mut failures = 0_u32;
    loop {
        match listener.accept().await {
            Ok(accepted) => return accepted,
            // The peer was gone before we came.
            Err(error) if is_of_the_peer(&error) => {}
            Err(error) => {
                if failures.is_multiple_of(200) {
                    tracing::error!(%error, "cannot accept connections: trying again");
                }
                failures = failures.wrapping_add(1);
                tokio::time::sleep(PAUSE).await;
            }
        }
    }
}

fn is_of_the_peer(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionAborted | io::ErrorKind::ConnectionReset | io::ErrorKind::ConnectionRefused
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    const OPTIONS: ListenOptions = ListenOptions::new("clients", "--listen");

    #[tokio::test]
    async fn a_port_in_use_is_told_with_the_flag_to_change() {
        let first = bind("127.0.0.1:0".parse().unwrap(), &OPTIONS).unwrap();
        let addr = first.local_addr().unwrap();
        let error = bind(addr, &OPTIONS).unwrap_err().to_string();
        assert!(
            error.contains(&addr.to_string()) && error.contains("in use") && error.contains("--listen"),
            "{error}"
        );
    }

    #[tokio::test]
    async fn an_address_of_another_host_is_told() {
        let error = bind("192.0.2.1:0".parse().unwrap(), &OPTIONS).unwrap_err().to_string();
        assert!(error.contains("does not have that address"), "{error}");
    }

    #[tokio::test]
    async fn accepted_sockets_have_the_send_buffer_of_the_listener() {
        let options = ListenOptions { send_buffer: Some(16 << 10), ..OPTIONS };
        let listener = bind("127.0.0.1:0".parse().unwrap(), &options).unwrap();
        let _peer = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        let (socket, _) = accept(&listener).await;
        // Linux doubles what was asked for.
        assert_eq!(socket2::SockRef::from(&socket).send_buffer_size().unwrap(), 32 << 10);
    }
}
