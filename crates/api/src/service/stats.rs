//! Who may watch how busy the gateways are, and for how long.

use std::sync::Arc;

use prometheus_client::metrics::counter::Counter;
use tokio::sync::Semaphore;
use tokio::sync::mpsc::{Receiver, Sender, channel};
use tokio_util::sync::CancellationToken;

use super::viewing::{Ended, PATIENCE, Place, not_allowed};
use crate::app::App;
use crate::auth::Allowed;
use crate::auth::caller::grants::Inspect;
use crate::error::ApiError;
use crate::stats::binds::BindTimes;
use crate::stats::{Coming, Recent, Sample};

/// How many may watch at once; more are told to come back later.
pub const AT_ONCE: usize = 64;

/// What there is to watch, and the places to watch from.
pub struct Watching {
    /// The last 15 minutes.
    pub recent: Recent,
    /// How long binds took, on its way there.
    pub binds: Arc<BindTimes>,
    places: Arc<Semaphore>,
    stopping: CancellationToken,
}

/// What somebody who watches is told.
#[derive(Debug)]
pub enum Told {
    /// Everything that is kept, oldest first. Always the first.
    History(Vec<Arc<Sample>>),
    /// One more.
    Sample(Arc<Sample>),
}

impl Default for Watching {
    fn default() -> Self {
        let places = Arc::new(Semaphore::new(AT_ONCE));
        Self { recent: Recent::default(), binds: Arc::default(), places, stopping: CancellationToken::new() }
    }
}

impl Watching {
    /// Ends every watch, because the api stops.
    pub fn end(&self) {
        self.stopping.cancel();
    }

    /// Resolves when every watch has to end.
    pub(super) async fn ended(&self) {
        self.stopping.cancelled().await;
    }
}

/// Tells the caller what is kept, and then each new sample, until the reader leaves, the api stops, the caller's token dies or
/// loses the permission. One sample waits for the reader; a reader that is further behind goes on with the newest, and one that
/// takes nothing at all is cut off through `connection`.
///
/// # Errors
/// [`ApiError::Unavailable`] when [`AT_ONCE`] watch already.
pub fn watch(
    app: &App,
    by: &Allowed<Inspect>,
    connection: CancellationToken,
) -> Result<Receiver<Told>, ApiError> {
    let Ok(permit) = Arc::clone(&app.watching.places).try_acquire_owned() else {
        app.metrics.streams_refused.inc();
        return Err(ApiError::Unavailable(format!("{AT_ONCE} already watch the gateways; try again later")));
    };
    let place = Place::new(permit, &app.metrics.streams);
    let (tell, told) = channel(1);
    let (app, caller) = (app.clone(), by.caller().clone());
    tokio::spawn(async move {
        let (past, coming) = app.watching.recent.watch();
        let ended = tokio::select! {
            ended = pass_on(past, coming, &tell, &app.metrics.samples_left_out) => ended,
            () = tell.closed() => Ended::Left,
            () = not_allowed::<Inspect>(&app, caller) => Ended::NotAllowed,
            () = app.watching.ended() => Ended::Stopping,
        };
        drop((tell, place));
        tracing::debug!(?ended, "a watch of the gateways ended");
        ended.hang_up(&connection).await;
    });
    Ok(told)
}

async fn pass_on(
    past: Vec<Arc<Sample>>,
    mut coming: Coming,
    tell: &Sender<Told>,
    counted: &Counter,
) -> Ended {
    let mut next = Told::History(past);
    loop {
        if tell.send_timeout(next, PATIENCE).await.is_err() {
            return if tell.is_closed() { Ended::Left } else { Ended::Stalled };
        }
        let Some((sample, left_out)) = coming.next().await else {
            return Ended::Stopping;
        };
        counted.inc_by(left_out);
        next = Told::Sample(sample);
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::time::sleep;

    use super::*;

    fn at(at_ms: i64) -> Sample {
        Sample { at_ms, ..Sample::default() }
    }

    #[tokio::test(start_paused = true)]
    async fn a_slow_reader_goes_on_with_the_newest_and_one_that_takes_nothing_is_given_up() {
        let (recent, counted) = (Recent::default(), Counter::default());
        let (tell, mut told) = channel(1);
        recent.push(at(0));
        let (past, coming) = recent.watch();
        let passing = tokio::spawn({
            let counted = counted.clone();
            async move { pass_on(past, coming, &tell, &counted).await }
        });
        for second in 1..=20 {
            sleep(Duration::from_secs(1)).await;
            recent.push(at(second));
        }
        let Some(Told::History(past)) = told.recv().await else { panic!("history first") };
        assert_eq!(past.len(), 1);
        // One had been taken to be said before the reader stopped; the next is the newest.
        for expected in [1, 20] {
            let Some(Told::Sample(sample)) = told.recv().await else { panic!("a sample") };
            assert_eq!(sample.at_ms, expected);
        }
        assert_eq!(counted.get(), 18);
        recent.push(at(21));
        recent.push(at(22));
        assert_eq!(passing.await.unwrap(), Ended::Stalled);
    }

    #[tokio::test]
    async fn a_reader_that_leaves_ends_it() {
        let recent = Recent::default();
        let (tell, told) = channel(1);
        let (past, coming) = recent.watch();
        drop(told);
        assert_eq!(pass_on(past, coming, &tell, &Counter::default()).await, Ended::Left);
    }
}
