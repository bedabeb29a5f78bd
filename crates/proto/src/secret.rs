//! The shared secret on internal gRPC calls: `authorization: Bearer SECRET`.

use secrecy::{ExposeSecret, SecretString};
use subtle::ConstantTimeEq;
use tonic::metadata::{Ascii, MetadataValue};
use tonic::service::Interceptor;
use tonic::{Request, Status};

use crate::Code;

/// What a caller with another secret, or none, is told.
pub const REFUSED: &str = "the shared secret is missing or wrong: give every process the same --secret";

/// A secret that cannot travel in a header.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the secret may hold only visible ASCII characters")]
pub struct InvalidSecret;

fn bearer(secret: &SecretString) -> Result<MetadataValue<Ascii>, InvalidSecret> {
    let secret = secret.expose_secret();
    if secret.is_empty() || !secret.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(InvalidSecret);
    }
    let mut value: MetadataValue<Ascii> = format!("Bearer {secret}").parse().map_err(|_| InvalidSecret)?;
    value.set_sensitive(true);
    Ok(value)
}

/// Puts the secret on every call of a client; without a secret it puts nothing.
#[derive(Debug, Clone)]
pub struct SendSecret(Option<MetadataValue<Ascii>>);

impl SendSecret {
    /// # Errors
    /// [`InvalidSecret`]
    pub fn new(secret: Option<&SecretString>) -> Result<Self, InvalidSecret> {
        Ok(Self(secret.map(bearer).transpose()?))
    }
}

impl Interceptor for SendSecret {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        if let Some(value) = &self.0 {
            request.metadata_mut().insert("authorization", value.clone());
        }
        Ok(request)
    }
}

/// Refuses every call of a server that does not carry the secret, in constant time; without a secret it refuses nothing.
#[derive(Debug, Clone)]
pub struct RequireSecret(Option<MetadataValue<Ascii>>);

impl RequireSecret {
    /// # Errors
    /// [`InvalidSecret`]
    pub fn new(secret: Option<&SecretString>) -> Result<Self, InvalidSecret> {
        Ok(Self(secret.map(bearer).transpose()?))
    }
}

impl Interceptor for RequireSecret {
    fn call(&mut self, request: Request<()>) -> Result<Request<()>, Status> {
        let Some(expected) = &self.0 else {
            return Ok(request);
        };
        let given = request.metadata().get("authorization").map_or(&[][..], |value| value.as_bytes());
        if bool::from(given.ct_eq(expected.as_bytes())) {
            Ok(request)
        } else {
            Err(Code::Unauthenticated.status(REFUSED))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn called_with(sent: Option<&str>, required: Option<&str>) -> bool {
        let secret = |text: Option<&str>| text.map(SecretString::from);
        let request = SendSecret::new(secret(sent).as_ref()).unwrap().call(Request::new(())).unwrap();
        RequireSecret::new(secret(required).as_ref()).unwrap().call(request).is_ok()
    }

    #[test]
    fn only_the_same_secret_opens() {
        let cases = [
            (None, None, true),
            (Some("a"), None, true),
            (Some("a"), Some("a"), true),
            (None, Some("a"), false),
            (Some("b"), Some("a"), false),
            (Some("a1"), Some("a"), false),
        ];
        for (sent, required, opens) in cases {
            assert_eq!(called_with(sent, required), opens, "{sent:?} at {required:?}");
        }
    }

    #[test]
    fn a_secret_that_cannot_be_a_header_is_refused_early() {
        for secret in ["", "two words", "tab\t", "é", "line\n"] {
            assert_eq!(SendSecret::new(Some(&secret.into())).err(), Some(InvalidSecret), "{secret:?}");
        }
    }
}
