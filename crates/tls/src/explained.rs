//! What TLS says when it fails, in words that tell a person what to do.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll};

use rustls::{AlertDescription, CertificateError, Error};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// A protected socket whose errors are explained, for whoever takes long to refuse our certificate: that shows when something is read.
#[derive(Debug)]
pub struct Explained<S>(S);

impl<S> Explained<S> {
    pub(crate) fn new(socket: S) -> Self {
        Self(socket)
    }
}

/// An error of TLS with the reason and the way out; any other error as it is.
pub(crate) fn explain(error: io::Error, address: &str) -> io::Error {
    let Some(tls) = error.get_ref().and_then(|inner| inner.downcast_ref::<Error>()) else {
        return match error.kind() {
            io::ErrorKind::UnexpectedEof | io::ErrorKind::ConnectionReset => io::Error::new(
                error.kind(),
                format!(
                    "{address} ended the TLS handshake: it may not speak TLS (give it --internal-tls-ca, -cert and -key too)"
                ),
            ),
            _ => error,
        };
    };
    let text = match tls {
        // A bad signature is one by another authority of the same name.
        Error::InvalidCertificate(CertificateError::UnknownIssuer | CertificateError::BadSignature) => {
            format!("the certificate of {address} was not made by an authority in our --internal-tls-ca")
        }
        Error::InvalidCertificate(CertificateError::Expired | CertificateError::ExpiredContext { .. }) => {
            format!("the certificate of {address} has expired: make a new one")
        }
        Error::InvalidCertificate(
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
        ) => {
            let host = super::link::host(address);
            format!(
                "the certificate of {address} is for another host: make one with the name {host}, or reach it (--advertise, --register) by a name that is in it"
            )
        }
        Error::InvalidMessage(_) => {
            format!("{address} does not speak TLS: give it --internal-tls-ca, -cert and -key too")
        }
        Error::AlertReceived(alert) => refused(*alert),
        other => format!("TLS with {address} failed: {other}"),
    };
    io::Error::new(error.kind(), text)
}

fn refused(alert: AlertDescription) -> String {
    match alert {
        AlertDescription::CertificateRequired => {
            "the other side asks for a certificate: give --internal-tls-cert and --internal-tls-key".to_owned()
        }
        AlertDescription::UnknownCA
        | AlertDescription::BadCertificate
        | AlertDescription::DecryptError
        | AlertDescription::CertificateUnknown => {
            "the other side does not know the authority of our --internal-tls-cert: both sides need certificates of the same one".to_owned()
        }
        AlertDescription::CertificateExpired => {
            "our --internal-tls-cert has expired: make a new one".to_owned()
        }
        AlertDescription::UnsupportedCertificate => {
            "our --internal-tls-cert may not be shown by a client: make one whose extended key usage has clientAuth".to_owned()
        }
        other => format!("the other side refused TLS: {other:?}"),
    }
}

/// Why the other end did not let us in after a handshake that was good for us.
pub(crate) fn explain_refusal(error: io::Error, address: &str) -> io::Error {
    match error.kind() {
        io::ErrorKind::UnexpectedEof | io::ErrorKind::ConnectionReset => io::Error::new(
            error.kind(),
            format!(
                "{address} closed the connection when it had seen our --internal-tls-cert, and did not say why"
            ),
        ),
        _ => explain_later(error),
    }
}

/// An error of TLS once the handshake is behind us, when only the other side's refusal is news.
fn explain_later(error: io::Error) -> io::Error {
    let alert = error.get_ref().and_then(|inner| inner.downcast_ref::<Error>()).and_then(|tls| match tls {
        Error::AlertReceived(alert) => Some(*alert),
        _ => None,
    });
    match alert {
        Some(alert) => io::Error::new(error.kind(), refused(alert)),
        None => error,
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Explained<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_read(context, buffer).map_err(explain_later)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Explained<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(context, bytes).map_err(explain_later)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write_vectored(context, slices).map_err(explain_later)
    }

    fn is_write_vectored(&self) -> bool {
        self.0.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(context).map_err(explain_later)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(context)
    }
}
