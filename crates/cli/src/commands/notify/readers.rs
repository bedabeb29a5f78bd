//! Who gets a notification: named one by one, or in a file.

use std::collections::{HashMap, HashSet};
use std::path::PathBuf;

use anyhow::Context as _;
use clap::Args;

use crate::file;

/// Largest file of ids: a million of them, and more.
const MOST_BYTES: usize = 32 << 20;

/// Who gets it.
#[derive(Debug, Args)]
#[group(required = true, multiple = true)]
pub struct Readers {
    /// Who gets it; several with spaces or commas between them
    #[arg(value_name = "USER_ID", value_delimiter = ',')]
    user_ids: Vec<u64>,
    /// A file with more of them, one on each line, or - for stdin
    #[arg(long, value_name = "FILE")]
    users_file: Option<PathBuf>,
}

impl Readers {
    /// As they were named; at least one.
    pub fn read(&self) -> anyhow::Result<Vec<u64>> {
        let mut named = self.user_ids.clone();
        if let Some(path) = &self.users_file {
            let bytes = file::read(path, MOST_BYTES)?;
            let lines = listed(&String::from_utf8_lossy(&bytes));
            named.extend(lines.with_context(|| format!("cannot use {}", path.display()))?);
        }
        anyhow::ensure!(!named.is_empty(), "nobody is named in the file of --users-file");
        Ok(named)
    }
}

/// An id on each line; empty lines, and what stands behind a #, are left out.
fn listed(text: &str) -> anyhow::Result<Vec<u64>> {
    let mut ids = Vec::new();
    for (number, line) in text.lines().enumerate() {
        let line = line.split('#').next().unwrap_or_default().trim();
        if !line.is_empty() {
            let id = line.parse().map_err(|_| {
                let start: String = line.chars().take(40).collect();
                anyhow::anyhow!("line {} is not a user's id: {start}", number + 1)
            })?;
            ids.push(id);
        }
    }
    Ok(ids)
}

/// In the order in which they were named, each once: in two calls a user would get it twice.
pub fn each_once(named: &[u64]) -> Vec<u64> {
    let mut seen = HashSet::new();
    named.iter().copied().filter(|user| seen.insert(*user)).collect()
}

/// The notification's id for each user as they were named. `ids` belong to `readers`.
pub fn for_each_named(named: &[u64], readers: &[u64], ids: &[u64]) -> Vec<u64> {
    let id_of: HashMap<u64, u64> = readers.iter().copied().zip(ids.iter().copied()).collect();
    named.iter().filter_map(|user| id_of.get(user).copied()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_has_an_id_on_each_line() {
        assert_eq!(listed("1\n\n 22 \r\n# staff\n3 # bob\n").unwrap(), [1, 22, 3]);
        assert_eq!(listed("").unwrap(), [0_u64; 0]);
        for (bad, place) in
            [("1\nbob\n", "line 2"), ("-1", "line 1"), ("1 2", "line 1"), ("1\n\n1,2", "line 3")]
        {
            assert!(listed(bad).unwrap_err().to_string().contains(place), "{bad}");
        }
    }

    #[test]
    fn a_user_named_twice_is_told_once_and_its_id_stands_twice() {
        let named = [5, 3, 5, 9];
        let readers = each_once(&named);
        assert_eq!(readers, [5, 3, 9]);
        assert_eq!(for_each_named(&named, &readers, &[50, 30, 90]), [50, 30, 50, 90]);
    }
}
