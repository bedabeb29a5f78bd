//! The life of a client, as a worker is told of it.

use gatepipe_client::{
    Adopted, Bind, BoundTo, Closed, Handshake, Header, Message, Session, SubscriptionStats, Uid,
};
use gatepipe_local_cluster::actor::{Caller, Page};
use gatepipe_local_cluster::eventually::until;
use gatepipe_local_cluster::ledger::{Entry, Ledger};
use gatepipe_local_cluster::{Cluster, Plan};
use serde_json::json;

use crate::id;

fn text(text: &str) -> Entry {
    Entry::Message(Message::text(text).unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_is_told_the_whole_life_of_a_client_in_order() {
    let cluster = Cluster::start().await;
    let (ledger, worker) = Ledger::subscribed(&cluster.register(), "orders", 2, |worker| {
        worker.headers(["User-Agent", "X-Shop"])
    })
    .await;
    let headers = [("x-shop", "north"), ("cookie", "secret"), ("user-agent", "Page/1"), ("x-shop", "south")];
    let url = format!("{}?room=7&name=a%20b", cluster.ws()[1]);
    let mut page = Page::open_with(&url, &headers).await;
    let client = id(&page);
    page.send("hello").await;
    page.send(r#"{"type":"ping"}"#).await;
    assert_eq!(page.next().await, json!({"type": "pong"}));
    page.send_binary(&[0, 159, 146, 150]).await;
    page.send("").await;
    ledger.until("the messages", |ledger| ledger.of(client).len() == 4).await;

    let alice = Caller::of(&cluster, "alice");
    alice.bind(&page).await;
    let (alice, carol) = (Uid::from(alice.id), Uid::from(77));
    let commands = cluster.client();
    commands.bind_uid(client, &carol, Bind::default()).await.unwrap();
    assert!(commands.unbind_uid(client, &carol).await.unwrap());
    commands.bind_uid(client, &alice, Bind::default()).await.unwrap();
    let session = Session::parse(r#"{"cart":[1,2]}"#).unwrap();
    commands.set_session(client, &session).await.unwrap();
    page.send("bye").await;
    page.close().await;
    ledger.until("the close", |ledger| !ledger.closes_of(client).is_empty()).await;

    let entries = ledger.of(client);
    let Entry::Connected(handshake) = &entries[0] else {
        panic!("{entries:?}");
    };
    let header = |name: &str, value: &str| Header { name: name.into(), value: value.into() };
    let headers = vec![header("x-shop", "north"), header("x-shop", "south"), header("user-agent", "Page/1")];
    let mut heard = handshake.headers.clone();
    heard.sort_by_key(|header| header.name == "user-agent");
    let expected = Handshake {
        path: "/ws".into(),
        query: "room=7&name=a%20b".into(),
        headers: handshake.headers.clone(),
        remote_address: "127.0.0.1".into(),
        connected_at_ms: handshake.connected_at_ms,
    };
    assert_eq!((handshake, heard), (&expected, headers));
    assert!(handshake.connected_at_ms > 1_700_000_000_000);
    let bound = |uid: Option<&Uid>, previous: Option<&Uid>| {
        Entry::Bound(BoundTo { uid: uid.cloned(), previous: previous.cloned() })
    };
    let closed = Closed { code: 1000, uid: Some(alice.clone()), session: Some(session), inferred: false };
    assert_eq!(
        entries[1..],
        [
            text("hello"),
            Entry::Message(Message::binary(vec![0, 159, 146, 150]).unwrap()),
            text(""),
            bound(Some(&alice), None),
            bound(Some(&carol), Some(&alice)),
            bound(None, Some(&carol)),
            bound(Some(&alice), None),
            text("bye"),
            Entry::Closed(closed),
        ]
    );
    assert_eq!(worker.stop().await, 0);
    cluster.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn who_was_there_before_is_adopted_and_who_goes_without_a_word_is_told_with_1006() {
    let cluster = Cluster::start().await;
    let alice = Caller::of(&cluster, "alice");
    let bound = Page::bound(&cluster.ws()[0], &alice).await;
    let mut free = Page::open(&cluster.ws()[1]).await;
    free.send("nobody listens").await;
    let (ledger, worker) = Ledger::start(&cluster.register(), "orders", |worker| worker);
    let (bound_id, free_id) = (id(&bound), id(&free));
    ledger.until("both", |ledger| ledger.clients().len() == 2).await;
    let adopted = |client| match ledger.of(client).remove(0) {
        Entry::Adopted(Adopted { uid, remote_address, connected_at_ms }) => {
            assert!(connected_at_ms > 1_700_000_000_000);
            (uid, remote_address)
        }
        other => panic!("{other:?}"),
    };
    assert_eq!(adopted(bound_id), (Some(Uid::from(alice.id)), "127.0.0.1".into()));
    assert_eq!(adopted(free_id), (None, "127.0.0.1".into()));
    drop(bound);
    let closed = |uid| Closed { code: 1006, uid, session: Some(Session::default()), inferred: false };
    ledger.until("the close", |ledger| !ledger.closes_of(bound_id).is_empty()).await;
    assert_eq!(ledger.closes_of(bound_id), [closed(Some(Uid::from(alice.id)))]);
    free.send("somebody listens").await;
    ledger.until("the message", |ledger| ledger.texts_of(free_id) == ["somebody listens"]).await;
    let clients: u64 = worker.stats().gateways.values().map(|gateway| gateway.clients).sum();
    assert_eq!(clients, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_worker_the_pipe_works() {
    let cluster = Cluster::start().await;
    let alice = Caller::of(&cluster, "alice");
    let mut page = Page::bound(&cluster.ws()[0], &alice).await;
    for round in 0..3 {
        page.send("to whom it may concern").await;
        let sent = alice.post("/WebSocket/pushToUser", json!({"uid": alice.id, "data": round})).await.ok();
        assert_eq!(sent["reached"], 1);
        assert_eq!(page.next().await["data"], round);
    }
    // One comes and goes: that closes nobody either.
    let (ledger, worker) = Ledger::subscribed(&cluster.register(), "orders", 2, |worker| worker).await;
    ledger.until("it is told", |ledger| ledger.clients().contains(&id(&page))).await;
    assert_eq!(worker.stop().await, 0);
    page.send("nobody again").await;
    alice.post("/WebSocket/pushToUser", json!({"uid": alice.id, "data": "end"})).await.ok();
    assert_eq!(page.next().await["data"], "end");
    assert!(ledger.texts_of(id(&page)).is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gateway_that_drains_tells_every_close_itself() {
    const PAGES: usize = 50;
    let mut cluster = Cluster::start().await;
    let (ledger, worker) = Ledger::subscribed(&cluster.register(), "orders", 2, |worker| worker).await;
    let alice = Caller::of(&cluster, "alice");
    let mut leaving = vec![Page::bound(&cluster.ws()[0], &alice).await];
    for _ in 1..PAGES {
        leaving.push(Page::open(&cluster.ws()[0]).await);
    }
    let staying = Page::open(&cluster.ws()[1]).await;
    let clients: Vec<_> = leaving.iter().map(id).collect();
    let reading = leaving.into_iter().map(|mut page| tokio::spawn(async move { page.rest().await.1 }));
    let reading: Vec<_> = reading.collect();
    cluster.drain_gateway(0).await.unwrap();
    for page in reading {
        assert_eq!(page.await.unwrap(), Some(1012));
    }
    until("the gateway is off the worker's list", || async { worker.stats().gateways.len() == 1 }).await;
    for client in &clients {
        let uid = (client == &clients[0]).then(|| Uid::from(alice.id));
        let told = Closed { code: 1012, uid, session: Some(Session::default()), inferred: false };
        assert_eq!(ledger.closes_of(*client), [told]);
    }
    assert!(ledger.closes_of(id(&staying)).is_empty());
    assert_eq!(worker.stop().await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_hears_on_while_no_register_runs() {
    let plan = Plan { gateways: 1, ..Plan::default() };
    let mut cluster = Cluster::start_with(plan).await.unwrap();
    let (ledger, worker) = Ledger::subscribed(&cluster.register(), "orders", 1, |worker| worker).await;
    cluster.stop_register(0).await.unwrap();
    let mut page = Page::open(&cluster.ws()[0]).await;
    page.send("hello").await;
    ledger.until("it is told", |ledger| ledger.texts_of(id(&page)) == ["hello"]).await;
    let seen: Vec<SubscriptionStats> = worker.stats().gateways.into_values().collect();
    assert_eq!((seen.len(), seen[0].subscribed, seen[0].events), (1, true, 2));
}
