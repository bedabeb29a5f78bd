//! The failure table, row by row, with the built programs as processes.

mod agreement;
mod closes;
mod inspect;
mod listing;
mod model;
mod programs;
mod refusals;
mod registers;
mod reload;
mod socket;
mod workers;

use std::time::{Duration, Instant};

use futures_util::future::join_all;
use gatepipe_local_cluster::actor::{Caller, Page};
use gatepipe_local_cluster::eventually::until;
use programs::{Program, Programs};
use rustix::process::Signal;
use serde_json::{Value, json};

async fn push(from: &Caller, to: u64, data: Value) -> Value {
    from.post("/WebSocket/pushToUser", json!({"uid": to, "data": data})).await.ok()
}

fn failed(receipt: &Value) -> Vec<&str> {
    receipt["failed"].as_array().unwrap().iter().map(|failure| failure["gateway"].as_str().unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn kill_9_of_a_gateway_ends_only_its_clients_and_receipts_name_it_until_it_is_off_the_list() {
    let mut programs = Programs::start(2, &[]).await;
    let alice = programs.caller("alice");
    let mut dying = Page::bound(&programs.ws(0), &alice).await;
    let mut living = Page::bound(&programs.ws(1), &alice).await;
    let dead = programs.gateway_id(0);
    programs.gateways[0].take().unwrap().kill();
    assert_eq!(dying.rest().await.1, None, "no close frame from a killed process");

    let receipt = push(&alice, alice.id, json!(1)).await;
    assert_eq!(receipt["reached"], 1);
    assert_eq!(failed(&receipt), [dead.as_str()], "{receipt}");
    assert_eq!(living.next().await["data"], 1);
    until("the dead gateway is off the list", || async {
        push(&alice, alice.id, json!(2)).await["failed"] == json!([])
    })
    .await;
    assert_eq!(living.next().await["data"], 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mute_gateway_is_named_at_the_deadline_and_nobody_is_called_offline() {
    let programs = Programs::start(2, &[]).await;
    let alice = programs.caller("alice");
    let mut there = Page::bound(&programs.ws(0), &alice).await;
    programs.gateway(1).freeze().await;

    let begun = Instant::now();
    let receipt = push(&alice, alice.id, json!("still")).await;
    let took = begun.elapsed();
    assert!(took < Duration::from_secs(5), "the deadline is 2 s, this took {took:?}");
    assert_eq!(receipt["reached"], 1);
    assert_eq!(failed(&receipt), [programs.gateway_id(1).as_str()], "{receipt}");
    assert_eq!(there.next().await["data"], "still");

    // Bob is on no gateway that answers: that is a failure to ask, not the news that he is offline.
    let bob = programs.caller("bob");
    let receipt = push(&bob, bob.id, json!(1)).await;
    assert_eq!(receipt["reached"], 0);
    assert_eq!(failed(&receipt), [programs.gateway_id(1).as_str()], "{receipt}");

    programs.gateway(1).signal(Signal::CONT);
    until("it is heard again", || async { push(&bob, bob.id, json!(2)).await["failed"] == json!([]) }).await;
    let mut late = Page::bound(&programs.ws(1), &bob).await;
    assert_eq!(push(&bob, bob.id, json!(3)).await["reached"], 1);
    assert_eq!(late.next().await["data"], 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bind_that_a_mute_gateway_carries_out_late_does_not_outlive_a_forced_offline() {
    let programs = Programs::start(1, &[]).await;
    let (admin, bob) = (programs.caller("admin"), programs.caller("bob"));
    let mut page = Page::open(&programs.ws(0)).await;
    programs.gateway(0).freeze().await;
    let answer = bob.post("/WebSocket/bind", json!({"client_id": page.client_id()})).await;
    assert_eq!(answer.status, 503, "{}", answer.msg);
    // The pipe is given up before the forced offline, so that this one cannot queue behind the bind.
    until("the api gives the pipe up", || async {
        let list = admin.get("/Gateway/list").await.ok();
        list["list"].as_array().unwrap().iter().all(|gateway| gateway["connected"] == false)
    })
    .await;
    let closed = admin.post("/WebSocket/forceOffline", json!({"uid": bob.id})).await.ok();
    assert_eq!(closed["closed"], 0);
    programs.gateway(0).signal(Signal::CONT);
    until("no client of bob is left", || async {
        let receipt = push(&admin, bob.id, json!("is anybody there")).await;
        receipt["reached"] == 0 && receipt["failed"] == json!([])
    })
    .await;
    admin.post("/WebSocket/broadcast", json!({"data": "marker"})).await.ok();
    // The gateway may find the old pipe broken before it reads the bind; once it has carried it out, the client must go.
    let mut bound = false;
    loop {
        match page.next_or_close().await {
            Ok(frame) => {
                bound |= frame["type"] == "bind_success";
                if frame["data"] == "marker" && !bound {
                    break;
                }
            }
            Err(code) => {
                assert_eq!((bound, code), (true, Some(4001)));
                break;
            }
        }
    }
    assert_eq!(bob.get("/Auth/me").await.status, 401);
}

#[tokio::test(flavor = "multi_thread")]
async fn kill_9_of_the_register_loses_no_push_and_a_new_one_knows_everyone_soon() {
    let mut programs = Programs::start(2, &[]).await;
    let (admin, alice) = (programs.caller("admin"), programs.caller("alice"));
    let mut first = Page::bound(&programs.ws(0), &alice).await;
    let register = programs.register.take().unwrap();
    let listen = register.addr("rpc").to_owned();
    register.kill();

    let mut second = Page::bound(&programs.ws(1), &alice).await;
    let mut sent = 0;
    for _ in 0..50 {
        let receipt = push(&alice, alice.id, json!(sent)).await;
        assert_eq!((&receipt["reached"], &receipt["failed"]), (&json!(2), &json!([])));
        sent += 1;
    }
    let begun = Instant::now();
    programs.register = Some(Program::start("gatepipe-register", &["--listen", &listen]));
    until("both gateways are listed by the new register", || async {
        let list = admin.get("/Gateway/list").await.ok();
        let gateways = list["list"].as_array().unwrap();
        gateways.len() == 2 && gateways.iter().all(|gateway| gateway["listed"] == 1)
    })
    .await;
    println!("known again after {:?}", begun.elapsed());
    for _ in 0..50 {
        let receipt = push(&alice, alice.id, json!(sent)).await;
        assert_eq!((&receipt["reached"], &receipt["failed"]), (&json!(2), &json!([])));
        sent += 1;
    }
    for page in [&mut first, &mut second] {
        for number in 0..sent {
            assert_eq!(page.next().await["data"], number);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn kill_9_of_the_api_loses_no_acknowledged_notification_and_no_socket() {
    let mut programs = Programs::start(1, &[]).await;
    let alice = programs.caller("alice");
    let mut page = Page::bound(&programs.ws(0), &alice).await;
    let listen = programs.api_addr();
    let mut acknowledged = Vec::new();
    for round in 0..3 {
        let admin = programs.caller("admin");
        let sending = tokio::spawn({
            let user = alice.id;
            async move {
                let mut acknowledged = Vec::new();
                loop {
                    let title = format!("{round}.{}", acknowledged.len());
                    let body = json!({"user_ids": [user], "title": title, "content": "", "level": "urgent"});
                    match admin.try_post("/Notification/send", body).await {
                        Some(answer) if answer.status == 200 => {
                            acknowledged.push((answer.data["ids"][0].as_u64().unwrap(), title));
                        }
                        _ => return acknowledged,
                    }
                }
            }
        });
        // Killed in the middle of sending, once some have been acknowledged.
        for _ in 0..10 {
            page.next().await;
        }
        programs.api.take().unwrap().kill();
        acknowledged.extend(sending.await.unwrap());
        programs.start_api(&listen).await;
    }
    assert!(acknowledged.len() >= 27, "{}", acknowledged.len());
    let alice = programs.caller("alice");
    let mut stored = std::collections::HashMap::new();
    let mut after = 0;
    loop {
        let page = alice.get(&format!("/Notification/list?limit=100&after_id={after}")).await.ok();
        let rows = page["list"].as_array().unwrap();
        for row in rows {
            stored.insert(row["id"].as_u64().unwrap(), row["title"].as_str().unwrap().to_owned());
        }
        match page["next_cursor"].as_u64() {
            Some(next) => after = next,
            None => break,
        }
    }
    for (id, title) in &acknowledged {
        assert_eq!(stored.get(id), Some(title), "acknowledged and not there");
    }
    // The socket outlived every api: it is still bound.
    assert_eq!(push(&alice, alice.id, json!("end")).await["reached"], 1);
    while page.next().await["data"] != "end" {}
}

#[tokio::test(flavor = "multi_thread")]
async fn a_drain_of_1000_clients_is_a_slope_and_loses_nothing_that_was_accepted() {
    let mut programs = Programs::start(1, &[]).await;
    let (admin, alice) = (programs.caller("admin"), programs.caller("alice"));
    let mut pages = vec![Page::bound(&programs.ws(0), &alice).await];
    for _ in 0..999 {
        pages.push(Page::open(&programs.ws(0)).await);
    }
    let mut bound = pages.remove(0);
    let reading = tokio::spawn(join_all(pages.into_iter().map(|mut page| async move { page.rest().await })));
    let watching = tokio::spawn(async move { bound.rest().await });
    let begun = Instant::now();
    programs.gateway(0).signal(Signal::TERM);

    // What a broadcast reaches while the gateway drains is how many are left.
    let (mut left, mut pushed) = (Vec::new(), 0);
    loop {
        let receipt = admin.post("/WebSocket/broadcast", json!({"data": "b"})).await.ok();
        if receipt["failed"] != json!([]) {
            break;
        }
        left.push(receipt["reached"].as_u64().unwrap());
        pushed += push(&alice, alice.id, json!("p")).await["reached"].as_u64().unwrap_or(0);
        if left.last() == Some(&0) {
            break;
        }
    }
    let status = programs.gateways[0].take().unwrap().ended().await;
    assert!(status.success(), "{status}");
    println!("1000 clients drained in {:?}; broadcasts reached {left:?}", begun.elapsed());
    let levels: std::collections::BTreeSet<_> =
        left.iter().filter(|left| (50..950).contains(*left)).collect();
    assert!(levels.len() >= 10, "no slope: {left:?}");
    assert!(left.is_sorted_by(|before, after| before >= after), "{left:?}");

    let (frames, code) = watching.await.unwrap();
    assert_eq!(code, Some(1012));
    assert_eq!(frames.iter().filter(|frame| frame["data"] == "p").count() as u64, pushed);
    let mut received = frames.iter().filter(|frame| frame["data"] == "b").count() as u64;
    for (frames, code) in reading.await.unwrap() {
        assert_eq!(code, Some(1012));
        assert_eq!(frames.last().unwrap()["type"], "reconnect");
        received += frames.iter().filter(|frame| frame["data"] == "b").count() as u64;
    }
    // Broadcasts whose receipt was lost with the gateway may have arrived too.
    assert!(received >= left.iter().sum(), "{received} of {}", left.iter().sum::<u64>());
}

#[tokio::test(flavor = "multi_thread")]
async fn with_too_few_descriptors_newcomers_get_503_and_the_rest_goes_on() {
    let register = Program::start("gatepipe-register", &["--listen", "127.0.0.1:0"]);
    let url = register.url("rpc");
    let flags = ["--listen", "127.0.0.1:0", "--rpc-listen", "127.0.0.1:0", "--register", &url];
    let gateway = Program::start_with_open_files(128, "gatepipe-gateway", &flags);
    let client = gatepipe_client::GatewayClient::builder().register(url).build().unwrap();
    gatepipe_local_cluster::eventually::within("the pipe", client.joined()).await;
    let ws = format!("ws://{}/ws", gateway.addr("clients"));
    let mut pages = Vec::new();
    let refused = loop {
        let socket = tokio::net::TcpStream::connect(gateway.addr("clients")).await.unwrap();
        match tokio_tungstenite::client_async(&ws, socket).await {
            Ok((page, _)) => pages.push(page),
            Err(error) => break error,
        }
        assert!(pages.len() < 128, "more clients than descriptors");
    };
    assert!(refused.to_string().contains("503"), "{refused}");
    let message = gatepipe_proto::Message::text("all here").unwrap();
    let receipt = client.send_to_all(message, &[]).await;
    assert_eq!((receipt.reached, receipt.failed.len()), (pages.len() as u64, 0));
    pages.pop();
    until("a place is free again", || async { Page::try_open(&ws).await }).await;
}
