//! What is told of a message, one line for each step.

use gatepipe_client::{Failure, GatewayStatus, RegisterStatus};
use serde::Serialize;

use super::sending::NotAsked;
use crate::fleet::Failed;

/// A step, with the name that it has in JSON.
#[derive(Debug, Clone, Serialize)]
#[serde(tag = "step", rename_all = "snake_case")]
pub enum Step {
    Register {
        url: String,
        connected: bool,
        trouble: Option<String>,
    },
    Gateway {
        gateway: String,
        address: String,
        draining: bool,
        connected: bool,
        trouble: Option<String>,
    },
    /// Messages are followed there from here on.
    Following {
        gateway: String,
        clients: u64,
    },
    NotFollowed {
        gateway: String,
        reason: String,
    },
    /// It has become a member meanwhile, and is followed from here on.
    Joined {
        gateway: String,
        clients: u64,
    },
    /// The gateways' receipts for the message that we sent.
    Sent {
        reached: u64,
        failed: Vec<Failed>,
    },
    /// It is known to hold nobody of the user.
    NotAsked {
        gateway: String,
    },
    Api {
        status: Option<u16>,
        reached: Option<u64>,
        failed: Vec<NotAsked>,
        refused: Option<String>,
    },
    Came {
        gateway: String,
        sent_to: &'static str,
    },
    Written {
        gateway: String,
        client_id: String,
        /// After it had to wait; null: at once.
        waited_ms: Option<f64>,
    },
    Waits {
        gateway: String,
        client_id: String,
        behind_bytes: u64,
    },
    Lost {
        gateway: String,
        client_id: String,
        why: &'static str,
        code: u16,
    },
    Excluded {
        gateway: String,
        client_id: String,
    },
    Offered {
        gateway: String,
        clients: u64,
        taken: u64,
        untold: u64,
    },
    Refused {
        gateway: String,
        reason: String,
    },
    Missed {
        gateway: String,
        steps: u64,
    },
    Ended {
        gateway: String,
        reason: String,
    },
    Verdict {
        text: String,
        exit: u8,
    },
}

impl Step {
    pub fn register(register: RegisterStatus) -> Self {
        let RegisterStatus { url, connected, trouble } = register;
        Self::Register { url, connected, trouble }
    }

    pub fn gateway(member: &GatewayStatus) -> Self {
        Self::Gateway {
            gateway: member.gateway_id.to_string(),
            address: member.address.clone(),
            draining: member.draining,
            connected: member.connected,
            trouble: member.trouble.clone(),
        }
    }

    /// A gateway that did not do its part, in the words of the HTTP api.
    pub fn failed(failure: &Failure) -> Failed {
        Failed { gateway: failure.gateway.to_string(), reason: failure.reason.to_string() }
    }

