//! The other reason for a trail: a command that is part of a trace, which is told of each socket that its message is written to.

use gatepipe_proto::{ClientId, Code, Uid};
use gatepipe_traces::{Kind, Span, Tracer};
use hashbrown::HashMap;
use parking_lot::Mutex;

use super::{Fate, Lost, Witness};

/// Sockets that are told of for one command; where it says how many that are, there may be others.
const MOST: usize = 64;

/// Makes the spans of the sockets that one command writes to.
#[derive(Debug)]
pub(crate) struct Traced {
    tracer: Tracer,
    command: Span,
    sockets: Mutex<Sockets>,
}

#[derive(Debug, Default)]
struct Sockets {
    told: usize,
    /// Those where it still waits.
    waiting: HashMap<ClientId, Span>,
}

impl Traced {
    /// Tells the trace that `command` belongs to.
    pub(crate) fn new(tracer: &Tracer, command: &Span) -> Self {
        Self { tracer: tracer.clone(), command: command.clone(), sockets: Mutex::default() }
    }

    /// A span for this client, while there are few enough.
    fn begin(&self, sockets: &mut Sockets, client: ClientId) -> Span {
        if sockets.told == MOST {
            return Span::default();
        }
        sockets.told += 1;
        if sockets.told == MOST {
            // Said now: a broadcast's own span may end before its trail does.
            self.command.count("gatepipe.sockets_told", MOST as u64);
        }
        let span = self.tracer.child(&self.command, Kind::Internal, "socket write");
        span.say("gatepipe.client_id", &client.to_string());
        span
    }
}

impl Witness for Traced {
    fn cares_for(&self, _: Option<&Uid>) -> bool {
        !self.is_sated()
    }

    fn is_sated(&self) -> bool {
        self.sockets.lock().told == MOST
    }

    fn offered(&self, client: ClientId, fate: Fate) {
        if fate == Fate::Excluded {
            return;
        }
        let mut sockets = self.sockets.lock();
        let span = self.begin(&mut sockets, client);
        match fate {
            Fate::Waits { behind } => {
                span.note("waits in the outbox");
                span.count("gatepipe.outbox.bytes_before", behind as u64);
                if !span.is_none() {
                    sockets.waiting.insert(client, span);
                }
            }
            fate => end(&span, fate),
        }
    }

    fn settled(&self, client: ClientId, fate: Fate) {
        let waiting = self.sockets.lock().waiting.remove(&client);
        if let Some(span) = waiting {
            end(&span, fate);
        }
    }

    // That stands in the span of the command itself.
    fn refused(&self, _: Code, _: &str) {}

    fn ended(&self) {}
}

fn end(span: &Span, fate: Fate) {
    match fate {
        Fate::Lost(Lost::TooSlow) => span.fail("too slow"),
        Fate::Lost(Lost::Broken) => span.fail("the socket is broken"),
        Fate::Lost(Lost::Closed(code)) => span.fail(&format!("closed with {code}")),
        Fate::Written | Fate::Waits { .. } | Fate::Excluded => {}
    }
    span.end();
}
