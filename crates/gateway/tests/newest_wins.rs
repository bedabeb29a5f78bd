//! Who has to go when a uid is bound again.

mod common;

use common::{Page, Worker, start, text};
use gatepipe_proto::v1::command::Command as Kind;
use gatepipe_proto::{Code, v1};

fn binding(page: &Page, uid: &str, policy: v1::BindPolicy, at_ms: i64) -> Kind {
    Kind::BindUid(v1::BindUid {
        client_id: page.client_id.clone(),
        uid: uid.to_owned(),
        policy: policy.into(),
        bound_at_ms: at_ms,
        ..Default::default()
    })
}

async fn bind(
    worker: &mut Worker,
    page: &Page,
    uid: &str,
    policy: v1::BindPolicy,
    at_ms: i64,
) -> v1::Receipt {
    let receipt = worker.execute(binding(page, uid, policy, at_ms)).await;
    assert_eq!(receipt.code, 0, "{}", receipt.error);
    receipt
}

const REPLACED: Option<(u16, &str)> = Some((4002, "replaced by a newer login"));

async fn ended(page: &mut Page) -> Option<(u16, String)> {
    page.rest().await.1
}

fn is(close: &Option<(u16, String)>) -> Option<(u16, &str)> {
    close.as_ref().map(|(code, reason)| (*code, reason.as_str()))
}

#[tokio::test]
async fn the_newest_closes_the_older_ones_of_its_uid_and_nobody_else() {
    use v1::BindPolicy::{KeepAll, NewestWins};
    let gateway = start(|_| {}).await;
    let mut worker = gateway.worker().await;
    let mut first = gateway.page().await;
    let mut second = gateway.page().await;
    let mut newest = gateway.page().await;
    let mut other = gateway.page().await;
    bind(&mut worker, &first, "ana", KeepAll, 10).await;
    assert_eq!(bind(&mut worker, &second, "ana", KeepAll, 20).await.replaced, 0);
    bind(&mut worker, &other, "ben", KeepAll, 5).await;
    let receipt = bind(&mut worker, &newest, "ana", NewestWins, 30).await;
    assert_eq!((receipt.reached, receipt.replaced, receipt.newer), (1, 2, 0));
    assert_eq!(receipt.bound_at_ms, 0, "as told");
    assert_eq!(is(&ended(&mut first).await), REPLACED);
    assert_eq!(is(&ended(&mut second).await), REPLACED);
    worker.until_clients(2).await;
    // A repeated bind, even an older one, closes nobody.
    let receipt = bind(&mut worker, &newest, "ana", NewestWins, 20).await;
    assert_eq!((receipt.reached, receipt.replaced, receipt.newer), (0, 0, 0));
    assert_eq!(receipt.bound_at_ms, 30);
    assert_eq!(worker.client(&newest.client_id, false).await.unwrap().bound_at_ms, 30);
    assert_eq!(worker.broadcast("end").await.reached, 2);
    assert_eq!(newest.text().await, "end");
    assert_eq!(other.text().await, "end");
}

#[tokio::test]
async fn of_two_binds_that_overtook_each_other_the_one_made_later_stays() {
    use v1::BindPolicy::{KeepAll, NewestWins};
    let gateway = start(|_| {}).await;
    let mut worker = gateway.worker().await;
    let mut late = gateway.page().await;
    let mut early = gateway.page().await;
    bind(&mut worker, &late, "ana", NewestWins, 20).await;
    let receipt = bind(&mut worker, &early, "ana", NewestWins, 10).await;
    assert_eq!((receipt.reached, receipt.replaced, receipt.newer), (1, 0, 1));
    assert_eq!(is(&ended(&mut early).await), REPLACED);
    worker.until_clients(1).await;
    // One that keeps all is kept by an earlier one too.
    let kept = gateway.page().await;
    bind(&mut worker, &kept, "ben", KeepAll, 20).await;
    let earlier = gateway.page().await;
    let receipt = bind(&mut worker, &earlier, "ben", NewestWins, 10).await;
    assert_eq!((receipt.replaced, receipt.newer), (0, 0));
    assert_eq!(worker.send_to_uid("ana", "end").await.reached, 1);
    assert_eq!(late.text().await, "end");
}

