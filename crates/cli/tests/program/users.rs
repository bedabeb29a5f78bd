//! `gatepipe users`.

use gatepipe_local_cluster::Cluster;
use gatepipe_local_cluster::actor::{Caller, Page};
use serde_json::{Value, json};

use crate::ghost::Ghost;
use crate::run::{finish, gatepipe, run_at};

#[tokio::test(flavor = "multi_thread")]
async fn users_are_listed_once_with_their_clients_on_all_gateways() {
    let cluster = Cluster::start().await;
    let ws = cluster.ws();
    let (alice, bob) = (Caller::of(&cluster, "alice"), Caller::of(&cluster, "bob"));
    let _pages = (
        Page::bound(&ws[0], &alice).await,
        Page::bound(&ws[1], &alice).await,
        Page::bound(&ws[1], &bob).await,
    );
    let _guest = Page::open(&ws[0]).await;

    let users = run_at(&cluster, "users -o json").await.json();
    let expected = [(alice.id, 2), (bob.id, 1)]
        .map(|(uid, clients)| json!({"uid": uid.to_string(), "clients": clients}));
    assert_eq!(users, json!(expected));
    let first = run_at(&cluster, "users --limit 1").await;
    assert_eq!(first.stdout, format!("{}\t2\n", alice.id));
    let after = first.stderr.trim().rsplit_once("--after ").unwrap().1;
    let rest = run_at(&cluster, &format!("users --after {after}")).await;
    assert_eq!((rest.stdout, rest.stderr), (format!("{}\t1\n", bob.id), String::new()));
    let second = &cluster.gateway_ids()[1];
    let there = run_at(&cluster, &format!("users --gateway {second}")).await;
    assert_eq!(there.stdout, format!("{}\t1\n{}\t1\n", alice.id, bob.id));
    let refused = run_at(&cluster, &format!("users --bound --after {after}")).await;
    assert!(refused.failed(2).contains("another list"), "{refused:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn online_offline_and_unknown_are_three_things() {
    let cluster = Cluster::start().await;
    let alice = Caller::of(&cluster, "alice");
    let _page = Page::bound(&cluster.ws()[0], &alice).await;
    let line = format!("users online 77 {0} 77 {0}", alice.id);
    assert_eq!(run_at(&cluster, &line).await.stdout, format!("77\toffline\n{}\tonline\n", alice.id));

    // One that is listed and does not answer: nobody is called offline because of it.
    let ghost = Ghost::haunt(&cluster).await;
    let asked = run_at(&cluster, &format!("{line} --timeout 1s -o json")).await;
    assert_eq!(asked.code, 6, "{asked:?}");
    let failed = json!([{"gateway": ghost.id, "reason": "unreachable"}]);
    let expected =
        json!({"online": [alice.id.to_string()], "offline": [], "unknown": ["77"], "failed": failed});
    assert_eq!(serde_json::from_str::<Value>(&asked.stdout).unwrap(), expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn both_helps_say_which_users_are_meant() {
    for (args, other) in [(["users", "--help"], "gatepipe user list"), (["user", "--help"], "gatepipe users")]
    {
        let help = finish(gatepipe(args)).await;
        assert!(help.stdout.contains(other), "{help:?}");
    }
}
