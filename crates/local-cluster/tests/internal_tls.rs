//! Certificates instead of a secret on every link inside a cluster.

use std::path::Path;
use std::time::Duration;

use gatepipe_client::GatewayClient;
use gatepipe_daemon::tls::Files;
use gatepipe_local_cluster::actor::{Caller, Page};
use gatepipe_local_cluster::eventually::{until, within};
use gatepipe_local_cluster::{Cluster, Plan};
use gatepipe_tls::authority::Authority;
use serde_json::json;

fn authority() -> Authority {
    Authority::new(Duration::from_secs(3600)).unwrap()
}

/// Writes a certificate for `host`, and whom its owner believes.
fn files(dir: &Path, name: &str, of: &Authority, believed: &Authority, host: &str) -> Files {
    let pair = of.certify(&[host.to_owned()]).unwrap();
    let path = |end: &str| dir.join(format!("{name}.{end}"));
    std::fs::write(path("key"), pair.key).unwrap();
    std::fs::write(path("pem"), pair.cert).unwrap();
    std::fs::write(path("ca"), believed.pem()).unwrap();
    Files { cert: path("pem"), key: path("key"), ca: Some(path("ca")) }
}

/// The first that somebody hears of a register that does not let him in is why, in these words.
async fn refused(cluster: &Cluster, tls: Option<Files>, words: &str) {
    let client = GatewayClient::builder().register(cluster.register()).tls(tls).build().unwrap();
    until(words, || async { client.registers()[0].trouble.is_some() }).await;
    let told = client.registers()[0].trouble.clone().unwrap_or_default();
    assert!(told.contains(words), "{told}");
    assert!(!client.heard_register() && client.gateways().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn those_of_one_authority_work_together_and_nobody_else_does() {
    let dir = tempfile::tempdir().unwrap();
    let (ours, other) = (authority(), authority());
    let cluster_files = files(dir.path(), "cluster", &ours, &ours, "127.0.0.1");
    let plan = Plan { internal_tls: Some(cluster_files.clone()), ..Plan::default() };
    let cluster = Cluster::start_with(plan).await.unwrap();
    let alice = Caller::of(&cluster, "alice");
    let mut pages =
        [Page::bound(&cluster.ws()[0], &alice).await, Page::bound(&cluster.ws()[1], &alice).await];
    let sent = alice.post("/WebSocket/pushToUser", json!({"uid": alice.id, "data": 1})).await.ok();
    assert_eq!(sent, json!({"sent": true, "reached": 2, "failed": []}));
    for page in &mut pages {
        assert_eq!(page.next().await["data"], 1);
    }

    refused(&cluster, None, "give --internal-tls-ca").await;
    let believes_others = files(dir.path(), "deceived", &ours, &other, "127.0.0.1");
    refused(&cluster, Some(believes_others), "not made by an authority in our --internal-tls-ca").await;
    let of_others = files(dir.path(), "stranger", &other, &ours, "127.0.0.1");
    refused(&cluster, Some(of_others), "does not know the authority of our --internal-tls-cert").await;

    let one_more = files(dir.path(), "worker", &ours, &ours, "worker.example.com");
    let client = GatewayClient::builder().register(cluster.register()).tls(Some(one_more)).build().unwrap();
    within("the gateways", client.joined()).await;
    assert_eq!(client.gateways().len(), 2);
    cluster.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_under_another_name_than_its_certificate_s_is_not_believed() {
    let dir = tempfile::tempdir().unwrap();
    let ours = authority();
    let good = files(dir.path(), "good", &ours, &ours, "127.0.0.1");
    let misnamed = files(dir.path(), "misnamed", &ours, &ours, "edge-1.example.com");
    let plan = Plan { gateways: 1, internal_tls: Some(good), ..Plan::default() };
    let mut cluster = Cluster::start_with(plan).await.unwrap();
    cluster.start_gateway(|config| config.internal_tls = Some(misnamed)).await.unwrap();
    // It is listed, because whom it calls believes it; whoever calls it does not.
    let told = || async {
        let gateways = cluster.client().gateways();
        let troubles = gateways.iter().filter_map(|gateway| gateway.trouble.as_deref());
        troubles.into_iter().any(|trouble| trouble.contains("is for another host"))
    };
    until("what is wrong with it", told).await;
    let alice = Caller::of(&cluster, "alice");
    let mut page = Page::bound(&cluster.ws()[0], &alice).await;
    let sent = alice.post("/WebSocket/pushToUser", json!({"uid": alice.id, "data": 1})).await.ok();
    assert_eq!(sent["reached"], 1);
    assert_eq!(sent["failed"].as_array().unwrap().len(), 1, "{sent}");
    assert_eq!(page.next().await["data"], 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn new_certificates_are_shown_on_new_links_while_the_old_stay() {
    let dir = tempfile::tempdir().unwrap();
    let (before, after) = (authority(), authority());
    let cluster_files = files(dir.path(), "cluster", &before, &before, "127.0.0.1");
    let plan = Plan { internal_tls: Some(cluster_files.clone()), ..Plan::default() };
    let cluster = Cluster::start_with(plan).await.unwrap();
    let alice = Caller::of(&cluster, "alice");
    let mut page = Page::bound(&cluster.ws()[1], &alice).await;

    files(dir.path(), "cluster", &after, &after, "127.0.0.1");
    let newcomer = files(dir.path(), "newcomer", &after, &after, "127.0.0.1");
    let client = GatewayClient::builder().register(cluster.register()).tls(Some(newcomer)).build().unwrap();
    until("the newcomer is let in everywhere", || async {
        client.gateways().iter().filter(|gateway| gateway.connected).count() == 2
    })
    .await;
    let sent = alice.post("/WebSocket/pushToUser", json!({"uid": alice.id, "data": 1})).await.ok();
    assert_eq!(sent, json!({"sent": true, "reached": 1, "failed": []}));
    assert_eq!(page.next().await["data"], 1);
}
