//! Files that may be named on the command line.

use std::io::{self, Read};
use std::path::Path;

use anyhow::Context as _;
use tokio::io::AsyncWriteExt as _;

/// A file, or stdin when it is `-`, of at most `most` bytes: a wrong path may be a device that never ends.
pub fn read(path: &Path, most: usize) -> anyhow::Result<Vec<u8>> {
    if path == Path::new("-") {
        return bounded(io::stdin().lock(), most).context("cannot read stdin");
    }
    let file = std::fs::File::open(path).map_err(anyhow::Error::from);
    let bytes = file.and_then(|file| bounded(file, most));
    bytes.with_context(|| format!("cannot read {}", path.display()))
}

fn bounded(source: impl Read, most: usize) -> anyhow::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    source.take(most as u64 + 1).read_to_end(&mut bytes)?;
    anyhow::ensure!(bytes.len() <= most, "it has more than {most} bytes");
    Ok(bytes)
}

/// Writes what is downloaded into a new file; gives its length. What exists is not overwritten, and when it breaks off nothing is
/// left.
pub async fn save_new(answer: reqwest::Response, to: &Path) -> anyhow::Result<u64> {
    let new = tokio::fs::OpenOptions::new().write(true).create_new(true).open(to).await;
    let file = new.with_context(|| format!("cannot write {}", to.display()))?;
    let saved = save(answer, file, to).await;
    if saved.is_err() {
        // Half a file would pass for a whole one, and stand in the way of the next try.
        let _ = tokio::fs::remove_file(to).await;
    }
    saved
}

async fn save(mut answer: reqwest::Response, mut file: tokio::fs::File, to: &Path) -> anyhow::Result<u64> {
    let cannot = || format!("cannot write {}", to.display());
    let mut bytes = 0;
    while let Some(chunk) = answer.chunk().await.context("the download broke off")? {
        file.write_all(&chunk).await.with_context(cannot)?;
        bytes += chunk.len() as u64;
    }
    file.flush().await.with_context(cannot)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_byte_too_much_is_refused() {
        assert_eq!(bounded(&b"abc"[..], 3).unwrap(), b"abc");
        assert!(bounded(&b"abcd"[..], 3).is_err());
    }
}
