//! What becomes of messages to a uid is told of every gateway, and those that cannot be followed are named.

use std::time::Duration;

use gatepipe_client::{
    ClientId, Code, FailureReason, Fate, FollowStep, Followed, FollowedGateway, Following, SentTo,
};
use gatepipe_proto::v1;
use gatepipe_proto::v1::follow_step::Step;
use tonic::Status;

use crate::scripted::{Gateway, PATIENCE, Register, impatient, joined, patient, text, uid};

async fn next(following: &mut Following) -> Followed {
    tokio::time::timeout(PATIENCE, following.next()).await.expect("a step")
}

fn step(message: u64, step: Step) -> v1::FollowStep {
    v1::FollowStep { message, after_us: 1_500, missed: 0, step: Some(step) }
}

fn fate(client: ClientId, fate: v1::client_step::Fate) -> Step {
    Step::Client(v1::ClientStep { client_id: client.to_string(), fate: Some(fate) })
}

#[tokio::test]
async fn the_steps_of_each_gateway_are_told_in_order() {
    let register = Register::start();
    let (here, there) = (Gateway::start(), Gateway::start());
    register.list(&here);
    register.list(&there);
    let (phone, _ben) = (here.has_client(Some("ana")), there.has_client(Some("ben")));
    let client = joined(patient(&register)).await;
    let mut following = client.follow_uid(&uid("ana")).await;
    assert!(following.gateways.is_whole());
    let clients = |gateway: &Gateway| following.gateways.value[&gateway.id].clients;
    assert_eq!((clients(&here), clients(&there)), (1, 0));

    let mark = following.mark(&text("hello"));
    assert_ne!(mark, following.mark(&text("hullo")));
    here.tell_followers(step(1, Step::Came(v1::Came { sent_to: v1::SentTo::Groups.into(), mark })));
    here.tell_followers(step(1, fate(phone, v1::client_step::Fate::Waits(v1::Waits { behind_bytes: 7 }))));
    here.tell_followers(step(1, Step::Offered(v1::Offered { clients: 1, taken: 1, untold: 0 })));
    let lost = v1::Lost { why: v1::lost::Why::Closed.into(), code: 1012 };
    here.tell_followers(step(1, fate(phone, v1::client_step::Fate::Lost(lost))));
    let expected = [
        FollowStep::Came { sent_to: SentTo::Groups, mark },
        FollowStep::Client { client: phone, fate: Fate::Waits { behind_bytes: 7 } },
        FollowStep::Offered { clients: 1, taken: 1, untold: 0 },
        FollowStep::Client { client: phone, fate: Fate::Closed(1012) },
    ];
    for step in expected {
        let after = Duration::from_micros(1_500);
        let expected = Followed { gateway: here.id, message: 1, after, missed: 0, step };
        assert_eq!(next(&mut following).await, expected);
    }
}

#[tokio::test]
async fn a_gateway_that_cannot_be_followed_is_named_and_the_others_are_followed() {
    let register = Register::start();
    let (full, mute, fine) = (Gateway::start(), Gateway::start(), Gateway::start());
    for gateway in [&full, &mute, &fine] {
        register.list(gateway);
    }
    full.refuse_follows(Status::resource_exhausted("too many follow"));
    let client = joined(impatient(&register)).await;
    let frozen = mute.freeze();
    let mut following = client.follow_uid(&uid("ana")).await;
    drop(frozen);
    let failed = |gateway: &Gateway| {
        let failed = following.gateways.failed.iter().find(|failure| failure.gateway == gateway.id);
        failed.map(|failure| failure.reason.clone())
    };
    let refused = FailureReason::Refused { code: Code::TooMany, text: "too many follow".into() };
    assert_eq!(failed(&full), Some(refused));
    assert_eq!(failed(&mute), Some(FailureReason::Deadline));
    assert_eq!(following.gateways.value.keys().collect::<Vec<_>>(), [&fine.id]);

    let refusal = v1::Refused { code: Code::TooLarge.number(), error: "too large".into() };
    fine.tell_followers(step(1, Step::Refused(refusal)));
    let told = FollowStep::Refused { code: Code::TooLarge, text: "too large".into() };
    assert_eq!(next(&mut following).await.step, told);
}

#[tokio::test]
async fn a_gateway_that_goes_away_is_told_and_then_those_that_join_are_followed() {
    let register = Register::start();
    let (old, full, fresh) = (Gateway::start(), Gateway::start(), Gateway::start());
    register.list(&old);
    let client = joined(patient(&register)).await;
    let mut following = client.follow_uid(&uid("ana")).await;
    old.end_follows();
    let ended = next(&mut following).await;
    assert_eq!(ended.gateway, old.id);
    assert!(matches!(ended.step, FollowStep::Ended(_)), "{ended:?}");

    full.refuse_follows(Status::resource_exhausted("too many follow"));
    register.list(&full);
    let refused = FailureReason::Refused { code: Code::TooMany, text: "too many follow".into() };
    let told = next(&mut following).await;
    assert_eq!((told.gateway, told.step), (full.id, FollowStep::Ended(refused)));

    let _ana = fresh.has_client(Some("ana"));
    register.list(&fresh);
    let told = next(&mut following).await;
    let joined = FollowedGateway { clients: 1, draining: false };
    assert_eq!((told.gateway, told.step), (fresh.id, FollowStep::Joined(joined)));
    let mark = following.mark(&text("hello"));
    let came = v1::Came { sent_to: v1::SentTo::Uids.into(), mark };
    fresh.tell_followers(step(1, Step::Came(came)));
    let told = next(&mut following).await;
    assert_eq!((told.gateway, told.step), (fresh.id, FollowStep::Came { sent_to: SentTo::Uids, mark }));
}
