//! A message as a number: equal messages have equal ones, and nothing of what they say is in it that could be read.
//!
//! Whoever follows a uid (`Gateway.Follow`) chooses a key, by chance and for one call. So marks of one call can be compared over gateways,
//! and those of two calls cannot.

use std::hash::Hasher;

use siphasher::sip::SipHasher13;

use crate::v1::message::Body;

/// The mark of a message for whoever chose `key`; the same in every process and version.
#[must_use]
pub fn mark(key: u64, body: &Body) -> u64 {
    let mut hasher = SipHasher13::new_with_keys(key, 0);
    let (kind, payload) = match body {
        Body::Text(text) => (1, text.as_bytes()),
        Body::Binary(bytes) => (2, &bytes[..]),
    };
    hasher.write_u8(kind);
    hasher.write(payload);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_by_kind_and_payload_and_key() {
        let text = Body::Text("one".to_owned());
        assert_eq!(mark(7, &text), mark(7, &text.clone()));
        let others = [
            mark(8, &text),
            mark(7, &Body::Text("two".to_owned())),
            mark(7, &Body::Binary(b"one".to_vec().into())),
        ];
        assert!(others.iter().all(|other| *other != mark(7, &text)));
    }

    #[test]
    fn it_is_the_same_in_every_version() {
        // SipHash-1-3 of "\x01one" with the keys 7 and 0.
        assert_eq!(mark(7, &Body::Text("one".to_owned())), 0xad74_36c2_3a68_c161);
    }
}
