//! Who did what, and who may know.

mod common;

use std::time::Duration;

use common::{PASSWORD, Person, World, eventually};
use gatepipe_api::audit::queue::{Counts, WAITING};
use gatepipe_api::audit::{Action, Actor, Audit, Entry, Target, Verdict};
use gatepipe_api::id::UserId;
use gatepipe_api::metrics::AuditLoss;
use gatepipe_api::user::Permission;
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

const HOUR_MS: i64 = 3_600_000;

fn now_ms() -> i64 {
    chrono::Utc::now().timestamp_millis()
}

/// What the audit says, newest first, as soon as it has this many entries.
async fn entries(reader: &Person, query: &str, many: usize) -> Vec<Value> {
    let mut found = Vec::new();
    eventually("the entries are written", async || {
        let reply = reader.get(&format!("/Audit/list?limit=100&{query}")).await;
        found = reply.data()["list"].as_array().unwrap().clone();
        found.len() >= many
    })
    .await;
    assert_eq!(found.len(), many, "{found:?}");
    found
}

/// `action target result` of each.
fn told(entries: &[Value]) -> Vec<String> {
    let word = |entry: &Value, name: &str| entry[name].as_str().unwrap_or("-").to_owned();
    let told = |entry| ["action", "target", "result"].map(|name| word(entry, name)).join(" ");
    entries.iter().map(told).collect()
}

fn entry(actor: UserId, action: Action, target: Target, result: Verdict, age_ms: i64) -> Entry {
    let actor = Actor { id: Some(actor), name: "somebody".into(), address: None };
    let entry = Entry::new(actor, action, target, result, "已完成");
    Entry { at_ms: now_ms() - age_ms, ..entry }
}

