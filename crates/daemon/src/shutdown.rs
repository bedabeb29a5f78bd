//! Being asked to stop: SIGTERM or SIGINT begins a drain, a second one ends at once.

use std::time::Duration;

use tokio::signal::unix::{Signal, SignalKind, signal as hear};
use tokio::sync::watch;

/// SIGTERM and SIGINT, counted from the moment this is made; so none is lost while a daemon is still starting.
#[derive(Debug)]
pub struct Signals(watch::Receiver<u32>);

impl Signals {
    /// Begins to count. Must be called within a tokio runtime.
    #[must_use]
    pub fn listen() -> Self {
        // Fails only where the system has no signals left to give; then the process ends by other means.
        let mut term = hear(SignalKind::terminate()).ok();
        let mut int = hear(SignalKind::interrupt()).ok();
        let (count, counted) = watch::channel(0);
        tokio::spawn(async move {
            loop {
                tokio::select! {
                    () = next(&mut term) => {}
                    () = next(&mut int) => {}
                    () = count.closed() => return,
                }
                count.send_modify(|count| *count += 1);
            }
        });
        Self(counted)
    }

    /// Resolves at the first signal.
    pub fn first(&self) -> impl Future<Output = ()> + Send + 'static {
        let counted = self.0.clone();
        async move {
            reached(counted, 1).await;
            tracing::info!("asked to stop; a second signal ends at once");
        }
    }

    /// Runs `until_drained`; the second signal ends the process at once, with exit code 1, whatever it is doing.
    ///
    /// For `main` only.
    ///
    /// # Errors
    /// Those of `until_drained`.
    pub async fn or_second<E: Into<anyhow::Error>>(
        self,
        until_drained: impl Future<Output = Result<(), E>>,
    ) -> anyhow::Result<()> {
        tokio::select! {
            ended = until_drained => ended.map_err(Into::into),
            () = reached(self.0, 2) => {
                tracing::error!("ended at once by a second signal");
                #[expect(clippy::disallowed_methods, reason = "returning would wait for whatever does not end, which is why we were asked again")]
                std::process::exit(1)
            }
        }
    }
}

async fn next(signal: &mut Option<Signal>) {
    match signal {
        Some(signal) => drop(signal.recv().await),
        None => std::future::pending().await,
    }
}

async fn reached(mut counted: watch::Receiver<u32>, count: u32) {
    if counted.wait_for(|counted| *counted >= count).await.is_err() {
        // The runtime is ending; nobody counts any more.
        std::future::pending::<()>().await;
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
