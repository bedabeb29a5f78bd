//! Whether files are still those that were read.

use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use crate::files::Files;

/// What changes in the file system when a file is written or another is put in its place; also behind symbolic links.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Stamps(Vec<Option<[i128; 5]>>);

impl Stamps {
    pub(crate) fn of(files: &Files) -> Self {
        Self(files.paths().map(stamp).collect())
    }
}

/// `None`: there is no such file now.
fn stamp(file: &Path) -> Option<[i128; 5]> {
    let about = std::fs::metadata(file).ok()?;
    let times = [about.mtime(), about.mtime_nsec(), about.ctime_nsec()].map(i128::from);
    Some([i128::from(about.ino()), i128::from(about.len()), times[0], times[1], times[2]])
}
