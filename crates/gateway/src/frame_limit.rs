//! How many frames a client may send. Pure: bytes and time are passed in.
//!
//! Frames are counted where their bytes come in, and not where whole messages come out: a message in many fragments is many
//! frames, and each of them costs us the work that the limit is about.

use crate::frames::Frames;

/// Counts the frames of one client against its limit: a token bucket that holds one second's worth.
#[derive(Debug)]
pub(crate) struct Meter {
    per_second: u64,
    /// In thousandths of a frame, so that a millisecond brings `per_second` of them.
    left: u64,
    /// When `left` was right, in the gateway's milliseconds.
    at: u64,
    frames: Frames,
    over: bool,
}

impl Meter {
    /// With a whole second's worth to begin with; `None` when `per_second` is 0: no limit.
    pub(crate) fn new(per_second: u32, now: u64) -> Option<Self> {
        let per_second = u64::from(per_second);
        (per_second > 0).then(|| Self {
            per_second,
            left: per_second * 1000,
            at: now,
            frames: Frames::default(),
            over: false,
        })
    }

    /// How many of these bytes, the next ones of the client, may be read: all, or those before the first frame that is too
    /// much. From then on none.
    pub(crate) fn allow(&mut self, bytes: &[u8], now: u64) -> usize {
        self.refill(now);
        let mut read = 0;
        while read < bytes.len() && !self.over {
            if self.frames.at_a_beginning() && !self.take() {
                self.over = true;
                break;
            }
            read += self.frames.read(&bytes[read..]);
        }
        read
    }

    /// Whether a frame was too much.
    pub(crate) fn is_over(&self) -> bool {
        self.over
    }

    fn refill(&mut self, now: u64) {
        let elapsed = now.saturating_sub(self.at);
        self.left =
            self.left.saturating_add(elapsed.saturating_mul(self.per_second)).min(self.per_second * 1000);
        self.at = self.at.max(now);
    }

    fn take(&mut self) -> bool {
        match self.left.checked_sub(1000) {
            Some(left) => {
                self.left = left;
                true
            }
            None => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(first: u8, payload: usize) -> Vec<u8> {
        let mut frame = vec![first];
        match payload {
            0..126 => frame.push(0x80 | u8::try_from(payload).unwrap()),
            126..0x1_0000 => {
                frame.push(0x80 | 126);
                frame.extend_from_slice(&u16::try_from(payload).unwrap().to_be_bytes());
            }
            _ => {
                frame.push(0x80 | 127);
                frame.extend_from_slice(&(payload as u64).to_be_bytes());
            }
        }
        // The bytes of the mask and the payload look like the beginning of a frame.
        frame.extend(std::iter::repeat_n(0x81, 4 + payload));
        frame
    }

    /// How many of the frames that come at these times pass, each a ping.
    fn passed(per_second: u32, times: impl IntoIterator<Item = u64>) -> usize {
        let mut meter = Meter::new(per_second, 0).unwrap();
        let ping = frame(0x89, 0);
        times.into_iter().take_while(|now| meter.allow(&ping, *now) == ping.len()).count()
    }

    #[test]
    fn a_second_s_worth_passes_at_once_and_the_rest_at_its_pace() {
        let cases: [(u32, Vec<u64>, usize); 8] = [
            (10, vec![0; 11], 10),
            (10, vec![5000; 11], 10),
            // 100 ms bring one back, 99 do not.
            (10, [vec![0; 10], vec![100]].concat(), 11),
            (10, [vec![0; 10], vec![99]].concat(), 10),
            (1, vec![0, 1000, 2000, 2999], 3),
            (10, (0..1000).map(|number| number * 100).collect(), 1000),
            (3000, vec![0; 3001], 3000),
            // A clock that stands still or goes back brings nothing.
            (2, vec![10, 10, 5], 2),
        ];
        for (per_second, times, expected) in cases {
            assert_eq!(passed(per_second, times.clone()), expected, "{per_second} a second, at {times:?}");
        }
        assert!(Meter::new(0, 0).is_none());
    }

    #[test]
    fn frames_are_counted_however_they_are_cut() {
        let lengths = [0, 1, 125, 126, 127, 65_535, 65_536, 200_000];
        let stream: Vec<u8> = lengths.iter().flat_map(|length| frame(0x82, *length)).collect();
        for piece in [1, 2, 3, 7, 256, 65_536, stream.len()] {
            for limit in 1..=lengths.len() {
                let before: usize = lengths[..limit].iter().map(|length| frame(0x82, *length).len()).sum();
                let mut meter = Meter::new(u32::try_from(limit).unwrap(), 0).unwrap();
                let allowed: usize = stream.chunks(piece).map(|bytes| meter.allow(bytes, 0)).sum();
                assert_eq!(allowed, before, "{limit} frames in pieces of {piece}");
                assert_eq!(meter.is_over(), limit < lengths.len());
            }
        }
    }

    #[test]
    fn once_it_was_too_much_nothing_is_read_any_more() {
        let mut meter = Meter::new(1, 0).unwrap();
        let two = [frame(0x81, 3), frame(0x81, 3)].concat();
        assert_eq!(meter.allow(&two, 0), two.len() / 2);
        assert_eq!(meter.allow(&two, 60_000), 0);
    }

    #[test]
    fn a_frame_without_a_mask_is_a_frame_too() {
        let mut meter = Meter::new(2, 0).unwrap();
        assert_eq!(meter.allow(&[0x81, 1, b'a', 0x81, 1, b'b', 0x81], 0), 6);
    }
}
