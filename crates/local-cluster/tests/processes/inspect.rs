//! A gateway that stands still is named in every answer, and nothing is made up for it.

use std::time::{Duration, Instant};

use gatepipe_local_cluster::actor::Page;
use gatepipe_local_cluster::eventually::until;
use rustix::process::Signal;
use serde_json::json;

use super::failed;
use super::programs::Programs;

#[tokio::test(flavor = "multi_thread")]
async fn while_a_gateway_is_mute_nobody_is_offline_and_nothing_is_zero() {
    let programs = Programs::start(2, &[]).await;
    let [admin, alice, bob, carol] = ["admin", "alice", "bob", "carol"].map(|name| programs.caller(name));
    let heard = Page::bound(&programs.ws(0), &alice).await;
    let silent = Page::bound(&programs.ws(1), &bob).await;
    let mute = programs.gateway_id(1);
    let online = format!("/User/online?uids={},{},{}", alice.id, bob.id, carol.id);
    let told = admin.get(&online).await.ok();
    let whole = json!({"online": [alice.id, bob.id], "offline": [carol.id], "unknown": [], "failed": []});
    assert_eq!(told, whole);
    let mut samples = admin.events("/Stats/stream").await;

    programs.gateway(1).freeze().await;
    let told = admin.get(&online).await.ok();
    assert_eq!(
        (&told["online"], &told["offline"], &told["unknown"]),
        (&json!([alice.id]), &json!([]), &json!([bob.id, carol.id]))
    );
    assert_eq!(failed(&told), [mute.as_str()], "{told}");
    let list = admin.get("/Client/list").await.ok();
    assert_eq!(list["list"].as_array().unwrap().len(), 1, "{list}");
    assert_eq!(list["list"][0]["client_id"], heard.client_id());
    assert_eq!(failed(&list), [mute.as_str()], "{list}");
    let shown = admin.get(&format!("/Client/show?client_id={}", silent.client_id())).await;
    assert_eq!(shown.status, 503, "nobody says that it is gone: {}", shown.msg);
    let list = admin.get("/Gateway/list").await.ok();
    assert_eq!(failed(&list), [mute.as_str()], "{list}");
    for gateway in list["list"].as_array().unwrap() {
        let unknown = gateway["gateway_id"] == json!(mute);
        for number in ["clients", "bound_clients", "uids", "groups", "queued_bytes", "version", "rates"] {
            assert_eq!(gateway[number].is_null(), unknown, "{number}: {gateway}");
        }
    }
    // The samples go on, each second, without the mute gateway and with its name.
    let mut seen = Vec::new();
    while seen.len() < 3 {
        let (name, sample) = samples.next().await.unwrap();
        if name == "sample" && sample["failed"] != json!([]) {
            assert_eq!(failed(&sample), [mute.as_str()], "{sample}");
            let gateways: Vec<&String> = sample["gateways"].as_object().unwrap().keys().collect();
            assert_eq!(gateways, [&programs.gateway_id(0)]);
            seen.push(sample["at_ms"].as_i64().unwrap());
        }
    }
    assert!(seen.windows(2).all(|pair| (500..3_000).contains(&(pair[1] - pair[0]))), "{seen:?}");

    programs.gateway(1).signal(Signal::CONT);
    until("it is heard again", || async { admin.get(&online).await.ok() == whole }).await;

    programs.gateway(1).freeze().await;
    let refused = admin.post("/Gateway/drain", json!({"gateway_id": mute})).await;
    assert_eq!(refused.status, 503, "{}", refused.msg);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_login_succeeds_although_a_mute_gateway_cannot_close_the_older_one() {
    let mut programs = Programs::start(2, &[]).await;
    let listen = programs.api_addr();
    programs.api.take().unwrap().kill();
    programs.start_api_with(&listen, &["--bind-policy", "newest_wins"]).await;
    let alice = programs.caller("alice");
    let mut older = Page::bound(&programs.ws(0), &alice).await;
    let newer = Page::open(&programs.ws(1)).await;
    programs.gateway(0).freeze().await;
    let begun = Instant::now();
    let bound = alice.post("/WebSocket/bind", json!({"client_id": newer.client_id()})).await;
    assert_eq!(bound.ok(), json!({"bound": true}));
    assert!(begun.elapsed() < Duration::from_secs(5), "the deadline is 2 s: {:?}", begun.elapsed());
    let metrics = reqwest::get(format!("{}/metrics", programs.api.as_ref().unwrap().url("admin"))).await;
    let metrics = metrics.unwrap().text().await.unwrap();
    assert!(metrics.contains("gatepipe_api_binds_total{result=\"partial\"} 1"), "{metrics}");

    // Heard again, it carries out what it was sent, or the older page is still there; then a later bind closes it.
    programs.gateway(0).signal(Signal::CONT);
    let closed = tokio::spawn(async move { older.rest().await });
    until("the older page is closed", || async {
        alice.bind(&newer).await;
        closed.is_finished()
    })
    .await;
    assert_eq!(closed.await.unwrap(), (vec![], Some(4002)));
}
