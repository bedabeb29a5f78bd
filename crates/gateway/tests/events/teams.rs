//! Which worker hears of which client, while workers and clients come and go.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use futures_util::SinkExt;
use gatepipe_proto::v1::event::Event;
use gatepipe_proto::v1::subscribe_request::Request;
use gatepipe_proto::v1::{Hello, Leaving};
use tokio_util::sync::CancellationToken;

use crate::common::{Page, Running, start};
use crate::listener::{Listener, hello, text};

async fn pages(gateway: &Running, count: usize) -> Vec<Page> {
    let mut pages = Vec::new();
    for _ in 0..count {
        pages.push(gateway.page().await);
    }
    pages
}

fn ids(pages: &[Page]) -> BTreeSet<String> {
    pages.iter().map(|page| page.client_id.clone()).collect()
}

/// What one subscription has heard, checked as it comes: every client is introduced once, first, and closed once, last.
#[derive(Default)]
struct Heard {
    living: BTreeSet<String>,
    closed: BTreeSet<String>,
}

impl Heard {
    fn hear(&mut self, client_id: String, event: &Event) {
        match event {
            Event::Connected(_) | Event::Adopted(_) => {
                assert!(!self.closed.contains(&client_id), "{client_id} came back");
                assert!(self.living.insert(client_id), "introduced twice");
            }
            Event::Closed(_) => {
                assert!(self.living.remove(&client_id), "closed, but not there: {client_id}");
                self.closed.insert(client_id);
            }
            Event::Message(_) | Event::Bound(_) => {
                assert!(self.living.contains(&client_id), "{event:?} of somebody who is not there");
            }
            _ => {}
        }
    }

    /// Hears until this page says "end".
    async fn until_end(&mut self, listener: &mut Listener, page: &Page) {
        loop {
            let (client_id, event) = listener.next().await;
            let is_end =
                client_id == page.client_id && matches!(&event, Event::Message(_) if text(&event) == "end");
            self.hear(client_id, &event);
            if is_end {
                return;
            }
        }
    }
}

#[tokio::test]
async fn who_is_there_already_is_adopted_and_who_comes_later_is_connected() {
    let gateway = start(|_| {}).await;
    let mut commands = gateway.worker().await;
    let there = pages(&gateway, 300).await;
    assert_eq!(commands.bind(&there[7], "ana").await.code, 0);
    let mut worker = Listener::with(&gateway, hello("business")).await;
    let mut adopted = BTreeSet::new();
    loop {
        match worker.next().await {
            (client_id, Event::Adopted(told)) => {
                assert_eq!(told.uid, if client_id == there[7].client_id { "ana" } else { "" });
                assert_eq!(told.remote_address, "127.0.0.1");
                assert!(told.connected_at_ms > 1_700_000_000_000);
                assert!(adopted.insert(client_id), "adopted twice");
            }
            (_, Event::AdoptedAll(_)) => break,
            (_, other) => panic!("{other:?}"),
        }
    }
    assert_eq!(adopted, ids(&there));
    let page = gateway.page().await;
    assert!(matches!(worker.of(&page).await, Event::Connected(_)));
}

#[tokio::test(flavor = "multi_thread")]
async fn while_workers_come_and_go_each_client_is_told_of_once() {
    let gateway = Arc::new(start(|_| {}).await);
    let enough = CancellationToken::new();
    // Pages that come, speak and go; each task leaves one behind.
    let coming_and_going: Vec<_> = (0..4)
        .map(|_| {
            let (gateway, enough) = (gateway.clone(), enough.clone());
            tokio::spawn(async move {
                loop {
                    let mut page = gateway.page().await;
                    page.send("hello").await;
                    if enough.is_cancelled() {
                        return page;
                    }
                    drop(page);
                }
            })
        })
        .collect();

    let mut staying = Vec::new();
    for round in 0..24 {
        let mut listener = Listener::with(&gateway, hello(&format!("worker {round}"))).await;
        let mut heard = Heard::default();
        for _ in 0..40 {
            let (client_id, event) = listener.next().await;
            heard.hear(client_id, &event);
        }
        if round % 6 == 0 {
            staying.push((listener, heard));
        }
    }
    enough.cancel();
    let mut left = Vec::new();
    for task in coming_and_going {
        left.push(task.await.unwrap());
    }
    gateway.worker().await.until_clients(left.len() as u64).await;
    let mut last = gateway.page().await;
    last.send("end").await;
    left.push(last);
    for (mut listener, mut heard) in staying {
        heard.until_end(&mut listener, left.last().unwrap()).await;
        assert_eq!(heard.living, ids(&left));
    }
}

