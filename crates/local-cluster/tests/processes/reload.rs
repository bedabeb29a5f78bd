//! SIGHUP: what the file says now counts without a restart, and what cannot be used changes nothing.

use std::path::Path;
use std::sync::Mutex;
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use chrono::Utc;
use gatepipe_api::auth::Keys;
use gatepipe_api::store::Store;
use gatepipe_local_cluster::actor::{Caller, Page};
use gatepipe_local_cluster::eventually::{until, within};
use gatepipe_local_cluster::home::Home;
use gatepipe_local_cluster::people;
use rustix::process::Signal;
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Error;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;

use crate::programs::Program;

/// A program with a file for its settings, and what it logs.
struct Watched {
    program: Program,
    log: Mutex<Receiver<String>>,
    dir: tempfile::TempDir,
}

impl Watched {
    fn start(name: &str, settings: &str, flags: &[&str]) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("gatepipe.toml");
        std::fs::write(&file, settings).unwrap();
        let flags = [&["--config", file.to_str().unwrap()], flags].concat();
        let (said, log) = channel();
        let program = Program::try_start(name, &flags, move |line| drop(said.send(line.to_owned()))).unwrap();
        Self { program, log: Mutex::new(log), dir }
    }

    /// Writes the settings anew, and says so; returns when the log answers with these words.
    async fn reload(&self, settings: &str, answer: &str) -> Value {
        std::fs::write(self.dir.path().join("gatepipe.toml"), settings).unwrap();
        self.program.signal(Signal::HUP);
        self.says(answer).await
    }

    async fn says(&self, words: &str) -> Value {
        let found = Mutex::new(None);
        until(words, || async {
            let line = self.log.lock().unwrap().try_recv().ok();
            let line = line.and_then(|line| serde_json::from_str::<Value>(&line).ok());
            *found.lock().unwrap() =
                line.filter(|line| line["message"].as_str().unwrap_or_default().contains(words));
            found.lock().unwrap().is_some()
        })
        .await;
        found.into_inner().unwrap().unwrap()
    }

    async fn metrics(&self) -> String {
        // The HTTP client asks for one even where it never meets TLS; whoever came first has installed it.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let answer = reqwest::get(format!("{}/metrics", self.program.url("admin"))).await.unwrap();
        answer.text().await.unwrap()
    }
}

/// How a page of this origin is answered.
async fn answered(ws: &str, origin: &str) -> u16 {
    let mut request = ws.into_client_request().unwrap();
    request.headers_mut().insert("origin", origin.parse().unwrap());
    match within("an answer", Box::pin(tokio_tungstenite::connect_async(request))).await {
        Ok((_, answer)) => answer.status().as_u16(),
        Err(Error::Http(answer)) => answer.status().as_u16(),
        Err(error) => panic!("{error}"),
    }
}

const OLD: &str = "https://old.example.com";
const NEW: &str = "https://new.example.com";

