//! The client library inside a web service.

use gatepipe_local_cluster::Cluster;
use gatepipe_local_cluster::actor::{Caller, Page};
use gatepipe_local_cluster::eventually::{until, within};
use serde_json::{Value, json};

use crate::program::Example;

async fn ask(request: reqwest::RequestBuilder) -> (u16, Value) {
    let answer = within("an answer", request.send()).await.unwrap();
    let status = answer.status().as_u16();
    let text = within("the body", answer.text()).await.unwrap();
    (status, serde_json::from_str(&text).unwrap_or(Value::String(text)))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_web_service_pushes_tells_who_is_online_and_hears_who_comes() {
    let cluster = Cluster::start().await;
    let service =
        Example::start("axum_service", &["--listen", "127.0.0.1:0", "--register", &cluster.register()]);
    let line = service.line();
    let url = line.strip_prefix("listening on ").unwrap();
    let alice = Caller::of(&cluster, "alice");
    let http = reqwest::Client::new();
    let online = || ask(http.get(format!("{url}/online/{}", alice.id)));
    until("it knows the gateways", || async { online().await == (200, json!({"online": false})) }).await;

    let ids: Vec<_> = cluster.gateway_ids().iter().map(|id| id.parse().unwrap()).collect();
    until("it hears both gateways", || async {
        let stats = cluster.client().stats().await.value;
        ids.iter().all(|id| stats.get(id).is_some_and(|stats| stats.workers == 1))
    })
    .await;
    let mut page = Page::bound(&cluster.ws()[1], &alice).await;
    assert_eq!(online().await, (200, json!({"online": true})));
    let push = |uid: &str| http.post(format!("{url}/push/{uid}")).body(r#"{"n":1}"#);
    assert_eq!(ask(push(&alice.id.to_string())).await, (200, json!({"reached": 1, "failed": []})));
    assert_eq!(page.next().await, json!({"n": 1}));
    assert_eq!(ask(push("9999")).await, (200, json!({"reached": 0, "failed": []})));
    assert_eq!(ask(push(&"9".repeat(256))).await.0, 422);

    assert_eq!(service.line(), format!("{} came with something", page.client_id()));
    let visitor = Page::open_with(&cluster.ws()[0], &[("user-agent", "Browser/7")]).await;
    let client = visitor.client_id().to_owned();
    visitor.close().await;
    assert_eq!(service.line(), format!("{client} came with Browser/7"));
    assert_eq!(service.line(), format!("{client} went with 1000"));
    assert!(service.interrupt().await.success());
}
