//! Groups: joining, leaving, sends to several at once, and their bounds.

mod common;

use common::{Worker, start, within};
use gatepipe_proto::v1::command::Command as Kind;
use gatepipe_proto::{Code, v1};

/// The groups there are, with their members.
async fn groups(worker: &mut Worker) -> Vec<(String, u64)> {
    let reply = worker.0.groups(v1::GroupsRequest::default()).await.unwrap().into_inner();
    reply.groups.into_iter().map(|entry| (entry.group, entry.clients)).collect()
}

fn ungroup(group: &str) -> Kind {
    Kind::Ungroup(v1::Ungroup { group: group.to_owned() })
}

#[tokio::test]
async fn a_member_of_two_named_groups_receives_once_and_the_excluded_nothing() {
    let gateway = start(|_| {}).await;
    let mut worker = gateway.worker().await;
    let mut ana = gateway.page().await;
    let mut ben = gateway.page().await;
    let mut eva = gateway.page().await;
    for (page, group) in [(&ana, "staff"), (&ana, "berlin"), (&ben, "berlin"), (&eva, "paris")] {
        assert_eq!(worker.join(page, group).await.reached, 1);
    }
    assert_eq!(worker.send_to_groups(&["staff", "berlin", "nobody", "staff"], "one", &[]).await.reached, 2);
    assert_eq!(worker.send_to_groups(&["staff", "berlin", "paris"], "two", &[&ana]).await.reached, 2);
    assert_eq!(worker.send_to_groups(&["nobody"], "three", &[]).await.reached, 0);
    assert_eq!(worker.send_to_groups(&[], "three", &[]).await.reached, 0);
    assert_eq!(worker.broadcast("end").await.reached, 3);
    for (page, expected) in [
        (&mut ana, vec!["one", "end"]),
        (&mut ben, vec!["one", "two", "end"]),
        (&mut eva, vec!["two", "end"]),
    ] {
        for text in expected {
            assert_eq!(page.text().await, text);
        }
    }
}

#[tokio::test]
async fn joining_twice_and_leaving_what_was_never_joined_change_nothing() {
    let gateway = start(|_| {}).await;
    let mut worker = gateway.worker().await;
    let ana = gateway.page().await;
    let ben = gateway.page().await;
    assert_eq!(worker.join(&ana, "0").await.reached, 1);
    assert_eq!(worker.join(&ana, "0").await.reached, 0);
    assert_eq!(worker.join(&ben, "0").await.reached, 1);
    assert_eq!(worker.leave(&ana, "other").await.reached, 0);
    assert_eq!(groups(&mut worker).await, [("0".to_owned(), 2)]);
    assert_eq!(worker.leave(&ana, "0").await.reached, 1);
    assert_eq!(worker.leave(&ana, "0").await.reached, 0);
    assert_eq!(worker.send_to_groups(&["0"], "x", &[]).await.reached, 1);
    assert_eq!(worker.leave(&ben, "0").await.reached, 1);
    assert_eq!(groups(&mut worker).await, []);
}

#[tokio::test]
async fn ungroup_lets_every_member_out_and_nobody_off() {
    let gateway = start(|_| {}).await;
    let mut worker = gateway.worker().await;
    let mut pages = Vec::new();
    for _ in 0..40 {
        let page = gateway.page().await;
        worker.join(&page, "all").await;
        worker.join(&page, "too").await;
        pages.push(page);
    }
    assert_eq!(worker.execute(ungroup("all")).await.reached, 40);
    assert_eq!(worker.execute(ungroup("all")).await.reached, 0);
    assert_eq!(worker.send_to_groups(&["all"], "x", &[]).await.reached, 0);
    assert_eq!(worker.send_to_groups(&["all", "too"], "x", &[]).await.reached, 40);
    assert_eq!(groups(&mut worker).await, [("too".to_owned(), 40)]);
    assert_eq!(worker.client(&pages[0].client_id, false).await.unwrap().groups, ["too"]);
    assert_eq!(worker.join(&pages[0], "all").await.reached, 1, "it may come back");
}

#[tokio::test]
async fn a_client_that_leaves_takes_its_groups_along() {
    let gateway = start(|_| {}).await;
    let mut worker = gateway.worker().await;
    let gone = gateway.page().await;
    let stays = gateway.page().await;
    for group in ["b", "a"] {
        worker.join(&gone, group).await;
    }
    worker.join(&stays, "a").await;
    assert_eq!(worker.client(&gone.client_id, false).await.unwrap().groups, ["a", "b"]);
    let client_id = gone.client_id.clone();
    drop(gone);
    worker.until_clients(1).await;
    assert_eq!(groups(&mut worker).await, [("a".to_owned(), 1)]);
    assert!(gateway.metrics().await.contains("\ngatepipe_gateway_groups 1\n"));
    let join = Kind::JoinGroup(v1::JoinGroup { client_id, group: "a".into() });
    assert_eq!(worker.execute(join).await.code, Code::NotFound.number());
}

