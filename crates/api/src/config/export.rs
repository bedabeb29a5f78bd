//! The settings of exports.

use std::num::{NonZeroU32, NonZeroUsize};
use std::path::{Path, PathBuf};
use std::time::Duration;

use gatepipe_daemon::config::{Noted, Settings};
use secrecy::ExposeSecret as _;

use super::Config;
use crate::notification::Link;

/// How exports are kept and written.
#[derive(Debug, Clone)]
pub struct ExportConfig {
    /// Where; see [`Config::export_dir`].
    pub dir: Option<PathBuf>,
    /// Exports that are written at once.
    pub workers: usize,
    /// Longest body of rows, in bytes.
    pub body_limit: u64,
    /// How long such a body may take.
    pub upload_timeout: Duration,
    /// Such bodies at once.
    pub uploads: NonZeroUsize,
    /// Unfinished exports of one user.
    pub unfinished: NonZeroU32,
    /// How long a file can be downloaded.
    pub keep: Duration,
    /// How long a silent worker keeps its task.
    pub lease: Duration,
    /// Where the notification leads.
    pub link: Link,
}

impl ExportConfig {
    /// Reads the settings.
    ///
    /// # Errors
    /// [`Noted`]
    pub(super) fn read(s: &mut Settings) -> Result<Self, Noted> {
        let dir = s.optional_text("export-dir");
        let workers = s.number("export-workers");
        let body_limit = s.size("export-body-limit");
        let upload_timeout = s.duration("export-upload-timeout");
        let uploads = s.number("export-uploads");
        let unfinished = s.number("export-unfinished");
        let keep = s.duration("export-keep");
        let lease = s.duration("export-lease");
        let link = s.text("export-link");
        if lease.is_ok_and(|lease| lease < Duration::from_secs(1)) {
            s.mistake("export-lease", "must be at least 1s: a worker that is only slow would lose its task");
        }
        let link = match link.map(Link::try_from) {
            Ok(Ok(link)) => Ok(link),
            Ok(Err(rule)) => {
                s.mistake("export-link", rule);
                Err(Noted)
            }
            Err(noted) => Err(noted),
        };
        Ok(Self {
            dir: dir?.map(PathBuf::from),
            workers: workers?,
            body_limit: body_limit?,
            upload_timeout: upload_timeout?,
            uploads: uploads?,
            unfinished: unfinished?,
            keep: keep?,
            lease: lease?,
            link: link?,
        })
    }
}

impl Config {
    /// Where exports wait and their files lie.
    #[must_use]
    pub fn export_dir(&self) -> PathBuf {
        if let Some(dir) = &self.export.dir {
            return dir.clone();
        }
        let url = self.database_url.expose_secret();
        let beside = url.strip_prefix("sqlite://").map(Path::new).and_then(Path::parent);
        beside.unwrap_or(Path::new("data")).join("exports")
    }
}
