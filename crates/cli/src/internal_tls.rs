//! Certificates for the way to registers and gateways.

use std::path::PathBuf;

use clap::Args;
use gatepipe_daemon::tls::Files;

use crate::exit::{Exit, Failure};

/// All three, or none.
#[derive(Debug, Clone, Args)]
pub struct InternalTls {
    /// PEM: the authorities of the cluster; with the next two, registers and gateways are spoken to by TLS [default: no TLS]
    #[arg(long, value_name = "FILE", env = "GATEPIPE_INTERNAL_TLS_CA")]
    internal_tls_ca: Option<PathBuf>,
    /// PEM: our certificate, made by one of them
    #[arg(long, value_name = "FILE", env = "GATEPIPE_INTERNAL_TLS_CERT")]
    internal_tls_cert: Option<PathBuf>,
    /// PEM: the private key of our certificate
    #[arg(long, value_name = "FILE", env = "GATEPIPE_INTERNAL_TLS_KEY")]
    internal_tls_key: Option<PathBuf>,
}

impl InternalTls {
    /// The files; `None` when there are none.
    pub fn files(&self) -> Result<Option<Files>, Failure> {
        match (&self.internal_tls_ca, &self.internal_tls_cert, &self.internal_tls_key) {
            (None, None, None) => Ok(None),
            (Some(ca), Some(cert), Some(key)) => {
                Ok(Some(Files { cert: cert.clone(), key: key.clone(), ca: Some(ca.clone()) }))
            }
            _ => {
                let line = "--internal-tls-ca, --internal-tls-cert and --internal-tls-key belong together: give all three";
                Err(Failure::new(Exit::Usage, line))
            }
        }
    }
}