#[tokio::test]
async fn a_client_is_in_a_thousand_groups_at_most() {
    let gateway = start(|_| {}).await;
    let mut worker = gateway.worker().await;
    let page = gateway.page().await;
    let join = |number: usize| {
        Kind::JoinGroup(v1::JoinGroup { client_id: page.client_id.clone(), group: number.to_string() })
    };
    let receipts = worker.pipe((0..=1000).map(join).collect()).await;
    let (last, joined) = receipts.split_last().unwrap();
    assert!(joined.iter().all(|receipt| (receipt.code, receipt.reached) == (0, 1)));
    assert_eq!(Code::from_number(last.code), Some(Code::TooMany), "{}", last.error);
    assert_eq!(worker.join(&page, "999").await.code, 0, "it is in that one already");
    assert_eq!(worker.leave(&page, "0").await.reached, 1);
    assert_eq!(worker.join(&page, "1000").await.reached, 1);
    assert_eq!(worker.client(&page.client_id, false).await.unwrap().groups.len(), 1000);
    let other = gateway.page().await;
    assert_eq!(worker.join(&other, "1001").await.reached, 1, "others feel nothing");
    drop(page);
    worker.until_clients(1).await;
    assert_eq!(groups(&mut worker).await, [("1001".to_owned(), 1)]);
}

#[tokio::test]
async fn what_cannot_be_a_group_is_refused() {
    let gateway = start(|_| {}).await;
    let mut worker = gateway.worker().await;
    let page = gateway.page().await;
    assert_eq!(worker.join(&page, "").await.code, Code::Invalid.number());
    assert_eq!(worker.join(&page, &"x".repeat(256)).await.code, Code::Invalid.number());
    assert_eq!(worker.leave(&page, "").await.code, Code::Invalid.number());
    assert_eq!(worker.execute(ungroup("")).await.code, Code::Invalid.number());
    let too_many = vec!["x"; 1001];
    let receipt = worker.send_to_groups(&too_many, "x", &[]).await;
    assert_eq!(Code::from_number(receipt.code), Some(Code::Invalid), "{}", receipt.error);
    assert_eq!(worker.send_to_groups(&too_many[..1000], "x", &[]).await.code, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_large_group_is_reached_whole_while_members_come_and_go() {
    let gateway = start(|_| {}).await;
    let mut worker = gateway.worker().await;
    let mut pages = Vec::new();
    for _ in 0..300 {
        let page = gateway.page().await;
        assert_eq!(worker.join(&page, "large").await.reached, 1);
        pages.push(page);
    }
    let comer = gateway.page().await;
    let coming_and_going = {
        let (mut worker, client_id) = (gateway.worker().await, comer.client_id.clone());
        tokio::spawn(async move {
            loop {
                let group = "large".to_owned();
                let client_id = client_id.clone();
                worker.execute(Kind::JoinGroup(v1::JoinGroup { client_id: client_id.clone(), group })).await;
                let group = "large".to_owned();
                worker.execute(Kind::LeaveGroup(v1::LeaveGroup { client_id, group })).await;
            }
        })
    };
    for number in 0..20 {
        let reached = worker.send_to_groups(&["large"], &number.to_string(), &[&comer]).await.reached;
        assert_eq!(reached, 300);
    }
    coming_and_going.abort();
    for page in &mut pages {
        for number in 0..20 {
            assert_eq!(page.text().await, number.to_string());
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn joining_while_leaving_leaves_nothing_behind() {
    let gateway = start(|_| {}).await;
    let mut worker = gateway.worker().await;
    let mut pages = Vec::new();
    for _ in 0..60 {
        pages.push(gateway.page().await);
    }
    let joining = pages.iter().map(|page| {
        let (mut worker, client_id) = (worker.clone(), page.client_id.clone());
        tokio::spawn(async move {
            let mut joined = 0;
            loop {
                let group = format!("room {}", joined % 10);
                let join = v1::JoinGroup { client_id: client_id.clone(), group: group.clone() };
                if worker.execute(Kind::JoinGroup(join)).await.code != 0 {
                    return joined;
                }
                joined += 1;
                if joined % 7 == 0 {
                    worker.execute(ungroup(&group)).await;
                }
            }
        })
    });
    let joining: Vec<_> = joining.collect();
    within("some joins", async {
        while groups(&mut worker).await.is_empty() {
            tokio::task::yield_now().await;
        }
    })
    .await;
    drop(pages);
    let joined: u64 = within("the end of the joins", futures_util::future::join_all(joining))
        .await
        .into_iter()
        .map(Result::unwrap)
        .sum();
    assert!(joined > 0);
    worker.until_clients(0).await;
    assert_eq!(groups(&mut worker).await, []);
}