    /// For people, in one line.
    pub fn words(&self) -> String {
        match self {
            Self::Register { url, connected, trouble } => match (connected, trouble) {
                (true, _) => format!("register {url} answers"),
                (false, Some(why)) => format!("register {url} does not answer: {why}"),
                (false, None) => format!("register {url} has not answered yet"),
            },
            Self::Gateway { gateway, address, draining, connected, trouble } => {
                let draining = if *draining { ", and lets its clients go" } else { "" };
                match (connected, trouble) {
                    (true, _) => {
                        format!("gateway {gateway} ({address}) is a member, its pipe is open{draining}")
                    }
                    (false, Some(why)) => {
                        format!("gateway {gateway} ({address}) is a member, but its pipe is down: {why}")
                    }
                    (false, None) => format!(
                        "gateway {gateway} ({address}) is a member, its pipe is not open yet{draining}"
                    ),
                }
            }
            Self::Following { gateway, clients } => {
                format!("gateway {gateway} holds {}", counted(*clients, "client"))
            }
            Self::NotFollowed { gateway, reason } => {
                format!("gateway {gateway} cannot be followed: {reason}")
            }
            Self::Joined { gateway, clients } => {
                format!("gateway {gateway} joined, and holds {}", counted(*clients, "client"))
            }
            Self::Sent { reached, failed } => {
                format!(
                    "sent: {} took it{}",
                    counted(*reached, "client"),
                    failures(failed.iter().map(|failed| (Some(&failed.gateway), &failed.reason)))
                )
            }
            Self::NotAsked { gateway } => {
                format!("gateway {gateway} was not asked: it is known to hold no client of the user")
            }
            Self::Api { status, reached, failed, refused } => match (refused, reached) {
                (Some(refused), _) => format!("died at the api: {refused}"),
                (None, reached) => format!(
                    "the api took it{}: {} took it{}",
                    status.map(|status| format!(" ({status})")).unwrap_or_default(),
                    counted(reached.unwrap_or_default(), "client"),
                    failures(failed.iter().map(|failed| (failed.gateway.as_ref(), &failed.reason)))
                ),
            },
            Self::Came { gateway, sent_to } => {
                let whom = match *sent_to {
                    "uids" => "the user",
                    "clients" => "a client of the user",
                    "groups" => "a group with a client of the user",
                    "all" => "everybody",
                    _ => "somebody",
                };
                format!("gateway {gateway}: it came in, sent to {whom}")
            }
            Self::Written { gateway, client_id, waited_ms: None } => {
                format!("gateway {gateway}: client {client_id}: written at once")
            }
            Self::Written { gateway, client_id, waited_ms: Some(waited) } => {
                format!("gateway {gateway}: client {client_id}: written after it waited {waited:.1} ms")
            }
            Self::Waits { gateway, client_id, behind_bytes } => format!(
                "gateway {gateway}: client {client_id}: waits in the outbox behind {behind_bytes} bytes, because its socket is full"
            ),
            Self::Lost { gateway, client_id, why, code } => {
                format!("gateway {gateway}: client {client_id}: died: {why} ({code})")
            }
            Self::Excluded { gateway, client_id } => {
                format!("gateway {gateway}: client {client_id}: left out by the sender")
            }
            Self::Offered { gateway, clients, taken, untold } => {
                let untold = if *untold > 0 {
                    format!("; {untold} of them are not told one by one")
                } else {
                    String::new()
                };
                format!("gateway {gateway}: {taken} of {} took it{untold}", counted(*clients, "client"))
            }
            Self::Refused { gateway, reason } => format!("gateway {gateway} refused it: {reason}"),
            Self::Missed { gateway, steps } => {
                format!("gateway {gateway}: {} missed here", counted(*steps, "step"))
            }
            Self::Ended { gateway, reason } => format!("gateway {gateway} tells no more: {reason}"),
            Self::Verdict { text, .. } => text.clone(),
        }
    }

    /// Its name in JSON, and which gateway and client it is about.
    pub fn about(&self) -> (&'static str, Option<&str>, Option<&str>) {
        match self {
            Self::Register { .. } => ("register", None, None),
            Self::Gateway { gateway, .. } => ("gateway", Some(gateway), None),
            Self::Following { gateway, .. } => ("following", Some(gateway), None),
            Self::NotFollowed { gateway, .. } => ("not_followed", Some(gateway), None),
            Self::Joined { gateway, .. } => ("joined", Some(gateway), None),
            Self::Sent { .. } => ("sent", None, None),
            Self::NotAsked { gateway } => ("not_asked", Some(gateway), None),
            Self::Api { .. } => ("api", None, None),
            Self::Came { gateway, .. } => ("came", Some(gateway), None),
            Self::Written { gateway, client_id, .. } => ("written", Some(gateway), Some(client_id)),
            Self::Waits { gateway, client_id, .. } => ("waits", Some(gateway), Some(client_id)),
            Self::Lost { gateway, client_id, .. } => ("lost", Some(gateway), Some(client_id)),
            Self::Excluded { gateway, client_id } => ("excluded", Some(gateway), Some(client_id)),
            Self::Offered { gateway, .. } => ("offered", Some(gateway), None),
            Self::Refused { gateway, .. } => ("refused", Some(gateway), None),
            Self::Missed { gateway, .. } => ("missed", Some(gateway), None),
            Self::Ended { gateway, .. } => ("ended", Some(gateway), None),
            Self::Verdict { .. } => ("verdict", None, None),
        }
    }
}

/// "1 client", "2 clients".
pub fn counted(count: u64, what: &str) -> String {
    if count == 1 { format!("1 {what}") } else { format!("{count} {what}s") }
}

fn failures<'a>(failed: impl Iterator<Item = (Option<&'a String>, &'a String)>) -> String {
    let failed = failed.map(|(gateway, reason)| match gateway {
        Some(gateway) => format!("; gateway {gateway} failed: {reason}"),
        None => format!("; {reason}"),
    });
    failed.collect()
}
