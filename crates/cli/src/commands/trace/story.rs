//! What is known of one message so far. Pure.

use std::collections::BTreeMap;
use std::time::Duration;

use gatepipe_client::{
    Answer, ClientId, Fate, FollowStep, Followed, FollowedGateway, GatewayId, GatewayStatus, SentTo, Uid,
};

use super::sending::{Pushed, Sent};
use super::step::Step;
use crate::exit::Exit;

/// One message, as all gateways together tell of it.
#[derive(Debug)]
pub struct Story {
    pub(super) uid: Uid,
    /// We send it ourselves; else it is somebody's.
    pub(super) is_ours: bool,
    pub(super) sending: Option<Sending>,
    pub(super) gateways: BTreeMap<GatewayId, Gateway>,
}

/// What is known of sending it.
#[derive(Debug)]
pub(super) enum Sending {
    /// These should hear of it, and these did not.
    ToGateways {
        reached: u64,
        asked: Vec<GatewayId>,
        failed: Vec<GatewayId>,
    },
    ThroughApi {
        reached: u64,
        failed: usize,
    },
    Refused {
        line: String,
        exit: Exit,
    },
}

/// A member, when it began or since it joined.
#[derive(Debug, Default)]
pub(super) struct Gateway {
    /// Clients of the user, then; `None`: it is not followed.
    pub(super) clients: Option<u64>,
    has_joined: bool,
    pub(super) is_told_no_more: bool,
    /// What it tells of the message; `None`: it has not come there.
    pub(super) message: Option<Message>,
    /// Steps that were not told.
    pub(super) missed: u64,
}

/// The message on one gateway.
#[derive(Debug)]
pub(super) struct Message {
    number: u64,
    pub(super) clients: BTreeMap<ClientId, Told>,
    pub(super) offered: Option<Offered>,
    pub(super) refused: Option<String>,
}

#[derive(Debug, Clone, Copy)]
pub(super) struct Offered {
    pub(super) taken: u64,
    pub(super) untold: u64,
}

/// What one client made of it, and when it began to wait, if it did.
#[derive(Debug, Clone, Copy)]
pub(super) struct Told {
    pub(super) fate: Fate,
    waits_since: Option<Duration>,
}

impl Told {
    /// Whether its socket or outbox took it at first.
    pub(super) fn was_taken(&self) -> bool {
        self.fate == Fate::Written || self.waits_since.is_some()
    }
}

impl Story {
    pub fn new(
        uid: &Uid,
        is_ours: bool,
        members: &[GatewayStatus],
        followed: &Answer<BTreeMap<GatewayId, FollowedGateway>>,
    ) -> Self {
        let gateway = |member: &GatewayStatus| {
            let clients = followed.value.get(&member.gateway_id).map(|gateway| gateway.clients);
            (member.gateway_id, Gateway { clients, ..Gateway::default() })
        };
        let gateways = members.iter().map(gateway).collect();
        Self { uid: uid.clone(), is_ours, sending: None, gateways }
    }

    /// Whether it has come to any gateway.
    pub fn has_come(&self) -> bool {
        self.gateways.values().any(|gateway| gateway.message.is_some())
    }

    /// Takes in what became of sending it.
    pub fn sent(&mut self, sent: Sent) -> Vec<Step> {
        let (sending, steps) = match sent {
            Sent::ToGateways { reached, asked, failed } => {
                let told = failed.iter().map(Step::failed).collect();
                // One that has joined may have come too late for that.
                let not_asked =
                    self.gateways.iter().filter(|(id, gateway)| !gateway.has_joined && !asked.contains(id));
                let not_asked = not_asked.map(|(id, _)| Step::NotAsked { gateway: id.to_string() });
                let steps = [Step::Sent { reached, failed: told }].into_iter().chain(not_asked).collect();
                let failed = failed.into_iter().map(|failure| failure.gateway).collect();
                (Sending::ToGateways { reached, asked, failed }, steps)
            }
            Sent::ThroughApi(Pushed { reached, failed }) => {
                let sending = Sending::ThroughApi { reached, failed: failed.len() };
                (
                    sending,
                    vec![Step::Api { status: Some(200), reached: Some(reached), failed, refused: None }],
                )
            }
            Sent::Refused { status, failure } => {
                let line = failure.to_string();
                let refused = Some(line.clone());
                let steps = vec![Step::Api { status, reached: None, failed: Vec::new(), refused }];
                (Sending::Refused { line, exit: failure.exit() }, steps)
            }
        };
        self.sending = Some(sending);
        steps
    }

