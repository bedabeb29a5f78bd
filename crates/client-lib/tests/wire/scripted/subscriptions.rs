//! The scripted gateway's side of subscriptions: it welcomes a worker, tells what the test says, and writes down what it hears.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use gatepipe_client::{ClientId, GatewayId};
use gatepipe_proto::v1;
use gatepipe_proto::v1::event::Event;
use gatepipe_proto::v1::subscribe_request::Request;
use parking_lot::Mutex;
use tokio::sync::{Mutex as AsyncMutex, mpsc, watch};
use tokio_stream::wrappers::UnboundedReceiverStream;
use tonic::{Status, Streaming};

use super::PATIENCE;

pub(crate) type Events = UnboundedReceiverStream<Result<v1::EventBatch, Status>>;

pub(crate) struct Subscriptions {
    gateway: GatewayId,
    refusal: Mutex<Option<Status>>,
    come: mpsc::UnboundedSender<Subscription>,
    next: AsyncMutex<mpsc::UnboundedReceiver<Subscription>>,
}

/// A worker that subscribed. Its stream ends when this is dropped, or when the worker says that it leaves.
pub(crate) struct Subscription {
    pub(crate) hello: v1::Hello,
    line: Arc<Line>,
    heard: watch::Receiver<Heard>,
}

/// The way to a worker.
struct Line {
    tell: Mutex<Option<mpsc::UnboundedSender<Result<v1::EventBatch, Status>>>>,
    lingers: AtomicBool,
}

impl Line {
    fn send(&self, batch: Result<v1::EventBatch, Status>) {
        if let Some(tell) = &*self.tell.lock() {
            // A worker that has gone does not hear it.
            let _ = tell.send(batch);
        }
    }

    fn end(&self) {
        drop(self.tell.lock().take());
    }
}

/// What a worker said after its hello.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Heard {
    pub(crate) credit: u32,
    pub(crate) leaving: bool,
    /// Its half of the stream has ended.
    pub(crate) gone: bool,
}

impl Subscriptions {
    pub(crate) fn new(gateway: GatewayId) -> Self {
        let (come, next) = mpsc::unbounded_channel();
        Self { gateway, refusal: Mutex::default(), come, next: AsyncMutex::new(next) }
    }

    pub(crate) fn refuse(&self, with: Option<Status>) {
        *self.refusal.lock() = with;
    }

    pub(crate) async fn next(&self) -> Subscription {
        let mut next = self.next.lock().await;
        tokio::time::timeout(PATIENCE, next.recv()).await.expect("a worker subscribes").unwrap()
    }

    pub(crate) async fn open(&self, mut requests: Streaming<v1::SubscribeRequest>) -> Result<Events, Status> {
        if let Some(refusal) = self.refusal.lock().clone() {
            return Err(refusal);
        }
        let Some(v1::SubscribeRequest { request: Some(Request::Hello(hello)) }) = requests.message().await?
        else {
            return Err(Status::invalid_argument("hello comes first"));
        };
        let (tell, events) = mpsc::unbounded_channel();
        let (hear, heard) = watch::channel(Heard::default());
        let line = Arc::new(Line { tell: Mutex::new(Some(tell)), lingers: AtomicBool::new(false) });
        let subscription = Subscription { hello, line: Arc::clone(&line), heard };
        subscription.tell_one("", Event::Welcome(v1::Welcome { gateway_id: self.gateway.to_string() }));
        let _ = self.come.send(subscription);
        tokio::spawn(async move {
            while let Ok(Some(request)) = requests.message().await {
                hear.send_modify(|heard| match request.request {
                    Some(Request::Credit(credit)) => heard.credit += credit.events,
                    Some(Request::Leaving(_)) => heard.leaving = true,
                    Some(Request::Hello(_)) | None => panic!("hello comes once"),
                });
                if hear.borrow().leaving && !line.lingers.load(Ordering::Relaxed) {
                    line.end();
                }
            }
            hear.send_modify(|heard| heard.gone = true);
        });
        Ok(UnboundedReceiverStream::new(events))
    }
}

impl Subscription {
    /// Tells several events in one batch.
    pub(crate) fn tell(&self, events: impl IntoIterator<Item = v1::Event>) {
        self.line.send(Ok(v1::EventBatch { events: events.into_iter().collect() }));
    }

    fn tell_one(&self, client_id: &str, event: Event) {
        self.tell([v1::Event { client_id: client_id.to_owned(), event: Some(event) }]);
    }

    pub(crate) fn adopted_all(&self) {
        self.tell_one("", Event::AdoptedAll(v1::AdoptedAll {}));
    }

    pub(crate) fn dropped(&self, messages: u64, others: u64) {
        self.tell_one("", Event::Dropped(v1::Dropped { messages, others }));
    }

    /// Ends the stream in the middle.
    pub(crate) fn breaks(self) {
        self.line.send(Err(Status::unavailable("as scripted")));
    }

    /// From now on only dropping this ends the stream.
    pub(crate) fn lingers(&self) {
        self.line.lingers.store(true, Ordering::Relaxed);
    }

    pub(crate) fn heard(&self) -> Heard {
        *self.heard.borrow()
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        self.line.end();
    }
}

fn event(client: ClientId, event: Event) -> v1::Event {
    v1::Event { client_id: client.to_string(), event: Some(event) }
}

pub(crate) fn connected(client: ClientId) -> v1::Event {
    event(client, Event::Connected(v1::Connected { path: "/ws".into(), ..v1::Connected::default() }))
}

pub(crate) fn adopted(client: ClientId, uid: &str) -> v1::Event {
    event(client, Event::Adopted(v1::Adopted { uid: uid.to_owned(), ..v1::Adopted::default() }))
}

pub(crate) fn message(client: ClientId, text: &str) -> v1::Event {
    let message = super::text(text).into();
    event(client, Event::Message(v1::ClientMessage { message: Some(message) }))
}

pub(crate) fn bound(client: ClientId, uid: &str) -> v1::Event {
    event(client, Event::Bound(v1::Bound { uid: uid.to_owned(), previous_uid: String::new() }))
}

pub(crate) fn closed(client: ClientId, code: u32, uid: &str) -> v1::Event {
    let session = r#"{"cart":3}"#.to_owned();
    event(client, Event::Closed(v1::Closed { code, uid: uid.to_owned(), session }))
}
