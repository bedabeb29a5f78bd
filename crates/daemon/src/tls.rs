//! TLS of a daemon: which settings name the files, how they are watched, and what is counted.
//!
//! What is read, and how it is spoken, stands in `gatepipe_tls`, which the client library shares.

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

use crate::config::{Knob, Noted, Settings};

pub use gatepipe_tls::{Files, Identity, Unusable, Use, accept, believing};

/// How often is looked whether a file has changed.
const LOOK: Duration = Duration::from_secs(2);

/// In seconds: a certificate that is good for less is warned of.
const SOON: i64 = 7 * 24 * 3600;

/// The certificate that callers from outside are shown; for a daemon that has such callers.
pub const CERT: Knob = Knob::one(
    "tls-cert",
    "FILE",
    None,
    "PEM: the certificate for --listen and those behind it; with --tls-key TLS is spoken there and nothing else. A changed file is used within seconds, for new connections [default: no TLS]",
)
.example("/etc/gatepipe/server.pem")
.remark("TLS without a proxy that ends it");
/// The key to it.
pub const KEY: Knob =
    Knob::one("tls-key", "FILE", None, "PEM: the private key of --tls-cert, without a password")
        .example("/etc/gatepipe/server.key");

/// The certificate for callers from outside, if there is one.
///
/// # Errors
/// [`Noted`]: one without the other, or files that cannot be used.
pub fn read_public(settings: &mut Settings) -> Result<Option<Files>, Noted> {
    let cert = settings.optional_text("tls-cert")?;
    let key = settings.optional_text("tls-key")?;
    match (cert, key) {
        (None, None) => Ok(None),
        (Some(cert), Some(key)) => {
            let files = Files { cert: cert.into(), key: key.into(), ca: None };
            usable(settings, "tls-cert", files, Use::Http)
        }
        (Some(_), None) => missing(settings, "tls-key", "must be given beside --tls-cert"),
        (None, Some(_)) => missing(settings, "tls-cert", "must be given beside --tls-key"),
    }
}

/// The certificate for every internal gRPC link, if there is one.
///
/// # Errors
/// [`Noted`]: not all three, or files that cannot be used.
pub fn read_internal(settings: &mut Settings) -> Result<Option<Files>, Noted> {
    let ca = settings.optional_text("internal-tls-ca")?;
    let cert = settings.optional_text("internal-tls-cert")?;
    let key = settings.optional_text("internal-tls-key")?;
    match (ca, cert, key) {
        (None, None, None) => Ok(None),
        (Some(ca), Some(cert), Some(key)) => {
            let files = Files { cert: cert.into(), key: key.into(), ca: Some(ca.into()) };
            usable(settings, "internal-tls-cert", files, Use::Grpc)
        }
        (ca, cert, _) => {
            let absent = match (ca, cert) {
                (None, _) => "internal-tls-ca",
                (_, None) => "internal-tls-cert",
                _ => "internal-tls-key",
            };
            let all = "--internal-tls-ca, --internal-tls-cert and --internal-tls-key belong together; gatepipe certs dev makes them for a trial";
            missing(settings, absent, &format!("is missing: {all}"))
        }
    }
}

fn missing(settings: &mut Settings, name: &'static str, text: &str) -> Result<Option<Files>, Noted> {
    settings.mistake(name, text);
    Err(Noted)
}

fn usable(
    settings: &mut Settings,
    name: &'static str,
    files: Files,
    spoken: Use,
) -> Result<Option<Files>, Noted> {
    match Identity::read(files.clone(), spoken) {
        Ok(_) => Ok(Some(files)),
        Err(why) => missing(settings, name, &why.to_string()),
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Where {
    link: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Reload {
    link: &'static str,
    result: &'static str,
}

/// The certificates of one daemon.
#[derive(Debug, Clone)]
pub struct Certificates {
    identities: Vec<(&'static str, Arc<Identity>)>,
    expire: Family<Where, Gauge>,
    reloads: Family<Reload, Counter>,
}

impl Certificates {
    /// None so far. Registers what is counted.
    #[must_use]
    pub fn new(registry: &mut Registry) -> Self {
        let (expire, reloads) = (Family::default(), Family::default());
        registry.register(
            "gatepipe_tls_certificate_expiry_timestamp_seconds",
            "Until when the certificate in use is good, in seconds since 1970",
            expire.clone(),
        );
        registry.register(
            "gatepipe_tls_certificate_reloads",
            "Changed certificates, by whether they could be used",
            reloads.clone(),
        );
        Self { identities: Vec::new(), expire, reloads }
    }

    /// Reads `files` and watches them from now on; `link` is where they are shown, for the log and the metrics.
    ///
    /// # Errors
    /// Which file cannot be used, and what should stand in it.
    pub fn take(
        &mut self,
        link: &'static str,
        files: Option<Files>,
        spoken: Use,
    ) -> Result<Option<Arc<Identity>>, Unusable> {
        let Some(files) = files else {
            return Ok(None);
        };
        let identity = Identity::read(files, spoken)?;
        self.note_expiry(link, &identity);
        // There from the start, so that the first is a change.
        for result in ["used", "refused"] {
            drop(self.reloads.get_or_create(&Reload { link, result }));
        }
        self.identities.push((link, identity.clone()));
        Ok(Some(identity))
    }

    /// Reads again what has changed, for ever. What cannot be used changes nothing; the log and a metric say so.
    pub async fn watch(self) {
        if self.identities.is_empty() {
            return std::future::pending().await;
        }
        loop {
            tokio::time::sleep(LOOK).await;
            let certificates = self.clone();
            // Files may be slow.
            drop(tokio::task::spawn_blocking(move || certificates.refresh()).await);
        }
    }

    fn refresh(&self) {
        for (link, identity) in &self.identities {
            let file = identity.files().cert.display();
            let result = match identity.refresh() {
                None => continue,
                Some(Ok(())) => {
                    self.note_expiry(link, identity);
                    tracing::info!(link, %file, "a changed certificate is used for new connections");
                    "used"
                }
                Some(Err(why)) => {
                    tracing::error!(link, %why, "a changed certificate cannot be used: the one before stays in use");
                    "refused"
                }
            };
            self.reloads.get_or_create(&Reload { link, result }).inc();
        }
    }

    fn note_expiry(&self, link: &'static str, identity: &Identity) {
        let expires_at = identity.expires_at();
        self.expire.get_or_create(&Where { link }).set(expires_at);
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let left_seconds = expires_at.saturating_sub_unsigned(now.as_secs());
        if left_seconds < SOON {
            let file = identity.files().cert.display();
            tracing::warn!(link, %file, left_seconds, "a certificate is good for less than a week: make a new one");
        }
    }
}
