//! The lone loop, a helper process: it looks at the clock and does nothing else, so whatever stops it is the machine.

use std::time::{Duration, Instant};

use crate::control::{News, tell};

/// Looks at the clock for so long, then tells the longest time between two looks.
///
/// # Errors
/// When the driver is gone.
pub fn run(length: Duration) -> anyhow::Result<()> {
    let begun = Instant::now();
    let (mut last, mut longest) = (begun, Duration::ZERO);
    while last - begun < length {
        let now = Instant::now();
        longest = longest.max(now - last);
        last = now;
    }
    tell(&News::Stopped { longest_ns: longest.as_nanos().try_into().unwrap_or(u64::MAX) })
}
