//! `gatepipe dev` as a process: what it prints, what runs then, how it ends, and what a second start keeps.

use std::net::TcpListener;
use std::path::Path;
use std::process::{ExitStatus, Stdio};

use gatepipe_local_cluster::actor::{Caller, Page};
use gatepipe_local_cluster::eventually::{until, within};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, BufReader, Lines};
use tokio::process::{Child, ChildStderr, ChildStdout, Command};

fn gatepipe(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_gatepipe"));
    command
        .args(args)
        .env_clear()
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    command
}

/// A running `gatepipe dev --json`; killed when dropped.
struct Dev {
    child: Child,
    stdout: Lines<BufReader<ChildStdout>>,
    stderr: ChildStderr,
    line: String,
    places: Value,
}

impl Dev {
    async fn start(dir: &Path, more: &[&str]) -> Self {
        let mut child = gatepipe(&["dev", "--json", "--ws-port", "0", "--http-port", "0", "--log", "error"])
            .arg("--data-dir")
            .arg(dir)
            .args(more)
            .spawn()
            .unwrap();
        let mut stdout = BufReader::new(child.stdout.take().unwrap()).lines();
        let stderr = child.stderr.take().unwrap();
        let line = within("its line", stdout.next_line()).await.unwrap().expect("a line");
        let places = serde_json::from_str(&line).unwrap();
        Self { child, stdout, stderr, line, places }
    }

    fn text(&self, pointer: &str) -> &str {
        let value = self.places.pointer(pointer).and_then(Value::as_str);
        value.unwrap_or_else(|| panic!("no text at {pointer} of {}", self.line))
    }

    fn person(&self, name: &str) -> Caller {
        let id = self.places["users"][name]["id"].as_u64().unwrap();
        Caller::new(self.text("/http"), id, self.text(&format!("/users/{name}/token")))
    }

    /// SIGTERM; its end, and what it printed after its line.
    async fn stop(mut self) -> (ExitStatus, Vec<String>, String) {
        let id = self.child.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw);
        kill_process(id.expect("it runs"), Signal::TERM).unwrap();
        let mut rest = Vec::new();
        while let Some(line) = within("the end of stdout", self.stdout.next_line()).await.unwrap() {
            rest.push(line);
        }
        let mut words = String::new();
        within("the end of stderr", self.stderr.read_to_string(&mut words)).await.unwrap();
        (within("its end", self.child.wait()).await.unwrap(), rest, words)
    }
}

/// Runs a command that ends by itself: exit code, stdout, stderr.
async fn ends(mut command: Command) -> (Option<i32>, String, String) {
    let output = within("its end", command.output()).await.unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code(), text(output.stdout), text(output.stderr))
}

/// The keys of `value` in the order in which they stand in `text`.
fn keys_in_order<'a>(text: &str, value: &'a Value) -> Vec<&'a str> {
    let mut keys: Vec<_> = value.as_object().unwrap().keys().map(String::as_str).collect();
    keys.sort_by_key(|key| text.find(&format!("\"{key}\":")).unwrap());
    keys
}

