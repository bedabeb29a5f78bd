//! `gatepipe tail`.

use futures_util::SinkExt as _;
use gatepipe_local_cluster::actor::{Caller, Page};
use gatepipe_local_cluster::eventually::within;
use gatepipe_local_cluster::{Cluster, Plan};
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Message;

use crate::ghost::Ghost;
use crate::run::{Running, run, run_at};

/// Starts it and waits until it hears this many gateways.
async fn tail(cluster: &Cluster, gateways: usize, more: &str) -> Running {
    let mut tail = Running::start_at(cluster, &format!("tail {more}"));
    for _ in 0..gateways {
        tail.says("is heard").await;
    }
    tail
}

fn about<'a>(event: &'a Value, page: &Page) -> &'a str {
    assert_eq!(event["client_id"], page.client_id(), "{event}");
    assert_eq!(event["gateway_id"], page.client_id()[..16]);
    assert!(event["at_ms"].is_i64(), "{event}");
    event["kind"].as_str().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn piped_it_is_a_line_of_json_for_everything_that_happens() {
    let cluster = Cluster::start().await;
    let mut tail = tail(&cluster, 2, "").await;
    let alice = Caller::of(&cluster, "alice");
    let uid = alice.id.to_string();
    for (ws, query) in [(&cluster.ws()[0], "?room=7"), (&cluster.ws()[1], "")] {
        let mut page = Page::open(&format!("{ws}{query}")).await;
        let event = tail.frame().await;
        assert_eq!(about(&event, &page), "connected");
        assert_eq!((&event["path"], &event["query"]), (&json!("/ws"), &json!(query.trim_start_matches('?'))));
        assert_eq!(event["remote_address"], "127.0.0.1");
        alice.bind(&page).await;
        let event = tail.frame().await;
        assert_eq!(about(&event, &page), "bound");
        assert_eq!((&event["uid"], &event["previous_uid"]), (&json!(uid), &Value::Null));
        page.send("two\nlines \u{1b}[31m").await;
        let event = tail.frame().await;
        assert_eq!(about(&event, &page), "message");
        assert_eq!((&event["uid"], &event["text"]), (&json!(uid), &json!("two\nlines \u{1b}[31m")));
        // The gateway answers it, and nobody else hears of it.
        page.send(r#"{"type":"ping"}"#).await;
        run_at(&cluster, &format!("clients session {} --set {{\"a\":1}}", page.client_id())).await;
        run_at(&cluster, &format!("clients kick {} --code 4201", page.client_id())).await;
        let event = tail.frame().await;
        assert_eq!(about(&event, &page), "closed");
        assert_eq!((&event["code"], &event["uid"]), (&json!(4201), &json!(uid)));
        assert_eq!((&event["session"], &event["inferred"]), (&json!({"a": 1}), &json!(false)));
    }
    tail.interrupt();
    assert_eq!(tail.ended().await, (0, String::new()));
}

#[tokio::test(flavor = "multi_thread")]
async fn binary_messages_are_base64() {
    let cluster = Cluster::start().await;
    let mut tail = tail(&cluster, 2, "--kind message --count 1").await;
    let (mut page, _) = Box::pin(tokio_tungstenite::connect_async(&cluster.ws()[0])).await.unwrap();
    page.send(Message::binary(vec![0xfb, 0xff, 0x00, b'a'])).await.unwrap();
    let event = tail.frame().await;
    assert_eq!((&event["binary"], &event["bytes"]), (&json!("+/8AYQ=="), &json!(4)));
    assert_eq!(event.get("text"), None);
    assert_eq!(tail.ended().await, (0, String::new()));
}

#[tokio::test(flavor = "multi_thread")]
async fn those_who_are_there_already_come_only_when_asked_for() {
    let cluster = Cluster::start().await;
    let alice = Caller::of(&cluster, "alice");
    let page = Page::bound(&cluster.ws()[0], &alice).await;
    let mut with = tail(&cluster, 2, "--existing --count 2").await;
    let mut without = tail(&cluster, 2, "--count 1").await;
    let event = with.frame().await;
    assert_eq!(about(&event, &page), "adopted");
    assert_eq!(event["uid"], alice.id.to_string());
    // Each hears everything: a tail takes nothing away from another.
    let came = Page::open(&cluster.ws()[1]).await;
    for tail in [&mut with, &mut without] {
        assert_eq!(about(&tail.frame().await, &came), "connected");
    }
    assert_eq!(with.ended().await.0, 0);
    assert_eq!(without.ended().await.0, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn filters_let_through_what_was_asked_for() {
    let cluster = Cluster::start().await;
    let ws = cluster.ws();
    let (alice, bob) = (Caller::of(&cluster, "alice"), Caller::of(&cluster, "bob"));
    let mut early = Page::bound(&ws[0], &alice).await;
    let mut of_bob = Page::bound(&ws[1], &bob).await;
    let mut by_uid = tail(&cluster, 2, &format!("--uid {}", alice.id)).await;
    let mut by_client = tail(&cluster, 2, &format!("--client {}", of_bob.client_id())).await;
    let second = &cluster.gateway_ids()[1][..6];
    let mut by_gateway = tail(&cluster, 1, &format!("--gateway {second} --kind message,closed")).await;

    of_bob.send("from bob").await;
    // Who was bound before the tail began is known too.
    early.send("from alice").await;
    let mut late = Page::bound(&ws[1], &alice).await;
    late.send("from alice too").await;
    of_bob.send("from bob again").await;

    // Of different gateways in any order.
    let mut seen = Vec::new();
    for _ in 0..3 {
        let event = by_uid.frame().await;
        assert_eq!(event["uid"], alice.id.to_string());
        seen.push(format!("{} {}", event["kind"].as_str().unwrap(), event["text"].as_str().unwrap_or("")));
    }
    seen.sort_unstable();
    assert_eq!(seen, ["bound ", "message from alice", "message from alice too"]);
    for text in ["from bob", "from bob again"] {
        assert_eq!(by_client.frame().await["text"], text);
    }
    // Of two clients in any order, of one in its own.
    let (mut of_bob, mut of_alice) = (Vec::new(), Vec::new());
    for _ in 0..3 {
        let event = by_gateway.frame().await;
        let text = event["text"].as_str().unwrap().to_owned();
        if text.starts_with("from bob") { of_bob.push(text) } else { of_alice.push(text) }
    }
    assert_eq!(of_bob, ["from bob", "from bob again"]);
    assert_eq!(of_alice, ["from alice too"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn for_people_it_is_a_line_that_is_cut_and_cannot_steer_the_terminal() {
    let cluster = Cluster::start().await;
    let mut people = tail(&cluster, 2, "-o table --kind message --count 1").await;
    let mut rows = tail(&cluster, 2, "-o tsv --kind message --count 1").await;
    let mut page = Page::open(&cluster.ws()[0]).await;
    let text = format!("\u{1b}[2J\tlong{}", "g".repeat(500));
    page.send(&text).await;
    let line = people.line().await;
    assert!(line.contains("Z  message    ") && line.contains(page.client_id()), "{line}");
    assert!(line.ends_with("gggg…") && line.chars().count() == 160, "{line}");
    assert!(!line.contains(char::is_control), "{line:?}");
    let row = rows.line().await;
    let cells: Vec<_> = row.split('\t').collect();
    assert_eq!(cells[1..4], ["message", page.client_id(), ""], "{row}");
    assert_eq!(cells[4].chars().count(), text.chars().count(), "{row}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_that_has_enough_ends_it_quietly() {
    let cluster = Cluster::start().await;
    let mut tail = tail(&cluster, 2, "").await;
    let mut page = Page::open(&cluster.ws()[0]).await;
    assert_eq!(about(&tail.frame().await, &page), "connected");
    tail.hang_up();
    page.send("nobody reads this").await;
    assert_eq!(tail.ended().await, (0, String::new()));
}

#[tokio::test(flavor = "multi_thread")]
async fn gateways_that_cannot_be_heard_or_leave_are_told_on_stderr() {
    let mut cluster = Cluster::start().await;
    let ghost = Ghost::haunt(&cluster).await;
    let mut tail = Running::start_at(&cluster, "tail --timeout 1s");
    let mut lines = [tail.says("heard").await, tail.says("heard").await, tail.says("heard").await];
    lines.sort_by_key(|line| line.contains("cannot"));
    assert!(lines[2].contains("cannot be heard") && lines[2].contains(&ghost.id), "{lines:?}");

    let ids = cluster.gateway_ids();
    let page = Page::open(&cluster.ws()[0]).await;
    cluster.drain_gateway(0).await.unwrap();
    let line = tail.says("left").await;
    assert!(line.contains(&ids[0]), "{line}");
    let mut kinds = Vec::new();
    while kinds.last().is_none_or(|kind| kind != "closed") {
        let event = tail.frame().await;
        assert_eq!(event["client_id"], page.client_id());
        kinds.push(event["kind"].as_str().unwrap().to_owned());
    }
    // The other one is heard on.
    let stays = Page::open(&cluster.ws()[0]).await;
    assert_eq!(about(&tail.frame().await, &stays), "connected");
    tail.interrupt();
    assert_eq!(tail.ended().await.0, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn ctrl_c_ends_it_while_nobody_takes_its_output() {
    let cluster = Cluster::start_with(Plan { gateways: 1, ..Plan::default() }).await.unwrap();
    let tail = tail(&cluster, 1, "").await;
    let mut page = Page::open(&cluster.ws()[0]).await;
    // More than a pipe takes, so that the program waits for its reader.
    let text = "x".repeat(60_000);
    for _ in 0..20 {
        page.send(&text).await;
    }
    tail.interrupt();
    assert_eq!(tail.ended().await.0, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_not_taken_fast_enough_is_told_on_stderr() {
    let mut plan = Plan { gateways: 1, ..Plan::default() };
    plan.tune_gateway = Box::new(|config| config.worker_queue = 16 << 10);
    let cluster = Cluster::start_with(plan).await.unwrap();
    let mut tail = tail(&cluster, 1, "--kind message").await;
    let mut page = Page::open(&cluster.ws()[0]).await;
    let dropped = async || {
        let stats = cluster.client().stats().await.value;
        stats.values().any(|gateway| gateway.totals.events_dropped > 0)
    };
    // Nobody reads what it prints, until the gateway has had to drop something.
    let text = "x".repeat(1_000);
    within("a dropped event", async {
        while !dropped().await {
            for _ in 0..200 {
                page.send(&text).await;
            }
        }
    })
    .await;
    // It goes on when it is read, and then tells what is missing.
    loop {
        page.send("later").await;
        if tail.frame().await["text"] == "later" {
            break;
        }
    }
    let line = tail.says("dropped").await;
    assert!(line.contains(&cluster.gateway_ids()[0]) && line.contains("others: 0"), "{line}");
    tail.interrupt();
    assert_eq!(tail.ended().await.0, 0);
}

#[tokio::test]
async fn what_cannot_be_asked_for_is_refused() {
    for line in ["tail --kind adopted", "tail --count 0", "tail --gateway 12", "tail --client 12"] {
        assert_eq!(run(line).await.code, 2, "{line}");
    }
}
