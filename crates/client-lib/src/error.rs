//! Why a command to one gateway did not happen, or may not have happened.

use gatepipe_proto::{ClientId, Code, GatewayId};

use crate::receipt::FailureReason;

/// Why a command or query for one client gave no result.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// Its gateway says that the client is not there: it left. Trying again does not help.
    #[error("client {0} is not connected")]
    NoSuchClient(ClientId),
    /// The gateway in the client's id is not a member. With a register connected the client is gone for good; without one
    /// nobody knows, and later may work.
    #[error("gateway {gateway} is unknown{}", if *.register_connected { "" } else { ", and no register is connected" })]
    UnknownGateway {
        /// The gateway in the client's id.
        gateway: GatewayId,
        /// At least one register is being heard now, so the membership is the newest there is.
        register_connected: bool,
    },
    /// No register was ever heard, so which gateways exist is unknown. Later may work.
    #[error("no register was ever heard: no gateway is known")]
    NeverHeard,
    /// The bind's condition did not hold: the client is bound to another uid, and stays so.
    #[error("client {0} is bound to another uid")]
    Conflict(ClientId),
    /// The cursor was given by another kind of list, or for another filter. Start again with the first page.
    #[error("this cursor belongs to another list")]
    OtherList,
    /// The command was not sent: the gateway is a member, but the pipe to it is down. Trying again is safe.
    #[error("gateway {0} is unreachable")]
    Unreachable(GatewayId),
    /// The command was not sent: too many commands wait for this gateway. Trying again later is safe.
    #[error("too many commands wait for gateway {0}")]
    TooBusy(GatewayId),
    /// No answer within the deadline. Whether it was carried out is unknown.
    #[error("gateway {0} did not answer within the deadline")]
    Deadline(GatewayId),
    /// The pipe broke after the command was sent. Whether it was carried out is unknown; it is not sent again.
    #[error("the pipe to gateway {0} broke: whether the command was carried out is unknown")]
    UnknownOutcome(GatewayId),
    /// The gateway refused the command; nothing happened. `code` says why: [`Code::TooMany`] for a client that is in 1,000 groups,
    /// [`Code::TooLarge`] for a session or message over its limit, [`Code::Invalid`] for a name, close code or the like that it
    /// does not take.
    #[error("gateway {gateway} refused: {text}")]
    Refused {
        /// Who refused.
        gateway: GatewayId,
        /// The kind of refusal.
        code: Code,
        /// In the gateway's words.
        text: String,
    },
}

impl Error {
    /// The row of the error table that other wires show for this.
    #[must_use]
    pub fn code(&self) -> Code {
        match self {
            Self::NoSuchClient(_) | Self::UnknownGateway { register_connected: true, .. } => Code::NotFound,
            Self::Conflict(_) => Code::Conflict,
            Self::OtherList => Code::Invalid,
            Self::UnknownGateway { register_connected: false, .. }
            | Self::NeverHeard
            | Self::Unreachable(_)
            | Self::TooBusy(_)
            | Self::UnknownOutcome(_) => Code::Unavailable,
            Self::Deadline(_) => Code::Deadline,
            Self::Refused { code, .. } => *code,
        }
    }

    /// What one gateway's failure means to a call that asked only that gateway.
    pub(crate) fn from_failure(gateway: GatewayId, reason: FailureReason) -> Self {
        match reason {
            FailureReason::Unreachable => Self::Unreachable(gateway),
            FailureReason::TooBusy => Self::TooBusy(gateway),
            FailureReason::Deadline => Self::Deadline(gateway),
            FailureReason::UnknownOutcome => Self::UnknownOutcome(gateway),
            FailureReason::UnknownGateway => Self::UnknownGateway { gateway, register_connected: false },
            FailureReason::Refused { code, text } => Self::Refused { gateway, code, text },
        }
    }
}
