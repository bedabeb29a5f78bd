//! What goes through the registers to the gateways.

use gatepipe_local_cluster::actor::{Caller, Page};
use gatepipe_local_cluster::{Cluster, Plan};
use serde_json::{Value, json};

use crate::ghost::Ghost;
use crate::run::{finish, gatepipe, run_at};

#[tokio::test(flavor = "multi_thread")]
async fn a_broadcast_reaches_everyone_and_a_dry_run_nobody() {
    let cluster = Cluster::start().await;
    let mut pages = [Page::open(&cluster.ws()[0]).await, Page::open(&cluster.ws()[1]).await];
    let dry = run_at(&cluster, "broadcast --dry-run --type never -o json").await.json();
    assert_eq!(dry, json!({"sent": false, "would_reach": 2, "failed": []}));
    let sent = run_at(&cluster, "broadcast --yes --data {\"at\":18} -o json").await.json();
    assert_eq!(sent, json!({"sent": true, "reached": 2, "failed": []}));
    for page in &mut pages {
        assert_eq!(page.next().await, json!({"type": "notification", "data": {"at": 18}}));
    }
    let rows = run_at(&cluster, "broadcast --yes").await;
    assert_eq!((rows.code, rows.stdout.as_str()), (0, "2\t0\n"), "{rows:?}");
    assert_eq!(pages[0].next().await, json!({"type": "notification", "data": []}));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_push_reaches_a_user_or_one_client() {
    let cluster = Cluster::start().await;
    let alice = Caller::of(&cluster, "alice");
    let mut pages =
        [Page::bound(&cluster.ws()[0], &alice).await, Page::bound(&cluster.ws()[1], &alice).await];
    let line = format!("push {} nobody --type refresh -o json", alice.id);
    assert_eq!(run_at(&cluster, &line).await.json()["reached"], 2);
    for page in &mut pages {
        assert_eq!(page.next().await, json!({"type": "refresh", "data": []}));
    }
    let line = format!("push --client {} --text {{\"raw\":1}} -o json", pages[1].client_id());
    assert_eq!(run_at(&cluster, &line).await.json()["reached"], 1);
    assert_eq!(pages[1].next().await, json!({"raw": 1}));

    let offline = run_at(&cluster, "push nobody").await;
    assert_eq!((offline.code, offline.stdout.as_str()), (0, "0\t0\n"), "{offline:?}");
    assert!(offline.stderr.contains("nobody was there"), "{offline:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn clients_and_gateways_are_listed() {
    let cluster = Cluster::start().await;
    let alice = Caller::of(&cluster, "alice");
    let bound = Page::bound(&cluster.ws()[0], &alice).await;
    let unbound = Page::open(&cluster.ws()[1]).await;

    let clients = run_at(&cluster, "clients -o json").await.json();
    let of = |page: &Page| {
        let mut rows = clients.as_array().unwrap().iter();
        rows.find(|row| row["client_id"] == page.client_id()).cloned().unwrap()
    };
    assert_eq!(clients.as_array().unwrap().len(), 2);
    assert_eq!(of(&bound)["uid"], alice.id.to_string());
    assert_eq!(of(&bound)["gateway_id"], bound.client_id()[..16]);
    assert_eq!(of(&unbound)["uid"], Value::Null);

    let first = run_at(&cluster, "clients --limit 1 -o json").await;
    let after = first.json()[0]["client_id"].as_str().unwrap().to_owned();
    assert!(first.stderr.contains(&after), "{first:?}");
    let rest = run_at(&cluster, &format!("clients --after {after} -o json")).await;
    assert_eq!(rest.json().as_array().unwrap().len(), 1);
    assert_eq!(rest.stderr, "");

    let gateways = run_at(&cluster, "gateways -o json").await.json();
    let rows = gateways.as_array().unwrap().iter();
    let ids: Vec<_> = rows.map(|row| row["gateway_id"].as_str().unwrap()).collect();
    let mut expected = cluster.gateway_ids();
    expected.sort();
    assert_eq!(ids, expected);
    for row in gateways.as_array().unwrap() {
        assert_eq!((&row["clients"], &row["connected"]), (&json!(1), &json!(true)), "{row}");
        assert_eq!(row["version"], env!("CARGO_PKG_VERSION"));
        assert!(row["uptime_ms"].as_i64() > Some(0) && row["rates"]["frames_out_per_s"].is_f64(), "{row}");
        assert!(row["queued_bytes"].is_u64() && row["totals"]["opened"] == 1, "{row}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_secret_is_told_apart_from_silence() {
    let plan = Plan { gateways: 1, secret: Some("open-sesame".into()), ..Plan::default() };
    let cluster = Cluster::start_with(plan).await.unwrap();
    for line in ["gateways", "gateways --secret open-barley"] {
        let refused = run_at(&cluster, line).await;
        assert!(refused.failed(4).contains("--secret"), "{refused:?}");
    }
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), "open-sesame\n").unwrap();
    let line = format!("gateways --secret-file {}", file.path().display());
    assert_eq!(run_at(&cluster, &line).await.code, 0);

    let mut command = gatepipe(["gateways", "-o", "json"]);
    command
        .env("GATEPIPE_SECRET", "open-sesame")
        .env("GATEPIPE_REGISTER", format!("http://127.0.0.1:1,{}", cluster.register()));
    assert_eq!(finish(command).await.json().as_array().unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gateway_that_is_not_there_is_named_and_the_others_are_reached() {
    let cluster = Cluster::start().await;
    let mut page = Page::open(&cluster.ws()[0]).await;
    let ghost = Ghost::haunt(&cluster).await;
    let partly = run_at(&cluster, "broadcast --yes --timeout 1s -o json").await;
    assert_eq!(partly.code, 6, "{partly:?}");
    let sent: Value = serde_json::from_str(&partly.stdout).unwrap();
    let failed = json!([{"gateway": ghost.id, "reason": "unreachable"}]);
    assert_eq!((&sent["reached"], &sent["failed"]), (&json!(1), &failed));
    assert_eq!(partly.stderr.lines().count(), 1, "{partly:?}");
    assert!(partly.stderr.contains(&ghost.id), "{partly:?}");
    assert_eq!(page.next().await["type"], "notification");
}
