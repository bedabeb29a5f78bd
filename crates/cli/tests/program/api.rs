//! What goes over HTTP to the api.

use std::process::Stdio;

use gatepipe_local_cluster::actor::{Caller, Page};
use gatepipe_local_cluster::people::Person;
use gatepipe_local_cluster::{Cluster, Plan};
use serde_json::json;
use tokio::process::Command;

use crate::run::{Ran, Running, finish, gatepipe};

fn person<'a>(cluster: &'a Cluster, name: &str) -> &'a Person {
    let mut people = cluster.people().iter();
    people.find(|person| person.name == name).unwrap()
}

async fn run_as(cluster: &Cluster, name: &str, args: &[&str]) -> Ran {
    let mut command = gatepipe(args);
    command.env("GATEPIPE_API", cluster.http()).env("GATEPIPE_TOKEN", &person(cluster, name).token);
    finish(command).await
}

/// The same program, whose files may not grow; the shell's trap makes that an error instead of the end.
fn with_no_room(program: &Command) -> Command {
    let program = program.as_std();
    let mut command = Command::new("/bin/sh");
    command.args(["-c", "trap '' XFSZ; ulimit -f 0; exec \"$0\" \"$@\""]);
    command.arg(program.get_program()).args(program.get_args()).env_clear();
    command.envs(program.get_envs().filter_map(|(name, value)| Some((name, value?))));
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
    command
}

#[tokio::test(flavor = "multi_thread")]
async fn a_notification_is_stored_and_an_urgent_one_is_pushed() {
    let cluster = Cluster::start().await;
    let alice = Caller::of(&cluster, "alice");
    let mut page = Page::bound(&cluster.ws()[0], &alice).await;
    let id = alice.id.to_string();
    let normal = ["notify", &id, "--title", "Payroll", "--content", "approved", "-o", "json"];
    let sent = run_as(&cluster, "admin", &normal).await.json();
    assert_eq!(sent, json!({"ids": [1], "reached": 0, "failed": []}));

    let urgent = [&normal[..], &["--level", "urgent", "--link", "/payroll"]].concat();
    let sent = run_as(&cluster, "admin", &urgent).await.json();
    assert_eq!(sent, json!({"ids": [2], "reached": 1, "failed": []}));
    let frame = page.next().await;
    assert_eq!((&frame["data"]["id"], &frame["data"]["link"]), (&json!(2), &json!("/payroll")));
}

