//! What a call did, gateway by gateway and in sum. Partial success is a value, not an error.

use std::collections::BTreeMap;
use std::fmt;

use gatepipe_proto::{Code, GatewayId, v1};

/// What a command did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Receipt {
    /// Clients whose socket or outbox took the message, or that were closed. A target that is offline counts zero and is no
    /// failure.
    pub reached: u64,
    /// The gateways that had to hear the command, failed ones included, each once, in order.
    pub asked: Vec<GatewayId>,
    /// Those of them that could not be asked, did not answer or refused, each once, in order. Empty when whole.
    pub failed: Vec<Failure>,
    /// No register was ever heard: which gateways exist is unknown, and nobody was asked.
    pub blind: bool,
}

/// What a query found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Answer<T> {
    /// What the gateways that answered say together.
    pub value: T,
    /// As in [`Receipt::asked`].
    pub asked: Vec<GatewayId>,
    /// As in [`Receipt::failed`]: what is not in `value` may still be there, on one of these.
    pub failed: Vec<Failure>,
    /// As in [`Receipt::blind`].
    pub blind: bool,
}

/// One gateway that did not do its part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// Which gateway.
    pub gateway: GatewayId,
    /// Why.
    pub reason: FailureReason,
}

/// Why a gateway did not do its part; displayed in a few words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FailureReason {
    /// Not sent: the pipe is down. Trying again is safe.
    Unreachable,
    /// Not sent: too many commands wait for this gateway. Trying again later is safe.
    TooBusy,
    /// Not sent: the gateway is not a member, and no register is connected that could tell whether it exists.
    UnknownGateway,
    /// No answer within the deadline; what happened is unknown.
    Deadline,
    /// The pipe broke after sending; what happened is unknown. Nothing is sent again by itself.
    UnknownOutcome,
    /// The gateway refused; nothing happened.
    Refused {
        /// The kind of refusal.
        code: Code,
        /// In the gateway's words.
        text: String,
    },
}

impl fmt::Display for FailureReason {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreachable => out.write_str("unreachable"),
            Self::TooBusy => out.write_str("too busy"),
            Self::UnknownGateway => out.write_str("unknown gateway, and no register is connected"),
            Self::Deadline => out.write_str("deadline"),
            Self::UnknownOutcome => out.write_str("unknown outcome"),
            Self::Refused { text, .. } => write!(out, "refused: {text}"),
        }
    }
}

impl Receipt {
    /// Whether every gateway that had to hear the command carried it out.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.failed.is_empty() && !self.blind
    }
}

impl<T> Answer<T> {
    /// Whether every gateway that had to be asked answered.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.failed.is_empty() && !self.blind
    }
}

/// What the gateways said to one call, in any order; a gateway that got several commands stands there several times.
pub(crate) type Outcomes<T> = Vec<(GatewayId, Result<T, FailureReason>)>;

impl Receipt {
    /// Sums up what the gateways said.
    pub(crate) fn of(outcomes: Outcomes<v1::Receipt>) -> Self {
        let refusals_told =
            outcomes.into_iter().map(|(gateway, outcome)| (gateway, outcome.and_then(carried_out)));
        let mut reached = 0;
        let (asked, failed) = split(refusals_told, |_, receipt| reached += receipt.reached);
        Self { reached, asked, failed, blind: false }
    }
}

impl<T> Answer<T> {
    pub(crate) fn map<U>(self, change: impl FnOnce(T) -> U) -> Answer<U> {
        Answer { value: change(self.value), asked: self.asked, failed: self.failed, blind: self.blind }
    }
}

impl<T: Default> Answer<T> {
    /// Puts together what the gateways said: `add` takes in each reply, in order of gateway.
    pub(crate) fn of<R>(outcomes: Outcomes<R>, mut add: impl FnMut(&mut T, GatewayId, R)) -> Self {
        let mut value = T::default();
        let (asked, failed) = split(outcomes, |gateway, reply| add(&mut value, gateway, reply));
        Self { value, asked, failed, blind: false }
    }
}

/// A receipt that tells of a refusal is a failure.
pub(crate) fn carried_out(receipt: v1::Receipt) -> Result<v1::Receipt, FailureReason> {
    match receipt.code {
        0 => Ok(receipt),
        number => Err(FailureReason::Refused {
            code: Code::from_number(number).unwrap_or(Code::Internal),
            text: receipt.error,
        }),
    }
}

/// Hands what went well to `went_well`, and tells who was asked and who failed: each once, in order, the first failure of each.
fn split<T>(
    outcomes: impl IntoIterator<Item = (GatewayId, Result<T, FailureReason>)>,
    mut went_well: impl FnMut(GatewayId, T),
) -> (Vec<GatewayId>, Vec<Failure>) {
    let mut outcomes: Vec<_> = outcomes.into_iter().collect();
    outcomes.sort_by_key(|(gateway, _)| *gateway);
    let mut asked: Vec<_> = outcomes.iter().map(|(gateway, _)| *gateway).collect();
    asked.dedup();
    let mut failed = BTreeMap::new();
    for (gateway, outcome) in outcomes {
        match outcome {
            Ok(well) => went_well(gateway, well),
            Err(reason) => drop(failed.entry(gateway).or_insert(reason)),
        }
    }
    let failure = |(gateway, reason)| Failure { gateway, reason };
    (asked, failed.into_iter().map(failure).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gateway(number: u8) -> GatewayId {
        format!("{number:016x}").parse().unwrap()
    }

    fn reached(reached: u64) -> Result<v1::Receipt, FailureReason> {
        Ok(v1::Receipt { reached, ..v1::Receipt::default() })
    }

    #[test]
    fn a_receipt_adds_what_was_reached_and_names_who_failed() {
        let receipt = Receipt::of(vec![
            (gateway(2), reached(3)),
            (gateway(3), Err(FailureReason::Deadline)),
            (gateway(1), reached(4)),
        ]);
        assert_eq!(receipt.reached, 7);
        assert_eq!(receipt.asked, [gateway(1), gateway(2), gateway(3)]);
        let late = Failure { gateway: gateway(3), reason: FailureReason::Deadline };
        assert_eq!(receipt.failed, [late]);
        assert!(!receipt.is_whole());
    }

    #[test]
    fn a_gateway_that_got_several_commands_stands_there_once() {
        let receipt = Receipt::of(vec![
            (gateway(1), reached(2)),
            (gateway(1), Err(FailureReason::UnknownOutcome)),
            (gateway(1), Err(FailureReason::Unreachable)),
        ]);
        assert_eq!(receipt.reached, 2);
        assert_eq!(receipt.asked, [gateway(1)]);
        assert_eq!(receipt.failed.len(), 1);
        assert_eq!(receipt.failed[0].reason.to_string(), "unknown outcome");
    }

    #[test]
    fn a_refusal_is_a_failure_in_the_gateways_words() {
        let refused = v1::Receipt {
            code: Code::Invalid.number(),
            error: "no such close code".into(),
            ..v1::Receipt::default()
        };
        let receipt = Receipt::of(vec![(gateway(1), Ok(refused))]);
        assert_eq!(receipt.reached, 0);
        assert_eq!(receipt.failed[0].reason.to_string(), "refused: no such close code");
    }

    #[test]
    fn nobody_asked_is_whole_unless_blind() {
        assert!(Receipt::of(Vec::new()).is_whole());
        let blind = Receipt { blind: true, ..Receipt::default() };
        assert!(!blind.is_whole());
    }
}
