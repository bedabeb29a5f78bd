//! Work that nobody can stop in the middle.

use std::any::Any;
use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use tokio::runtime::Handle;
use tokio_util::task::TaskTracker;
use tokio_util::task::task_tracker::TaskTrackerToken;
use tracing::Instrument as _;

/// What a panic said.
type Panic = Box<dyn Any + Send>;

/// Some work that runs to its end, also when its caller goes away or is told that it took too long: whatever is left when this
/// is dropped goes on in a task of its own. What belongs together (stored and pushed, bound and checked again) therefore
/// happens together, and the caller who waits, which is nearly everyone, does not pay for a task.
pub struct ToTheEnd<T: Send + 'static> {
    /// `None` when it has ended.
    work: Option<BoxFuture<'static, Result<T, Panic>>>,
    tasks: TaskTracker,
    /// Counts among `tasks` from the start.
    _counted: TaskTrackerToken,
}

impl<T: Send + 'static> ToTheEnd<T> {
    /// `tasks` is empty only when all such work has ended.
    pub fn of(work: impl Future<Output = T> + Send + 'static, tasks: &TaskTracker) -> Self {
        let work = AssertUnwindSafe(work).catch_unwind().boxed();
        Self { work: Some(work), tasks: tasks.clone(), _counted: tasks.token() }
    }
}

impl<T: Send + 'static> Future for ToTheEnd<T> {
    type Output = Result<T, Panic>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let Some(work) = &mut self.work else { return Poll::Pending };
        let ended = work.poll_unpin(context);
        if ended.is_ready() {
            self.work = None;
        }
        ended
    }
}

impl<T: Send + 'static> Drop for ToTheEnd<T> {
    fn drop(&mut self) {
        // Without a runtime the whole program ends.
        if let Some(work) = self.work.take()
            && let Ok(runtime) = Handle::try_current()
        {
            self.tasks.spawn_on(work.in_current_span(), &runtime);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::sync::{mpsc, oneshot};
    use tokio::time::timeout;

    use super::*;

    #[tokio::test]
    async fn what_is_dropped_in_the_middle_goes_on_and_is_waited_for() {
        let tasks = TaskTracker::new();
        let (go, gone) = oneshot::channel::<()>();
        let (done, mut heard) = mpsc::unbounded_channel();
        let work = async move {
            gone.await.unwrap();
            done.send(7).unwrap();
        };
        let mut work = ToTheEnd::of(work, &tasks);
        assert!(futures_util::poll!(&mut work).is_pending());
        drop(work);
        tasks.close();
        assert!(!tasks.is_empty());
        go.send(()).unwrap();
        timeout(Duration::from_secs(10), tasks.wait()).await.unwrap();
        assert_eq!(heard.recv().await, Some(7));
    }

    #[tokio::test]
    async fn whoever_waits_gets_the_outcome_or_hears_of_a_panic() {
        let tasks = TaskTracker::new();
        assert_eq!(ToTheEnd::of(async { 7 }, &tasks).await.ok(), Some(7));
        let breaks: ToTheEnd<()> = ToTheEnd::of(async { panic!("a fault of ours") }, &tasks);
        assert!(breaks.await.is_err());
        assert!(tasks.is_empty());
    }
}
