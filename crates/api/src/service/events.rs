//! Who may watch what happens right now, how much of it, and for how long.

use std::sync::Arc;
use std::time::Duration;

use prometheus_client::metrics::counter::Counter;
use tokio::sync::Semaphore;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::mpsc::{Receiver, Sender, channel};
use tokio::time::{Instant, MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

use super::viewing::{Ended, PATIENCE, Place, not_allowed};
use crate::app::App;
use crate::auth::Allowed;
use crate::auth::caller::grants::Inspect;
use crate::error::ApiError;
use crate::live::{Event, Feed, Heard, Viewer, Wanted};

/// How many may watch at once; more are told to come back later.
pub const AT_ONCE: usize = 64;
/// Events that somebody who watches is told a second, at most; of more they are told how many there were.
pub const MOST_PER_SECOND: u32 = 200;
/// Over which time events are counted.
const SECOND: Duration = Duration::from_secs(1);
/// What waits for a reader here; more waits in the feed, as far as that goes.
const WAITING: usize = 16;

/// What happens, and the places to watch it from.
pub struct Live {
    /// Where everything is told.
    pub feed: Feed,
    places: Arc<Semaphore>,
}

impl Default for Live {
    fn default() -> Self {
        Self { feed: Feed::default(), places: Arc::new(Semaphore::new(AT_ONCE)) }
    }
}

/// What somebody who watches is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Told {
    /// The rare events before, oldest first. Always the first.
    History(Vec<Arc<Event>>),
    /// Clients of which gateways are heard from now on.
    Heard(Heard),
    /// Something happened.
    Event(Arc<Event>),
    /// Not everything was told since the last time this was said.
    Sampled(Sampled),
}

/// What was not told.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Sampled {
    /// Events that were wanted, beyond the most that are told in a second.
    pub left_out: u64,
    /// Events, wanted or not, that came while the reader took nothing.
    pub missed: u64,
}

/// Tells the caller the rare events that are kept, and then everything that `wanted` names, until the reader leaves, the api stops,
/// the caller's token dies or loses the permission. A reader that takes nothing at all is cut off through `connection`.
///
/// # Errors
/// [`ApiError::Unavailable`] when [`AT_ONCE`] watch already.
pub fn watch(
    app: &App,
    by: &Allowed<Inspect>,
    wanted: Wanted,
    connection: CancellationToken,
) -> Result<Receiver<Told>, ApiError> {
    let Ok(permit) = Arc::clone(&app.live.places).try_acquire_owned() else {
        app.metrics.event_streams_refused.inc();
        return Err(ApiError::Unavailable(format!("{AT_ONCE} already watch events; try again later")));
    };
    let place = Place::new(permit, &app.metrics.event_streams);
    let (tell, told) = channel(WAITING);
    let (app, caller) = (app.clone(), by.caller().clone());
    tokio::spawn(async move {
        let (kept, viewer) = app.live.feed.watch();
        let ended = tokio::select! {
            ended = pass_on(kept, viewer, &wanted, &tell, &app.metrics.events_left_out) => ended,
            () = tell.closed() => Ended::Left,
            () = not_allowed::<Inspect>(&app, caller) => Ended::NotAllowed,
            () = app.watching.ended() => Ended::Stopping,
        };
        drop((tell, place));
        tracing::debug!(?ended, "a watch of events ended");
        ended.hang_up(&connection).await;
    });
    Ok(told)
}

async fn pass_on(
    kept: Vec<Arc<Event>>,
    mut viewer: Viewer,
    wanted: &Wanted,
    tell: &Sender<Told>,
    counted: &Counter,
) -> Ended {
    let kept = kept.into_iter().filter(|event| wanted.wants(event)).collect();
    let mut next = Told::History(kept);
    let mut second = Second::begin();
    let mut seconds = interval(SECOND);
    seconds.set_missed_tick_behavior(MissedTickBehavior::Delay);
    viewer.heard.mark_changed();
    loop {
        if tell.send_timeout(next, PATIENCE).await.is_err() {
            return if tell.is_closed() { Ended::Left } else { Ended::Stalled };
        }
        next = loop {
            tokio::select! {
                biased;
                changed = viewer.heard.changed() => match changed {
                    Ok(()) => break Told::Heard(viewer.heard.borrow_and_update().clone()),
                    Err(_) => return Ended::Stopping,
                },
                _ = seconds.tick() => if let Some(sampled) = second.next() {
                    counted.inc_by(sampled.left_out + sampled.missed);
                    break Told::Sampled(sampled);
                },
                coming = viewer.coming.recv() => match coming {
                    Ok(event) if wanted.wants(&event) && second.has_room() => break Told::Event(event),
                    Ok(_) => {}
                    Err(RecvError::Lagged(missed)) => second.sampled.missed += missed,
                    Err(RecvError::Closed) => return Ended::Stopping,
                },
            }
        };
    }
}

