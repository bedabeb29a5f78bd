//! Sockets: simulated ones between hosts, and real ones of clients.

use std::io;
use std::net::Ipv4Addr;
use std::time::Duration;

use gatepipe_daemon::listen::Listener;
use gatepipe_proto::v1::gateway_client::GatewayClient as Commands;
use hyper_util::rt::TokioIo;
use tonic::transport::{Channel, Endpoint, Uri};
use turmoil::net::{TcpListener, TcpStream};

/// Where each host is commanded or heard.
pub(crate) const PORT: u16 = 2300;

/// The port of a simulated host.
pub(crate) struct Port(TcpListener);

impl Port {
    pub(crate) async fn take() -> io::Result<Self> {
        Ok(Self(TcpListener::bind((Ipv4Addr::UNSPECIFIED, PORT)).await?))
    }
}

impl Listener for Port {
    type Socket = TcpStream;

    async fn next(&self) -> TcpStream {
        loop {
            match self.0.accept().await {
                Ok((socket, _)) => return socket,
                Err(_) => tokio::time::sleep(Duration::from_millis(1)).await,
            }
        }
    }
}

pub(crate) async fn dial(address: String) -> io::Result<TcpStream> {
    TcpStream::connect(address.as_str()).await
}

/// The command service of a gateway, on a connection of its own.
pub(crate) async fn commands(address: &str) -> Result<Commands<Channel>, tonic::transport::Error> {
    let connector = tower::service_fn(|uri: Uri| async move {
        let address = uri.authority().map(ToString::to_string).unwrap_or_default();
        dial(address).await.map(TokioIo::new)
    });
    let endpoint = Endpoint::from_shared(format!("http://{address}"))?;
    Ok(Commands::new(endpoint.connect_with_connector(connector).await?))
}

/// Both ends of a real connection: the gateway's, and the page's.
pub(crate) fn connection() -> io::Result<(tokio::net::TcpStream, std::net::TcpStream)> {
    let listener = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    let page = std::net::TcpStream::connect(listener.local_addr()?)?;
    let (socket, _) = listener.accept()?;
    socket.set_nonblocking(true)?;
    Ok((tokio::net::TcpStream::from_std(socket)?, page))
}
