//! What a push carries: one text or binary WebSocket message.

use bytes::Bytes;

use crate::v1;

/// Longest message to a client: 1 MiB.
pub const MAX_MESSAGE_BYTES: usize = 1 << 20;

/// One WebSocket message of at most [`MAX_MESSAGE_BYTES`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message(v1::message::Body);

/// A message that cannot be one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidMessage {
    /// Neither text nor binary was given.
    #[error("a message needs a text or a binary body")]
    Absent,
    /// Over [`MAX_MESSAGE_BYTES`].
    #[error("a message has at most {MAX_MESSAGE_BYTES} bytes, not {0}")]
    TooLarge(usize),
}

impl Message {
    /// A text message.
    ///
    /// # Errors
    /// [`InvalidMessage::TooLarge`]
    pub fn text(text: impl Into<String>) -> Result<Self, InvalidMessage> {
        v1::message::Body::Text(text.into()).try_into()
    }

    /// A binary message.
    ///
    /// # Errors
    /// [`InvalidMessage::TooLarge`]
    pub fn binary(bytes: impl Into<Bytes>) -> Result<Self, InvalidMessage> {
        v1::message::Body::Binary(bytes.into()).try_into()
    }

    /// What is inside.
    #[must_use]
    pub fn body(&self) -> &v1::message::Body {
        &self.0
    }

    /// The payload, in bytes as they stand in a frame.
    #[must_use]
    pub fn payload(&self) -> &[u8] {
        match &self.0 {
            v1::message::Body::Text(text) => text.as_bytes(),
            v1::message::Body::Binary(bytes) => bytes,
        }
    }
}

impl TryFrom<v1::message::Body> for Message {
    type Error = InvalidMessage;

    fn try_from(body: v1::message::Body) -> Result<Self, InvalidMessage> {
        let message = Self(body);
        match message.payload().len() {
            0..=MAX_MESSAGE_BYTES => Ok(message),
            bytes => Err(InvalidMessage::TooLarge(bytes)),
        }
    }
}

impl TryFrom<v1::Message> for Message {
    type Error = InvalidMessage;

    fn try_from(message: v1::Message) -> Result<Self, InvalidMessage> {
        message.body.ok_or(InvalidMessage::Absent)?.try_into()
    }
}

impl From<Message> for v1::Message {
    fn from(message: Message) -> Self {
        Self { body: Some(message.0) }
    }
}
