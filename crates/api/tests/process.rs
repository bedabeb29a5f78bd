//! The built program: what it says when it cannot start, what it keeps when it is killed, how it stops.

mod common;

use std::cell::RefCell;
use std::io::Read as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use common::program::{Running, program};
use common::{PASSWORD, SECRET};
use gatepipe_api::service::users;
use gatepipe_api::store::Store;
use gatepipe_api::user::{Password, Permission};
use serde_json::{Value, json};

/// With a secret for tokens.
fn start(mut command: Command) -> Running {
    command.env("GATEPIPE_JWT_SECRET", SECRET);
    Running::start(command)
}

async fn people(dir: &Path) {
    let store = Store::open(&format!("sqlite://{}", dir.join("api.db").display())).await.unwrap();
    for name in ["admin", "bob"] {
        let password = Password::new(PASSWORD.into()).unwrap();
        let id = users::create(&store, name.parse().unwrap(), password, None).await.unwrap();
        if name == "admin" {
            store.grant(id, Permission::SendNotification).await.unwrap();
        }
    }
}

struct Caller {
    client: reqwest::Client,
    token: String,
}

impl Caller {
    async fn login(http: &str, name: &str) -> Self {
        drop(rustls::crypto::ring::default_provider().install_default());
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        let body = json!({"username": name, "password": PASSWORD});
        let url = format!("{http}/api/admin/Auth/login");
        let reply: Value = client.post(url).json(&body).send().await.unwrap().json().await.unwrap();
        let token = reply["data"]["token"].as_str().expect("a token").into();
        Self { client, token }
    }

    /// The ids of an acknowledged notification; `None` when there was no answer.
    async fn send(&self, http: &str) -> Option<Value> {
        let body = json!({"user_ids": [2], "title": "x", "content": ""});
        let request =
            self.client.post(format!("{http}/api/admin/Notification/send")).bearer_auth(&self.token);
        let answer = request.json(&body).send().await.ok()?;
        let reply: Value = answer.json().await.ok()?;
        (reply["code"] == 0).then(|| reply["data"]["ids"][0].clone())
    }
}

#[tokio::test]
async fn what_was_acknowledged_before_a_kill_is_in_the_list_afterwards() {
    let dir = tempfile::tempdir().unwrap();
    people(dir.path()).await;
    let acknowledged = RefCell::new(Vec::new());
    for round in 1..=4 {
        let mut api = start(program(dir.path()));
        let admin = Caller::login(&api.http, "admin").await;
        let sending = async {
            while let Some(id) = admin.send(&api.http).await {
                acknowledged.borrow_mut().push(id);
            }
        };
        // While the next one is on its way.
        let killing = async {
            let enough = async || acknowledged.borrow().len() >= 7 * round;
            common::eventually("some are acknowledged", enough).await;
            api.signal("-9");
        };
        tokio::join!(sending, killing);
        assert!(!api.ended().await.success());
    }
    let acknowledged = acknowledged.into_inner();

    let api = start(program(dir.path()));
    let bob = Caller::login(&api.http, "bob").await;
    let mut stored = Vec::new();
    loop {
        let after = stored.last().and_then(Value::as_i64).unwrap_or(0);
        let url = format!("{}/api/admin/Notification/list?limit=100&after_id={after}", api.http);
        let reply: Value =
            bob.client.get(url).bearer_auth(&bob.token).send().await.unwrap().json().await.unwrap();
        let rows = reply["data"]["list"].as_array().unwrap().clone();
        if rows.is_empty() {
            break;
        }
        stored.extend(rows.into_iter().map(|row| row["id"].clone()));
    }
    for id in &acknowledged {
        assert!(stored.contains(id), "{id} was acknowledged and is not there");
    }
    let unread = format!("{}/api/admin/Notification/unreadCount", api.http);
    let count: Value =
        bob.client.get(unread).bearer_auth(&bob.token).send().await.unwrap().json().await.unwrap();
    assert_eq!(count["data"]["count"], json!(stored.len()));
}

