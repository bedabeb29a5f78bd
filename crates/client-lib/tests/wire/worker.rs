//! Workers: order, credit, panics, and closes that nobody tells.

use std::time::Duration;

use gatepipe_client::{ClientId, GatewayClient, RunningWorker, SubscriptionStats};
use tonic::Status;

use crate::notebook::Notebook;
use crate::scripted::subscriptions::{Heard, adopted, bound, closed, connected, message};
use crate::scripted::{Gateway, PATIENCE, Register, eventually, joined, patient};

pub(crate) const CLOSE_INFERRED: &str = "close 1006 nobody unknown inferred";

/// A register with one gateway, and a client that commands it.
pub(crate) async fn one_gateway() -> (Register, Gateway, GatewayClient) {
    let register = Register::start();
    let gateway = Gateway::start();
    register.list(&gateway);
    let client = joined(patient(&register)).await;
    (register, gateway, client)
}

pub(crate) fn start(client: &GatewayClient, notebook: &Notebook) -> RunningWorker {
    client.worker("orders").start(notebook.clone()).unwrap()
}

pub(crate) fn seen(worker: &RunningWorker, gateway: &Gateway) -> SubscriptionStats {
    worker.stats().gateways.remove(&gateway.id).unwrap_or_default()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn hooks_of_one_client_run_in_order_over_many_lanes() {
    const CLIENTS: usize = 200;
    const MESSAGES: usize = 50;
    let (_register, gateway, client) = one_gateway().await;
    let notebook = Notebook::default();
    let worker = start(&client, &notebook);
    let told = gateway.subscribed().await;
    let clients: Vec<_> = (0..CLIENTS).map(|_| ClientId::random(gateway.id)).collect();
    told.tell(clients.iter().map(|client| connected(*client)));
    for number in 0..MESSAGES {
        told.tell(clients.iter().map(|client| message(*client, &number.to_string())));
    }
    told.tell(clients.iter().map(|client| bound(*client, "ana")));
    told.tell(clients.iter().map(|client| closed(*client, 1000, "ana")));

    eventually("every hook has run", || notebook.len() == CLIENTS * (MESSAGES + 3)).await;
    let mut expected = vec!["connect /ws".to_owned()];
    expected.extend((0..MESSAGES).map(|number| number.to_string()));
    expected.extend(["bound ana".to_owned(), r#"close 1000 ana {"cart":3} told"#.to_owned()]);
    for client in clients {
        assert_eq!(notebook.of(client), expected);
    }
    let seen = seen(&worker, &gateway);
    assert_eq!((seen.events, seen.clients), (notebook.len() as u64, 0));
    assert_eq!(worker.stop().await, 0);
}

#[tokio::test]
async fn a_slow_hook_holds_up_only_its_lane() {
    let (_register, gateway, client) = one_gateway().await;
    let notebook = Notebook::default();
    let worker = start(&client, &notebook);
    let told = gateway.subscribed().await;
    let slow = ClientId::random(gateway.id);
    let others: Vec<_> = (0..500).map(|_| ClientId::random(gateway.id)).collect();
    told.tell([message(slow, "wait"), message(slow, "after")]);
    told.tell(others.iter().map(|client| message(*client, "quick")));
    // By chance some share its lane, 1 in 64; half of them never do.
    eventually("the others go on", || notebook.len() >= 250 && worker.stats().hooks_running == 1).await;
    assert!(notebook.of(slow).is_empty());
    notebook.open_gate(1);
    eventually("everybody had a turn", || notebook.len() == 502).await;
    assert_eq!(notebook.of(slow), ["wait", "after"]);
}

#[tokio::test]
async fn credit_comes_back_when_a_hook_has_ended_and_not_before() {
    let (_register, gateway, client) = one_gateway().await;
    let notebook = Notebook::default();
    let _worker = client.worker("orders").credit(3).lanes(1_000).start(notebook.clone()).unwrap();
    let told = gateway.subscribed().await;
    assert_eq!((told.hello.worker.as_str(), told.hello.credit), ("orders", 3));
    eventually("the welcome is dealt with", || told.heard().credit == 1).await;
    let [slow, quick] = [ClientId::random(gateway.id), ClientId::random(gateway.id)];
    told.tell([message(slow, "wait"), message(slow, "after"), message(quick, "quick")]);
    eventually("the quick one is dealt with", || told.heard().credit == 2).await;
    told.tell([message(quick, "quick")]);
    eventually("and again", || told.heard().credit == 3).await;
    assert!(notebook.of(slow).is_empty());
    notebook.open_gate(1);
    eventually("the slow one too", || told.heard().credit == 5).await;
    told.adopted_all();
    told.dropped(1, 0);
    eventually("and what concerns no client", || told.heard().credit == 7).await;
}

#[tokio::test]
async fn a_worker_takes_no_more_than_its_credit_whatever_a_gateway_sends() {
    let (_register, gateway, client) = one_gateway().await;
    let notebook = Notebook::default();
    let worker = client.worker("orders").credit(4).start(notebook.clone()).unwrap();
    let told = gateway.subscribed().await;
    told.tell((0..100).map(|_| message(ClientId::random(gateway.id), "wait")));
    let taken = || worker.stats().hooks_running + worker.stats().hooks_waiting;
    eventually("it is full", || taken() == 4).await;
    for ended in 1..=100 {
        notebook.open_gate(1);
        eventually("one has ended", || notebook.len() == ended).await;
        assert!(taken() <= 4);
    }
}

#[tokio::test]
async fn after_a_panic_the_next_event_goes_on() {
    let (_register, gateway, client) = one_gateway().await;
    let notebook = Notebook::default();
    let worker = start(&client, &notebook);
    let told = gateway.subscribed().await;
    let ana = ClientId::random(gateway.id);
    let messages = ["one", "panic", "two", "early panic", "three"];
    told.tell(messages.map(|text| message(ana, text)));
    told.tell([closed(ana, 1000, "")]);
    let close = r#"close 1000 nobody {"cart":3} told"#;
    eventually("the rest is dealt with", || notebook.of(ana) == ["one", "two", "three", close]).await;
    assert_eq!(worker.stats().panics, 2);
    assert_eq!(worker.stop().await, 0);
}

#[tokio::test]
async fn no_hook_runs_before_the_first_has_ended() {
    let (_register, gateway, client) = one_gateway().await;
    let notebook = Notebook::hesitant();
    let worker = start(&client, &notebook);
    eventually("it begins", || worker.stats().hooks_running == 1).await;
    assert!(worker.stats().gateways.is_empty());
    notebook.begin();
    let told = gateway.subscribed().await;
    let ana = ClientId::random(gateway.id);
    told.tell([connected(ana)]);
    eventually("it goes on", || notebook.of(ana) == ["connect /ws"]).await;
    assert_eq!(notebook.others(), ["start"]);
}

#[tokio::test]
async fn a_stream_that_breaks_is_opened_again_and_only_who_is_gone_is_closed() {
    let (_register, gateway, client) = one_gateway().await;
    let notebook = Notebook::default();
    let worker = start(&client, &notebook);
    let told = gateway.subscribed().await;
    let [again, gone, late] = [(); 3].map(|()| ClientId::random(gateway.id));
    let elsewhere = gateway.has_client(None);
    told.tell([
        adopted(again, ""),
        connected(gone),
        bound(gone, "ana"),
        connected(elsewhere),
        connected(late),
    ]);
    told.adopted_all();
    eventually("they are known", || seen(&worker, &gateway).clients == 4).await;
    told.breaks();
    eventually("it is told", || seen(&worker, &gateway).trouble.as_deref() == Some("as scripted")).await;

    let told = gateway.subscribed().await;
    eventually("it is open", || seen(&worker, &gateway).subscribed).await;
    assert_eq!(seen(&worker, &gateway).trouble, None);
    told.tell([adopted(again, "bob"), adopted(late, "")]);
    told.adopted_all();
    let close = "close 1006 ana unknown inferred";
    eventually("who is gone is closed", || notebook.of(gone).last().is_some_and(|line| line == close)).await;
    // What the gateway hands on late from the broken stream calls no hook any more.
    told.tell([
        adopted(gone, "ana"),
        closed(gone, 1000, "ana"),
        closed(late, 4001, ""),
        message(again, "hello"),
    ]);
    eventually("they are heard", || notebook.of(again) == ["adopt nobody", "adopt bob", "hello"]).await;
    eventually("a close that is told", || notebook.of(late).len() == 3).await;
    assert_eq!(notebook.of(late), ["connect /ws", "adopt nobody", r#"close 4001 nobody {"cart":3} told"#]);
    assert_eq!(notebook.of(gone), ["connect /ws", "bound ana", close]);
    assert_eq!(notebook.of(elsewhere), ["connect /ws"], "it is connected, wherever");
    assert_eq!(seen(&worker, &gateway).clients, 1);
    assert_eq!(worker.stop().await, 0);
}

#[tokio::test]
async fn a_gateway_that_leaves_closes_each_of_its_clients_once() {
    let (register, gateway, client) = one_gateway().await;
    let other = Gateway::start();
    register.list(&other);
    let notebook = Notebook::default();
    let worker = start(&client, &notebook);
    let (told, also_told) = (gateway.subscribed().await, other.subscribed().await);
    let [ana, bob, carol] = [(); 3].map(|()| ClientId::random(gateway.id));
    let dave = ClientId::random(other.id);
    also_told.tell([connected(dave)]);
    // What waits for a hook comes before the close.
    told.tell([
        connected(ana),
        message(ana, "wait"),
        message(ana, "last"),
        adopted(bob, "bob"),
        connected(carol),
    ]);
    told.tell([closed(carol, 1000, "")]);
    eventually("they are known", || seen(&worker, &gateway).events == 6).await;

    let id = gateway.id;
    drop(gateway);
    eventually("the stream is missed", || worker.stats().gateways[&id].trouble.is_some()).await;
    assert_eq!(notebook.of(bob), ["adopt bob"], "it is a member as long as it is listed");
    register.remove(id);
    eventually("bob is closed", || notebook.of(bob) == ["adopt bob", "close 1006 bob unknown inferred"])
        .await;
    assert_eq!(notebook.of(ana), ["connect /ws"]);
    notebook.open_gate(1);
    eventually("ana too", || notebook.of(ana) == ["connect /ws", "wait", "last", CLOSE_INFERRED]).await;
    eventually("it is off the list", || !worker.stats().gateways.contains_key(&id)).await;
    assert_eq!(worker.stop().await, 0);
    assert_eq!(notebook.of(carol), ["connect /ws", r#"close 1000 nobody {"cart":3} told"#]);
    assert_eq!(notebook.of(dave), ["connect /ws"]);
    assert_eq!(notebook.len(), 9);
}

#[tokio::test]
async fn closes_that_a_gateway_tells_as_it_leaves_are_read_to_the_end() {
    const CLIENTS: usize = 500;
    let (register, gateway, client) = one_gateway().await;
    let notebook = Notebook::default();
    let worker = client.worker("orders").credit(8).start(notebook.clone()).unwrap();
    let told = gateway.subscribed().await;
    let clients: Vec<_> = (0..CLIENTS).map(|_| ClientId::random(gateway.id)).collect();
    told.tell(clients.iter().map(|client| connected(*client)));
    told.tell(clients.iter().map(|client| closed(*client, 1012, "")));
    drop(told);
    register.remove(gateway.id);
    eventually("every hook has run", || notebook.len() == 2 * CLIENTS).await;
    for client in clients {
        assert_eq!(notebook.of(client), ["connect /ws", r#"close 1012 nobody {"cart":3} told"#]);
    }
    drop(gateway);
    assert_eq!(worker.stop().await, 0);
    assert_eq!(notebook.len(), 2 * CLIENTS);
}

#[tokio::test]
async fn a_refusal_is_told_in_words_until_it_is_over() {
    let (_register, gateway, client) = one_gateway().await;
    gateway.refuse_workers(Some(Status::unimplemented("")));
    let notebook = Notebook::default();
    let worker = start(&client, &notebook);
    for (refusal, words) in [
        (Status::unimplemented(""), "it knows no workers: it is older than this program"),
        (Status::unauthenticated("the secret is wrong"), "the secret is wrong"),
        (Status::resource_exhausted("too many workers"), "too many workers"),
        (Status::invalid_argument(""), "it refused: Client specified an invalid argument"),
    ] {
        gateway.refuse_workers(Some(refusal));
        eventually(words, || seen(&worker, &gateway).trouble.as_deref() == Some(words)).await;
        assert!(!seen(&worker, &gateway).subscribed);
    }
    gateway.refuse_workers(None);
    let _told = gateway.subscribed().await;
    eventually("it is open", || seen(&worker, &gateway).subscribed).await;
    assert_eq!(seen(&worker, &gateway).trouble, None);
}

#[tokio::test]
async fn a_worker_that_stops_says_so_and_finishes_what_it_has() {
    let (_register, gateway, client) = one_gateway().await;
    let notebook = Notebook::default();
    let worker = start(&client, &notebook);
    let told = gateway.subscribed().await;
    told.lingers();
    let ana = ClientId::random(gateway.id);
    told.tell([connected(ana), message(ana, "wait"), message(ana, "last")]);
    eventually("a hook runs", || worker.stats().hooks_running == 1).await;
    let stopping = tokio::spawn(worker.stop());
    eventually("it says so", || told.heard().leaving).await;
    // What was on its way.
    told.tell([message(ana, "very last")]);
    drop(told);
    notebook.open_gate(1);
    assert_eq!(tokio::time::timeout(PATIENCE, stopping).await.unwrap().unwrap(), 0);
    assert_eq!(notebook.of(ana), ["connect /ws", "wait", "last", "very last"]);
}

#[tokio::test]
async fn a_gateway_that_does_not_let_a_worker_go_is_not_waited_for() {
    let (_register, gateway, client) = one_gateway().await;
    let worker = client.worker("orders").stop_timeout(PATIENCE * 2).start(Notebook::default()).unwrap();
    let told = gateway.subscribed().await;
    told.lingers();
    assert_eq!(tokio::time::timeout(PATIENCE, worker.stop()).await.unwrap(), 0);
    eventually("the stream has ended", || told.heard() == Heard { credit: 0, leaving: true, gone: true })
        .await;
}

#[tokio::test]
async fn a_stop_ends_in_its_time_and_tells_what_it_left() {
    let (_register, gateway, client) = one_gateway().await;
    let notebook = Notebook::default();
    let builder = client.worker("orders").stop_timeout(Duration::from_millis(50));
    let worker = builder.start(notebook.clone()).unwrap();
    let told = gateway.subscribed().await;
    let ana = ClientId::random(gateway.id);
    told.tell([message(ana, "wait"), message(ana, "one"), message(ana, "two")]);
    eventually("they are taken", || worker.stats().hooks_waiting == 2).await;
    assert_eq!(tokio::time::timeout(PATIENCE, worker.stop()).await.unwrap(), 3);
    eventually("the stream has ended", || told.heard().gone).await;
    assert!(notebook.of(ana).is_empty());
}

#[tokio::test]
async fn dropping_a_worker_ends_everything_at_once() {
    let (_register, gateway, client) = one_gateway().await;
    let notebook = Notebook::default();
    let worker = start(&client, &notebook);
    let told = gateway.subscribed().await;
    told.tell([message(ClientId::random(gateway.id), "wait")]);
    eventually("a hook runs", || worker.stats().hooks_running == 1).await;
    drop(worker);
    eventually("the stream has ended", || told.heard().gone).await;
    assert!(!told.heard().leaving, "it had no time to say so");
    drop(client);
    eventually("nobody commands", || gateway.pipes() == 0).await;
    assert_eq!(notebook.len(), 0);
}

#[tokio::test]
async fn what_a_worker_asks_for_is_said_and_what_it_missed_is_told() {
    let (_register, gateway, client) = one_gateway().await;
    let notebook = Notebook::default();
    let worker =
        client.worker("log").headers(["User-Agent"]).without_messages().start(notebook.clone()).unwrap();
    let told = gateway.subscribed().await;
    assert_eq!(told.hello.headers, ["user-agent"]);
    assert!(told.hello.without_messages);
    told.dropped(7, 2);
    let line = format!("{} dropped 7 2", gateway.id);
    eventually("it is told", || notebook.others() == ["start".to_owned(), line.clone()]).await;
    assert_eq!(seen(&worker, &gateway).dropped, 9);
    assert_eq!(told.heard(), Heard::default(), "a quarter of the credit is told at once");
}
