//! An authority of one's own, for trials and tests: whoever has its key can be anybody, and here the key ends with the value.

use std::time::{Duration, SystemTime};

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose,
};

/// Clocks of two hosts may differ by so much.
const BEFORE: Duration = Duration::from_secs(3600);

/// See the head of this file.
#[derive(Debug)]
pub struct Authority {
    issuer: Issuer<'static, KeyPair>,
    pem: String,
    until: SystemTime,
}

/// A certificate and the key to it, both PEM.
#[derive(Clone)]
pub struct Pair {
    /// The certificate.
    pub cert: String,
    /// The private key.
    pub key: String,
}

/// The key is not shown.
impl std::fmt::Debug for Pair {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Pair").field("cert", &self.cert).finish_non_exhaustive()
    }
}

/// There is no randomness, or a name that cannot be one.
#[derive(Debug, thiserror::Error)]
#[error("a certificate cannot be made: {0}")]
pub struct NotMade(#[from] rcgen::Error);

impl Authority {
    /// A new one; it and what it certifies are good for `lifetime`.
    ///
    /// # Errors
    /// There is no randomness.
    pub fn new(lifetime: Duration) -> Result<Self, NotMade> {
        let until = SystemTime::now() + lifetime;
        let key = KeyPair::generate()?;
        let mut params = dated(Vec::new(), until)?;
        params.distinguished_name.push(DnType::CommonName, "Gatepipe throw-away authority");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let pem = params.self_signed(&key)?.pem();
        Ok(Self { issuer: Issuer::new(params, key), pem, until })
    }

    /// Its certificate, PEM.
    #[must_use]
    pub fn pem(&self) -> &str {
        &self.pem
    }

    /// Certifies a new key for these host names and IP addresses, as a server and as a client.
    ///
    /// # Errors
    /// A name that cannot stand in a certificate.
    pub fn certify(&self, names: &[String]) -> Result<Pair, NotMade> {
        let key = KeyPair::generate()?;
        let mut params = dated(names.to_vec(), self.until)?;
        params.distinguished_name.push(DnType::CommonName, names.first().map_or("gatepipe", String::as_str));
        params.use_authority_key_identifier_extension = true;
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages =
            vec![ExtendedKeyUsagePurpose::ServerAuth, ExtendedKeyUsagePurpose::ClientAuth];
        let cert = params.signed_by(&key, &self.issuer)?.pem();
        Ok(Pair { cert, key: key.serialize_pem() })
    }
}

fn dated(names: Vec<String>, until: SystemTime) -> Result<CertificateParams, NotMade> {
    let mut params = CertificateParams::new(names)?;
    params.not_before = (SystemTime::now() - BEFORE).into();
    params.not_after = until.into();
    Ok(params)
}