#[tokio::test]
async fn a_full_disk_is_a_503_and_is_survived() {
    let dir = tempfile::tempdir().unwrap();
    people(dir.path()).await;
    // No file may grow beyond 400 blocks of 512 or 1,024 bytes; the shell's trap makes that an error instead of the end.
    let mut command = Command::new("sh");
    let limited = "trap '' XFSZ; ulimit -S -f 400; exec \"$0\" \"$@\"";
    command.args(["-c", limited, env!("CARGO_BIN_EXE_gatepipe-api")]);
    command.env_clear().env("PATH", "/usr/bin:/bin").current_dir(dir.path());
    let environment = program(dir.path());
    command.envs(environment.get_envs().filter_map(|(name, value)| Some((name, value?))));
    command.stdout(Stdio::null()).stderr(Stdio::piped());
    let api = start(command);
    let admin = Caller::login(&api.http, "admin").await;
    let send = async |bytes: usize| {
        let body = json!({"user_ids": [2], "title": "x", "content": "x".repeat(bytes)});
        let request = admin.client.post(format!("{}/api/admin/Notification/send", api.http));
        let answer = request.bearer_auth(&admin.token).json(&body).send().await.unwrap();
        answer.status().as_u16()
    };
    let mut stored = 0;
    while send(60_000).await == 200 {
        stored += 1;
        assert!(stored < 100, "the limit does not bite");
    }
    assert_eq!(send(60_000).await, 503);
    let bob = Caller::login(&api.http, "bob").await;
    let count = async || {
        let url = format!("{}/api/admin/Notification/unreadCount", api.http);
        let reply: Value =
            bob.client.get(url).bearer_auth(&bob.token).send().await.unwrap().json().await.unwrap();
        reply["data"]["count"].clone()
    };
    assert_eq!(count().await, json!(stored), "nothing half-written");
    // Room again, and no restart.
    let pid = api.child.id().to_string();
    let raised =
        Command::new("prlimit").args(["--pid", &pid, "--fsize=unlimited:unlimited"]).status().unwrap();
    assert!(raised.success());
    assert_eq!(send(60_000).await, 200);
    assert_eq!(count().await, json!(stored + 1));
}

#[tokio::test]
async fn a_stop_signal_ends_it_with_0() {
    for signal in ["-TERM", "-INT"] {
        let dir = tempfile::tempdir().unwrap();
        let mut api = start(program(dir.path()));
        // An idle connection does not hold it up.
        let idle = std::net::TcpStream::connect(api.http.strip_prefix("http://").unwrap()).unwrap();
        api.signal(signal);
        assert_eq!(api.ended().await.code(), Some(0));
        drop(idle);
    }
}

/// Runs it to its end and gives its exit code and what it said.
fn refused(change: impl FnOnce(&mut Command)) -> (Option<i32>, String) {
    let dir = tempfile::tempdir().unwrap();
    let mut command = program(dir.path());
    change(&mut command);
    let mut child = command.spawn().unwrap();
    let deadline = Instant::now() + Duration::from_secs(10);
    let status = loop {
        if let Some(status) = child.try_wait().unwrap() {
            break status;
        }
        if Instant::now() > deadline {
            child.kill().unwrap();
            panic!("it started");
        }
        std::thread::yield_now();
    };
    let mut said = String::new();
    child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
    (status.code(), said)
}

#[test]
fn what_keeps_it_from_starting_is_one_line_each() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = taken.local_addr().unwrap().to_string();
    let with_secret = |command: &mut Command| {
        command.env("GATEPIPE_JWT_SECRET", SECRET);
    };
    let (code, said) = refused(|_| {});
    assert!(code == Some(2) && said.contains("openssl rand -hex 32"), "{said}");
    let (code, said) = refused(|command| {
        command.env("GATEPIPE_JWT_SECRET", "hunter2");
    });
    assert!(code == Some(2) && said.contains("32 bytes") && !said.contains("hunter2"), "{said}");
    for (flags, words) in [
        (["--admin-listen", taken.as_str()], ["in use", "--admin-listen"]),
        (["--database-url", "sqlite://no/such/place.db"], ["no/such", "--database-url"]),
        (["--database-url", "sqlite:///proc/api.db"], ["/proc/api.db", "--database-url"]),
    ] {
        let (code, said) = refused(|command| {
            with_secret(command);
            command.args(flags);
        });
        assert_eq!(code, Some(1), "{said}");
        assert_eq!(said.lines().count(), 1, "{said}");
        assert!(words.iter().all(|word| said.contains(word)), "{words:?}: {said}");
    }
    let (code, said) = refused(|command| {
        with_secret(command);
        command.args(["--listn", "127.0.0.1:0"]);
    });
    assert!(code == Some(2) && said.contains("--listen"), "{said}");
    let (code, said) = refused(|command| {
        command.args(["--register", "nonsense", "--database-url", "mysql://x", "--time-zone", "Mars"]);
    });
    assert_eq!((code, said.lines().count()), (Some(2), 4), "all at once, the missing secret too: {said}");
}
