//! What is kept of a handshake for people who look at one client: which program it is, and which page it came from.
//!
//! Everything else ends with the handshake: cookies, tokens and the query could let a reader in. Kept as text in one allocation,
//! because there is one for every client; programs that send neither header cost nothing.

use gatepipe_proto::v1;
use http::header::{HeaderMap, HeaderName, ORIGIN, USER_AGENT};

/// The headers that are kept.
const KEPT: [HeaderName; 2] = [ORIGIN, USER_AGENT];
/// Longest value that is kept whole, in bytes.
const MAX_VALUE_BYTES: usize = 256;

/// `name: value` lines; `None` when there are none.
#[derive(Debug, Default)]
pub(crate) struct Kept(Option<Box<str>>);

impl Kept {
    /// The first of each header, cut to 256 bytes. A value that is not visible ASCII is left out.
    pub(crate) fn of(headers: &HeaderMap) -> Self {
        let mut lines = String::new();
        for name in KEPT {
            let value = headers.get(&name).and_then(|value| value.to_str().ok());
            if let Some(value) = value.filter(|value| !value.is_empty()) {
                let cut = &value[..value.floor_char_boundary(MAX_VALUE_BYTES)];
                lines.extend([name.as_str(), ": ", cut, "\n"]);
            }
        }
        Self((!lines.is_empty()).then(|| lines.into_boxed_str()))
    }

    /// The headers as they are told.
    pub(crate) fn headers(&self) -> Vec<v1::Header> {
        let lines = self.0.as_deref().unwrap_or_default().lines();
        let header = |(name, value): (&str, &str)| v1::Header {
            name: name.to_owned(),
            value: value.as_bytes().to_vec(),
        };
        lines.filter_map(|line| line.split_once(": ")).map(header).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept(headers: &[(&'static str, &str)]) -> Vec<(String, String)> {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(*name, http::HeaderValue::from_bytes(value.as_bytes()).unwrap());
        }
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        Kept::of(&map).headers().into_iter().map(|header| (header.name, text(header.value))).collect()
    }

    #[test]
    fn only_the_page_and_the_program_are_kept() {
        let browser = [
            ("cookie", "session=secret"),
            ("user-agent", "Mozilla/5.0 (X11: Linux)"),
            ("authorization", "Bearer secret"),
            ("origin", "https://admin.example.com"),
            ("user-agent", "another"),
        ];
        let expected = [("origin", "https://admin.example.com"), ("user-agent", "Mozilla/5.0 (X11: Linux)")];
        assert_eq!(kept(&browser), expected.map(|(name, value)| (name.to_owned(), value.to_owned())));
        assert!(Kept::of(&HeaderMap::new()).0.is_none());
        assert!(kept(&[("origin", ""), ("user-agent", "名")]).is_empty());
    }

    #[test]
    fn a_long_value_is_cut() {
        let long = "x".repeat(10_000);
        assert_eq!(kept(&[("user-agent", &long)])[0].1.len(), 256);
    }
}
