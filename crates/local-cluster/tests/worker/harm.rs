//! Workers that behave badly hurt nobody else.

use gatepipe_client::{Dropped, Message};
use gatepipe_local_cluster::actor::{Caller, Page};
use gatepipe_local_cluster::eventually::{until, within};
use gatepipe_local_cluster::ledger::Ledger;
use gatepipe_local_cluster::{Cluster, Plan};
use gatepipe_proto::v1;
use gatepipe_proto::v1::event::Event;
use gatepipe_proto::v1::gateway_client::GatewayClient as Commands;
use gatepipe_proto::v1::subscribe_request::Request;
use serde_json::json;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;

use crate::id;

#[tokio::test(flavor = "multi_thread")]
async fn a_hook_that_panics_costs_one_event() {
    let cluster = Cluster::start().await;
    let (ledger, worker) =
        Ledger::subscribed(&cluster.register(), "orders", 2, |worker| worker.lanes(1)).await;
    let (mut ana, mut bob) = (Page::open(&cluster.ws()[0]).await, Page::open(&cluster.ws()[1]).await);
    for number in 0..20 {
        ana.send(&number.to_string()).await;
        ana.send("panic").await;
        bob.send(&number.to_string()).await;
    }
    let expected: Vec<_> = (0..20).map(|number| number.to_string()).collect();
    let (ana_id, bob_id) = (id(&ana), id(&bob));
    ledger.until("ana's", |ledger| ledger.texts_of(ana_id) == expected).await;
    ledger.until("bob's", |ledger| ledger.texts_of(bob_id) == expected).await;
    until("every panic is counted", || async { worker.stats().panics == 20 }).await;
    ana.close().await;
    ledger.until("the close", |ledger| ledger.closes_of(ana_id).len() == 1).await;
    assert_eq!(worker.stop().await, 0);
}

/// A worker of another make, which speaks the wire by itself.
struct Raw {
    say: mpsc::Sender<v1::SubscribeRequest>,
    events: tonic::Streaming<v1::EventBatch>,
}

impl Raw {
    async fn subscribe(gateway_rpc: &str, worker: &str, credit: u32) -> Self {
        let (say, words) = mpsc::channel(8);
        let hello = v1::Hello { worker: worker.into(), credit, headers: Vec::new(), without_messages: false };
        say.send(v1::SubscribeRequest { request: Some(Request::Hello(hello)) }).await.unwrap();
        let mut gateway = Commands::connect(gateway_rpc.to_owned()).await.unwrap();
        let answer = gateway.subscribe(ReceiverStream::new(words));
        let events = within("an answer", answer).await.unwrap().into_inner();
        Self { say, events }
    }

    async fn next(&mut self) -> Vec<v1::Event> {
        within("events", self.events.message()).await.unwrap().expect("the stream goes on").events
    }

    async fn return_credit(&self, events: u32) {
        let credit = v1::Credit { events };
        self.say.send(v1::SubscribeRequest { request: Some(Request::Credit(credit)) }).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_that_returns_no_credit_is_told_what_it_missed_and_hurts_nobody() {
    const MESSAGES: usize = 2_000;
    const KIB: usize = 1 << 10;
    let plan = Plan {
        gateways: 1,
        tune_gateway: Box::new(|config| config.worker_queue = 256 * KIB),
        ..Plan::default()
    };
    let cluster = Cluster::start_with(plan).await.unwrap();
    let mut stuck = Raw::subscribe(&cluster.gateway_rpc()[0], "stuck", 2).await;
    let (ledger, worker) = Ledger::subscribed(&cluster.register(), "orders", 1, |worker| worker).await;
    let alice = Caller::of(&cluster, "alice");
    let mut page = Page::bound(&cluster.ws()[0], &alice).await;
    let body = "x".repeat(KIB);
    for number in 0..MESSAGES {
        page.send(&format!("{number} {body}")).await;
        if number % 16 == 0 {
            // So that the good worker, which has a queue of the same size, is never far behind.
            ledger.until("it keeps up", |ledger| ledger.texts_of(id(&page)).len() == number + 1).await;
        }
    }
    ledger.until("all of them", |ledger| ledger.texts_of(id(&page)).len() == MESSAGES).await;
    let in_order = |(number, text): (usize, &String)| text.starts_with(&format!("{number} "));
    assert!(ledger.texts_of(id(&page)).iter().enumerate().all(in_order));
    assert_eq!(ledger.dropped(), Dropped::default());
    let sent = alice.post("/WebSocket/pushToUser", json!({"uid": alice.id, "data": "through"})).await.ok();
    assert_eq!(sent["reached"], 1);
    assert_eq!(page.next().await["data"], "through");

    // It wakes up: what it is told is a beginning, and how much it missed.
    let mut heard = stuck.next().await;
    assert!(heard.len() <= 2);
    stuck.return_credit(10_000).await;
    let (mut messages, mut dropped) = (0, v1::Dropped::default());
    loop {
        for event in heard {
            match event.event.unwrap() {
                Event::Message(message) => {
                    let message = Message::try_from(message.message.unwrap()).unwrap();
                    assert!(message.payload().starts_with(format!("{messages} ").as_bytes()));
                    messages += 1;
                }
                Event::Dropped(more) => {
                    dropped.messages += more.messages;
                    dropped.others += more.others;
                }
                _ => {}
            }
        }
        if messages + dropped.messages >= MESSAGES as u64 {
            break;
        }
        heard = stuck.next().await;
    }
    assert!((200..300).contains(&messages), "{messages} of about 1.2 KiB fit into 256 KiB");
    assert_eq!((messages + dropped.messages, dropped.others), (MESSAGES as u64, 0));
    assert_eq!(worker.stop().await, 0);
}
