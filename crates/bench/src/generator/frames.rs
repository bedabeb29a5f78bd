//! Reading the frames of a server, which are not masked, and writing a client's, which are (RFC 6455 section 5.2).

use anyhow::{bail, ensure};

/// Longest payload that is read; the gateway sends at most 1 MiB.
const MAX_PAYLOAD: u64 = 1 << 20;

/// Any key does: the one who reads these frames is our own server, and no proxy stands between.
const MASK: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];

/// What a frame is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Text or binary.
    Message,
    /// To be answered with a pong.
    Ping,
    /// An answer to a ping.
    Pong,
    /// The last frame.
    Close,
}

/// One whole frame.
#[derive(Debug, PartialEq, Eq)]
pub struct Frame<'bytes> {
    pub kind: Kind,
    pub payload: &'bytes [u8],
    /// How many bytes it has with its head.
    pub length: usize,
}

/// The frame at the beginning of `bytes`; `None` when it is not whole yet.
///
/// # Errors
/// When it is no frame that our gateway sends: fragmented, masked, too long, or of another kind.
pub fn first(bytes: &[u8]) -> anyhow::Result<Option<Frame<'_>>> {
    let [first, second, rest @ ..] = bytes else { return Ok(None) };
    ensure!(first & 0xf0 == 0x80, "a fragment or an extension: {first:#04x}");
    ensure!(second & 0x80 == 0, "a server's frame is not masked");
    let kind = match first & 0x0f {
        1 | 2 => Kind::Message,
        8 => Kind::Close,
        9 => Kind::Ping,
        10 => Kind::Pong,
        other => bail!("a frame of kind {other}"),
    };
    let (length, head) = match second {
        126 => match rest.first_chunk() {
            Some(length) => (u64::from(u16::from_be_bytes(*length)), 4),
            None => return Ok(None),
        },
        127 => match rest.first_chunk() {
            Some(length) => (u64::from_be_bytes(*length), 10),
            None => return Ok(None),
        },
        length => (u64::from(*length), 2),
    };
    ensure!(length <= MAX_PAYLOAD, "a frame of {length} bytes");
    let length = head + usize::try_from(length)?;
    Ok(bytes.get(head..length).map(|payload| Frame { kind, payload, length }))
}

/// The answer to a ping, whose payload has at most 125 bytes.
#[must_use]
pub fn pong(payload: &[u8]) -> Vec<u8> {
    let mut frame = vec![0x8a, 0x80 | u8::try_from(payload.len().min(125)).unwrap_or(125)];
    frame.extend(MASK);
    frame.extend(payload.iter().take(125).zip(MASK.iter().cycle()).map(|(byte, mask)| byte ^ mask));
    frame
}

/// A text frame as a server sends it, with so many bytes of payload.
#[must_use]
pub fn text(payload: &[u8]) -> Vec<u8> {
    let mut frame = vec![0x81];
    match (u8::try_from(payload.len()), u16::try_from(payload.len())) {
        (Ok(length @ 0..=125), _) => frame.push(length),
        (_, Ok(length)) => {
            frame.push(126);
            frame.extend(length.to_be_bytes());
        }
        _ => {
            frame.push(127);
            frame.extend((payload.len() as u64).to_be_bytes());
        }
    }
    frame.extend(payload);
    frame
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_is_read_once_it_is_whole_whatever_its_length() {
        for length in [0, 1, 125, 126, 128, 65_535, 65_536] {
            let payload = vec![b'x'; length];
            let mut bytes = text(&payload);
            let whole = bytes.len();
            bytes.extend(b"\x81");
            for end in [0, 1, 2, whole - 1] {
                if end < whole {
                    assert_eq!(first(&bytes[..end]).unwrap(), None, "{end} of {whole}");
                }
            }
            let frame = first(&bytes).unwrap().unwrap();
            assert_eq!((frame.kind, frame.payload, frame.length), (Kind::Message, &payload[..], whole));
        }
    }

    #[test]
    fn control_frames_are_told_apart() {
        for (bytes, kind) in [
            (*b"\x82\x00", Kind::Message),
            (*b"\x88\x00", Kind::Close),
            (*b"\x89\x00", Kind::Ping),
            (*b"\x8a\x00", Kind::Pong),
        ] {
            assert_eq!(first(&bytes).unwrap().unwrap().kind, kind);
        }
    }

    #[test]
    fn what_no_gateway_sends_is_refused() {
        for bytes in [&b"\x01\x00"[..], b"\xc1\x00", b"\x81\x80", b"\x83\x00", b"\x81\x7f\0\0\0\0\0\x20\0\0"]
        {
            assert!(first(bytes).is_err(), "{bytes:?}");
        }
    }

    #[test]
    fn a_pong_carries_the_payload_of_the_ping_masked() {
        let frame = pong(b"hello");
        assert_eq!(frame[..2], [0x8a, 0x85]);
        let unmasked: Vec<u8> =
            frame[6..].iter().zip(MASK.iter().cycle()).map(|(byte, mask)| byte ^ mask).collect();
        assert_eq!(unmasked, b"hello");
    }
}