/// What was told in this second, and what was not since that was last said.
struct Second {
    began: Instant,
    told: u32,
    sampled: Sampled,
}

impl Second {
    fn begin() -> Self {
        Self { began: Instant::now(), told: 0, sampled: Sampled::default() }
    }

    /// Whether one more event may be told; otherwise it is counted.
    fn has_room(&mut self) -> bool {
        if self.began.elapsed() >= SECOND {
            (self.began, self.told) = (Instant::now(), 0);
        }
        let has_room = self.told < MOST_PER_SECOND;
        if has_room {
            self.told += 1;
        } else {
            self.sampled.left_out += 1;
        }
        has_room
    }

    /// What was not told, once.
    fn next(&mut self) -> Option<Sampled> {
        let sampled = std::mem::take(&mut self.sampled);
        (sampled != Sampled::default()).then_some(sampled)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::live::Kind;

    /// A viewer of everything that is told into the feed.
    fn viewer(feed: &Feed) -> (Receiver<Told>, tokio::task::JoinHandle<Ended>, Counter) {
        let (tell, told) = channel(WAITING);
        let (kept, viewer) = feed.watch();
        let counter = Counter::default();
        let counted = counter.clone();
        let passing =
            tokio::spawn(async move { pass_on(kept, viewer, &Wanted::default(), &tell, &counted).await });
        (told, passing, counter)
    }

    async fn begun(told: &mut Receiver<Told>) {
        assert_eq!(told.recv().await, Some(Told::History(Vec::new())));
        assert_eq!(told.recv().await, Some(Told::Heard(Heard::new())));
    }

    fn push(feed: &Feed, count: u64) {
        for _ in 0..count {
            feed.tell(Kind::Pushed, || Event::now(Kind::Pushed));
        }
    }

    #[tokio::test(start_paused = true)]
    async fn more_than_200_a_second_are_sampled_and_that_is_said() {
        let feed = Feed::default();
        let (mut told, _passing, counter) = viewer(&feed);
        begun(&mut told).await;
        push(&feed, 1_000);
        let mut events = 0;
        let sampled = loop {
            match told.recv().await.unwrap() {
                Told::Event(_) => events += 1,
                Told::Sampled(sampled) => break sampled,
                other => panic!("{other:?}"),
            }
        };
        assert_eq!((events, sampled), (200, Sampled { left_out: 800, missed: 0 }));
        assert_eq!(counter.get(), 800);
        // The next second has room again.
        push(&feed, 3);
        for _ in 0..3 {
            assert!(matches!(told.recv().await, Some(Told::Event(_))));
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_reader_that_takes_nothing_misses_what_does_not_fit_and_is_cut_in_the_end() {
        let feed = Feed::default();
        let (mut told, passing, _) = viewer(&feed);
        begun(&mut told).await;
        // So many fit: what waits for the reader, the one in hand, and the feed's own queue.
        push(&feed, WAITING as u64 + 1);
        tokio::time::sleep(Duration::from_millis(10)).await;
        push(&feed, 5_000);
        let sampled = loop {
            match told.recv().await.unwrap() {
                Told::Sampled(sampled) => break sampled,
                Told::Event(_) => {}
                other => panic!("{other:?}"),
            }
        };
        assert!(sampled.missed > 3_000, "{sampled:?}");
        push(&feed, 5_000);
        tokio::time::sleep(Duration::from_secs(1)).await;
        push(&feed, 5_000);
        assert_eq!(passing.await.unwrap(), Ended::Stalled);
    }

    #[tokio::test]
    async fn a_reader_that_leaves_ends_it_and_is_counted_no_longer() {
        let feed = Feed::default();
        let (told, passing, _) = viewer(&feed);
        drop(told);
        assert_eq!(passing.await.unwrap(), Ended::Left);
    }
}
