//! Where frames and messages begin in a client's bytes (RFC 6455 section 5.2). Pure, and judges nothing: whatever is broken is
//! refused by the reader.

/// Walks along the bytes of one client.
#[derive(Debug, Default)]
pub(crate) struct Frames {
    place: Place,
    /// A message has begun and its last fragment has not come.
    in_message: bool,
}

#[derive(Debug)]
enum Place {
    /// In a head: what came of it so far.
    Head { bytes: [u8; 14], have: usize },
    /// In a payload: so many bytes of it are still to come.
    Payload(u64),
}

impl Default for Place {
    fn default() -> Self {
        Self::Head { bytes: [0; 14], have: 0 }
    }
}

impl Frames {
    /// Whether the next byte is a frame's first.
    pub(crate) fn at_a_beginning(&self) -> bool {
        matches!(self.place, Place::Head { have: 0, .. })
    }

    /// Whether the next byte is a message's first, or a control frame's between two messages: nothing of what came has to be
    /// remembered.
    pub(crate) fn at_rest(&self) -> bool {
        self.at_a_beginning() && !self.in_message
    }

    /// Reads on, at most to the end of the frame; gives how many bytes that were, at least one of a slice that is not empty.
    pub(crate) fn read(&mut self, bytes: &[u8]) -> usize {
        match &mut self.place {
            Place::Head { bytes: head, have } => {
                let Some(byte) = bytes.first() else {
                    return 0;
                };
                head[*have] = *byte;
                *have += 1;
                if let Some(payload) = payload_of(&head[..*have]) {
                    let (is_last, is_control) = (head[0] & 0x80 != 0, head[0] & 0x08 != 0);
                    if !is_control {
                        self.in_message = !is_last;
                    }
                    self.place = if payload == 0 { Place::default() } else { Place::Payload(payload) };
                }
                1
            }
            Place::Payload(left) => {
                let read = usize::try_from(*left).unwrap_or(usize::MAX).min(bytes.len());
                *left -= read as u64;
                if *left == 0 {
                    self.place = Place::default();
                }
                read
            }
        }
    }

    /// Reads all of `bytes`.
    pub(crate) fn read_all(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            bytes = &bytes[self.read(bytes)..];
        }
    }
}

/// The length of the payload, once the head is whole.
fn payload_of(head: &[u8]) -> Option<u64> {
    let second = *head.get(1)?;
    let (length_bytes, short) = match second & 0x7f {
        126 => (2, None),
        127 => (8, None),
        length => (0, Some(u64::from(length))),
    };
    let mask_bytes = if second & 0x80 == 0 { 0 } else { 4 };
    let length = head.get(2..2 + length_bytes)?;
    if head.len() < 2 + length_bytes + mask_bytes {
        return None;
    }
    Some(short.unwrap_or_else(|| length.iter().fold(0, |sum, byte| sum << 8 | u64::from(*byte))))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A masked frame with a payload of this length.
    fn frame(first: u8, payload: u8) -> Vec<u8> {
        let mut frame = vec![first, 0x80 | payload];
        frame.extend(std::iter::repeat_n(0x81, 4 + usize::from(payload)));
        frame
    }

    #[test]
    fn it_rests_between_messages_only() {
        // A whole text; a text in three fragments with a ping between; a pong; an empty binary.
        let stream = [
            (frame(0x81, 5), true),
            (frame(0x01, 3), false),
            (frame(0x89, 2), false),
            (frame(0x00, 0), false),
            (frame(0x80, 4), true),
            (frame(0x8a, 0), true),
            (frame(0x82, 0), true),
        ];
        let mut frames = Frames::default();
        for (bytes, rests) in stream {
            let (last, before) = bytes.split_last().unwrap();
            for byte in before {
                frames.read_all(&[*byte]);
                assert!(!frames.at_rest() && !frames.at_a_beginning(), "within {bytes:?}");
            }
            frames.read_all(&[*last]);
            assert!(frames.at_a_beginning());
            assert_eq!(frames.at_rest(), rests, "after {bytes:?}");
        }
    }

    #[test]
    fn all_at_once_is_as_byte_by_byte() {
        let bytes = [frame(0x81, 125), frame(0x01, 1), frame(0x80, 1), frame(0x82, 9)].concat();
        let mut frames = Frames::default();
        frames.read_all(&bytes);
        assert!(frames.at_rest());
        frames.read_all(&bytes[..bytes.len() - 1]);
        assert!(!frames.at_rest());
    }
}
