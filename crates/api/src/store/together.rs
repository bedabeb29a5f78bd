//! Questions that are asked at the same time are asked together.
//!
//! What a question costs is mostly the asking: a thread, a connection, a statement. So whoever asks puts the question in, and
//! one task takes what waits, reads once and answers all, until nobody waits any more. One read runs at a time; a single
//! question starts its read at once.
//!
//! The rule that nobody may break: *a question is answered only by a read that began after it was put in.* One that comes while
//! a read runs waits for the next. So what was committed before somebody asks is seen in the answer, exactly as if everybody
//! asked alone.

use std::collections::{HashMap, HashSet};
use std::hash::Hash;
use std::sync::Arc;

use futures_util::future::BoxFuture;
use parking_lot::Mutex;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};
use tracing::Instrument as _;

use super::StoreError;

/// Most questions that one read answers; the statements name each, and databases bound how many they take.
const AT_ONCE: usize = 500;

/// Most questions that wait; whoever comes after them waits for a place.
const PLACES: usize = 10_000;

type Answers<Q, A> = Result<HashMap<Q, A>, StoreError>;

/// Reads the answers to some questions from `S`; a question that it leaves out has the default answer.
type Read<S, Q, A> = fn(S, Vec<Q>) -> BoxFuture<'static, Answers<Q, A>>;

/// One kind of question. Cheap to clone; clones ask together.
pub(super) struct Together<S, Q, A>(Arc<Kind<S, Q, A>>);

struct Kind<S, Q, A> {
    read: Read<S, Q, A>,
    places: Arc<Semaphore>,
    state: Mutex<State<Q, A>>,
}

struct State<Q, A> {
    /// Whether a task is reading; it takes what waits before it ends.
    reading: bool,
    waiting: Vec<Waiting<Q, A>>,
}

struct Waiting<Q, A> {
    question: Q,
    answer: oneshot::Sender<Result<A, StoreError>>,
    _place: OwnedSemaphorePermit,
}

impl<S, Q, A> Clone for Together<S, Q, A> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<S, Q, A> Together<S, Q, A>
where
    S: Clone + Send + 'static,
    Q: Clone + Eq + Hash + Send + 'static,
    A: Clone + Default + Send + 'static,
{
    pub(super) fn new(read: Read<S, Q, A>) -> Self {
        Self(Arc::new(Kind {
            read,
            places: Arc::new(Semaphore::new(PLACES)),
            state: Mutex::new(State { reading: false, waiting: Vec::new() }),
        }))
    }

    /// The answer to `question`, read from `source` after this was called. May be dropped at any time.
    ///
    /// # Errors
    /// Whatever the read ended with, for all whose questions it had.
    pub(super) async fn ask(&self, source: &S, question: Q) -> Result<A, StoreError> {
        let no_answer = || StoreError::fault("a question to the database got no answer");
        let place = Arc::clone(&self.0.places).acquire_owned().await.map_err(|_| no_answer())?;
        let (answer, answered) = oneshot::channel();
        let first = {
            let mut state = self.0.state.lock();
            state.waiting.push(Waiting { question, answer, _place: place });
            !std::mem::replace(&mut state.reading, true)
        };
        if first {
            let reading = Reading { kind: Arc::clone(&self.0), over: false };
            tokio::spawn(reading.answer_all(source.clone()).in_current_span());
        }
        answered.await.unwrap_or_else(|_| Err(no_answer()))
    }
}

/// The one that reads. However it ends, a panic included, nobody waits for it and the next who asks reads.
struct Reading<S, Q, A> {
    kind: Arc<Kind<S, Q, A>>,
    /// It found nobody waiting and left; from then on another one may read.
    over: bool,
}

impl<S, Q, A> Reading<S, Q, A>
where
    S: Clone,
    Q: Clone + Eq + Hash,
    A: Clone + Default,
{
    async fn answer_all(mut self, source: S) {
        loop {
            // Whoever else is about to ask does it before the batch is taken.
            tokio::task::yield_now().await;
            let Some(batch) = self.take() else { return };
            let questions: HashSet<_> = batch.iter().map(|waiting| waiting.question.clone()).collect();
            let answers = (self.kind.read)(source.clone(), questions.into_iter().collect()).await;
            for Waiting { question, answer, _place } in batch {
                let own = match &answers {
                    Ok(answers) => Ok(answers.get(&question).cloned().unwrap_or_default()),
                    Err(error) => Err(error.clone()),
                };
                // Whoever went away does not hear it.
                drop(answer.send(own));
            }
        }
    }

    /// Those who have waited longest. `None` when nobody waits: then nobody reads from here on.
    fn take(&mut self) -> Option<Vec<Waiting<Q, A>>> {
        let mut state = self.kind.state.lock();
        state.waiting.retain(|waiting| !waiting.answer.is_closed());
        let many = state.waiting.len().min(AT_ONCE);
        match many {
            0 => {
                state.reading = false;
                self.over = true;
                None
            }
            _ => Some(state.waiting.drain(..many).collect()),
        }
    }
}

