//! Whoever follows a uid is told what becomes of each message: through gRPC and real sockets, by ws and by wss.

mod common;

use std::collections::BTreeSet;
use std::time::Duration;

use common::certs::Certs;
use common::{Page, Running, Worker, start, start_protected, text, within};
use gatepipe_gateway::Config;
use gatepipe_proto::v1::client_step::Fate;
use gatepipe_proto::v1::command::Command as Kind;
use gatepipe_proto::v1::follow_step::Step;
use gatepipe_proto::v1::lost::Why;
use gatepipe_proto::{mark, v1};
use tonic::{Code, Status, Streaming};

const KEY: u64 = 0x5eed;

/// Somebody who follows a uid.
struct Follower {
    steps: Streaming<v1::FollowStep>,
}

impl Follower {
    /// Follows from when this returns; the uid has so many clients then.
    async fn of(worker: &mut Worker, uid: &str, clients: u64) -> Self {
        let mut follower = Self::try_of(worker, uid).await.unwrap();
        match follower.next().await.step {
            Some(Step::Following(following)) => assert_eq!(following.clients, clients),
            other => panic!("expected to be told that it follows, got {other:?}"),
        }
        follower
    }

    async fn try_of(worker: &mut Worker, uid: &str) -> Result<Self, Status> {
        let request = v1::FollowRequest { uid: uid.to_owned(), key: KEY };
        let steps = within("leave to follow", worker.0.follow(request)).await?.into_inner();
        Ok(Self { steps })
    }

    async fn next(&mut self) -> v1::FollowStep {
        within("a step", self.steps.message()).await.unwrap().expect("the stream goes on")
    }

    /// The steps of one message up to `offered`, which has to be the `number`th.
    async fn message(&mut self, number: u64) -> Message {
        let came = match self.next().await {
            v1::FollowStep { message, missed: 0, step: Some(Step::Came(came)), .. } if message == number => {
                came
            }
            other => panic!("expected message {number}, got {other:?}"),
        };
        let mut clients = Vec::new();
        loop {
            let step = self.next().await;
            assert_eq!(step.message, number);
            match step.step {
                Some(Step::Client(step)) => clients.push((step.client_id, step.fate.unwrap())),
                Some(Step::Offered(offered)) => return Message { came, clients, offered },
                other => panic!("expected a step of message {number}, got {other:?}"),
            }
        }
    }

    /// What became of the one client of the messages up to the first whose fate `is_last` is.
    async fn fates_until(&mut self, is_last: impl Fn(&Fate) -> bool) -> Vec<(u64, Fate)> {
        let mut fates = Vec::new();
        while !fates.last().is_some_and(|(_, fate)| is_last(fate)) {
            let step = self.next().await;
            if let Some(Step::Client(client)) = step.step {
                fates.push((step.message, client.fate.unwrap()));
            }
        }
        fates
    }
}

struct Message {
    came: v1::Came,
    clients: Vec<(String, Fate)>,
    offered: v1::Offered,
}

impl Message {
    fn sent_to(&self) -> v1::SentTo {
        self.came.sent_to()
    }

    fn is_written_to(&self, pages: &[&Page]) -> bool {
        let told: BTreeSet<_> = self.clients.iter().map(|(client, _)| client.as_str()).collect();
        let all = u64::try_from(pages.len()).unwrap();
        self.clients.iter().all(|(_, fate)| matches!(fate, Fate::Written(_)))
            && told == pages.iter().map(|page| page.client_id.as_str()).collect()
            && self.offered == v1::Offered { clients: all, taken: all, untold: 0 }
    }
}

fn waits(fate: &Fate) -> bool {
    matches!(fate, Fate::Waits(_))
}

fn lost(fate: &Fate) -> Option<(Why, u32)> {
    match fate {
        Fate::Lost(lost) => Some((lost.why(), lost.code)),
        _ => None,
    }
}

async fn bound_page(gateway: &Running, worker: &mut Worker, uid: &str) -> Page {
    let page = gateway.page().await;
    assert_eq!(worker.bind(&page, uid).await.code, 0);
    page
}

