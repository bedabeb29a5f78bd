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
    /// Cancelled when the task is over, however it ended.
    ended: CancellationToken,
    /// Cancelled before that when it ended without an error.
    well: CancellationToken,
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
        let ended = CancellationToken::new();
        let well = CancellationToken::new();
        let (over, went_well) = (ended.clone().drop_guard(), well.clone());
        let done = tokio::spawn(async move {
            let _over = over;
            running.await.map_err(anyhow::Error::new)?;
            went_well.cancel();
            Ok(())
        });
        Self { name, stop: stop.drop_guard(), ended, well, done }
    }

    /// Resolves when it has ended, asked or not; `true` when that was well, `false` after an error or a panic.
    pub(crate) async fn ended(&self) -> bool {
        self.ended.cancelled().await;
        self.well.is_cancelled()
    }

    /// Resolves when it has ended by an error or a panic.
    pub(crate) async fn ended_badly(&self) {
        if self.ended().await {
            std::future::pending().await
        }
    }

    pub(crate) fn has_ended(&self) -> bool {
        self.ended.is_cancelled()
    }

    /// Asks it to stop and waits until it has drained.
    pub(crate) async fn stop(self) -> anyhow::Result<()> {
        drop(self.stop);
        let ended = self.done.await.with_context(|| format!("{} broke down", self.name))?;
        ended.with_context(|| format!("{} ended badly", self.name))
    }
}

/// The stop signal as a daemon takes it.
pub(crate) type Stop = std::pin::Pin<Box<dyn Future<Output = ()> + Send>>;

#[cfg(test)]
mod tests {
    use std::io;

    use super::*;
    use crate::eventually::within;

    #[tokio::test]
    async fn one_that_ends_unasked_is_noticed_and_named() {
        let failing = |_: Stop| async { Err(io::Error::other("the disk is full")) };
        let part = Part::start("the api", failing);
        assert!(!within("its end", part.ended()).await);
        let error = format!("{:#}", part.stop().await.unwrap_err());
        assert_eq!(error, "the api ended badly: the disk is full");
    }

    #[tokio::test]
    async fn one_that_runs_has_not_ended_until_it_is_asked() {
        let serving = |stop: Stop| async {
            stop.await;
            Ok::<_, io::Error>(())
        };
        let part = Part::start("the api", serving);
        assert!(!part.has_ended());
        within("its end", part.stop()).await.unwrap();
    }

    #[tokio::test]
    async fn one_that_ends_well_by_itself_has_not_failed() {
        let part = Part::start("a gateway", |_: Stop| async { Ok::<_, io::Error>(()) });
        assert!(within("its end", part.ended()).await);
        part.stop().await.unwrap();
    }

    #[tokio::test]
    async fn a_panic_is_no_good_end() {
        let part = Part::start("a gateway", |_: Stop| async {
            if true {
                panic!("a fault");
            }
            Ok::<_, io::Error>(())
        });
        assert!(!within("its end", part.ended()).await);
        assert!(part.stop().await.is_err());
    }
}
