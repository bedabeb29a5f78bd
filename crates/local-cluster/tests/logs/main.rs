//! What may be read by whoever reads logs: never a token, a secret or what somebody sent, in no process and in neither format.
//!
//! Words are planted wherever somebody could bring some, the whole system runs, and then all logs are searched for them.

mod logged;

use std::time::Duration;

use futures_util::{SinkExt as _, StreamExt as _};
use gatepipe_api::auth::Keys;
use gatepipe_api::store::Store;
use gatepipe_client::{GatewayClient, Message, Session, Uid};
use gatepipe_local_cluster::actor::{Caller, Page};
use gatepipe_local_cluster::eventually::{until, within};
use gatepipe_local_cluster::home::Home;
use gatepipe_local_cluster::{people, program};
use logged::Logged;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// Begins every planted word; ASCII without anything that a format would escape.
const PLANTED: &str = "planted-";
const SHARED_SECRET: &str = "planted-shared-secret";

/// The processes, and words of their own making that no log may show either.
struct System {
    register: Logged,
    gateways: [Logged; 2],
    api: Logged,
    alice: u64,
    alices_password: String,
    admin: Caller,
    hidden: Vec<String>,
    _dir: tempfile::TempDir,
}

impl System {
    async fn start(format: &str) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let home = Home::open(dir.path()).unwrap();
        let store = Store::open(&home.database_url()).await.unwrap();
        let keys = Keys::from_secret(&home.jwt_secret().into()).unwrap();
        let people = people::settle(&store, &home, &keys, Duration::from_secs(3600)).await.unwrap();
        drop(store);
        let secret = [("GATEPIPE_SECRET", SHARED_SECRET)];
        let register = Logged::start("gatepipe-register", format, &[], &secret);
        let url = format!("http://{}", register.addr("rpc"));
        let flags = ["--register", &url, "--rpc-listen", "127.0.0.1:0"];
        let gateways = [0, 1].map(|_| Logged::start("gatepipe-gateway", format, &flags, &secret));
        let environment = [secret[0], ("GATEPIPE_JWT_SECRET", home.jwt_secret())];
        let database = home.database_url();
        let flags = ["--register", &url, "--database-url", &database];
        let api = Logged::start("gatepipe-api", format, &flags, &environment);
        let http = format!("http://{}", api.addr("http"));
        let person = |name| people.iter().find(|person| person.name == name).unwrap();
        let admin = Caller::new(&http, person("admin").id, &person("admin").token);
        let mut hidden: Vec<_> = people.iter().map(|person| person.password.clone()).collect();
        hidden.extend(people.iter().map(|person| person.token.clone()));
        hidden.push(home.jwt_secret().to_owned());
        let alice = person("alice").id;
        let alices_password = person("alice").password.clone();
        let system = Self { register, gateways, api, alice, alices_password, admin, hidden, _dir: dir };
        until("the api commands both gateways", || async {
            let list = system.admin.get("/Gateway/list").await.ok();
            let gateways = list["list"].as_array().unwrap();
            gateways.iter().filter(|gateway| gateway["connected"] == true).count() == 2
        })
        .await;
        system
    }

    fn http(&self) -> String {
        format!("http://{}", self.api.addr("http"))
    }

    fn register_url(&self) -> String {
        format!("http://{}", self.register.addr("rpc"))
    }

    /// Stops everything; each process with its log.
    async fn stop(self) -> (Vec<(&'static str, Vec<String>)>, Vec<String>) {
        let [first, second] = self.gateways;
        let mut logs = Vec::new();
        for process in [self.api, first, second, self.register] {
            logs.push((process.name, process.stopped().await));
        }
        (logs, self.hidden)
    }
}