#[tokio::test(flavor = "multi_thread")]
async fn it_says_where_things_are_in_one_line_and_ends_with_0_when_asked() {
    let dir = tempfile::tempdir().unwrap();
    let dev = Dev::start(&dir.path().join("data"), &[]).await;
    let keys = ["http", "ws", "register", "gateways", "admin", "secret", "users"];
    assert_eq!(keys_in_order(&dev.line, &dev.places), keys, "{}", dev.line);
    let users = &dev.places["users"];
    let users_text = &dev.line[dev.line.find("\"users\":").unwrap()..];
    assert_eq!(keys_in_order(users_text, users), ["admin", "alice", "bob", "carol"]);
    assert_eq!(users["admin"]["id"], 1);
    for name in ["admin", "alice", "bob", "carol"] {
        assert_eq!(keys_in_order(&users[name].to_string(), &users[name]).len(), 3);
        assert!(users[name]["password"].is_string() && users[name]["token"].is_string());
    }
    assert_eq!(dev.places["secret"], Value::Null);
    assert_eq!(dev.places["ws"].as_array().unwrap().len(), 2);
    assert_eq!(dev.places["gateways"].as_array().unwrap().len(), 2);
    assert_eq!(dev.places["admin"]["gateways"].as_array().unwrap().len(), 2);

    let (alice, bob) = (dev.person("alice"), dev.person("bob"));
    let mut pages = [Page::bound(dev.text("/ws/0"), &bob).await, Page::bound(dev.text("/ws/1"), &bob).await];
    let push = json!({"uid": bob.id, "data": "hello"});
    let sent = alice.post("/WebSocket/pushToUser", push).await.ok();
    assert_eq!(sent, json!({"sent": true, "reached": 2, "failed": []}));
    for page in &mut pages {
        assert_eq!(page.next().await, json!({"type": "notification", "data": "hello"}));
    }
    let mut health = gatepipe(&["health", dev.text("/admin/api"), dev.text("/admin/register")]);
    health.args([dev.text("/admin/gateways/0"), dev.text("/admin/gateways/1")]);
    let (code, _, words) = ends(health).await;
    assert_eq!((code, words.as_str()), (Some(0), ""));

    let reading = pages.map(|mut page| tokio::spawn(async move { page.rest().await }));
    let (status, rest, words) = dev.stop().await;
    assert_eq!((status.code(), rest), (Some(0), Vec::new()), "{words}");
    for page in reading {
        let (frames, code) = page.await.unwrap();
        assert_eq!(frames[0]["type"], "reconnect");
        assert_eq!(code, Some(1012));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_demo_is_served_and_told_where_the_gateways_are() {
    let dir = tempfile::tempdir().unwrap();
    let dev = Dev::start(dir.path(), &[]).await;
    // The HTTP client asks for one even where it never meets TLS; whoever came first has installed it.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let get = async |path: &str| {
        let answer = reqwest::get(format!("{}{path}", dev.text("/http"))).await.unwrap();
        assert_eq!(answer.status(), 200, "{path}");
        answer
    };
    let users = json!(["admin", "alice", "bob", "carol"]);
    for path in ["/demo/config.json", "/console/config.json"] {
        let config: Value = get(path).await.json().await.unwrap();
        assert_eq!(
            config,
            json!({"http": dev.places["http"], "ws": dev.places["ws"], "dev": {"users": users}})
        );
    }
    // The page itself, or how to build it.
    for path in ["/demo", "/demo/"] {
        let page = get(path).await;
        assert_eq!(page.headers()["content-type"], "text/html; charset=utf-8");
        assert!(page.text().await.unwrap().contains("Gatepipe"));
    }
    let missing = reqwest::get(format!("{}/demo/assets/no-such-file.js", dev.text("/http"))).await.unwrap();
    assert_eq!(missing.status(), 404);
}

/// The ids of the gateways that the api knows.
async fn gateways(admin: &Caller) -> Vec<String> {
    let list = admin.get("/Gateway/list").await.ok();
    let gateways = list["list"].as_array().unwrap().iter();
    gateways.map(|gateway| gateway["gateway_id"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gateway_that_is_drained_on_command_leaves_alone_and_the_last_one_ends_it_with_0() {
    let dir = tempfile::tempdir().unwrap();
    let mut dev = Dev::start(dir.path(), &[]).await;
    let (admin, bob) = (dev.person("admin"), dev.person("bob"));
    let ids = gateways(&admin).await;
    let mut pages = [Page::bound(dev.text("/ws/0"), &bob).await, Page::bound(dev.text("/ws/1"), &bob).await];
    pages.sort_by_key(|page| ids.iter().position(|id| page.client_id().starts_with(id)));
    let [mut first, mut second] = pages;

    let reading = tokio::spawn(async move { first.rest().await });
    admin.post("/Gateway/drain", json!({"gateway_id": ids[0]})).await.ok();
    assert_eq!(reading.await.unwrap().1, Some(1012));
    until("it is off the list", || async { gateways(&admin).await == ids[1..] }).await;
    let sent = admin.post("/WebSocket/pushToUser", json!({"uid": bob.id, "data": 1})).await.ok();
    assert_eq!(sent, json!({"sent": true, "reached": 1, "failed": []}));
    assert_eq!(second.next().await["data"], 1);

    let reading = tokio::spawn(async move { second.rest().await });
    admin.post("/Gateway/drain", json!({"gateway_id": ids[1]})).await.ok();
    assert_eq!(reading.await.unwrap().1, Some(1012));
    let mut words = String::new();
    within("the end of stderr", dev.stderr.read_to_string(&mut words)).await.unwrap();
    assert_eq!(within("its end", dev.child.wait()).await.unwrap().code(), Some(0), "{words}");
    assert!(words.contains("every gateway has drained"), "{words}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_start_keeps_ids_passwords_and_keys() {
    let dir = tempfile::tempdir().unwrap();
    let first = Dev::start(dir.path(), &["--gateways", "1"]).await;
    let (places, token) = (first.places.clone(), first.text("/users/alice/token").to_owned());
    let push = json!({"user_ids": [first.person("bob").id], "title": "kept", "content": "over a restart"});
    first.person("admin").post("/Notification/send", push).await.ok();
    assert_eq!(first.stop().await.0.code(), Some(0));

    let second = Dev::start(dir.path(), &["--gateways", "1"]).await;
    for name in ["admin", "alice", "bob", "carol"] {
        for key in ["id", "password"] {
            assert_eq!(second.places["users"][name][key], places["users"][name][key], "{name} {key}");
        }
    }
    let me = second.person("alice").with_token(&token).get("/Auth/me").await.ok();
    assert_eq!(me["user"]["id"], places["users"]["alice"]["id"]);
    let list = second.person("bob").get("/Notification/list").await.ok();
    assert_eq!(list["list"][0]["title"], "kept");
    let login = json!({"username": "carol", "password": places["users"]["carol"]["password"]});
    second.person("carol").post("/Auth/login", login).await.ok();
    assert_eq!(second.stop().await.0.code(), Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_is_shared_by_its_parts_and_asked_of_everyone_else() {
    let dir = tempfile::tempdir().unwrap();
    let dev = Dev::start(dir.path(), &["--secret", "open-sesame"]).await;
    assert_eq!(dev.text("/secret"), "open-sesame");
    let gateways =
        |secret: &str| gatepipe(&["gateways", "--register", dev.text("/register"), "--secret", secret]);
    let (code, rows, words) = ends(gateways("open-sesame")).await;
    assert_eq!((code, rows.lines().count()), (Some(0), 2), "{words}");
    let (code, rows, words) = ends(gateways("close-sesame")).await;
    assert_eq!((code, rows.as_str(), words.lines().count()), (Some(4), "", 1), "{words}");
    assert!(words.contains("secret") && !words.contains("sesame"), "{words}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gateway_that_is_drained_on_command_ends_and_the_rest_runs_on() {
    let dir = tempfile::tempdir().unwrap();
    let dev = Dev::start(dir.path(), &[]).await;
    let bob = dev.person("bob");
    let mut leaves = Page::bound(dev.text("/ws/0"), &bob).await;
    let mut stays = Page::bound(dev.text("/ws/1"), &bob).await;
    let left = leaves.client_id()[..16].to_owned();
    let reading = tokio::spawn(async move { leaves.rest().await });

    let drain = ["gateways", "drain", &left, "--yes", "--register", dev.text("/register"), "-o", "json"];
    let (code, drained, words) = ends(gatepipe(&drain)).await;
    assert_eq!((code, words.as_str()), (Some(0), ""));
    assert_eq!(serde_json::from_str::<Value>(&drained).unwrap()["gone"], true);
    assert_eq!(reading.await.unwrap().1, Some(1012));

    let push = json!({"uid": bob.id, "data": "still here"});
    let sent = dev.person("alice").post("/WebSocket/pushToUser", push).await.ok();
    assert_eq!(sent, json!({"sent": true, "reached": 1, "failed": []}));
    assert_eq!(stays.next().await["data"], "still here");
    let reading = tokio::spawn(async move { stays.rest().await });
    let (status, _, words) = dev.stop().await;
    assert_eq!(status.code(), Some(0), "{words}");
    assert_eq!(reading.await.unwrap().1, Some(1012));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_port_that_is_taken_is_named_in_one_line() {
    let dir = tempfile::tempdir().unwrap();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    for (flag, other) in [("--ws-port", "--http-port"), ("--http-port", "--ws-port")] {
        let mut dev = gatepipe(&["dev", "--json", flag, &port, other, "0", "--log", "error", "--data-dir"]);
        dev.arg(dir.path());
        let (code, line, words) = ends(dev).await;
        assert_eq!((code, line.as_str(), words.lines().count()), (Some(1), "", 1), "{words}");
        assert!(words.contains(&port) && words.contains("in use"), "{words}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_directory_that_cannot_be_written_is_named_in_one_line() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("file");
    std::fs::write(&file, "").unwrap();
    let mut dev = gatepipe(&["dev", "--ws-port", "0", "--http-port", "0", "--log", "error", "--data-dir"]);
    dev.arg(file.join("data"));
    let (code, line, words) = ends(dev).await;
    assert_eq!((code, line.as_str(), words.lines().count()), (Some(1), "", 1), "{words}");
    assert!(words.contains("file/data") && words.contains("--data-dir"), "{words}");
}
