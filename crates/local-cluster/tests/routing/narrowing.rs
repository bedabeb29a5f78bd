//! Nothing fails: who is asked, and that a bind by another program is known at once.

use gatepipe_client::{Bind, BoundTo, ClientId, GatewayClient, Worker};
use gatepipe_local_cluster::eventually::within;
use gatepipe_proto::v1;
use gatepipe_proto::v1::command::Command;
use gatepipe_proto::v1::gateway_client::GatewayClient as Door;

use crate::programs::{Programs, text, uid};

/// Binds and sends in turn, each of which may come at a bad moment.
const ROUNDS: usize = 40;

#[tokio::test(flavor = "multi_thread")]
async fn a_gateway_that_holds_nobody_hears_nothing_until_somebody_is_bound_there() {
    let programs = Programs::start().await;
    let ana = uid("ana");
    let _here = programs.page_on_direct(&ana).await;
    let first = programs.one.send_to_uid(&ana, text("hello")).await;
    assert_eq!((first.reached, first.asked.len()), (1, 2), "nothing is known yet");
    programs.one_leaves_out_proxied(&ana).await;

    let commands = programs.commands_of_proxied().await;
    let mut left_out = 0;
    for _ in 0..100 {
        let receipt = programs.one.send_to_uid(&ana, text("hello")).await;
        assert_eq!((receipt.reached, receipt.is_whole()), (1, true));
        left_out += u64::from(receipt.asked == [programs.direct]);
    }
    assert!(left_out > 0);
    assert_eq!(programs.commands_of_proxied().await - commands, 100 - left_out);
    let status = programs.one.gateways().into_iter().find(|gateway| gateway.gateway_id == programs.proxied);
    assert!(status.unwrap().left_out >= left_out);

    let mut there = programs.page_on_proxied().await;
    programs.two.bind_uid(there.id(), &ana, Bind::default()).await.unwrap();
    assert_eq!(programs.one.send_to_uid(&ana, text("everybody")).await.reached, 2);
    assert_eq!(within("the message", there.next_message()).await, Ok(text("everybody")));
}

#[tokio::test(flavor = "multi_thread")]
async fn of_several_uids_a_gateway_is_asked_for_those_that_it_may_hold() {
    let programs = Programs::start().await;
    let (ana, ben) = (uid("ana"), uid("ben"));
    let _here = programs.page_on_direct(&ana).await;
    let mut there = programs.page_on_proxied().await;
    programs.two.bind_uid(there.id(), &ben, Bind::default()).await.unwrap();
    programs.one_leaves_out_proxied(&ana).await;
    let both = [ana.clone(), ben];
    let receipt = programs.one.send_to_uids(&both, text("both"), &[]).await;
    assert_eq!((receipt.reached, receipt.asked.len()), (2, 2));
    assert_eq!(within("the message", there.next_message()).await, Ok(text("both")));
    // Offline everywhere: after a while nobody is asked, and that is a whole receipt of zero.
    let nobody = uid("nobody");
    within("an empty list", async {
        loop {
            let receipt = programs.one.send_to_uid(&nobody, text("hello")).await;
            assert_eq!((receipt.reached, receipt.is_whole()), (0, true));
            if receipt.asked.is_empty() {
                break;
            }
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bind_by_another_program_is_known_to_the_next_send() {
    let programs = Programs::start().await;
    let ana = uid("ana");
    let _here = programs.page_on_direct(&ana).await;
    let there = programs.page_on_proxied().await;
    for round in 0..ROUNDS {
        programs.one_leaves_out_proxied(&ana).await;
        programs.two.bind_uid(there.id(), &ana, Bind::default()).await.unwrap();
        let receipt = programs.one.send_to_uid(&ana, text("hello")).await;
        assert_eq!(receipt.reached, 2, "round {round}: {receipt:?}");
        programs.two.unbind_uid(there.id(), &ana).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bind_by_the_program_itself_is_known_to_its_next_send() {
    let programs = Programs::start().await;
    let ana = uid("ana");
    let _here = programs.page_on_direct(&ana).await;
    let there = programs.page_on_proxied().await;
    for round in 0..ROUNDS {
        programs.one_leaves_out_proxied(&ana).await;
        // The send is put in right behind the bind.
        let bind = programs.one.bind_uid(there.id(), &ana, Bind::default());
        let (bound, receipt) = tokio::join!(bind, programs.one.send_to_uid(&ana, text("hello")));
        bound.unwrap();
        assert_eq!(receipt.reached, 2, "round {round}: {receipt:?}");
        programs.one.unbind_uid(there.id(), &ana).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bind_by_a_call_of_its_own_is_known_to_the_next_send() {
    let programs = Programs::start().await;
    let ana = uid("ana");
    let _here = programs.page_on_direct(&ana).await;
    let there = programs.page_on_proxied().await;
    let mut door = Door::connect(programs.cluster.gateway_rpc().swap_remove(1)).await.unwrap();
    for round in 0..ROUNDS {
        programs.one_leaves_out_proxied(&ana).await;
        let bind = v1::BindUid {
            client_id: there.client_id().to_owned(),
            uid: ana.to_string(),
            ..v1::BindUid::default()
        };
        let bind = v1::Command { id: 1, command: Some(Command::BindUid(bind)), ..Default::default() };
        let receipt = within("a receipt", door.execute(bind)).await.unwrap().into_inner();
        assert_eq!((receipt.code, receipt.reached), (0, 1));
        let receipt = programs.one.send_to_uid(&ana, text("hello")).await;
        assert_eq!(receipt.reached, 2, "round {round}: {receipt:?}");
        programs.two.unbind_uid(there.id(), &ana).await.unwrap();
    }
}

/// Greets whoever is bound, as soon as it hears of it.
struct Greeter(GatewayClient);

impl Worker for Greeter {
    async fn on_bound(&self, _: ClientId, bound: BoundTo) {
        if let Some(uid) = bound.uid {
            self.0.send_to_uid(&uid, text("welcome")).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_that_is_told_of_a_bind_can_send_to_the_uid_at_once() {
    let programs = Programs::start().await;
    let ana = uid("ana");
    let running = programs.one.worker("greeter").start(Greeter(programs.one.clone())).unwrap();
    let mut there = programs.page_on_proxied().await;
    for _ in 0..ROUNDS {
        programs.one_leaves_out_proxied(&ana).await;
        programs.two.bind_uid(there.id(), &ana, Bind::default()).await.unwrap();
        assert_eq!(within("the greeting", there.next_message()).await, Ok(text("welcome")));
        programs.two.unbind_uid(there.id(), &ana).await.unwrap();
    }
    running.stop().await;
}