    /// Takes in what a gateway tells; gives what there is to tell of it. Messages with another mark are others.
    pub fn followed(&mut self, mark: Option<u64>, followed: &Followed) -> Option<Step> {
        let Followed { gateway: id, message: number, after, missed, ref step } = *followed;
        let gateway = self.gateways.entry(id).or_default();
        let name = || id.to_string();
        gateway.missed += missed;
        match step {
            FollowStep::Joined(FollowedGateway { clients, .. }) => {
                // What it told before it went stays, and it tells no more of that.
                if gateway.message.is_none() {
                    *gateway = Gateway { clients: Some(*clients), has_joined: true, ..Gateway::default() };
                }
                return Some(Step::Joined { gateway: name(), clients: *clients });
            }
            FollowStep::Ended(reason) => {
                gateway.is_told_no_more = true;
                let (gateway, reason, is_followed) = (name(), reason.to_string(), gateway.clients.is_some());
                return Some(if is_followed {
                    Step::Ended { gateway, reason }
                } else {
                    Step::NotFollowed { gateway, reason }
                });
            }
            FollowStep::Nothing => {
                return (missed > 0).then(|| Step::Missed { gateway: name(), steps: missed });
            }
            FollowStep::Came { sent_to, mark: came } if Some(*came) == mark && gateway.message.is_none() => {
                gateway.message =
                    Some(Message { number, clients: BTreeMap::new(), offered: None, refused: None });
                return Some(Step::Came { gateway: name(), sent_to: named(*sent_to) });
            }
            _ => {}
        }
        let message = gateway.message.as_mut().filter(|message| message.number == number)?;
        match step {
            FollowStep::Client { client, fate } => {
                let before = message.clients.get(client).and_then(|told| told.waits_since);
                let waits_since = if matches!(fate, Fate::Waits { .. }) { Some(after) } else { before };
                message.clients.insert(*client, Told { fate: *fate, waits_since });
                let waited = before.map(|since| after.saturating_sub(since));
                Some(client_step(name(), client.to_string(), *fate, waited))
            }
            FollowStep::Offered { clients, taken, untold } => {
                let (clients, taken, untold) = (*clients, *taken, *untold);
                message.offered = Some(Offered { taken, untold });
                let is_refused = message.refused.is_some();
                (!is_refused).then(|| Step::Offered { gateway: name(), clients, taken, untold })
            }
            FollowStep::Refused { text, .. } => {
                message.refused = Some(text.clone());
                Some(Step::Refused { gateway: name(), reason: text.clone() })
            }
            FollowStep::Came { .. } | FollowStep::Nothing | FollowStep::Joined(_) | FollowStep::Ended(_) => {
                None
            }
        }
    }

    /// Whether there is nothing more to wait for. `is_spread`: gateways that it has not come to will not get it.
    pub fn is_over(&self, is_spread: bool) -> bool {
        if matches!(self.sending, Some(Sending::Refused { .. })) {
            return true;
        }
        let is_sent = if self.is_ours { self.sending.is_some() } else { self.has_come() };
        let is_told = |gateway: &Gateway| {
            gateway.is_told_no_more || gateway.message.as_ref().is_none_or(Message::is_over)
        };
        let is_rest_unheard = || is_spread || self.is_deaf() || !self.is_expected_elsewhere();
        is_sent && self.gateways.values().all(is_told) && is_rest_unheard()
    }

    /// Whether no gateway tells anything any more.
    fn is_deaf(&self) -> bool {
        self.gateways.values().all(|gateway| gateway.clients.is_none() || gateway.is_told_no_more)
    }

    /// Whether a gateway may still tell that it has come.
    fn is_expected_elsewhere(&self) -> bool {
        let mut silent = self.gateways.iter().filter(|(_, gateway)| {
            gateway.message.is_none() && gateway.clients.is_some() && !gateway.is_told_no_more
        });
        match &self.sending {
            Some(Sending::ToGateways { asked, failed, .. }) => {
                silent.any(|(gateway, _)| asked.contains(gateway) && !failed.contains(gateway))
            }
            Some(Sending::ThroughApi { reached, .. }) => {
                *reached > self.taken() || (!self.has_come() && silent.next().is_some())
            }
            Some(Sending::Refused { .. }) | None => silent.next().is_some(),
        }
    }

    /// Clients whose socket or outbox took it, as gateways tell.
    fn taken(&self) -> u64 {
        let offered = self.gateways.values().filter_map(|gateway| gateway.message.as_ref()?.offered);
        offered.map(|offered| offered.taken).sum()
    }
}

impl Message {
    /// Whether its gateway has still to say whom it offered it to.
    pub(super) fn is_half_told(&self) -> bool {
        self.offered.is_none() && self.refused.is_none()
    }

    fn is_over(&self) -> bool {
        let waits = |told: &Told| matches!(told.fate, Fate::Waits { .. });
        self.refused.is_some() || self.offered.is_some() && !self.clients.values().any(waits)
    }
}

/// What there is to tell before anything has come.
pub fn beginning(followed: &Answer<BTreeMap<GatewayId, FollowedGateway>>) -> Vec<Step> {
    let heard = followed.value.iter().map(|(gateway, FollowedGateway { clients, .. })| Step::Following {
        gateway: gateway.to_string(),
        clients: *clients,
    });
    let failed = followed.failed.iter().map(|failure| Step::NotFollowed {
        gateway: failure.gateway.to_string(),
        reason: failure.reason.to_string(),
    });
    heard.chain(failed).collect()
}

fn client_step(gateway: String, client_id: String, fate: Fate, waited: Option<Duration>) -> Step {
    let (why, code) = match fate {
        Fate::Written => {
            let waited_ms = waited.map(|waited| (waited.as_secs_f64() * 10_000.0).round() / 10.0);
            return Step::Written { gateway, client_id, waited_ms };
        }
        Fate::Waits { behind_bytes } => return Step::Waits { gateway, client_id, behind_bytes },
        Fate::Excluded => return Step::Excluded { gateway, client_id },
        Fate::TooSlow => ("it reads too slowly", 4102),
        Fate::Broken => ("its socket is broken", 1006),
        Fate::Closed(code) => ("it was closed before", code),
    };
    Step::Lost { gateway, client_id, why, code }
}

fn named(sent_to: SentTo) -> &'static str {
    match sent_to {
        SentTo::Uids => "uids",
        SentTo::Clients => "clients",
        SentTo::Groups => "groups",
        SentTo::All => "all",
        SentTo::Unknown => "unknown",
    }
}