#[tokio::test(flavor = "multi_thread")]
async fn logins_and_what_failed_of_them_are_noted_with_the_address_and_without_what_was_typed() {
    let world =
        World::start_with(|config| config.trusted_proxies = vec!["127.0.0.0/8".parse().unwrap()]).await;
    let (admin, alice) = (world.admin().await, world.person("alice", &[]).await);
    let login = async |username: &str, password: &str| {
        let body = json!({"username": username, "password": password});
        let reply = world.send(|client, http| {
            let url = format!("{http}/api/admin/Auth/login");
            client.post(url).header("x-forwarded-for", "203.0.113.7").json(&body)
        });
        reply.await.status
    };
    assert_eq!(login("alice", "hunter2hunter2").await, 401);
    assert_eq!(login("my-secret-typed-as-a-name", "x").await, 401);
    assert_eq!(login("alice", PASSWORD).await, 200);
    let found = entries(&admin, "action=auth.login", 3).await;
    let id = alice.id.to_string();
    let expected =
        [format!("auth.login {id} done"), "auth.login - refused".into(), format!("auth.login {id} refused")];
    assert_eq!(told(&found), expected);
    assert_eq!(
        (&found[0]["actor_id"], &found[0]["actor"], &found[0]["target_name"]),
        (&json!(alice.id), &json!("alice"), &json!("alice"))
    );
    assert_eq!((&found[2]["actor_id"], &found[2]["actor"]), (&Value::Null, &json!("(unknown)")));
    for entry in &found {
        assert_eq!(entry["address"], "203.0.113.7");
    }
    let text = Value::from(found).to_string();
    for secret in ["hunter2", "my-secret", PASSWORD] {
        assert!(!text.contains(secret), "{text}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_guesses_passwords_does_not_fill_the_audit() {
    let world = World::start_with(|config| config.login_tries_per_username = 3.try_into().unwrap()).await;
    let (admin, _) = (world.admin().await, world.person("alice", &[]).await);
    for _ in 0..30 {
        world.login("alice", "wrong horse").await;
    }
    let (_, metrics) = world.admin_page("/metrics").await;
    let repeated: usize = metrics
        .lines()
        .find_map(|line| line.strip_prefix("gatepipe_api_audit_lost_total{reason=\"repeated\"} "))
        .map_or(0, |number| number.parse().unwrap());
    let found = entries(&admin, "action=auth.login", 30 - repeated).await;
    assert!((3..30).contains(&found.len()), "{}", found.len());
    assert!(found[0]["detail"].as_str().unwrap().contains("too many failed logins"), "{}", found[0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_refused_or_fails_is_noted_as_such() {
    let world = World::start().await;
    let admin = world.admin().await;
    let bob = world.person("bob", &[]).await;
    // Nobody's business but the audit's.
    bob.get("/Audit/list").await.refused(403);
    bob.get("/Audit/export").await.refused(403);
    bob.post("/WebSocket/broadcast", json!({"data": "secret words"})).await.refused(403);
    bob.post("/WebSocket/pushToUser", json!({"uid": admin.id, "data": "secret words"})).await.refused(403);
    // No register is heard, so nobody can be asked.
    admin
        .post("/WebSocket/pushToUser", json!({"uid": bob.id, "type": "a\nb", "data": "secret words"}))
        .await
        .refused(503);
    admin.post("/WebSocket/forceOffline", json!({"uid": 4_711})).await.refused(404);
    bob.post("/Notification/delete", json!({"ids": [1, 2]})).await.data();
    let found = entries(&admin, "action=auth,websocket,notification", 7).await;
    let (admin_id, bob_id) = (admin.id.to_string(), bob.id.to_string());
    let expected = [
        format!("notification.delete {bob_id} done"),
        "websocket.force_offline 4711 refused".into(),
        format!("websocket.push {bob_id} failed"),
        format!("websocket.push {admin_id} refused"),
        "auth.denied websocket.broadcast refused".into(),
        "auth.denied audit.view refused".into(),
        "auth.denied audit.view refused".into(),
    ];
    assert_eq!(told(&found), expected);
    assert_eq!(found[4]["detail"], "/WebSocket/broadcast");
    assert!(!Value::from(found).to_string().contains("secret words"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_filter_shows_what_it_says_and_pages_show_everything_once() {
    let world = World::start().await;
    let admin = world.admin().await;
    let [ana, bob] = [world.person("ana", &[]).await.id, world.person("bob", &[]).await.id];
    let mut all = Vec::new();
    for number in 0..250 {
        let (action, result) = match number % 5 {
            0 => (Action::Push, Verdict::Failed),
            1 => (Action::Broadcast, Verdict::Partial),
            2 => (Action::Drain, Verdict::Refused),
            _ => (Action::Push, Verdict::Done),
        };
        let target = if action == Action::Push { Target::User(bob) } else { Target::Nobody };
        let actor = if number % 2 == 0 { ana } else { bob };
        all.push(entry(actor, action, target, result, (250 - number) * HOUR_MS));
    }
    world.store.add_audit(all).await.unwrap();

    let mut seen = Vec::new();
    let mut query = String::new();
    loop {
        let reply = admin.get(&format!("/Audit/list?limit=100&action=websocket,gateway{query}")).await;
        let page = reply.data();
        seen.extend(page["list"].as_array().unwrap().iter().map(|entry| entry["at_ms"].as_i64().unwrap()));
        let Some(next) = page["next_cursor"].as_i64() else { break };
        query = format!("&before_id={next}");
    }
    assert_eq!(seen.len(), 250);
    assert!(seen.is_sorted_by(|newer, older| newer > older));

    let count = async |query: &str| {
        let (mut count, mut before) = (0, String::new());
        loop {
            let reply = admin.get(&format!("/Audit/list?limit=100&{query}{before}")).await;
            let page = reply.data();
            count += page["list"].as_array().unwrap().len();
            let Some(next) = page["next_cursor"].as_i64() else { return count };
            before = format!("&before_id={next}");
        }
    };
    let (now, half) = (now_ms(), now_ms() - 125 * HOUR_MS - HOUR_MS / 2);
    for (query, many) in [
        (format!("actor_id={ana}"), 125),
        ("action=websocket.push".into(), 150),
        ("action=gateway.drain,websocket.broadcast".into(), 100),
        (format!("target_kind=user&target={bob}&result=failed"), 50),
        ("result=partial".into(), 50),
        (format!("since_ms={half}&until_ms={now}&action=websocket,gateway"), 125),
        (format!("until_ms={half}"), 125),
        (format!("actor_id={ana}&action=gateway&result=refused"), 25),
        ("target=nobody%20has%20this".into(), 0),
    ] {
        assert_eq!(count(&query).await, many, "{query}");
    }
    for (query, field) in [
        ("actor_id=bob", "actor_id"),
        ("action=websocket.fly", "action"),
        ("action=", "action"),
        ("target_kind=planet", "target_kind"),
        ("target=%00", "target"),
        ("result=good", "result"),
        ("since_ms=yesterday", "since_ms"),
        ("until_ms=-1", "until_ms"),
        ("before_id=0", "before_id"),
        ("limit=101", "limit"),
    ] {
        admin.get(&format!("/Audit/list?{query}")).await.wrong_fields(&[field]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_file_has_every_entry_and_no_formula() {
    let world = World::start().await;
    let admin = world.admin().await;
    let ana = world.person("ana", &[]).await.id;
    // More than two questions to the database.
    let push = || entry(ana, Action::Push, Target::User(ana), Verdict::Done, 0);
    world.store.add_audit((0..1_200).map(|_| push()).collect()).await.unwrap();
    let odd = Actor { id: None, name: "(operator)".into(), address: Some("::1".parse().unwrap()) };
    let odd = Entry::new(odd, Action::ChangeRole, Target::Role("=1+1".into()), Verdict::Done, "-2+3, \"题\"");
    world.store.add_audit(vec![odd]).await.unwrap();

    let reply = admin.get("/Audit/export?action=websocket.push,role").await;
    assert_eq!(reply.status, 200);
    assert_eq!(reply.headers["content-type"], "text/csv; charset=utf-8");
    let disposition = reply.headers["content-disposition"].to_str().unwrap();
    assert!(disposition.starts_with("attachment; filename=\"audit_2"), "{disposition}");
    let text = reply.body.as_str().unwrap().strip_prefix('\u{feff}').unwrap();
    let lines: Vec<&str> = text.split_terminator("\r\n").collect();
    assert_eq!(lines.len(), 1 + 1_201);
    assert_eq!(
        lines[0],
        "id,at,at_ms,actor_id,actor,address,action,target_kind,target,target_name,result,detail"
    );
    let odd = ",,(operator),::1,role.change,role,'=1+1,,done,\"'-2+3, \"\"题\"\"\"";
    assert!(lines[1].ends_with(odd), "{}", lines[1]);
    let usual = format!(",{ana},somebody,,websocket.push,user,{ana},ana,done,已完成");
    assert!(lines[2].ends_with(&usual), "{}", lines[2]);
    let mut ids: Vec<i64> =
        lines[1..].iter().map(|line| line.split(',').next().unwrap().parse().unwrap()).collect();
    assert!(ids.is_sorted_by(|newer, older| newer > older));
    ids.dedup();
    assert_eq!(ids.len(), 1_201);
    // Whoever takes it along is in it the next time.
    assert_eq!(entries(&admin, "action=audit", 1).await[0]["actor"], "admin");
    admin.get("/Audit/export?result=good").await.wrong_fields(&["result"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn old_entries_go_after_the_retention() {
    let world = World::start_with(|config| {
        config.audit_retention = Duration::from_secs(24 * 3_600);
        config.sweep_interval = Duration::from_millis(40);
    })
    .await;
    let admin = world.admin().await;
    let aged = |hours: i64| entry(admin.id, Action::Push, Target::Nobody, Verdict::Done, hours * HOUR_MS);
    // More than go in one transaction.
    world.store.add_audit((0..700).map(|_| aged(25)).chain([aged(23), aged(22)]).collect()).await.unwrap();
    eventually("the old ones are gone", async || {
        let (_, metrics) = world.admin_page("/metrics").await;
        metrics.contains("gatepipe_api_swept_total{what=\"audit\"} 700")
    })
    .await;
    entries(&admin, "action=websocket.push", 2).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_done_just_before_the_stop_is_there_after_it() {
    let world = World::start().await;
    let admin = world.admin().await;
    admin.post("/WebSocket/forceOffline", json!({"uid": 4_711})).await.refused(404);
    let (id, token) = (admin.id, admin.token.clone());
    let again = World::start_in(world.stop().await, |_| {}).await;
    let admin = again.holder(id, "admin", &token);
    assert_eq!(told(&entries(&admin, "action=websocket", 1).await), ["websocket.force_offline 4711 refused"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn while_the_database_is_away_entries_wait_and_nobody_else_does() {
    let world = World::start_on_sqlite().await;
    let admin = world.admin().await;
    admin.get("/Auth/me").await.data();
    let aside = world.dir.path().join("aside.db");
    std::fs::rename(world.database(), &aside).unwrap();
    for _ in 0..5 {
        // Refused because no gateway is known, not because of the audit.
        let refused = admin.post("/WebSocket/pushToUser", json!({"uid": admin.id})).await;
        refused.refused(503);
        assert!(refused.body["msg"].as_str().unwrap().contains("no register"), "{}", refused.body);
    }
    let waiting = async || {
        let (_, metrics) = world.admin_page("/metrics").await;
        let line = metrics.lines().find_map(|line| line.strip_prefix("gatepipe_api_audit_waiting "));
        line.unwrap().parse::<i64>().unwrap()
    };
    assert_eq!(waiting().await, 5);
    std::fs::rename(&aside, world.database()).unwrap();
    entries(&admin, "action=websocket.push", 5).await;
    eventually("nothing waits any more", async || waiting().await == 0).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn single_pushes_are_left_out_where_nobody_wants_them() {
    let world = World::start_with(|config| config.audit_pushes = false).await;
    let admin = world.admin().await;
    let bob = world.person("bob", &[Permission::Inspect]).await;
    bob.post("/WebSocket/pushToUser", json!({"uid": admin.id})).await.refused(403);
    // Refused ones are noted all the same.
    assert_eq!(
        told(&entries(&admin, "action=websocket", 1).await),
        [format!("websocket.push {} refused", admin.id)]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_does_not_fit_into_the_queue_is_counted_and_what_does_is_written() {
    let world = World::start().await;
    let counts = Counts::default();
    let (audit, writer) = Audit::new(world.store.clone(), counts.clone());
    let noted = || Entry::new(Actor::operator(), Action::Push, Target::Everybody, Verdict::Done, "");
    for _ in 0..WAITING + 7 {
        audit.note(noted());
    }
    assert_eq!(counts.waiting.get(), WAITING as i64);
    let lost = || counts.lost.get_or_create(&AuditLoss::Full.into()).get();
    assert_eq!(lost(), 7);
    let stop = CancellationToken::new();
    let writing = tokio::spawn(writer.run(stop.clone()));
    eventually("all are written", async || counts.written.get() == WAITING as u64).await;
    // There is room again; and what comes just before the stop is written too.
    audit.note(noted());
    stop.cancel();
    tokio::time::timeout(Duration::from_secs(30), writing).await.expect("it ends").unwrap();
    assert_eq!((counts.written.get(), counts.waiting.get(), lost()), (WAITING as u64 + 1, 0, 7));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_written_together_keeps_its_order_and_its_words() {
    let world = World::start().await;
    let admin = world.admin().await;
    // Several go into one statement; some of these are left over.
    let uids = || (1..=63).filter_map(UserId::new);
    let push = |uid| entry(admin.id, Action::Push, Target::User(uid), Verdict::Done, 0);
    world.store.add_audit(uids().map(push).collect()).await.unwrap();
    let mut found = told(&entries(&admin, "action=websocket.push", 63).await);
    found.reverse();
    let pushed = |uid| format!("websocket.push {uid} done");
    assert_eq!(found, uids().map(pushed).collect::<Vec<_>>());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_same_caller_is_refused_again_and_again_is_noted_a_few_times() {
    let world = World::start().await;
    let counts = Counts::default();
    let (audit, _writer) = Audit::new(world.store, counts.clone());
    for last in 1..=2 {
        let actor = Actor::unknown([203, 0, 113, last].into());
        for _ in 0..100 {
            let entry = Entry::new(actor.clone(), Action::Login, Target::Nobody, Verdict::Refused, "");
            audit.note_repeated(entry);
        }
    }
    let noted = counts.waiting.get();
    // One more is free every ten seconds.
    assert!((12..100).contains(&noted), "{noted}");
    let repeated = counts.lost.get_or_create(&AuditLoss::Repeated.into()).get();
    assert_eq!(repeated, 200 - noted.unsigned_abs());
}
