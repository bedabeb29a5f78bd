//! The opening handshake, written by hand (RFC 6455 section 4). The key is the one of the RFC's example, so the right answer is known.

/// What a client sends.
pub const REQUEST: &[u8] =
    b"GET /ws HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";

/// What the yardstick answers to [`REQUEST`].
pub const ANSWER: &[u8] =
    b"HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: websocket\r\n\
sec-websocket-accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";

/// Whether the head of a server's answer accepts [`REQUEST`].
#[must_use]
pub fn accepted(head: &[u8]) -> bool {
    let key = b"s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";
    head.starts_with(b"HTTP/1.1 101 ") && head.windows(key.len()).any(|part| part == key)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_yardsticks_answer_is_right_and_a_refusal_is_not() {
        assert!(accepted(ANSWER));
        assert!(!accepted(b"HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\n\r\n"));
        assert!(!accepted(b"HTTP/1.1 101 Switching Protocols\r\n\r\n"));
    }
}
