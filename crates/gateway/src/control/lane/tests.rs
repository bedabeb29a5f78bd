//! The ring and the batches against a plain model, without sockets.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use gatepipe_proto::{ClientId, GatewayId};
use proptest::prelude::*;

use super::batch::{Batch, Post};
use super::ring::Ring;
use crate::encode::{self, Frame};

/// What happens between two stops.
#[derive(Debug, Clone)]
enum Step {
    Enter {
        stop: usize,
    },
    Leave {
        client: usize,
    },
    /// Takes no more, as one that is being closed.
    End {
        client: usize,
    },
    /// With a payload of so many bytes, to all but some.
    Broadcast {
        bytes: usize,
        exclude: Vec<usize>,
    },
    Stop,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        2 => (0..8_usize).prop_map(|stop| Step::Enter { stop }),
        1 => (0..40_usize).prop_map(|client| Step::Leave { client }),
        1 => (0..40_usize).prop_map(|client| Step::End { client }),
        3 => (0..2000_usize, prop::collection::vec(0..40_usize, 0..3))
            .prop_map(|(bytes, exclude)| Step::Broadcast { bytes, exclude }),
        4 => Just(Step::Stop),
    ]
}

struct Person {
    id: ClientId,
    stop: usize,
    is_here: bool,
    takes: bool,
    /// How many broadcasts had begun when it entered.
    entered_at: usize,
    /// Numbers of the broadcasts it took, by the write they came in.
    writes: Vec<Vec<usize>>,
}

struct Sent {
    /// Those who were there when it began and are to have it, unless they leave or end.
    expected: Vec<usize>,
    excluded: HashSet<ClientId>,
    reached: Option<usize>,
}

/// Drives the real ring and batches over people without sockets.
struct Street {
    ring: Ring<(usize, Post, usize)>,
    most: usize,
    people: Vec<Person>,
    sent: Vec<Sent>,
    number_of: HashMap<Frame, usize>,
}

impl Street {
    fn new(stops: usize, most: usize) -> Self {
        Self { ring: Ring::new(stops), most, people: vec![], sent: vec![], number_of: HashMap::new() }
    }

    fn step(&mut self, step: Step, stops: usize) {
        match step {
            Step::Enter { stop } => self.people.push(Person {
                id: ClientId::random(GatewayId::random()),
                stop: stop % stops,
                is_here: true,
                takes: true,
                entered_at: self.sent.len(),
                writes: vec![],
            }),
            Step::Leave { client } => self.person(client, |person| person.is_here = false),
            Step::End { client } => self.person(client, |person| person.takes = false),
            Step::Broadcast { bytes, exclude } => self.broadcast(bytes, &exclude),
            Step::Stop => self.stop(),
        }
    }

    fn person(&mut self, number: usize, change: impl FnOnce(&mut Person)) {
        if let Some(person) = self.people.get_mut(number) {
            change(person);
        }
    }

    fn broadcast(&mut self, bytes: usize, exclude: &[usize]) {
        let number = self.sent.len();
        let excluded: HashSet<_> = exclude.iter().filter_map(|&who| Some(self.people.get(who)?.id)).collect();
        let frame = encode::text(&format!("{number} {}", "x".repeat(bytes)));
        self.number_of.insert(frame.clone(), number);
        let expected = (0..self.people.len()).filter(|&who| {
            let person = &self.people[who];
            person.is_here && person.takes && !excluded.contains(&person.id)
        });
        self.sent.push(Sent { expected: expected.collect(), excluded: excluded.clone(), reached: None });
        self.ring.board((number, Post { frame, exclude: Arc::new(excluded), trail: None }, 0));
    }

    fn stop(&mut self) {
        let mut batch = Batch::new(self.ring.aboard().map(|(_, post, _)| post), self.most);
        let stop = self.ring.position();
        for person in self.people.iter_mut().filter(|person| person.is_here && person.stop == stop) {
            batch.offer_to(
                &person.id,
                |_| None,
                |joined, frames, _| {
                    assert_eq!(joined[..], frames.concat()[..]);
                    assert!(frames.len() == 1 || joined.len() <= self.most, "joined past the bound");
                    if person.takes {
                        person.writes.push(frames.iter().map(|frame| self.number_of[frame]).collect());
                    }
                    person.takes
                },
            );
        }
        for ((_, _, sum), reached) in self.ring.aboard_mut().zip(batch.take_reached()) {
            *sum += reached;
        }
        for (number, _, reached) in self.ring.advance() {
            assert_eq!(self.sent[number].reached.replace(reached), None, "it came round twice");
        }
    }
}

