//! How an api is set up, for whoever may look.

mod common;

use std::time::Duration;

use common::{SECRET, World};
use gatepipe_api::store::Store;
use gatepipe_api::user::Permission;
use serde_json::{Value, json};

#[tokio::test]
async fn every_setting_tells_its_source_and_no_secret() {
    let world = World::start_with(|config| config.request_timeout = Duration::from_secs(7)).await;
    let curious = world.person("curious", &[Permission::InspectSettings]).await;
    let reply = curious.get("/Settings/list").await;
    let told = reply.data();
    let setting = |name: &str| -> &Value {
        let list = told["list"].as_array().unwrap();
        list.iter().find(|one| one["name"] == name).unwrap_or_else(|| panic!("{name} is not told"))
    };
    let untouched = setting("sweep-interval");
    assert_eq!(
        (&untouched["values"], &untouched["default"], &untouched["source"], &untouched["given_by"]),
        (&json!(["10m"]), &json!("10m"), &json!("default"), &Value::Null)
    );
    assert!(untouched["help"].as_str().unwrap().contains("idempotency keys"));
    // This api is brought along by the test, which changed some of them.
    let changed = setting("request-timeout");
    assert_eq!((&changed["values"], &changed["source"]), (&json!(["7s"]), &json!("program")));
    for name in ["jwt-secret", "database-url"] {
        let secret = setting(name);
        assert_eq!((&secret["values"], &secret["is_secret"]), (&json!(["********"]), &json!(true)));
    }
    assert_eq!(setting("secret")["values"], json!([]), "it is not set");
    assert!(!reply.body.to_string().contains(SECRET));
    assert_eq!(told["build"]["version"], env!("CARGO_PKG_VERSION"));
    assert!(told["build"]["target"].as_str().unwrap().contains('-'), "{}", told["build"]);
    assert!(told["started_at_ms"].as_i64().unwrap() > 1_700_000_000_000);
    let scheme = world.database_url.split(':').next().unwrap();
    assert!(told["database"].as_str().unwrap().starts_with(scheme), "{}", told["database"]);
}

#[tokio::test]
async fn whoever_may_do_everything_else_may_not_look() {
    let world = World::start().await;
    let others = Permission::ALL.into_iter().filter(|given| *given != Permission::InspectSettings);
    let other = world.person("other", &others.collect::<Vec<_>>()).await;
    let refused = other.get("/Settings/list").await;
    refused.refused(403);
    assert!(refused.body["msg"].as_str().unwrap().contains("settings.inspect"), "{}", refused.body);
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_could_do_everything_before_the_update_can_do_the_new_things_too() {
    const OLDER: [Permission; 6] = [
        Permission::Broadcast,
        Permission::Drain,
        Permission::ForceOffline,
        Permission::Inspect,
        Permission::PushAny,
        Permission::SendNotification,
    ];
    let world = World::start().await;
    let (chief, most) = (world.person("chief", &OLDER).await, world.person("most", &OLDER[..5]).await);
    let by_role = world.person("by_role", &[]).await;
    let operators = "operators".parse().unwrap();
    world.store.put_role(&operators, &OLDER).await.unwrap();
    world.store.give_role(by_role.id, &operators).await.unwrap();
    let url = world.database_url.clone();
    let _dir = world.stop().await;
    // Back to before the update, and then the update again.
    while !Store::revert(&url, 1).await.unwrap()[0].ends_with("grant_console") {}
    let store = Store::open(&url).await.unwrap();
    for (person, can) in [(&chief, true), (&by_role, true), (&most, false)] {
        let permissions = &store.standing(person.id).await.unwrap().unwrap().permissions;
        for new in [Permission::Control, Permission::InspectSettings] {
            assert_eq!(permissions.contains(&new), can, "{}: {new}", person.name);
        }
    }
}
