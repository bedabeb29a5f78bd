//! Names of clients, gateways, users and groups, checked when they are made.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

/// Longest uid or group name, in bytes of UTF-8.
pub const MAX_NAME_BYTES: usize = 255;

/// A name that cannot be one, with the reason.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidId {
    /// Not 40 lower-case hex digits.
    #[error("client_id must be 40 lower-case hex digits")]
    ClientId,
    /// Not 16 lower-case hex digits.
    #[error("gateway_id must be 16 lower-case hex digits")]
    GatewayId,
    /// A uid or group of no bytes or of more than [`MAX_NAME_BYTES`].
    #[error("{what} must be 1 to 255 bytes of UTF-8, not {bytes}")]
    Length {
        /// "uid" or "group".
        what: &'static str,
        /// The length that was given.
        bytes: usize,
    },
}

/// One set of clients: a gateway process takes a new one at every start.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct GatewayId([u8; 8]);

impl GatewayId {
    /// A new name, from the system's CSPRNG.
    #[must_use]
    pub fn random() -> Self {
        Self(rand::random())
    }
}

/// One WebSocket connection: 8 bytes of [`GatewayId`], then 12 bytes from a CSPRNG. Never reused, never an address.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ClientId {
    gateway: GatewayId,
    local: [u8; 12],
}

impl ClientId {
    /// A new name for a client of `gateway`.
    #[must_use]
    pub fn random(gateway: GatewayId) -> Self {
        Self { gateway, local: rand::random() }
    }

    /// The gateway that holds this client.
    #[must_use]
    pub fn gateway(self) -> GatewayId {
        self.gateway
    }

    /// The first byte after the gateway's: evenly spread, and in the order of the ids of one gateway.
    #[must_use]
    pub fn first_byte(self) -> u8 {
        self.local[0]
    }
}

fn write_hex(bytes: &[u8], out: &mut fmt::Formatter<'_>) -> fmt::Result {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut text = [0_u8; 24];
    for chunk in bytes.chunks(12) {
        for (pair, byte) in text.chunks_exact_mut(2).zip(chunk) {
            pair[0] = DIGITS[usize::from(byte >> 4)];
            pair[1] = DIGITS[usize::from(byte & 15)];
        }
        let digits = &text[..chunk.len() * 2];
        out.write_str(std::str::from_utf8(digits).map_err(|_| fmt::Error)?)?;
    }
    Ok(())
}

fn read_hex<const N: usize>(digits: &[u8]) -> Option<[u8; N]> {
    fn digit(byte: u8) -> Option<u8> {
        match byte {
            b'0'..=b'9' => Some(byte - b'0'),
            b'a'..=b'f' => Some(byte - b'a' + 10),
            _ => None,
        }
    }
    if digits.len() != N * 2 {
        return None;
    }
    let mut bytes = [0; N];
    for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
        *byte = digit(pair[0])? << 4 | digit(pair[1])?;
    }
    Some(bytes)
}

impl FromStr for GatewayId {
    type Err = InvalidId;

    fn from_str(text: &str) -> Result<Self, InvalidId> {
        read_hex(text.as_bytes()).map(Self).ok_or(InvalidId::GatewayId)
    }
}

impl FromStr for ClientId {
    type Err = InvalidId;

    fn from_str(text: &str) -> Result<Self, InvalidId> {
        let (gateway, local) = text.as_bytes().split_at_checked(16).ok_or(InvalidId::ClientId)?;
        let gateway = read_hex(gateway).map(GatewayId).ok_or(InvalidId::ClientId)?;
        let local = read_hex(local).ok_or(InvalidId::ClientId)?;
        Ok(Self { gateway, local })
    }
}

impl fmt::Display for GatewayId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_hex(&self.0, out)
    }
}

impl fmt::Display for ClientId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_hex(&self.gateway.0, out)?;
        write_hex(&self.local, out)
    }
}

impl fmt::Debug for GatewayId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, out)
    }
}

impl fmt::Debug for ClientId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, out)
    }
}

macro_rules! name {
    ($(#[$doc:meta])* $type:ident, $what:literal) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $type(Arc<str>);

        impl $type {
            /// The name as it stands on the wire.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl TryFrom<&str> for $type {
            type Error = InvalidId;

            fn try_from(text: &str) -> Result<Self, InvalidId> {
                match text.len() {
                    1..=MAX_NAME_BYTES => Ok(Self(text.into())),
                    bytes => Err(InvalidId::Length { what: $what, bytes }),
                }
            }
        }

        impl FromStr for $type {
            type Err = InvalidId;

            fn from_str(text: &str) -> Result<Self, InvalidId> {
                Self::try_from(text)
            }
        }

        impl std::borrow::Borrow<str> for $type {
            fn borrow(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $type {
            fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                out.write_str(&self.0)
            }
        }

        impl fmt::Debug for $type {
            fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Debug::fmt(&self.0, out)
            }
        }
    };
}

name! {
    /// A user, as the gateway sees one: 1 to 255 bytes of UTF-8. Many clients may share it. Cheap to clone.
    Uid, "uid"
}
name! {
    /// A named set of clients: 1 to 255 bytes of UTF-8. Cheap to clone.
    Group, "group"
}

impl From<u64> for Uid {
    /// The api's own user ids, in decimal.
    fn from(id: u64) -> Self {
        Self(id.to_string().into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_id_is_40_digits_and_begins_with_its_gateway() {
        let gateway = GatewayId::random();
        let client = ClientId::random(gateway);
        let text = client.to_string();
        assert_eq!(text.len(), 40);
        assert!(text.starts_with(&gateway.to_string()));
        assert_eq!(text.parse(), Ok(client));
        assert_eq!(client.gateway(), gateway);
    }

    #[test]
    fn ids_differ() {
        let gateway = GatewayId::random();
        assert_ne!(ClientId::random(gateway), ClientId::random(gateway));
        assert_ne!(GatewayId::random(), gateway);
    }

    #[test]
    fn text_that_is_not_a_client_id_is_refused() {
        let wrong = [
            "",
            "0",
            "00112233445566778899aabbccddeeff0011223",
            "00112233445566778899aabbccddeeff001122334",
            "00112233445566778899AABBCCDDEEFF00112233",
            "0011223344556677 899aabbccddeeff00112233",
            "0011223344556677é99aabbccddeeff00112233",
        ];
        for text in wrong {
            assert_eq!(text.parse::<ClientId>(), Err(InvalidId::ClientId), "{text:?}");
        }
    }

    #[test]
    fn a_uid_has_1_to_255_bytes() {
        let cases = [
            (String::new(), false),
            ("0".into(), true),
            ("张三".into(), true),
            ("a".repeat(255), true),
            ("a".repeat(256), false),
            ("é".repeat(128), false),
        ];
        for (text, fits) in cases {
            assert_eq!(Uid::try_from(text.as_str()).is_ok(), fits, "{} bytes", text.len());
            assert_eq!(Group::try_from(text.as_str()).is_ok(), fits, "{} bytes", text.len());
        }
    }

    proptest::proptest! {
        #[test]
        fn any_40_hex_digits_come_back_unchanged(text in "[0-9a-f]{40}") {
            proptest::prop_assert_eq!(text.parse::<ClientId>().map(|id| id.to_string()), Ok(text));
        }
    }
}
