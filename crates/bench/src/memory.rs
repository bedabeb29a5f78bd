//! How much memory a process really has: `Rss` in `/proc/PID/smaps_rollup`, which counts pages; `VmRSS` is behind by some hundred.

use std::fs;

use anyhow::Context as _;
use rustix::process::Pid;

/// In bytes.
///
/// # Errors
/// When it has ended.
pub fn resident_bytes(pid: Pid) -> anyhow::Result<u64> {
    let path = format!("/proc/{}/smaps_rollup", pid.as_raw_nonzero());
    let text = fs::read_to_string(&path).with_context(|| path.clone())?;
    rss_bytes(&text).with_context(|| format!("no Rss in {path}"))
}

fn rss_bytes(smaps: &str) -> Option<u64> {
    let line = smaps.lines().find_map(|line| line.strip_prefix("Rss:"))?;
    let kib: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    kib.checked_mul(1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rss_is_found_among_the_others() {
        let smaps = "5566-7788 ---p 00000000 00:00 0 [rollup]\nRss:                1824 kB\nPss:  700 kB\n";
        assert_eq!(rss_bytes(smaps), Some(1824 * 1024));
        assert_eq!(rss_bytes("Pss: 1 kB\n"), None);
    }

    #[test]
    fn this_process_has_some() {
        assert!(resident_bytes(rustix::process::getpid()).unwrap() > 100 * 1024);
    }
}