#[tokio::test]
async fn workers_of_one_name_share_the_clients_and_each_name_hears_of_all() {
    let gateway = start(|_| {}).await;
    let (mut one, _) = Listener::start(&gateway, "business").await;
    let (mut two, nobody) = Listener::start(&gateway, "business").await;
    assert!(nobody.is_empty());
    let (mut audit, _) = Listener::start(&gateway, "audit").await;
    let mut all = pages(&gateway, 20).await;

    let mut of_one = BTreeSet::new();
    let mut of_two = BTreeSet::new();
    for _ in 0..10 {
        of_one.insert(one.next().await.0);
        of_two.insert(two.next().await.0);
    }
    assert_eq!(of_one.union(&of_two).cloned().collect::<BTreeSet<_>>(), ids(&all));
    for page in &all {
        assert!(matches!(audit.of(page).await, Event::Connected(_)));
    }

    // A client stays where it is, though a third has less to do.
    let (mut three, nobody) = Listener::start(&gateway, "business").await;
    assert!(nobody.is_empty());
    for page in &mut all {
        page.send("who hears this?").await;
    }
    for page in &all {
        let worker = if of_one.contains(&page.client_id) { &mut one } else { &mut two };
        assert_eq!(text(&worker.of(page).await), "who hears this?");
        assert_eq!(text(&audit.of(page).await), "who hears this?");
    }
    // The next ones are for whoever has the fewest.
    let page = gateway.page().await;
    assert!(matches!(three.of(&page).await, Event::Connected(_)));
}

