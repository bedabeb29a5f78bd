//! `gatepipe config`: what it writes is what the repository has, and what it says is what the daemons would say.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::run::{Ran, finish, gatepipe, run, run_in};

const SECRET: &str = "0123456789abcdef0123456789abcdef";

fn repository(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(path)
}

async fn says_what_is_written(line: &str, path: &str) {
    let printed = run(line).await;
    assert_eq!(printed.code, 0, "{printed:?}");
    let written = std::fs::read_to_string(repository(path)).unwrap();
    assert!(printed.stdout == written, "{path} is out of date: gatepipe {line} > {path}");
}

#[tokio::test]
async fn the_example_and_the_reference_in_the_repository_are_those_that_it_prints() {
    says_what_is_written("config init -", "config/gatepipe.example.toml").await;
    says_what_is_written("config doc", "docs/configuration.md").await;
}

#[tokio::test]
async fn a_new_file_is_right_for_every_daemon_once_there_is_a_key_for_tokens() {
    let home = tempfile::tempdir().unwrap();
    let made = run_in(home.path(), "config init").await;
    assert_eq!((made.code, made.stdout.as_str()), (0, ""), "{made:?}");
    let again = run_in(home.path(), "config init").await;
    assert!(again.failed(1).contains("--force"), "{again:?}");
    assert_eq!(run_in(home.path(), "config init --force").await.code, 0);

    let lacking = run_in(home.path(), "config check gatepipe.toml").await;
    assert_eq!(lacking.code, 1, "{lacking:?}");
    assert_eq!(lacking.stdout, "register\tyes\t0\ngateway\tyes\t0\napi\tno\t1\n");
    assert!(lacking.stderr.starts_with("api: ") && lacking.stderr.contains("openssl rand -hex 32"));
    assert_eq!(run_in(home.path(), "config check gatepipe.toml --for gateway").await.code, 0);

    let mut command = gatepipe(["config", "check", "-o", "json"]);
    command.env("GATEPIPE_CONFIG", home.path().join("gatepipe.toml")).env("GATEPIPE_JWT_SECRET", SECRET);
    let right = finish(command).await;
    assert_eq!(right.stderr, "");
    let rows = right.json();
    assert!(rows.as_array().unwrap().iter().all(|row| row["is_right"] == true), "{rows}");
    assert!(!right.stdout.contains(SECRET));
}

#[tokio::test]
async fn every_mistake_is_told_once_with_its_place_and_the_nearest_name() {
    let home = tempfile::tempdir().unwrap();
    let text = "log_fromat = \"json\"\n[gatway]\nlisten = \"x\"\n[gateway]\nping_intervall = \"55s\"\noutbox_size = \"much\"\n[api]\njwt_secret = \"hunter2\"\n";
    std::fs::write(home.path().join("g.toml"), text).unwrap();
    let wrong = run_in(home.path(), "config check g.toml").await;
    assert_eq!(wrong.code, 1, "{wrong:?}");
    let expected = [
        "register, gateway, api: log_fromat in g.toml: no such setting (did you mean log_format?)",
        "register, gateway, api: gatway in g.toml: no such setting (did you mean gateway?)",
        "gateway: gateway.ping_intervall in g.toml: no such setting (did you mean ping_interval?)",
        "gateway: gateway.outbox_size in g.toml: \"much\" is not a size like 64KiB or 1MiB",
        "api: api.jwt_secret in g.toml: the secret for tokens: it must have at least 32 bytes",
    ];
    for line in expected {
        assert_eq!(wrong.stderr.matches(line).count(), 1, "{line}: {wrong:?}");
    }
    assert_eq!(wrong.stderr.lines().count(), expected.len(), "{wrong:?}");
    assert!(!wrong.stderr.contains("hunter2"));

    let absent = run_in(home.path(), "config check absent.toml --for register").await;
    assert_eq!(absent.code, 1, "{absent:?}");
    assert!(absent.stderr.contains("absent.toml"), "{absent:?}");
}

fn find<'a>(rows: &'a Value, name: &str) -> &'a Value {
    let mut rows = rows.as_array().unwrap().iter();
    rows.find(|row| row["name"] == name).unwrap_or_else(|| panic!("no {name}"))
}

async fn show(home: &Path, more: &[&str]) -> Ran {
    let mut command = gatepipe(["config", "show", "--config", "g.toml", "-o", "json"]);
    command
        .args(more)
        .current_dir(home)
        .env("GATEPIPE_PING_INTERVAL", "20s")
        .env("GATEPIPE_SECRET", "hush-hush")
        .env("GATEPIPE_DATABASE_URL", "postgres://gatepipe:hush-hush@db/gatepipe")
        .env("GATEPIPE_JWT_SECRET", SECRET);
    finish(command).await
}

#[tokio::test]
async fn what_counts_is_shown_with_the_layer_it_came_from_and_no_secret() {
    let home = tempfile::tempdir().unwrap();
    let text = "[gateway]\nping_interval = \"10s\"\nping_not_response_limit = 2\norigin = [\"https://a\", \"https://b\"]\n";
    std::fs::write(home.path().join("g.toml"), text).unwrap();
    let shown = show(home.path(), &["gateway", "--", "--outbox-size", "2MiB"]).await;
    let rows = shown.json();
    let told = |name: &str| {
        let row = find(&rows, name);
        (row["values"].clone(), row["source"].clone(), row["given_by"].clone())
    };
    assert_eq!(told("outbox-size"), (json!(["2MiB"]), json!("flag"), json!("--outbox-size")));
    assert_eq!(told("ping-interval"), (json!(["20s"]), json!("env"), json!("GATEPIPE_PING_INTERVAL")));
    let given = json!("gateway.ping_not_response_limit in g.toml");
    assert_eq!(told("ping-not-response-limit"), (json!(["2"]), json!("file"), given));
    assert_eq!(told("origin").0, json!(["https://a", "https://b"]));
    assert_eq!(told("drain-timeout"), (json!(["15s"]), json!("default"), json!(null)));
    assert_eq!(told("advertise").0, json!([]));
    assert_eq!(told("secret"), (json!(["********"]), json!("env"), json!("GATEPIPE_SECRET")));

    let all = show(home.path(), &[]).await;
    let rows = all.json();
    assert_eq!(find(&rows, "database-url")["values"], json!(["********"]));
    for daemon in ["register", "gateway", "api"] {
        assert!(rows.as_array().unwrap().iter().any(|row| row["daemon"] == daemon), "{daemon}");
    }
    for secret in ["hush-hush", SECRET] {
        assert!(
            !all.stdout.contains(secret) && !all.stderr.contains(secret) && !shown.stdout.contains(secret)
        );
    }

    let changed = show(home.path(), &["register", "--changed"]).await.json();
    assert_eq!(changed.as_array().unwrap().len(), 1, "{changed}");
    assert_eq!(changed[0]["name"], "secret");
}

#[tokio::test]
async fn a_flag_that_the_daemon_does_not_have_is_told() {
    let refused = run("config show gateway -- --ping-intervall 5s").await;
    assert!(refused.failed(1).contains("did you mean --ping-interval?"), "{refused:?}");
    let whose = run("config show -- --ping-interval 5s").await;
    assert_eq!(whose.code, 2, "{whose:?}");
}