#[tokio::test]
async fn that_the_newest_wins_is_noted_of_a_repeated_bind_that_came_late() {
    use v1::BindPolicy::{KeepAll, NewestWins};
    let gateway = start(|_| {}).await;
    let mut worker = gateway.worker().await;
    let late = gateway.page().await;
    let mut early = gateway.page().await;
    bind(&mut worker, &late, "ana", KeepAll, 20).await;
    bind(&mut worker, &late, "ana", NewestWins, 10).await;
    assert_eq!(bind(&mut worker, &early, "ana", NewestWins, 15).await.newer, 1);
    assert_eq!(is(&ended(&mut early).await), REPLACED);
    worker.until_clients(1).await;
}

/// One batch of a pipe is carried out at once here: whoever is closed in it is still there for what follows.
#[tokio::test]
async fn one_that_is_being_closed_makes_nobody_go() {
    use v1::BindPolicy::NewestWins;
    let gateway = start(|_| {}).await;
    let mut worker = gateway.worker().await;
    let mut late = gateway.page().await;
    let mut early = gateway.page().await;
    bind(&mut worker, &late, "ana", NewestWins, 20).await;
    let close = Some(v1::Close { code: 4001, ..Default::default() });
    let before = v1::BoundBefore { bound_at_ms: 10, client_id: early.client_id.clone() };
    let receipts = worker
        .pipe(vec![
            Kind::CloseClient(v1::CloseClient { client_id: late.client_id.clone(), close: close.clone() }),
            binding(&early, "ana", NewestWins, 10),
            Kind::CloseUid(v1::CloseUid {
                uid: "ana".into(),
                close,
                bound_before: Some(before),
                exclude_client_ids: vec![early.client_id.clone()],
            }),
        ])
        .await;
    let told = receipts.iter().map(|receipt| (receipt.reached, receipt.newer));
    assert_eq!(told.collect::<Vec<_>>(), [(1, 0), (1, 0), (0, 0)]);
    assert_eq!(late.close_code().await, Some(4001));
    assert_eq!(worker.send_to_uid("ana", "end").await.reached, 1);
    assert_eq!(early.text().await, "end");
}

fn broadcasts(count: usize) -> Vec<Kind> {
    let send = v1::SendToAll { message: text("to all"), ..Default::default() };
    vec![Kind::SendToAll(send); count]
}

/// The broadcasts have not begun here when what follows in their batch is carried out.
#[tokio::test]
async fn a_login_that_closes_nobody_waits_for_no_broadcast() {
    let gateway = start(|_| {}).await;
    let mut worker = gateway.worker().await;
    let mut page = gateway.page().await;
    let mut commands = broadcasts(10);
    commands.extend([
        binding(&page, "ana", v1::BindPolicy::NewestWins, 10),
        // What a login elsewhere asks of this gateway.
        Kind::CloseUid(v1::CloseUid {
            uid: "ben".into(),
            close: Some(v1::Close { code: 4002, ..Default::default() }),
            bound_before: Some(v1::BoundBefore { bound_at_ms: 10, client_id: page.client_id.clone() }),
            ..Default::default()
        }),
        Kind::SendToUids(v1::SendToUids {
            uids: vec!["ana".into()],
            message: text("push"),
            ..Default::default()
        }),
    ]);
    let receipts = worker.pipe(commands).await;
    assert!(receipts.iter().all(|receipt| receipt.code == 0));
    assert_eq!(page.text().await, "push");
    for _ in 0..10 {
        assert_eq!(page.text().await, "to all");
    }
}

