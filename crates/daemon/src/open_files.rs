//! A descriptor for every socket: the soft limit is raised to the hard one.

use rustix::process::{Resource, getrlimit, setrlimit};

/// How many files this process may have open. `u64::MAX`: no limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OpenFiles {
    /// In force.
    pub soft: u64,
    /// What the system would allow at most.
    pub hard: u64,
}

/// Raises the soft limit to the hard one and logs both. Where that is refused, the limit stays as it was.
#[must_use]
pub fn raise_open_files() -> OpenFiles {
    let before = getrlimit(Resource::Nofile);
    let mut wanted = before;
    wanted.current = before.maximum;
    let raised = setrlimit(Resource::Nofile, wanted);
    let now = getrlimit(Resource::Nofile);
    let limit = |limit: Option<u64>| limit.unwrap_or(u64::MAX);
    let files = OpenFiles { soft: limit(now.current), hard: limit(now.maximum) };
    match raised {
        Ok(()) => tracing::info!(
            soft = files.soft,
            hard = files.hard,
            was = limit(before.current),
            "open-file limit"
        ),
        Err(error) => {
            tracing::warn!(soft = files.soft, hard = files.hard, %error, "open-file limit could not be raised")
        }
    }
    files
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_soft_limit_becomes_the_hard_one() {
        let files = raise_open_files();
        assert_eq!(files.soft, files.hard);
    }
}
