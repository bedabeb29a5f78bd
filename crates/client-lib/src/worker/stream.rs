//! One opened subscription: the gateway's events, and what the worker says to it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use gatepipe_proto::v1::event::Event;
use gatepipe_proto::v1::subscribe_request::Request;
use gatepipe_proto::{GatewayId, v1};
use tokio::sync::Notify;
use tonic::{Status, Streaming};

use crate::connection::{Connection, Peer, Trouble};

/// Events from one gateway, on a connection of their own, so that they never hold up receipts.
pub(crate) struct EventStream {
    events: Streaming<v1::EventBatch>,
    credit: Arc<Credit>,
    _connection: Connection,
}

/// What the worker still has to say on one stream.
#[derive(Debug)]
pub(crate) struct Credit {
    /// Events that have been dealt with and are not yet told.
    owed: AtomicU32,
    /// Credit is told when this much is owed: a quarter of the whole, so that most of it is always out and few words are needed.
    tell_at: u32,
    leaving: AtomicBool,
    wake: Notify,
}

impl Credit {
    fn new(whole: u32) -> Self {
        Self {
            owed: AtomicU32::new(0),
            tell_at: (whole / 4).max(1),
            leaving: AtomicBool::new(false),
            wake: Notify::new(),
        }
    }

    /// An event has been dealt with.
    pub(crate) fn return_one(&self) {
        let owed = self.owed.fetch_add(1, Ordering::AcqRel) + 1;
        if owed >= self.tell_at {
            self.wake.notify_one();
        }
    }

    /// What to say next. May be dropped at any time: nothing is taken before it returns.
    async fn next_word(&self, said_leaving: bool) -> Request {
        loop {
            if self.leaving.load(Ordering::Acquire) && !said_leaving {
                return Request::Leaving(v1::Leaving {});
            }
            if self.owed.load(Ordering::Acquire) >= self.tell_at {
                return Request::Credit(v1::Credit { events: self.owed.swap(0, Ordering::AcqRel) });
            }
            self.wake.notified().await;
        }
    }
}

impl EventStream {
    /// Subscribes on a connection whose other end said that it is `gateway`. Returns the events that came with its welcome, too.
    ///
    /// Each step takes at most the connect timeout.
    pub(crate) async fn open(
        gateway: GatewayId,
        peer: &Peer,
        hello: v1::Hello,
    ) -> Result<(Self, Vec<v1::Event>), Trouble> {
        let connection = Connection::open(peer).await?;
        peer.in_time("asking who it is", connection.identify(gateway)).await?;
        let credit = Arc::new(Credit::new(hello.credit));
        let words = words(hello, Arc::clone(&credit));
        let mut commands = connection.commands();
        let opening = async {
            let mut events = commands.subscribe(words).await.map_err(refusal)?.into_inner();
            let first = events.message().await.map_err(refusal)?;
            let mut first = first.map(|batch| batch.events).unwrap_or_default().into_iter();
            match first.next().and_then(|event| event.event) {
                Some(Event::Welcome(welcome)) if welcome.gateway_id == gateway.to_string() => {
                    credit.return_one();
                    Ok((events, first.collect()))
                }
                _ => Err(Trouble("it did not welcome the worker".into())),
            }
        };
        let (events, first) = peer.in_time("subscribing", opening).await?;
        Ok((Self { events, credit, _connection: connection }, first))
    }

    /// What the gateway tells next; `None` when it has ended the stream. May be dropped at any time.
    pub(crate) async fn next(&mut self) -> Result<Option<Vec<v1::Event>>, Trouble> {
        match self.events.message().await {
            Ok(batch) => Ok(batch.map(|batch| batch.events)),
            Err(status) => Err(refusal(status)),
        }
    }

    /// Where credit is returned.
    pub(crate) fn credit(&self) -> &Arc<Credit> {
        &self.credit
    }

    /// Says that the worker wants no more; the gateway then ends the stream.
    pub(crate) fn leave(&self) {
        self.credit.leaving.store(true, Ordering::Release);
        self.credit.wake.notify_one();
    }
}

/// Everything the worker says, for as long as the stream is open: `hello`, then credit, and `leaving` once.
fn words(hello: v1::Hello, credit: Arc<Credit>) -> impl futures_util::Stream<Item = v1::SubscribeRequest> {
    let start = (Some(hello), false);
    futures_util::stream::unfold(start, move |(hello, said_leaving)| {
        let credit = Arc::clone(&credit);
        async move {
            let request = match hello {
                Some(hello) => Request::Hello(hello),
                None => credit.next_word(said_leaving).await,
            };
            let said_leaving = said_leaving || matches!(request, Request::Leaving(_));
            Some((v1::SubscribeRequest { request: Some(request) }, (None, said_leaving)))
        }
    })
}

/// Why there is no stream, in a line for people.
fn refusal(status: Status) -> Trouble {
    if status.code() == tonic::Code::Unimplemented {
        return Trouble("it knows no workers: it is older than this program".into());
    }
    match Trouble::from(status.clone()) {
        Trouble(text) if text.is_empty() => Trouble(format!("it refused: {}", status.code())),
        trouble => trouble,
    }
}
