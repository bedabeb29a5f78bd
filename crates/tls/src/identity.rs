//! Who a process is to others, and whom it believes: what stands in its files, read again when they change.

use std::path::Path;
use std::sync::Arc;

use parking_lot::{Mutex, RwLock};
use rustls::crypto::{CryptoProvider, ring};
use rustls::server::danger::ClientCertVerifier;
use rustls::server::{NoClientAuth, WebPkiClientVerifier};
use rustls::{ClientConfig, RootCertStore, ServerConfig};

use crate::files::{Files, Unusable, authorities, expires_at};
use crate::stamps::Stamps;

/// What is spoken under TLS.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Use {
    /// HTTP/1.1 and WebSockets.
    Http,
    /// gRPC, which is HTTP/2.
    Grpc,
}

impl Use {
    fn protocols(self) -> Vec<Vec<u8>> {
        match self {
            Self::Http => vec![b"http/1.1".to_vec()],
            Self::Grpc => vec![b"h2".to_vec()],
        }
    }
}

/// A certificate with its key, and whom to believe. Cheap to ask; connections keep what was good when they began.
#[derive(Debug)]
pub struct Identity {
    files: Files,
    spoken: Use,
    now: RwLock<Good>,
    /// The files as they were last read, whether they could be used or not.
    seen: Mutex<Stamps>,
}

/// What could be used.
#[derive(Debug, Clone)]
struct Good {
    server: Arc<ServerConfig>,
    /// `None` without authorities.
    client: Option<Arc<ClientConfig>>,
    expires_at: i64,
}

impl Identity {
    /// Reads the files.
    ///
    /// # Errors
    /// Which file cannot be used, and what should stand in it.
    pub fn read(files: Files, spoken: Use) -> Result<Arc<Self>, Unusable> {
        let seen = Stamps::of(&files);
        let now = good(&files, spoken)?;
        Ok(Arc::new(Self { files, spoken, now: RwLock::new(now), seen: Mutex::new(seen) }))
    }

    /// Reads the files again if they have changed since they were last read; `None` if not. What cannot be used changes nothing, and is
    /// not looked at again before the next change.
    pub fn refresh(&self) -> Option<Result<(), Unusable>> {
        // Asked before the files are read: what changes meanwhile is a change the next time.
        let stamps = Stamps::of(&self.files);
        {
            let mut seen = self.seen.lock();
            if *seen == stamps {
                return None;
            }
            *seen = stamps;
        }
        Some(good(&self.files, self.spoken).map(|good| *self.now.write() = good))
    }

    /// Where it comes from.
    #[must_use]
    pub fn files(&self) -> &Files {
        &self.files
    }

    /// Until when the certificate in use is good, in seconds since 1970.
    #[must_use]
    pub fn expires_at(&self) -> i64 {
        self.now.read().expires_at
    }

    pub(crate) fn server(&self) -> Arc<ServerConfig> {
        self.now.read().server.clone()
    }

    pub(crate) fn client(&self) -> Option<Arc<ClientConfig>> {
        self.now.read().client.clone()
    }
}

fn good(files: &Files, spoken: Use) -> Result<Good, Unusable> {
    let provider = Arc::new(ring::default_provider());
    let roots = files.ca.as_deref().map(authorities).transpose()?.map(Arc::new);
    let chain = files.certificates()?;
    let shown = files.cert.display();
    let expires_at =
        expires_at(&chain[0]).map_err(|why| Unusable(format!("{shown} is not a certificate: {why}")))?;
    let pair =
        |error| Unusable(format!("{} and {} do not belong together: {error}", shown, files.key.display()));
    let mut server = ServerConfig::builder_with_provider(provider.clone())
        .with_safe_default_protocol_versions()
        .map_err(|error| Unusable(error.to_string()))?
        .with_client_cert_verifier(verifier(roots.clone(), &provider, files)?)
        .with_single_cert(chain.clone(), files.private_key()?)
        .map_err(pair)?;
    server.alpn_protocols = spoken.protocols();
    // A client that comes back once needs one.
    server.send_tls13_tickets = 1;
    let client = match roots {
        Some(roots) => {
            let mut client = ClientConfig::builder_with_provider(provider)
                .with_safe_default_protocol_versions()
                .map_err(|error| Unusable(error.to_string()))?
                .with_root_certificates(roots)
                .with_client_auth_cert(chain, files.private_key()?)
                .map_err(pair)?;
            client.alpn_protocols = spoken.protocols();
            Some(Arc::new(client))
        }
        None => None,
    };
    Ok(Good { server: Arc::new(server), client, expires_at })
}

/// How somebody without a certificate of their own speaks TLS who believes the authorities in the PEM file `ca` and no others.
///
/// # Errors
/// The file cannot be used.
pub fn believing(ca: &Path) -> Result<Arc<ClientConfig>, Unusable> {
    let client = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| Unusable(error.to_string()))?;
    Ok(Arc::new(client.with_root_certificates(authorities(ca)?).with_no_client_auth()))
}

fn verifier(
    roots: Option<Arc<RootCertStore>>,
    provider: &Arc<CryptoProvider>,
    files: &Files,
) -> Result<Arc<dyn ClientCertVerifier>, Unusable> {
    let Some(roots) = roots else {
        return Ok(Arc::new(NoClientAuth));
    };
    WebPkiClientVerifier::builder_with_provider(roots, provider.clone()).build().map_err(|error| {
        let file = files.ca.as_deref().unwrap_or(&files.cert).display();
        Unusable(format!("{file} cannot say whom to believe: {error}"))
    })
}
