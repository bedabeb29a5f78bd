//! How a connection to a database server is protected. rustls, with ring.

use std::path::{Path, PathBuf};

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;

/// What is asked of the connection, the least first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Protection {
    /// Whoever is on the way reads and changes everything, the password in some cases too.
    None,
    /// Encrypted when the server offers it. Whoever is on the way can say that it does not.
    #[cfg_attr(not(feature = "postgres"), expect(dead_code, reason = "a word of PostgreSQL's alone"))]
    IfOffered,
    /// Encrypted for whoever answers. Only who can do more than listen learns anything.
    Encrypted,
    /// The other end has a certificate of a known authority, under any name.
    Authority,
    /// The other end is the host that was named.
    Host,
}

/// A [`Protection`], and who vouches for the server.
#[derive(Debug, Clone)]
pub(super) struct Tls {
    pub(super) protection: Protection,
    /// A PEM file of authorities; without it those that the system trusts.
    pub(super) roots: Option<PathBuf>,
}

impl Tls {
    /// The authorities whose certificates are believed.
    ///
    /// # Errors
    /// In words; names the file.
    pub(super) fn authorities(&self) -> Result<Vec<CertificateDer<'static>>, String> {
        match (&self.roots, self.protection) {
            (Some(file), _) => read(file),
            (None, Protection::Authority | Protection::Host) => {
                let found = rustls_native_certs::load_native_certs().certs;
                match found.is_empty() {
                    true => Err("this system trusts no certificate authority: install ca-certificates, or name a PEM file in the URL".into()),
                    false => Ok(found),
                }
            }
            (None, Protection::None | Protection::IfOffered | Protection::Encrypted) => Ok(Vec::new()),
        }
    }
}

fn read(file: &Path) -> Result<Vec<CertificateDer<'static>>, String> {
    let shown = file.display();
    let text = std::fs::read(file).map_err(|error| format!("cannot read {shown}: {error}"))?;
    let certificates: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&text).collect();
    match certificates {
        Ok(found) if !found.is_empty() => Ok(found),
        Ok(_) => Err(format!("{shown} holds no certificate (PEM: -----BEGIN CERTIFICATE-----)")),
        Err(error) => Err(format!("{shown} is not a PEM file of certificates: {error}")),
    }
}
