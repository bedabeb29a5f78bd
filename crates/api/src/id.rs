//! Ids of our own rows: integers from 1 to 2^53 - 1, because JavaScript reads JSON numbers as doubles.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use serde::de::{Deserialize, Deserializer, Unexpected, Visitor};

/// The largest id: 2^53 - 1.
pub const MAX_ID: i64 = (1 << 53) - 1;

/// Text or a number that is no id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be an integer from 1 to 2^53 - 1")]
pub struct InvalidId;

/// Reads a decimal without sign, spaces or leading zeros.
fn read_decimal(text: &str) -> Option<i64> {
    let plain = text.bytes().all(|byte| byte.is_ascii_digit()) && !text.starts_with('0');
    text.parse().ok().filter(|_| plain)
}

struct NumberOrDecimal;

impl Visitor<'_> for NumberOrDecimal {
    type Value = i64;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("an integer from 1 to 2^53 - 1, as a number or a decimal string")
    }

    fn visit_u64<E: serde::de::Error>(self, number: u64) -> Result<i64, E> {
        i64::try_from(number).map_err(|_| E::invalid_value(Unexpected::Unsigned(number), &self))
    }

    fn visit_i64<E: serde::de::Error>(self, number: i64) -> Result<i64, E> {
        Ok(number)
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<i64, E> {
        read_decimal(text).ok_or_else(|| E::invalid_value(Unexpected::Other("this text"), &self))
    }
}

macro_rules! id {
    ($(#[$doc:meta])* $type:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $type(i64);

        impl $type {
            /// The id with this number; `None` outside 1 to [`MAX_ID`].
            #[must_use]
            pub const fn new(number: i64) -> Option<Self> {
                match number {
                    1..=MAX_ID => Some(Self(number)),
                    _ => None,
                }
            }

            /// The number, 1 to [`MAX_ID`].
            #[must_use]
            pub const fn get(self) -> i64 {
                self.0
            }
        }

        impl FromStr for $type {
            type Err = InvalidId;

            fn from_str(text: &str) -> Result<Self, InvalidId> {
                read_decimal(text).and_then(Self::new).ok_or(InvalidId)
            }
        }

        impl fmt::Display for $type {
            fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(out)
            }
        }

        impl fmt::Debug for $type {
            fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(out)
            }
        }

        impl serde::Serialize for $type {
            fn serialize<S: serde::Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
                out.serialize_i64(self.0)
            }
        }

        /// From a number or a decimal string.
        impl<'de> Deserialize<'de> for $type {
            fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                let number = from.deserialize_any(NumberOrDecimal)?;
                Self::new(number).ok_or_else(|| serde::de::Error::custom(InvalidId))
            }
        }

        impl utoipa::PartialSchema for $type {
            fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
                utoipa::openapi::ObjectBuilder::new()
                    .schema_type(utoipa::openapi::schema::Type::Integer)
                    .format(Some(utoipa::openapi::SchemaFormat::KnownFormat(
                        utoipa::openapi::KnownFormat::Int64,
                    )))
                    .minimum(Some(1_u64))
                    .maximum(Some(MAX_ID.unsigned_abs()))
                    .description(Some("Accepted as a number or a decimal string, always answered as a number."))
                    .into()
            }
        }

        impl utoipa::ToSchema for $type {
            fn name() -> Cow<'static, str> {
                stringify!($type).into()
            }
        }
    };
}

id! {
    /// A row in `users`; also the uid its clients are bound to.
    UserId
}
id! {
    /// A notification's number in its user's inbox: 1, 2, 3 …
    NotificationId
}
id! {
    /// A row in `export_tasks`.
    ExportTaskId
}
id! {
    /// A row in `audit_entries`.
    AuditId
}

impl From<UserId> for gatepipe_proto::Uid {
    fn from(user: UserId) -> Self {
        Self::from(user.0.unsigned_abs())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_a_number_or_a_decimal_string_from_1_to_2_to_the_53() {
        let cases = [
            ("1", Some(1)),
            ("\"1\"", Some(1)),
            ("9007199254740991", Some(MAX_ID)),
            ("\"9007199254740991\"", Some(MAX_ID)),
            ("9007199254740992", None),
            ("18446744073709551615", None),
            ("0", None),
            ("\"0\"", None),
            ("-1", None),
            ("\"-1\"", None),
            ("\"+1\"", None),
            ("\"01\"", None),
            ("\" 1\"", None),
            ("\"\"", None),
            ("\"١\"", None),
            ("1.0", None),
            ("1e3", None),
            ("true", None),
            ("null", None),
            ("[1]", None),
            ("{}", None),
        ];
        for (json, number) in cases {
            let read = serde_json::from_str::<UserId>(json).ok();
            assert_eq!(read.map(UserId::get), number, "{json}");
        }
    }
}
