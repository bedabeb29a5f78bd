//! Something fails on the way between a program and a gateway: a bind waits for a lease at most, and no send misses it.

use gatepipe_client::Bind;
use gatepipe_local_cluster::eventually::{until, within};

use crate::programs::{Programs, is_named, program, text, uid};

#[tokio::test(flavor = "multi_thread")]
async fn a_program_whose_way_is_stalled_holds_up_a_bind_for_its_lease_only_and_misses_nobody() {
    let programs = Programs::start().await;
    let ana = uid("ana");
    let _here = programs.page_on_direct(&ana).await;
    let there = programs.page_on_proxied().await;
    programs.one_leaves_out_proxied(&ana).await;
    programs.proxy.stall(programs.ones.clone());
    // It goes on to use what it knows, which a confirmation does not reach any more.
    let using = {
        let (one, ana) = (programs.one.clone(), ana.clone());
        tokio::spawn(async move {
            loop {
                one.send_to_uid(&ana, text("hello")).await;
            }
        })
    };
    // Within the deadline of a program as it is by default, which is 2 s.
    let binder = program(&programs.cluster, std::time::Duration::from_secs(10)).await;
    binder.bind_uid(there.id(), &ana, Bind::default()).await.unwrap();
    let receipt = programs.one.send_to_uid(&ana, text("hello")).await;
    assert_eq!(receipt.reached, 1);
    assert!(is_named(&receipt, programs.proxied), "{receipt:?}");
    using.abort();

    programs.proxy.resume(programs.ones.clone());
    until("both are reached", || async { programs.one.send_to_uid(&ana, text("hello")).await.reached == 2 })
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pipe_that_is_cut_and_opened_again_believes_nothing_old() {
    let programs = Programs::start().await;
    let ana = uid("ana");
    let _here = programs.page_on_direct(&ana).await;
    let there = programs.page_on_proxied().await;
    let mut ones = programs.ones.clone();
    for round in 0..5 {
        programs.one_leaves_out_proxied(&ana).await;
        // From the second round on the connection is one that was opened later; to cut others too does no harm.
        programs.proxy.cut(ones.clone());
        programs.two.bind_uid(there.id(), &ana, Bind::default()).await.unwrap();
        let receipt = programs.one.send_to_uid(&ana, text("hello")).await;
        assert!(receipt.reached == 2 || is_named(&receipt, programs.proxied), "round {round}: {receipt:?}");
        until("both are reached", || async {
            programs.one.send_to_uid(&ana, text("hello")).await.reached == 2
        })
        .await;
        programs.two.unbind_uid(there.id(), &ana).await.unwrap();
        ones = programs.proxy.connections() - 1..programs.proxy.connections();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_known_of_a_gateway_says_nothing_about_the_one_in_its_place() {
    let mut programs = Programs::start().await;
    let ana = uid("ana");
    let mut here = programs.page_on_direct(&ana).await;
    programs.one_leaves_out_proxied(&ana).await;
    programs.cluster.drain_gateway(1).await.unwrap();
    let advertised = programs.proxy.address.to_string();
    let number = programs.cluster.start_gateway(|config| config.advertise = Some(advertised)).await.unwrap();
    let rpc = programs.cluster.gateway_rpc().pop().unwrap();
    programs.proxy.leads_to(rpc.trim_start_matches("http://").parse().unwrap());
    let id = programs.cluster.gateway_ids().pop().unwrap();
    assert_eq!(number, 2);
    for program in [&programs.one, &programs.two] {
        until("the new gateway is known", || async {
            program.gateways().iter().any(|known| known.gateway_id.to_string() == id && known.connected)
        })
        .await;
    }
    let there = gatepipe_local_cluster::actor::Page::open(programs.cluster.ws().last().unwrap()).await;
    programs.two.bind_uid(there.id(), &ana, Bind::default()).await.unwrap();
    let receipt = programs.one.send_to_uid(&ana, text("everybody")).await;
    assert_eq!(receipt.reached, 2, "{receipt:?}");
    within("the message", async { while here.next_message().await != Ok(text("everybody")) {} }).await;
}
