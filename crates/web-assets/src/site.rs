//! A page of many files below one prefix.

use axum::Router;
use axum::extract::Path;
use axum::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{Html, IntoResponse, Redirect, Response};
use axum::routing::get;
use rust_embed::RustEmbed;

use crate::file;

/// `prefix`, which leads to `prefix/`, and the files of `F` below it. While there is no `index.html`, `not_built` stands in for it.
///
/// A path that does not look like a file is a view of the page, and answered with the page.
pub(crate) fn site<F: RustEmbed + 'static>(prefix: &'static str, not_built: &'static str) -> Router {
    let index = async move |asked: HeaderMap| page::<F>(&asked, not_built);
    let below = async move |Path(path): Path<String>, asked: HeaderMap| match file::answer::<F>(&path, &asked)
    {
        Some(file) => file,
        None if is_view(&path) => page::<F>(&asked, not_built),
        None => (StatusCode::NOT_FOUND, "there is no such file\n").into_response(),
    };
    Router::new()
        .route(prefix, get(async move || Redirect::permanent(&format!("{prefix}/"))))
        .route(&format!("{prefix}/"), get(index))
        .route(&format!("{prefix}/{{*path}}"), get(below))
}

fn page<F: RustEmbed>(asked: &HeaderMap, not_built: &'static str) -> Response {
    file::answer::<F>("index.html", asked).unwrap_or_else(|| {
        let headers = [(CACHE_CONTROL, "no-store"), (CONTENT_SECURITY_POLICY, file::POLICY)];
        (headers, Html(not_built)).into_response()
    })
}

fn is_view(path: &str) -> bool {
    path.rsplit('/').next().is_some_and(|name| !name.contains('.'))
}

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use axum::http::Request;
    use axum::http::header::{
        ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_TYPE, ETAG, IF_NONE_MATCH, LOCATION,
    };
    use http_body_util::BodyExt as _;
    use tower::ServiceExt as _;

    use super::*;

    #[derive(RustEmbed)]
    #[folder = "tests/site"]
    struct Built;

    #[derive(RustEmbed)]
    #[folder = "tests/no-such-folder"]
    #[allow_missing = true]
    struct Missing;

    async fn get_from<F: RustEmbed + 'static>(
        path: &str,
        headers: &[(&str, &str)],
    ) -> (StatusCode, HeaderMap, String) {
        let mut request = Request::get(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let site = site::<F>("/page", "<p>not built</p>");
        let response = site.oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
        let (head, body) = response.into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        (head.status, head.headers, String::from_utf8(body.to_vec()).unwrap())
    }

    #[tokio::test]
    async fn files_come_with_their_type_and_may_be_kept_when_their_name_says_what_is_in_them() {
        let (status, headers, body) = get_from::<Built>("/page/", &[]).await;
        assert_eq!((status, body.as_str()), (StatusCode::OK, "<p>the page</p>\n"));
        assert_eq!(headers[CONTENT_TYPE], "text/html; charset=utf-8");
        assert_eq!(headers[CACHE_CONTROL], "no-cache");
        assert_eq!(headers[CONTENT_SECURITY_POLICY], file::POLICY);

        let (_, headers, body) = get_from::<Built>("/page/assets/app-1a2b.js", &[]).await;
        assert_eq!(body, "plain\n");
        assert_eq!(headers[CONTENT_TYPE], "text/javascript; charset=utf-8");
        assert_eq!(headers[CACHE_CONTROL], "public, max-age=31536000, immutable");
        assert_eq!(headers.get(CONTENT_ENCODING), None);
    }

    #[tokio::test]
    async fn the_best_compressed_form_is_sent_to_who_takes_it_and_nothing_to_who_has_it() {
        let ask = async |encoding, tag: &str| {
            let headers = [(ACCEPT_ENCODING.as_str(), encoding), (IF_NONE_MATCH.as_str(), tag)];
            get_from::<Built>("/page/assets/app-1a2b.js", &headers).await
        };
        let (_, headers, body) = ask("gzip, br", "").await;
        assert_eq!((headers[CONTENT_ENCODING].as_bytes(), body.as_str()), (b"br".as_slice(), "as brotli\n"));
        assert_eq!(headers[CONTENT_TYPE], "text/javascript; charset=utf-8");
        let (_, gzip, body) = ask("gzip", "").await;
        assert_eq!((gzip[CONTENT_ENCODING].as_bytes(), body.as_str()), (b"gzip".as_slice(), "as gzip\n"));
        assert_ne!(gzip[ETAG], headers[ETAG]);

        let tag = headers[ETAG].to_str().unwrap();
        for known in [tag.to_owned(), format!("\"other\", W/{tag}"), "*".to_owned()] {
            let (status, _, body) = ask("br", &known).await;
            assert_eq!((status, body.as_str()), (StatusCode::NOT_MODIFIED, ""), "{known}");
        }
        assert_eq!(ask("gzip", tag).await.0, StatusCode::OK);
    }

    #[tokio::test]
    async fn a_view_is_answered_with_the_page_and_a_missing_file_is_not() {
        let (status, _, body) = get_from::<Built>("/page/users/1007", &[]).await;
        assert_eq!((status, body.as_str()), (StatusCode::OK, "<p>the page</p>\n"));
        for path in ["/page/assets/gone.js", "/page/../Cargo.toml", "/page/%2e%2e/%2e%2e/Cargo.toml"] {
            assert_eq!(get_from::<Built>(path, &[]).await.0, StatusCode::NOT_FOUND, "{path}");
        }
        let (status, headers, _) = get_from::<Built>("/page", &[]).await;
        assert_eq!(
            (status, headers[LOCATION].as_bytes()),
            (StatusCode::PERMANENT_REDIRECT, b"/page/".as_slice())
        );
    }

    #[tokio::test]
    async fn without_built_files_a_page_says_so() {
        for path in ["/page/", "/page/users"] {
            let (status, headers, body) = get_from::<Missing>(path, &[]).await;
            assert_eq!((status, body.as_str()), (StatusCode::OK, "<p>not built</p>"));
            assert_eq!(headers[CACHE_CONTROL], "no-store");
        }
        assert_eq!(get_from::<Missing>("/page/assets/app.js", &[]).await.0, StatusCode::NOT_FOUND);
    }
}
