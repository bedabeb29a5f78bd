//! What a trace is told of a request: its route and how it was answered, never its path, query, headers or body.

use axum::extract::Request;
use axum::http::{HeaderMap, HeaderValue, Method};
use gatepipe_traces::{Kind, Span, TRACEPARENT, Tracer, Within, within};

use crate::router::PREFIX;

/// The span of a request, if it has one.
#[derive(Debug, Clone)]
pub struct Traced(Span);

impl Traced {
    /// Begins it: where the caller has, which `traceparent` tells, or anew. Files of pages have none.
    pub fn begin(tracer: &Tracer, request: &Request, route: &str, request_id: &HeaderValue) -> Self {
        if !tracer.is_on() || !route.starts_with(PREFIX) {
            return Self(Span::default());
        }
        let method = known(request.method());
        let name = || format!("{method} {route}");
        let span = tracer.root(Kind::Server, name, caller(request.headers()));
        span.say("http.request.method", method);
        span.say("http.route", route);
        span.say("gatepipe.request_id", request_id.to_str().unwrap_or_default());
        Self(span)
    }

    /// The trace that it is part of, for the log.
    pub fn trace_id(&self) -> Option<String> {
        self.0.trace_id()
    }

    /// Work that is part of the request.
    pub fn during<F: Future>(&self, work: F) -> Within<F> {
        within(&self.0, work)
    }

    /// It was answered.
    pub fn end(&self, status: u16) {
        self.0.count("http.response.status_code", status.into());
        if status >= 500 {
            self.0.fail("");
        }
        self.0.end();
    }
}

/// One that came twice is none.
fn caller(headers: &HeaderMap) -> Option<&str> {
    let mut given = headers.get_all(TRACEPARENT).iter();
    let first = given.next()?;
    given.next().is_none().then(|| first.to_str().ok())?
}

/// A name that somebody made up would be one more kind of span.
fn known(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::DELETE => "DELETE",
        Method::HEAD => "HEAD",
        Method::OPTIONS => "OPTIONS",
        Method::PATCH => "PATCH",
        _ => "_OTHER",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_caller_names_one_span_or_none() {
        let mut headers = HeaderMap::new();
        assert_eq!(caller(&headers), None);
        headers.append(TRACEPARENT, HeaderValue::from_static("one"));
        assert_eq!(caller(&headers), Some("one"));
        headers.append(TRACEPARENT, HeaderValue::from_static("two"));
        assert_eq!(caller(&headers), None);
    }
}