impl<S, Q, A> Drop for Reading<S, Q, A> {
    fn drop(&mut self) {
        if !self.over {
            let mut state = self.kind.state.lock();
            state.reading = false;
            let left = std::mem::take(&mut state.waiting);
            drop(state);
            drop(left);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering::SeqCst};
    use std::time::Duration;

    use futures_util::FutureExt as _;
    use futures_util::future::join_all;
    use tokio::sync::Notify;
    use tokio::time::timeout;

    use super::*;

    /// A database with one number in it.
    #[derive(Clone, Default)]
    struct Source(Arc<Inner>);

    #[derive(Default)]
    struct Inner {
        committed: AtomicU64,
        reads: AtomicUsize,
        questions: AtomicUsize,
        away: AtomicBool,
        breaks: AtomicBool,
        held: Mutex<Option<Arc<Notify>>>,
    }

    fn numbers() -> Together<Source, u64, u64> {
        Together::new(|source, questions| {
            async move {
                let inner = &source.0;
                inner.reads.fetch_add(1, SeqCst);
                inner.questions.fetch_add(questions.len(), SeqCst);
                let seen = inner.committed.load(SeqCst);
                let held = inner.held.lock().clone();
                match held {
                    Some(held) => held.notified().await,
                    None => tokio::task::yield_now().await,
                }
                assert!(!inner.breaks.load(SeqCst), "a fault of ours");
                if inner.away.load(SeqCst) {
                    return Err(StoreError::Unavailable("away".into()));
                }
                Ok(questions.into_iter().filter(|question| *question != 0).map(|q| (q, seen)).collect())
            }
            .boxed()
        })
    }

    #[tokio::test]
    async fn questions_that_wait_together_are_read_together_up_to_a_bound() {
        let (together, source) = (numbers(), Source::default());
        let mut asked = Vec::new();
        for question in 0..1_200 {
            // On this one thread nothing is read before all were put in.
            let ask = together.ask(&source, 1 + question % 400);
            let mut ask = Box::pin(tokio::task::unconstrained(ask));
            assert!(futures_util::poll!(&mut ask).is_pending());
            asked.push(ask);
        }
        let answers = timeout(Duration::from_secs(10), join_all(asked)).await.unwrap();
        assert!(answers.into_iter().all(|answer| answer.unwrap() == 0));
        assert_eq!(source.0.reads.load(SeqCst), 3);
        // 500, 500 and 200 of them, in which the same question stands once.
        assert_eq!(source.0.questions.load(SeqCst), 400 + 400 + 200);
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
    async fn nobody_is_answered_with_what_was_read_before_they_asked() {
        let (together, source) = (numbers(), Source::default());
        let people = (1..=32).map(|person| {
            let (together, source) = (together.clone(), source.clone());
            tokio::spawn(async move {
                for _ in 0..500 {
                    let before = source.0.committed.fetch_add(1, SeqCst) + 1;
                    let seen = together.ask(&source, person).await.unwrap();
                    assert!(seen >= before, "{seen} was read before {before} was committed");
                }
            })
        });
        for person in people.collect::<Vec<_>>() {
            timeout(Duration::from_secs(60), person).await.unwrap().unwrap();
        }
        assert!(source.0.reads.load(SeqCst) <= 16_000);
    }

    #[tokio::test]
    async fn an_error_is_told_to_all_who_waited_and_the_next_read_is_a_new_one() {
        let (together, source) = (numbers(), Source::default());
        source.0.away.store(true, SeqCst);
        for answer in join_all((1..=10).map(|question| together.ask(&source, question))).await {
            assert!(matches!(answer, Err(StoreError::Unavailable(reason)) if reason == "away"));
        }
        assert_eq!(source.0.reads.load(SeqCst), 1);
        source.0.away.store(false, SeqCst);
        source.0.committed.store(7, SeqCst);
        assert_eq!(together.ask(&source, 1).await.unwrap(), 7);
        assert_eq!(together.ask(&source, 0).await.unwrap(), 0, "left out: the default");
    }

    #[tokio::test]
    async fn a_read_that_panics_fails_those_it_had_and_nobody_else() {
        let (together, source) = (numbers(), Source::default());
        source.0.breaks.store(true, SeqCst);
        let broken = timeout(Duration::from_secs(10), together.ask(&source, 1)).await.unwrap();
        assert!(matches!(broken, Err(StoreError::Fault(_))), "{broken:?}");
        source.0.breaks.store(false, SeqCst);
        assert_eq!(timeout(Duration::from_secs(10), together.ask(&source, 1)).await.unwrap().unwrap(), 0);
    }

    #[tokio::test]
    async fn whoever_goes_away_leaves_no_place_taken_and_is_not_read_for() {
        let (together, source) = (numbers(), Source::default());
        let held = Arc::new(Notify::new());
        *source.0.held.lock() = Some(Arc::clone(&held));
        let mut first = std::pin::pin!(together.ask(&source, 1));
        assert!(futures_util::poll!(&mut first).is_pending());
        tokio::task::yield_now().await;
        {
            let mut gone = std::pin::pin!(join_all((2..100).map(|question| together.ask(&source, question))));
            assert!(futures_util::poll!(&mut gone).is_pending());
            assert_eq!(together.0.places.available_permits(), PLACES - 99);
        }
        held.notify_one();
        timeout(Duration::from_secs(10), first).await.unwrap().unwrap();
        assert_eq!(source.0.questions.load(SeqCst), 1);
        assert_eq!(together.0.places.available_permits(), PLACES);
    }
}
