//! How much CPU time processes have used, in nanoseconds: `/proc/PID/task/*/schedstat`. `/proc/PID/stat` counts ticks of 10 ms, which is
//! too coarse for a window of half a second.

use std::fs;

use anyhow::Context as _;
use rustix::process::Pid;

/// Of all living threads of all of them together.
///
/// # Errors
/// When one has ended.
pub fn used_ns(pids: &[Pid]) -> anyhow::Result<u64> {
    pids.iter().map(|pid| of_process(*pid)).sum()
}

fn of_process(pid: Pid) -> anyhow::Result<u64> {
    let tasks = format!("/proc/{}/task", pid.as_raw_nonzero());
    let mut sum = 0;
    for task in fs::read_dir(&tasks).with_context(|| format!("{tasks}: the process has ended"))? {
        // A thread may end between the two looks.
        if let Ok(text) = fs::read_to_string(task?.path().join("schedstat")) {
            sum += on_cpu_ns(&text).with_context(|| format!("schedstat: {text:?}"))?;
        }
    }
    Ok(sum)
}

/// The first of the three numbers: time on a CPU.
fn on_cpu_ns(schedstat: &str) -> Option<u64> {
    schedstat.split_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_number_counts() {
        assert_eq!(on_cpu_ns("123456 789 10\n"), Some(123_456));
        assert_eq!(on_cpu_ns(""), None);
        assert_eq!(on_cpu_ns("x 1 2"), None);
    }

    #[test]
    fn work_of_our_own_is_seen() {
        let own = [rustix::process::getpid()];
        let before = used_ns(&own).unwrap();
        let begun = std::time::Instant::now();
        while used_ns(&own).unwrap() == before {
            assert!(begun.elapsed().as_secs() < 30, "it stands still");
        }
    }
}