#[tokio::test(flavor = "multi_thread")]
async fn a_gateway_takes_over_origins_and_limits_and_names_what_needs_a_restart() {
    let settings = |listen: &str, origin: &str, most: u32| {
        format!("listen = \"{listen}\"\norigin = [\"{origin}\"]\nmax_connections = {most}\n")
    };
    let first = settings("127.0.0.1:0", OLD, 0);
    let gateway = Watched::start("gatepipe-gateway", &first, &["--rpc-listen", "127.0.0.1:0"]);
    let ws = format!("ws://{}/ws", gateway.program.addr("clients"));
    let mut page = Page::open_with(&ws, &[("origin", OLD)]).await;
    assert_eq!(answered(&ws, NEW).await, 403);

    let told = gateway.reload(&settings("127.0.0.1:1", NEW, 2), "needs a restart").await;
    assert_eq!(told["message"], "needs a restart: listen");
    assert_eq!(answered(&ws, OLD).await, 403);
    let second = Page::open_with(&ws, &[("origin", NEW)]).await;
    assert_eq!(answered(&ws, NEW).await, 503, "there is room for two");
    // Whoever was there stays.
    page.send(r#"{"type":"ping"}"#).await;
    assert_eq!(page.next().await["type"], "pong");

    let wrong = format!("{}ping_interval = \"often\"\n", settings("127.0.0.1:0", OLD, 0));
    let told = gateway.reload(&wrong, "nothing was changed").await;
    assert!(told["error"].as_str().unwrap().contains("ping_interval"), "{told}");
    drop(second);
    until("the place is free", || async { answered(&ws, NEW).await == 101 }).await;
    assert_eq!(answered(&ws, OLD).await, 403);
    let metrics = gateway.metrics().await;
    for result in ["used", "refused"] {
        let line = format!("gatepipe_settings_reloads_total{{result=\"{result}\"}} 1");
        assert!(metrics.contains(&line), "{metrics}");
    }

    // Said again as long as it is so; what is as it was is no change.
    let told = gateway.reload(&settings("127.0.0.1:1", OLD, 2), "needs a restart").await;
    assert_eq!(told["message"], "needs a restart: listen");
    let told = gateway.reload(&first, "were read again").await;
    assert_eq!(told["changed"], "max-connections");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_limit_for_each_address_comes_and_goes_and_counts_those_who_are_here() {
    let settings = |most: u32| format!("max_connections_per_address = {most}\n");
    let flags = ["--listen", "127.0.0.1:0", "--rpc-listen", "127.0.0.1:0"];
    let gateway = Watched::start("gatepipe-gateway", &settings(0), &flags);
    let ws = format!("ws://{}/ws", gateway.program.addr("clients"));
    let first = Page::open_with(&ws, &[]).await;
    let _second = Page::open_with(&ws, &[]).await;
    let told = gateway.reload(&settings(2), "were read again").await;
    assert_eq!(told["changed"], "max-connections-per-address");
    assert_eq!(answered(&ws, OLD).await, 429);
    drop(first);
    until("the place is free", || async { answered(&ws, OLD).await == 101 }).await;
    gateway.reload(&settings(0), "were read again").await;
    let _third = Page::open_with(&ws, &[]).await;
    let _fourth = Page::open_with(&ws, &[]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_register_logs_what_it_is_told_to_from_now_on() {
    let register = Watched::start("gatepipe-register", "log = \"info\"\n", &["--listen", "127.0.0.1:0"]);
    register.reload("log = \"debug\"\n", "were read again").await;
    let garbage = || async {
        let mut socket = TcpStream::connect(register.program.addr("rpc")).await.unwrap();
        socket.write_all(b"GET / HTTP/1.1\r\n\r\n").await.unwrap();
    };
    garbage().await;
    let told = register.says("does not speak HTTP/2").await;
    assert_eq!(told["level"], "DEBUG");
}

fn write_secret(path: &Path, secret: &str) {
    std::fs::write(path, secret).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_api_takes_over_keys_and_origins() {
    let dir = tempfile::tempdir().unwrap();
    let home = Home::open(dir.path()).unwrap();
    let old_keys = Keys::from_secret(&home.jwt_secret().into()).unwrap();
    let store = Store::open(&home.database_url()).await.unwrap();
    let people = people::settle(&store, &home, &old_keys, Duration::from_secs(3600)).await.unwrap();
    let admin = &people[0];
    let secret = dir.path().join("jwt");
    write_secret(&secret, home.jwt_secret());
    let settings = |origin: &str| format!("[api]\ncors_origin = \"{origin}\"\n");
    let url = home.database_url();
    let flags = [
        "--listen",
        "127.0.0.1:0",
        "--database-url",
        url.as_str(),
        "--jwt-secret-file",
        secret.to_str().unwrap(),
    ];
    let api = Watched::start("gatepipe-api", &settings(OLD), &flags);
    let base = api.program.url("http");
    let caller = Caller::new(&base, admin.id, &admin.token);
    assert_eq!(caller.get("/Gateway/list").await.status, 200);
    let preflight = |origin: &'static str| {
        let asking = reqwest::Client::new()
            .request(reqwest::Method::OPTIONS, format!("{base}/api/admin/Gateway/list"))
            .header("origin", origin)
            .header("access-control-request-method", "GET");
        async move { asking.send().await.unwrap().headers().contains_key("access-control-allow-origin") }
    };
    assert!(preflight(OLD).await && !preflight(NEW).await);

    let fresh = "another secret of at least thirty-two bytes";
    write_secret(&secret, fresh);
    let told = api.reload(&settings(NEW), "were read again").await;
    assert_eq!(told["changed"], "jwt-secret, cors-origin");
    assert!(!told.to_string().contains(fresh));
    assert!(!preflight(OLD).await && preflight(NEW).await);
    assert_eq!(caller.get("/Gateway/list").await.status, 401, "the old key is good for nothing any more");
    let new_keys = Keys::from_secret(&fresh.into()).unwrap();
    let id = admin.id.to_string().parse().unwrap();
    let token = new_keys.sign(id, 0, Utc::now(), Duration::from_secs(3600)).unwrap();
    let caller = caller.with_token(secrecy::ExposeSecret::expose_secret(&token.text));
    assert_eq!(caller.get("/Gateway/list").await.status, 200);
    // What it is told about itself is the truth.
    let shown = caller.get("/Settings/list").await.ok();
    let shown = shown["list"].as_array().unwrap();
    let cors = shown.iter().find(|setting| setting["name"] == "cors-origin").unwrap();
    assert_eq!(cors["values"], json!([NEW]));

    // Nothing is deleted for days, and then almost everything at once.
    let stranger = json!({"username": "nobody", "password": "a password"});
    assert_eq!(caller.post("/Auth/login", stranger).await.status, 401);
    let kept = "audit_retention = \"1s\"\nsweep_interval = \"100ms\"\ntime_zone = \"Asia/Shanghai\"\n";
    let kept = format!("{}token_lifetime = \"90s\"\n{kept}", settings(NEW));
    let told = api.reload(&kept, "were read again").await;
    assert_eq!(told["changed"], "token-lifetime, audit-retention, sweep-interval");
    let told = api.says("needs a restart").await;
    assert_eq!(told["message"], "needs a restart: time-zone");
    until("the audit is swept", || async {
        let metrics = api.metrics().await;
        metrics.lines().any(|line| {
            line.starts_with("gatepipe_api_swept_total{what=\"audit\"} ") && !line.ends_with(" 0")
        })
    })
    .await;

    write_secret(&secret, "short");
    let told = api.reload(&settings(OLD), "nothing was changed").await;
    assert!(told["error"].as_str().unwrap().contains("at least 32 bytes"), "{told}");
    assert_eq!(caller.get("/Gateway/list").await.status, 200);
    assert!(!preflight(OLD).await && preflight(NEW).await);
}
