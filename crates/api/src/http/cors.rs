//! CORS: which pages of other origins may call (the Fetch standard). Off unless origins are configured.
//!
//! Who calls is said by the token that a page sends, never by a cookie, so credentials are not allowed and an origin that is
//! not listed only lacks the permission to read our answers.

use std::str::FromStr;

use axum::extract::Request;
use axum::http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, ACCESS_CONTROL_REQUEST_METHOD, ORIGIN, VARY,
};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response};

/// What our routes are called with.
const METHODS: HeaderValue = HeaderValue::from_static("GET, POST");
/// What a page may send beside the plain headers.
const HEADERS: HeaderValue =
    HeaderValue::from_static("authorization, content-type, idempotency-key, if-range, range, x-request-id");
/// What a page may read beside the plain headers.
const EXPOSED: HeaderValue = HeaderValue::from_static(
    "accept-ranges, content-disposition, content-range, etag, idempotency-replayed, retry-after, x-refusal, x-request-id",
);
/// How long a browser remembers the answer to a preflight, in seconds.
const MAX_AGE: HeaderValue = HeaderValue::from_static("600");
/// What an answer depends on: caches must not give one origin's to another.
const VARIES: HeaderValue = HeaderValue::from_static("origin");

/// An origin as browsers write it: `https://admin.example.com`, with the port when it is not the scheme's own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin(HeaderValue);

impl FromStr for Origin {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const SHAPE: &str = "is not an origin like https://admin.example.com or http://localhost:5173";
        if text == "*" {
            return Err("would let every page in: name the origins one by one");
        }
        let uri: Uri = text.parse().map_err(|_| SHAPE)?;
        let scheme = uri.scheme_str().unwrap_or_default();
        let authority = uri.authority().ok_or(SHAPE)?.as_str();
        let own_port = if scheme == "https" { ":443" } else { ":80" };
        if authority.ends_with(own_port) {
            return Err("must not name the port that its scheme has anyway: browsers leave it out");
        }
        // Written exactly so, or it never equals what a browser sends.
        let plain = format!("{scheme}://{authority}") == text && text == text.to_ascii_lowercase();
        if !["http", "https"].contains(&scheme) || !plain || authority.contains('@') {
            return Err(SHAPE);
        }
        HeaderValue::from_str(text).map(Self).map_err(|_| SHAPE)
    }
}

/// What is said to pages of other origins about one request.
pub struct Cors {
    /// Off: nothing is said to anybody.
    on: bool,
    allowed: Option<HeaderValue>,
    is_preflight: bool,
}

impl Cors {
    /// Looks at `request`, when some `origins` are let in.
    #[must_use]
    pub fn of(origins: &[Origin], request: &Request) -> Self {
        let headers = request.headers();
        let allowed = headers.get(ORIGIN).filter(|origin| origins.iter().any(|one| one.0 == *origin));
        let asks = request.method() == Method::OPTIONS && headers.contains_key(ACCESS_CONTROL_REQUEST_METHOD);
        Self { on: !origins.is_empty(), is_preflight: asks && allowed.is_some(), allowed: allowed.cloned() }
    }

    /// The answer, when the request only asks what another one may do. It needs no token, and no route hears of it.
    #[must_use]
    pub fn preflight(&self) -> Option<Response> {
        self.is_preflight.then(|| {
            let headers = [
                (ACCESS_CONTROL_ALLOW_METHODS, METHODS),
                (ACCESS_CONTROL_ALLOW_HEADERS, HEADERS),
                (ACCESS_CONTROL_MAX_AGE, MAX_AGE),
            ];
            (StatusCode::NO_CONTENT, headers).into_response()
        })
    }

    /// Adds to an answer, errors too, whether the page may read it.
    pub fn mark(self, headers: &mut HeaderMap) {
        if self.on {
            headers.append(VARY, VARIES);
        }
        if let Some(origin) = self.allowed {
            headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
            headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, EXPOSED);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_written_as_browsers_write_it() {
        for good in
            ["https://admin.example.com", "http://localhost:5173", "http://127.0.0.1", "https://[::1]:8443"]
        {
            assert!(good.parse::<Origin>().is_ok(), "{good}");
        }
        for bad in [
            "",
            "*",
            "null",
            "admin.example.com",
            "https://*.example.com/",
            "https://admin.example.com/",
            "https://admin.example.com/x",
            "https://admin.example.com?x",
            "https://Admin.example.com",
            "HTTPS://admin.example.com",
            "https://admin.example.com:443",
            "http://admin.example.com:80",
            "https://ana@admin.example.com",
            "ftp://admin.example.com",
            "https://",
            "https://a b",
        ] {
            assert!(bad.parse::<Origin>().is_err(), "{bad}");
        }
    }
}
