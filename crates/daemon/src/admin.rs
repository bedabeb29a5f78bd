//! The admin listener: `/healthz` (the process runs), `/readyz` (it can be sent work), `/metrics` (for Prometheus and its kin).

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::header::{ACCEPT, ALLOW, CONTENT_TYPE, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use prometheus_client::registry::Registry;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};

use crate::exposition::Exposition;
use crate::listen::{self, BindError, ListenOptions};
use crate::process;

/// Connections at once, one request each; more wait in the kernel's backlog.
const MAX_CONNECTIONS: usize = 256;
/// How long a request may take to be sent.
const HEADER_TIMEOUT: Duration = Duration::from_secs(5);
/// How long a connection may take in all, its answer included.
const MAX_AGE: Duration = Duration::from_secs(10);
const PLAIN: &str = "text/plain; charset=utf-8";

/// Whether the process can be sent work, and why not. Cheap to clone; all clones are one.
#[derive(Debug, Clone)]
pub struct Readiness(watch::Sender<State>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum State {
    Starting(&'static str),
    Ready,
    Draining(&'static str),
}

impl Readiness {
    /// Not ready yet, for this reason.
    #[must_use]
    pub fn new(reason: &'static str) -> Self {
        Self(watch::Sender::new(State::Starting(reason)))
    }

    /// Ready from now on. Only draining turns it red again.
    pub fn set_ready(&self) {
        self.0.send_if_modified(|state| match state {
            State::Starting(_) => {
                *state = State::Ready;
                true
            }
            State::Ready | State::Draining(_) => false,
        });
    }

    /// Red from now on.
    pub fn set_draining(&self, reason: &'static str) {
        self.0.send_replace(State::Draining(reason));
    }

    /// Whether it is ready now.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        *self.0.borrow() == State::Ready
    }

    /// Resolves once it is ready; never when it drains before.
    pub async fn ready(&self) {
        // The sender is `self`, so the channel does not close.
        let _ = self.0.subscribe().wait_for(|state| *state == State::Ready).await;
    }
}

/// An admin listener whose port is taken.
#[derive(Debug)]
pub struct Admin {
    listener: TcpListener,
    addr: SocketAddr,
    pages: Arc<Pages>,
}

#[derive(Debug)]
struct Pages {
    registry: Registry,
    readiness: Readiness,
}

impl Admin {
    /// Takes the port. To what the daemon counts in `registry` is added what every process tells of itself.
    ///
    /// # Errors
    /// The port cannot be had.
    pub fn bind(
        addr: SocketAddr,
        mut registry: Registry,
        readiness: Readiness,
        program: &'static str,
    ) -> Result<Self, BindError> {
        process::register(&mut registry, program, readiness.clone());
        let listener = listen::bind(addr, &ListenOptions::new("health and metrics", "--admin-listen"))?;
        let addr = listener.local_addr().unwrap_or(addr);
        Ok(Self { listener, addr, pages: Arc::new(Pages { registry, readiness }) })
    }

    /// Where it listens.
    #[must_use]
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// Serves until `stop` resolves; connections that are open then are cut.
    pub async fn run(self, stop: impl Future<Output = ()>) {
        let room = Arc::new(Semaphore::new(MAX_CONNECTIONS));
        let mut connections = tokio::task::JoinSet::new();
        let serving = async {
            loop {
                let Ok(place) = room.clone().acquire_owned().await else {
                    return;
                };
                let (socket, _) = listen::accept(&self.listener).await;
                let pages = self.pages.clone();
                connections.spawn(async move {
                    serve(socket, pages).await;
                    drop(place);
                });
                while connections.try_join_next().is_some() {}
            }
        };
        tokio::select! {
            () = serving => {}
            () = stop => {}
        }
    }
}

async fn serve(socket: TcpStream, pages: Arc<Pages>) {
    let service = service_fn(move |request: Request<Incoming>| {
        let accept = request.headers().get(ACCEPT).and_then(|accept| accept.to_str().ok());
        let response = pages.answer(request.method(), request.uri().path(), accept);
        async { Ok::<_, Infallible>(response) }
    });
    let serving = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADER_TIMEOUT)
        // An idle connection would hold the place of a health check.
        .keep_alive(false)
        .max_buf_size(16 << 10)
        .serve_connection(TokioIo::new(socket), service);
    // Garbage and half requests concern nobody.
    drop(tokio::time::timeout(MAX_AGE, serving).await);
}

impl Pages {
    fn answer(&self, method: &Method, path: &str, accept: Option<&str>) -> Response<Full<Bytes>> {
        let mut content_type = PLAIN;
        let (status, text) = match path {
            "/healthz" | "/readyz" | "/metrics" if method != Method::GET && method != Method::HEAD => {
                (StatusCode::METHOD_NOT_ALLOWED, "only GET here\n".to_owned())
            }
            "/healthz" => (StatusCode::OK, "ok\n".to_owned()),
            "/readyz" => match &*self.readiness.0.borrow() {
                State::Ready => (StatusCode::OK, "ready\n".to_owned()),
                State::Starting(reason) | State::Draining(reason) => {
                    (StatusCode::SERVICE_UNAVAILABLE, format!("not ready: {reason}\n"))
                }
            },
            "/metrics" => match Exposition::of(&self.registry, accept) {
                Ok(metrics) => {
                    content_type = metrics.content_type;
                    (StatusCode::OK, metrics.text)
                }
                Err(_) => (StatusCode::INTERNAL_SERVER_ERROR, "the metrics cannot be written\n".to_owned()),
            },
            _ => (StatusCode::NOT_FOUND, "here are /healthz, /readyz and /metrics\n".to_owned()),
        };
        let mut response = Response::new(Full::from(text));
        *response.status_mut() = status;
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
        if status == StatusCode::METHOD_NOT_ALLOWED {
            response.headers_mut().insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
        }
        response
    }
}
