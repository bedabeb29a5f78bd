//! Users, roles and permissions over HTTP: who may change whom, and what is left of it.

mod common;

use std::time::Duration;

use common::{PASSWORD, Person, World};
use gatepipe_api::store::StoreError;
use gatepipe_api::user::Permission::{
    Broadcast, Inspect, ManageAnyUser, ManageRoles, ManageUsers, ViewAudit, ViewUsers,
};
use serde_json::{Value, json};

/// What the audit says, oldest first: `actor action target: result, detail`.
async fn told(world: &World, reader: &Person, query: &str) -> Vec<String> {
    let reply = reader.get(&format!("/Audit/list?limit=100&{query}")).await;
    let entries = reply.data()["list"].as_array().unwrap();
    let told = |entry: &Value| {
        let word = |name: &str| entry[name].as_str().unwrap_or("-").to_owned();
        let [actor, action, target, result, detail] =
            ["actor", "action", "target", "result", "detail"].map(word);
        format!("{actor} {action} {target}: {result}, {detail}")
    };
    assert!(!reply.body.to_string().contains(PASSWORD), "{} {}", world.http, reply.body);
    entries.iter().rev().map(told).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_is_made_found_changed_and_every_step_is_in_the_audit_at_once() {
    let world = World::start().await;
    let admin = world.admin().await;
    admin
        .post("/Role/create", json!({"name": "operator", "permissions": ["websocket.inspect"]}))
        .await
        .data();
    let body = json!({"username": "ana", "password": PASSWORD, "roles": ["operator"], "permissions": ["notification.send"]});
    let made = admin.post("/User/create", body).await;
    let ana = made.data();
    let id = ana["id"].clone();
    assert_eq!((&ana["manager_id"], &ana["disabled"]), (&json!(admin.id), &json!(false)));
    assert_eq!(ana["permissions"], json!(["websocket.inspect", "notification.send"]));
    assert_eq!(ana["roles"], json!(["operator"]));
    assert_eq!(ana["own_permissions"], json!(["notification.send"]));
    let login = world.login("ana", PASSWORD).await;
    let token = login.data()["token"].as_str().unwrap().to_owned();
    let ana = world.holder(serde_json::from_value(id.clone()).unwrap(), "ana", &token);
    ana.get("/Gateway/list").await.data();

    // What she may do is felt with the next request.
    let of = |more: Value| {
        let mut body = more;
        body["id"] = id.clone();
        body
    };
    for (path, body) in [
        ("/User/takeRole", of(json!({"role": "operator"}))),
        ("/User/grant", of(json!({"permission": "user.view"}))),
        ("/User/revoke", of(json!({"permission": "notification.send"}))),
        ("/User/setManager", of(json!({"manager_id": null}))),
    ] {
        assert_eq!(admin.post(path, body.clone()).await.data()["changed"], true, "{path}");
        assert_eq!(admin.post(path, body).await.data()["changed"], false, "{path}: it is so already");
    }
    ana.get("/Gateway/list").await.refused(403);
    let shown = ana.get(&format!("/User/show?id={id}")).await;
    assert_eq!(shown.data()["permissions"], json!(["user.view"]));
    assert_eq!((&shown.data()["manager_id"], &shown.data()["roles"]), (&Value::Null, &json!([])));
    assert_eq!(
        told(&world, &admin, &format!("actor_id={}&action=user,role", admin.id)).await,
        [
            "admin role.create operator: done, websocket.inspect".to_owned(),
            format!(
                "admin user.create {id}: done, ana, answers to user {}; may: notification.send role operator",
                admin.id
            ),
            format!("admin user.take_role {id}: done, operator"),
            format!("admin user.grant {id}: done, user.view"),
            format!("admin user.revoke {id}: done, notification.send"),
            format!("admin user.set_manager {id}: done, nobody"),
        ]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn users_are_listed_by_what_they_are_and_a_page_at_a_time() {
    let world = World::start().await;
    let viewer = world.person("viewer", &[ViewUsers]).await;
    let boss = world.person("boss", &[]).await;
    let operator = "operator".parse().unwrap();
    world.store.put_role(&operator, &[Inspect]).await.unwrap();
    let mut ids = Vec::new();
    for number in 0..25 {
        let user = world.person_below(&format!("u-{number:02}"), Some(boss.id), &[]).await;
        if number % 5 == 0 {
            world.store.give_role(user.id, &operator).await.unwrap();
        }
        ids.push(json!(user.id));
    }
    let (mut seen, mut after) = (Vec::new(), String::new());
    loop {
        let reply = viewer.get(&format!("/User/list?username=u-&limit=10{after}")).await;
        let page = reply.data();
        seen.extend(page["list"].as_array().unwrap().iter().map(|user| user["id"].clone()));
        let Some(next) = page["next_cursor"].as_i64() else { break };
        after = format!("&after_id={next}");
    }
    assert_eq!(seen, ids);
    let count = async |query: &str| {
        let reply = viewer.get(&format!("/User/list?limit=100&{query}")).await;
        reply.data()["list"].as_array().unwrap().len()
    };
    for (query, many) in [
        ("", 27),
        ("username=u-1", 10),
        ("username=U-1", 0),
        ("role=operator", 5),
        (&*format!("manager_id={}", boss.id), 25),
        ("disabled=true", 0),
        ("disabled=0", 27),
        ("role=operator&username=u-0", 2),
    ] {
        assert_eq!(count(query).await, many, "{query}");
    }
    for (query, field) in [
        ("username=a%20b", "username"),
        ("manager_id=x", "manager_id"),
        ("disabled=2", "disabled"),
        ("limit=0", "limit"),
    ] {
        viewer.get(&format!("/User/list?{query}")).await.wrong_fields(&[field]);
    }
    viewer.get("/User/show?id=4711").await.refused(404);
    boss.get("/User/list").await.refused(403);
    boss.get("/Role/list").await.refused(403);
    let roles = viewer.get("/Role/list").await;
    assert_eq!(roles.data()["list"], json!([{"name": "operator", "permissions": ["websocket.inspect"]}]));
    let all = roles.data()["permissions"].as_array().unwrap();
    assert_eq!(all.len(), gatepipe_api::user::Permission::ALL.len());
    assert!(all.iter().all(|one| !one["about"].as_str().unwrap().is_empty()));
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_gives_more_than_they_have_and_nobody_changes_who_does_not_answer_to_them() {
    let world = World::start().await;
    let admin = world.admin().await;
    let lead = world.person("lead", &[ManageUsers, ManageRoles, ViewUsers, Inspect]).await;
    let own = world.person_below("own", Some(lead.id), &[]).await;
    let deep = world.person_below("deep", Some(own.id), &[Inspect]).await;
    let strong = world.person_below("strong", Some(lead.id), &[Broadcast]).await;
    let other = world.person("other", &[]).await;
    let grant = |user: &Person, permission: &str| json!({"id": user.id, "permission": permission});

    assert_eq!(lead.post("/User/grant", grant(&own, "websocket.inspect")).await.data()["changed"], true);
    assert_eq!(lead.post("/User/grant", grant(&deep, "user.view")).await.data()["changed"], true);
    let refusals = [
        ("/User/grant", grant(&own, "websocket.broadcast"), "do not have: websocket.broadcast"),
        ("/User/grant", grant(&other, "websocket.inspect"), "answer to you"),
        ("/User/grant", grant(&admin, "websocket.inspect"), "answer to you"),
        ("/User/grant", grant(&lead, "websocket.inspect"), "themselves"),
        ("/User/disable", json!({"id": strong.id}), "may do more than you: websocket.broadcast"),
        ("/User/setPassword", json!({"id": strong.id, "password": "another horse"}), "may do more"),
        ("/User/setPassword", json!({"id": lead.id, "password": "another horse"}), "changePassword"),
        ("/User/setManager", json!({"id": own.id, "manager_id": other.id}), "answers to you"),
        ("/User/setManager", json!({"id": own.id, "manager_id": null}), "user.manage_any"),
        ("/User/create", json!({"username": "x", "manager_id": null}), "user.manage_any"),
        ("/User/create", json!({"username": "x", "permissions": ["websocket.drain"]}), "websocket.drain"),
        ("/Role/create", json!({"name": "x", "permissions": ["audit.view"]}), "audit.view"),
    ];
    let count = refusals.len();
    for (path, body, says) in refusals {
        let refused = lead.post(path, body.clone()).await;
        refused.refused(403);
        assert!(refused.body["msg"].as_str().unwrap().contains(says), "{path} {body}: {}", refused.body);
        assert!(refused.headers.contains_key("x-refusal"), "{path} {body}");
    }
    // A role that may do more than oneself is neither given nor touched.
    admin.post("/Role/create", json!({"name": "loud", "permissions": ["websocket.broadcast"]})).await.data();
    for (path, body) in [
        ("/User/giveRole", json!({"id": own.id, "role": "loud"})),
        ("/Role/change", json!({"name": "loud", "permissions": []})),
        ("/Role/delete", json!({"name": "loud"})),
    ] {
        lead.post(path, body).await.refused(403);
    }
    own.post("/User/disable", json!({"id": deep.id})).await.refused(403);
    lead.post("/User/setManager", json!({"id": deep.id, "manager_id": lead.id})).await.data();
    let made = lead.post("/User/create", json!({"username": "new", "manager_id": own.id})).await;
    assert_eq!(made.data()["manager_id"], json!(own.id));
    // Without a password nobody logs in.
    world.login("new", "!").await.refused(401);
    // Each refusal is noted, with its reason.
    common::eventually("the refusals are noted", async || {
        told(&world, &admin, &format!("actor_id={}&result=refused&action=user,role", lead.id)).await.len()
            == count + 3
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_does_not_fit_is_said_with_the_field() {
    let world = World::start().await;
    let admin = world.admin().await;
    let ana = world.person("ana", &[]).await;
    for (path, body, fields) in [
        ("/User/create", json!({"username": "a b", "password": "short"}), &["password", "username"][..]),
        ("/User/create", json!({"username": "x", "roles": ["none"]}), &["role"]),
        ("/User/create", json!({"username": "x", "manager_id": 4_711}), &["manager_id"]),
        ("/User/create", json!({"username": "x", "permissions": ["fly"]}), &["permissions"]),
        ("/User/setManager", json!({"id": ana.id}), &["manager_id"]),
        ("/User/setManager", json!({"id": ana.id, "manager_id": 4_711}), &["manager_id"]),
        ("/User/giveRole", json!({"id": ana.id, "role": "none"}), &["role"]),
        ("/User/grant", json!({"id": ana.id, "permission": "fly"}), &["permission"]),
        ("/User/disable", json!({"id": ana.id, "reason": "x".repeat(256)}), &["reason"]),
        ("/Role/create", json!({"name": "x"}), &["permissions"]),
    ] {
        admin.post(path, body).await.wrong_fields(fields);
    }
    for (path, body, status) in [
        ("/User/create", json!({"username": "ana"}), 409),
        ("/User/enable", json!({"id": 4_711}), 404),
        ("/User/setManager", json!({"id": ana.id, "manager_id": ana.id}), 409),
        ("/Role/change", json!({"name": "none", "permissions": []}), 404),
        ("/Role/delete", json!({"name": "none"}), 404),
    ] {
        admin.post(path, body).await.refused(status);
    }
    admin.post("/Role/create", json!({"name": "x", "permissions": []})).await.data();
    admin.post("/Role/create", json!({"name": "x", "permissions": []})).await.refused(409);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disabled_user_is_not_let_in_until_enabled_and_old_tokens_stay_dead() {
    let world = World::start().await;
    let admin = world.admin().await;
    let ana = world.person("ana", &[]).await;
    let disabled = admin.post("/User/disable", json!({"id": ana.id})).await;
    assert_eq!(disabled.data()["changed"], true);
    ana.get("/Auth/me").await.refused(401);
    let refused = world.login("ana", PASSWORD).await;
    refused.refused(403);
    assert!(refused.body["msg"].as_str().unwrap().contains("disabled"), "{}", refused.body);
    // Whoever does not know the password does not learn of it.
    world.login("ana", "wrong horse").await.refused(401);
    let shown = admin.get("/User/list?disabled=true").await;
    assert_eq!(shown.data()["list"][0]["id"], json!(ana.id));
    assert!(shown.data()["list"][0]["disabled_at_ms"].as_i64().unwrap() > 0);
    // A token made in the meantime is no way in.
    let hour = Duration::from_secs(3_600);
    let made = gatepipe_api::service::users::make_token(&world.store, &world.keys, ana.id, hour);
    let made = made.await.unwrap().unwrap();
    let holder = world.holder(ana.id, "ana", secrecy::ExposeSecret::expose_secret(&made.text));
    holder.get("/Auth/me").await.refused(401);
    assert_eq!(admin.post("/User/enable", json!({"id": ana.id})).await.data()["changed"], true);
    ana.get("/Auth/me").await.refused(401);
    world.login("ana", PASSWORD).await.data();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_last_one_who_may_do_everything_stays() {
    let world = World::start().await;
    let first = world.admin().await;
    let all: Vec<_> = gatepipe_api::user::Permission::ALL.iter().map(ToString::to_string).collect();
    first.post("/Role/create", json!({"name": "everything", "permissions": all})).await.data();
    let body = json!({"username": "second", "password": PASSWORD, "roles": ["everything"]});
    let second = first.post("/User/create", body).await.data()["id"].clone();
    let token = world.login("second", PASSWORD).await.data()["token"].as_str().unwrap().to_owned();
    let second = world.holder(serde_json::from_value(second).unwrap(), "second", &token);

    // With two of them each may go, but not both.
    second.post("/User/disable", json!({"id": first.id})).await.data();
    let last = [
        ("/Role/delete", json!({"name": "everything"})),
        ("/Role/change", json!({"name": "everything", "permissions": ["user.view"]})),
    ];
    for (path, body) in last {
        let refused = second.post(path, body).await;
        refused.refused(409);
        assert!(refused.body["msg"].as_str().unwrap().contains("nobody would be left"), "{}", refused.body);
    }
    // The operators' tool keeps to it as well.
    let everything = "everything".parse().unwrap();
    let taken = world.store.take_role(second.id, &everything).await;
    assert!(matches!(taken, Err(StoreError::LastAdministrator)), "{taken:?}");
    second.post("/User/enable", json!({"id": first.id})).await.data();
    let token = world.login("admin", PASSWORD).await.data()["token"].as_str().unwrap().to_owned();
    let first = world.holder(first.id, "admin", &token);
    assert_eq!(first.post("/Role/delete", json!({"name": "everything"})).await.data()["users"], 1);
    second.get("/User/list").await.refused(403);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_who_would_lock_each_other_out_at_the_same_moment_do_not() {
    let world = World::start().await;
    let url = world.database_url.clone();
    let other = World::start_with(|config| config.database_url = url.into()).await;
    let mut alone: Option<Person> = None;
    for round in 0..8 {
        let everything = gatepipe_api::user::Permission::ALL;
        let one = world.person(&format!("one-{round}"), &everything).await;
        let two = world.person(&format!("two-{round}"), &everything).await;
        if let Some(left) = alone.take() {
            one.post("/User/disable", json!({"id": left.id})).await.data();
        }
        // Each at an api of its own.
        let two_there = other.holder(two.id, "two", &two.token);
        let (a, b) = tokio::join!(
            one.post("/User/disable", json!({"id": two.id})),
            two_there.post("/User/disable", json!({"id": one.id})),
        );
        let done = [&a, &b].iter().filter(|reply| reply.status == 200).count();
        assert_eq!(done, 1, "{} {}", a.body, b.body);
        let refused = if a.status == 200 { b.status } else { a.status };
        assert!([401, 403, 409].contains(&refused), "{} {}", a.body, b.body);
        // The next two are alone again.
        let left = if a.status == 200 { one } else { two };
        alone = Some(left);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn ones_own_password_is_changed_with_the_old_one_and_other_tokens_end() {
    let world = World::start_with(|config| config.login_tries_per_username = 4.try_into().unwrap()).await;
    let auditor = world.person("auditor", &[ViewAudit]).await;
    let ana = world.person("ana", &[]).await;
    let change = |old: &str, new: &str| json!({"old_password": old, "new_password": new});
    ana.post("/Auth/changePassword", change("wrong horse", "another horse"))
        .await
        .wrong_fields(&["old_password"]);
    ana.post("/Auth/changePassword", change(PASSWORD, "short")).await.wrong_fields(&["new_password"]);
    ana.post("/Auth/changePassword", change(PASSWORD, PASSWORD)).await.wrong_fields(&["new_password"]);
    let changed = ana.post("/Auth/changePassword", change(PASSWORD, "another horse")).await;
    let data = changed.data();
    let fresh = world.holder(ana.id, "ana", data["token"].as_str().unwrap());
    assert_eq!(fresh.get("/Auth/me").await.data()["user"], data["user"]);
    ana.get("/Auth/me").await.refused(401);
    world.login("ana", PASSWORD).await.refused(401);
    world.login("ana", "another horse").await.data();
    // Whoever has stolen a token cannot guess for ever.
    let mut last = 422;
    for _ in 0..30 {
        last = fresh.post("/Auth/changePassword", change("guess guess", "third horse!")).await.status;
        if last == 429 {
            break;
        }
    }
    assert_eq!(last, 429);
    let entries =
        told(&world, &auditor, &format!("target={}&action=user.set_password&result=done", ana.id)).await;
    assert_eq!(entries, [format!("ana user.set_password {}: done, ", ana.id)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_password_set_by_an_administrator_ends_the_tokens_of_the_user() {
    let world = World::start().await;
    let lead = world.person("lead", &[ManageUsers, ManageAnyUser]).await;
    let ana = world.person("ana", &[]).await;
    let body = json!({"id": ana.id, "password": "another horse"});
    let set = lead.post("/User/setPassword", body).await;
    assert_eq!(set.data()["changed"], true);
    ana.get("/Auth/me").await.refused(401);
    world.login("ana", PASSWORD).await.refused(401);
    world.login("ana", "another horse").await.data();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_has_a_name_that_programs_understand() {
    let world = World::start().await;
    let (admin, bob) = (world.admin().await, world.person("bob", &[]).await);
    let made = json!({"username": "bob", "password": "another horse"});
    for (person, path, body, status, name) in [
        (&admin, "/User/create", made.clone(), 409, "username_taken; about=bob"),
        (
            &admin,
            "/Role/change",
            json!({"name": "值班", "permissions": []}),
            404,
            "no_such_role; about=%E5%80%BC%E7%8F%AD",
        ),
        (&admin, "/User/giveRole", json!({"id": bob.id, "role": "night"}), 422, "no_such_role; about=night"),
        (&admin, "/User/setManager", json!({"id": bob.id, "manager_id": 4_711}), 422, "no_such_manager"),
        (&admin, "/User/setManager", json!({"id": bob.id, "manager_id": bob.id}), 409, "manager_circle"),
        (&admin, "/User/disable", json!({"id": admin.id}), 403, "oneself"),
        (&bob, "/User/create", made, 403, "needs_permission; about=user.manage"),
        (
            &bob,
            "/Auth/changePassword",
            json!({"old_password": "not it", "new_password": "another horse"}),
            422,
            "old_password_wrong",
        ),
    ] {
        let refused = person.post(path, body).await;
        refused.refused_as(status, name);
    }
    // What is said about a field stands with the field, as ever.
    let refused = admin.post("/User/giveRole", json!({"id": bob.id, "role": "night"})).await;
    assert_eq!(refused.body["data"], json!({"role": "there is no role night"}));
    admin.post("/User/disable", json!({"id": bob.id})).await.data();
    let refused = world.login("bob", common::PASSWORD).await;
    refused.refused_as(403, "account_disabled");
    // A success has none.
    assert!(!admin.get("/User/list").await.headers.contains_key("x-refusal"));
}