#[tokio::test]
async fn whoever_is_replaced_gets_what_was_broadcast_before() {
    use v1::BindPolicy::NewestWins;
    let gateway = start(|_| {}).await;
    let mut worker = gateway.worker().await;
    let mut old = gateway.page().await;
    let mut new = gateway.page().await;
    bind(&mut worker, &old, "ana", NewestWins, 10).await;
    let mut commands = broadcasts(10);
    commands.push(binding(&new, "ana", NewestWins, 20));
    assert_eq!(worker.pipe(commands).await[10].replaced, 1);
    let (texts, close) = old.rest().await;
    assert_eq!((texts.len(), is(&close)), (10, REPLACED));
    // The same for one that came late and so has to go itself.
    let mut late = gateway.page().await;
    let mut commands = broadcasts(10);
    commands.push(binding(&late, "ana", NewestWins, 15));
    assert_eq!(worker.pipe(commands).await[10].newer, 1);
    let (texts, close) = late.rest().await;
    assert_eq!((texts.len(), is(&close)), (10, REPLACED));
    for _ in 0..20 {
        assert_eq!(new.text().await, "to all");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_simultaneous_binds_exactly_one_stays() {
    let gateway = start(|_| {}).await;
    let mut pages = Vec::new();
    for _ in 0..20 {
        pages.push(gateway.page().await);
    }
    let worker = gateway.worker().await;
    let binding = pages.iter().map(|page| {
        let mut worker = worker.clone();
        async move { bind(&mut worker, page, "ana", v1::BindPolicy::NewestWins, 7).await }
    });
    futures_util::future::join_all(binding).await;
    let mut worker = worker;
    worker.until_clients(1).await;
    let highest = pages.iter().map(|page| page.client_id.clone()).max().unwrap();
    assert!(
        worker.client(&highest, false).await.is_some(),
        "of the same moment the highest id is the newest"
    );
}

#[tokio::test]
async fn a_uid_is_closed_but_for_the_excluded_and_those_bound_later() {
    let gateway = start(|_| {}).await;
    let mut worker = gateway.worker().await;
    let mut pages = Vec::new();
    for number in 0..4 {
        let page = gateway.page().await;
        let policy = if number == 3 { v1::BindPolicy::KeepAll } else { v1::BindPolicy::NewestWins };
        // Only the last bind would close anybody, and it keeps all: so bind from the newest to the oldest.
        bind(&mut worker, &page, &format!("ana{}", number % 2), policy, 10 * (number + 1)).await;
        pages.push(page);
    }
    // ana0: 0 is closed by 2. ana1: 1 and 3 are both there.
    assert_eq!(is(&ended(&mut pages[0]).await), REPLACED);
    worker.until_clients(3).await;
    let close = |uid: &str, exclude: &[&Page], before: Option<(i64, &Page)>| {
        Kind::CloseUid(v1::CloseUid {
            uid: uid.to_owned(),
            close: Some(v1::Close { code: 4002, ..Default::default() }),
            exclude_client_ids: exclude.iter().map(|page| page.client_id.clone()).collect(),
            bound_before: before.map(|(bound_at_ms, page)| v1::BoundBefore {
                bound_at_ms,
                client_id: page.client_id.clone(),
            }),
        })
    };
    // Nobody is older than itself, and the newer one is told of.
    let receipt = worker.execute(close("ana0", &[], Some((30, &pages[2])))).await;
    assert_eq!((receipt.reached, receipt.newer), (0, 1));
    let receipt = worker.execute(close("ana0", &[&pages[2]], Some((20, &pages[1])))).await;
    assert_eq!((receipt.reached, receipt.newer), (0, 0));
    let receipt = worker.execute(close("ana0", &[], Some((20, &pages[1])))).await;
    assert_eq!((receipt.reached, receipt.newer), (0, 1));
    let receipt = worker.execute(close("ana1", &[], Some((40, &pages[3])))).await;
    assert_eq!((receipt.reached, receipt.newer), (1, 0), "who keeps all makes nobody go");
    assert_eq!(pages[1].close_code().await, Some(4002));
    let receipt = worker.execute(close("ana1", &[&pages[3]], None)).await;
    assert_eq!(receipt.reached, 0);
    assert_eq!(worker.execute(close("ana1", &[], None)).await.reached, 1);
    assert_eq!(pages[3].close_code().await, Some(4002));
    let wrong = v1::BoundBefore { bound_at_ms: 1, client_id: "me".into() };
    let wrong = v1::CloseUid { uid: "ana".into(), bound_before: Some(wrong), ..Default::default() };
    assert_eq!(worker.execute(Kind::CloseUid(wrong)).await.code, Code::Invalid.number());
}

#[tokio::test]
async fn a_policy_that_is_not_known_is_refused() {
    let gateway = start(|_| {}).await;
    let mut worker = gateway.worker().await;
    let page = gateway.page().await;
    let bind = |policy, condition| {
        let client_id = page.client_id.clone();
        Kind::BindUid(v1::BindUid { client_id, uid: "ana".into(), policy, condition, ..Default::default() })
    };
    assert_eq!(worker.execute(bind(7, 0)).await.code, Code::Invalid.number());
    assert_eq!(worker.execute(bind(0, 7)).await.code, Code::Invalid.number());
    assert_eq!(worker.counts().await.bound_clients, 0);
    assert_eq!(worker.execute(bind(1, 1)).await.reached, 1);
    assert!(worker.client(&page.client_id, false).await.unwrap().bound_at_ms > 1_700_000_000_000);
}
