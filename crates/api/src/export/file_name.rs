//! How a file is called where it is downloaded.

use std::borrow::Cow;
use std::fmt::{self, Write as _};

use chrono::DateTime;
use chrono_tz::Tz;
use serde::de::{Deserialize, Deserializer, Error as _};
use utoipa::openapi::ObjectBuilder;
use utoipa::openapi::schema::Type;

use super::Format;

/// Longest prefix, in characters.
pub const MAX_PREFIX_CHARACTERS: usize = 100;

const RULE: &str = "must be 1 to 100 characters without / \\ : * ? \" < > | and control characters, not beginning or ending with a dot or space";

/// What a file's name begins with: 1 to 100 characters that every system takes in a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prefix(String);

fn fits(character: char) -> bool {
    // Control characters, and those that turn the direction of writing around, show another name than there is.
    let turns =
        matches!(character, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    !character.is_control() && !turns && !r#"/\:*?"<>|"#.contains(character)
}

impl Prefix {
    /// The text as a prefix: what does not fit becomes `_`, what is too long is cut off.
    #[must_use]
    pub fn of(text: &str) -> Self {
        let fitting = |character| if fits(character) { character } else { '_' };
        let cut: String = text.chars().take(MAX_PREFIX_CHARACTERS).map(fitting).collect();
        match cut.trim_matches(['.', ' ']) {
            "" => Self("export".into()),
            trimmed => Self(trimmed.into()),
        }
    }

    /// The file's name: the prefix, when it was ordered, its number, and its kind.
    #[must_use]
    pub fn file_name(&self, id: i64, ordered_at_ms: i64, zone: Tz, format: Format) -> String {
        let ordered_at = DateTime::from_timestamp_millis(ordered_at_ms).unwrap_or_default();
        let time = ordered_at.with_timezone(&zone).format("%Y%m%d_%H%M%S");
        format!("{}_{time}_{id}.{}", self.0, format.name())
    }
}

impl<'de> Deserialize<'de> for Prefix {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = String::deserialize(from)?;
        let length = (1..=MAX_PREFIX_CHARACTERS).contains(&text.chars().count());
        let ends = text.trim_matches(['.', ' ']) == text;
        match length && ends && text.chars().all(fits) {
            true => Ok(Self(text)),
            false => Err(D::Error::custom(RULE)),
        }
    }
}

impl fmt::Display for Prefix {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

impl utoipa::PartialSchema for Prefix {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
        let schema = ObjectBuilder::new().schema_type(Type::String).description(Some(RULE));
        schema.min_length(Some(1)).max_length(Some(MAX_PREFIX_CHARACTERS)).into()
    }
}

impl utoipa::ToSchema for Prefix {
    fn name() -> Cow<'static, str> {
        "Prefix".into()
    }
}

/// `Content-Disposition` of a download (RFC 6266): the name whole in UTF-8, and before it one in ASCII for who reads no other.
#[must_use]
pub fn content_disposition(name: &str) -> String {
    let ascii = |character: char| match character {
        '"' | '\\' | '%' => '_',
        ' '..='~' => character,
        _ => '_',
    };
    let mut value = String::from("attachment; filename=\"");
    value.extend(name.chars().map(ascii));
    value.push_str("\"; filename*=UTF-8''");
    for byte in name.bytes() {
        // attr-char of RFC 8187.
        if byte.is_ascii_alphanumeric() || b"!#$&+-.^_`|~".contains(&byte) {
            value.push(char::from(byte));
        } else {
            // Into a string nothing fails.
            let _ = write!(value, "%{byte:02X}");
        }
    }
    value
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prefix_fits_into_the_name_of_a_file() {
        let read = |text: &str| serde_json::from_value::<Prefix>(text.into()).is_ok();
        assert!(read("a") && read("用户 列表 🙂") && read(&"题".repeat(100)) && read("a.b"));
        let long = "x".repeat(101);
        for wrong in
            ["", "a/b", "..", ".a", "a.", " a", "a\\b", "a\nb", "a\0", "C:", "a\u{202e}b", "a\"b", &long]
        {
            assert!(!read(wrong), "{wrong:?}");
        }
        assert_eq!(Prefix::of("../../etc/passwd").to_string(), "_.._etc_passwd");
        assert_eq!(Prefix::of(" .. ").to_string(), "export");
        assert!(read(&Prefix::of(&"题/".repeat(200)).to_string()));
    }

    #[test]
    fn the_name_says_when_it_was_ordered() {
        let name = Prefix::of("用户").file_name(7, 1_795_467_120_999, Tz::Asia__Shanghai, Format::Csv);
        assert_eq!(name, "用户_20261124_045200_7.csv");
    }

    #[test]
    fn a_download_is_called_by_its_whole_name_and_by_one_in_ascii() {
        assert_eq!(
            content_disposition("用户 a%b.xlsx"),
            "attachment; filename=\"__ a_b.xlsx\"; filename*=UTF-8''%E7%94%A8%E6%88%B7%20a%25b.xlsx"
        );
        assert_eq!(content_disposition("a.csv"), "attachment; filename=\"a.csv\"; filename*=UTF-8''a.csv");
    }
}
