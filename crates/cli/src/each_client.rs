//! One thing done to each of several clients, and what came of it.

use futures_util::{Stream, StreamExt as _};
use gatepipe_client::{ClientId, Code, Error, Failure as Missed, FailureReason, GatewayClient};
use serde::Serialize;

use crate::exit::Exit;
use crate::fleet::{Failed, tell_failed};
use crate::output::say;

/// Commands on their way at a time.
const AT_ONCE: usize = 256;

/// What was done to one client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Did {
    /// What was asked.
    Changed,
    /// Nothing: it was so already.
    Nothing,
    /// Nothing: it is not connected.
    NotConnected,
}

/// What came of it, over all clients.
#[derive(Debug, Default)]
pub struct Tally {
    pub changed: u64,
    pub unchanged: u64,
    pub not_connected: Vec<String>,
    pub refused: Vec<Refused>,
    pub missed: Vec<Missed>,
}

/// A client with which its gateway did not do it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Refused {
    client_id: String,
    reason: String,
}

/// Does it to each client, several at a time.
pub async fn each<F: Future<Output = Result<Did, Error>>>(
    clients: impl Stream<Item = ClientId>,
    act: impl Fn(ClientId) -> F,
) -> Tally {
    let acting = clients.map(|client| {
        let acting = act(client);
        async move { (client, acting.await) }
    });
    let mut tally = Tally::default();
    let mut done = std::pin::pin!(acting.buffered(AT_ONCE));
    while let Some((client, outcome)) = done.next().await {
        tally.add(client, outcome);
    }
    tally
}

impl Tally {
    fn add(&mut self, client: ClientId, outcome: Result<Did, Error>) {
        match outcome {
            Ok(Did::Changed) => self.changed += 1,
            Ok(Did::Nothing) => self.unchanged += 1,
            Ok(Did::NotConnected) => self.not_connected.push(client.to_string()),
            // Its gateway is gone, and the client with it.
            Err(error) if error.code() == Code::NotFound => self.not_connected.push(client.to_string()),
            Err(Error::Refused { text, .. }) => {
                self.refused.push(Refused { client_id: client.to_string(), reason: text });
            }
            Err(error) => self.miss(Missed { gateway: client.gateway(), reason: reason(&error) }),
        }
    }

    /// One gateway that did not do its part, named once.
    pub fn miss(&mut self, miss: Missed) {
        if !self.missed.iter().any(|known| known.gateway == miss.gateway) {
            self.missed.push(miss);
        }
    }

    /// Tells on stderr about each client and gateway with which it was not done. `absent` is how it ends when that is all that is
    /// wrong: that some of the clients are not connected.
    pub fn tell(&self, client: &GatewayClient, absent: Exit) -> (Exit, Vec<Failed>) {
        for client in &self.not_connected {
            say(&format!("client {client} is not connected"));
        }
        for Refused { client_id, reason } in &self.refused {
            say(&format!("client {client_id}: refused: {reason}"));
        }
        let (partly, failed) = tell_failed(client, &self.missed);
        let exit = match (partly, self.refused.is_empty()) {
            (Exit::Partly, _) => Exit::Partly,
            (_, false) => Exit::Failed,
            _ if self.not_connected.is_empty() => Exit::Done,
            _ => absent,
        };
        (exit, failed)
    }
}

fn reason(error: &Error) -> FailureReason {
    match error {
        Error::TooBusy(_) => FailureReason::TooBusy,
        Error::Deadline(_) => FailureReason::Deadline,
        Error::UnknownOutcome(_) => FailureReason::UnknownOutcome,
        Error::UnknownGateway { .. } | Error::NeverHeard => FailureReason::UnknownGateway,
        _ => FailureReason::Unreachable,
    }
}
