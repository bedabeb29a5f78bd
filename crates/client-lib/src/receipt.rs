//! What a call did, gateway by gateway and in sum. Partial success is a value, not an error.

use std::fmt;

use gatepipe_proto::{Code, GatewayId};

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
