//! An api of one's own on a free port, and people who call it. No register answers, so every command to gateways finds nobody.
//!
//! Its database is SQLite in its directory, or an empty one on the server that `GATEPIPE_TEST_DATABASE` names.
#![allow(dead_code, reason = "each test file uses its part")]

pub mod program;

use std::path::Path;
use std::time::Duration;

use gatepipe_api::auth::Keys;
use gatepipe_api::id::UserId;
use gatepipe_api::service::users;
use gatepipe_api::store::Store;
use gatepipe_api::user::{Password, Permission};
use gatepipe_api::{Api, Config};
use secrecy::ExposeSecret as _;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

pub const SECRET: &str = "a secret for tests, of more than 32 bytes";
pub const PASSWORD: &str = "correct horse";

/// A running api.
pub struct World {
    pub http: String,
    pub admin: String,
    pub database_url: String,
    pub store: Store,
    pub keys: Keys,
    pub dir: TempDir,
    client: reqwest::Client,
    stop: Option<oneshot::Sender<()>>,
    ended: JoinHandle<()>,
}

/// A user with a token.
pub struct Person {
    pub id: UserId,
    pub name: String,
    pub token: String,
    http: String,
    client: reqwest::Client,
}

/// An answer.
#[derive(Debug)]
pub struct Reply {
    pub status: u16,
    pub headers: reqwest::header::HeaderMap,
    pub body: Value,
}

impl Reply {
    pub async fn read(response: reqwest::Response) -> Self {
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let text = response.text().await.expect("a whole body");
        let body = serde_json::from_str(&text).unwrap_or(Value::String(text));
        Self { status, headers, body }
    }

    /// The data of a success.
    #[track_caller]
    pub fn data(&self) -> &Value {
        assert_eq!(self.status, 200, "{}", self.body);
        assert_eq!(self.body["code"], 0, "{}", self.body);
        assert_eq!(self.body["msg"], "success");
        assert_eq!(self.body.as_object().map(serde_json::Map::len), Some(3), "{}", self.body);
        &self.body["data"]
    }

    /// It is the answer to an earlier request with the same `Idempotency-Key`.
    pub fn is_replayed(&self) -> bool {
        self.headers.get("idempotency-replayed").is_some_and(|value| value == "true")
    }

    /// The data of something that was taken in.
    #[track_caller]
    pub fn accepted(&self) -> &Value {
        assert_eq!((self.status, &self.body["msg"]), (202, &json!("success")), "{}", self.body);
        assert_eq!(self.body.as_object().map(serde_json::Map::len), Some(3), "{}", self.body);
        &self.body["data"]
    }

    /// Asserts a refusal with exactly the envelope's keys; gives its data.
    #[track_caller]
    pub fn refused(&self, status: u16) -> &Value {
        assert_eq!(self.status, status, "{}", self.body);
        let envelope = self.body.as_object().expect("an envelope");
        assert_eq!(envelope.len(), 3, "{}", self.body);
        let code = envelope["code"].as_u64().expect("a number");
        // The table's numbers begin with a status; a missed deadline is a 503 too.
        assert!(code / 100 == u64::from(status) || code == 50_400, "{}", self.body);
        assert!(envelope["msg"].as_str().is_some_and(|msg| !msg.is_empty()));
        &self.body["data"]
    }

    /// Asserts a refusal that programs know by this name.
    #[track_caller]
    pub fn refused_as(&self, status: u16, name: &str) {
        self.refused(status);
        assert_eq!(self.headers["x-refusal"], name, "{}", self.body);
    }

    /// Asserts a 422 that names exactly these fields.
    #[track_caller]
    pub fn wrong_fields(&self, names: &[&str]) {
        let data = self.refused(422).as_object().expect("field errors");
        assert_eq!(data.keys().collect::<Vec<_>>(), names, "{}", self.body);
    }
}

impl World {
    pub async fn start() -> Self {
        Self::start_with(|_| {}).await
    }

    pub async fn start_with(change: impl FnOnce(&mut Config)) -> Self {
        let dir = tempfile::tempdir().expect("a directory");
        Self::start_in(dir, change).await
    }

    /// For what is about SQLite's file, whatever the tests run on.
    pub async fn start_on_sqlite() -> Self {
        Self::start_on_sqlite_with(|_| {}).await
    }

    pub async fn start_on_sqlite_with(change: impl FnOnce(&mut Config)) -> Self {
        let dir = tempfile::tempdir().expect("a directory");
        keep_url(dir.path(), &sqlite_url(dir.path()));
        Self::start_in(dir, change).await
    }

    /// On the database that was used last in this directory.
    pub async fn start_in(dir: TempDir, change: impl FnOnce(&mut Config)) -> Self {
        let mut config = Config {
            listen: "127.0.0.1:0".parse().unwrap(),
            admin_listen: "127.0.0.1:0".parse().unwrap(),
            database_url: url_in(dir.path()).await.into(),
            // Nobody listens there.
            registers: vec!["http://127.0.0.1:1".into()],
            jwt_secret: Some(SECRET.into()),
            ..Config::default()
        };
        config.export.dir = Some(dir.path().join("exports"));
        change(&mut config);
        // reqwest wants one even where it speaks no TLS; a second time it says so, and the first one stays.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let keys = Keys::from_secret(&SECRET.into()).unwrap();
        let database_url = config.database_url.expose_secret().to_owned();
        let api = Api::bind(config).await.expect("an api");
        let (stop, stopped) = oneshot::channel::<()>();
        let (http, admin) = (api.http_addr(), api.admin_addr());
        let store = api.store();
        let ended = tokio::spawn(async move {
            let stopped = async { drop(stopped.await) };
            api.run(stopped).await.expect("a clean end");
        });
        Self {
            http: format!("http://{http}"),
            admin: format!("http://{admin}"),
            database_url,
            store,
            keys,
            dir,
            client: reqwest::Client::builder().no_proxy().build().unwrap(),
            stop: Some(stop),
            ended,
        }
    }

