//! What operators do to one client, a group, a user: by HTTP, with people on two gateways.

mod common;

use futures_util::future::join_all;
use gatepipe_client::Filter;
use gatepipe_local_cluster::Cluster;
use gatepipe_local_cluster::actor::{Caller, Page};
use gatepipe_local_cluster::eventually::{until, within};
use serde_json::{Value, json};

fn people(cluster: &Cluster) -> [Caller; 3] {
    ["admin", "alice", "bob"].map(|name| Caller::of(cluster, name))
}

/// A client that nobody has any more, on a gateway that lives.
async fn gone(cluster: &Cluster) -> String {
    let page = Page::open(&cluster.ws()[0]).await;
    let client = page.id();
    cluster.client().destroy_client(client).await.unwrap();
    until("it is gone", || async { !cluster.client().is_online(client).await.unwrap() }).await;
    client.to_string()
}

#[tokio::test(flavor = "multi_thread")]
async fn one_client_is_pushed_to_and_nobody_else() {
    let cluster = common::cluster().await;
    let [admin, alice, _] = people(&cluster);
    let mut first = Page::bound(&cluster.ws()[0], &alice).await;
    let mut second = Page::bound(&cluster.ws()[1], &alice).await;
    let push = |page: &str, data: &str| json!({"client_id": page, "type": "chat", "data": data});
    let sent = admin.post("/Client/push", push(second.client_id(), "only here")).await.ok();
    assert_eq!(sent, json!({"sent": true, "reached": 1, "failed": []}));
    assert_eq!(second.next().await, json!({"type": "chat", "data": "only here"}));
    admin.post("/Client/push", push(first.client_id(), "and here")).await.ok();
    assert_eq!(first.next().await["data"], "and here", "nothing came before it");

    let sent = admin.post("/Client/push", push(&gone(&cluster).await, "nowhere")).await.ok();
    assert_eq!(sent, json!({"sent": true, "reached": 0, "failed": []}));
    assert_eq!(alice.post("/Client/push", push(first.client_id(), "me")).await.status, 403);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_client_is_closed_and_its_user_stays() {
    let cluster = common::cluster().await;
    let [admin, alice, _] = people(&cluster);
    let mut first = Page::bound(&cluster.ws()[0], &alice).await;
    let mut second = Page::bound(&cluster.ws()[1], &alice).await;
    assert_eq!(alice.post("/Client/close", json!({"client_id": first.client_id()})).await.status, 403);

    let body = json!({"client_id": first.client_id(), "code": 4001, "reason": "see the door"});
    assert_eq!(admin.post("/Client/close", body.clone()).await.ok(), json!({"closed": true}));
    let (frames, code) = first.rest().await;
    assert_eq!(code, Some(4001));
    assert_eq!(frames, [json!({"type": "force_offline", "data": {"reason": "see the door"}})]);
    until("it is gone", || async {
        admin.post("/Client/close", body.clone()).await.ok() == json!({"closed": false})
    })
    .await;

    // The user's token is as good as before, and the other page is where it was.
    alice.post("/WebSocket/pushToUser", json!({"uid": alice.id, "data": "still here"})).await.ok();
    assert_eq!(second.next().await["data"], "still here");
    let body = json!({"client_id": second.client_id(), "code": 4201, "reason": "move on"});
    admin.post("/Client/close", body).await.ok();
    let goodbye = second.next_message().await.unwrap_err().expect("a close frame");
    assert_eq!((goodbye.code, goodbye.reason.as_str()), (4201, "move on"));

    let long = "x".repeat(124);
    for (body, field) in [
        (json!({"client_id": gone(&cluster).await, "code": 1006}), "code"),
        (json!({"client_id": gone(&cluster).await, "reason": long}), "reason"),
        (json!({"client_id": "x"}), "client_id"),
    ] {
        let refused = admin.post("/Client/close", body).await;
        assert_eq!(refused.status, 422);
        assert!(refused.data[field].is_string(), "{}", refused.data);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_client_joins_leaves_and_is_unbound_while_the_user_s_other_page_stays() {
    let cluster = common::cluster().await;
    let [admin, alice, bob] = people(&cluster);
    let first = Page::bound(&cluster.ws()[0], &alice).await;
    let second = Page::bound(&cluster.ws()[1], &alice).await;
    let member = json!({"client_id": second.client_id(), "group": "大厅"});
    assert_eq!(alice.post("/Client/joinGroup", member.clone()).await.status, 403);
    for joined in [true, false] {
        assert_eq!(admin.post("/Client/joinGroup", member.clone()).await.ok(), json!({"joined": joined}));
    }
    let list = admin.get("/Client/list?group=%E5%A4%A7%E5%8E%85").await.ok();
    assert_eq!(list["list"].as_array().unwrap().len(), 1);
    assert_eq!(list["list"][0]["client_id"], second.client_id());
    for left in [true, false] {
        assert_eq!(admin.post("/Client/leaveGroup", member.clone()).await.ok(), json!({"left": left}));
    }
    let nobody = gone(&cluster).await;
    let refused = admin.post("/Client/joinGroup", json!({"client_id": nobody, "group": "x"})).await;
    assert_eq!((refused.status, refused.code), (404, 40_400));
    assert_eq!(
        admin.post("/Client/leaveGroup", json!({"client_id": nobody, "group": "x"})).await.ok(),
        json!({"left": false})
    );

    let unbind = |uid: Value| json!({"client_id": first.client_id(), "uid": uid});
    let unbound = async |uid| admin.post("/Client/unbind", unbind(uid)).await.ok()["unbound"].clone();
    assert_eq!(unbound(json!(bob.id)).await, json!(false), "it is bound to somebody else");
    assert_eq!(unbound(json!(alice.id)).await, json!(true));
    assert_eq!(unbound(json!(alice.id)).await, json!(false));
    let left = cluster.client().clients_of_uid(&alice.id.into()).await.value;
    assert_eq!(left, [second.id()]);
    // Programs of others bind texts.
    cluster.client().bind_uid(first.id(), &"guest:7".parse().unwrap(), Default::default()).await.unwrap();
    assert_eq!(unbound(json!("guest:7")).await, json!(true));
    assert_eq!(admin.post("/Client/unbind", unbind(json!([]))).await.status, 422);
}

#[tokio::test(flavor = "multi_thread")]
async fn groups_are_listed_with_their_members_and_pushed_to() {
    let cluster = common::cluster().await;
    let [admin, alice, bob] = people(&cluster);
    let mut alices = Page::bound(&cluster.ws()[0], &alice).await;
    let mut alices_other = Page::bound(&cluster.ws()[1], &alice).await;
    let mut bobs = Page::bound(&cluster.ws()[1], &bob).await;
    let mut guest = Page::open(&cluster.ws()[0]).await;
    for (group, pages) in [("hall", vec![&bobs]), ("lobby", vec![&alices, &alices_other, &bobs, &guest])] {
        for page in pages {
            cluster.client().join_group(page.id(), &group.parse().unwrap()).await.unwrap();
        }
    }
    let hall = json!({"group": "hall", "clients": 1, "uids": 1, "uids_exact": true});
    let lobby = json!({"group": "lobby", "clients": 4, "uids": 2, "uids_exact": true});
    let all = admin.get("/Group/list").await.ok();
    assert_eq!(all, json!({"list": [hall, lobby], "next_cursor": null, "failed": []}));
    let first = admin.get("/Group/list?limit=1").await.ok();
    assert_eq!(first["list"], json!([hall]));
    let next = format!("/Group/list?limit=1&cursor={}", first["next_cursor"].as_str().unwrap());
    let second = admin.get(&next).await.ok();
    assert_eq!((&second["list"], &second["next_cursor"]), (&json!([lobby]), &json!(null)));
    assert_eq!(alice.get("/Group/list").await.status, 403);
    let of_clients = "clients-0123456789abcdef-3f2a9c01d4e5b6870a1b2c3d4e5f60718293a4b5";
    assert_eq!(admin.get(&format!("/Group/list?cursor={of_clients}")).await.status, 422);

    let sent = admin.post("/Group/push", json!({"group": "hall", "data": [1]})).await.ok();
    assert_eq!(sent, json!({"sent": true, "reached": 1, "failed": []}));
    assert_eq!(bobs.next().await, json!({"type": "notification", "data": [1]}));
    let sent = admin.post("/Group/push", json!({"group": "lobby", "type": "news"})).await.ok();
    assert_eq!(sent["reached"], 4);
    for page in [&mut alices, &mut alices_other, &mut bobs, &mut guest] {
        assert_eq!(page.next().await, json!({"type": "news", "data": []}));
    }
    assert_eq!(admin.post("/Group/push", json!({"group": "empty"})).await.ok()["reached"], 0);
    assert_eq!(alice.post("/Group/push", json!({"group": "hall"})).await.status, 403);
    assert_eq!(admin.post("/Group/push", json!({"group": "", "type": "init"})).await.status, 422);

    let dissolve = json!({"group": "lobby"});
    assert_eq!(alice.post("/Group/dissolve", dissolve.clone()).await.status, 403);
    assert_eq!(admin.post("/Group/dissolve", json!({"group": ""})).await.status, 422);
    for left in [4, 0] {
        let answer = admin.post("/Group/dissolve", dissolve.clone()).await.ok();
        assert_eq!(answer, json!({"left": left, "failed": []}));
    }
    assert_eq!(admin.get("/Group/list").await.ok()["list"], json!([hall]));
    // They are connected still.
    let sent = admin.post("/WebSocket/broadcast", json!({"type": "after"})).await.ok();
    assert_eq!(sent["reached"], 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_would_hear_a_push_is_counted_before_it_is_sent() {
    let cluster = common::cluster().await;
    let [admin, alice, bob] = people(&cluster);
    let _pages = [
        Page::bound(&cluster.ws()[0], &alice).await,
        Page::bound(&cluster.ws()[1], &alice).await,
        Page::bound(&cluster.ws()[1], &bob).await,
    ];
    let guest = Page::open(&cluster.ws()[0]).await;
    cluster.client().join_group(guest.id(), &"lobby".parse().unwrap()).await.unwrap();
    let gone = gone(&cluster).await;
    for (query, clients) in [
        (String::new(), 4),
        (format!("?uid={}", alice.id), 2),
        ("?group=lobby".to_owned(), 1),
        ("?group=empty".to_owned(), 0),
        (format!("?client_id={}", guest.client_id()), 1),
        (format!("?client_id={gone}"), 0),
    ] {
        let found = admin.get(&format!("/WebSocket/estimate{query}")).await.ok();
        assert_eq!(found, json!({"clients": clients, "failed": []}), "{query}");
    }
    // Who may send may ask: bob answers to alice, and alice may do nothing else.
    for (query, status) in [
        (format!("?uid={}", bob.id), 200),
        (format!("?uid={}", admin.id), 403),
        (String::new(), 403),
        ("?group=lobby".to_owned(), 403),
        (format!("?client_id={}", guest.client_id()), 403),
    ] {
        assert_eq!(alice.get(&format!("/WebSocket/estimate{query}")).await.status, status, "{query}");
    }
    for query in ["?uid=1&group=lobby", "?uid=x", "?client_id=1"] {
        assert_eq!(admin.get(&format!("/WebSocket/estimate{query}")).await.status, 422, "{query}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_is_found_on_every_gateway() {
    let cluster = common::cluster().await;
    let [admin, alice, bob] = people(&cluster);
    let pages = [Page::bound(&cluster.ws()[0], &alice).await, Page::bound(&cluster.ws()[1], &alice).await];
    let notification = json!({"user_ids": [alice.id], "title": "one", "content": "two"});
    admin.post("/Notification/send", notification).await.ok();

    let found = admin.get(&format!("/User/find?uid={}", alice.id)).await.ok();
    assert_eq!(
        (&found["uid"], &found["username"], &found["online"]),
        (&json!(alice.id), &json!("alice"), &json!(true))
    );
    assert_eq!((&found["unread"], &found["failed"]), (&json!(1), &json!([])));
    let mut expected: Vec<&str> = pages.iter().map(Page::client_id).collect();
    expected.sort_unstable();
    let ids = |list: &Value| -> Vec<String> {
        let rows = list.as_array().unwrap().iter();
        rows.map(|row| row["client_id"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(ids(&found["clients"]), expected);
    // More than fit are read on as a list.
    let first = admin.get(&format!("/User/find?uid={}&limit=1", alice.id)).await.ok();
    let cursor = first["next_cursor"].as_str().unwrap();
    let rest = admin.get(&format!("/Client/list?uid={}&cursor={cursor}", alice.id)).await.ok();
    assert_eq!([ids(&first["clients"]), ids(&rest["list"])].concat(), expected);

    let found = admin.get(&format!("/User/find?uid={}", bob.id)).await.ok();
    assert_eq!(
        (&found["online"], &found["unread"], &found["clients"]),
        (&json!(false), &json!(0), &json!([]))
    );
    let found = admin.get("/User/find?uid=4711").await.ok();
    assert_eq!(
        (&found["username"], &found["online"], &found["unread"]),
        (&json!(null), &json!(false), &json!(null))
    );
    assert_eq!(alice.get("/User/find?uid=1").await.status, 403);
    assert_eq!(admin.get("/User/find?uid=alice").await.status, 422);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_client_s_details_tell_its_browser_and_its_last_sign_of_life() {
    let cluster = common::cluster().await;
    let admin = Caller::of(&cluster, "admin");
    let headers = [
        ("user-agent", "Browser/7"),
        ("origin", "https://admin.example.com"),
        ("cookie", "session=secret"),
        ("authorization", "Bearer secret"),
    ];
    let mut page = Page::open_with(&format!("{}?token=secret", cluster.ws()[1]), &headers).await;
    let show = format!("/Client/show?client_id={}", page.client_id());
    let shown = admin.get(&show).await.ok();
    let expected = json!([
        {"name": "origin", "value": "https://admin.example.com"},
        {"name": "user-agent", "value": "Browser/7"},
    ]);
    assert_eq!(shown["handshake"], expected);
    assert!(!shown.to_string().contains("secret"), "{shown}");
    let before = shown["heard_at_ms"].as_i64().unwrap();
    assert!((before - shown["connected_at_ms"].as_i64().unwrap()).abs() < 30_000, "{shown}");
    within("a later sign of life", async {
        while admin.get(&show).await.ok()["heard_at_ms"].as_i64().unwrap() <= before {
            page.send(r#"{"type":"ping"}"#).await;
            assert_eq!(page.next().await["type"], "pong");
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_drain_is_watched_from_its_beginning() {
    const CLIENTS: usize = 500;
    let cluster = common::cluster().await;
    let admin = Caller::of(&cluster, "admin");
    // They leave at 100 a second, and these do not even answer: it takes some seconds.
    let ws = &cluster.ws()[0];
    let pages = join_all((0..CLIENTS).map(|_| Page::open(ws))).await;
    let id = cluster.gateway_ids()[0].clone();
    let gateway = async || {
        let list = admin.get("/Gateway/list").await.ok();
        list["list"].as_array().unwrap().iter().find(|gateway| gateway["gateway_id"] == json!(id)).cloned()
    };
    assert_eq!(gateway().await.unwrap()["drain"], json!(null));
    // Somebody who looks each second has seen everybody there.
    let mut watching = admin.events("/Stats/stream").await;
    while watching.next().await.unwrap().1["gateways"][&id]["clients"] != json!(CLIENTS) {}
    admin.post("/Gateway/drain", json!({"gateway_id": id})).await.ok();
    let mut seen = Value::Null;
    until("its drain is seen", || async {
        let gateway = gateway().await.expect("it is there while its clients leave");
        gateway["drain"].is_object()
    })
    .await;
    while let Some(gateway) = gateway().await {
        if gateway["drain"].is_object() {
            let left = gateway["clients"].as_u64().unwrap_or_default();
            assert!(left <= CLIENTS as u64);
            seen = gateway["drain"].clone();
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    assert_eq!(seen["clients_at_start"], json!(CLIENTS));
    assert!(seen["began_at_ms"].as_i64().unwrap() > 0);
    drop(pages);
    let left = cluster.client().count_clients(&Filter::default()).await.value;
    assert_eq!(left, 0);
}
