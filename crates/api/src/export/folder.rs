//! The export directory: rows that wait, and files that can be downloaded. Several api processes may share it.
//!
//! Every name begins with its task's token. `TOKEN.rows` are the rows; `TOKEN-CLAIM.xlsx` is what one worker wrote, so that two
//! workers of one task never write the same file; `.part` stands behind the name of what is not whole.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::mem;
use std::ops::ControlFlow;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use super::Format;

/// Behind the name of a file that is not whole.
const PART: &str = ".part";
/// A file without a task is younger than this when its task may still come, or its worker may still end.
pub const LONGEST_LOOSE: Duration = Duration::from_secs(3_600);

/// See the module. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Folder(PathBuf);

/// A file that is removed unless it becomes whole.
#[derive(Debug)]
pub struct Part {
    part: PathBuf,
    whole: PathBuf,
    kept: bool,
}

impl Folder {
    /// The directory at `path`, made with all above it when it does not exist, and tried out.
    ///
    /// # Errors
    /// It cannot be made or written.
    pub fn open(path: &Path) -> io::Result<Self> {
        fs::DirBuilder::new().recursive(true).mode(0o700).create(path)?;
        let folder = Self(path.into());
        match folder.begin(&format!("{:032x}.try", rand::random::<u128>())) {
            // A full disk is no reason not to start: what is there can be downloaded, and what expires makes room.
            Err(error) if !is_full(&error) => Err(error),
            _ => Ok(folder),
        }
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// Where a file of this name lies.
    #[must_use]
    pub fn file(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// Begins a new file of this name; it is called so when it is whole.
    ///
    /// # Errors
    /// The disk's.
    pub fn begin(&self, name: &str) -> io::Result<(File, Part)> {
        let part = self.0.join(format!("{name}{PART}"));
        let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&part)?;
        Ok((file, Part { part, whole: self.0.join(name), kept: false }))
    }

    /// Removes a file; one that is gone already is fine, and one that cannot be removed is met again by [`Folder::loose`].
    pub fn remove(&self, name: &str) {
        match fs::remove_file(self.0.join(name)) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => tracing::warn!(%error, name, "a file of an export cannot be removed yet"),
        }
    }

    /// Gives `take` the names of our files that nobody has written to for [`LONGEST_LOOSE`], each with its task's token: at most
    /// `most` at a time, all of them unless it breaks off.
    ///
    /// # Errors
    /// The directory cannot be read.
    pub fn loose(
        &self,
        now: SystemTime,
        most: usize,
        mut take: impl FnMut(Vec<(String, String)>) -> ControlFlow<()>,
    ) -> io::Result<()> {
        let mut found = Vec::new();
        for entry in fs::read_dir(&self.0)? {
            let entry = entry?;
            let Ok(name) = entry.file_name().into_string() else { continue };
            let Some(token) = token_of(&name) else { continue };
            let written = entry.metadata().and_then(|metadata| metadata.modified());
            let age = written.ok().and_then(|written| now.duration_since(written).ok());
            if age.is_some_and(|age| age > LONGEST_LOOSE) {
                found.push((token.to_owned(), name));
                if found.len() == most && take(mem::take(&mut found)).is_break() {
                    return Ok(());
                }
            }
        }
        if !found.is_empty() {
            // It was the last one, whatever is said to it.
            let _ = take(found);
        }
        Ok(())
    }
}

impl Part {
    /// Everything is written: onto the disk with it, and it gets its name.
    ///
    /// # Errors
    /// The disk's; then it is removed.
    pub fn keep(mut self, file: &File) -> io::Result<()> {
        file.sync_all()?;
        fs::rename(&self.part, &self.whole)?;
        self.kept = true;
        // The name is on the disk when its directory is.
        match self.whole.parent() {
            Some(directory) => File::open(directory)?.sync_all(),
            None => Ok(()),
        }
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        if !self.kept
            && let Err(error) = fs::remove_file(&self.part)
        {
            tracing::warn!(%error, "a part of an export's file cannot be removed yet");
        }
    }
}

/// The rows of the task with this token.
#[must_use]
pub fn rows_name(token: &str) -> String {
    format!("{token}.rows")
}

/// What the worker with this claim writes.
#[must_use]
pub fn file_name(token: &str, claim: &str, format: Format) -> String {
    format!("{token}-{claim}.{}", format.name())
}

/// The token that a name of ours begins with; `None` for a file that is not ours.
fn token_of(name: &str) -> Option<&str> {
    let (token, rest) = name.split_at_checked(32)?;
    let ours = token.bytes().all(|byte| byte.is_ascii_hexdigit()) && rest.starts_with(['.', '-']);
    ours.then_some(token)
}

/// Whether the disk is full, for people.
#[must_use]
pub fn is_full(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded)
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    #[test]
    fn what_does_not_become_whole_is_removed() {
        let dir = tempfile::tempdir().unwrap();
        let folder = Folder::open(&dir.path().join("a/b")).unwrap();
        let names = || -> Vec<String> {
            let entries = fs::read_dir(folder.path()).unwrap();
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
        };
        assert!(names().is_empty());
        let (mut file, part) = folder.begin("x.rows").unwrap();
        file.write_all(b"half").unwrap();
        assert_eq!(names(), ["x.rows.part"]);
        drop(part);
        assert!(names().is_empty());
        let (mut file, part) = folder.begin("x.rows").unwrap();
        file.write_all(b"whole").unwrap();
        part.keep(&file).unwrap();
        assert_eq!(names(), ["x.rows"]);
    }

    #[test]
    fn only_our_own_old_files_are_loose() {
        let dir = tempfile::tempdir().unwrap();
        let folder = Folder::open(dir.path()).unwrap();
        let token = "0123456789abcdef0123456789abcdef";
        let ours = [rows_name(token), file_name(token, token, Format::Csv), format!("{token}.rows.part")];
        let others = ["readme.txt".into(), format!("{token}x"), "x".repeat(40)];
        for name in ours.iter().chain(&others) {
            fs::write(folder.file(name), "").unwrap();
        }
        let loose = |now, most| {
            let mut batches = Vec::new();
            let take = |batch| {
                batches.push(batch);
                ControlFlow::Continue(())
            };
            folder.loose(now, most, take).unwrap();
            batches
        };
        assert!(loose(SystemTime::now(), 10).is_empty());
        let later = SystemTime::now() + LONGEST_LOOSE + Duration::from_secs(1);
        let mut expected = ours.map(|name| (token.to_owned(), name));
        expected.sort();
        for (most, lengths) in [(10, vec![3]), (3, vec![3]), (2, vec![2, 1])] {
            let batches = loose(later, most);
            assert_eq!(batches.iter().map(Vec::len).collect::<Vec<_>>(), lengths);
            let mut all = batches.concat();
            all.sort();
            assert_eq!(all, expected);
        }
        let mut times = 0;
        let once = |_| {
            times += 1;
            ControlFlow::Break(())
        };
        folder.loose(later, 1, once).unwrap();
        assert_eq!(times, 1);
    }
}
