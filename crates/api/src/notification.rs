//! What a notification says, checked when it is made.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserialize, Deserializer, Error as _};
use utoipa::openapi::ObjectBuilder;
use utoipa::openapi::schema::Type;

/// Longest title, in characters.
pub const MAX_TITLE_CHARACTERS: usize = 255;
/// Longest content, in bytes of UTF-8.
pub const MAX_CONTENT_BYTES: usize = 64 << 10;
/// Longest link, in bytes.
pub const MAX_LINK_BYTES: usize = 2_048;

/// A notification, before it has a reader and a number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notification {
    /// One line.
    pub title: Title,
    /// As long as it takes.
    pub content: Content,
    /// Stored only, or pushed too.
    pub level: Level,
    /// How a page shows it.
    pub kind: Kind,
    /// Where a click leads.
    pub link: Link,
}

macro_rules! text {
    ($(#[$doc:meta])* $type:ident, $check:expr, $rule:literal, $schema:expr) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub struct $type(String);

        impl TryFrom<String> for $type {
            type Error = &'static str;

            fn try_from(text: String) -> Result<Self, &'static str> {
                let check: fn(&str) -> bool = $check;
                if check(&text) { Ok(Self(text)) } else { Err($rule) }
            }
        }

        impl<'de> Deserialize<'de> for $type {
            fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                Self::try_from(String::deserialize(from)?).map_err(D::Error::custom)
            }
        }

        impl fmt::Display for $type {
            fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                out.write_str(&self.0)
            }
        }

        impl utoipa::PartialSchema for $type {
            fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
                let schema: fn(ObjectBuilder) -> ObjectBuilder = $schema;
                schema(ObjectBuilder::new().schema_type(Type::String).description(Some($rule))).into()
            }
        }

        impl utoipa::ToSchema for $type {
            fn name() -> Cow<'static, str> {
                stringify!($type).into()
            }
        }
    };
}

text! {
    /// 1 to 255 characters, without U+0000 (which not every database stores).
    Title,
    |text| (1..=MAX_TITLE_CHARACTERS).contains(&text.chars().count()) && !text.contains('\0'),
    "must be 1 to 255 characters without U+0000",
    |schema| schema.min_length(Some(1)).max_length(Some(MAX_TITLE_CHARACTERS))
}
text! {
    /// Up to 64 KiB of UTF-8, without U+0000.
    Content,
    |text| text.len() <= MAX_CONTENT_BYTES && !text.contains('\0'),
    "must be at most 64 KiB of UTF-8 without U+0000",
    |schema| schema.max_length(Some(MAX_CONTENT_BYTES))
}
text! {
    /// Where a click leads: empty, `http(s)://…`, or a path that begins with exactly one `/`. At most 2,048 bytes.
    Link,
    is_safe_link,
    "must be empty, an http(s):// URL or a path that begins with exactly one /, without spaces, control characters or \\, and at most 2048 bytes",
    |schema| schema.max_length(Some(MAX_LINK_BYTES))
}

impl Default for Link {
    /// No link.
    fn default() -> Self {
        Self(String::new())
    }
}

/// Browsers drop tabs and line breaks from a link and read `\` as `/`, so `/\host` and `/<tab>/host` would leave the site
/// like `//host`.
fn is_safe_link(link: &str) -> bool {
    let plain = !link.contains(|c: char| c.is_control() || c.is_whitespace() || c == '\\');
    let web = |scheme: &str| {
        let rest = link
            .get(..scheme.len())
            .filter(|start| start.eq_ignore_ascii_case(scheme))
            .and(link.get(scheme.len()..));
        rest.is_some_and(|host| !host.is_empty() && !host.starts_with(['/', '?', '#', ':', '@']))
    };
    let path = link.starts_with('/') && !link.starts_with("//");
    link.len() <= MAX_LINK_BYTES && plain && (link.is_empty() || path || web("http://") || web("https://"))
}

macro_rules! choice {
    ($(#[$doc:meta])* $type:ident { $($(#[$variant_doc:meta])* $variant:ident = $name:literal,)* } $rule:literal) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
        pub enum $type { $($(#[$variant_doc])* $variant,)* }

        impl $type {
            /// Every one there is.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The word on the wire and in the database.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }
        }

        impl<'de> Deserialize<'de> for $type {
            fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                match String::deserialize(from)?.as_str() {
                    $($name => Ok(Self::$variant),)*
                    _ => Err(D::Error::custom($rule)),
                }
            }
        }

        impl utoipa::PartialSchema for $type {
            fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
                ObjectBuilder::new().schema_type(Type::String).enum_values(Some([$($name),*])).into()
            }
        }

        impl utoipa::ToSchema for $type {
            fn name() -> Cow<'static, str> {
                stringify!($type).into()
            }
        }
    };
}

choice! {
    /// Stored only, or pushed too.
    Level {
        /// Stored only.
        #[default]
        Normal = "normal",
        /// Stored, then pushed.
        Urgent = "urgent",
    }
    "must be normal or urgent"
}
choice! {
    /// How a page shows it; `notification_type` on the wire.
    Kind {
        /// Plain news.
        #[default]
        Info = "info",
        /// Something worked.
        Success = "success",
        /// Something needs a look.
        Warning = "warning",
        /// Something failed.
        Error = "error",
    }
    "must be info, success, warning or error"
}
choice! {
    /// What is known about the push of a notification.
    PushState {
        /// It is stored only.
        #[default]
        None = "none",
        /// It is urgent, and nothing is noted: the push is under way, was cut at its deadline, or what became of it was lost.
        Unknown = "unknown",
        /// Every gateway was asked; how many connections took it is another matter.
        Whole = "whole",
        /// Some gateway could not be asked.
        Partial = "partial",
        /// No gateway could be asked.
        Failed = "failed",
    }
    "must be none, unknown, whole, partial or failed"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_leads_to_the_web_or_stays_on_the_site() {
        for good in
            ["", "/", "/devTools/exportTask", "/a?b=c#d", "http://x", "https://例え.jp/a", "HTTPS://x"]
        {
            assert!(is_safe_link(good), "{good:?}");
        }
        let long = format!("/{}", "a".repeat(MAX_LINK_BYTES));
        for bad in [
            "javascript:alert(1)",
            "//host",
            "///host",
            "/\\host",
            "\\host",
            "/\t/host",
            "/a b",
            "\u{1}/",
            " /",
            "a",
            "./a",
            "http:",
            "http:/x",
            "http://",
            "https:///x",
            "http://?",
            "ftp://x",
            "data:text/html,x",
            "/a\n",
            &long,
        ] {
            assert!(!is_safe_link(bad), "{bad:?}");
        }
    }

    #[test]
    fn titles_count_characters_and_contents_count_bytes() {
        let title = |text: String| Title::try_from(text).is_ok();
        assert!(title("x".into()) && title("题".repeat(255)) && title("🙂".repeat(255)));
        assert!(!title(String::new()) && !title("x".repeat(256)) && !title("\0".into()));
        let content = |text: String| Content::try_from(text).is_ok();
        assert!(content(String::new()) && content("x".repeat(MAX_CONTENT_BYTES)));
        assert!(!content("x".repeat(MAX_CONTENT_BYTES + 1)) && !content("é".repeat(MAX_CONTENT_BYTES)));
    }
}
