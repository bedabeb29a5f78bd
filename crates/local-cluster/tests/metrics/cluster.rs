//! A cluster in which a little of everything happened, and what its processes tell then.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use gatepipe_daemon::tls::Files;
use gatepipe_local_cluster::actor::{Caller, Page};
use gatepipe_local_cluster::eventually::within;
use gatepipe_local_cluster::{Cluster, Plan};
use gatepipe_tls::authority::Authority;
use serde_json::json;
use tokio::sync::OnceCell;

use crate::exposition::{self, Metric};

/// What was told at one moment, in the text that Prometheus has always read.
pub struct Scraped {
    pub register: String,
    pub gateway: String,
    pub api: String,
    /// What came from outside and must not become a label.
    pub made_up: Vec<String>,
}

impl Scraped {
    /// One of each program.
    pub fn texts(&self) -> [&str; 3] {
        [&self.register, &self.gateway, &self.api]
    }

    /// By name. What every process has is there once.
    pub fn all(&self) -> BTreeMap<String, Metric> {
        let mut all = BTreeMap::new();
        for text in self.texts() {
            for (name, metric) in exposition::read(text) {
                if let Some(before) = all.insert(name.clone(), metric.clone()) {
                    let told = |metric: &Metric| (metric.kind, metric.help.clone(), metric.labels.clone());
                    assert_eq!(told(&before), told(&metric), "{name} is two things");
                }
            }
        }
        all
    }
}

/// The same for all tests of this program: it takes a cluster.
pub async fn scraped() -> &'static Scraped {
    static SCRAPED: OnceCell<Scraped> = OnceCell::const_new();
    SCRAPED.get_or_init(scrape).await
}

async fn scrape() -> Scraped {
    let certificates = tempfile::tempdir().unwrap();
    let plan = Plan { internal_tls: Some(certified(certificates.path())), ..Plan::default() };
    let cluster = Cluster::start_with(plan).await.unwrap();
    let (admin, alice) = (Caller::of(&cluster, "admin"), Caller::of(&cluster, "alice"));
    let mut page = Page::bound(&cluster.ws()[0], &alice).await;
    page.send(r#"{"type":"ping"}"#).await;
    assert_eq!(page.next().await["type"], "pong");
    alice.post("/WebSocket/pushToUser", json!({"uid": alice.id, "data": "hello"})).await.ok();
    assert_eq!(page.next().await["data"], "hello");
    let unbound = Page::open(&cluster.ws()[0]).await;
    let body = json!({"user_ids": [alice.id], "title": "told-4711", "content": "", "level": "urgent"});
    admin.post("/Notification/send", body).await.ok();
    admin.post("/WebSocket/forceOffline", json!({"uid": alice.id, "reason": "told-4712"})).await.ok();
    assert_eq!(page.rest().await.1, Some(4001));
    admin.get("/path-4713").await;

    let gateway = cluster.gateway_admin().swap_remove(0);
    let elsewhere = cluster.ws()[0].replace("ws://", "http://").replace("/ws", "/path-4714");
    assert_eq!(reqwest::get(elsewhere).await.unwrap().status(), 404);
    let made_up = vec![
        page.client_id().to_owned(),
        unbound.client_id().to_owned(),
        "4711".into(),
        "4712".into(),
        "4713".into(),
        "4714".into(),
        "alice".into(),
    ];
    // The page is off the list a moment after it has heard its close.
    let closed = async {
        loop {
            let text = metrics(&gateway).await;
            if text.contains("\ngatepipe_gateway_connections 1\n") {
                return text;
            }
            tokio::task::yield_now().await;
        }
    };
    let scraped = Scraped {
        gateway: within("the close", closed).await,
        register: metrics(&cluster.register_admin()).await,
        api: metrics(&cluster.api_admin()).await,
        made_up,
    };
    cluster.stop().await.unwrap();
    scraped
}

/// What a certificate tells is there with one only.
fn certified(dir: &Path) -> Files {
    let authority = Authority::new(Duration::from_secs(3600)).unwrap();
    let pair = authority.certify(&["127.0.0.1".to_owned()]).unwrap();
    let path = |name: &str| dir.join(name);
    std::fs::write(path("ca.pem"), authority.pem()).unwrap();
    std::fs::write(path("internal.pem"), pair.cert).unwrap();
    std::fs::write(path("internal.key"), pair.key).unwrap();
    Files { cert: path("internal.pem"), key: path("internal.key"), ca: Some(path("ca.pem")) }
}

async fn metrics(admin: &str) -> String {
    let answer = reqwest::get(format!("{admin}/metrics")).await.unwrap();
    assert_eq!(answer.headers()["content-type"], "text/plain; version=0.0.4; charset=utf-8");
    answer.text().await.unwrap()
}
