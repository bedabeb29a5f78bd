//! `/docs/`: the OpenAPI document as a page one can try things in. Everything the page needs is part of this program; it asks
//! no other host, and its headers forbid it to.

use std::sync::Arc;

use axum::Router;
use axum::extract::Path;
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use utoipa_swagger_ui::{Config, serve};

use crate::error::ApiError;

/// Only what we serve, and styles and pictures that its scripts make. Nobody may frame the page: tokens are typed into it.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; \
                      connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// `/docs`, which leads to `/docs/`, and the files below it.
pub fn routes<S: Clone + Send + Sync + 'static>() -> Router<S> {
    // Relative, so that it is found behind a proxy that adds a prefix. The validator would be a host of somebody else.
    let page = Arc::new(Config::from("../openapi.json").validator_url("none").use_base_layout());
    let index = Arc::clone(&page);
    Router::new()
        .route("/docs", get(async || Redirect::permanent("/docs/")))
        .route("/docs/", get(async move || file("index.html", index)))
        .route("/docs/{file}", get(async move |Path(name): Path<String>| file(&name, page)))
}

fn file(name: &str, page: Arc<Config<'static>>) -> Response {
    match serve(name, page) {
        Ok(Some(file)) => {
            let headers = [
                (CONTENT_TYPE, file.content_type.as_str()),
                (CONTENT_SECURITY_POLICY, POLICY),
                (X_CONTENT_TYPE_OPTIONS, "nosniff"),
                (REFERRER_POLICY, "no-referrer"),
                (CACHE_CONTROL, "max-age=600"),
            ];
            (headers, file.bytes).into_response()
        }
        Ok(None) => ApiError::NotFound("there is no such path".into()).into_response(),
        Err(error) => ApiError::Internal(format!("a page could not be made: {error}")).into_response(),
    }
}
