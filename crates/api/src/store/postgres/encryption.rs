//! TLS as libpq has it: encryption alone, a known authority, or the host's own name.

use std::sync::Arc;

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{CertificateError, ClientConfig, DigitallySignedStruct, Error, RootCertStore, SignatureScheme};
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::store::tls::{Protection, Tls};

/// What protects connections; `None` when nothing does.
///
/// # Errors
/// In words.
pub(super) fn connector(tls: &Tls) -> Result<Option<MakeRustlsConnect>, String> {
    if tls.protection == Protection::None {
        return Ok(None);
    }
    let provider = Arc::new(ring::default_provider());
    let mut roots = RootCertStore::empty();
    let (trusted, unusable) = roots.add_parsable_certificates(tls.authorities()?);
    if trusted == 0 && unusable > 0 {
        return Err("none of the certificates to trust can be used".into());
    }
    let verifier = || {
        let builder = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider));
        builder.build().map_err(|error| error.to_string())
    };
    let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .map_err(|error| error.to_string())?
        .dangerous();
    let builder = match tls.protection {
        Protection::Host => builder.with_custom_certificate_verifier(verifier()?),
        Protection::Authority => {
            let authority = Some(verifier()?);
            builder.with_custom_certificate_verifier(Arc::new(AnyName { authority, provider }))
        }
        Protection::None | Protection::IfOffered | Protection::Encrypted => {
            builder.with_custom_certificate_verifier(Arc::new(AnyName { authority: None, provider }))
        }
    };
    Ok(Some(MakeRustlsConnect::new(builder.with_no_client_auth())))
}

/// Accepts a certificate whatever name stands in it; any certificate at all when there is no authority to ask.
#[derive(Debug)]
struct AnyName {
    authority: Option<Arc<WebPkiServerVerifier>>,
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for AnyName {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        use CertificateError::{NotValidForName, NotValidForNameContext};
        let Some(authority) = &self.authority else {
            return Ok(ServerCertVerified::assertion());
        };
        let verified =
            authority.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now);
        match verified {
            // Told only after the authority was found good.
            Err(Error::InvalidCertificate(NotValidForName | NotValidForNameContext { .. })) => {
                Ok(ServerCertVerified::assertion())
            }
            other => other,
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, cert, dss, &self.provider.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, cert, dss, &self.provider.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}