proptest! {
    #[test]
    fn everybody_gets_everything_once_and_in_order(
        stops in 1..8_usize,
        most in 100..5000_usize,
        steps in prop::collection::vec(step(), 0..120),
    ) {
        let mut street = Street::new(stops, most);
        for step in steps {
            street.step(step, stops);
        }
        for _ in 0..stops {
            street.stop();
        }
        prop_assert!(street.ring.is_empty());
        let mut reached = vec![0; street.sent.len()];
        for person in &street.people {
            let got: Vec<usize> = person.writes.concat();
            prop_assert!(got.is_sorted_by(|one, next| one < next), "{got:?} out of order");
            for &number in &got {
                reached[number] += 1;
                prop_assert!(!street.sent[number].excluded.contains(&person.id));
            }
            // What began after it came, and nothing was excluded, is there without a gap if it stayed.
            if person.is_here && person.takes {
                let all = (person.entered_at..street.sent.len())
                    .filter(|&number| !street.sent[number].excluded.contains(&person.id));
                prop_assert!(all.into_iter().all(|number| got.contains(&number)));
            }
        }
        for (number, sent) in street.sent.iter().enumerate() {
            prop_assert_eq!(sent.reached, Some(reached[number]));
            for &who in &sent.expected {
                let person = &street.people[who];
                let got = person.writes.concat().contains(&number);
                prop_assert!(got || !person.is_here || !person.takes);
            }
        }
    }
}

#[test]
fn what_is_aboard_together_leaves_in_one_write() {
    let mut street = Street::new(2, 1 << 20);
    street.step(Step::Enter { stop: 0 }, 2);
    street.step(Step::Enter { stop: 1 }, 2);
    for _ in 0..3 {
        street.broadcast(10, &[]);
    }
    street.stop();
    // Gets on between two stops, and is the first thing that the first person hears in the next round.
    street.broadcast(10, &[]);
    street.stop();
    assert_eq!(
        street.sent.iter().map(|sent| sent.reached).collect::<Vec<_>>(),
        [Some(2), Some(2), Some(2), None]
    );
    street.stop();
    assert_eq!(street.people[0].writes, [vec![0, 1, 2], vec![3]]);
    assert_eq!(street.people[1].writes, [vec![0, 1, 2, 3]]);
    assert_eq!(street.sent[3].reached, Some(2));
}

#[test]
fn frames_are_joined_up_to_the_bound_and_large_ones_go_alone() {
    let post = |bytes: usize, exclude: &[ClientId]| Post {
        frame: encode::text(&"x".repeat(bytes)),
        exclude: Arc::new(exclude.iter().copied().collect()),
        trail: None,
    };
    let [ana, ben] = [(); 2].map(|()| ClientId::random(GatewayId::random()));
    let posts = [
        post(40_000, &[]),
        post(20_000, &[]),
        post(70_000, &[]),
        post(10, &[ana]),
        post(20, &[]),
        post(30, &[]),
    ];
    let mut batch = Batch::new(posts.iter(), 1 << 20);
    let mut writes = |client: ClientId| {
        let mut writes = Vec::new();
        batch.offer_to(
            &client,
            |_| None,
            |_, frames, _| {
                writes.push(frames.iter().map(|frame| frame.len()).collect::<Vec<_>>());
                true
            },
        );
        writes
    };
    let (large, huge) = (vec![40_004, 20_004], vec![70_010]);
    // Whoever is left out gets the rest one by one.
    assert_eq!(writes(ana), [large.clone(), huge.clone(), vec![22], vec![32]]);
    assert_eq!(writes(ben), [large, huge, vec![12, 22, 32]]);
    assert_eq!(batch.take_reached().collect::<Vec<_>>(), [2, 2, 2, 1, 2, 2]);
    assert_eq!(batch.take_reached().sum::<usize>(), 0);
}
