//! What operators ask and tell over HTTP: clients, who is online, drain, the stream of numbers, and logins that replace others.

mod common;

use std::collections::BTreeSet;
use std::time::Duration;

use gatepipe_client::{ClientId, Filter};
use gatepipe_local_cluster::actor::{Caller, Page};
use gatepipe_local_cluster::eventually::{until, within};
use gatepipe_local_cluster::{Cluster, Plan};
use gatepipe_proto::Session;
use serde_json::{Value, json};

fn ids(list: &Value) -> Vec<String> {
    let rows = list["list"].as_array().unwrap().iter();
    rows.map(|row| row["client_id"].as_str().unwrap().to_owned()).collect()
}

fn client(page: &Page) -> ClientId {
    page.client_id().parse().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn clients_are_listed_by_what_they_have_in_common() {
    let cluster = common::cluster().await;
    let [admin, alice, bob] = ["admin", "alice", "bob"].map(|name| Caller::of(&cluster, name));
    let (here, there) = (&cluster.ws()[0], &cluster.ws()[1]);
    let (alices, bobs) = (Page::bound(here, &alice).await, Page::bound(there, &bob).await);
    let alices_other = Page::bound(there, &alice).await;
    let (guest, other_guest) = (Page::open(here).await, Page::open(there).await);
    for page in [&alices, &other_guest] {
        assert!(cluster.client().join_group(client(page), &"lobby".parse().unwrap()).await.unwrap());
    }
    let with = async |query: &str| {
        let list = admin.get(&format!("/Client/list?{query}")).await.ok();
        assert_eq!((&list["next_cursor"], &list["failed"]), (&Value::Null, &json!([])));
        ids(&list)
    };
    let sorted = |pages: &[&Page]| -> Vec<String> {
        let ids: BTreeSet<_> = pages.iter().map(|page| page.client_id().to_owned()).collect();
        ids.into_iter().collect()
    };
    let everybody = [&alices, &bobs, &alices_other, &guest, &other_guest];
    assert_eq!(with("").await, sorted(&everybody));
    assert_eq!(with("remote_address=127.").await, sorted(&everybody));
    assert_eq!(with("remote_address=10.").await, sorted(&[]));
    assert_eq!(with(&format!("uid={}", alice.id)).await, sorted(&[&alices, &alices_other]));
    assert_eq!(with("uid=nobody").await, sorted(&[]));
    assert_eq!(with("group=lobby").await, sorted(&[&alices, &other_guest]));
    assert_eq!(with("group=lobby&bound=1").await, sorted(&[&alices]));
    assert_eq!(with("bound=true").await, sorted(&[&alices, &bobs, &alices_other]));
    assert_eq!(with("bound=0").await, sorted(&[&guest, &other_guest]));
    let (first, second) = (&cluster.gateway_ids()[0], &cluster.gateway_ids()[1]);
    assert_eq!(with(&format!("gateway_id={first}")).await, sorted(&[&alices, &guest]));
    assert_eq!(with(&format!("gateway_id={second}&uid={}", bob.id)).await, sorted(&[&bobs]));
    assert_eq!(with("gateway_id=0123456789abcdef").await, sorted(&[]), "no such gateway has no clients");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_is_read_page_by_page_while_clients_come_and_go() {
    let cluster = common::cluster().await;
    let admin = Caller::of(&cluster, "admin");
    let mut pages = Vec::new();
    for number in 0..11 {
        pages.push(Page::open(&cluster.ws()[number % 2]).await);
    }
    pages.sort_by(|one, other| one.client_id().cmp(other.client_id()));
    let (mut found, mut cursor) = (Vec::new(), String::new());
    loop {
        let list = admin.get(&format!("/Client/list?limit=2{cursor}")).await.ok();
        assert!(ids(&list).len() <= 2, "{list}");
        found.extend(ids(&list));
        if found.len() == 4 {
            // The one that the cursor names has gone, and somebody has come.
            let gone = pages.remove(3);
            cluster.client().destroy_client(client(&gone)).await.unwrap();
        }
        let Some(next) = list["next_cursor"].as_str() else { break };
        cursor = format!("&cursor={next}");
        let elsewhere = admin.get(&format!("/Client/list?bound=0{cursor}")).await;
        assert_eq!((elsewhere.status, elsewhere.code), (422, 42_200));
        assert!(elsewhere.data["cursor"].is_string(), "{}", elsewhere.data);
    }
    found.remove(3);
    assert_eq!(found, pages.iter().map(|page| page.client_id().to_owned()).collect::<Vec<_>>());
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_about_one_client_is_shown_until_it_is_gone() {
    let cluster = common::cluster().await;
    let (admin, alice) = (Caller::of(&cluster, "admin"), Caller::of(&cluster, "alice"));
    let mut page = Page::bound(&cluster.ws()[1], &alice).await;
    page.send(r#"{"type":"ping"}"#).await;
    assert_eq!(page.next().await["type"], "pong");
    let gateways = cluster.client();
    for group in ["lobby", "编辑"] {
        gateways.join_group(client(&page), &group.parse().unwrap()).await.unwrap();
    }
    let session = Session::parse(r#"{"page":"orders","tries":1.50}"#).unwrap();
    gateways.set_session(client(&page), &session).await.unwrap();

    let show = format!("/Client/show?client_id={}", page.client_id());
    let mut shown = admin.get(&show).await.ok();
    let row = shown.as_object_mut().unwrap();
    assert_eq!(row.remove("session"), Some(json!({"page": "orders", "tries": 1.5})));
    assert_eq!(row.remove("handshake"), Some(json!([])));
    let mut list = admin.get(&format!("/Client/list?uid={}", alice.id)).await.ok();
    // It is told as time ago and counted back from now: the last digit may differ.
    let heard = [&mut list["list"][0]["heard_at_ms"], &mut row["heard_at_ms"]].map(Value::take);
    let [listed, shown] = heard.map(|at| at.as_i64().unwrap());
    assert!((listed - shown).abs() < 1_000, "{listed}, {shown}");
    assert_eq!(list["list"], json!([row]));
    let keys: Vec<&str> = row.keys().map(String::as_str).collect();
    assert_eq!(
        keys,
        [
            "client_id",
            "gateway_id",
            "uid",
            "groups",
            "remote_address",
            "connected_at",
            "connected_at_ms",
            "bound_at",
            "bound_at_ms",
            "frames_in",
            "bytes_in",
            "frames_out",
            "bytes_out",
            "queued_bytes",
            "heard_at_ms"
        ]
    );
    assert_eq!(row["gateway_id"], json!(cluster.gateway_ids()[1]));
    assert_eq!((&row["uid"], &row["groups"]), (&json!(alice.id), &json!(["lobby", "编辑"])));
    assert_eq!(row["remote_address"], "127.0.0.1");
    // init, bind_success and pong; one ping.
    assert_eq!((&row["frames_out"], &row["frames_in"], &row["bytes_in"]), (&json!(3), &json!(1), &json!(15)));
    assert!(row["bytes_out"].as_u64().unwrap() > 100);
    let (connected, bound) = (row["connected_at_ms"].as_i64().unwrap(), row["bound_at_ms"].as_i64().unwrap());
    assert!(connected <= bound && bound - connected < 30_000, "{connected}, {bound}");
    for time in ["connected_at", "bound_at"] {
        assert_eq!(row[time].as_str().unwrap().len(), "2026-11-23 20:52:00".len());
    }

    // A guest has no uid and an empty session; a program of somebody else may bind any text.
    let guest = Page::open(&cluster.ws()[0]).await;
    let show_guest = format!("/Client/show?client_id={}", guest.client_id());
    let shown = admin.get(&show_guest).await.ok();
    assert_eq!(
        (&shown["uid"], &shown["bound_at"], &shown["bound_at_ms"]),
        (&json!(null), &json!(null), &json!(null))
    );
    assert_eq!((&shown["session"], &shown["groups"]), (&json!({}), &json!([])));
    gateways.bind_uid(client(&guest), &"session:7".parse().unwrap(), Default::default()).await.unwrap();
    assert_eq!(admin.get(&show_guest).await.ok()["uid"], "session:7");

    gateways.destroy_client(client(&page)).await.unwrap();
    let gone = admin.get(&show).await;
    assert_eq!((gone.status, gone.code), (404, 40_400));
    let never = admin.get(&format!("/Client/show?client_id={}", "0".repeat(40))).await;
    assert_eq!(never.status, 404, "a register knows that there is no such gateway");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_online_is_told_in_the_order_of_the_question() {
    let cluster = common::cluster().await;
    let [admin, alice, bob, carol] =
        ["admin", "alice", "bob", "carol"].map(|name| Caller::of(&cluster, name));
    let _pages = [
        Page::bound(&cluster.ws()[0], &carol).await,
        Page::bound(&cluster.ws()[0], &alice).await,
        Page::bound(&cluster.ws()[1], &alice).await,
    ];
    let uids = format!("{},{},{},{},4711", carol.id, bob.id, alice.id, carol.id);
    let told = admin.get(&format!("/User/online?uids={uids}")).await.ok();
    let expected =
        json!({"online": [carol.id, alice.id], "offline": [bob.id, 4711], "unknown": [], "failed": []});
    assert_eq!(told, expected);
    assert_eq!(alice.get("/User/online?uids=1").await.status, 403);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gateway_drains_when_it_is_told_to() {
    let cluster = common::cluster().await;
    let (admin, alice) = (Caller::of(&cluster, "admin"), Caller::of(&cluster, "alice"));
    let mut leaving = Page::bound(&cluster.ws()[0], &alice).await;
    let mut staying = Page::bound(&cluster.ws()[1], &alice).await;
    let body = json!({"gateway_id": cluster.gateway_ids()[0]});
    assert_eq!(alice.post("/Gateway/drain", body.clone()).await.status, 403);
    let unknown = admin.post("/Gateway/drain", json!({"gateway_id": "0123456789abcdef"})).await;
    assert_eq!((unknown.status, unknown.code), (404, 40_400));

    let drained = admin.post("/Gateway/drain", body.clone()).await.ok();
    assert_eq!(drained, json!({"draining": true, "clients": 1}));
    let (frames, code) = leaving.rest().await;
    assert_eq!((frames[0]["type"].as_str(), code), (Some("reconnect"), Some(1012)));
    until("it is off the list", || async {
        admin.get("/Gateway/list").await.ok()["list"].as_array().unwrap().len() == 1
    })
    .await;
    assert_eq!(admin.post("/Gateway/drain", body).await.status, 404);
    alice.post("/WebSocket/pushToUser", json!({"uid": alice.id, "data": "here"})).await.ok();
    assert_eq!(staying.next().await["data"], "here");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_list_of_gateways_says_how_busy_they_are() {
    let cluster = common::cluster().await;
    let (admin, alice) = (Caller::of(&cluster, "admin"), Caller::of(&cluster, "alice"));
    let page = Page::bound(&cluster.ws()[0], &alice).await;
    cluster.client().join_group(client(&page), &"lobby".parse().unwrap()).await.unwrap();
    let list = admin.get("/Gateway/list").await.ok();
    assert_eq!(list["failed"], json!([]));
    for gateway in list["list"].as_array().unwrap() {
        let one = u64::from(gateway["gateway_id"] == json!(cluster.gateway_ids()[0]));
        for number in ["clients", "bound_clients", "uids", "groups"] {
            assert_eq!(gateway[number], json!(one), "{number}: {gateway}");
        }
        assert_eq!((&gateway["workers"], &gateway["queued_bytes"]), (&json!(0), &json!(0)));
        assert_eq!(
            (&gateway["draining"], &gateway["version"]),
            (&json!(false), &json!(env!("CARGO_PKG_VERSION")))
        );
        assert!(gateway["uptime_ms"].as_i64().unwrap() >= 0);
        assert!(gateway["rates"]["frames_out_per_s"].is_f64(), "{gateway}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_stream_tells_how_long_binds_took_and_why_connections_ended() {
    let cluster = common::cluster().await;
    let [admin, alice] = ["admin", "alice"].map(|name| Caller::of(&cluster, name));
    let mut samples = admin.events("/Stats/stream").await;
    let (name, history) = samples.next().await.unwrap();
    assert_eq!(name, "history");
    let reasons = ["left", "drained", "ended", "silent", "slow", "other"];
    assert_eq!(history["close_reasons"], json!(reasons));
    // Nobody was bound, and that is not a bind that took no time.
    assert_eq!(samples.next().await.unwrap().1["bind_ms"], json!(null));
    let _forced = Page::bound(&cluster.ws()[0], &alice).await;
    let leaving = Page::bound(&cluster.ws()[1], &alice).await;
    let bound = within("the binds to be told", async {
        loop {
            let (_, sample) = samples.next().await.unwrap();
            if !sample["bind_ms"].is_null() {
                return sample["bind_ms"].clone();
            }
        }
    })
    .await;
    let (half, most) = (bound["p50"].as_f64().unwrap(), bound["p95"].as_f64().unwrap());
    assert!(0.0 < half && half <= most && most < 30_000.0, "{bound}");
    leaving.close().await;
    admin.post("/WebSocket/forceOffline", json!({"uid": alice.id})).await.ok();
    let (mut left, mut ended) = (false, false);
    let sample = within("both to be told", async {
        loop {
            let (_, sample) = samples.next().await.unwrap();
            let rate = |reason: &str| sample["closed_per_min"][reason].as_f64().unwrap();
            (left, ended) = (left || rate("left") > 0.0, ended || rate("ended") > 0.0);
            if left && ended {
                assert_eq!((rate("silent"), rate("slow"), rate("other")), (0.0, 0.0, 0.0), "{sample}");
                break sample;
            }
        }
    })
    .await;
    // Whoever comes later has it in the history.
    let (_, history) = admin.events("/Stats/stream").await.next().await.unwrap();
    let kept = history["samples"].as_array().unwrap().iter().find(|kept| kept["at_ms"] == sample["at_ms"]);
    let kept = kept.expect("it is kept");
    for (reason, number) in reasons.iter().zip(kept["closed_per_min"].as_array().unwrap()) {
        assert_eq!(&sample["closed_per_min"][*reason], number, "{reason}");
    }
    assert_eq!(kept["bind_ms"], json!([sample["bind_ms"]["p50"], sample["bind_ms"]["p95"]]));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_stream_begins_with_what_was_and_goes_on_each_second() {
    let mut cluster = common::cluster().await;
    let admin = Caller::of(&cluster, "admin");
    let gateways = cluster.gateway_ids();
    let mut first = admin.events("/Stats/stream").await;
    assert_eq!(first.next().await.unwrap().0, "history");
    let _page = Page::open(&cluster.ws()[0]).await;
    let sample = loop {
        let (name, sample) = first.next().await.unwrap();
        assert_eq!((name.as_str(), &sample["failed"]), ("sample", &json!([])));
        if sample["gateways"][&gateways[0]]["clients"] == 1 {
            break sample;
        }
    };
    assert_eq!(sample["gateways"][&gateways[1]]["clients"], 0);

    // Somebody who comes later has it in the history, as a row in the order of the columns.
    let mut second = admin.events("/Stats/stream").await;
    let (name, history) = second.next().await.unwrap();
    assert_eq!((name.as_str(), &history["interval_ms"]), ("history", &json!(1_000)));
    let columns: Vec<&str> =
        history["columns"].as_array().unwrap().iter().map(|name| name.as_str().unwrap()).collect();
    let samples = history["samples"].as_array().unwrap();
    let same = samples.iter().find(|kept| kept["at_ms"] == sample["at_ms"]).expect("it is kept");
    for gateway in &gateways {
        let row = same["gateways"][gateway].as_array().unwrap();
        let named = sample["gateways"][gateway].as_object().unwrap();
        assert_eq!((row.len(), named.len()), (columns.len(), columns.len()));
        for (name, number) in columns.iter().zip(row) {
            assert_eq!(&named[*name], number, "{name}");
        }
    }
    // Both go on from there, with the same. A machine that stood still goes on with less than a second between two.
    let mut last = samples.last().unwrap()["at_ms"].as_i64().unwrap();
    for _ in 0..3 {
        let at = second.next().await.unwrap().1["at_ms"].as_i64().unwrap();
        assert!(at > last, "{last}, then {at}");
        last = at;
    }
    while first.next().await.unwrap().1["at_ms"] != json!(last) {}

    // A gateway that left is in no more samples.
    cluster.drain_gateway(0).await.unwrap();
    while second.next().await.unwrap().1["gateways"].as_object().unwrap().contains_key(&gateways[0]) {}
    cluster.stop().await.unwrap();
    while let Some((name, _)) = second.next().await {
        assert_eq!(name, "sample");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_login_closes_the_first_page_wherever_it_is_when_the_newest_wins() {
    let newest_wins = |config: &mut gatepipe_api::Config| {
        config.bind_policy = "newest_wins".parse().expect("a policy");
    };
    let cluster =
        Cluster::start_with(Plan { tune_api: Box::new(newest_wins), ..common::plan().await }).await.unwrap();
    let (alice, bob) = (Caller::of(&cluster, "alice"), Caller::of(&cluster, "bob"));
    let mut bobs = Page::bound(&cluster.ws()[0], &bob).await;
    let mut first = Page::bound(&cluster.ws()[0], &alice).await;
    // On the same gateway, then on the other; `Page::bound` asserts that the answer is exactly {"bound":true}.
    let mut second = Page::bound(&cluster.ws()[0], &alice).await;
    assert_eq!(first.rest().await, (vec![], Some(4002)));
    let mut third = Page::bound(&cluster.ws()[1], &alice).await;
    assert_eq!(second.rest().await, (vec![], Some(4002)));
    // Binding again replaces nobody, least of all itself.
    alice.bind(&third).await;
    assert_eq!(third.next().await["type"], "bind_success");
    let sent = alice.post("/WebSocket/pushToUser", json!({"uid": alice.id, "data": "only here"})).await.ok();
    assert_eq!(sent, json!({"sent": true, "reached": 1, "failed": []}));
    assert_eq!(third.next().await["data"], "only here");
    bob.post("/WebSocket/pushToUser", json!({"uid": bob.id, "data": "still here"})).await.ok();
    assert_eq!(bobs.next().await["data"], "still here", "others are nobody's older login");
    let left = cluster.client().clients(&Filter::uid(alice.id.into()), &Default::default()).await.unwrap();
    assert_eq!(left.value.items.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn by_default_every_login_keeps_its_page() {
    let cluster = common::cluster().await;
    let alice = Caller::of(&cluster, "alice");
    let mut pages = Vec::new();
    for number in 0..4 {
        pages.push(Page::bound(&cluster.ws()[number % 2], &alice).await);
    }
    let sent = alice.post("/WebSocket/pushToUser", json!({"uid": alice.id, "data": "all of you"})).await.ok();
    assert_eq!(sent["reached"], 4);
    for page in &mut pages {
        assert_eq!(page.next().await["data"], "all of you");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_is_forced_offline_watches_no_longer() {
    let cluster = common::cluster().await;
    let (admin, carol) = (Caller::of(&cluster, "admin"), Caller::of(&cluster, "carol"));
    assert_eq!(carol.get("/Stats/stream").await.status, 403);
    let id = gatepipe_api::id::UserId::new(carol.id.try_into().unwrap()).unwrap();
    cluster.store().grant(id, gatepipe_api::user::Permission::Inspect).await.unwrap();
    let mut watching = carol.events("/Stats/stream").await;
    assert_eq!(watching.next().await.unwrap().0, "history");
    admin.post("/WebSocket/forceOffline", json!({"uid": carol.id})).await.ok();
    let ends = async { while watching.next().await.is_some() {} };
    tokio::time::timeout(Duration::from_secs(10), ends).await.expect("it ends within a few seconds");
}
