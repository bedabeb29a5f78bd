//! Certificates of a throw-away authority, in a directory that goes with them.

use std::path::PathBuf;
use std::time::Duration;

use gatepipe_daemon::tls::{Files, believing};
use gatepipe_tls::authority::Authority;
use tempfile::TempDir;
use tokio_rustls::TlsConnector;

pub struct Certs {
    dir: TempDir,
    authority: Authority,
}

impl Certs {
    /// One for 127.0.0.1.
    pub fn new() -> Self {
        let authority = Authority::new(Duration::from_secs(3600)).unwrap();
        let certs = Self { dir: tempfile::tempdir().unwrap(), authority };
        std::fs::write(certs.path("ca.pem"), certs.authority.pem()).unwrap();
        certs.renew();
        certs
    }

    /// Puts another certificate and key in the place of those that are there.
    pub fn renew(&self) {
        let pair = self.authority.certify(&["127.0.0.1".to_owned()]).unwrap();
        std::fs::write(self.path("server.key"), pair.key).unwrap();
        std::fs::write(self.path("server.pem"), pair.cert).unwrap();
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// For a listener.
    pub fn files(&self) -> Files {
        Files { cert: self.path("server.pem"), key: self.path("server.key"), ca: None }
    }

    /// For a page.
    pub fn connector(&self) -> TlsConnector {
        TlsConnector::from(believing(&self.path("ca.pem")).unwrap())
    }
}
