//! SQLite's file goes away, is locked, is somebody else's: said clearly, nothing half-written, well again without a restart.

mod common;

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use common::World;
use diesel::connection::SimpleConnection as _;
use diesel::{Connection as _, SqliteConnection};
use gatepipe_api::store::Store;
use gatepipe_api::user::Permission;
use serde_json::json;
use tokio::task::JoinSet;

#[tokio::test]
async fn while_the_database_is_away_known_users_pass_and_nothing_is_written() {
    let world = World::start_on_sqlite().await;
    let (admin, bob) = (world.admin().await, world.person("bob", &[]).await);
    let stranger = world.person("stranger", &[]).await;
    admin.notify(&[bob.id], "before").await.data();
    bob.get("/Auth/me").await.data();

    let (file, aside) = (world.database(), world.dir.path().join("aside.db"));
    fs::rename(&file, &aside).unwrap();
    // Who they are is still known, and what they may do; what is stored is not.
    assert_eq!(bob.get("/Auth/me").await.data()["user"]["username"], "bob");
    admin.get("/Gateway/list").await.data();
    bob.get("/Gateway/list").await.refused(403);
    let body = json!({"user_ids": [bob.id], "title": "meanwhile", "content": ""});
    admin.post_with_key("/Notification/send", "k", body.clone()).await.refused(503);
    admin.post("/WebSocket/forceOffline", json!({"uid": bob.id})).await.refused(503);
    bob.get("/Notification/list").await.refused(503);
    bob.get("/Notification/unreadCount").await.refused(503);
    bob.post("/Notification/readAll", json!({})).await.refused(503);
    stranger.get("/Auth/me").await.refused(503);
    let login = world.login("bob", common::PASSWORD).await;
    login.refused(503);
    assert!(!login.body.to_string().contains("api.db"), "no inner text: {}", login.body);
    assert!(!file.exists(), "no empty database is put in its place");
    let (_, metrics) = world.admin_page("/metrics").await;
    let errors = metrics.lines().filter_map(|line| line.strip_prefix("gatepipe_api_store_errors_total{"));
    let errors = errors.filter_map(|series| series.rsplit_once(' ')?.1.parse::<u64>().ok()).sum::<u64>();
    assert!(errors > 0, "{metrics}");

    fs::rename(&aside, &file).unwrap();
    stranger.get("/Auth/me").await.data();
    // What was refused has left its key free.
    let after = admin.post_with_key("/Notification/send", "k", body).await;
    assert_eq!((&after.data()["ids"], after.is_replayed()), (&json!([2]), false));
    assert_eq!(bob.unread().await, 2);
    world.login("bob", common::PASSWORD).await.data();
}

#[tokio::test(flavor = "multi_thread")]
async fn when_the_database_goes_away_all_who_wait_are_told_and_the_known_pass() {
    let world = World::start_on_sqlite().await;
    let known = world.person("known", &[]).await;
    known.get("/Auth/me").await.data();
    let mut strangers = Vec::new();
    for number in 0..12 {
        strangers.push(world.person(&format!("stranger{number}"), &[]).await);
    }
    let (file, aside) = (world.database(), world.dir.path().join("aside.db"));
    fs::rename(&file, &aside).unwrap();
    let mut asked = JoinSet::new();
    for stranger in strangers {
        asked.spawn(async move { stranger.get("/Auth/me").await.status });
    }
    for _ in 0..12 {
        let known = world.holder(known.id, "known", &known.token);
        asked.spawn(async move { known.get("/Auth/me").await.status });
    }
    let mut answers = asked.join_all().await;
    answers.sort_unstable();
    assert_eq!(answers, [vec![200; 12], vec![503; 12]].concat());
    fs::rename(&aside, &file).unwrap();
    known.get("/Auth/me").await.data();
}

#[tokio::test]
async fn a_database_that_was_put_back_from_a_copy_is_used_instead_of_the_old_file() {
    let world = World::start_on_sqlite().await;
    let (admin, bob) = (world.admin().await, world.person("bob", &[]).await);
    admin.notify(&[bob.id], "first").await.data();
    let copy = world.dir.path().join("copy.db");
    let mut connection = SqliteConnection::establish(world.database().to_str().unwrap()).unwrap();
    connection.batch_execute(&format!("VACUUM INTO '{}'", copy.display())).unwrap();
    drop(connection);
    admin.notify(&[bob.id], "second").await.data();
    fs::rename(&copy, world.database()).unwrap();
    for beside in ["api.db-wal", "api.db-shm"] {
        drop(fs::remove_file(world.dir.path().join(beside)));
    }
    assert_eq!(bob.unread().await, 1, "the copy's state");
    assert_eq!(admin.notify(&[bob.id], "third").await.data()["ids"], json!([2]));
}

