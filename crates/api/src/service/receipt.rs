//! What a command did, in the words of the HTTP wire.

use gatepipe_client::{Failure, Receipt};
use serde::Serialize;
use utoipa::ToSchema;

use crate::audit::Verdict;
use crate::metrics::Outcome;

/// A gateway that could not be asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Failed {
    /// Its gateway_id; null when no register was ever heard, so that no gateway is known.
    pub gateway: Option<String>,
    /// Why, in a few words: "unreachable", "deadline", "unknown outcome", "too busy", "refused: …".
    pub reason: String,
}

/// How many clients were reached, and which gateways could not be asked.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reached {
    /// Clients whose socket or outbox took the message, or that were closed.
    pub clients: u64,
    /// Each gateway once for each reason; empty when whole.
    pub failed: Vec<Failed>,
}

impl Reached {
    /// Adds what another command did.
    pub fn add(&mut self, other: Self) {
        self.clients += other.clients;
        for failed in other.failed {
            self.fail(failed);
        }
    }

    /// Adds a gateway that could not be asked; a second time with the same reason changes nothing.
    pub fn fail(&mut self, failed: Failed) {
        if !self.failed.contains(&failed) {
            self.failed.push(failed);
        }
    }

    /// For the audit.
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        verdict(&self.failed)
    }

    /// For the metrics.
    #[must_use]
    pub fn outcome(&self) -> Outcome {
        match self.failed.as_slice() {
            [] => Outcome::Whole,
            [Failed { gateway: None, .. }] => Outcome::Failed,
            _ => Outcome::Partial,
        }
    }
}

/// How a command went that could not ask these gateways.
#[must_use]
pub fn verdict(failed: &[Failed]) -> Verdict {
    match failed {
        [] => Verdict::Done,
        _ => Verdict::Partial,
    }
}

impl From<Failure> for Failed {
    fn from(failure: Failure) -> Self {
        Self { gateway: Some(failure.gateway.to_string()), reason: failure.reason.to_string() }
    }
}

impl From<Receipt> for Reached {
    fn from(receipt: Receipt) -> Self {
        Self { clients: receipt.reached, failed: failures(receipt.failed, receipt.blind) }
    }
}

/// The gateways that could not be asked; when no register was ever heard, that nobody knows of any.
#[must_use]
pub fn failures(failed: Vec<Failure>, blind: bool) -> Vec<Failed> {
    let nobody = blind.then(|| Failed { gateway: None, reason: "no register was ever heard".into() });
    failed.into_iter().map(Failed::from).chain(nobody).collect()
}
