//! The network inside a cluster, as a daemon sees it: that of its host, unless a simulation gives it another.

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use gatepipe_tls::Identity;
use hyper::Uri;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};

use crate::listen::{self, BindError, ListenOptions};

/// Where other processes of the cluster come in, and how to reach them.
#[derive(Debug)]
pub struct Network<L = TcpListener> {
    /// Where they come in.
    pub listener: L,
    /// Its address.
    pub addr: SocketAddr,
    /// How to reach them.
    pub dial: Dial,
}

impl Network {
    /// Takes a port of this host; see [`listen::bind`].
    ///
    /// # Errors
    /// What is wrong and which flag to change.
    pub fn bind(addr: SocketAddr, options: &ListenOptions) -> Result<Self, BindError> {
        let listener = listen::bind(addr, options)?;
        let addr = listener.local_addr().unwrap_or(addr);
        Ok(Self { listener, addr, dial: Dial::default() })
    }
}

/// What HTTP/2 is spoken on.
pub trait Socket: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Socket for T {}

type Opening = Pin<Box<dyn Future<Output = io::Result<TokioIo<Box<dyn Socket>>>> + Send>>;

/// Opens a socket to the authority of a URI; a connector as tonic's `Endpoint` takes it. Cheap to clone.
#[derive(Clone)]
pub struct Dial(Arc<dyn Fn(String) -> Opening + Send + Sync>);

impl Dial {
    /// Opens sockets by `dial`, which is given host:port.
    pub fn by<F, S>(dial: impl Fn(String) -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = io::Result<S>> + Send + 'static,
        S: Socket + 'static,
    {
        Self(Arc::new(move |address| {
            let opening = dial(address);
            Box::pin(async { Ok(TokioIo::new(Box::new(opening.await?) as Box<dyn Socket>)) })
        }))
    }
}

impl Dial {
    /// The same with TLS on it when there is an identity: the host that is dialled has to be certified by our authorities.
    #[must_use]
    pub fn protected(self, identity: Option<Arc<Identity>>) -> Self {
        let Some(identity) = identity else {
            return self;
        };
        Self::by(move |address| {
            let (opening, identity) = ((self.0)(address.clone()), identity.clone());
            async move { gatepipe_tls::connect(&identity, &address, opening.await?.into_inner()).await }
        })
    }
}

impl Default for Dial {
    /// By TCP.
    fn default() -> Self {
        Self::by(|address| async {
            let socket = TcpStream::connect(address).await?;
            socket.set_nodelay(true)?;
            Ok(socket)
        })
    }
}

impl fmt::Debug for Dial {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Dial").finish_non_exhaustive()
    }
}

impl tower::Service<Uri> for Dial {
    type Response = TokioIo<Box<dyn Socket>>;
    type Error = io::Error;
    type Future = Opening;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, uri: Uri) -> Opening {
        let host = uri.host().unwrap_or_default();
        (self.0)(format!("{host}:{}", uri.port_u16().unwrap_or(80)))
    }
}
