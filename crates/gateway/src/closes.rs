//! Why clients ended, in the few kinds that a chart can show. The counter by close code has all of them.

use gatepipe_proto::CloseCode;
use gatepipe_proto::close::Next;
use prometheus_client::metrics::counter::Counter;

use crate::client::CLOSED_WITHOUT_A_WORD;

/// Each close is counted in `all`, and in one of the others when it is of their kind.
#[derive(Debug, Default)]
pub(crate) struct Closes {
    pub(crate) all: Counter,
    /// The client's goodbye, or its connection broke.
    pub(crate) left: Counter,
    /// It should come back, to another gateway.
    pub(crate) drained: Counter,
    /// It should not come back.
    pub(crate) ended: Counter,
    /// No sign of life.
    pub(crate) silent: Counter,
    /// It read too slowly.
    pub(crate) slow: Counter,
}

impl Closes {
    pub(crate) fn count(&self, code: u16) {
        self.all.inc();
        if let Some(counter) = self.of(code) {
            counter.inc();
        }
    }

    fn of(&self, number: u16) -> Option<&Counter> {
        if number == CLOSED_WITHOUT_A_WORD {
            return Some(&self.left);
        }
        let code = CloseCode::new(number)?;
        match code.next() {
            Next::Done => Some(&self.left),
            Next::Spread | Next::Soon => Some(&self.drained),
            Next::Stay => Some(&self.ended),
            Next::Backoff if code == CloseCode::HEARTBEAT_LOST => Some(&self.silent),
            Next::Backoff if code == CloseCode::SLOW_CONSUMER => Some(&self.slow),
            Next::Backoff | Next::Protocol => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_close_is_of_one_kind_or_of_none() {
        let closes = Closes::default();
        let codes = [1000, 1006, 1012, 4201, 1001, 4001, 4002, 4099, 4104, 4102, 4103, 1009, 1011, 3000];
        for code in codes {
            closes.count(code);
        }
        let kinds = [&closes.left, &closes.drained, &closes.ended, &closes.silent, &closes.slow];
        assert_eq!(kinds.map(Counter::get), [2, 3, 3, 1, 1]);
        assert_eq!(closes.all.get(), codes.len() as u64);
    }
}
