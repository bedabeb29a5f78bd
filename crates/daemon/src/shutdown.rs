//! Being asked to stop: SIGTERM or SIGINT begins a drain, a second one ends at once.

use std::time::Duration;

use tokio::signal::unix::{Signal, SignalKind, signal as listen};

/// SIGTERM and SIGINT, heard from the moment this is made.
#[derive(Debug)]
struct Signals {
    term: Option<Signal>,
    int: Option<Signal>,
}

impl Signals {
    fn listen() -> Self {
        // Fails only where the system has no signals left to give; then the process ends by other means.
        Self { term: listen(SignalKind::terminate()).ok(), int: listen(SignalKind::interrupt()).ok() }
    }

    async fn next(&mut self) {
        async fn heard(signal: &mut Option<Signal>) {
            match signal {
                Some(signal) => drop(signal.recv().await),
                None => std::future::pending().await,
            }
        }
        tokio::select! {
            () = heard(&mut self.term) => {}
            () = heard(&mut self.int) => {}
        }
    }
}

/// Resolves at the first SIGTERM or SIGINT after this call.
pub fn signal() -> impl Future<Output = ()> + Send + 'static {
    let mut signals = Signals::listen();
    async move {
        signals.next().await;
        tracing::info!("asked to stop; a second signal ends at once");
    }
}

/// Runs `until_drained`; the second SIGTERM or SIGINT ends the process at once, with exit code 1, whatever it is doing.
///
/// For `main` only.
///
/// # Errors
/// Those of `until_drained`.
pub async fn or_second_signal<E: Into<anyhow::Error>>(
    until_drained: impl Future<Output = Result<(), E>>,
) -> anyhow::Result<()> {
    let mut signals = Signals::listen();
    let second = async {
        signals.next().await;
        signals.next().await;
    };
    tokio::select! {
        ended = until_drained => ended.map_err(Into::into),
        () = second => {
            tracing::error!("ended at once by a second signal");
            #[expect(clippy::disallowed_methods, reason = "returning would wait for whatever does not end, which is why we were asked again")]
            std::process::exit(1)
        }
    }
}

/// Waits for `ending`, but not longer than `limit`; then it is dropped, and the log says that `what` was cut.
pub async fn at_most<T>(limit: Duration, what: &str, ending: impl Future<Output = T>) -> Option<T> {
    let ended = tokio::time::timeout(limit, ending).await.ok();
    if ended.is_none() {
        let waited_ms = u64::try_from(limit.as_millis()).unwrap_or(u64::MAX);
        tracing::warn!(waited_ms, "{what} did not end in time and is cut");
    }
    ended
}
