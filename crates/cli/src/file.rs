//! Files that may be named on the command line.

use std::io::{self, Read};
use std::path::Path;

use anyhow::Context as _;

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_byte_too_much_is_refused() {
        assert_eq!(bounded(&b"abc"[..], 3).unwrap(), b"abc");
        assert!(bounded(&b"abcd"[..], 3).is_err());
    }
}
