//! What happens around every request: a name, a bound, a deadline, a line in the log and in the metrics.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use gatepipe_daemon::room::{Inside, Room};
use prometheus_client::metrics::gauge::Gauge;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::{Instrument as _, Span, field};

use crate::app::App;
use crate::error::ApiError;
use crate::http::cors::Cors;
use crate::http::to_the_end::ToTheEnd;
use crate::http::traced::Traced;
use crate::http::{envelope, export_task};
use crate::metrics;

/// The header that names a request.
pub const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Longest request id we take over, in bytes.
const MAX_REQUEST_ID_BYTES: usize = 128;

/// The peer of the connection a request came in on.
#[derive(Debug, Clone, Copy)]
pub struct Peer(pub SocketAddr);

/// Cuts the connection a request came in on, also while its reader takes nothing. For answers that last.
#[derive(Debug, Clone)]
pub struct HangUp(pub CancellationToken);

/// How many requests run.
#[derive(Clone)]
pub struct Running {
    places: Arc<Room>,
    tasks: TaskTracker,
    count: Gauge,
}

/// A request that runs: it holds a place and is counted until this is dropped.
struct Place {
    _inside: Inside,
    count: Gauge,
}

impl Drop for Place {
    fn drop(&mut self) {
        self.count.dec();
    }
}

impl Running {
    /// At most `places` requests at once, counted in `count`.
    #[must_use]
    pub fn new(places: usize, count: Gauge) -> Self {
        Self { places: Room::new(places), tasks: TaskTracker::new(), count }
    }

    /// From now on at most `places` requests at once.
    pub fn set_most(&self, places: usize) {
        self.places.set_most(places);
    }

    /// A place; `None` when all are taken.
    fn enter(&self) -> Option<Place> {
        let inside = self.places.try_enter()?;
        self.count.inc();
        Some(Place { _inside: inside, count: self.count.clone() })
    }

    /// Waits until nothing runs any more. New requests must have ended before.
    pub async fn ended(&self) {
        self.tasks.close();
        self.tasks.wait().await;
    }
}

/// Everything that stands around every route, in one layer: each layer of axum costs several allocations a request.
pub async fn around(State((app, running)): State<(App, Running)>, request: Request, next: Next) -> Response {
    let observed = Observed::begin(&app, &request);
    let cors = Cors::of(&app.rules().cors_origins, &request);
    let traced = observed.traced.clone();
    let answering = async {
        if let Some(answer) = cors.preflight() {
            return answer;
        }
        let patience = patience(&app, &request);
        let response = to_the_end(&running, patience, request, next, &traced).await;
        envelope::seal(app.settings.success_code, response)
    };
    let mut response = answering.instrument(observed.span.clone()).await;
    cors.mark(response.headers_mut());
    observed.end(&app, response)
}

/// After how long a caller is told that the outcome is unknown; longer for one who streams rows.
fn patience(app: &App, request: &Request) -> Duration {
    if export_task::is_upload(request) {
        app.exports.settings().upload_timeout
    } else {
        app.rules().request_timeout
    }
}

/// Runs the request to its end, see [`ToTheEnd`]. An answer whose body is a stream has ended here when the stream begins: how
/// many there may be, and how long, is up to who makes it.
async fn to_the_end(
    running: &Running,
    patience: Duration,
    request: Request,
    next: Next,
    traced: &Traced,
) -> Response {
    let Some(place) = running.enter() else {
        return ApiError::Unavailable("too many requests at once; try again later".into()).into_response();
    };
    let work = traced.during(async move {
        let _place = place;
        next.run(request).await
    });
    match tokio::time::timeout(patience, ToTheEnd::of(work, &running.tasks)).await {
        Ok(Ok(response)) => response,
        Ok(Err(_panic)) => ApiError::Internal("a request ended in a panic".into()).into_response(),
        Err(_) => ApiError::Deadline.into_response(),
    }
}

/// A request that has a name, and of which is written down how it went.
struct Observed {
    request_id: HeaderValue,
    route: String,
    method: Method,
    span: Span,
    traced: Traced,
    started: Instant,
}

impl Observed {
    fn begin(app: &App, request: &Request) -> Self {
        let request_id = request_id(request.headers());
        let known = request_id.to_str().unwrap_or_default();
        let span = tracing::info_span!("request", request_id = %known, trace_id = field::Empty);
        let route = request.extensions().get::<MatchedPath>().map_or("none", MatchedPath::as_str).to_owned();
        let traced = Traced::begin(&app.tracer, request, &route, &request_id);
        if let Some(trace) = traced.trace_id() {
            span.record("trace_id", trace);
        }
        Self { request_id, route, method: request.method().clone(), span, traced, started: Instant::now() }
    }

    fn end(self, app: &App, mut response: Response) -> Response {
        let Self { request_id, route, method, span, traced, started } = self;
        let took = started.elapsed();
        let status = response.status().as_u16();
        traced.end(status);
        let took_ms = took.as_millis() as u64;
        tracing::debug!(parent: &span, %method, route, status, took_ms, "request answered");
        let by_route = metrics::ByRoute { route: route.clone() };
        app.metrics.seconds.get_or_create(&by_route).observe(took.as_secs_f64());
        let labels = metrics::Request { route, status };
        app.metrics.requests.get_or_create(&labels).inc();
        response.headers_mut().insert(REQUEST_ID, request_id);
        response
    }
}

/// The caller's, when it is short and plain, or a new one.
fn request_id(headers: &HeaderMap) -> HeaderValue {
    let plain = |value: &&HeaderValue| {
        let bytes = value.as_bytes();
        (1..=MAX_REQUEST_ID_BYTES).contains(&bytes.len())
            && bytes.iter().all(|byte| byte.is_ascii_alphanumeric() || b"-_.:".contains(byte))
    };
    if let Some(given) = headers.get(REQUEST_ID).filter(plain) {
        return given.clone();
    }
    let made = format!("{:032x}", rand::random::<u128>());
    HeaderValue::try_from(made).unwrap_or(HeaderValue::from_static("none"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sane_request_id_is_kept_and_others_are_replaced() {
        let kept = |value: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(REQUEST_ID, HeaderValue::from_bytes(value.as_bytes()).unwrap());
            request_id(&headers) == value
        };
        assert!(kept("a") && kept("7f3c-A_b.c:1") && kept(&"x".repeat(128)));
        assert!(!kept("") && !kept("a b") && !kept("a\"b") && !kept("é") && !kept(&"x".repeat(129)));
        assert_eq!(request_id(&HeaderMap::new()).len(), 32);
        assert_ne!(request_id(&HeaderMap::new()), request_id(&HeaderMap::new()));
    }
}