#[tokio::test]
async fn a_locked_database_refuses_writes_in_time_and_is_read_all_the_same() {
    let world = World::start_on_sqlite().await;
    let (admin, bob) = (world.admin().await, world.person("bob", &[]).await);
    let mut other = SqliteConnection::establish(world.database().to_str().unwrap()).unwrap();
    other.batch_execute("BEGIN IMMEDIATE").unwrap();
    let started = Instant::now();
    let (one, two) = tokio::join!(async { admin.notify(&[bob.id], "x").await }, async {
        // Meanwhile everybody reads.
        assert_eq!(bob.unread().await, 0);
        assert!(started.elapsed() < Duration::from_secs(3), "{:?}", started.elapsed());
        admin.notify(&[bob.id], "y").await
    });
    one.refused(503);
    two.refused(503);
    assert!(started.elapsed() < Duration::from_secs(15), "{:?}", started.elapsed());
    other.batch_execute("ROLLBACK").unwrap();
    assert_eq!(admin.notify(&[bob.id], "z").await.data()["ids"], json!([1]));
    assert_eq!(bob.unread().await, 1);
}

async fn refusal(url: &str) -> String {
    let error = Store::open(url).await.err().expect("it cannot be opened").to_string();
    assert!(!error.contains('\n'), "{error}");
    error
}

fn url(path: &Path) -> String {
    format!("sqlite://{}", path.display())
}

#[tokio::test]
async fn what_cannot_be_opened_is_told_in_one_line() {
    let dir = tempfile::tempdir().unwrap();
    let at = |name: &str| dir.path().join(name);

    let two_missing = refusal(&url(&at("a/b/c.db"))).await;
    assert!(two_missing.contains("a/b") && two_missing.contains("--database-url"), "{two_missing}");
    fs::write(at("file"), "x").unwrap();
    let in_a_file = refusal(&url(&at("file/c.db"))).await;
    assert!(in_a_file.contains("file"), "{in_a_file}");
    let directory = refusal(&url(dir.path())).await;
    assert!(directory.contains("cannot use the database file"), "{directory}");
    fs::write(at("text.db"), "this is no database, but a longer text than sixteen bytes").unwrap();
    let text = refusal(&url(&at("text.db"))).await;
    assert!(text.contains("not a database"), "{text}");
    assert_eq!(fs::read_to_string(at("text.db")).unwrap().len(), 57, "left as it was");
    assert!(refusal("mysql://localhost/x").await.contains("names no user"));
    assert!(refusal("oracle://localhost/x").await.contains("sqlite://PATH"));
    assert!(refusal("sqlite://:memory:").await.contains("must last"));

    let other = url(&at("other.db"));
    let mut connection = SqliteConnection::establish(at("other.db").to_str().unwrap()).unwrap();
    connection.batch_execute("CREATE TABLE users (name TEXT)").unwrap();
    let foreign = refusal(&other).await;
    assert!(foreign.contains("up to date"), "{foreign}");
}

#[tokio::test]
async fn a_new_database_is_its_owners_and_a_second_start_keeps_what_is_in_it() {
    use std::os::unix::fs::PermissionsExt as _;
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("data").join("api 100%?#.db");
    let store = Store::open(&url(&file)).await.unwrap();
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    let operator = "operator".parse().unwrap();
    store.put_role(&operator, &[]).await.unwrap();
    drop(store);
    let again = Store::open(&url(&file)).await.unwrap();
    assert_eq!(again.roles().await.unwrap(), [("operator".to_owned(), vec![])]);
}

#[tokio::test]
async fn whoever_could_do_everything_may_also_drain_after_the_update_and_nobody_else() {
    let world = World::start_on_sqlite().await;
    let older: Vec<Permission> =
        Permission::ALL.into_iter().filter(|permission| *permission != Permission::Drain).collect();
    let (admin, operator) = ("admin".parse().unwrap(), "operator".parse().unwrap());
    world.store.put_role(&admin, &older).await.unwrap();
    world.store.put_role(&operator, &older[1..]).await.unwrap();
    let (boss, by_role) = (world.person("boss", &older).await, world.person("by-role", &[]).await);
    world.store.give_role(by_role.id, &admin).await.unwrap();
    let less = world.person("less", &older[1..]).await;
    // The state before the migration.
    let mut connection = SqliteConnection::establish(world.database().to_str().unwrap()).unwrap();
    connection
        .batch_execute("DELETE FROM __diesel_schema_migrations WHERE version = '20261124000001'")
        .unwrap();
    drop(connection);
    let tokens = [boss.token, by_role.token, less.token];
    let again = World::start_in(world.stop().await, |_| {}).await;
    let mut may_drain = Vec::new();
    for token in &tokens {
        let me = again.holder(boss.id, "somebody", token).get("/Auth/me").await;
        may_drain.push(me.data()["user"]["permissions"].to_string().contains("websocket.drain"));
    }
    assert_eq!(may_drain, [true, true, false]);
    let roles = again.store.roles().await.unwrap();
    let counts: Vec<_> = roles.iter().map(|(name, permissions)| (name.as_str(), permissions.len())).collect();
    assert_eq!(counts, [("admin", older.len() + 1), ("operator", older.len() - 1)]);
}

#[tokio::test]
async fn what_was_acknowledged_outlives_a_stop() {
    let world = World::start_on_sqlite().await;
    let (admin, bob) = (world.admin().await, world.person("bob", &[]).await);
    for _ in 0..5 {
        admin.notify(&[bob.id], "x").await.data();
    }
    let (id, token) = (bob.id, bob.token.clone());
    let dir = world.stop().await;
    let again = World::start_in(dir, |_| {}).await;
    assert_eq!(again.holder(id, "bob", &token).unread().await, 5);
}
