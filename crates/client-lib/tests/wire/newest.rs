//! The newest login of a uid replaces the older ones, wherever they are.

use std::time::Duration;

use gatepipe_client::{Bind, BindPolicy, Bound, Code, Error, Failure, FailureReason, GatewayClient};
use gatepipe_proto::v1;
use gatepipe_proto::v1::command::Command;

use crate::scripted::{Gateway, Mood, PATIENCE, Register, impatient, joined, patient, uid};

fn newest_wins() -> Bind {
    Bind { policy: BindPolicy::NewestWins, ..Bind::default() }
}

async fn three_gateways() -> (Register, [Gateway; 3], GatewayClient) {
    let register = Register::start();
    let gateways = [Gateway::start(), Gateway::start(), Gateway::start()];
    gateways.iter().for_each(|gateway| register.list(gateway));
    let client = joined(patient(&register)).await;
    (register, gateways, client)
}

#[tokio::test]
async fn the_newest_login_closes_the_older_ones_on_all_other_gateways() {
    let (_register, [home, other, third], client) = three_gateways().await;
    let ana = home.has_client(Some("ana"));
    let bound = client.bind_uid(ana, &uid("ana"), newest_wins()).await.unwrap();
    assert_eq!(bound, Bound { replaced: 2, ..Bound::default() });

    let told = home.commands();
    let [Command::BindUid(bind)] = told.as_slice() else {
        panic!("its own gateway is told to bind, and that is all: {told:?}");
    };
    assert_eq!(bind.policy(), v1::BindPolicy::NewestWins);
    let close = v1::Close {
        code: 4002,
        reason: "replaced by a newer login".into(),
        last_message: None,
        destroy: false,
    };
    let close = v1::CloseUid {
        uid: "ana".into(),
        close: Some(close),
        exclude_client_ids: vec![ana.to_string()],
        bound_before: Some(v1::BoundBefore { bound_at_ms: bind.bound_at_ms, client_id: ana.to_string() }),
    };
    for gateway in [&other, &third] {
        assert_eq!(gateway.commands(), [Command::CloseUid(close.clone())]);
    }
}

#[tokio::test]
async fn a_repeated_login_closes_who_is_older_than_the_first_by_whatever_clock() {
    let (_register, [home, other, _third], client) = three_gateways().await;
    let ana = home.has_client(Some("ana"));
    let ahead = i64::MAX - 1;
    for (kept, expected) in [(ahead, Some(ahead)), (1, None)] {
        home.keeps_bind_of(kept);
        client.bind_uid(ana, &uid("ana"), newest_wins()).await.unwrap();
        let (Some(Command::BindUid(bind)), Some(Command::CloseUid(close))) =
            (home.commands().pop(), other.commands().pop())
        else {
            panic!("bound, and older ones closed");
        };
        assert_eq!(close.bound_before.unwrap().bound_at_ms, expected.unwrap_or(bind.bound_at_ms));
    }
}

#[tokio::test]
async fn a_login_that_is_not_the_newest_is_closed_itself() {
    let (_register, [home, other, _third], client) = three_gateways().await;
    let ana = home.has_client(None);
    // Another process has bound a client there, and its command to close older ones came here before our bind.
    other.has_newer(1);
    let bound = client.bind_uid(ana, &uid("ana"), newest_wins()).await.unwrap();
    assert!(bound.superseded && bound.failed.is_empty(), "{bound:?}");
    let told = home.commands();
    let [Command::BindUid(_), Command::CloseClient(close)] = told.as_slice() else {
        panic!("bound, then closed: {told:?}");
    };
    let code = close.close.as_ref().unwrap().code;
    assert_eq!((close.client_id.as_str(), code), (ana.to_string().as_str(), 4002));
}

#[tokio::test]
async fn a_login_that_is_not_the_newest_is_closed_also_while_another_gateway_is_mute() {
    let register = Register::start();
    let gateways = [Gateway::start(), Gateway::start(), Gateway::start()];
    gateways.iter().for_each(|gateway| register.list(gateway));
    let client = joined(impatient(&register)).await;
    let [home, other, mute] = gateways;
    mute.set_mood(Mood::Mute);
    other.has_newer(1);
    let bound = client.bind_uid(home.has_client(None), &uid("ana"), newest_wins()).await.unwrap();
    let late = Failure { gateway: mute.id, reason: FailureReason::Deadline };
    assert_eq!(bound, Bound { replaced: 1, superseded: true, failed: vec![late], ..Bound::default() });
    let told = home.commands();
    assert!(matches!(told.as_slice(), [Command::BindUid(_), Command::CloseClient(_)]), "{told:?}");
}

#[tokio::test]
async fn a_login_that_its_own_gateway_has_closed_is_not_closed_again() {
    let (_register, [home, ..], client) = three_gateways().await;
    home.has_newer(1);
    let bound = client.bind_uid(home.has_client(None), &uid("ana"), newest_wins()).await.unwrap();
    assert!(bound.superseded, "{bound:?}");
    assert_eq!(home.commands().len(), 1);
}

#[tokio::test]
async fn gateways_that_could_not_be_told_are_named_and_the_bind_is_done() {
    let register = Register::start();
    let (home, mute) = (Gateway::start(), Gateway::start());
    register.list(&home);
    register.list(&mute);
    let client = joined(impatient(&register)).await;
    mute.set_mood(Mood::Mute);
    let bound = client.bind_uid(home.has_client(None), &uid("ana"), newest_wins()).await.unwrap();
    let late = Failure { gateway: mute.id, reason: FailureReason::Deadline };
    assert_eq!(bound, Bound { failed: vec![late], ..Bound::default() });
}

#[tokio::test]
async fn a_bind_that_is_refused_replaces_nobody() {
    let (_register, [home, other, third], client) = three_gateways().await;
    let ana = home.has_client(None);
    home.set_mood(Mood::Refuses(Code::Conflict));
    assert_eq!(client.bind_uid(ana, &uid("ana"), newest_wins()).await, Err(Error::Conflict(ana)));
    assert!(other.commands().is_empty() && third.commands().is_empty());
}

#[tokio::test]
async fn a_bind_whose_caller_gave_up_still_replaces_the_older_ones() {
    let (_register, [home, other, third], client) = three_gateways().await;
    let ana = home.has_client(None);
    let frozen = home.freeze();
    let name = uid("ana");
    let bind = client.bind_uid(ana, &name, newest_wins());
    assert!(tokio::time::timeout(Duration::from_millis(20), bind).await.is_err());
    drop(frozen);
    for gateway in [&other, &third] {
        tokio::time::timeout(PATIENCE, gateway.was_told(1)).await.expect("older ones are closed");
    }
}

#[tokio::test]
async fn binds_of_one_process_are_in_order() {
    let (_register, [home, ..], client) = three_gateways().await;
    for _ in 0..100 {
        client.bind_uid(home.has_client(None), &uid("ana"), Bind::default()).await.unwrap();
    }
    let at = |command| match command {
        Command::BindUid(bind) => bind.bound_at_ms,
        other => panic!("a bind, not {other:?}"),
    };
    let times: Vec<_> = home.commands().into_iter().map(at).collect();
    assert!(times.windows(2).all(|pair| pair[0] < pair[1]), "{times:?}");
}
