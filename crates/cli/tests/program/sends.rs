//! Whom `gatepipe broadcast` and `gatepipe push` reach and leave out, and with what.

use futures_util::StreamExt as _;
use gatepipe_local_cluster::Cluster;
use gatepipe_local_cluster::actor::{Caller, Page};
use gatepipe_local_cluster::eventually::within;
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Message;

use crate::run::{finish, gatepipe, run_at};

/// What the page has next, when it is pushed to afterwards: nothing that came before.
async fn hears_only(cluster: &Cluster, page: &mut Page, expected: &[Value]) {
    for frame in expected {
        assert_eq!(page.next().await, *frame);
    }
    run_at(cluster, &format!("push --client {} --text {{\"last\":true}}", page.client_id())).await;
    assert_eq!(page.next().await, json!({"last": true}), "nothing else came");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_group_is_reached_once_and_the_excluded_are_left_out() {
    let cluster = Cluster::start().await;
    let ws = cluster.ws();
    let mut in_both = Page::open(&ws[0]).await;
    let mut in_one = Page::open(&ws[1]).await;
    let mut excluded = Page::open(&ws[1]).await;
    let mut outside = Page::open(&ws[0]).await;
    let (both, one, not) =
        (in_both.client_id().to_owned(), in_one.client_id().to_owned(), excluded.client_id().to_owned());
    run_at(&cluster, &format!("groups join lobby {both} {one} {not}")).await;
    run_at(&cluster, &format!("groups join hall {both}")).await;

    let groups = format!("--group lobby --group hall --exclude {not}");
    let pushed = run_at(&cluster, &format!("push {groups} --text {{\"n\":1}} -o json")).await.json();
    assert_eq!(pushed, json!({"sent": true, "reached": 2, "failed": []}));
    let dry = run_at(&cluster, &format!("broadcast {groups} --dry-run -o json")).await.json();
    assert_eq!(dry["would_reach"], 2);
    let sent = run_at(&cluster, &format!("broadcast {groups} --yes --text {{\"n\":2}} -o json")).await.json();
    assert_eq!(sent["reached"], 2);
    let everyone = run_at(&cluster, &format!("broadcast --exclude {not} --exclude {one} --dry-run")).await;
    assert_eq!(everyone.stdout, "2\t0\n");
    let line = format!("broadcast --exclude {not} --exclude {one} --yes --text {{\"n\":3}}");
    assert_eq!(run_at(&cluster, &line).await.stdout, "2\t0\n");

    let [first, second, third] = [1, 2, 3].map(|n| json!({"n": n}));
    hears_only(&cluster, &mut in_both, &[first.clone(), second.clone(), third.clone()]).await;
    hears_only(&cluster, &mut in_one, &[first, second]).await;
    hears_only(&cluster, &mut excluded, &[]).await;
    hears_only(&cluster, &mut outside, &[third]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_device_of_a_user_is_left_out() {
    let cluster = Cluster::start().await;
    let alice = Caller::of(&cluster, "alice");
    let mut sender = Page::bound(&cluster.ws()[0], &alice).await;
    let mut other = Page::bound(&cluster.ws()[1], &alice).await;
    let line = format!("push {} --exclude {} --text {{}} -o json", alice.id, sender.client_id());
    assert_eq!(run_at(&cluster, &line).await.json()["reached"], 1);
    hears_only(&cluster, &mut other, &[json!({})]).await;
    hears_only(&cluster, &mut sender, &[]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn bytes_arrive_as_they_were() {
    let cluster = Cluster::start().await;
    let (mut page, _) = Box::pin(tokio_tungstenite::connect_async(&cluster.ws()[0])).await.unwrap();
    within("init", page.next()).await.unwrap().unwrap();
    let home = tempfile::tempdir().unwrap();
    let bytes: Vec<u8> = (0..=255).collect();
    let file = home.path().join("bytes");
    std::fs::write(&file, &bytes).unwrap();
    for from_stdin in [false, true] {
        let mut command = gatepipe(["broadcast", "--yes", "--register", &cluster.register(), "--binary"]);
        if from_stdin {
            command.arg("-").stdin(std::fs::File::open(&file).unwrap());
        } else {
            command.arg(&file);
        }
        assert_eq!(finish(command).await.stdout, "1\t0\n");
        let Message::Binary(received) = within("a message", page.next()).await.unwrap().unwrap() else {
            panic!("not binary");
        };
        assert_eq!(received, bytes);
    }
    let endless = run_at(&cluster, "broadcast --yes --binary /dev/zero").await;
    assert!(endless.failed(1).contains("1048576 bytes"), "{endless:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn one_kind_of_target_is_named() {
    let cluster = Cluster::start().await;
    let id = "0".repeat(40);
    for line in [
        "push".to_owned(),
        "push 1 --group lobby".into(),
        format!("push 1 --client {id}"),
        format!("push --group lobby --client {id}"),
        "push 1 --exclude 12".into(),
        "push 1 --binary - --text x".into(),
        "push 1 --binary - --type x".into(),
    ] {
        let refused = run_at(&cluster, &line).await;
        assert_eq!((refused.code, refused.stdout.as_str()), (2, ""), "{line}: {refused:?}");
    }
}
