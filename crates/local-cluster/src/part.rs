//! One daemon of the cluster, running in a task of its own.

use std::future::Future;

use anyhow::Context;
use tokio::task::JoinHandle;
use tokio_util::sync::{CancellationToken, DropGuard};

/// Stops when it is dropped; [`Part::stop`] also waits for the end.
#[derive(Debug)]
pub(crate) struct Part {
    name: &'static str,
    stop: DropGuard,
    done: JoinHandle<anyhow::Result<()>>,
}

impl Part {
    /// `run` is the daemon's `run`, to be given the stop signal.
    pub(crate) fn start<R, E>(name: &'static str, run: impl FnOnce(Stop) -> R) -> Self
    where
        R: Future<Output = Result<(), E>> + Send + 'static,
        E: std::error::Error + Send + Sync + 'static,
    {
        let stop = CancellationToken::new();
        let running = run(Box::pin(stop.clone().cancelled_owned()));
        let done = tokio::spawn(async move { running.await.map_err(anyhow::Error::new) });
        Self {
            name,
            stop: stop.drop_guard(),
            done,
        }
    }

    /// Asks it to stop and waits until it has drained.
    pub(crate) async fn stop(self) -> anyhow::Result<()> {
        drop(self.stop);
        let ended = self
            .done
            .await
            .with_context(|| format!("{} broke down", self.name))?;
        ended.with_context(|| format!("{} ended badly", self.name))
    }
}

/// The stop signal as a daemon takes it.
pub(crate) type Stop = std::pin::Pin<Box<dyn Future<Output = ()> + Send>>;
