//! Sockets: simulated ones between hosts, and real ones of clients.

use std::io;
use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4};
use std::sync::Arc;
use std::time::Duration;

use gatepipe_daemon::listen::Listener;
use gatepipe_daemon::network::{Dial, Network};
use gatepipe_proto::v1::gateway_client::GatewayClient as Commands;
use hyper_util::rt::TokioIo;
use tonic::transport::{Channel, Endpoint, Uri};
use turmoil::net::{TcpListener, TcpStream};

use crate::accepted::Accepted;
use crate::world::World;

/// Where each host is commanded or heard.
pub(crate) const PORT: u16 = 2300;

/// A real port that nobody asks for.
pub(crate) const ANYWHERE: SocketAddr = SocketAddr::V4(SocketAddrV4::new(Ipv4Addr::LOCALHOST, 0));

/// The port of a simulated host.
pub(crate) struct Port {
    world: Arc<World>,
    host: String,
    listener: TcpListener,
}

/// What the host of this name, which has to be the one that asks, sees of the simulated network.
pub(crate) async fn of_host(world: Arc<World>, name: &str) -> io::Result<Network<Port>> {
    let listener = TcpListener::bind((Ipv4Addr::UNSPECIFIED, PORT)).await?;
    let listener = Port { world, host: name.to_owned(), listener };
    Ok(Network { listener, addr: SocketAddr::new(turmoil::lookup(name), PORT), dial: Dial::by(dial) })
}

impl Listener for Port {
    type Socket = Accepted;

    async fn next(&self) -> Accepted {
        loop {
            match self.listener.accept().await {
                Ok((socket, peer)) => return self.world.resets.accept(&self.host, socket, peer.ip()),
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
