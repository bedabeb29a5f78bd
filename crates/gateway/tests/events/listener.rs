//! A worker's half of a subscription, by hand.

use std::collections::VecDeque;
use std::net::SocketAddr;

use gatepipe_proto::v1::event::Event;
use gatepipe_proto::v1::gateway_client::GatewayClient;
use gatepipe_proto::v1::subscribe_request::Request;
use gatepipe_proto::v1::{self, Hello};
use prost::Message as _;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio_stream::wrappers::UnboundedReceiverStream;
use tokio_util::task::AbortOnDropHandle;
use tonic::{Status, Streaming};

use crate::common::{Page, Running, within};

/// Hears events; returns the credit of each that is taken, unless it was told not to.
/// Dropping it ends the subscription, like a worker that leaves or like one that dies, whatever the gateway sees first.
pub struct Listener {
    cable: AbortOnDropHandle<()>,
    words: mpsc::UnboundedSender<v1::SubscribeRequest>,
    events: Streaming<v1::EventBatch>,
    heard: VecDeque<v1::Event>,
    pub returns_credit: bool,
}

/// A way to the gateway that can be cut.
async fn cable(to: SocketAddr) -> (AbortOnDropHandle<()>, SocketAddr) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let through = listener.local_addr().unwrap();
    let carrying = tokio::spawn(async move {
        let (mut near, _) = listener.accept().await.unwrap();
        let mut far = TcpStream::connect(to).await.unwrap();
        drop(tokio::io::copy_bidirectional(&mut near, &mut far).await);
    });
    (AbortOnDropHandle::new(carrying), through)
}

pub fn hello(worker: &str) -> Hello {
    Hello { worker: worker.into(), credit: 1000, ..Hello::default() }
}

impl Listener {
    /// A stream on which nothing was said.
    pub async fn silent(gateway: &Running) -> Self {
        let (words, said) = mpsc::unbounded_channel();
        let (cable, through) = cable(gateway.rpc).await;
        let mut gateway = GatewayClient::connect(format!("http://{through}")).await.unwrap();
        let opening = gateway.subscribe(UnboundedReceiverStream::new(said));
        let events = within("a stream", opening).await.unwrap().into_inner();
        Self { cable, words, events, heard: VecDeque::new(), returns_credit: true }
    }

    /// Dies without a word.
    pub fn kill(self) {
        self.cable.abort();
        // The stream notices by itself; only then nothing is said any more.
        tokio::spawn(async move {
            let mut this = self;
            while let Ok(Some(_)) = this.events.message().await {}
        });
    }

    /// A subscription that was welcomed.
    pub async fn with(gateway: &Running, hello: Hello) -> Self {
        let mut listener = Self::silent(gateway).await;
        listener.say(Request::Hello(hello));
        let welcome = Event::Welcome(v1::Welcome { gateway_id: gateway.gateway_id.clone() });
        assert_eq!(listener.next().await, (String::new(), welcome));
        listener
    }

    /// A subscription that was welcomed and has heard of everybody who was there.
    pub async fn start(gateway: &Running, worker: &str) -> (Self, Vec<String>) {
        let mut listener = Self::with(gateway, hello(worker)).await;
        let adopted = listener.adopted_all().await;
        (listener, adopted)
    }

    pub fn say(&self, request: Request) {
        // One that was ended hears nothing any more.
        drop(self.words.send(v1::SubscribeRequest { request: Some(request) }));
    }

    pub fn credit(&self, events: u32) {
        self.say(Request::Credit(v1::Credit { events }));
    }

    /// The next event, or how the stream ended.
    pub async fn event(&mut self) -> Result<Option<(String, Event)>, Status> {
        while self.heard.is_empty() {
            let Some(batch) = within("an event", self.events.message()).await? else { return Ok(None) };
            assert!((1..=256).contains(&batch.events.len()), "a batch of {}", batch.events.len());
            assert!(
                batch.encoded_len() < (1 << 20) + 1000 || batch.events.len() == 1,
                "a batch of many bytes"
            );
            self.heard.extend(batch.events);
        }
        if self.returns_credit {
            self.credit(1);
        }
        Ok(self.heard.pop_front().map(|event| (event.client_id, event.event.unwrap())))
    }

    pub async fn next(&mut self) -> (String, Event) {
        self.event().await.unwrap().expect("the stream ended")
    }

    /// The next event, which is about this page.
    pub async fn of(&mut self, page: &Page) -> Event {
        let (client_id, event) = self.next().await;
        assert_eq!(client_id, page.client_id, "{event:?}");
        event
    }

    pub async fn status(&mut self) -> Status {
        loop {
            match self.event().await {
                Ok(Some(_)) => {}
                Ok(None) => panic!("the stream ended in good order"),
                Err(status) => return status,
            }
        }
    }

    /// Reads `adopted` up to `adopted_all`.
    pub async fn adopted_all(&mut self) -> Vec<String> {
        let mut adopted = Vec::new();
        loop {
            match self.next().await {
                (client_id, Event::Adopted(_)) => adopted.push(client_id),
                (_, Event::AdoptedAll(_)) => return adopted,
                (_, other) => panic!("{other:?} before everybody was adopted"),
            }
        }
    }
}

pub fn message(event: &Event) -> Option<&v1::message::Body> {
    match event {
        Event::Message(message) => message.message.as_ref()?.body.as_ref(),
        _ => None,
    }
}

pub fn text(event: &Event) -> &str {
    match message(event) {
        Some(v1::message::Body::Text(text)) => text,
        _ => panic!("expected text, got {event:?}"),
    }
}

impl Running {
    /// Waits until the gateway has this many subscriptions.
    pub async fn until_subscriptions(&self, subscriptions: usize) {
        let line = format!("gatepipe_gateway_subscriptions {subscriptions}\n");
        within(&format!("{subscriptions} subscriptions"), async {
            while !self.metrics().await.contains(&line) {}
        })
        .await;
    }
}
