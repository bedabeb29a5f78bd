//! Who rides for how long. Pure: what rides, and what a stop is, is not known here.

use std::collections::VecDeque;

/// A round of stops that never ends. Whatever gets on gets off after one whole round, having been at every stop once.
#[derive(Debug)]
pub(super) struct Ring<T> {
    stops: usize,
    position: usize,
    /// In the order they got on, so that the first of them is the first to get off; with the stops still before each.
    aboard: VecDeque<(T, usize)>,
}

impl<T> Ring<T> {
    /// A round of so many stops, at least one.
    pub(super) fn new(stops: usize) -> Self {
        Self { stops, position: 0, aboard: VecDeque::new() }
    }

    /// Gets on, for the stop at hand and those that follow.
    pub(super) fn board(&mut self, passenger: T) {
        self.aboard.push_back((passenger, self.stops));
    }

    pub(super) fn is_empty(&self) -> bool {
        self.aboard.is_empty()
    }

    /// The stop at hand.
    pub(super) fn position(&self) -> usize {
        self.position
    }

    /// Everything that is aboard, in the order it got on. None of it has been at the stop at hand.
    pub(super) fn aboard(&self) -> impl Iterator<Item = &T> {
        self.aboard.iter().map(|(passenger, _)| passenger)
    }

    /// The same, to be changed.
    pub(super) fn aboard_mut(&mut self) -> impl Iterator<Item = &mut T> {
        self.aboard.iter_mut().map(|(passenger, _)| passenger)
    }

    /// Goes on to the next stop. Gives what has come round.
    pub(super) fn advance(&mut self) -> Vec<T> {
        self.position = (self.position + 1) % self.stops;
        for (_, left) in &mut self.aboard {
            *left -= 1;
        }
        let through = self.aboard.iter().take_while(|(_, left)| *left == 0).count();
        self.aboard.drain(..through).map(|(passenger, _)| passenger).collect()
    }
}
