//! What is kept with a client: one JSON object.

use serde_json::{Map, Value};

/// Longest session, in bytes of JSON text: 64 KiB.
pub const MAX_SESSION_BYTES: usize = 64 << 10;

/// A JSON object of at most [`MAX_SESSION_BYTES`], as the text it came in. The default is the empty object, which is what a client
/// has before one was set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session(Box<str>);

/// Text that cannot be a session.
#[derive(Debug, thiserror::Error)]
pub enum InvalidSession {
    /// Not JSON, or nested over 128 levels.
    #[error("a session must be JSON")]
    Json(#[source] serde_json::Error),
    /// JSON, but no object.
    #[error("a session must be a JSON object")]
    NoObject,
    /// Over [`MAX_SESSION_BYTES`].
    #[error("a session has at most {MAX_SESSION_BYTES} bytes, not {0}")]
    TooLarge(usize),
}

impl Session {
    /// Checks the text and keeps it as it is.
    ///
    /// # Errors
    /// Every [`InvalidSession`].
    pub fn parse(text: &str) -> Result<Self, InvalidSession> {
        read(text).map(|_| Self(text.into()))
    }

    /// The JSON text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What is inside.
    #[must_use]
    pub fn to_object(&self) -> Map<String, Value> {
        // It was checked when it was made.
        read(&self.0).unwrap_or_default()
    }
}

fn read(text: &str) -> Result<Map<String, Value>, InvalidSession> {
    if text.len() > MAX_SESSION_BYTES {
        return Err(InvalidSession::TooLarge(text.len()));
    }
    match serde_json::from_str(text).map_err(InvalidSession::Json)? {
        Value::Object(object) => Ok(object),
        _ => Err(InvalidSession::NoObject),
    }
}

impl Default for Session {
    fn default() -> Self {
        Self("{}".into())
    }
}

impl TryFrom<&Map<String, Value>> for Session {
    type Error = InvalidSession;

    fn try_from(object: &Map<String, Value>) -> Result<Self, InvalidSession> {
        let text = serde_json::to_string(object).map_err(InvalidSession::Json)?;
        match text.len() {
            0..=MAX_SESSION_BYTES => Ok(Self(text.into())),
            bytes => Err(InvalidSession::TooLarge(bytes)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_object_of_at_most_64_kib_is_a_session() {
        let of_length = |length: usize| format!("{{\"a\":\"{}\"}}", "x".repeat(length - 8));
        for (text, good) in [
            ("{}".to_owned(), true),
            (" {\"a\" : 1.10}".to_owned(), true),
            (of_length(MAX_SESSION_BYTES), true),
            (of_length(MAX_SESSION_BYTES + 1), false),
            ("[]".to_owned(), false),
            ("null".to_owned(), false),
            ("{".to_owned(), false),
            (String::new(), false),
            (format!("{{\"a\":{}}}", "[".repeat(200) + &"]".repeat(200)), false),
        ] {
            assert_eq!(Session::parse(&text).is_ok(), good, "{:.20}", text);
        }
    }

    #[test]
    fn it_keeps_its_text_and_tells_what_is_inside() {
        let session = Session::parse("{\"b\":1.10,\"a\":[]}").unwrap();
        assert_eq!(session.as_str(), "{\"b\":1.10,\"a\":[]}");
        assert_eq!(session.to_object()["a"], Value::Array(Vec::new()));
        assert_eq!(Session::try_from(&Map::new()).unwrap(), Session::default());
    }
}
