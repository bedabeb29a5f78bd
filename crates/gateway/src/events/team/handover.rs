//! A worker went: its clients, and the events that it was not sent, go to the others of its team.
//!
//! A client whose `connected` or `adopted` was not sent is as new to the next worker as it was to the last, and its events are simply
//! handed on. Every other one is adopted by the next worker before anything else is told of it; with the uid that it has by now, so
//! that a `bound` that waits for it has been told thereby.

use std::collections::HashSet;

use gatepipe_proto::{ClientId, v1};
use hashbrown::HashMap;

use super::{Key, Member, Team};
use crate::events::queue::Waiting;
use crate::events::told::Told;
use crate::events::worker::Worker;

impl Team {
    /// Hands over what `gone` had; there are other workers.
    pub(super) fn hand_over(&mut self, key: Key, gone: Worker) {
        let mut introduced = introduced_in(&gone);
        let departed = self.departed_in(&gone);
        self.reassign(key, &introduced);
        for (client, member) in departed.iter().filter(|(client, _)| !introduced.contains(*client)) {
            if let Some(worker) = self.workers.get_mut(&member.worker) {
                worker.adopt(*client);
            }
        }
        self.hand_on(gone, &departed, &mut introduced);
        for (client, member) in &departed {
            if let Some(worker) = self.workers.get_mut(&member.worker) {
                worker.untold.remove(client);
            }
        }
    }

    /// Gives each client of the worker that went to the one that has the fewest.
    fn reassign(&mut self, from: Key, introduced: &HashSet<ClientId>) {
        let moving = self.members.iter().filter(|(_, member)| member.worker == from);
        let moving: Vec<_> = moving.map(|(client, _)| *client).collect();
        for client in moving {
            let Some(key) = self.least() else { return };
            let (Some(member), Some(worker)) = (self.members.get_mut(&client), self.workers.get_mut(&key))
            else {
                return;
            };
            member.worker = key;
            worker.clients += 1;
            if !introduced.contains(&client) {
                worker.adopt(client);
            }
        }
    }

    /// Clients that are gone already and whose `closed` waits, with the worker that is to hear of it.
    fn departed_in(&self, gone: &Worker) -> HashMap<ClientId, Member> {
        let mut workers = self.workers.keys().copied().cycle();
        let closes = gone.queue.iter().filter_map(|waiting| match waiting {
            Waiting::Event(client, Told::Closed { who, .. }) => Some((*client, who.clone())),
            _ => None,
        });
        closes.filter_map(|(client, who)| Some((client, Member { worker: workers.next()?, who }))).collect()
    }

    /// Hands on the events in their order.
    fn hand_on(
        &mut self,
        gone: Worker,
        departed: &HashMap<ClientId, Member>,
        introduced: &mut HashSet<ClientId>,
    ) {
        // What the worker that went was not told of its losses is told to whoever gets the event after them.
        let mut dropped = v1::Dropped::default();
        let Worker { queue, metrics, .. } = gone;
        for waiting in queue.into_waiting() {
            let (client, told) = match waiting {
                Waiting::Event(client, told) => (client, told),
                Waiting::Dropped(more) => {
                    add(&mut dropped, more);
                    continue;
                }
                Waiting::AdoptedAll => continue,
            };
            let member = self.members.get(&client).or_else(|| departed.get(&client));
            let Some((member, worker)) =
                member.and_then(|member| Some((member, self.workers.get_mut(&member.worker)?)))
            else {
                // Its `closed` was dropped before: nobody could be told who it was.
                metrics.events_dropped(told.as_dropped());
                add(&mut dropped, told.as_dropped());
                continue;
            };
            if dropped != v1::Dropped::default() {
                worker.note_dropped(std::mem::take(&mut dropped));
            }
            match told {
                told if told.introduces() => {
                    if !worker.introduce(client, told) {
                        introduced.remove(&client);
                    }
                }
                Told::Bound { .. } if !introduced.contains(&client) => {}
                Told::Message(_) if !worker.wants_messages => {}
                told => drop(worker.tell(client, &member.who, told)),
            }
        }
        if dropped != v1::Dropped::default()
            && let Some(worker) = self.workers.values_mut().next()
        {
            worker.note_dropped(dropped);
        }
    }
}

/// Clients whose `connected` or `adopted` waits.
fn introduced_in(gone: &Worker) -> HashSet<ClientId> {
    let waiting = gone.queue.iter().filter_map(|waiting| match waiting {
        Waiting::Event(client, told) if told.introduces() => Some(*client),
        _ => None,
    });
    waiting.collect()
}

fn add(dropped: &mut v1::Dropped, more: v1::Dropped) {
    dropped.messages += more.messages;
    dropped.others += more.others;
}
