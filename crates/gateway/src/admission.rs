//! Upgrade request -> may it enter, or a refusal (RFC 6455 section 4.2). Decides only; takes no socket.

use http::header::{
    CONNECTION, HeaderMap, HeaderName, HeaderValue, ORIGIN, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_KEY,
    SEC_WEBSOCKET_VERSION, UPGRADE,
};
use http::{Method, Response, StatusCode, Version};
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;

/// Paths that a handshake may name.
const PATHS: [&str; 2] = ["/", "/ws"];

/// A handshake that is not accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) status: StatusCode,
    /// In one word, for the metrics.
    pub(crate) reason: &'static str,
    text: &'static str,
    header: Option<(&'static str, &'static str)>,
}

const fn refusal(reason: &'static str, status: StatusCode, text: &'static str) -> Refusal {
    Refusal { status, reason, text, header: None }
}

/// No place, or none any more.
pub(crate) const FULL: Refusal = Refusal {
    header: Some(("retry-after", "5")),
    ..refusal("full", StatusCode::SERVICE_UNAVAILABLE, "this gateway is full: try again, or another gateway")
};
/// One address has as many clients as it may have.
pub(crate) const ADDRESS_FULL: Refusal = Refusal {
    header: Some(("retry-after", "5")),
    ..refusal(
        "address_full",
        StatusCode::TOO_MANY_REQUESTS,
        "too many connections from this address: close one, or try again later",
    )
};
/// About to leave.
pub(crate) const DRAINING: Refusal = Refusal {
    header: Some(("retry-after", "1")),
    ..refusal("draining", StatusCode::SERVICE_UNAVAILABLE, "this gateway is draining: come back for another")
};
const NOT_HERE: Refusal = refusal("path", StatusCode::NOT_FOUND, "WebSockets are at / and /ws");
const NOT_GET: Refusal = Refusal {
    header: Some(("allow", "GET")),
    ..refusal("method", StatusCode::METHOD_NOT_ALLOWED, "a WebSocket handshake is a GET")
};
const NOT_WEBSOCKET: Refusal = Refusal {
    header: Some(("upgrade", "websocket")),
    ..refusal(
        "not_websocket",
        StatusCode::UPGRADE_REQUIRED,
        "only WebSockets here: connect with ws:// or wss://",
    )
};
const OTHER_VERSION: Refusal = Refusal {
    header: Some(("sec-websocket-version", "13")),
    ..refusal("version", StatusCode::UPGRADE_REQUIRED, "the WebSocket version must be 13")
};
const OLD_HTTP: Refusal =
    refusal("old_http", StatusCode::BAD_REQUEST, "a WebSocket handshake needs HTTP/1.1");
const BAD_KEY: Refusal =
    refusal("key", StatusCode::BAD_REQUEST, "Sec-WebSocket-Key must stand once and be 16 bytes in base64");
const OTHER_ORIGIN: Refusal =
    refusal("origin", StatusCode::FORBIDDEN, "pages of this origin may not connect");

/// Every refusal that there is.
const REFUSALS: [Refusal; 10] = [
    FULL,
    ADDRESS_FULL,
    DRAINING,
    NOT_HERE,
    NOT_GET,
    NOT_WEBSOCKET,
    OTHER_VERSION,
    OLD_HTTP,
    BAD_KEY,
    OTHER_ORIGIN,
];
/// No whole request came in time.
pub(crate) const TOO_LATE: &str = "timeout";
/// What came was no request, or the socket broke.
pub(crate) const BROKEN: &str = "broken";

/// Why handshakes come to nothing, in one word each.
pub(crate) fn reasons() -> impl Iterator<Item = &'static str> {
    REFUSALS.into_iter().map(|refusal| refusal.reason).chain([TOO_LATE, BROKEN])
}

/// The head of a request.
#[derive(Debug)]
pub(crate) struct Handshake<'a> {
    pub(crate) method: &'a Method,
    pub(crate) version: Version,
    pub(crate) path: &'a str,
    pub(crate) headers: &'a HeaderMap,
}

impl Handshake<'_> {
    /// The value of `Sec-WebSocket-Accept` when this is a handshake that may enter.
    ///
    /// `origins` are the pages that may connect, as browsers name them (`https://admin.example.com`); empty: any.
    pub(crate) fn admit(&self, origins: &[String]) -> Result<String, Refusal> {
        if !PATHS.contains(&self.path) {
            return Err(NOT_HERE);
        }
        if self.method != Method::GET {
            return Err(NOT_GET);
        }
        if self.version < Version::HTTP_11 {
            return Err(OLD_HTTP);
        }
        if !self.lists(&CONNECTION, "upgrade") || !self.lists(&UPGRADE, "websocket") {
            return Err(NOT_WEBSOCKET);
        }
        if self.only(&SEC_WEBSOCKET_VERSION) != Some("13") {
            return Err(OTHER_VERSION);
        }
        let key = self.only(&SEC_WEBSOCKET_KEY).filter(|key| is_key(key)).ok_or(BAD_KEY)?;
        // Programs other than browsers send no Origin, and could send any.
        let origin = self.headers.get(ORIGIN);
        if !origins.is_empty()
            && origin.is_some_and(|origin| !origins.iter().any(|known| is_same(known, origin)))
        {
            return Err(OTHER_ORIGIN);
        }
        Ok(derive_accept_key(key.as_bytes()))
    }

    fn only(&self, name: &HeaderName) -> Option<&str> {
        let mut values = self.headers.get_all(name).iter();
        match (values.next(), values.next()) {
            (Some(value), None) => value.to_str().ok().map(str::trim),
            _ => None,
        }
    }

    fn lists(&self, name: &HeaderName, token: &str) -> bool {
        let values = self.headers.get_all(name).iter().filter_map(|value| value.to_str().ok());
        values.flat_map(|value| value.split(',')).any(|listed| listed.trim().eq_ignore_ascii_case(token))
    }
}

