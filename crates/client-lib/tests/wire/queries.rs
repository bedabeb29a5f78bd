//! What questions find, and that a silent gateway makes nobody offline.

use std::collections::{BTreeMap, BTreeSet};

use gatepipe_client::{ClientId, Error, FailureReason, Filter, GatewayId, Page, Uid, UidsOnline};

use crate::scripted::{Gateway, Register, impatient, joined, patient, uid};

#[tokio::test]
async fn questions_put_together_what_all_gateways_know() {
    let register = Register::start();
    let (here, there) = (Gateway::start(), Gateway::start());
    register.list(&here);
    register.list(&there);
    let client = joined(patient(&register)).await;
    let phone = here.has_client(Some("ana"));
    let laptop = there.has_client(Some("ana"));
    let guest = there.has_client(None);

    assert_eq!(client.is_online(guest).await, Ok(true));
    assert_eq!(client.is_online(ClientId::random(here.id)).await, Ok(false));
    assert_eq!(client.uid_of_client(phone).await, Ok(Some(uid("ana"))));
    assert_eq!(client.uid_of_client(guest).await, Ok(None));
    assert_eq!(client.is_uid_online(&uid("ana")).await, Ok(true));
    assert_eq!(client.is_uid_online(&uid("ben")).await, Ok(false));

    let mut anas = vec![phone, laptop];
    anas.sort();
    assert_eq!(client.clients_of_uid(&uid("ana")).await.value, anas);
    let found = client.clients_of_uids(&[uid("ana"), uid("ben"), uid("ana")]).await;
    assert_eq!(found.value, BTreeMap::from([(uid("ana"), anas)]));
    assert_eq!(found.asked.len(), 2);

    let counts = client.counts().await;
    assert!(counts.is_whole());
    assert_eq!((counts.value.clients, counts.value.bound_clients), (3, 2));
    assert_eq!(counts.value.gateways[&there.id].uids, 1);
}

#[tokio::test]
async fn clients_of_a_uid_are_in_order_whatever_order_gateways_tell_them_in() {
    let register = Register::start();
    let gateways = [Gateway::start(), Gateway::start()];
    gateways.iter().for_each(|gateway| register.list(gateway));
    let client = joined(patient(&register)).await;
    let mut anas: Vec<_> = (0..20).map(|number| gateways[number % 2].has_client(Some("ana"))).collect();
    anas.sort();
    assert_eq!(client.clients_of_uid(&uid("ana")).await.value, anas);
    let found = client.clients_of_uids(&[uid("ben"), uid("ana")]).await;
    assert_eq!(found.value, BTreeMap::from([(uid("ana"), anas)]));
}

#[tokio::test]
async fn whether_uids_are_online_is_a_page_of_uids_and_no_list_of_clients() {
    let register = Register::start();
    let (here, there) = (Gateway::start(), Gateway::start());
    register.list(&here);
    register.list(&there);
    let client = joined(patient(&register)).await;
    for number in 0..5_000 {
        // One of them has many clients, on both.
        let gateway = if number % 2 == 0 { &here } else { &there };
        gateway.has_client(Some(&number.min(2_000).to_string()));
    }
    let names: Vec<_> = (0..2_500_u64).chain(0..100).map(Uid::from).collect();
    let answer = client.are_uids_online(&names).await;
    assert!(answer.is_whole());
    let (online, offline): (BTreeSet<_>, BTreeSet<_>) =
        names.into_iter().partition(|uid| uid.as_str().parse::<u64>().unwrap() <= 2_000);
    assert_eq!(answer.value, UidsOnline { online, offline, unknown: BTreeSet::new() });
    assert_eq!((here.pages_asked(), there.pages_asked()), (3, 3), "1,000 uids in a question");
    assert_eq!(client.is_uid_online(&uid("2000")).await, Ok(true));
    assert_eq!(client.is_uid_online(&uid("2001")).await, Ok(false));
    assert_eq!((here.pages_asked(), there.pages_asked()), (5, 5));
}

#[tokio::test]
async fn pages_lead_through_all_clients_of_all_gateways() {
    let register = Register::start();
    let gateways = [Gateway::start(), Gateway::start(), Gateway::start()];
    gateways.iter().for_each(|gateway| register.list(gateway));
    let client = joined(patient(&register)).await;
    let mut all: Vec<_> = (0..25).map(|number| gateways[number % 3].has_client(None)).collect();
    all.sort();

    let mut listed = Vec::new();
    let mut page = Page { after: None, limit: 4 };
    loop {
        let answer = client.clients(&Filter::default(), &page).await.unwrap();
        assert!(answer.is_whole());
        assert!(answer.value.items.len() <= 4);
        listed.extend(answer.value.items.iter().map(|client| client.client_id));
        page.after = answer.value.next;
        if page.after.is_none() {
            break;
        }
    }
    assert_eq!(listed, all);
}

#[tokio::test]
async fn a_silent_gateway_makes_nobody_offline() {
    let register = Register::start();
    let (healthy, stopped) = (Gateway::start(), Gateway::start());
    register.list(&healthy);
    register.list(&stopped);
    let client = joined(impatient(&register)).await;
    healthy.has_client(Some("ana"));
    let ben = stopped.has_client(Some("ben"));
    let _frozen = stopped.freeze();

    assert_eq!(client.is_online(ben).await, Err(Error::Deadline(stopped.id)));
    assert_eq!(client.is_uid_online(&uid("ana")).await, Ok(true));
    assert_eq!(client.is_uid_online(&uid("ben")).await, Err(Error::Deadline(stopped.id)));
    let counts = client.counts().await;
    assert_eq!(counts.value.clients, 1);
    assert_eq!(counts.failed.len(), 1);
    assert_eq!((counts.failed[0].gateway, &counts.failed[0].reason), (stopped.id, &FailureReason::Deadline));
}

#[tokio::test]
async fn a_question_about_an_unknown_gateway_says_who_could_know() {
    let register = Register::start();
    let client = joined(patient(&register)).await;
    let stranger = ClientId::random(GatewayId::random());
    let unknown =
        |register_connected| Error::UnknownGateway { gateway: stranger.gateway(), register_connected };
    assert_eq!(client.is_online(stranger).await, Err(unknown(true)));
    assert_eq!(client.is_uid_online(&uid("ana")).await, Ok(false));
}

#[tokio::test(flavor = "multi_thread")]
async fn questions_may_be_asked_from_any_task() {
    let register = Register::start();
    let gateway = Gateway::start();
    register.list(&gateway);
    let client = joined(patient(&register)).await;
    let ana = gateway.has_client(Some("ana"));
    // Compiling is half of this test: the calls' futures are `Send`.
    let asking = tokio::spawn(async move {
        assert_eq!(client.is_online(ana).await, Ok(true));
        assert_eq!(client.counts().await.value.clients, 1);
        assert_eq!(client.clients(&Filter::default(), &Page::default()).await.unwrap().value.items.len(), 1);
        assert_eq!(client.clients_of_uids(&[uid("ana")]).await.value.len(), 1);
    });
    asking.await.unwrap();
}