#[tokio::test(flavor = "multi_thread")]
async fn force_offline_closes_for_good() {
    let cluster = Cluster::start().await;
    let alice = Caller::of(&cluster, "alice");
    let mut page = Page::bound(&cluster.ws()[0], &alice).await;
    let id = alice.id.to_string();
    let args = ["force-offline", &id, "--reason", "left", "--yes", "-o", "json"];
    let forced = run_as(&cluster, "admin", &args).await.json();
    assert_eq!(forced, json!({"closed": 1, "failed": []}));
    let (frames, code) = page.rest().await;
    assert_eq!(frames, [json!({"type": "force_offline", "data": {"reason": "left"}})]);
    assert_eq!(code, Some(4001));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_apis_refusals_are_one_line_with_their_own_codes() {
    let cluster = Cluster::start().await;
    let args = ["notify", "2", "--title", "", "--content", "x", "--link", "javascript:alert(1)"];
    let refused = run_as(&cluster, "admin", &args).await;
    let line = refused.failed(1);
    assert!(line.contains("; link: ") && line.contains("; title: "), "{line}");
    let refused = run_as(&cluster, "alice", &["notify", "2", "--title", "x", "--content", "x"]).await;
    assert!(refused.failed(4).contains("403"), "{refused:?}");
    let refused = run_as(&cluster, "admin", &["force-offline", "999", "--yes"]).await;
    assert!(refused.failed(5).contains("404"), "{refused:?}");

    let mut command = gatepipe(["force-offline", "2", "--yes", "--token", "nonsense"]);
    command.env("GATEPIPE_API", cluster.http());
    assert!(finish(command).await.failed(4).contains("401"));
    let mut command = gatepipe(["force-offline", "2", "--yes"]);
    command.env("GATEPIPE_API", cluster.http());
    assert!(finish(command).await.failed(2).contains("GATEPIPE_TOKEN"));
    // Something answers, but it is not the api.
    let args = ["force-offline", "2", "--yes", "--token", "x", "--api", &cluster.api_admin()];
    assert!(finish(gatepipe(args)).await.failed(7).contains("--api"));
}

#[tokio::test(flavor = "multi_thread")]
async fn many_users_are_several_calls_and_the_same_run_goes_on_where_it_ended() {
    let cluster = Cluster::start().await;
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join("users.txt");
    std::fs::write(&file, "# everyone\n4\n2 # alice\n\n3\n4\n").unwrap();
    let path = file.to_str().unwrap();
    let line = ["notify", "1,2", "--users-file", path, "--per-call", "3", "--run", "payroll-11"];
    let text = ["--title", "工资单 🎉", "--content", "已发放", "-o", "json"];
    let args = [&line[..], &text].concat();
    run_as(&cluster, "admin", &["notify", "4", "--title", "before", "--content", ""]).await;
    let sent = run_as(&cluster, "admin", &args).await;
    // As they were named: 1, 2, 4, 2, 3, 4; user 4 had one already.
    assert_eq!(sent.json(), json!({"ids": [1, 1, 2, 1, 1, 2], "reached": 0, "failed": []}));
    assert_eq!(sent.stderr, "1 of 2 calls, 3 users\n2 of 2 calls, 4 users\n");
    assert_eq!(run_as(&cluster, "admin", &args).await.json(), sent.json());
    // A later call is refused: the calls before it are done, and said so.
    std::fs::write(&file, "4\n2\n3\n999\n").unwrap();
    let partly = run_as(&cluster, "admin", &args).await;
    assert_eq!((partly.code, partly.stdout.as_str()), (6, ""), "{partly:?}");
    let last = partly.stderr.lines().last().unwrap();
    assert!(last.contains("Idempotency-Key") && last.contains("done: 1 of 2 calls, 3 users"), "{last}");
    assert!(last.contains("--run payroll-11"), "{last}");
    for (name, count) in [("alice", 1), ("bob", 1), ("carol", 2)] {
        let unread = Caller::of(&cluster, name).get("/Notification/unreadCount").await.ok();
        assert_eq!(unread, json!({"count": count}), "{name}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn everybodys_notifications_are_listed_with_what_became_of_them() {
    let cluster = Cluster::start().await;
    let alice = person(&cluster, "alice").id.to_string();
    for (level, title) in [("normal", "Payroll"), ("urgent", "Fire drill"), ("normal", "Canteen")] {
        let line = ["notify", &alice, "--title", title, "--content", "", "--level", level];
        assert_eq!(run_as(&cluster, "admin", &line).await.code, 0);
    }
    assert!(run_as(&cluster, "bob", &["notifications"]).await.failed(4).contains("notification.view"));
    // What became of a push is noted a moment after it.
    let pushed = ["notifications", "--user", &alice, "--push", "whole", "--since", "1h", "--json"];
    let mut listed = json!([]);
    let deadline = tokio::time::Instant::now() + std::time::Duration::from_secs(30);
    while listed == json!([]) {
        assert!(tokio::time::Instant::now() < deadline, "nothing is noted");
        listed = run_as(&cluster, "admin", &pushed).await.json();
    }
    let sent = &listed[0];
    assert_eq!(
        (&sent["username"], &sent["title"], &sent["reached"]),
        (&json!("alice"), &json!("Fire drill"), &json!(0))
    );
    let page = run_as(&cluster, "admin", &["notifications", "--unread", "--limit", "2", "-o", "json"]).await;
    assert_eq!(page.json().as_array().unwrap().len(), 2);
    let cursor =
        page.stderr.trim().strip_prefix("there may be more: --cursor ").expect("a cursor").to_owned();
    let rest =
        run_as(&cluster, "admin", &["notifications", "--unread", "--cursor", &cursor, "-o", "json"]).await;
    assert_eq!((rest.json()[0]["title"].clone(), rest.stderr.as_str()), (json!("Payroll"), ""));
}

#[tokio::test(flavor = "multi_thread")]
async fn who_did_what_is_listed_and_saved_as_a_table() {
    let cluster = Cluster::start().await;
    let id = person(&cluster, "alice").id.to_string();
    let forced = ["force-offline", &id, "--reason", "=left", "--yes"];
    assert_eq!(run_as(&cluster, "admin", &forced).await.code, 0);
    assert!(run_as(&cluster, "bob", &["audit"]).await.failed(4).contains("audit.view"));
    let seen = ["audit", "--action", "websocket", "--target", &id, "--since", "1h", "--json"];
    // It is written a moment after it was answered.
    let mut listed = json!([]);
    let deadline = tokio::time::Instant::now() + std::time::Duration::from_secs(30);
    while listed == json!([]) {
        assert!(tokio::time::Instant::now() < deadline, "nothing is noted");
        listed = run_as(&cluster, "admin", &seen).await.json();
    }
    let entry = &listed[0];
    assert_eq!((&entry["actor"], &entry["target_name"]), (&json!("admin"), &json!("alice")));
    assert_eq!(entry["detail"], "0 connections closed; reason: =left");
    let nothing = ["audit", "--action", "websocket", "--until", "1h", "-o", "json"];
    assert_eq!(run_as(&cluster, "admin", &nothing).await.json(), json!([]));
    let wrong = run_as(&cluster, "admin", &["audit", "--action", "websocket.fly"]).await;
    assert!(wrong.failed(1).contains("websocket.push"), "{wrong:?}");

    let home = tempfile::tempdir().unwrap();
    let to = home.path().join("audit.csv");
    let save = ["audit", "--action", "websocket", "--csv", to.to_str().unwrap(), "-o", "json"];
    let saved = run_as(&cluster, "admin", &save).await.json();
    let text = std::fs::read_to_string(&to).unwrap();
    assert_eq!(saved["bytes"], text.len());
    assert!(text.starts_with("\u{feff}id,at,") && text.lines().count() == 2, "{text}");
    assert!(run_as(&cluster, "admin", &save).await.failed(1).contains("audit.csv"), "not overwritten");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_gets_it_must_be_named() {
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join("users.txt");
    let text = ["--title", "x", "--content", "x", "--token", "x"];
    let nobody = finish(gatepipe([&["notify"][..], &text].concat())).await;
    assert_eq!(nobody.code, 2, "{nobody:?}");
    for (content, says) in [("", "nobody is named"), ("2\nbob\n", "line 2 is not a user's id: bob")] {
        std::fs::write(&file, content).unwrap();
        let args = [&["notify", "--users-file", file.to_str().unwrap()][..], &text].concat();
        let refused = finish(gatepipe(args)).await;
        assert!(refused.failed(1).contains(says), "{refused:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_busy_api_is_asked_again_and_nothing_is_sent_twice() {
    let home = tempfile::tempdir().unwrap();
    let plan = Plan { data_dir: Some(home.path().into()), ..Plan::default() };
    let cluster = Cluster::start_with(plan).await.unwrap();
    let admin = Caller::of(&cluster, "admin");
    // The api remembers who it saw while its database is away.
    admin.get("/Auth/me").await.ok();
    let (database, aside) = (home.path().join("gatepipe.db"), home.path().join("aside.db"));
    std::fs::rename(&database, &aside).unwrap();
    let token = &person(&cluster, "admin").token;
    let line = format!("notify 2 --title x --content x -o json --api {} --token {token}", cluster.http());
    let mut running = Running::start(&line);
    running.says("trying again").await;
    std::fs::rename(&aside, &database).unwrap();
    assert_eq!(running.frame().await, json!({"ids": [1], "reached": 0, "failed": []}));
    assert_eq!(running.ended().await.0, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_export_is_ordered_followed_listed_and_downloaded() {
    let cluster = Cluster::start().await;
    let dir = tempfile::tempdir().unwrap();
    let rows = dir.path().join("rows.ndjson");
    std::fs::write(&rows, "[\"安娜\", 1]\n[\"=1+1\", 2]\n").unwrap();
    let create = ["export", "create", "--title", "users", "--headers", r#"["name", "n"]"#, "--format", "csv"];
    let create = [&create[..], &["--file", rows.to_str().unwrap(), "--wait", "-o", "json"]].concat();
    let task = run_as(&cluster, "alice", &create).await.json();
    assert_eq!((&task["state"], &task["done"], &task["total"]), (&json!("done"), &json!(2), &json!(2)));
    let id = task["id"].to_string();
    let listed = run_as(&cluster, "alice", &["export", "list", "--state", "done", "-o", "json"]).await.json();
    assert_eq!(listed[0]["id"], task["id"]);
    assert_eq!(run_as(&cluster, "bob", &["export", "list", "-o", "json"]).await.json(), json!([]));

    let to = dir.path().join("users.csv");
    let download = ["export", "download", &id, "--to", to.to_str().unwrap(), "-o", "json"];
    // Where it cannot be written nothing is left of it.
    let full = with_no_room(
        gatepipe(download)
            .env("GATEPIPE_API", cluster.http())
            .env("GATEPIPE_TOKEN", &person(&cluster, "alice").token),
    );
    assert!(finish(full).await.failed(1).contains("users.csv"));
    assert!(!to.exists());
    let downloaded = run_as(&cluster, "alice", &download).await.json();
    let text = std::fs::read_to_string(&to).unwrap();
    assert_eq!(downloaded["bytes"], text.len());
    assert_eq!(text, "\u{feff}name,n\r\n安娜,1\r\n'=1+1,2\r\n");
    // What exists is not overwritten, and what is another's is not there.
    assert!(run_as(&cluster, "alice", &download).await.failed(1).contains("users.csv"));
    assert!(run_as(&cluster, "bob", &["export", "show", &id]).await.failed(5).contains("404"));

    std::fs::write(&rows, "[1]\n[1, 2, 3]\n").unwrap();
    let refused = run_as(&cluster, "alice", &create).await;
    assert!(refused.failed(1).contains("line 3: has 3 cells"), "{refused:?}");
}