/// 16 bytes in base64: 22 digits and two equals signs, the last digit holding two bits.
fn is_key(key: &str) -> bool {
    let Some(digits) = key.strip_suffix("==") else {
        return false;
    };
    digits.len() == 22
        && digits.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'+' || byte == b'/')
        && digits.ends_with(['A', 'Q', 'g', 'w'])
}

fn is_same(known: &str, origin: &HeaderValue) -> bool {
    origin.as_bytes().eq_ignore_ascii_case(known.trim_end_matches('/').as_bytes())
}

impl Refusal {
    /// The answer, in words a person can act on.
    pub(crate) fn response(self) -> Response<String> {
        let mut response = Response::new(format!("{}\n", self.text));
        *response.status_mut() = self.status;
        let headers = response.headers_mut();
        // One request a connection: whoever is refused begins anew.
        headers.insert(CONNECTION, HeaderValue::from_static("close"));
        headers.insert(http::header::CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
        if let Some((name, value)) = self.header {
            headers.insert(name, HeaderValue::from_static(value));
        }
        response
    }
}

/// The answer that turns the connection into a WebSocket.
pub(crate) fn switch(accept: &str) -> Response<String> {
    let mut response = Response::new(String::new());
    *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
    let headers = response.headers_mut();
    headers.insert(CONNECTION, HeaderValue::from_static("Upgrade"));
    headers.insert(UPGRADE, HeaderValue::from_static("websocket"));
    if let Ok(accept) = HeaderValue::from_str(accept) {
        headers.insert(SEC_WEBSOCKET_ACCEPT, accept);
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "dGhlIHNhbXBsZSBub25jZQ==";

    fn admit(
        path: &str,
        change: impl FnOnce(&mut Method, &mut Version, &mut HeaderMap),
        origins: &[&str],
    ) -> Result<String, u16> {
        let mut headers = HeaderMap::new();
        let usual = [
            (CONNECTION, "keep-alive, Upgrade"),
            (UPGRADE, "WebSocket"),
            (SEC_WEBSOCKET_VERSION, "13"),
            (SEC_WEBSOCKET_KEY, KEY),
        ];
        for (name, value) in usual {
            headers.insert(name, HeaderValue::from_static(value));
        }
        let (mut method, mut version) = (Method::GET, Version::HTTP_11);
        change(&mut method, &mut version, &mut headers);
        let origins: Vec<String> = origins.iter().map(|origin| (*origin).to_owned()).collect();
        Handshake { method: &method, version, path, headers: &headers }
            .admit(&origins)
            .map_err(|refusal| refusal.status.as_u16())
    }

    #[test]
    fn the_example_of_the_rfc_is_admitted_on_both_paths() {
        for path in ["/", "/ws"] {
            assert_eq!(admit(path, |_, _, _| {}, &[]).as_deref(), Ok("s3pPLMBiTxaQ9kYGzzhZRbK+xOo="));
        }
    }

    #[test]
    fn everything_else_gets_its_own_status() {
        let set = |name: HeaderName, value: &'static str| {
            move |_: &mut Method, _: &mut Version, headers: &mut HeaderMap| {
                headers.insert(name, HeaderValue::from_static(value));
            }
        };
        assert_eq!(admit("/other", |_, _, _| {}, &[]), Err(404));
        assert_eq!(admit("/ws/", |_, _, _| {}, &[]), Err(404));
        assert_eq!(admit("/ws", |method, _, _| *method = Method::POST, &[]), Err(405));
        assert_eq!(admit("/ws", |_, version, _| *version = Version::HTTP_10, &[]), Err(400));
        assert_eq!(admit("/ws", set(CONNECTION, "keep-alive"), &[]), Err(426));
        assert_eq!(admit("/ws", set(UPGRADE, "h2c"), &[]), Err(426));
        assert_eq!(admit("/ws", set(SEC_WEBSOCKET_VERSION, "8"), &[]), Err(426));
        for key in
            ["", "short", "dGhlIHNhbXBsZSBub25jZQ", "dGhlIHNhbXBsZSBub25jZR==", "dGhlIHNhbXBsZSBub25j*Q=="]
        {
            assert_eq!(admit("/ws", set(SEC_WEBSOCKET_KEY, key), &[]), Err(400), "{key}");
        }
        let twice = |_: &mut Method, _: &mut Version, headers: &mut HeaderMap| {
            headers.append(SEC_WEBSOCKET_KEY, HeaderValue::from_static(KEY));
        };
        assert_eq!(admit("/ws", twice, &[]), Err(400));
    }

    #[test]
    fn only_pages_of_listed_origins_enter_when_a_list_is_set() {
        let from = |origin: &'static str| {
            move |_: &mut Method, _: &mut Version, headers: &mut HeaderMap| {
                headers.insert(ORIGIN, HeaderValue::from_static(origin));
            }
        };
        let listed = ["https://admin.example.com"];
        assert!(admit("/", from("https://ADMIN.example.com"), &listed).is_ok());
        assert_eq!(admit("/", from("https://admin.example.com.evil.net"), &listed), Err(403));
        assert_eq!(admit("/", from("null"), &listed), Err(403));
        assert!(admit("/", |_, _, _| {}, &listed).is_ok());
        assert!(admit("/", from("https://anywhere.net"), &[]).is_ok());
    }
}
