//! Messages to clients as the bytes of one unmasked, unfragmented WebSocket frame (RFC 6455 section 5.2).

use bytes::Bytes;
use gatepipe_proto::{CloseCode, Message, v1};
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::protocol::frame::Frame as Unencoded;
use tokio_tungstenite::tungstenite::protocol::frame::coding::{Data, OpCode};

/// Longest reason in a close frame, in bytes (RFC 6455 section 5.5: 125 with the code).
const MAX_REASON_BYTES: usize = 123;

/// One encoded frame; cloning shares the bytes, so a broadcast is encoded once.
pub(crate) type Frame = Bytes;

fn encode(frame: Unencoded) -> Frame {
    let mut bytes = Vec::with_capacity(frame.len());
    // Writing into a vector does not fail.
    drop(frame.format(&mut bytes));
    bytes.into()
}

/// A text or binary frame.
pub(crate) fn message(message: &Message) -> Frame {
    match message.body() {
        v1::message::Body::Text(text) => self::text(text),
        v1::message::Body::Binary(bytes) => {
            encode(Unencoded::message(bytes.clone(), OpCode::Data(Data::Binary), true))
        }
    }
}

/// A text frame.
pub(crate) fn text(text: &str) -> Frame {
    encode(Unencoded::message(Bytes::copy_from_slice(text.as_bytes()), OpCode::Data(Data::Text), true))
}

/// A Ping frame without payload.
pub(crate) fn ping() -> Frame {
    encode(Unencoded::ping(Bytes::new()))
}

/// A Close frame; a reason over 123 bytes is cut at a character.
pub(crate) fn close(code: CloseCode, reason: &str) -> Frame {
    let reason = &reason[..reason.floor_char_boundary(MAX_REASON_BYTES)];
    encode(Unencoded::close(Some(CloseFrame { code: code.number().into(), reason: reason.into() })))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_are_those_of_the_rfc() {
        assert_eq!(text("Hello")[..], [0x81, 5, b'H', b'e', b'l', b'l', b'o']);
        assert_eq!(text(&"a".repeat(126))[..4], [0x81, 126, 0, 126]);
        assert_eq!(text(&"a".repeat(65_536))[..10], [0x81, 127, 0, 0, 0, 0, 0, 1, 0, 0]);
        assert_eq!(message(&Message::binary(vec![7]).unwrap())[..], [0x82, 1, 7]);
        assert_eq!(ping()[..], [0x89, 0]);
        assert_eq!(close(CloseCode::FORCED_OFFLINE, "off")[..], [0x88, 5, 0x0f, 0xa1, b'o', b'f', b'f']);
    }

    #[test]
    fn a_long_reason_is_cut_at_a_character() {
        let frame = close(CloseCode::NORMAL, &"é".repeat(100));
        assert_eq!(frame.len(), 2 + 2 + 122);
        assert!(std::str::from_utf8(&frame[4..]).is_ok());
    }
}
