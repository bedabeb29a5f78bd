//! What is read from PEM files, and what is said when it cannot be used.

use std::io::Read as _;
use std::path::{Path, PathBuf};

use rustls::RootCertStore;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use x509_cert::der::Decode as _;

/// Longest file, in bytes.
const MAX_BYTES: u64 = 1 << 20;

/// Where a certificate is, the key to it, and whom to believe.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Files {
    /// PEM: the certificate, and behind it those that lead to its authority.
    pub cert: PathBuf,
    /// PEM: the private key (PKCS#8, PKCS#1 or SEC1), without a password.
    pub key: PathBuf,
    /// PEM: the authorities by which the other end has to be certified; `None`: nobody is asked for a certificate.
    pub ca: Option<PathBuf>,
}

/// Why files cannot be used; names the file, and says what should stand in it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Unusable(pub(crate) String);

impl Files {
    pub(crate) fn certificates(&self) -> Result<Vec<CertificateDer<'static>>, Unusable> {
        certificates(&self.cert)
    }

    pub(crate) fn private_key(&self) -> Result<PrivateKeyDer<'static>, Unusable> {
        let shown = self.key.display();
        PrivateKeyDer::from_pem_slice(&read(&self.key)?).map_err(|_| {
            Unusable(format!(
                "{shown} holds no private key (PEM without a password: -----BEGIN PRIVATE KEY-----)"
            ))
        })
    }

    /// Everything that is named, also what need not be read again.
    pub(crate) fn paths(&self) -> impl Iterator<Item = &Path> {
        [Some(&self.cert), Some(&self.key), self.ca.as_ref()].into_iter().flatten().map(PathBuf::as_path)
    }
}

/// The authorities in a PEM file.
pub(crate) fn authorities(file: &Path) -> Result<RootCertStore, Unusable> {
    let mut roots = RootCertStore::empty();
    for certificate in certificates(file)? {
        let wrong = |error| {
            Unusable(format!("{} holds a certificate that cannot be an authority: {error}", file.display()))
        };
        roots.add(certificate).map_err(wrong)?;
    }
    Ok(roots)
}

/// Until when a certificate is good, in seconds since 1970.
pub(crate) fn expires_at(certificate: &CertificateDer<'_>) -> Result<i64, String> {
    let parsed = x509_cert::Certificate::from_der(certificate).map_err(|error| error.to_string())?;
    let until = parsed.tbs_certificate.validity.not_after.to_unix_duration();
    Ok(i64::try_from(until.as_secs()).unwrap_or(i64::MAX))
}

fn certificates(file: &Path) -> Result<Vec<CertificateDer<'static>>, Unusable> {
    let shown = file.display();
    let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&read(file)?).collect();
    match found {
        Ok(found) if !found.is_empty() => Ok(found),
        Ok(_) => Err(Unusable(format!("{shown} holds no certificate (PEM: -----BEGIN CERTIFICATE-----)"))),
        Err(_) => Err(Unusable(format!("{shown} is not a PEM file of certificates"))),
    }
}

fn read(file: &Path) -> Result<Vec<u8>, Unusable> {
    let shown = file.display();
    let mut bytes = Vec::new();
    let read =
        std::fs::File::open(file).and_then(|opened| opened.take(MAX_BYTES + 1).read_to_end(&mut bytes));
    read.map_err(|error| Unusable(format!("cannot read {shown}: {error}")))?;
    if bytes.len() as u64 > MAX_BYTES {
        return Err(Unusable(format!("{shown} is longer than 1 MiB: it cannot be a certificate or a key")));
    }
    Ok(bytes)
}
