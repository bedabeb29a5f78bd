//! `gatepipe groups`.

use gatepipe_local_cluster::Cluster;
use gatepipe_local_cluster::actor::{Caller, Page};
use serde_json::json;

use crate::run::run_at;

#[tokio::test(flavor = "multi_thread")]
async fn clients_join_leave_and_are_counted_over_gateways() {
    let cluster = Cluster::start().await;
    let ws = cluster.ws();
    let alice = Caller::of(&cluster, "alice");
    let on_both = [Page::bound(&ws[0], &alice).await, Page::bound(&ws[1], &alice).await];
    let guest = Page::open(&ws[1]).await;
    let [first, second] = on_both.each_ref().map(Page::client_id);
    let guest = guest.client_id();

    assert_eq!(run_at(&cluster, "groups -o json").await.json(), json!([]));
    let joined =
        run_at(&cluster, &format!("groups join lobby {first} {second} {guest} -o json")).await.json();
    let nothing = json!({"changed": 3, "unchanged": 0, "not_connected": [], "refused": [], "failed": []});
    assert_eq!(joined, nothing);
    let again = run_at(&cluster, &format!("groups join hall {guest} {guest}")).await;
    assert_eq!((again.code, again.stdout.as_str()), (0, "1\t1\t0\t0\t0\n"), "{again:?}");

    // One user on two gateways is one.
    let groups = run_at(&cluster, "groups -o json").await.json();
    let expected = json!([
        {"group": "hall", "clients": 1, "uids": 0, "uids_exact": true},
        {"group": "lobby", "clients": 3, "uids": 1, "uids_exact": true},
    ]);
    assert_eq!(groups, expected);
    let page = run_at(&cluster, "groups --limit 1").await;
    assert_eq!(page.stdout, "hall\t1\t0\n");
    let after = page.stderr.trim().rsplit_once("--after ").unwrap().1;
    assert_eq!(run_at(&cluster, &format!("groups --after {after}")).await.stdout, "lobby\t3\t1\n");

    let left = run_at(&cluster, &format!("groups leave lobby {first} {first} -o json")).await.json();
    assert_eq!((&left["changed"], &left["unchanged"]), (&json!(1), &json!(1)));
    assert_eq!(run_at(&cluster, "groups").await.stdout, "hall\t1\t0\nlobby\t2\t1\n");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_is_not_there_is_named_and_the_others_join() {
    let cluster = Cluster::start().await;
    let page = Page::open(&cluster.ws()[0]).await;
    let absent = format!("{}{}", &page.client_id()[..16], "0".repeat(24));
    let line = format!("groups join lobby {absent} {} -o json", page.client_id());
    let joined = run_at(&cluster, &line).await;
    assert_eq!(joined.code, 5, "{joined:?}");
    assert!(joined.stderr.contains(&absent) && joined.stderr.lines().count() == 1, "{joined:?}");
    assert_eq!(run_at(&cluster, "groups").await.stdout, "lobby\t1\t0\n");
    // It is not in the group, and that is what was asked for.
    let left = run_at(&cluster, &format!("groups leave lobby {absent}")).await;
    assert_eq!(left.code, 0, "{left:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_1001st_group_is_refused_by_name() {
    let cluster = Cluster::start().await;
    let page = Page::open(&cluster.ws()[0]).await;
    let client = gatepipe_client::GatewayClient::builder().register(cluster.register()).build().unwrap();
    gatepipe_local_cluster::eventually::within("the gateways", client.joined()).await;
    let id = page.client_id().parse().unwrap();
    for number in 0..1_000 {
        client.join_group(id, &format!("g{number}").parse().unwrap()).await.unwrap();
    }
    let refused = run_at(&cluster, &format!("groups join one-more {} -o json", page.client_id())).await;
    assert_eq!(refused.code, 1, "{refused:?}");
    assert!(refused.stderr.contains("1,000") || refused.stderr.contains("1000"), "{refused:?}");
    assert!(refused.stderr.contains(page.client_id()), "{refused:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dissolved_group_has_no_members_and_they_stay_connected() {
    let cluster = Cluster::start().await;
    let ws = cluster.ws();
    let mut pages = [Page::open(&ws[0]).await, Page::open(&ws[1]).await];
    run_at(&cluster, &format!("groups join lobby {} {}", pages[0].client_id(), pages[1].client_id())).await;

    let asked = run_at(&cluster, "groups ungroup lobby").await;
    assert!(asked.failed(3).contains("--yes"), "{asked:?}");
    let dissolved = run_at(&cluster, "groups ungroup lobby --yes -o json").await.json();
    assert_eq!(dissolved, json!({"left": 2, "failed": []}));
    assert_eq!(run_at(&cluster, "groups").await.stdout, "");
    run_at(&cluster, "broadcast --yes --text {}").await;
    for page in &mut pages {
        assert_eq!(page.next().await, json!({}));
    }
    let empty = run_at(&cluster, "groups ungroup lobby --yes").await;
    assert_eq!((empty.code, empty.stdout.as_str()), (0, "0\t0\n"), "{empty:?}");
}
