//! Lengths of time and sizes as people write them.

use std::time::Duration;

/// Longest length of time that can be asked for: ten years, so that no sum of a few of them overflows.
pub const LONGEST: Duration = Duration::from_secs(10 * 365 * 86_400);

/// `55s`, `500ms`, `2m`, `1h`, `7d`; `0` needs no unit. Whole numbers only, no signs.
///
/// # Errors
/// What is wrong, to stand behind the value.
pub fn duration(text: &str) -> Result<Duration, String> {
    let units = [("ms", 1), ("s", 1000), ("m", 60_000), ("h", 3_600_000), ("d", 86_400_000)];
    match scaled(text, &units).map(Duration::from_millis) {
        Some(duration) if duration <= LONGEST => Ok(duration),
        Some(_) => Err("is longer than ten years".to_owned()),
        None => Err("is not a duration like 55s, 500ms or 2m".to_owned()),
    }
}

/// `64KiB`, `1MiB`, `2GiB`, `512B`; a bare number counts bytes.
///
/// # Errors
/// What is wrong, to stand behind the value.
pub fn size(text: &str) -> Result<u64, String> {
    let units = [("KiB", 1 << 10), ("MiB", 1 << 20), ("GiB", 1 << 30), ("B", 1), ("", 1)];
    scaled(text, &units).ok_or_else(|| "is not a size like 64KiB or 1MiB".to_owned())
}

fn scaled(text: &str, units: &[(&str, u64)]) -> Option<u64> {
    let text = text.trim();
    let digits = text.find(|character: char| !character.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let number: u64 = number.parse().ok()?;
    match units.iter().find(|(name, _)| *name == unit.trim()) {
        Some((_, factor)) => number.checked_mul(*factor),
        None => (number == 0 && unit.is_empty()).then_some(0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations() {
        let good = [
            ("55s", 55_000),
            ("500ms", 500),
            ("2m", 120_000),
            ("1h", 3_600_000),
            ("0", 0),
            ("0s", 0),
            (" 7 d ", 604_800_000),
            ("3650d", 315_360_000_000),
        ];
        for (text, ms) in good {
            assert_eq!(duration(text), Ok(Duration::from_millis(ms)), "{text:?}");
        }
        for text in [
            "",
            "s",
            "55",
            "-1s",
            "+1s",
            "1.5s",
            "1 fortnight",
            "99999999999999999999s",
            "9999999999999999999d",
            "3651d",
            "٣s",
            "5 5s",
            "0x5s",
        ] {
            assert!(duration(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn sizes() {
        let good =
            [("64KiB", 65_536), ("1MiB", 1_048_576), ("2 GiB", 2 << 30), ("512B", 512), ("10", 10), ("0", 0)];
        for (text, bytes) in good {
            assert_eq!(size(text), Ok(bytes), "{text:?}");
        }
        for text in ["", "KiB", "1KB", "-1", "1.5MiB", "99999999999999999999", "99999999999999GiB"] {
            assert!(size(text).is_err(), "{text:?}");
        }
    }
}