/// The seed flow: log in, connect, bind, be pushed to, be notified, be forced offline.
async fn seed_flow(system: &mut System) {
    let nobody = Caller::new(&system.http(), 0, "planted-token");
    assert_eq!(nobody.get("/Auth/me").await.status, 401);
    let wrong = json!({"username": "planted-username", "password": "planted-wrong-password"});
    assert_eq!(nobody.post("/Auth/login", wrong).await.status, 401);
    let body = json!({"username": "alice", "password": system.alices_password});
    let login = nobody.post("/Auth/login", body).await.ok();
    let token = login["token"].as_str().unwrap().to_owned();
    let alice = Caller::new(&system.http(), system.alice, &token);
    system.hidden.extend(token.split('.').skip(1).map(str::to_owned));
    system.hidden.push(token);

    let ws = |number: usize| format!("ws://{}/ws", system.gateways[number].addr("clients"));
    let headers = [
        ("cookie", "session=planted-cookie"),
        ("authorization", "Bearer planted-authorization"),
        ("x-something", "planted-header"),
        ("user-agent", "planted-agent"),
        ("origin", "https://planted-origin.example"),
    ];
    let mut page = Page::open_with(&format!("{}?token=planted-query", ws(0)), &headers).await;
    // Somebody watches, so that what clients do travels to the api.
    let events = system.admin.events("/Event/stream").await;
    // And somebody follows alice, so that each of her messages has a trail.
    let client = GatewayClient::builder().register(system.register_url()).secret(Some(SHARED_SECRET.into()));
    let client = client.build().unwrap();
    within("both gateways", client.joined()).await;
    let mut following = client.follow_uid(&Uid::from(alice.id)).await;
    assert!(following.gateways.is_whole(), "{following:?}");
    alice.bind(&page).await;
    assert_eq!(page.next().await["type"], "bind_success");
    page.send(r#"{"type":"planted-from-client","data":"planted-words"}"#).await;

    let body = json!({"uid": alice.id, "type": "export", "data": {"text": "planted-push"}});
    assert_eq!(alice.post("/WebSocket/pushToUser", body).await.ok()["reached"], 1);
    assert_eq!(page.next().await["data"]["text"], "planted-push");
    // It came, the page took it, and that was all.
    for _ in 0..3 {
        let step = format!("{:?}", within("a step", following.next()).await);
        assert!(!step.contains(PLANTED), "a trail shows what a message says: {step}");
    }
    let body = json!({"data": {"text": "planted-broadcast"}});
    assert_eq!(system.admin.post("/WebSocket/broadcast", body).await.ok()["reached"], 1);
    assert_eq!(page.next().await["data"]["text"], "planted-broadcast");
    let body = json!({
        "user_ids": [alice.id], "title": "planted-title", "content": "planted-content", "level": "urgent",
        "link": "/planted-link",
    });
    assert_eq!(system.admin.post("/Notification/send", body).await.ok()["reached"], 1);
    assert_eq!(page.next().await["data"]["title"], "planted-title");
    alice.get("/Notification/list?after_id=0&token=planted-http-query").await;
    let rows =
        "{\"title\":\"planted-file\",\"headers\":[\"planted-column\"]}\n[\"planted-row\"]\n".to_owned();
    assert_eq!(alice.post_lines("/ExportTask/create", rows).await.status, 202);
    page_hears(&mut page, "export_progress").await;

    let body = json!({"uid": alice.id, "reason": "planted-reason"});
    assert_eq!(system.admin.post("/WebSocket/forceOffline", body).await.ok()["closed"], 1);
    assert_eq!(page.rest().await.1, Some(4001));
    drop(events);

    let mut binary = Page::open(&ws(1)).await;
    binary.send_binary(b"planted-bytes").await;
    let connecting = Box::pin(tokio_tungstenite::connect_async(ws(1)));
    let (mut socket, _) = within("a handshake", connecting).await.unwrap();
    let long = "planted-too-long".repeat(8_192);
    socket.send(tokio_tungstenite::tungstenite::Message::text(long)).await.unwrap();
    // Refused by now, and told so.
    while let Some(Ok(_)) = within("the close", socket.next()).await {}
}

/// Waits for a frame of this type.
async fn page_hears(page: &mut Page, kind: &str) {
    while page.next().await["type"] != kind {}
}

/// What is wrong is told to whoever sent it, and not to the log.
async fn mistakes(system: &System) {
    let admin = &system.admin;
    let path = "/WebSocket/pushToUser";
    for body in [
        r#"{"uid": 2, "data": planted-malformed}"#,
        r#"{"uid": "planted-uid-of-a-wrong-kind and more", "type": 7}"#,
        r#"{"uid": 2, "planted-field": "planted-value"}"#,
        r#""planted-text""#,
    ] {
        admin.post_as_written(path, body).await;
    }
    let body = json!({"user_ids": ["planted-id"], "title": 7, "level": "planted-level"});
    assert_eq!(admin.post("/Notification/send", body).await.status, 422);
    admin.get("/Client/show?client_id=planted-client").await;
    admin.get("/Client/list?limit=planted-limit").await;
    // The names of routes are words of ours; what stands in their place may be anything.
    let http = reqwest::Client::new();
    let address = format!("{}/planted-path?planted-query=1", system.http());
    assert_eq!(http.get(address).send().await.unwrap().status(), 404);

    let no_http = "planted-method / HTTP/9.9\r\nplanted-header\r\n\r\n";
    let no_upgrade = "GET /ws?token=planted-query HTTP/1.1\r\nhost: a\r\nupgrade: planted-upgrade\r\ncookie: planted\r\n\r\n";
    for address in [system.api.addr("http"), system.gateways[0].addr("clients"), system.register.addr("rpc")]
    {
        for text in [no_http, no_upgrade] {
            let mut socket = TcpStream::connect(&address).await.unwrap();
            socket.write_all(text.as_bytes()).await.unwrap();
            socket.shutdown().await.unwrap();
            let mut answer = Vec::new();
            let _ = within("an answer or the end", socket.read_to_end(&mut answer)).await;
        }
    }
}

/// A program of somebody who uses the client, and the operators' tool with a wrong secret; what this says on stderr.
async fn workers(system: &System) -> Vec<String> {
    let client = GatewayClient::builder().register(system.register_url()).secret(Some(SHARED_SECRET.into()));
    let client = client.build().unwrap();
    within("both gateways", client.joined()).await;
    let mut page = Page::open(&format!("ws://{}/ws", system.gateways[1].addr("clients"))).await;
    let session = Session::parse(r#"{"name":"planted-session"}"#).unwrap();
    client.set_session(page.id(), &session).await.unwrap();
    let uid: Uid = "9".parse().unwrap();
    client.bind_uid(page.id(), &uid, gatepipe_client::Bind::default()).await.unwrap();
    let receipt = client.send_to_uid(&uid, Message::text(r#"{"data":"planted-command"}"#).unwrap()).await;
    assert_eq!(receipt.reached, 1);
    page_hears_data(&mut page, "planted-command").await;

    let mut command = tokio::process::Command::new(program::path("gatepipe").unwrap());
    command.args(["push", "9", "--type", "x", "--data", "\"planted-by-hand\"", "--timeout", "20s"]);
    command.args(["--register", &system.register_url()]);
    let output = command.env_clear().env("GATEPIPE_SECRET", "planted-wrong-secret").output();
    let output = within("the tool's end", output).await.unwrap();
    assert_eq!(output.status.code(), Some(4), "{output:?}");
    String::from_utf8(output.stderr).unwrap().lines().map(str::to_owned).collect()
}

async fn page_hears_data(page: &mut Page, data: &str) {
    while page.next().await["data"] != data {}
}

/// Runs everything; the logs, and what must not be in them.
async fn a_day(format: &str) -> (Vec<(&'static str, Vec<String>)>, Vec<String>) {
    let mut system = System::start(format).await;
    seed_flow(&mut system).await;
    mistakes(&system).await;
    let said = workers(&system).await;
    let (mut logs, mut hidden) = system.stop().await;
    logs.push(("gatepipe", said));
    hidden.push(PLANTED.to_owned());
    (logs, hidden)
}

fn nothing_is_shown(logs: &[(&str, Vec<String>)], hidden: &[String]) {
    let mut shown = Vec::new();
    for (name, log) in logs {
        assert!(!log.is_empty(), "{name} said nothing");
        for line in log {
            if hidden.iter().any(|word| line.contains(word.as_str())) {
                shown.push(format!("{name}: {line}"));
            }
        }
    }
    assert!(shown.is_empty(), "{} lines show what nobody may read:\n{}", shown.len(), shown.join("\n"));
}

/// The log of this program; of a gateway that of both.
fn log_of<'a>(logs: &'a [(&str, Vec<String>)], program: &str) -> Vec<&'a str> {
    let of = logs.iter().filter(|(name, _)| *name == program);
    of.flat_map(|(_, log)| log.iter().map(String::as_str)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn no_log_for_people_shows_a_token_a_secret_or_a_body() {
    let (logs, hidden) = a_day("text").await;
    nothing_is_shown(&logs, &hidden);
    // They are not silent, but say what happened.
    for (program, words) in [
        ("gatepipe-register", "register is up"),
        ("gatepipe-gateway", "gateway is up"),
        ("gatepipe-api", "request answered method=POST route=\"/api/admin/WebSocket/pushToUser\""),
    ] {
        let log = log_of(&logs, program);
        assert!(log.iter().any(|line| line.contains(words)), "{words}: {log:#?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_log_for_collectors_shows_any_either_and_each_line_is_a_message_with_fields() {
    let (logs, hidden) = a_day("json").await;
    nothing_is_shown(&logs, &hidden);
    for program in ["gatepipe-register", "gatepipe-gateway", "gatepipe-api"] {
        let events: Vec<Value> = log_of(&logs, program)
            .into_iter()
            .map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}")))
            .collect();
        let ours: Vec<_> =
            events.iter().filter(|event| event["target"].as_str().unwrap().starts_with("gatepipe")).collect();
        assert!(ours.len() > 1, "{program} says little: {ours:?}");
        for event in ours {
            let message = event["message"].as_str().unwrap_or_else(|| panic!("no message: {event}"));
            assert!(!message.is_empty(), "an empty message: {event}");
            assert!(event["level"].is_string() && event["timestamp"].is_string(), "{event}");
        }
    }
}
