//! How sockets are opened: by TCP, or as a [`Builder`](crate::Builder) is told; with TLS on them if it is told so.

use std::io;
use std::pin::Pin;
use std::sync::Arc;

use gatepipe_tls::Identity;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;

/// What HTTP/2 is spoken on.
pub(crate) trait Socket: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Socket for T {}

type Opening = Pin<Box<dyn Future<Output = io::Result<Box<dyn Socket>>> + Send>>;

/// Opens a socket to host:port. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Dial(Arc<dyn Fn(String) -> Opening + Send + Sync>);

impl Dial {
    pub(crate) fn by<F, S>(dial: impl Fn(String) -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = io::Result<S>> + Send + 'static,
        S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
    {
        Self(Arc::new(move |address| {
            let opening = dial(address);
            Box::pin(async { Ok(Box::new(opening.await?) as Box<dyn Socket>) })
        }))
    }

    /// The same with TLS on it: the host that is dialled has to be certified by our authorities, and is shown our certificate.
    pub(crate) fn protected(self, identity: Arc<Identity>) -> Self {
        Self::by(move |address| {
            let (dial, identity) = (self.clone(), identity.clone());
            async move {
                let socket = dial.open(address.clone()).await?;
                gatepipe_tls::connect(&identity, &address, socket).await
            }
        })
    }

    pub(crate) async fn open(&self, address: String) -> io::Result<Box<dyn Socket>> {
        (self.0)(address).await
    }
}

impl Default for Dial {
    fn default() -> Self {
        Self::by(|address| async {
            let socket = TcpStream::connect(address).await?;
            socket.set_nodelay(true)?;
            Ok(socket)
        })
    }
}

impl std::fmt::Debug for Dial {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Dial").finish_non_exhaustive()
    }
}