async fn both_ways<F: Future<Output = ()>>(change: impl Fn(&mut Config), story: impl Fn(Running) -> F) {
    story(start(&change).await).await;
    let certs = Certs::new();
    story(start_protected(&certs, &change).await).await;
}

#[tokio::test]
async fn what_is_written_at_once_is_told_of_every_client_of_the_uid_and_of_nobody_else() {
    both_ways(|_| {}, written_at_once).await;
}

async fn written_at_once(gateway: Running) {
    let mut worker = gateway.worker().await;
    let ana = bound_page(&gateway, &mut worker, "ana").await;
    let at_home = bound_page(&gateway, &mut worker, "ana").await;
    let _ben = bound_page(&gateway, &mut worker, "ben").await;
    let mut follower = Follower::of(&mut worker, "ana", 2).await;
    assert_eq!(worker.send_to_uid("ben", "not for ana").await.reached, 1);
    assert_eq!(worker.send_to_uid("ana", "hello").await.reached, 2);

    let message = follower.message(1).await;
    assert_eq!(message.sent_to(), v1::SentTo::Uids);
    assert_eq!(message.came.mark, mark(KEY, &text("hello").unwrap().body.unwrap()));
    assert!(message.is_written_to(&[&ana, &at_home]), "{:?}", message.clients);

    let both = v1::SendToUids {
        uids: vec!["ben".into(), "ana".into()],
        message: text("hello"),
        exclude_client_ids: vec![ana.client_id.clone()],
    };
    let receipts = worker.pipe(vec![Kind::SendToUids(both)]).await;
    assert_eq!(receipts[0].reached, 2);
    let message = follower.message(2).await;
    assert_eq!(message.offered, v1::Offered { clients: 2, taken: 1, untold: 0 });
    for (client, fate) in message.clients {
        match fate {
            Fate::Excluded(_) => assert_eq!(client, ana.client_id),
            Fate::Written(_) => assert_eq!(client, at_home.client_id),
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn a_message_to_a_client_a_group_or_everybody_is_told_when_it_reaches_one_of_the_uid() {
    let gateway = start(|_| {}).await;
    let mut worker = gateway.worker().await;
    let ana = bound_page(&gateway, &mut worker, "ana").await;
    let ben = bound_page(&gateway, &mut worker, "ben").await;
    let stranger = gateway.page().await;
    assert_eq!(worker.join(&ana, "tea").await.reached, 1);
    assert_eq!(worker.join(&ben, "tea").await.reached, 1);
    assert_eq!(worker.join(&ben, "coffee").await.reached, 1);
    let mut follower = Follower::of(&mut worker, "ana", 1).await;
    // None of these is for ana.
    assert_eq!(worker.send_to_client(&stranger.client_id, "one").await.reached, 1);
    assert_eq!(worker.send_to_groups(&["coffee"], "two", &[]).await.reached, 1);

    assert_eq!(worker.send_to_client(&ana.client_id, "three").await.reached, 1);
    assert_eq!(worker.send_to_groups(&["tea", "coffee"], "four", &[]).await.reached, 2);
    assert_eq!(worker.broadcast("five").await.reached, 3);
    for (number, sent_to) in [(1, v1::SentTo::Clients), (2, v1::SentTo::Groups), (3, v1::SentTo::All)] {
        let message = follower.message(number).await;
        assert_eq!(message.sent_to(), sent_to);
        assert!(message.is_written_to(&[&ana]), "{:?}", message.clients);
    }
    let all = v1::SendToAll { message: text("six"), exclude_client_ids: vec![ana.client_id.clone()] };
    assert_eq!(worker.execute(Kind::SendToAll(all)).await.reached, 2);
    let message = follower.message(4).await;
    assert!(matches!(message.clients[..], [(_, Fate::Excluded(_))]), "{:?}", message.clients);
    assert_eq!(message.offered, v1::Offered { clients: 1, taken: 0, untold: 0 });
}

#[tokio::test]
async fn where_nobody_is_bound_the_message_comes_and_is_offered_to_nobody() {
    let gateway = start(|_| {}).await;
    let mut worker = gateway.worker().await;
    let _unbound = gateway.page().await;
    let mut follower = Follower::of(&mut worker, "ana", 0).await;
    assert_eq!(worker.send_to_uid("ana", "hello").await.reached, 0);
    let message = follower.message(1).await;
    assert!(message.clients.is_empty());
    assert_eq!(message.offered, v1::Offered::default());

    let nothing = v1::SendToUids { uids: vec!["ana".into()], ..Default::default() };
    let receipt = worker.execute(Kind::SendToUids(nothing)).await;
    assert!(matches!(follower.next().await.step, Some(Step::Came(_))));
    match follower.next().await.step {
        Some(Step::Refused(refused)) => {
            assert_eq!((refused.code, refused.error), (receipt.code, receipt.error))
        }
        other => panic!("expected a refusal, got {other:?}"),
    }
}

#[tokio::test]
async fn what_waits_for_a_page_that_does_not_read_is_written_when_it_reads() {
    both_ways(|_| {}, waits_and_is_written).await;
}

async fn waits_and_is_written(gateway: Running) {
    let mut worker = gateway.worker().await;
    let mut page = gateway.narrow_page().await;
    assert_eq!(worker.bind(&page, "ana").await.code, 0);
    let mut follower = Follower::of(&mut worker, "ana", 1).await;
    // More than the kernel takes, less than the outbox's bound in bytes.
    let large = "x".repeat(500_000);
    assert_eq!(worker.send_to_uid("ana", &large).await.reached, 1);
    assert_eq!(worker.send_to_uid("ana", "after it").await.reached, 1);
    let first = follower.message(1).await;
    assert_eq!(first.clients, [(page.client_id.clone(), Fate::Waits(v1::Waits { behind_bytes: 0 }))]);
    assert_eq!(first.offered.taken, 1);
    let second = follower.message(2).await;
    match second.clients[..] {
        [(_, Fate::Waits(v1::Waits { behind_bytes }))] => assert!((1..=500_010).contains(&behind_bytes)),
        ref other => panic!("{other:?}"),
    }

    assert_eq!(page.text().await, large);
    assert_eq!(page.text().await, "after it");
    for number in [1, 2] {
        let fates = follower.fates_until(|_| true).await;
        assert_eq!(fates, [(number, Fate::Written(v1::Written {}))]);
    }
    assert_eq!(worker.send_to_uid("ana", "at once").await.reached, 1);
    assert!(follower.message(3).await.is_written_to(&[&page]));
}

#[tokio::test]
async fn what_waits_for_a_page_that_never_reads_died_with_4102() {
    both_ways(|config| config.outbox_size = 100_000, died_too_slow).await;
}

async fn died_too_slow(gateway: Running) {
    let mut worker = gateway.worker().await;
    let page = gateway.narrow_page().await;
    assert_eq!(worker.bind(&page, "ana").await.code, 0);
    let mut follower = Follower::of(&mut worker, "ana", 1).await;
    let pushing = async { while worker.send_to_uid("ana", &"x".repeat(4000)).await.reached == 1 {} };
    let too_slow = Some((Why::TooSlow, 4102));
    // The last one is told when those before it are lost, or while they are.
    let ((), fates) = tokio::join!(
        within("the slow client's end", pushing),
        follower.fates_until(|fate| lost(fate) == too_slow)
    );
    let waiting: BTreeSet<_> =
        fates.iter().filter(|(_, fate)| waits(fate)).map(|(number, _)| number).collect();
    let written: BTreeSet<_> =
        fates.iter().filter(|(_, fate)| matches!(fate, Fate::Written(_))).map(|(number, _)| number).collect();
    assert!(!waiting.is_empty() && !written.is_empty(), "{fates:?}");
    let (number, _) = fates.last().unwrap();
    assert!(waiting.contains(number) || *number > **waiting.last().unwrap(), "{fates:?}");
}

#[tokio::test]
async fn what_waits_for_a_page_that_goes_away_is_lost() {
    let gateway = start(|_| {}).await;
    let mut worker = gateway.worker().await;
    let page = gateway.narrow_page().await;
    assert_eq!(worker.bind(&page, "ana").await.code, 0);
    let mut follower = Follower::of(&mut worker, "ana", 1).await;
    assert_eq!(worker.send_to_uid("ana", &"x".repeat(500_000)).await.reached, 1);
    assert!(waits(&follower.message(1).await.clients[0].1));
    drop(page);
    let fates = follower.fates_until(|_| true).await;
    let (number, fate) = &fates[0];
    assert_eq!((*number, lost(fate).map(|(_, code)| code)), (1, Some(1006)), "{fates:?}");
}

#[tokio::test]
async fn a_page_that_is_being_closed_takes_nothing_and_the_code_is_told() {
    let gateway = start(|_| {}).await;
    let mut worker = gateway.worker().await;
    let mut page = bound_page(&gateway, &mut worker, "ana").await;
    let mut follower = Follower::of(&mut worker, "ana", 1).await;
    let close = v1::CloseUid {
        uid: "ana".to_owned(),
        close: Some(v1::Close { code: 4001, reason: "off".into(), ..Default::default() }),
        ..Default::default()
    };
    let send = v1::SendToUids { uids: vec!["ana".into()], message: text("late"), ..Default::default() };
    worker.pipe(vec![Kind::CloseUid(close), Kind::SendToUids(send)]).await;
    let message = follower.message(1).await;
    // Its task may have been quicker, and then nobody is there.
    match message.clients[..] {
        [] => assert_eq!(message.offered.clients, 0),
        [(_, ref fate)] => assert_eq!(lost(fate), Some((Why::Closed, 4001))),
        ref other => panic!("{other:?}"),
    }
    assert_eq!(message.offered.taken, 0);
    assert_eq!(page.close_code().await, Some(4001));
}

#[tokio::test]
async fn of_many_clients_the_first_are_told_and_all_are_counted() {
    let gateway = start(|_| {}).await;
    let mut worker = gateway.worker().await;
    let mut pages = Vec::new();
    for _ in 0..70 {
        pages.push(bound_page(&gateway, &mut worker, "ana").await);
    }
    let mut follower = Follower::of(&mut worker, "ana", 70).await;
    assert_eq!(worker.send_to_uid("ana", "hello").await.reached, 70);
    let message = follower.message(1).await;
    assert_eq!(message.clients.len(), 64);
    assert_eq!(message.offered, v1::Offered { clients: 70, taken: 70, untold: 6 });
}

#[tokio::test]
async fn those_who_follow_are_bounded_and_make_room_when_they_go() {
    let gateway = start(|_| {}).await;
    let mut worker = gateway.worker().await;
    let mut followers = Vec::new();
    for _ in 0..16 {
        followers.push(Follower::of(&mut worker, "ana", 0).await);
    }
    let refused = Follower::try_of(&mut worker, "ana").await.err().expect("the seventeenth is refused");
    assert_eq!(refused.code(), Code::ResourceExhausted);
    assert!(refused.message().contains("16 calls"), "{}", refused.message());
    let metrics = gateway.metrics().await;
    for line in ["followers 16", "followers_limit 16", "follows_refused_total 1"] {
        assert!(metrics.contains(&format!("gatepipe_gateway_{line}\n")), "{line} in {metrics}");
    }

    followers.pop();
    within("room for one more", async {
        while Follower::try_of(&mut worker, "ana").await.is_err() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    })
    .await;
    let invalid = Follower::try_of(&mut worker, "").await.err().expect("no uid");
    assert_eq!(invalid.code(), Code::InvalidArgument);
}

#[tokio::test]
async fn it_ends_with_the_gateway() {
    let gateway = start(|_| {}).await;
    let mut worker = gateway.worker().await;
    let mut follower = Follower::of(&mut worker, "ana", 0).await;
    gateway.stop();
    let ended = within("the end", follower.steps.message()).await.expect_err("it is told why");
    assert_eq!(ended.code(), Code::Unavailable);
    gateway.stopped().await;
}

#[tokio::test]
async fn it_needs_the_secret_like_every_other_call() {
    let gateway = start(|config| config.secret = Some("right".into())).await;
    let mut worker = gateway.worker().await;
    let refused = Follower::try_of(&mut worker, "ana").await.err().expect("it has no secret");
    assert_eq!(refused.code(), Code::Unauthenticated);
}
