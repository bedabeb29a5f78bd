//! A certificate authority of one's own, and what it signed.

use std::fs;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use anyhow::Context as _;
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, KeyUsagePurpose};

use crate::account::Account;

/// The only name that the server's certificate is good for. 127.0.0.1, where it listens, is another.
pub(crate) const NAME: &str = "localhost";

const AUTHORITY: &str = "ca.pem";
const CERTIFICATE: &str = "server.pem";
const KEY: &str = "server.key";

/// A certificate authority's key, for signing.
type Signer = Issuer<'static, KeyPair>;

/// Writes the certificate of a new authority, which has signed nothing, into the file `path`.
///
/// # Errors
/// The file cannot be written.
pub fn authority(path: &Path) -> anyhow::Result<()> {
    make_authority(path).map(drop)
}

fn make_authority(path: &Path) -> anyhow::Result<Signer> {
    let key = KeyPair::generate()?;
    let mut authority = CertificateParams::new(Vec::new())?;
    authority.distinguished_name.push(DnType::CommonName, "An authority of a test");
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    authority.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    fs::write(path, authority.self_signed(&key)?.pem())
        .with_context(|| format!("cannot write {}", path.display()))?;
    Ok(Issuer::new(authority, key))
}

/// Writes `ca.pem`, `server.pem` and `server.key` into `dir`: an authority, and what it signed for `localhost` and no other name.
///
/// # Errors
/// The files cannot be written, or are there already.
pub fn certificate(dir: &Path) -> anyhow::Result<()> {
    let issuer = make_authority(&dir.join(AUTHORITY))?;
    let key = KeyPair::generate()?;
    let mut server = CertificateParams::new(vec![NAME.to_owned()])?;
    server.distinguished_name.push(DnType::CommonName, NAME);
    fs::write(dir.join(CERTIFICATE), server.signed_by(&key, &issuer)?.pem())?;
    let path = dir.join(KEY);
    let mut file = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path)?;
    std::io::Write::write_all(&mut file, key.serialize_pem().as_bytes()).context("cannot write the key")
}

/// [`certificate`], for a server that runs as `account`.
pub(crate) fn write(dir: &Path, account: Account) -> anyhow::Result<()> {
    certificate(dir)?;
    for name in [AUTHORITY, CERTIFICATE, KEY] {
        account.own(&dir.join(name))?;
    }
    Ok(())
}
