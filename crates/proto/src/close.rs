//! Why a WebSocket ended, as a number, and what a page should do next.

/// A close code (RFC 6455 section 7.4, and our range of 4000 to 4299).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct CloseCode(u16);

/// What a page does after a close. Decided by range, so that old pages obey new codes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// It ended as agreed; nothing to do.
    Done,
    /// Come back, spread over the `within_ms` of the last `reconnect` frame.
    Spread,
    /// One side broke the protocol; come back with backoff.
    Protocol,
    /// Do not come back.
    Stay,
    /// Come back with backoff.
    Backoff,
    /// Come back soon.
    Soon,
}

impl CloseCode {
    /// Ended as agreed.
    pub const NORMAL: Self = Self(1000);
    /// The page or the gateway goes away.
    pub const GOING_AWAY: Self = Self(1001);
    /// A frame that RFC 6455 forbids.
    pub const PROTOCOL: Self = Self(1002);
    /// A kind of message that is not read.
    pub const UNSUPPORTED: Self = Self(1003);
    /// Text that is not UTF-8.
    pub const NOT_UTF8: Self = Self(1007);
    /// A message over the size limit.
    pub const TOO_BIG: Self = Self(1009);
    /// The gateway drains.
    pub const RESTARTING: Self = Self(1012);
    /// Forced offline.
    pub const FORCED_OFFLINE: Self = Self(4001);
    /// Replaced by a newer login.
    pub const REPLACED: Self = Self(4002);
    /// Not allowed.
    pub const NOT_ALLOWED: Self = Self(4003);
    /// Not bound in time.
    pub const NOT_BOUND: Self = Self(4101);
    /// Reads too slowly: its outbox passed its bound in bytes or age.
    pub const SLOW_CONSUMER: Self = Self(4102);
    /// Sent too many frames.
    pub const RATE_LIMIT: Self = Self(4103);
    /// No sign of life.
    pub const HEARTBEAT_LOST: Self = Self(4104);
    /// Moved for balance.
    pub const REBALANCE: Self = Self(4201);

    /// A code that may stand in a close frame we send: 1000, 1001, 1002, 1003, 1007 to 1014, or 3000 to 4999.
    #[must_use]
    pub fn new(number: u16) -> Option<Self> {
        match number {
            1000..=1003 | 1007..=1014 | 3000..=4999 => Some(Self(number)),
            _ => None,
        }
    }

    /// A code that a worker may ask for: 1000, 1001, 1008, 1011 to 1013, or 4000 to 4999. The others tell of broken frames, which only the
    /// gateway sees, or are not ours to give (wire message `Close`).
    #[must_use]
    pub fn may_be_asked_for(self) -> bool {
        matches!(self.0, 1000 | 1001 | 1008 | 1011..=1013 | 4000..=4999)
    }

    /// The number on the wire.
    #[must_use]
    pub const fn number(self) -> u16 {
        self.0
    }

    /// What a page does when it sees this code.
    #[must_use]
    pub fn next(self) -> Next {
        match self.0 {
            1000 => Next::Done,
            1001 | 1012 => Next::Spread,
            1002 | 1003 | 1007 | 1009 => Next::Protocol,
            4000..=4099 => Next::Stay,
            4200..=4299 => Next::Soon,
            _ => Next::Backoff,
        }
    }
}

impl std::fmt::Display for CloseCode {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_that_may_not_be_sent_are_refused() {
        for number in [0, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000, u16::MAX] {
            assert_eq!(CloseCode::new(number), None, "{number}");
        }
        assert_eq!(CloseCode::new(4001), Some(CloseCode::FORCED_OFFLINE));
    }

    #[test]
    fn workers_may_ask_for_some_of_them() {
        let asked = |number| CloseCode::new(number).is_some_and(CloseCode::may_be_asked_for);
        for number in [1000, 1001, 1008, 1011, 1012, 1013, 4000, 4001, 4999] {
            assert!(asked(number), "{number}");
        }
        for number in [1002, 1003, 1005, 1007, 1009, 1010, 1014, 3000, 3999, 5000] {
            assert!(!asked(number), "{number}");
        }
    }
}
