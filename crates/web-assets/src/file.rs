//! One file as an answer: its type, how long it may be kept, and the form of it that the asking program takes.

use std::fmt::Write as _;

use axum::http::header::{
    CACHE_CONTROL, CONTENT_ENCODING, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG, IF_NONE_MATCH,
    REFERRER_POLICY, VARY, X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use rust_embed::{EmbeddedFile, RustEmbed};

use crate::encoding::{CODINGS, accepts};

/// Only what we serve, and styles that the component library makes; sockets to gateways of any address. Nobody may frame a page:
/// passwords are typed into it.
pub(crate) const POLICY: &str = "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; \
                                 connect-src 'self' ws: wss:; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

/// Below this folder a file's name changes with its content.
const HASHED: &str = "assets/";

/// The file at `path`; `None` when there is none.
pub(crate) fn answer<F: RustEmbed>(path: &str, asked: &HeaderMap) -> Option<Response> {
    let plain = F::get(path)?;
    let content_type = content_type(&plain);
    let compressed = CODINGS.iter().filter(|(coding, _)| accepts(asked, coding));
    let compressed =
        compressed.filter_map(|(coding, ending)| Some((*coding, F::get(&format!("{path}{ending}"))?)));
    let (coding, file) =
        compressed.map(|(coding, file)| (Some(coding), file)).next().unwrap_or((None, plain));
    let tag = tag(&file);
    let kept = match path.starts_with(HASHED) {
        true => "public, max-age=31536000, immutable",
        false => "no-cache",
    };
    let common = [(CACHE_CONTROL, kept), (VARY, "accept-encoding"), (ETAG, tag.as_str())];
    if has(asked, &tag) {
        return Some((StatusCode::NOT_MODIFIED, common).into_response());
    }
    let headers = [
        (CONTENT_TYPE, content_type.as_str()),
        (CONTENT_SECURITY_POLICY, POLICY),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (REFERRER_POLICY, "no-referrer"),
    ];
    let coding = coding.map(|coding| [(CONTENT_ENCODING, coding)]);
    Some(match coding {
        Some(coding) => (common, headers, coding, file.data).into_response(),
        None => (common, headers, file.data).into_response(),
    })
}

/// By the plain file's name: that of a compressed form says nothing.
fn content_type(file: &EmbeddedFile) -> String {
    match file.metadata.mimetype() {
        text if text.starts_with("text/") => format!("{text}; charset=utf-8"),
        other => other.to_owned(),
    }
}

/// Half of the SHA-256 of the bytes that are sent: each form of a file has its own, as a strong tag must (RFC 9110, section 8.8.3).
fn tag(file: &EmbeddedFile) -> String {
    let mut tag = String::from("\"");
    for byte in &file.metadata.sha256_hash()[..16] {
        let _ = write!(tag, "{byte:02x}");
    }
    tag + "\""
}

/// Whether the asking program has the bytes of this tag already. A proxy may have weakened the tag; for this question that is the same.
fn has(asked: &HeaderMap, tag: &str) -> bool {
    let named = asked.get_all(IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
    named
        .flat_map(|value| value.split(',').map(str::trim))
        .any(|known| known == "*" || known.trim_start_matches("W/") == tag)
}