    /// Stops the api as a signal would, and gives its directory back.
    pub async fn stop(mut self) -> TempDir {
        drop(self.stop.take());
        tokio::time::timeout(Duration::from_secs(10), self.ended).await.expect("it ends in time").unwrap();
        self.dir
    }

    /// A new user with a token of an hour, who may do `permissions`.
    pub async fn person(&self, name: &str, permissions: &[Permission]) -> Person {
        self.person_below(name, None, permissions).await
    }

    pub async fn person_below(
        &self,
        name: &str,
        manager: Option<UserId>,
        permissions: &[Permission],
    ) -> Person {
        let password = Password::new(PASSWORD.into()).unwrap();
        let id = users::create(&self.store, name.parse().unwrap(), password, manager).await.unwrap();
        for permission in permissions {
            self.store.grant(id, *permission).await.unwrap();
        }
        let hour = Duration::from_secs(3_600);
        let token = users::make_token(&self.store, &self.keys, id, hour).await.unwrap().unwrap();
        self.holder(id, name, token.text.expose_secret())
    }

    pub async fn admin(&self) -> Person {
        self.person("admin", &Permission::ALL).await
    }

    /// Somebody who holds this token.
    pub fn holder(&self, id: UserId, name: &str, token: &str) -> Person {
        Person {
            id,
            name: name.into(),
            token: token.into(),
            http: self.http.clone(),
            client: self.client.clone(),
        }
    }

    pub async fn login(&self, username: &str, password: &str) -> Reply {
        let body = json!({ "username": username, "password": password });
        let url = format!("{}/api/admin/Auth/login", self.http);
        Reply::read(self.client.post(url).json(&body).send().await.unwrap()).await
    }

    /// Any request, for the odd ones.
    pub async fn send(
        &self,
        change: impl FnOnce(&reqwest::Client, &str) -> reqwest::RequestBuilder,
    ) -> Reply {
        Reply::read(change(&self.client, &self.http).send().await.unwrap()).await
    }

    /// The text of an admin page.
    pub async fn admin_page(&self, path: &str) -> (u16, String) {
        let response = self.client.get(format!("{}{path}", self.admin)).send().await.unwrap();
        (response.status().as_u16(), response.text().await.unwrap())
    }

    /// The database's file, in a world on SQLite.
    pub fn database(&self) -> std::path::PathBuf {
        self.dir.path().join("api.db")
    }
}

impl Person {
    pub async fn get(&self, path: &str) -> Reply {
        let url = format!("{}/api/admin{path}", self.http);
        Reply::read(self.client.get(url).bearer_auth(&self.token).send().await.unwrap()).await
    }

    pub async fn post(&self, path: &str, body: Value) -> Reply {
        let url = format!("{}/api/admin{path}", self.http);
        let request = self.client.post(url).bearer_auth(&self.token).json(&body);
        Reply::read(request.send().await.unwrap()).await
    }

    /// Posts with an `Idempotency-Key`.
    pub async fn post_with_key(&self, path: &str, key: &str, body: Value) -> Reply {
        let url = format!("{}/api/admin{path}", self.http);
        let request =
            self.client.post(url).bearer_auth(&self.token).header("idempotency-key", key).json(&body);
        Reply::read(request.send().await.unwrap()).await
    }

    /// Any request with the person's token.
    pub fn request(&self, method: reqwest::Method, path: &str) -> reqwest::RequestBuilder {
        let url = format!("{}/api/admin{path}", self.http);
        self.client.request(method, url).bearer_auth(&self.token)
    }

    /// Sends a normal notification.
    pub async fn notify(&self, readers: &[UserId], title: &str) -> Reply {
        let body = json!({ "user_ids": readers, "title": title, "content": "text" });
        self.post("/Notification/send", body).await
    }

    pub async fn unread(&self) -> i64 {
        self.get("/Notification/unreadCount").await.data()["count"].as_i64().unwrap()
    }
}

/// The database that belongs to a directory; made when there is none yet.
async fn url_in(dir: &Path) -> String {
    if let Ok(url) = std::fs::read_to_string(dir.join(URL)) {
        return url;
    }
    let url = gatepipe_test_databases::fresh().await.unwrap_or_else(|| sqlite_url(dir));
    keep_url(dir, &url);
    url
}

/// The file that tells the next api of a directory where the data is.
const URL: &str = "database-url";

fn keep_url(dir: &Path, url: &str) {
    std::fs::write(dir.join(URL), url).expect("a file");
}

fn sqlite_url(dir: &Path) -> String {
    format!("sqlite://{}", dir.join("api.db").display())
}

/// Waits until `condition` holds, for at most 30 s.
pub async fn eventually(what: &str, mut condition: impl AsyncFnMut() -> bool) {
    let deadline = tokio::time::Instant::now() + Duration::from_secs(30);
    while !condition().await {
        assert!(tokio::time::Instant::now() < deadline, "not in time: {what}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}
