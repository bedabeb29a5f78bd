//! CheckToken and CheckPermission.
//!
//! [`check_token`] stands before every route of the protected router and is the only one to put a [`Caller`] into a request.
//! A handler takes [`Caller`] or [`Allowed`] as an argument; the rules behind it ask for one of the two, so that a handler
//! without the check does not compile.

use std::net::IpAddr;

use axum::extract::{FromRequestParts, Request, State};
use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;
use axum::http::{Extensions, HeaderMap};
use axum::middleware::Next;
use axum::response::Response;
use chrono::Utc;
use gatepipe_daemon::forwarded::remote_address;

use super::layers::Peer;
use crate::app::App;
use crate::auth::{Allowed, Caller, Grant, Refused};
use crate::error::ApiError;
use crate::router::PREFIX;

/// Lets a request with a good token pass, with its [`Caller`].
pub async fn check_token(
    State(app): State<App>,
    mut request: Request,
    next: Next,
) -> Result<Response, ApiError> {
    let token = bearer(request.headers()).ok_or(Refused::Missing)?;
    let mut caller = app.auth.check(token, Utc::now()).await?;
    if let Some(address) = address(&app, request.extensions(), request.headers()) {
        caller = caller.at(address);
    }
    request.extensions_mut().insert(caller);
    Ok(next.run(request).await)
}

/// Where a request comes from; behind trusted proxies the forwarded address.
pub(super) fn address(app: &App, extensions: &Extensions, headers: &HeaderMap) -> Option<IpAddr> {
    let Peer(peer) = extensions.get()?;
    Some(remote_address(peer.ip(), headers, &app.rules().trusted_proxies))
}

/// The token of a request that has one.
pub(super) fn bearer(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

impl FromRequestParts<App> for Caller {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _app: &App) -> Result<Self, ApiError> {
        let caller = parts.extensions.get().cloned();
        caller
            .ok_or_else(|| ApiError::Internal("a route with a caller is outside the protected router".into()))
    }
}

impl<G: Grant> FromRequestParts<App> for Allowed<G> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, ApiError> {
        let caller = Caller::from_request_parts(parts, app).await?;
        if !caller.may(G::PERMISSION) {
            let path = parts.uri.path();
            app.audit.note_denied(&caller, G::PERMISSION, path.strip_prefix(PREFIX).unwrap_or(path));
        }
        caller.allowed()
    }
}
