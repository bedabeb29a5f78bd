//! What goes over HTTP to the api.

use gatepipe_local_cluster::Cluster;
use gatepipe_local_cluster::actor::{Caller, Page};
use gatepipe_local_cluster::people::Person;
use serde_json::json;

use crate::run::{Ran, finish, gatepipe};

fn person<'a>(cluster: &'a Cluster, name: &str) -> &'a Person {
    let mut people = cluster.people().iter();
    people.find(|person| person.name == name).unwrap()
}

async fn run_as(cluster: &Cluster, name: &str, args: &[&str]) -> Ran {
    let mut command = gatepipe(args);
    command.env("GATEPIPE_API", cluster.http()).env("GATEPIPE_TOKEN", &person(cluster, name).token);
    finish(command).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_notification_is_stored_and_an_urgent_one_is_pushed() {
    let cluster = Cluster::start().await;
    let alice = Caller::of(&cluster, "alice");
    let mut page = Page::bound(&cluster.ws()[0], &alice).await;
    let id = alice.id.to_string();
    let normal = ["notify", &id, "--title", "Payroll", "--content", "approved", "-o", "json"];
    let sent = run_as(&cluster, "admin", &normal).await.json();
    assert_eq!(sent, json!({"ids": [1], "reached": 0, "failed": []}));

    let urgent = [&normal[..], &["--level", "urgent", "--link", "/payroll"]].concat();
    let sent = run_as(&cluster, "admin", &urgent).await.json();
    assert_eq!(sent, json!({"ids": [2], "reached": 1, "failed": []}));
    let frame = page.next().await;
    assert_eq!((&frame["data"]["id"], &frame["data"]["link"]), (&json!(2), &json!("/payroll")));
}

#[tokio::test(flavor = "multi_thread")]
async fn force_offline_closes_for_good() {
    let cluster = Cluster::start().await;
    let alice = Caller::of(&cluster, "alice");
    let mut page = Page::bound(&cluster.ws()[0], &alice).await;
    let id = alice.id.to_string();
    let args = ["force-offline", &id, "--reason", "left", "--yes", "-o", "json"];
    let forced = run_as(&cluster, "admin", &args).await.json();
    assert_eq!(forced, json!({"closed": 1, "failed": []}));
    let (frames, code) = page.rest().await;
    assert_eq!(frames, [json!({"type": "force_offline", "data": {"reason": "left"}})]);
    assert_eq!(code, Some(4001));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_apis_refusals_are_one_line_with_their_own_codes() {
    let cluster = Cluster::start().await;
    let args = ["notify", "2", "--title", "", "--content", "x", "--link", "javascript:alert(1)"];
    let refused = run_as(&cluster, "admin", &args).await;
    let line = refused.failed(1);
    assert!(line.contains("; link: ") && line.contains("; title: "), "{line}");
    let refused = run_as(&cluster, "alice", &["notify", "2", "--title", "x", "--content", "x"]).await;
    assert!(refused.failed(4).contains("403"), "{refused:?}");
    let refused = run_as(&cluster, "admin", &["force-offline", "999", "--yes"]).await;
    assert!(refused.failed(5).contains("404"), "{refused:?}");

    let mut command = gatepipe(["force-offline", "2", "--yes", "--token", "nonsense"]);
    command.env("GATEPIPE_API", cluster.http());
    assert!(finish(command).await.failed(4).contains("401"));
    let mut command = gatepipe(["force-offline", "2", "--yes"]);
    command.env("GATEPIPE_API", cluster.http());
    assert!(finish(command).await.failed(2).contains("GATEPIPE_TOKEN"));
    // Something answers, but it is not the api.
    let args = ["force-offline", "2", "--yes", "--token", "x", "--api", &cluster.api_admin()];
    assert!(finish(gatepipe(args)).await.failed(7).contains("--api"));
}
