//! Everybody in the order of their sockets' numbers, for whoever goes round all of them.
//!
//! The kernel gives the lowest free number and keeps what it knows of a socket in that order, so going round in it is a tenth
//! cheaper than in any other. Whoever is on the roll keeps the socket open, so a number is there once.

use std::sync::Arc;

use parking_lot::Mutex;

/// Parts of the roll. Each has blocks of neighbours from all over it, so that they are about equally long.
pub(crate) const STOPS: usize = 64;
/// Neighbours that stay together.
const BLOCK: usize = 256;

/// See the head of this file.
#[derive(Debug)]
pub(super) struct Roll<T> {
    stops: [Mutex<Vec<Block<T>>>; STOPS],
}

#[derive(Debug)]
struct Block<T> {
    /// Empty when nobody is there, so that its memory is given back.
    slots: Vec<Option<Arc<T>>>,
    taken: usize,
}

struct Spot {
    stop: usize,
    block: usize,
    slot: usize,
}

fn spot(number: usize) -> Spot {
    let block = number / BLOCK;
    Spot { stop: block % STOPS, block: block / STOPS, slot: number % BLOCK }
}

impl<T> Roll<T> {
    pub(super) fn new() -> Self {
        Self { stops: std::array::from_fn(|_| Mutex::default()) }
    }

    /// Puts somebody on the roll. The number is free.
    pub(super) fn enter(&self, number: usize, who: Arc<T>) {
        let Spot { stop, block, slot } = spot(number);
        let mut blocks = self.stops[stop].lock();
        if blocks.len() <= block {
            blocks.resize_with(block + 1, || Block { slots: Vec::new(), taken: 0 });
        }
        let block = &mut blocks[block];
        if block.slots.is_empty() {
            block.slots.resize_with(BLOCK, || None);
        }
        if block.slots[slot].replace(who).is_none() {
            block.taken += 1;
        }
    }

    /// Takes whoever has this number off the roll.
    pub(super) fn leave(&self, number: usize) {
        let Spot { stop, block, slot } = spot(number);
        let mut blocks = self.stops[stop].lock();
        let Some(block) = blocks.get_mut(block) else {
            return;
        };
        // Dropped when the lock is not held any more: it may be the last handle.
        let left = block.slots.get_mut(slot).and_then(Option::take);
        if left.is_some() {
            block.taken -= 1;
            if block.taken == 0 {
                block.slots = Vec::new();
            }
        }
        drop(blocks);
        drop(left);
    }

    /// Adds the next of one stop to `into`, at most `most`, beginning at `from`: 0, or what the last call gave. `None` when there are
    /// no more. Whoever is there all the while is given once in one round of calls, whoever else comes or goes. `look` sees each before
    /// the first is copied.
    pub(super) fn copy(
        &self,
        stop: usize,
        from: usize,
        most: usize,
        look: impl Fn(&Arc<T>),
        into: &mut Vec<Arc<T>>,
    ) -> Option<usize> {
        let blocks = self.stops[stop].lock();
        let (mut block, mut slot) = (from / BLOCK, from % BLOCK);
        let mut room = most;
        while let Some(slots) = blocks.get(block).map(|block| &block.slots) {
            let rest = slots.get(slot..).unwrap_or_default();
            rest.iter().take(room).flatten().for_each(&look);
            for (position, who) in rest.iter().enumerate() {
                let Some(who) = who else {
                    continue;
                };
                if room == 0 {
                    return Some(block * BLOCK + slot + position);
                }
                into.push(who.clone());
                room -= 1;
            }
            block += 1;
            slot = 0;
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    fn everybody(roll: &Roll<usize>, most: usize) -> Vec<usize> {
        let mut all = Vec::new();
        for stop in 0..STOPS {
            let mut next = Some(0);
            while let Some(from) = next {
                let mut part = Vec::new();
                next = roll.copy(stop, from, most, |_| {}, &mut part);
                assert!(part.len() <= most);
                all.extend(part.iter().map(|who| **who));
            }
        }
        all
    }

    proptest! {
        #[test]
        fn everybody_is_given_once(
            steps in prop::collection::vec((any::<bool>(), 0..60_000_usize), 0..300),
            most in 1..300_usize,
        ) {
            let roll = Roll::new();
            let mut model = BTreeSet::new();
            for (enters, number) in steps {
                if enters && model.insert(number) {
                    roll.enter(number, Arc::new(number));
                } else if !enters {
                    let next = model.range(number..).next().copied().unwrap_or(number);
                    model.remove(&next);
                    roll.leave(next);
                }
            }
            let mut given = everybody(&roll, most);
            given.sort_unstable();
            prop_assert_eq!(given, model.into_iter().collect::<Vec<_>>());
        }
    }

    #[test]
    fn neighbours_come_together_and_in_order() {
        let roll = Roll::new();
        (0..BLOCK * STOPS * 2).for_each(|number| roll.enter(number, Arc::new(number)));
        let mut first = Vec::new();
        let next = roll.copy(3, 0, BLOCK, |_| {}, &mut first);
        assert!(first.iter().map(|who| **who).eq(3 * BLOCK..4 * BLOCK));
        let mut second = Vec::new();
        assert_eq!(roll.copy(3, next.unwrap(), BLOCK * 2, |_| {}, &mut second), None);
        assert!(second.iter().map(|who| **who).eq((STOPS + 3) * BLOCK..(STOPS + 4) * BLOCK));
    }

    #[test]
    fn those_who_stay_are_given_once_while_others_come_and_go() {
        let roll = Roll::new();
        (0..BLOCK).step_by(2).for_each(|number| roll.enter(number, Arc::new(number)));
        let mut given = Vec::new();
        let mut next = Some(0);
        let mut others = 0;
        while let Some(from) = next {
            next = roll.copy(0, from, 5, |_| {}, &mut given);
            roll.enter(BLOCK - 1 - 2 * others, Arc::new(BLOCK));
            roll.enter(2 * others + 1, Arc::new(BLOCK));
            others += 1;
        }
        let stayed = given.iter().map(|who| **who).filter(|number| *number < BLOCK);
        assert!(stayed.eq((0..BLOCK).step_by(2)));
    }

    #[test]
    fn memory_of_those_who_left_is_given_back() {
        let roll = Roll::new();
        let ana = Arc::new(());
        roll.enter(7, ana.clone());
        roll.leave(7);
        roll.leave(7);
        assert_eq!(Arc::strong_count(&ana), 1);
        assert!(roll.stops[0].lock()[0].slots.is_empty());
    }
}
