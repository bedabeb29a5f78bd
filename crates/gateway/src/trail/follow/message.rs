//! The steps of one message, as one follower is told of them.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Instant;

use gatepipe_proto::v1::client_step::Fate as WireFate;
use gatepipe_proto::v1::follow_step::Step;
use gatepipe_proto::v1::lost::Why;
use gatepipe_proto::{ClientId, CloseCode, Code, Uid, mark, v1};
use parking_lot::Mutex;

use super::{Coming, Follower, SentTo};
use crate::client::CLOSED_WITHOUT_A_WORD;
use crate::clock;
use crate::trail::{Fate, Lost, Witness};

/// Clients of one message that are told one by one.
const TOLD: usize = 64;

#[derive(Debug)]
pub(super) struct Followed {
    follower: Arc<Follower>,
    began: Instant,
    came: v1::Came,
    /// Locked while a step is put into the queue, so that they stand there as they happened.
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// The message's number; `None`: it has not reached a client of the uid, and does not name it.
    number: Option<u64>,
    clients: u64,
    taken: u64,
    told: HashSet<ClientId>,
}

impl Followed {
    /// A command that names the uid has come at once; another has when it reaches the first client of the uid.
    pub(super) fn new(follower: Arc<Follower>, coming: Coming<'_>) -> Self {
        let sent_to = match coming.sent_to {
            SentTo::Uids(_) => v1::SentTo::Uids,
            SentTo::Clients => v1::SentTo::Clients,
            SentTo::Groups => v1::SentTo::Groups,
            SentTo::All => v1::SentTo::All,
        };
        let body = coming.message.and_then(|message| message.body.as_ref());
        let mark = body.map_or(0, |body| mark(follower.key, body));
        let came = v1::Came { sent_to: sent_to.into(), mark };
        let followed = Self { follower, began: coming.began, came, state: Mutex::default() };
        if sent_to == v1::SentTo::Uids {
            followed.number(&mut followed.state.lock());
        }
        followed
    }

    fn number(&self, state: &mut State) -> u64 {
        *state.number.get_or_insert_with(|| {
            let number = self.follower.messages.fetch_add(1, Relaxed) + 1;
            self.push(number, Step::Came(self.came));
            number
        })
    }

    fn push(&self, message: u64, step: Step) {
        let after = clock::instant().saturating_duration_since(self.began);
        let after_us = u64::try_from(after.as_micros()).unwrap_or(u64::MAX);
        self.follower.queue.push(v1::FollowStep { message, after_us, missed: 0, step: Some(step) });
    }

    fn tell(&self, number: u64, client: ClientId, fate: Fate) {
        let step = v1::ClientStep { client_id: client.to_string(), fate: Some(told(fate)) };
        self.push(number, Step::Client(step));
    }
}

impl Witness for Followed {
    fn cares_for(&self, uid: Option<&Uid>) -> bool {
        uid == Some(&self.follower.uid)
    }

    fn offered(&self, client: ClientId, fate: Fate) {
        let mut state = self.state.lock();
        let number = self.number(&mut state);
        state.clients += 1;
        state.taken += u64::from(matches!(fate, Fate::Written | Fate::Waits { .. }));
        if state.told.len() < TOLD {
            state.told.insert(client);
            self.tell(number, client, fate);
        }
    }

    fn settled(&self, client: ClientId, fate: Fate) {
        let state = self.state.lock();
        if let Some(number) = state.number
            && state.told.contains(&client)
        {
            self.tell(number, client, fate);
        }
    }

    fn refused(&self, code: Code, text: &str) {
        if let Some(number) = self.state.lock().number {
            let refused = v1::Refused { code: code.number(), error: text.to_owned() };
            self.push(number, Step::Refused(refused));
        }
    }

    fn ended(&self) {
        let state = self.state.lock();
        if let Some(number) = state.number {
            let untold = state.clients - state.told.len() as u64;
            let offered = v1::Offered { clients: state.clients, taken: state.taken, untold };
            self.push(number, Step::Offered(offered));
        }
    }
}

fn told(fate: Fate) -> WireFate {
    let lost = |why: Why, code| WireFate::Lost(v1::Lost { why: why.into(), code: u32::from(code) });
    match fate {
        Fate::Written => WireFate::Written(v1::Written {}),
        Fate::Waits { behind } => WireFate::Waits(v1::Waits { behind_bytes: behind as u64 }),
        Fate::Lost(Lost::TooSlow) => lost(Why::TooSlow, CloseCode::SLOW_CONSUMER.number()),
        Fate::Lost(Lost::Broken) => lost(Why::Broken, CLOSED_WITHOUT_A_WORD),
        Fate::Lost(Lost::Closed(code)) => lost(Why::Closed, code),
        Fate::Excluded => WireFate::Excluded(v1::Excluded {}),
    }
}
