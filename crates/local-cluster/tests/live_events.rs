//! What happens right now, as operators watch it: clients on two gateways, pushes, gateways that go, and bounds.

mod common;

use std::collections::BTreeSet;

use futures_util::future::join_all;
use gatepipe_client::Uid;
use gatepipe_local_cluster::Cluster;
use gatepipe_local_cluster::actor::{Caller, Page};
use gatepipe_local_cluster::events::Events;
use gatepipe_local_cluster::eventually::{until, within};
use serde_json::{Value, json};

/// Somebody who watches from the moment on at which both gateways are heard.
async fn watching(cluster: &Cluster, by: &Caller, query: &str) -> Events {
    let mut events = by.events(&format!("/Event/stream{query}")).await;
    assert_eq!(events.next().await.unwrap().0, "history");
    let everybody: BTreeSet<String> = cluster.gateway_ids().into_iter().collect();
    loop {
        let (name, data) = events.next().await.unwrap();
        if name != "heard" {
            continue;
        }
        let heard = data["gateways"].as_array().unwrap().iter();
        if heard.map(|id| id.as_str().unwrap().to_owned()).collect::<BTreeSet<_>>() == everybody {
            return events;
        }
    }
}

/// The next event that happened.
async fn next(events: &mut Events) -> Value {
    loop {
        let (name, data) = events.next().await.expect("the stream goes on");
        if name == "event" {
            return data;
        }
    }
}