#[tokio::test(flavor = "multi_thread")]
async fn when_one_of_two_is_killed_under_load_everybody_goes_on_at_the_other() {
    let gateway = start(|_| {}).await;
    let (mut one, _) = Listener::start(&gateway, "business").await;
    let (mut two, _) = Listener::start(&gateway, "business").await;
    let all = pages(&gateway, 16).await;
    let living = ids(&all);
    let enough = CancellationToken::new();
    let speaking: Vec<_> = all
        .into_iter()
        .map(|mut page| {
            let enough = enough.clone();
            tokio::spawn(async move {
                let mut number = 0;
                while !enough.is_cancelled() {
                    page.frames.feed(format!("{number}").into()).await.unwrap();
                    number += 1;
                    // Not faster than the gateway reads.
                    if number % 16 == 0 {
                        page.send(r#"{"type":"ping"}"#).await;
                        page.text().await;
                    }
                }
                page.send("end").await;
                page
            })
        })
        .collect();

    let mut last: BTreeMap<String, u64> = BTreeMap::new();
    let mut say = |client_id: &str, number: u64| {
        let before = last.insert(client_id.to_owned(), number);
        assert!(before.is_none_or(|before| before < number), "{number} of {client_id} after {before:?}");
    };
    let (mut of_one, mut of_two) = (Heard::default(), Heard::default());
    for _ in 0..2000 {
        let (client_id, event) = one.next().await;
        of_one.hear(client_id.clone(), &event);
        if matches!(event, Event::Message(_)) {
            say(&client_id, text(&event).parse().unwrap());
        }
    }
    assert_eq!(of_one.living.len(), 8);
    one.kill();
    let mut ended = BTreeSet::new();
    while ended.len() < 16 {
        let (client_id, event) = two.next().await;
        of_two.hear(client_id.clone(), &event);
        match &event {
            Event::Message(_) if text(&event) == "end" => drop(ended.insert(client_id)),
            Event::Message(_) => say(&client_id, text(&event).parse().unwrap()),
            Event::Connected(_) => assert!(!of_one.living.contains(&client_id)),
            _ => {}
        }
        if of_two.living.len() == 16 {
            enough.cancel();
        }
    }
    assert_eq!(of_two.living, living);
    for task in speaking {
        task.await.unwrap();
    }
}

#[tokio::test]
async fn one_that_leaves_hands_over_what_it_was_not_sent() {
    let gateway = start(|_| {}).await;
    let mut commands = gateway.worker().await;
    // With what comes back for the welcome: enough for the greeting and one event.
    let mut leaving = Listener::with(&gateway, Hello { credit: 2, ..hello("business") }).await;
    leaving.returns_credit = false;
    leaving.adopted_all().await;
    let mut known = gateway.page().await;
    assert!(matches!(leaving.of(&known).await, Event::Connected(_)));
    let mut unknown = gateway.page().await;
    let gone = gateway.page().await;
    known.send("1").await;
    assert_eq!(commands.bind(&known, "ana").await.code, 0);
    unknown.send("1").await;
    assert_eq!(commands.bind(&unknown, "bob").await.code, 0);
    let gone_id = gone.client_id.clone();
    drop(gone);
    commands.until_clients(2).await;

    let (mut other, _) = Listener::start(&gateway, "business").await;
    leaving.say(Request::Leaving(Leaving {}));
    assert_eq!(leaving.event().await.unwrap(), None);
    let (mut of_known, mut of_unknown, mut of_gone) = (Vec::new(), Vec::new(), Vec::new());
    for page in [&mut known, &mut unknown] {
        page.send("2").await;
    }
    while of_known.last() != Some(&"2") || of_unknown.last() != Some(&"2") || of_gone.len() < 2 {
        let (client_id, event) = other.next().await;
        let what = match &event {
            Event::Connected(_) => "connected",
            Event::Adopted(adopted) => {
                assert_eq!(adopted.uid, "ana");
                "adopted"
            }
            Event::Bound(bound) => {
                assert_eq!(bound.uid, "bob", "the other one's is told with its adoption");
                "bound"
            }
            Event::Closed(_) => "closed",
            other if text(other) == "1" => "1",
            _ => "2",
        };
        if client_id == known.client_id {
            of_known.push(what);
        } else if client_id == unknown.client_id {
            of_unknown.push(what);
        } else {
            assert_eq!(client_id, gone_id);
            of_gone.push(what);
        }
    }
    assert_eq!(of_known, ["adopted", "1", "2"]);
    assert_eq!(of_unknown, ["connected", "1", "bound", "2"]);
    assert_eq!(of_gone, ["connected", "closed"]);
    let metrics = gateway.metrics().await;
    assert!(metrics.contains("gatepipe_gateway_events_lost_total 0\n"), "{metrics}");
}

#[tokio::test]
async fn without_a_worker_clients_stay_and_the_pipe_works() {
    let gateway = start(|_| {}).await;
    let mut commands = gateway.worker().await;
    let mut page = gateway.page().await;
    let mut only = Listener::with(&gateway, Hello { credit: 1, ..hello("business") }).await;
    only.returns_credit = false;
    page.send("nobody will read this").await;
    page.send(r#"{"type":"ping"}"#).await;
    assert_eq!(page.text().await, r#"{"type":"pong"}"#);
    drop(only);
    gateway.until_subscriptions(0).await;
    page.send("nor this").await;
    page.send(r#"{"type":"ping"}"#).await;
    assert_eq!(page.text().await, r#"{"type":"pong"}"#);
    assert_eq!(commands.bind(&page, "ana").await.code, 0);
    assert_eq!(commands.send_to_uid("ana", "still here").await.reached, 1);
    assert_eq!(page.text().await, "still here");
    let metrics = gateway.metrics().await;
    for line in [
        "gatepipe_gateway_frames_dropped_total 1\n",
        "gatepipe_gateway_events_dropped_total{kind=\"message\"} 1\n",
        "gatepipe_gateway_event_bytes 0\n",
    ] {
        assert!(metrics.contains(line), "{metrics}");
    }
    // The next one begins anew.
    let (_, adopted) = Listener::start(&gateway, "business").await;
    assert_eq!(adopted, [page.client_id.clone()]);
}
