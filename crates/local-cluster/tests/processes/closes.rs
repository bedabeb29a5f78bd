//! Closes that nobody can tell: of a gateway that was killed, or stood still.

use std::time::Duration;

use gatepipe_client::{ClientId, Closed, GatewayClient, Session, Uid};
use gatepipe_local_cluster::actor::Page;
use gatepipe_local_cluster::eventually::until;
use gatepipe_local_cluster::ledger::Ledger;
use rustix::process::Signal;

use crate::programs::Programs;

fn id(page: &Page) -> ClientId {
    page.client_id().parse().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_closes_of_a_killed_gateways_clients_arrive_once_and_are_marked_as_inferred() {
    const PAGES: usize = 30;
    let mut programs = Programs::start(2, &[]).await;
    let register = programs.register_url();
    let (first, first_worker) = Ledger::subscribed(&register, "orders", 2, |worker| worker).await;
    let (second, second_worker) = Ledger::subscribed(&register, "orders", 2, |worker| worker).await;
    let (log, log_worker) = Ledger::subscribed(&register, "log", 2, |worker| worker).await;
    let alice = programs.caller("alice");
    let mut dying = vec![Page::bound(&programs.ws(0), &alice).await];
    for _ in 1..PAGES {
        dying.push(Page::open(&programs.ws(0)).await);
    }
    let goodbye = dying.pop().unwrap();
    let goodbye_id = id(&goodbye);
    goodbye.close().await;
    let mut living = Page::open(&programs.ws(1)).await;
    let clients: Vec<_> = dying.iter().map(id).collect();
    let team = [&first, &second];
    let closes = |client| team.iter().flat_map(|ledger| ledger.closes_of(client)).collect::<Vec<_>>();
    for page in &mut dying {
        page.send("hello").await;
    }
    let heard = |client: &ClientId| team.iter().any(|ledger| ledger.texts_of(*client) == ["hello"]);
    log.until("everybody is heard", |log| {
        clients.iter().all(|client| heard(client) && log.texts_of(*client) == ["hello"])
    })
    .await;
    log.until("the goodbye", |log| log.closes_of(goodbye_id).len() + closes(goodbye_id).len() == 2).await;

    programs.gateways[0].take().unwrap().kill();
    log.until("every close", |log| {
        clients.iter().all(|client| !closes(*client).is_empty() && !log.closes_of(*client).is_empty())
    })
    .await;
    for worker in [&first_worker, &second_worker, &log_worker] {
        until("it is off the list", || async { worker.stats().gateways.len() == 1 }).await;
    }
    living.send("still here").await;
    log.until("the other goes on", |log| log.texts_of(id(&living)) == ["still here"]).await;
    for worker in [first_worker, second_worker, log_worker] {
        assert_eq!(worker.stop().await, 0);
    }
    for client in &clients {
        let uid = (client == &clients[0]).then(|| Uid::from(alice.id));
        let expected = [Closed { code: 1006, uid, session: None, inferred: true }];
        assert_eq!(closes(*client), expected);
        assert_eq!(log.closes_of(*client), expected);
    }
    let told = Closed { code: 1000, uid: None, session: Some(Session::default()), inferred: false };
    assert_eq!((closes(goodbye_id), log.closes_of(goodbye_id)), (vec![told.clone()], vec![told]));
    assert!(closes(id(&living)).is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gateway_that_stood_still_keeps_its_clients_and_who_went_meanwhile_closes_once() {
    const PAGES: usize = 20;
    let programs = Programs::start(1, &[]).await;
    let moment = Duration::from_millis(300);
    let builder = GatewayClient::builder().register(programs.register_url()).keepalive(moment, moment);
    let gateways = builder.build().unwrap();
    let ledgers = [Ledger::default(), Ledger::default()];
    let workers = ledgers.clone().map(|ledger| gateways.worker("orders").start(ledger).unwrap());
    let are_heard = |number: usize| {
        workers.iter().filter(|worker| worker.stats().gateways.values().any(|seen| seen.subscribed)).count()
            == number
    };
    until("both are told events", || async { are_heard(2) }).await;
    let mut staying = Vec::new();
    let mut going = Vec::new();
    for _ in 0..PAGES {
        staying.push(Page::open(&programs.ws(0)).await);
        going.push(Page::open(&programs.ws(0)).await);
    }
    let heard = |client: ClientId| ledgers.iter().any(|ledger| !ledger.of(client).is_empty());
    until("everybody is known", || async { staying.iter().chain(&going).all(|page| heard(id(page))) }).await;

    programs.gateway(0).freeze().await;
    let gone: Vec<_> = going.iter().map(id).collect();
    drop(going);
    until("the streams are given up", || async { are_heard(0) }).await;
    programs.gateway(0).signal(Signal::CONT);
    until("both are told events again", || async { are_heard(2) }).await;
    let closes = |client| ledgers.iter().map(|ledger| ledger.closes_of(client).len()).sum::<usize>();
    until("everybody who went is closed", || async { gone.iter().all(|client| closes(*client) > 0) }).await;
    for page in &mut staying {
        page.send("still here").await;
    }
    let said = |page: &Page| ledgers.iter().flat_map(|ledger| ledger.texts_of(id(page))).collect::<Vec<_>>();
    until("everybody else is heard", || async { staying.iter().all(|page| !said(page).is_empty()) }).await;
    for worker in workers {
        assert_eq!(worker.stop().await, 0);
    }
    for page in &staying {
        assert_eq!((said(page), closes(id(page))), (vec!["still here".to_owned()], 0));
    }
    for client in gone {
        assert_eq!(closes(client), 1, "{ledgers:?}");
    }
}