/// The next event of this type.
async fn next_of(events: &mut Events, kind: &str) -> Value {
    loop {
        let event = next(events).await;
        if event["type"] == kind {
            return event;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn clients_of_both_gateways_are_seen_to_come_to_be_bound_and_to_go() {
    let cluster = common::cluster().await;
    let [admin, alice, bob] = ["admin", "alice", "bob"].map(|name| Caller::of(&cluster, name));
    let _before = Page::open(&cluster.ws()[0]).await;
    let mut events = watching(&cluster, &admin, "").await;
    for (number, person) in [(0, &alice), (1, &bob)] {
        let headers = [("user-agent", "Browser/7")];
        let page = Page::open_with(&cluster.ws()[number], &headers).await;
        let mut connected = next(&mut events).await;
        assert!(connected["at_ms"].take().as_i64().unwrap() > 1_700_000_000_000);
        let (client, gateway) = (page.client_id().to_owned(), &cluster.gateway_ids()[number]);
        let expected = json!({
            "at_ms": null, "type": "connected", "gateway_id": gateway, "client_id": client,
            "address": "127.0.0.1", "user_agent": "Browser/7",
        });
        assert_eq!(connected, expected, "whoever was there before is no news");
        person.bind(&page).await;
        let bound = next(&mut events).await;
        assert_eq!((&bound["type"], &bound["client_id"]), (&json!("bound"), &json!(client)));
        assert_eq!((&bound["uid"], bound.get("previous_uid")), (&json!(person.id), None));
        page.close().await;
        let closed = next(&mut events).await;
        assert_eq!((&closed["type"], &closed["client_id"]), (&json!("closed"), &json!(client)));
        assert_eq!((&closed["uid"], &closed["code"]), (&json!(person.id), &json!(1000)));
        assert_eq!((&closed["gateway_id"], closed.get("inferred")), (&json!(gateway), None));
    }
    assert_eq!(alice.get("/Event/stream").await.status, 403);
    for query in ["?type=connected,nonsense", "?uid=", "?client_id=x", "?gateway_id=x"] {
        assert_eq!(admin.get(&format!("/Event/stream{query}")).await.status, 422, "{query}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn everybody_who_watches_sees_what_they_asked_for() {
    let cluster = common::cluster().await;
    let [admin, alice, bob] = ["admin", "alice", "bob"].map(|name| Caller::of(&cluster, name));
    let bobs = Page::open(&cluster.ws()[1]).await;
    let mut of_alice = watching(&cluster, &admin, &format!("?uid={}", alice.id)).await;
    let of_bobs_page = format!("?client_id={}", bobs.client_id());
    let mut of_bobs_page = watching(&cluster, &admin, &of_bobs_page).await;
    let mut closes = watching(&cluster, &admin, "?type=closed,pushed").await;
    let first = format!("?gateway_id={}&type=connected", cluster.gateway_ids()[0]);
    let mut first = watching(&cluster, &admin, &first).await;

    bob.bind(&bobs).await;
    let alices = Page::bound(&cluster.ws()[0], &alice).await;
    // What gateways tell comes another way than what the api itself does: between the two there is no order.
    assert_eq!(next(&mut of_alice).await["type"], "bound");
    alice.post("/WebSocket/pushToUser", json!({"uid": alice.id, "type": "chat"})).await.ok();
    admin.post("/WebSocket/broadcast", json!({"type": "news"})).await.ok();
    let notification = json!({"user_ids": [alice.id], "title": "a", "content": "b", "level": "urgent"});
    admin.post("/Notification/send", notification).await.ok();
    let (client, gateway) = (alices.client_id().to_owned(), cluster.gateway_ids()[0].clone());
    alices.close().await;
    bobs.close().await;

    let pushed = next(&mut of_alice).await;
    assert_eq!(
        (&pushed["type"], &pushed["uid"], &pushed["by"]),
        (&json!("pushed"), &json!(alice.id), &json!(alice.id))
    );
    assert_eq!((&pushed["text"], &pushed["count"], pushed.get("failed")), (&json!("chat"), &json!(1), None));
    let notified = next(&mut of_alice).await;
    assert_eq!((&notified["type"], &notified["by"]), (&json!("notified"), &json!(admin.id)));
    assert_eq!((&notified["readers"], &notified["count"]), (&json!(1), &json!(1)));
    assert_eq!(next(&mut of_alice).await["type"], "closed");

    assert_eq!(next(&mut of_bobs_page).await["type"], "bound");
    assert_eq!(next(&mut of_bobs_page).await["type"], "closed");

    assert_eq!(next(&mut closes).await["text"], "chat");
    let broadcast = next(&mut closes).await;
    assert_eq!((&broadcast["text"], &broadcast["count"]), (&json!("news"), &json!(2)));
    for none in ["uid", "client_id", "group"] {
        assert_eq!(broadcast.get(none), None);
    }
    let gone: BTreeSet<String> = [next(&mut closes).await, next(&mut closes).await]
        .map(|closed| closed["client_id"].to_string())
        .into();
    assert!(gone.contains(&json!(client).to_string()) && gone.len() == 2, "{gone:?}");

    let connected = next(&mut first).await;
    assert_eq!((&connected["client_id"], &connected["gateway_id"]), (&json!(client), &json!(gateway)));
}

#[tokio::test(flavor = "multi_thread")]
async fn one_subscription_serves_all_who_watch_and_ends_when_nobody_does() {
    let cluster = common::cluster().await;
    let admin = Caller::of(&cluster, "admin");
    let workers = async || {
        let list = admin.get("/Gateway/list").await.ok();
        let list = list["list"].as_array().unwrap().clone();
        list.iter().map(|gateway| gateway["workers"].as_u64().unwrap()).collect::<Vec<_>>()
    };
    assert_eq!(workers().await, [0, 0]);
    let first = watching(&cluster, &admin, "").await;
    let mut second = watching(&cluster, &admin, "").await;
    assert_eq!(workers().await, [1, 1]);
    drop(first);
    let page = Page::open(&cluster.ws()[0]).await;
    assert_eq!(next(&mut second).await["client_id"], page.client_id());
    drop(second);
    until("nobody is listened to any more", || async { workers().await == [0, 0] }).await;
    // And again when somebody comes back.
    let mut third = watching(&cluster, &admin, "").await;
    page.close().await;
    assert_eq!(next(&mut third).await["type"], "closed");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_operators_did_and_gateways_that_went_are_there_for_who_comes_later() {
    let mut cluster = common::cluster().await;
    let [admin, alice] = ["admin", "alice"].map(|name| Caller::of(&cluster, name));
    let ids = cluster.gateway_ids();
    let mut events = watching(&cluster, &admin, "").await;
    let page = Page::bound(&cluster.ws()[1], &alice).await;
    admin.post("/Client/close", json!({"client_id": page.client_id(), "reason": "enough"})).await.ok();
    let closed = next_of(&mut events, "client_closed").await;
    assert_eq!((&closed["by"], &closed["client_id"]), (&json!(admin.id), &json!(page.client_id())));
    assert_eq!(
        (&closed["text"], &closed["code"], &closed["count"]),
        (&json!("enough"), &json!(4003), &json!(1))
    );
    admin.post("/WebSocket/forceOffline", json!({"uid": alice.id, "reason": "out"})).await.ok();
    assert_eq!(next_of(&mut events, "forced_offline").await["uid"], alice.id);
    admin.post("/Gateway/drain", json!({"gateway_id": ids[0]})).await.ok();
    assert_eq!(next_of(&mut events, "drain_ordered").await["gateway_id"], json!(ids[0]));
    let left = next_of(&mut events, "gateway_left").await;
    assert_eq!(left["gateway_id"], json!(ids[0]));
    assert!(left["address"].as_str().unwrap().starts_with("127.0.0.1:"), "{left}");
    drop(events);

    let mut later = admin.events("/Event/stream").await;
    let (name, history) = later.next().await.unwrap();
    assert_eq!((name.as_str(), &history["most_per_second"]), ("history", &json!(200)));
    let types: Vec<&str> =
        history["events"].as_array().unwrap().iter().map(|event| event["type"].as_str().unwrap()).collect();
    for kind in ["gateway_joined", "client_closed", "forced_offline", "drain_ordered", "gateway_left"] {
        assert!(types.contains(&kind), "{kind} is missing in {types:?}");
    }
    for kind in ["connected", "bound", "closed", "pushed"] {
        assert!(!types.contains(&kind), "{kind} is not kept: {types:?}");
    }
    cluster.start_gateway(|_| {}).await.unwrap();
    let joined = next_of(&mut later, "gateway_joined").await;
    assert_eq!(joined["gateway_id"], json!(cluster.gateway_ids()[1]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flood_is_sampled_and_the_reader_is_told() {
    let cluster = common::cluster().await;
    let [admin, alice] = ["admin", "alice"].map(|name| Caller::of(&cluster, name));
    let mut events = watching(&cluster, &admin, "?type=bound").await;
    let pages = {
        let ws = cluster.ws();
        join_all((0..32).map(|number| Page::open(&ws[number % 2]))).await
    };
    // Straight through the gateways' client, as fast as it goes.
    let flood = async {
        let uids: [Uid; 2] = ["1", "2"].map(|uid| uid.parse().unwrap());
        loop {
            for uid in &uids {
                let bind = async |page: &Page| {
                    cluster.client().bind_uid(page.id(), uid, Default::default()).await.unwrap()
                };
                join_all(pages.iter().map(bind)).await;
            }
        }
    };
    let told = async {
        let mut count = 0;
        loop {
            match events.next().await.unwrap() {
                (name, sampled) if name == "sampled" => return (count, sampled),
                (name, _) if name == "event" => count += 1,
                _ => {}
            }
        }
    };
    let (count, sampled) = tokio::select! {
        never = flood => never,
        told = within("a flood that is sampled", told) => told,
    };
    assert!(count >= 200, "{count}");
    assert!(sampled["left_out"].as_u64().unwrap() + sampled["missed"].as_u64().unwrap() > 0, "{sampled}");
    drop(events);
    assert_eq!(alice.get("/Auth/me").await.status, 200, "and nobody else was held up");
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_is_forced_offline_watches_events_no_longer() {
    let cluster = common::cluster().await;
    let (admin, carol) = (Caller::of(&cluster, "admin"), Caller::of(&cluster, "carol"));
    let id = gatepipe_api::id::UserId::new(carol.id.try_into().unwrap()).unwrap();
    cluster.store().grant(id, gatepipe_api::user::Permission::Inspect).await.unwrap();
    let mut events = carol.events("/Event/stream").await;
    assert_eq!(events.next().await.unwrap().0, "history");
    admin.post("/WebSocket/forceOffline", json!({"uid": carol.id})).await.ok();
    within("its end", async { while events.next().await.is_some() {} }).await;
}
