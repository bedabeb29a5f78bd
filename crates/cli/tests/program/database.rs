//! Users, tokens and migrations, on a database of their own.

use std::path::Path;

use gatepipe_api::auth::{Keys, Subject, password::PasswordCheck};
use gatepipe_api::id::UserId;
use gatepipe_api::store::Store;
use gatepipe_api::user::ExternalSubject;
use serde_json::json;

use crate::run::{finish, gatepipe, run_in};

const SECRET: &str = "a-secret-of-more-than-thirty-two-bytes";

async fn store(directory: &Path) -> Store {
    let url = format!("sqlite://{}", directory.join("data/gatepipe.db").display());
    Store::open(&url).await.unwrap()
}

async fn logs_in(directory: &Path, username: &str, password: &str) -> bool {
    let known = store(directory).await.credentials(username).await.unwrap().unwrap();
    let check = PasswordCheck::new().unwrap();
    check.fits(password.into(), Some(known.password_hash)).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn users_are_made_and_listed() {
    let home = tempfile::tempdir().unwrap();
    let home = home.path();
    let alice = run_in(
        home,
        "user add alice -o json --permission websocket.broadcast --permission notification.send",
    )
    .await
    .json();
    assert_eq!(alice["id"], 1);
    let password = alice["password"].as_str().unwrap();
    assert_eq!(password.len(), 20);
    assert!(logs_in(home, "alice", password).await);

    std::fs::write(home.join("bob.password"), "correct horse\n").unwrap();
    let bob = run_in(home, "user add bob --manager alice --password-file bob.password -o json").await.json();
    assert_eq!(bob, json!({"id": 2, "username": "bob", "password": null}));
    assert!(logs_in(home, "bob", "correct horse").await);

    let mut users = run_in(home, "user list -o json").await.json();
    for user in users.as_array_mut().unwrap() {
        assert!(user.as_object_mut().unwrap().remove("created_at_ms").unwrap().is_i64());
    }
    let expected = json!([
        {"id": 1, "username": "alice", "manager_id": null, "permissions": ["websocket.broadcast", "notification.send"], "disabled": false},
        {"id": 2, "username": "bob", "manager_id": 1, "permissions": [], "disabled": false},
    ]);
    assert_eq!(users, expected);
    let rows = run_in(home, "user list").await.stdout;
    assert_eq!(rows, "1\talice\t\twebsocket.broadcast,notification.send\t\n2\tbob\t1\t\t\n");
    let table = run_in(home, "user list -o table --limit 1").await;
    assert!(table.stdout.contains("USERNAME") && !table.stdout.contains("bob"), "{table:?}");
    assert!(table.stderr.contains("--after 1"), "{table:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_that_cannot_be_is_refused_and_leaves_nothing() {
    let home = tempfile::tempdir().unwrap();
    let home = home.path();
    run_in(home, "user add alice -o json").await.json();
    std::fs::write(home.join("short"), "1234567").unwrap();
    for (line, code, says) in [
        ("user add alice", 1, "taken"),
        ("user add dave --manager nobody", 5, "nobody"),
        ("user add dave --role nothing", 5, "role nothing"),
        ("user add dave --password-file short", 2, "at least 8"),
        ("user add dave --password-file missing", 1, "missing"),
        ("user add dave --database-url oracle://x", 1, "sqlite://"),
    ] {
        let refused = run_in(home, line).await;
        assert!(refused.failed(code).contains(says), "{line}: {refused:?}");
    }
    assert_eq!(run_in(home, "user add two/words").await.code, 2);
    assert_eq!(run_in(home, "user add dave --permission websocket.all").await.code, 2);
    assert_eq!(run_in(home, "user list").await.stdout, "1\talice\t\t\t\n");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_subject_of_another_issuer_means_one_user_for_good() {
    let home = tempfile::tempdir().unwrap();
    let home = home.path();
    run_in(home, "user add alice -o json").await.json();
    run_in(home, "user add bob -o json").await.json();
    let line = "user link alice auth0|7 --issuer https://id.example.com -o json";
    let expected =
        json!({"id": 1, "username": "alice", "issuer": "https://id.example.com", "subject": "auth0|7"});
    for _ in 0..2 {
        assert_eq!(run_in(home, line).await.json(), expected);
    }
    let subject = ExternalSubject::new("https://id.example.com", "auth0|7").unwrap();
    assert_eq!(store(home).await.external_user(&subject).await.unwrap(), UserId::new(1));
    assert_eq!(run_in(home, "user link 2 auth0|7").await.stdout, "2\tbob\t\tauth0|7\n");
    let too_long = format!("user link alice {}", "x".repeat(256));
    for (line, code, says) in [
        ("user link bob auth0|7 --issuer https://id.example.com", 1, "already another user"),
        ("user link carol auth0|8", 5, "carol"),
        (&too_long, 2, "1 to 255"),
    ] {
        let refused = run_in(home, line).await;
        assert!(refused.failed(code).contains(says), "{line}: {refused:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_is_made_for_a_user_by_name_or_id() {
    let home = tempfile::tempdir().unwrap();
    let home = home.path();
    run_in(home, "user add alice -o json").await.json();
    std::fs::write(home.join("jwt"), format!("{SECRET}\n")).unwrap();

    let by_name = run_in(home, "token create alice --ttl 5m --jwt-secret-file jwt -o json").await.json();
    assert_eq!((&by_name["user_id"], &by_name["username"]), (&json!(1), &json!("alice")));
    let keys = Keys::from_secret(&SECRET.into()).unwrap();
    let expires_at = by_name["expires_at_ms"].as_i64().unwrap() / 1000;
    let claims = keys.read(by_name["token"].as_str().unwrap(), chrono::Utc::now()).unwrap();
    let alice = Subject::Id(UserId::new(1).unwrap());
    assert_eq!((&claims.subject, claims.expires_at), (&alice, expires_at));

    // Alone on stdout, for `$(…)`; the environment serves as well as flags.
    let mut command = gatepipe(["token", "create", "1"]);
    command.current_dir(home).env("GATEPIPE_JWT_SECRET", SECRET);
    let by_id = finish(command).await;
    assert!(keys.read(by_id.stdout.trim_end(), chrono::Utc::now()).is_ok(), "{by_id:?}");
    assert!(by_id.stderr.contains("alice"), "{by_id:?}");

    for (line, code, says) in [
        ("token create bob --jwt-secret-file jwt", 5, "bob"),
        ("token create alice", 2, "GATEPIPE_JWT_SECRET"),
        ("token create alice --jwt-secret short", 2, "32 bytes"),
        ("token create alice --jwt-secret-file jwt --ttl 1ms", 2, "--ttl"),
    ] {
        let refused = run_in(home, line).await;
        assert!(refused.failed(code).contains(says), "{line}: {refused:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn users_and_roles_are_changed_by_whoever_has_the_database() {
    let home = tempfile::tempdir().unwrap();
    let home = home.path();
    run_in(home, "user add alice -o json").await.json();
    run_in(home, "user add bob -o json").await.json();
    let put = "role put operator --permission websocket.inspect --permission websocket.drain -o json";
    assert_eq!(run_in(home, put).await.json(), json!({"role": "operator", "users": 0}));
    let change = "user change bob --grant user.view --give-role operator --manager alice -o json";
    assert_eq!(run_in(home, change).await.json()["changed"], 3);
    assert_eq!(run_in(home, change).await.json()["changed"], 0, "it is so already");
    let users = run_in(home, "user list -o json").await.json();
    assert_eq!(
        (&users[1]["manager_id"], &users[1]["permissions"]),
        (&json!(1), &json!(["websocket.drain", "websocket.inspect", "user.view"]))
    );
    std::fs::write(home.join("password"), "another horse\n").unwrap();
    let disabled = run_in(home, "user change bob --password-file password --disable -o json").await;
    assert_eq!(disabled.json()["changed"], 2);
    assert!(disabled.stderr.contains("force-offline"), "{disabled:?}");
    assert!(logs_in(home, "bob", "another horse").await);
    assert_eq!(run_in(home, "user list -o json").await.json()[1]["disabled"], true);
    let token = format!("token create bob --jwt-secret {SECRET}");
    assert!(run_in(home, &token).await.failed(4).contains("--enable"));
    assert_eq!(run_in(home, "user change bob --enable -o json").await.json()["changed"], 1);
    assert_eq!(run_in(home, "role delete operator -o json").await.json()["users"], 1);
    assert_eq!(run_in(home, "role list -o json").await.json(), json!([]));

    for (line, code, says) in [
        ("user change bob", 2, "nothing is to be changed"),
        ("user change bob --give-role operator", 5, "operator"),
        ("user change nobody --disable", 5, "nobody"),
        ("user change alice --manager bob", 1, "below"),
        ("role delete operator", 5, "operator"),
    ] {
        let refused = run_in(home, line).await;
        assert!(refused.failed(code).contains(says), "{line}: {refused:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn migrations_are_looked_at_without_running_them() {
    let home = tempfile::tempdir().unwrap();
    let home = home.path();
    std::fs::write(home.join("new.db"), "").unwrap();
    let done = |migrations: serde_json::Value| -> Vec<bool> {
        let rows = migrations.as_array().unwrap().iter();
        rows.map(|row| row["done"].as_bool().unwrap()).collect()
    };
    let status = "migrate status --database-url sqlite://new.db -o json";
    let before = done(run_in(home, status).await.json());
    assert!(!before.is_empty() && !before.contains(&true), "{before:?}");
    assert_eq!(std::fs::metadata(home.join("new.db")).unwrap().len(), 0);

    let ran = run_in(home, "migrate run --database-url sqlite://new.db -o json").await;
    assert!(!done(ran.json()).contains(&false), "{ran:?}");
    let after = done(run_in(home, status).await.json());
    assert_eq!(after, vec![true; before.len()]);

    let missing = run_in(home, "migrate status --database-url sqlite://missing.db").await;
    assert!(missing.failed(1).contains("missing.db"), "{missing:?}");
    assert!(!home.join("missing.db").exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn migrations_are_taken_back_when_somebody_says_yes() {
    let home = tempfile::tempdir().unwrap();
    let home = home.path();
    run_in(home, "user add alice -o json").await.json();
    let done = |migrations: &serde_json::Value| {
        migrations.as_array().unwrap().iter().filter(|row| row["done"] == true).count()
    };
    let all = done(&run_in(home, "migrate status -o json").await.json());

    let unasked = run_in(home, "migrate revert").await;
    assert!(unasked.failed(3).contains("--yes"), "{unasked:?}");
    assert!(run_in(home, "user list").await.stdout.contains("alice"));
    assert_eq!(run_in(home, "migrate revert --steps 0 --yes").await.code, 2);
    assert_eq!(run_in(home, "migrate revert --steps 2 --all --yes").await.code, 2);

    let two = run_in(home, "migrate revert --steps 2 --yes -o json").await;
    assert_eq!((two.stderr.lines().count(), done(&two.json())), (2, all - 2), "{two:?}");
    let rest = run_in(home, "migrate revert --all --yes -o json").await;
    assert_eq!((rest.stderr.lines().count(), done(&rest.json())), (all - 2, 0), "{rest:?}");
    let nothing = run_in(home, "migrate revert --yes").await;
    assert!(nothing.code == 0 && nothing.stderr.contains("nothing has been migrated"), "{nothing:?}");

    assert_eq!(run_in(home, "user list").await.stdout, "", "an empty database, made anew");
    assert!(run_in(home, "user add alice -o json").await.json()["id"] == 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_database_s_password_is_not_shown() {
    let home = tempfile::tempdir().unwrap();
    let home = home.path();
    // Nobody listens on port 1.
    std::fs::write(home.join("url"), "postgres://gatepipe:hunter2@127.0.0.1:1/gatepipe\n").unwrap();
    for line in [
        "user list --database-url-file url",
        "migrate run --database-url-file url",
        "migrate revert --yes --database-url mysql://gatepipe:hunter2@127.0.0.1:1/gatepipe",
    ] {
        let refused = run_in(home, line).await;
        let says = refused.failed(1);
        assert!(says.contains("gatepipe@127.0.0.1:1/gatepipe") && says.contains("is it running"), "{says}");
        assert!(!says.contains("hunter2"), "{says}");
    }
    let mut command = gatepipe(["migrate", "status", "--help"]);
    command.env("GATEPIPE_DATABASE_URL", "postgres://gatepipe:hunter2@db/gatepipe");
    let help = finish(command).await;
    assert!(help.stdout.contains("--database-url-file") && !help.stdout.contains("hunter2"), "{help:?}");
}
