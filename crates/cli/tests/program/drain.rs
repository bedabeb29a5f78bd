//! `gatepipe gateways drain`.

use gatepipe_local_cluster::Cluster;
use gatepipe_local_cluster::actor::Page;
use serde_json::json;

use crate::run::run_at;

#[tokio::test(flavor = "multi_thread")]
async fn one_gateway_ends_while_the_other_serves() {
    let cluster = Cluster::start().await;
    let ids = cluster.gateway_ids();
    let mut leaves = Page::open(&cluster.ws()[0]).await;
    let mut stays = Page::open(&cluster.ws()[1]).await;
    let left = tokio::spawn(async move { leaves.rest().await });

    let drained = run_at(&cluster, &format!("gateways drain {} --yes -o json", &ids[0][..8])).await;
    let result = drained.json();
    assert_eq!((&result["gateway_id"], &result["gone"]), (&json!(ids[0]), &json!(true)));
    assert_eq!(result["clients"], 1, "{result}");
    assert_eq!(drained.stderr, "");
    let (frames, code) = left.await.unwrap();
    assert_eq!((&frames[0]["type"], code), (&json!("reconnect"), Some(1012)));

    let listed = run_at(&cluster, "gateways -o json").await.json();
    assert_eq!((&listed[0]["gateway_id"], listed.as_array().unwrap().len()), (&json!(ids[1]), 1));
    assert_eq!(run_at(&cluster, "broadcast --yes --text {}").await.stdout, "1\t0\n");
    assert_eq!(stays.next().await, json!({}));
    // It is gone, and what is gone is not there to be drained.
    let again = run_at(&cluster, &format!("gateways drain {} --yes", ids[0])).await;
    assert!(again.failed(5).contains(&ids[1]), "{again:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_waiting_it_has_only_begun() {
    let cluster = Cluster::start().await;
    let id = &cluster.gateway_ids()[0];
    let begun = run_at(&cluster, &format!("gateways drain {id} --yes --no-wait -o json")).await.json();
    assert_eq!((&begun["gone"], &begun["clients"]), (&json!(false), &json!(0)));
}

#[tokio::test(flavor = "multi_thread")]
async fn it_is_asked_first_and_a_gateway_that_is_not_there_is_told() {
    let cluster = Cluster::start().await;
    let ids = cluster.gateway_ids();
    let asked = run_at(&cluster, &format!("gateways drain {}", ids[0])).await;
    assert!(asked.failed(3).contains("--yes"), "{asked:?}");

    let unknown = run_at(&cluster, "gateways drain 0000000000000000 --yes").await;
    let line = unknown.failed(5);
    assert!(ids.iter().all(|id| line.contains(id)), "{line}");
    for name in ["abc", "12345678901234567", "GATEWAY"] {
        assert_eq!(run_at(&cluster, &format!("gateways drain {name} --yes")).await.code, 2, "{name}");
    }
    assert_eq!(run_at(&cluster, "gateways").await.stdout.lines().count(), 2);
}
