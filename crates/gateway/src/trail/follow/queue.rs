//! The steps on their way to one follower: bounded, and what does not fit is told as a number.

use std::collections::VecDeque;
use std::mem::take;
use std::sync::Arc;

use gatepipe_proto::v1;
use parking_lot::Mutex;
use tokio::sync::Notify;

use crate::metrics::Metrics;

/// Steps that wait for one follower: some messages to as many clients as are told of.
const STEPS: usize = 1024;

/// Read by one; whoever has something to tell never waits.
#[derive(Debug)]
pub(super) struct Queue {
    state: Mutex<State>,
    news: Notify,
    metrics: Arc<Metrics>,
}

#[derive(Debug, Default)]
struct State {
    steps: VecDeque<v1::FollowStep>,
    /// Left out since the last one in `steps`.
    missed: u64,
}

impl Queue {
    pub(super) fn new(metrics: Arc<Metrics>) -> Self {
        Self { state: Mutex::default(), news: Notify::new(), metrics }
    }

    pub(super) fn push(&self, mut step: v1::FollowStep) {
        let mut state = self.state.lock();
        if state.steps.len() >= STEPS {
            state.missed += 1;
            self.metrics.follow_steps_missed.inc();
            return;
        }
        step.missed = take(&mut state.missed);
        state.steps.push_back(step);
        drop(state);
        self.news.notify_one();
    }

    /// The next step; dropping the future loses nothing.
    pub(super) async fn next(&self) -> v1::FollowStep {
        loop {
            if let Some(step) = self.state.lock().next() {
                return step;
            }
            self.news.notified().await;
        }
    }
}

impl State {
    fn next(&mut self) -> Option<v1::FollowStep> {
        let untold = |missed| v1::FollowStep { missed, ..v1::FollowStep::default() };
        let step = self.steps.pop_front();
        step.or_else(|| (self.missed > 0).then(|| untold(take(&mut self.missed))))
    }
}

#[cfg(test)]
mod tests {
    use prometheus_client::registry::Registry;

    use super::*;

    fn step(message: u64) -> v1::FollowStep {
        v1::FollowStep { message, ..v1::FollowStep::default() }
    }

    #[tokio::test]
    async fn what_does_not_fit_is_told_where_it_is_missing() {
        let queue = Queue::new(Metrics::register(&mut Registry::default()));
        for message in 0..STEPS as u64 + 3 {
            queue.push(step(message));
        }
        assert_eq!(queue.next().await, step(0));
        queue.push(step(5000));
        queue.push(step(5001));
        for message in 1..STEPS as u64 {
            assert_eq!(queue.next().await, step(message));
        }
        assert_eq!(queue.next().await, v1::FollowStep { missed: 3, ..step(5000) });
        // Nothing came after the second that was too much, so nothing else could tell it.
        assert_eq!(queue.next().await, v1::FollowStep { missed: 1, ..v1::FollowStep::default() });
        assert_eq!(queue.metrics.follow_steps_missed.get(), 4);
    }
}
