//! How a worker is set up and started.

use std::sync::Arc;
use std::time::Duration;

use gatepipe_proto::subscribe::{MAX_FIRST_CREDIT, MAX_HEADERS, MAX_WORKER_BYTES};
use gatepipe_proto::v1;
use hyper::header::HeaderName;
use tokio::runtime::Handle;
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;

use super::running::{RunningWorker, Shared};
use super::{Worker, runner};
use crate::GatewayClient;

/// Most lanes.
const LANES: usize = 4_096;

/// Settings of a worker; [`start`](Self::start) starts it.
#[derive(Debug, Clone)]
#[must_use = "a worker does nothing before it is started"]
pub struct WorkerBuilder {
    gateways: GatewayClient,
    settings: Settings,
    stop_timeout: Duration,
}

#[derive(Debug, Clone)]
pub(crate) struct Settings {
    pub(crate) hello: v1::Hello,
    pub(crate) lanes: usize,
}

/// Why a worker cannot be started.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidWorker {
    /// The name is empty or longer than 255 bytes.
    #[error("a worker's name has 1 to {MAX_WORKER_BYTES} bytes, not {0}")]
    Name(usize),
    /// Too many headers were named.
    #[error("a worker may ask for at most {MAX_HEADERS} headers, not {0}")]
    TooManyHeaders(usize),
    /// No header can have this name.
    #[error("{0:?} is not the name of a header")]
    Header(String),
    /// No credit, or more than a gateway gives.
    #[error("a worker's credit is 1 to {MAX_FIRST_CREDIT} events, not {0}")]
    Credit(u32),
    /// No lane, or more than are useful.
    #[error("a worker has 1 to {LANES} lanes, not {0}")]
    Lanes(usize),
    /// `start` was called outside a tokio runtime.
    #[error("a tokio runtime must be running")]
    NoRuntime,
}

impl GatewayClient {
    /// Starts to say how a worker is set up. Workers of one `name` share the clients of all gateways; every name gets every client.
    pub fn worker(&self, name: impl Into<String>) -> WorkerBuilder {
        let hello =
            v1::Hello { worker: name.into(), credit: 1_024, headers: Vec::new(), without_messages: false };
        WorkerBuilder {
            gateways: self.clone(),
            settings: Settings { hello, lanes: 64 },
            stop_timeout: Duration::from_secs(10),
        }
    }
}

impl WorkerBuilder {
    /// Names of handshake headers that [`on_connect`](Worker::on_connect) is to be given, at most 32; none by default. Each costs the
    /// gateway memory for every client whose connect is not yet told.
    pub fn headers(mut self, names: impl IntoIterator<Item = impl Into<String>>) -> Self {
        let names = names.into_iter().map(|name| name.into().to_ascii_lowercase());
        self.settings.hello.headers.extend(names);
        self
    }

    /// How many events of each gateway may be on their way or wait for their hooks' end, 1 to 65,536; 1,024 by default. More keeps a
    /// worker far from its gateways busy, and costs memory here when its hooks are slow: this many times the longest message.
    pub fn credit(mut self, events: u32) -> Self {
        self.settings.hello.credit = events;
        self
    }

    /// How many hooks may run at a time, 1 to 4,096; 64 by default. More helps when hooks wait long, as for a database.
    pub fn lanes(mut self, lanes: usize) -> Self {
        self.settings.lanes = lanes;
        self
    }

    /// Leaves out messages: a worker that only wants to know who comes and goes.
    pub fn without_messages(mut self) -> Self {
        self.settings.hello.without_messages = true;
        self
    }

    /// How long [`RunningWorker::stop`] waits for hooks; 10 s by default.
    pub fn stop_timeout(mut self, timeout: Duration) -> Self {
        self.stop_timeout = timeout;
        self
    }

    /// Starts the worker on the current tokio runtime. Never waits; gateways are found and subscribed to from now on.
    ///
    /// # Errors
    /// [`InvalidWorker`]; a gateway that does not answer or refuses is none of them: see [`RunningWorker::stats`].
    pub fn start<W: Worker>(self, worker: W) -> Result<RunningWorker, InvalidWorker> {
        self.settings.check()?;
        let runtime = Handle::try_current().map_err(|_| InvalidWorker::NoRuntime)?;
        let (shared, leaving) = (Arc::<Shared>::default(), CancellationToken::new());
        let driver = runner::drive(
            self.gateways,
            Arc::new(worker),
            Arc::new(self.settings),
            Arc::clone(&shared),
            leaving.clone(),
        );
        let task = AbortOnDropHandle::new(runtime.spawn(driver));
        Ok(RunningWorker::new(shared, leaving, self.stop_timeout, task))
    }
}

impl Settings {
    fn check(&self) -> Result<(), InvalidWorker> {
        let v1::Hello { worker, credit, headers, .. } = &self.hello;
        if worker.is_empty() || worker.len() > MAX_WORKER_BYTES {
            return Err(InvalidWorker::Name(worker.len()));
        }
        if headers.len() > MAX_HEADERS {
            return Err(InvalidWorker::TooManyHeaders(headers.len()));
        }
        if let Some(name) = headers.iter().find(|name| HeaderName::from_lowercase(name.as_bytes()).is_err()) {
            return Err(InvalidWorker::Header(name.clone()));
        }
        if !(1..=MAX_FIRST_CREDIT).contains(credit) {
            return Err(InvalidWorker::Credit(*credit));
        }
        if !(1..=LANES).contains(&self.lanes) {
            return Err(InvalidWorker::Lanes(self.lanes));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::worker::Closed;

    struct Idle;

    impl Worker for Idle {
        async fn on_close(&self, _: gatepipe_proto::ClientId, _: Closed) {}
    }

    #[tokio::test]
    async fn settings_that_cannot_work_are_refused() {
        let gateways = GatewayClient::builder().register("http://127.0.0.1:1").build().unwrap();
        let worker = || gateways.worker("orders");
        let many = || (0..33).map(|number| format!("x-{number}"));
        for (worker, error) in [
            (gateways.worker(""), InvalidWorker::Name(0)),
            (gateways.worker("x".repeat(256)), InvalidWorker::Name(256)),
            (worker().headers(many()), InvalidWorker::TooManyHeaders(33)),
            (worker().headers(["two words"]), InvalidWorker::Header("two words".into())),
            (worker().credit(0), InvalidWorker::Credit(0)),
            (worker().credit(65_537), InvalidWorker::Credit(65_537)),
            (worker().lanes(0), InvalidWorker::Lanes(0)),
            (worker().lanes(4_097), InvalidWorker::Lanes(4_097)),
        ] {
            assert_eq!(worker.start(Idle).err(), Some(error));
        }
        let good = worker().headers(["User-Agent"]).headers(["cookie"]).credit(1).lanes(1).without_messages();
        assert_eq!(good.start(Idle).unwrap().stop().await, 0);
    }

    #[test]
    fn outside_a_runtime_starting_is_an_error_and_no_panic() {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let building = async { GatewayClient::builder().register("http://127.0.0.1:1").build() };
        let gateways = runtime.block_on(building).unwrap();
        assert_eq!(gateways.worker("orders").start(Idle).err(), Some(InvalidWorker::NoRuntime));
    }
}
